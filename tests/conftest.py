"""What holds for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.loopback.server import Host, LoopbackWeb
from tests.loopback.x_world import World
from tests.newsroom import Newsroom


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test, and no process that one starts, makes anything among the data of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("data-home")
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Callable[..., Newsroom]]:
    """Opens a newsroom on the web of a world; closes the web afterwards."""
    webs: list[LoopbackWeb] = []

    def on(made: World, *, network: str = "", **hosts: Host) -> Newsroom:
        web = LoopbackWeb({**made.hosts(), **hosts}, folder=tmp_path).__enter__()
        webs.append(web)
        return Newsroom(tmp_path, web, network=network)

    yield on
    for web in webs:
        web.__exit__()
