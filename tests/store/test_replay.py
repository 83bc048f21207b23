"""Exchanges read back from their records."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archiver.errors import Damaged
from archiver.model import Request
from tests.loopback.wire_cases import BY_NAME
from tests.store.tapes import (
    NOW,
    chunked,
    opened,
    record_at,
    reply,
    tape,
    warcs,
)

URL, SLOT = "https://t.co/X9DJa7awAM", "link:https://t.co/X9DJa7awAM"
ASK = Request(url=URL, why="hop", slot=SLOT)


@pytest.mark.parametrize("name", ["plain", "chunkedgz", "hints103", "duphdr", "http09", "redir", "notmod", "nocontent"])
@pytest.mark.parametrize("closed", [False, True])
async def test_what_is_recalled_equals_what_was_kept(tmp_path, name, closed):
    """Read back from the growing and from the closed file, an exchange differs in nothing but being replayed."""
    case = BY_NAME[name]
    archive = await opened(tmp_path / "archive")
    kept = await archive.keep(tape(case.sent, closed=case.end == "close"))
    if closed:
        await archive.aclose()
        archive = await opened(tmp_path / "archive")
    recalled = await archive.recall(ASK)
    assert recalled is not None
    assert recalled.replayed
    for field in (*kept.__slots__,):
        if field != "replayed":
            assert getattr(recalled, field) == getattr(kept, field), field
    await archive.aclose()


@pytest.mark.parametrize(
    ("changed", "recalled"),
    [
        ({}, True),
        ({"received": reply(status="404 Not Found")}, True),
        ({"received": reply(status="301 Moved", extra="Location: https://x.com/\r\n")}, True),
        ({"cut": "length"}, True),
        ({"cut": "time"}, False),
        ({"cut": "disconnect"}, False),
        ({"received": reply(status="429 Slow down")}, False),
        ({"received": reply(status="408 Timeout")}, False),
        ({"received": reply(status="425 Too Early")}, False),
        ({"received": reply(status="500 Oops")}, False),
        ({"received": reply(status="503 Later")}, False),
        ({"slot": "another"}, False),
        ({"url": "https://t.co/another"}, False),
    ],
)
async def test_what_need_not_be_asked_again(archive, changed, recalled):
    """Whole answers, or cut at our own limit; none that says "later"; and only of this slot and URL."""
    received = changed.pop("received", None)
    await archive.keep(tape(received, **changed))
    assert ((await archive.recall(ASK)) is not None) == recalled


async def test_the_newest_good_answer_is_recalled(archive):
    """A later failure does not hide an earlier answer."""
    for minute, body in ((0, b"old"), (1, b"new")):
        await archive.keep(tape(reply(body), started_at=NOW + timedelta(minutes=minute)))
    await archive.keep(tape(reply(status="503 Later"), started_at=NOW + timedelta(minutes=2)))
    assert (await archive.recall(ASK)).body == b"new"


async def test_a_damaged_record_is_not_recalled(archive, tmp_path):
    """What does not have its digest any more is no answer."""
    kept = await archive.keep(tape())
    path = warcs(tmp_path / "archive")[0]
    data = bytearray(path.read_bytes())
    data[kept.warc.offset_bytes + kept.warc.length_bytes - 6] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=f"offset {kept.warc.offset_bytes:,}"):
        await archive.recall(ASK)


@pytest.mark.parametrize("limit", [None, 0, 100])
async def test_a_large_answer(archive, tmp_path, limit):
    """Spooled on the way in, streamed to the file, and read back; only as much as is asked for."""
    raw = chunked(*[bytes([number]) * 100_000 for number in range(30)])
    request = Request(url=URL, why="media", slot=SLOT, max_decoded_bytes=limit)
    one = tape(raw, request=request, spooled=True)
    kept = await archive.keep(one)
    one.received.close()
    assert record_at(tmp_path / "archive", kept.warc)[1] == raw
    recalled = await archive.recall(request)
    assert recalled.body == kept.body
    assert (len(recalled.body) if recalled.body else None) == (3_000_000 if limit is None else None)
    assert recalled.payload_bytes == 3_000_000
    assert recalled.headers == kept.headers


@pytest.mark.parametrize(
    ("sent", "limit", "body", "problem"),
    [
        (reply(b"hello"), None, b"hello", None),
        (reply(b"hello"), 0, None, None),
        (reply(b"hello"), 4, None, "decodes to more than 4 bytes"),
        (reply(b"not gzip", extra="Content-Encoding: gzip\r\n"), None, None, "not what it says"),
    ],
)
async def test_bodies_are_decoded_within_limits(archive, sent, limit, body, problem):
    """``None`` when nobody asked or nobody can, with the reason; the same when it is recalled."""
    request = Request(url=URL, why="hop", slot=SLOT, max_decoded_bytes=limit)
    for exchange in (await archive.keep(tape(sent, request=request)), await archive.recall(request)):
        assert exchange.body == body
        assert (problem or "") in (exchange.body_problem or "")
        assert (problem is None) == (exchange.body_problem is None)
