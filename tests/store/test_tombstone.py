"""Records as long as what they stand for."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archiver.store import fields, tombstone
from archiver.store.framing import new_id
from tests.store.tapes import NOW, plainly

INFO, REMOVED = new_id(), new_id()


def made(length, key="x:20", reason="asked by mail"):
    return tombstone.tombstone(length, key, reason, (REMOVED,), NOW, INFO)


@given(st.one_of(st.integers(410, 3_000), st.integers(65_000, 67_000), st.integers(130_500, 132_500)))
def test_any_length_can_be_had(length):
    """To the byte, across the bounds of deflate's blocks and of the length's digits; one whole record in one member."""
    data = made(length)
    assert len(data) == length
    headers, block = plainly(gzip.decompress(data))
    said = dict(headers)
    assert (said["WARC-Type"], said["WARC-Warcinfo-ID"]) == ("metadata", INFO)
    fields.parse(block)
    (record,) = ArchiveIterator(io.BytesIO(data), check_digests="raise")
    record.raw_stream.read()


def test_it_says_what_was_there_and_why():
    """As far as there is room: the record, the reason, the key; without room, nothing but that something was."""
    said = dict(fields.parse(plainly(gzip.decompress(made(700)))[1]))
    assert said.pop("archiver-padding") == ""
    assert said == {"archiver-tombstone": "x:20", "archiver-reason": "asked by mail", "archiver-removed": REMOVED}
    assert dict(fields.parse(plainly(gzip.decompress(made(440)))[1]))["archiver-tombstone"] == "x:20"
    with pytest.raises(ValueError, match="too few"):
        made(300)


def test_a_reason_forges_nothing():
    """It is one value of one field, whatever it holds."""
    said = fields.parse(plainly(gzip.decompress(made(900, reason="a\r\n\r\nWARC/1.1\r\nx: y")))[1])
    assert [name for name, _ in said] == [
        "archiver-tombstone",
        "archiver-reason",
        "archiver-removed",
        "archiver-padding",
    ]


@pytest.mark.parametrize("length", [1_000_000, 20_000_000])
def test_a_film_leaves_a_tombstone_too(length):
    """Also where many blocks are needed."""
    assert len(made(length)) == length
    assert gzip.decompress(made(length)).startswith(b"WARC/1.1\r\n")
