"""A newsroom whose archive is packed: the sample world, saved once."""

from __future__ import annotations

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.test_cli import ROOT


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory):
    """Both example articles, saved: a page on the web, and a file."""
    folder = tmp_path_factory.mktemp("packages")
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        room.save(sample.ARTICLE_URL, ROOT / "examples" / "article.txt")
    return room


@pytest.fixture(scope="session")
def package(newsroom):
    """Everything, as one package."""
    path = newsroom.folder / "all.wacz"
    said = newsroom.archiver("--debug", "pack", "--all", "-o", path)
    assert said.code == 0, said.err
    return path
