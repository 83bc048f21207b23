"""Records read back, strictly: a gzip member that is whole, holding exactly one record whose length and digest agree.

warcio and FastWARC take a torn last record for a good one, and what was appended behind it for its end (``faults.md``
0.4), so what decides about our own files is read here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.store import fields
from archiver.store.member import MAGIC, Torn, Unpacked

MAX_HEAD_BYTES = 1 << 20
MAX_KEPT_BYTES = 1 << 26
"""A metadata block longer than this is none of ours."""

_PIECE = 1 << 16
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a file. ``headers``: names in lower case, in order. ``block``: of ``metadata`` and ``warcinfo``
    records; empty for others, whose bytes were checked and passed by."""

    offset: int
    length: int
    headers: tuple[tuple[str, str], ...]
    block: bytes

    def header(self, name: str) -> str | None:
        """The first value of ``name`` (lower case), or ``None``."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def kind(self) -> str:
        return self.header("warc-type") or ""

    @property
    def record_id(self) -> str:
        return self.header("warc-record-id") or ""

    @property
    def block_bytes(self) -> int:
        return int(self.header("content-length") or 0)


class Block:
    """A record's block, read piece by piece; ``headers`` as in ``Record``. Raises ``Torn``, like its reader."""

    def __init__(self, fd: int, offset: int) -> None:
        self._member = Unpacked(fd, offset)
        self._held = self._head()
        self.size_bytes = self._left = self._block_bytes()
        self._digest = hashlib.sha256()

    def read(self, most_bytes: int = _PIECE) -> bytes:
        """The next piece, ``b""`` at the end of the block."""
        piece = self._held or (self._member.read(min(most_bytes, self._left)) if self._left else b"")
        piece, self._held = piece[: self._left], piece[self._left :]
        if self._left and not piece:
            raise Torn(f"{self._left} bytes less than Content-Length says")
        self._left -= len(piece)
        self._digest.update(piece)
        return piece

    def finish(self) -> int:
        """Check what only the end can show; the offset behind the record."""
        while self.read():
            pass
        rest = self._held
        while len(rest) <= len(_END) and (more := self._member.read(len(_END) + 1)):
            rest += more
        if rest != _END:
            raise Torn("the record does not end where its Content-Length says")
        digest = next((value for name, value in self.headers if name == "warc-block-digest"), None)
        if digest != f"sha256:{self._digest.hexdigest()}":
            raise Torn("the block does not have the digest that its header says")
        assert self._member.end is not None
        return self._member.end

    def _head(self) -> bytes:
        data = b""
        while (end := data.find(_END)) < 0:
            more = self._member.read(_PIECE)
            if not more or len(data) > MAX_HEAD_BYTES:
                raise Torn("no record header")
            data += more
        try:
            first, _, lines = data[: end + 2].partition(b"\r\n")
            if first != b"WARC/1.1":
                raise ValueError(f"begins with {first[:40]!r}")
            self.headers = tuple(fields.parse(lines))
        except ValueError as error:
            raise Torn(f"bad record header ({error})") from error
        return data[end + len(_END) :]

    def _block_bytes(self) -> int:
        lengths = [value for name, value in self.headers if name == "content-length"]
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 16):
            raise Torn("no Content-Length")
        return int(lengths[0])


def read_record(fd: int, offset: int) -> Record:
    """The record whose member begins at ``offset``, checked to its end. Raises ``Torn``."""
    block = Block(fd, offset)
    headers = dict(reversed(block.headers))
    kept = []
    if headers.get("warc-type") in ("metadata", "warcinfo") and block.size_bytes <= MAX_KEPT_BYTES:
        while piece := block.read():
            kept.append(piece)
    end = block.finish()
    return Record(offset=offset, length=end - offset, headers=block.headers, block=b"".join(kept))


def read_records(fd: int, start: int, size: int) -> Iterator[Record]:
    """Every record from ``start`` to the end of the file, ``size`` bytes long. Raises ``Torn`` at the first thing that
    is no whole record."""
    while start < size:
        record = read_record(fd, start)
        yield record
        start = record.end


def whole_record_after(fd: int, start: int, size: int) -> int | None:
    """The offset of the first whole record that begins behind ``start``, wherever it may lie; ``None`` if there is
    none, and what is there is but a torn tail."""
    at = start + 1
    while at < size:
        window = os.pread(fd, _PIECE, at)
        found = window.find(MAGIC)
        while found >= 0:
            try:
                read_record(fd, at + found)
            except Torn:
                found = window.find(MAGIC, found + 1)
            else:
                return at + found
        at += max(len(window) - len(MAGIC) + 1, 1)
    return None
