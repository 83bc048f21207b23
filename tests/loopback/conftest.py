"""A visitor of the gallery, shared by the tests of the miniature: whatever is refused at first is asked for once."""

from collections.abc import Iterator

import pytest

from tests.loopback.gallery import GALLERY
from tests.loopback.server import LoopbackWeb
from tests.loopback.visitor import Visitor


@pytest.fixture(scope="session")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with LoopbackWeb(GALLERY.hosts(), folder=tmp_path_factory.mktemp("gallery")) as web:
        visitor = Visitor(web)
        yield visitor
        visitor.close()
