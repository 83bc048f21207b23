"""The exact bytes of both directions, in every form of answer, against what the server says that it sent and got."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from archiver import message
from archiver.errors import BadReply
from archiver.model import Tape
from archiver.net.client import Client
from tests.loopback.server import LoopbackWeb
from tests.loopback.wire_cases import CASES, WireCase
from tests.net.street import client, crossing, received, request

pytestmark = pytest.mark.asyncio(loop_scope="module")
numbers = itertools.count()
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visitor(web: LoopbackWeb) -> AsyncIterator[Client]:
    """One client for all, as in a night's run."""
    visitor = client(web)
    yield visitor
    await visitor.aclose()


def fresh_url(scheme: str, case: WireCase, domain: str = "wire.test") -> str:
    return f"{scheme}://{case.name}.{domain}/answer?n={next(numbers)}"


def read_as_expected(case: WireCase, tape: Tape) -> None:
    if case.status is None:
        assert tape.layout is None
        assert isinstance(tape.error, BadReply)
        return
    assert tape.layout is not None
    entity = b"".join(message.entity(tape.received, tape.layout))
    assert (tape.layout.status, tape.cut, tape.error, entity) == (case.status, case.cut, None, case.entity)


@by_name
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_tape_is_what_the_server_sent_and_got_byte_for_byte(
    web: LoopbackWeb, visitor: Client, scheme: str, case: WireCase
):
    """Plain and TLS, accepted by h11 or not: request and response equal the server's own log, and are read as meant."""
    url = fresh_url(scheme, case)
    if not case.sent:
        with pytest.raises(BadReply, match="no answer"):
            await visitor.exchange(request(url))
        assert crossing(web, url).received.startswith(b"GET /answer?n=")
        return
    tape = await visitor.exchange(request(url))
    read_as_expected(case, tape)
    assert (tape.sent, received(tape)) == (crossing(web, url).received, bytes(crossing(web, url).sent))
    assert (tape.peer, tape.tls and tape.tls[0]) == ("127.0.0.1", "TLSv1.3" if scheme == "https" else None)


@pytest.mark.parametrize("case", [case for case in CASES if case.sent], ids=lambda case: case.name)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_answer_in_fragments_is_kept_just_the_same(
    web: LoopbackWeb, visitor: Client, scheme: str, case: WireCase
):
    """Pieces of 1 to 400 bytes: the same bytes and the same reading; what follows a whole message may come too late."""
    url = fresh_url(scheme, case, "pieces.test")
    tape = await visitor.exchange(request(url))
    read_as_expected(case, tape)
    data = received(tape)
    assert tape.sent == crossing(web, url).received
    assert data == (case.sent if not case.excess else case.sent[: len(data)])
    assert len(data) >= len(case.sent) - case.excess


@by_name
async def test_a_connection_is_used_again_exactly_when_that_is_safe(web: LoopbackWeb, visitor: Client, case: WireCase):
    """The next exchange runs over the same connection after a sound message, and never after any other."""
    first, second = fresh_url("http", case), fresh_url("http", case)
    for url in (first, second):
        if case.sent:
            (await visitor.exchange(request(url))).received.close()
        else:
            with pytest.raises(BadReply):
                await visitor.exchange(request(url))
    assert (crossing(web, first).connection == crossing(web, second).connection) is case.reuse


async def test_a_reused_tls_connection_keeps_the_bytes_of_each_exchange_apart(web: LoopbackWeb, visitor: Client):
    """Ten exchanges over one TLS connection: ten tapes, each with its own request and answer and nothing else's."""
    case = next(case for case in CASES if case.name == "chunkext")
    urls = [fresh_url("https", case) for _ in range(10)]
    for url in urls:
        tape = await visitor.exchange(request(url))
        assert (tape.sent, received(tape)) == (crossing(web, url).received, case.sent)
    assert len({crossing(web, url).connection for url in urls}) == 1


async def test_the_interim_heads_lie_before_the_final_one(visitor: Client):
    """The layout of an answer with 100 and 102 before its 200 says where each of the three heads is."""
    case = next(case for case in CASES if case.name == "continue100")
    tape = await visitor.exchange(request(fresh_url("http", case)))
    assert tape.layout is not None
    data = received(tape)
    assert [data[start:end].split(b"\r\n")[0] for start, end in tape.layout.interim] == [
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 102",
    ]
    assert data[tape.layout.head_start :].startswith(b"HTTP/1.1 200 OK")
