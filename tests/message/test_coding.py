"""Content codings are removed within bounds, whatever they are made of."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import message
from archiver.message import Undecodable
from tests.loopback.hostile import BOMBS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same bytes in every process, since tests are named after them


def _raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


ENCODERS = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": zlib.compress, "br": brotli.compress,
    "zstd": zstd.compress,
}  # fmt: skip


@given(st.binary(max_size=3000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=2), st.integers(1, 700))
def test_what_was_coded_is_decoded(body: bytes, applied: list[str], size: int):
    """Any chain of at most two codings, in pieces of any size, gives the body back; x- names are the same codings."""
    data = body
    for coding in applied:
        data = ENCODERS[coding](data)
    codings = message.codings([("Content-Encoding", ", ".join([*applied, "identity"]))])
    assert body == message.decode([data[i : i + size] for i in range(0, len(data), size)], codings, 10_000)


@pytest.mark.parametrize(
    ("coding", "data", "body"),
    [
        ("deflate", _raw_deflate(b"raw deflate"), b"raw deflate"),
        ("gzip", _gzip(b"one ") + _gzip(b"two"), b"one two"),
        ("gzip", _gzip(b"page") + b"<!-- stray comment -->", b"page"),
        ("gzip", b"", b""),
        ("br", b"", b""),
        ("zstd", zstd.compress(b"one ") + zstd.compress(b"two"), b"one two"),
    ],
)
def test_what_servers_send_is_decoded_as_browsers_do(coding: str, data: bytes, body: bytes):
    """Raw deflate, several members, junk behind the last, and nothing at all; also one byte at a time."""
    assert body == message.decode([data], [coding], 1000)
    assert body == message.decode([bytes([byte]) for byte in data], [coding], 1000)


@pytest.mark.parametrize(
    ("codings", "data", "why"),
    [
        (["gzip"], _gzip(b"x" * 500)[:-9], "ends early"),
        (["br"], brotli.compress(b"x" * 500)[:-1], "ends early"),
        (["zstd"], zstd.compress(b"x" * 500)[:-1], "ends early"),
        (["gzip"], b"<html>", "not what it says"),
        (["br"], b"<html>", "not what it says"),
        (["zstd"], b"<html>", "not what it says"),
        (["compress"], b"x", "unknown content coding"),
        (["gzip"] * 3, b"x", "3 content codings"),
        ([], b"x" * 1001, "more than 1000 bytes"),
        (["gzip"], _gzip(b"x" * 1001), "more than 1000 bytes"),
    ],
)
def test_what_cannot_be_decoded_says_why(codings: list[str], data: bytes, why: str):
    """Cut, lied about, unknown, stacked, too long: Undecodable, with the reason."""
    with pytest.raises(Undecodable, match=why):
        message.decode([data], codings, 1000)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_no_more_than_the_limit(name: str):
    """A gigabyte behind a few bytes is refused, with no more memory than the limit and a little."""
    coding, data = BOMBS[name]()
    tracemalloc.start()
    with pytest.raises(Undecodable):
        message.decode([data], message.codings([("content-encoding", coding)]), 5_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000 * 1.25 + 2_000_000


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 1_000_000])
def test_a_body_of_exactly_the_limit_is_decoded(size: int):
    """The limit itself is allowed, at every edge of the pieces it is read in."""
    body = b"z" * size
    for coding, encode in ENCODERS.items():
        assert body == message.decode([encode(body)], message.codings([("Content-Encoding", coding)]), size)
