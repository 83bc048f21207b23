"""The recording Fetcher, over a transport whose answers are values."""

from __future__ import annotations

import asyncio

import pytest

from archiver.errors import BadReply, Unreachable
from archiver.model import Request, Tape
from archiver.store.recorder import RecordingFetcher
from tests.store.tapes import opened, reply, tape, warcs

ASK = Request(url="https://t.co/X9DJa7awAM", why="hop", slot="link:https://t.co/X9DJa7awAM")


class Street:
    """A transport that gives the next answer it was made with; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.given: list[Tape] = []

    async def exchange(self, request: Request) -> Tape:
        self.asked.append(request)
        await asyncio.sleep(0.01)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, bytes)
        self.given.append(tape(answer, url=request.url, slot=request.slot, request=request))
        return self.given[-1]

    async def aclose(self) -> None:
        pass


@pytest.fixture
async def archive(tmp_path):
    archive = await opened(tmp_path / "archive")
    yield archive
    await archive.aclose()


async def test_what_is_fetched_is_stored_and_then_recalled(archive):
    """The second time nobody is asked; the tape's spool is closed."""
    street = Street(reply(b"hello"))
    fetcher = RecordingFetcher(street, archive)
    first, second = await fetcher.fetch(ASK), await fetcher.fetch(ASK)
    assert (first.body, first.replayed) == (b"hello", False)
    assert (second.body, second.replayed, second.warc) == (b"hello", True, first.warc)
    assert len(street.asked) == 1
    assert street.given[0].received.closed


async def test_the_same_thing_asked_at_once_is_fetched_once(archive):
    """Whoever comes second waits, and finds it in the archive."""
    street = Street(reply(b"hello"), reply(b"other"))
    fetcher = RecordingFetcher(street, archive)
    other = Request(url=ASK.url, why="hop", slot="another")
    found = await asyncio.gather(*(fetcher.fetch(request) for request in (ASK, ASK, other, ASK)))
    assert [one.body for one in found] == [b"hello", b"hello", b"other", b"hello"]
    assert [one.replayed for one in found] == [False, True, False, True]
    assert len(street.asked) == 2
    assert fetcher._underway == {}


async def test_one_failure_is_not_everybodys(archive):
    """Who waited asks for itself."""
    street = Street(Unreachable(ASK.url, "no route"), reply(b"hello"))
    fetcher = RecordingFetcher(street, archive)
    found = await asyncio.gather(fetcher.fetch(ASK), fetcher.fetch(ASK), return_exceptions=True)
    assert isinstance(found[0], Unreachable)
    assert not isinstance(found[1], BaseException)
    assert found[1].body == b"hello"
    assert fetcher._underway == {}


async def test_a_broken_answer_is_stored_and_raised(archive, tmp_path):
    """Its bytes are in the WARC when the error comes out; another try asks again."""
    street = Street(b"HTTP/1.1 200 OK\r\nContent-Le", reply(b"hello"))
    fetcher = RecordingFetcher(street, archive)
    with pytest.raises(BadReply):
        await fetcher.fetch(ASK)
    assert warcs(tmp_path / "archive")[0].stat().st_size > 500
    assert street.given[0].received.closed
    assert (await fetcher.fetch(ASK)).body == b"hello"


async def test_an_answer_that_says_later_is_an_exchange(archive):
    """What to do about a 503 is for others to decide; the next fetch asks again."""
    street = Street(reply(status="503 Later", extra="Retry-After: 5\r\n"), reply(b"hello"))
    fetcher = RecordingFetcher(street, archive)
    first = await fetcher.fetch(ASK)
    assert (first.status, first.header("retry-after")) == (503, "5")
    assert (await fetcher.fetch(ASK)).status == 200


@pytest.mark.parametrize(("own", "default", "body"), [(None, 5, b"hello"), (None, 4, None), (4, 5, None), (0, 5, None)])
async def test_the_requests_own_limit_counts_before_the_default(archive, own, default, body):
    """And the same when it is recalled."""
    request = Request(url=ASK.url, why="hop", slot=ASK.slot, max_decoded_bytes=own)
    fetcher = RecordingFetcher(Street(reply(b"hello")), archive, max_decoded_bytes=default)
    assert [(await fetcher.fetch(request)).body for _ in range(2)] == [body, body]
