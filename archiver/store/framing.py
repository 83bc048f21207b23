"""One record, framed by warcio and packed by us.

warcio puts headers, block and record end together; its own way of parsing HTTP heads, its SHA-1 digests of the framed
body and its fixed gzip level 9 stay out of it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO

from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.store import member
from archiver.store.member import Buffer, Deflated, Packer, Stored

INLINE_BYTES = 1 << 20
"""What is longer is not held in memory: it is read from the tape again while it is written."""

_VERSION = "WARC/1.1"
Headers = list[tuple[str, str]]


class Part:
    """One record as a gzip member: packed already when small, else packed while it is written, once."""

    def __init__(self, record: ArcWarcRecord, *, stored: bool = False) -> None:
        self.record_id: str = record.rec_headers.get_header("WARC-Record-ID")
        self._stored = stored
        self._later: ArcWarcRecord | None = record if record.length > INLINE_BYTES else None
        self._packed = b"" if self._later else _packed(record, stored)

    @property
    def size_bytes(self) -> int:
        """Length of the member; of the block where it is not packed yet."""
        return int(self._later.length) if self._later else len(self._packed)

    @property
    def reads_later(self) -> bool:
        """Whether the block is read only while the member is written."""
        return self._later is not None

    def write_to(self, out: Callable[[Buffer], object]) -> None:
        """Hand the member to ``out``, piece by piece."""
        if self._later:
            _FRAMER.write_to(Stored(out) if self._stored else Deflated(out), self._later)
        else:
            out(self._packed)


def _packed(record: ArcWarcRecord, stored: bool) -> bytes:
    collected = member.Whole()
    if stored:
        _FRAMER.write_to(Stored(collected.append), record)
        return b"".join(collected)
    _FRAMER.write_to(collected, record)
    return collected.packed()


class _Framer(WARCWriter):  # type: ignore[misc]
    """warcio's writer without its own digests (SHA-1, of the framed body) and its compression."""

    def write_to(self, out: Packer, record: ArcWarcRecord) -> None:
        """Write one record. Holds no state, so threads may share a framer; making one costs a system call."""
        self._write_warc_record(out, record)

    def ensure_digest(self, record: ArcWarcRecord, block: bool = True, payload: bool = True) -> None:
        """Leave the record as it is: every digest that belongs there is there."""


_FRAMER = _Framer(None, gzip=False, warc_version=_VERSION)


class Whole:
    """A block in memory, handed over in one piece (warcio asks for 16 KB at a time)."""

    def __init__(self, block: Buffer) -> None:
        self._block = block

    def read(self, _most_bytes: int) -> Buffer:
        block, self._block = self._block, b""
        return block


class Span(LimitReader):  # type: ignore[misc]
    """``length`` bytes of a file from ``start``, whatever its position is when reading begins."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        super().__init__(file, length)
        self._start = start

    def read(self, length: int | None = None) -> bytes:
        if not self.tell():
            self.stream.seek(self._start)
        return super().read(length)  # type: ignore[no-any-return]


def part(kind: str, record_id: str, headers: Headers, content_type: str, block: bytes) -> Part:
    """A record of type ``kind`` whose block is at hand. Its block digest is added to ``headers``."""
    headers = [*headers, ("WARC-Block-Digest", label(hashlib.sha256(block)))]
    return Part(record(kind, record_id, headers, content_type, Whole(block), len(block)))


def record(
    kind: str, record_id: str, headers: Headers, content_type: str, block: Whole | Span, length: int
) -> ArcWarcRecord:
    """A record whose block is read while it is written. ``headers`` are written as they are: values made safe before,
    digests included."""
    # Not through RecordBuilder.create_warc_record: it parses the HTTP head and writes its own version of it. And not
    # through the constructor of StatusAndHeaders, which looks at the type of every name and value; Content-Length
    # stands last because warcio will look for it from the end.
    named = StatusAndHeaders("", [], protocol=_VERSION)
    named.headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        *headers,
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
    ]
    # Of a revisit warcio writes no block unless it parsed the head itself; so it is not told.
    framed = "response" if kind == "revisit" else kind
    return ArcWarcRecord("warc", framed, named, block, None, None, length)


def label(digest: hashlib._Hash) -> str:
    """``sha256:<hex>``, as WARC digests are written."""
    return f"sha256:{digest.hexdigest()}"


def new_id() -> str:
    """A record id, ``<urn:uuid:…>``."""
    # What uuid.uuid4 gives, in a fifth of its time: random but for the version and the variant (RFC 9562, 5.4).
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"<urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}>"
