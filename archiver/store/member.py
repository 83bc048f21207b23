"""One gzip member, which is how one WARC record lies in a file (WARC 1.1, annex D): packed, and strictly unpacked.

warcio compresses at a fixed level 9, which is most of the cost of every tool measured; isal's level 2 takes a
twentieth of the time for a file 13 % larger, and what is compressed already (pictures, films) is only wrapped.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Protocol

_zlib: ModuleType
try:
    from isal import isal_zlib as _zlib
except ImportError:  # no wheel for this machine
    _zlib = zlib

_LEVEL = 6 if _zlib is zlib else 2
_DeflateError: type[Exception] = _zlib.error
MAGIC = b"\x1f\x8b\x08"
_GZIP = 16 + zlib.MAX_WBITS
_HEAD = MAGIC + b"\x00" * 5 + b"\x04\xff"  # no name, no time, fastest, system unknown
_MOST_STORED = 65_535
_FIRST_READ = 4_096
_MOST_READ = 1 << 18


Buffer = bytes | memoryview


class Packer(Protocol):
    """Takes a record's bytes and hands the member's on, piece by piece."""

    def write(self, data: Buffer) -> None: ...

    def flush(self) -> None:
        """End the member: what is left, and the trailer (CRC-32 and length). warcio flushes once, behind a record."""
        ...


class Deflated:
    """A compressed member."""

    def __init__(self, out: Callable[[Buffer], object]) -> None:
        self._out = out
        self._codec = _zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    def write(self, data: Buffer) -> None:
        packed = self._codec.compress(data)
        if packed:
            self._out(packed)

    def flush(self) -> None:
        self._out(self._codec.flush())


class Stored:
    """A member of stored blocks (RFC 1951, 3.2.4), for what does not shrink: costs a checksum and a copy."""

    def __init__(self, out: Callable[[Buffer], object]) -> None:
        self._out = out
        self._crc = 0
        self._size = 0
        out(_HEAD)

    def write(self, data: Buffer) -> None:
        self._crc = _zlib.crc32(data, self._crc)
        self._size += len(data)
        for start in range(0, len(data), _MOST_STORED):
            block = data[start : start + _MOST_STORED]
            self._out(struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF))
            self._out(block)

    def flush(self) -> None:
        self._out(struct.pack("<BHHLL", 1, 0, 0xFFFF, self._crc, self._size & 0xFFFFFFFF))


class Whole(list[Buffer]):
    """A packer of small members: collects, and compresses in one call, which costs half of what a stream does."""

    def write(self, data: Buffer) -> None:
        self.append(data)

    def flush(self) -> None:
        """Nothing to do: ``packed`` ends the member."""

    def packed(self) -> bytes:
        """The member."""
        packed: bytes = _zlib.compress(b"".join(self), _LEVEL, _GZIP)
        return packed


class Torn(Exception):
    """The bytes at an offset are no whole gzip member; the reason as text."""


class Unpacked:
    """The bytes of the member that begins at ``offset`` of a file, read with bounded memory.

    ``read`` raises ``Torn`` unless the member is whole, checksum and length included; once it has returned ``b""``,
    ``end`` is the offset behind the member.
    """

    def __init__(self, fd: int, offset: int) -> None:
        self._fd = fd
        self._begin = self._at = offset
        self._codec = _zlib.decompressobj(_GZIP)
        self._step = _FIRST_READ
        self.end: int | None = None

    @property
    def taken(self) -> int:
        """How many bytes of the file were unpacked so far, also of a member that is torn."""
        until = self._at - len(self._codec.unconsumed_tail) if self.end is None else self.end
        return until - self._begin

    def read(self, most_bytes: int) -> bytes:
        """The next 1 to ``most_bytes`` bytes, ``b""`` at the end. Raises ``Torn``."""
        while self.end is None:
            fed = self._codec.unconsumed_tail or self._more()
            try:
                data: bytes = self._codec.decompress(fed, most_bytes)
            except _DeflateError as error:
                raise Torn(f"bad gzip data ({error})") from error
            if self._codec.eof:
                self.end = self._at - len(self._codec.unused_data)
            elif not data and not fed:
                raise Torn("the file ends within a gzip member")
            if data:
                return data
        return b""

    def _more(self) -> bytes:
        # Most members are small: what is read beyond one is read again for the next.
        data = os.pread(self._fd, self._step, self._at)
        self._at += len(data)
        self._step = min(self._step * 4, _MOST_READ)
        return data
