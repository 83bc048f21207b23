"""The records of other people's WARC files, one after another, read leniently and within what their size can justify.

A file of a few megabytes can unpack to terabytes, hold records without number, or lay thousands of gzip members over
the same bytes: what is unpacked, what is given out, and how many records are tried is bounded by the file's size.
"""

from __future__ import annotations

import os
import re
import zlib
from dataclasses import dataclass

from archiver.store.member import MAGIC, Torn, Unpacked

FIRST_BYTES = 4096
_PIECE = 1 << 16
_BLANK_LINE = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be spent on a file. Of ``size`` bytes: ``least_bytes`` and ``expansion`` times its size of unpacked
    bytes; ``least_packed_bytes`` and ``passes`` times its size of bytes to unpack; ``least_steps`` and a step more for
    each ``bytes_a_step``, of records, members and beginnings tried. ``directory_bytes``: of a WACZ. ``waiting_bytes``:
    of revisits that an import holds until their original comes."""

    body_bytes: int = 64_000_000
    head_bytes: int = 1 << 20
    directory_bytes: int = 4_000_000
    waiting_bytes: int = 64_000_000
    least_bytes: int = 1_000_000_000
    expansion: int = 100
    least_packed_bytes: int = 64_000_000
    passes: int = 8
    least_steps: int = 10_000
    bytes_a_step: int = 100


class Spent(Exception):
    """The file asks for more work than its size can justify."""


class Crawl:
    """A file being looked through: what may still be spent on it, and what was skipped."""

    def __init__(self, fd: int, limits: Limits) -> None:
        self.fd = fd
        self.limits = limits
        self.size = os.fstat(fd).st_size
        self.skipped = 0
        self.reason = ""
        self._bytes = limits.least_bytes + limits.expansion * self.size
        self._packed = limits.least_packed_bytes + limits.passes * self.size
        self._steps = limits.least_steps + self.size // limits.bytes_a_step

    def spend(self, size: int, packed: int = 0) -> None:
        """``size`` bytes were read or unpacked, from ``packed`` bytes."""
        self._bytes -= size
        self._packed -= packed
        if self._bytes < 0 or self._packed < 0:
            raise Spent("it unpacks to too much for its size; the rest is not read")

    def step(self) -> None:
        """Another record, member or beginning is tried."""
        self._steps -= 1
        if self._steps < 0:
            raise Spent("it has too many records for its size; the rest is not read")

    def skip(self, reason: str, *, chief: bool = False) -> None:
        """Something was not read. The first reason is told, or the ``chief`` one."""
        self.reason = reason if chief else self.reason or reason
        self.skipped += 1


class Stream:
    """Records one after another: of one gzip member, or of what is not compressed. ``begun``: where the last one, or
    its member, lies. Raises ``Torn``."""

    def __init__(self, crawl: Crawl, at: int, end: int, *, packed: bool) -> None:
        self.begun = self._at = at
        self._crawl = crawl
        self._end = end
        self._member = Unpacked(crawl.fd, at) if packed else None
        self._held = b""

    @property
    def end(self) -> int:
        """Where what was read ends; of a member, only once it was read to its end."""
        place = self._member.end if self._member else self._at - len(self._held)
        assert place is not None
        return place

    def _more(self) -> bytes:
        if self._member is None:
            piece = os.pread(self._crawl.fd, min(_PIECE, self._end - self._at), self._at)
            self._at += len(piece)
            self._crawl.spend(len(piece))
            return piece
        before, piece = self._member.taken, b""
        try:
            piece = self._member.read(_PIECE)
        finally:  # what was torn cost something, too
            self._crawl.spend(len(piece), self._member.taken - before)
        return piece

    def _to_next(self) -> None:
        """Pass the line ends between two records."""
        self._held = self._held.lstrip(b"\r\n")
        while not self._held and (more := self._more()):
            self._held = more.lstrip(b"\r\n")

    def head(self) -> dict[str, str] | None:
        """The next record's header, names in lower case; ``None`` at the end."""
        self._to_next()
        if not self._member:
            self.begun = self.end
        data, searched = self._held, 0
        if not data:
            return None
        while not (blank := _BLANK_LINE.search(data, max(0, searched - 2))):
            expected = data.startswith(b"WARC/"[: len(data)]) and len(data) < self._crawl.limits.head_bytes
            more = self._more() if expected else b""
            if not more:
                raise Torn("no record header")
            searched, data = len(data), data + more
        if not data.startswith(b"WARC/"):
            raise Torn("no record header")
        self._held = data[blank.end() :]
        headers: dict[str, str] = {}
        for line in data[: blank.start()].decode("utf-8", "replace").split("\n")[1:]:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        return headers

    def take(self, most: int) -> bytes:
        """The next piece of a block of which ``most`` bytes are left."""
        piece = self._held or self._more()
        if not piece:
            raise Torn(f"{most} bytes less than Content-Length says")
        self._held = piece[most:]
        return piece[:most]

    def finish(self) -> None:
        """Check that a record ends here: nothing follows, or another one."""
        self._to_next()
        if self._held and not self._held.startswith(b"WARC/"[: len(self._held)]):
            raise Torn("the record does not end where its Content-Length says")


def next_begin(crawl: Crawl, at: int, end: int, *, packed: bool) -> int | None:
    """Where the first record that begins at ``at`` or later lies; ``None`` when there is none."""
    sign, ahead = (MAGIC, 0) if packed else (b"\nWARC/", 1)
    while at < end:
        piece = os.pread(crawl.fd, min(_PIECE, end - at), at)
        place = piece.find(sign)
        while place >= 0:
            crawl.step()
            if not packed or begins_record(os.pread(crawl.fd, FIRST_BYTES, at + place)):
                return at + place + ahead
            place = piece.find(sign, place + 1)
        at += max(len(piece) - len(sign) + 1, 1)
    return None


def begins_record(first: bytes) -> bool:
    """Whether a gzip member that holds a record begins as ``first``, its first ``FIRST_BYTES``."""
    try:  # of few bytes: a gzip head, whose name may be endless, is not followed through the file
        return zlib.decompressobj(31).decompress(first, 5) == b"WARC/"
    except zlib.error:
        return False
