"""Records read back strictly."""

from __future__ import annotations

import gzip
import hashlib
import os

import pytest

from archiver.store.member import Torn
from archiver.store.scan import read_record, read_records, whole_record_after

ID = "<urn:uuid:00000000-0000-4000-8000-000000000001>"


def record(block=b"via: https://a.example/\r\n", *, end=b"\r\n\r\n", version=b"WARC/1.1", **changed):
    """One record, uncompressed; a header that is ``None`` is left out."""
    headers: dict[str, str | None] = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": ID,
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
        "Content-Length": str(len(block)),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items() if value is not None)
    return version + b"\r\n" + lines + b"\r\n" + block + end


def member(*records):
    return gzip.compress(b"".join(records))


@pytest.fixture
def scan(tmp_path):
    """(offset, record id or reason) of everything in a file that begins with ``data``."""

    def scanned(data, start=0):
        path = tmp_path / "file"
        path.write_bytes(data)
        found: list[object] = []
        with path.open("rb") as file:
            try:
                for one in read_records(file.fileno(), start, len(data)):
                    found.append((one.offset, one.record_id))  # noqa: PERF401  # what came before an error counts
            except Torn as error:
                found.append(str(error))
        return found

    return scanned


def test_a_record_is_read_with_its_block(tmp_path):
    """Headers in order with lower-case names, the block of metadata, and where the record lies."""
    path = tmp_path / "file"
    path.write_bytes(b"xx" + member(record()))
    with path.open("rb") as file:
        found = read_record(file.fileno(), 2)
    assert (2, path.stat().st_size - 2, b"via: https://a.example/\r\n") == (found.offset, found.length, found.block)
    assert (found.kind, found.record_id, found.header("content-length")) == ("metadata", ID, "25")


def test_blocks_of_responses_are_checked_and_passed_by(tmp_path):
    """A film is not held in memory to know that it is whole."""
    path = tmp_path / "file"
    path.write_bytes(member(record(bytes(3_000_000), WARC_Type="response")))
    with path.open("rb") as file:
        found = read_record(file.fileno(), 0)
    assert (found.block, found.block_bytes) == (b"", 3_000_000)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (record(Content_Length="24"), "does not end where"),
        (record(Content_Length="26"), "does not end where"),
        (record(Content_Length="40"), "less than Content-Length"),
        (record(Content_Length=None), "no Content-Length"),
        (record(Content_Length="-1"), "no Content-Length"),
        (record(Content_Length="٣"), "no Content-Length"),
        (record(content_length="25"), "no Content-Length"),
        (record(WARC_Block_Digest="sha256:00"), "digest"),
        (record(WARC_Block_Digest=None), "digest"),
        (record(end=b""), "does not end where"),
        (record(end=b"\r\n"), "does not end where"),
        (record(end=b"\n\n"), "does not end where"),
        (record(end=b"\r\n\r\n\r\n"), "does not end where"),
        (record() + record(), "does not end where"),
        (record(version=b"WARC/1.0"), "begins with"),
        (record().replace(b"\r\n", b"\n"), "no record header"),
        (record(WARC_Type="a\nb"), "no header line"),
        (b"", "no record header"),
        (b"hello", "no record header"),
        (b"WARC/1.1\r\n" + b"a: b\r\n" * 500_000, "no record header"),
    ],
)
def test_what_is_no_whole_record_is_torn(scan, data, reason):
    """Lengths, digests, line ends and record ends that others let pass (``faults.md`` D7 to D9)."""
    (found,) = scan(member(data))
    assert reason in found


def test_a_record_at_every_cut(scan):
    """Whatever is missing at the end, the record before is read and the cut one is not."""
    first, second = member(record()), member(record(b"x" * 300))
    assert [(0, ID), (len(first), ID)] == scan(first + second)
    for cut in range(1, len(second)):
        found = scan(first + second[:-cut])
        assert found[0] == (0, ID)
        assert isinstance(found[1], str)


@pytest.mark.parametrize("tail", [bytes(4096), b"\x1f\x8b", b"junk", member(record())[:40] + member(record())])
def test_what_follows_a_whole_record_is_looked_at(scan, tail):
    """Zeros, junk, and a record behind a torn one end the scan."""
    found = scan(member(record()) + tail)
    assert found[:-1] == [(0, ID)]


def test_a_whole_record_behind_damage_is_found(tmp_path):
    """So that nobody throws away as torn what still holds something; not in a mere tail."""
    good = member(record())
    path = tmp_path / "file"
    path.write_bytes(good[:50] + b"\x1f\x8b\x08junk" * 9_000 + good)
    size = path.stat().st_size
    with path.open("rb") as file:
        assert size - len(good) == whole_record_after(file.fileno(), 0, size)
        assert whole_record_after(file.fileno(), size - len(good), size) is None
    os.truncate(path, size - 1)
    with path.open("rb") as file:
        assert whole_record_after(file.fileno(), 0, size - 1) is None
