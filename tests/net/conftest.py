"""The street of the net room's tests: every wire case and every hostile host on one loopback web."""

from collections.abc import AsyncIterator, Iterator

import pytest

from archiver.net.client import Client
from tests.loopback.hostile import hostile
from tests.loopback.server import LoopbackWeb
from tests.loopback.wire_cases import wire_host
from tests.net.street import Trap, client


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackWeb]:
    hosts = {"*.wire.test": wire_host(), "*.pieces.test": wire_host(fragmented=True), "*.hostile.test": hostile}
    with LoopbackWeb(hosts, folder=tmp_path_factory.mktemp("street")) as web:
        yield web


@pytest.fixture
async def visitor(web: LoopbackWeb) -> AsyncIterator[Client]:
    """A client for which every name is on the loopback web."""
    visitor = client(web)
    yield visitor
    await visitor.aclose()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()
