"""A secret that a service says back is in no file."""

from __future__ import annotations

import gzip

import pytest

from archiver.model import Request
from archiver.store import echoes
from tests.store.tapes import chunked, opened, reply, tape, warcs

TOKEN = "AAAA/BBBB+0123456789&%=="
LOW = "LOW 0123456789:abcdefghijk"


def asked(sent, value=f"Bearer {TOKEN}", **changed):
    request = Request(url="https://api.example/", why="api", slot="x:20", secret_headers=(("Authorization", value),))
    return tape(sent, url=request.url, request=request, **changed)


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        f'{{"error": "bad token {TOKEN}"}}',
        f"Bearer {TOKEN}",
        TOKEN.replace("/", "\\/"),
        TOKEN.replace("&", "&amp;"),
        "AAAA%2FBBBB%2B0123456789%26%25%3D%3D",
        "AAAA/BBBB%2B0123456789%26%25%3D%3D",
        f"{'x' * 262_130}{TOKEN}{'y' * 300_000}{TOKEN}",
    ],
)
def test_wherever_it_stands_in_a_body(said, spooled):
    """However it is written; as long as it was, and everything else as it came."""
    sent = reply(said.encode())
    one, count = echoes.masked(asked(sent, spooled=spooled))
    one.received.seek(0)
    data = one.received.read()
    one.received.close()
    assert count >= 1
    assert b"0123456789" not in data
    assert len(data) == len(sent)
    assert data.startswith(sent[:30])


@pytest.mark.parametrize("said", ["0123456789:abcdefghijk", "abcdefghijk"])
def test_a_secret_behind_its_name(said):
    """The Internet Archive's: a key, which is a name, and a secret."""
    one, count = echoes.masked(asked(reply(said.encode()), LOW))
    one.received.seek(0)
    assert count == 1
    assert b"abcdefghijk" not in one.received.read()


async def test_it_is_in_no_record_and_in_no_exchange(tmp_path):
    """Not in a header either; the metadata says how often it was masked, digests are those of what is stored."""
    archive = await opened(tmp_path)
    kept = await archive.keep(asked(chunked(TOKEN.encode()).replace(b"\r\n", f"\r\nX-You: {TOKEN}\r\n".encode(), 1)))
    await archive.aclose()
    data = gzip.decompress(warcs(tmp_path)[0].read_bytes())
    assert TOKEN.encode() not in data
    assert TOKEN not in str(kept.headers) + str(kept.body)
    assert b"archiver-masked-secret: 2\r\n" in data


def test_who_asks_without_a_secret_gets_what_came():
    """Nothing is looked for, nothing is masked."""
    sent = reply(TOKEN.encode())
    one, count = echoes.masked(tape(sent))
    one.received.seek(0)
    assert (one.received.read(), count) == (sent, 0)
