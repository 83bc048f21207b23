"""A WARC file, read for checking: every byte of it belongs to a record, or to a gap that says what is wrong there.

::

    at ─► gzip member? ─► record, record, … ─► its trailer ─► next at
              └─ no, or broken ─► Gap ─► the next whole member behind it

Memory is bounded, whatever the file holds: headers up to 1 MB, blocks piece by piece. A gap is searched for members
once, from its beginning to its end, so that damage costs time in proportion to its length.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from archiver.store.member import MAGIC, Torn, Unpacked
from archiver.store.scan import Record
from archiver.store.verify import rules
from archiver.store.verify.body import Block
from archiver.store.verify.rules import Problem

MAX_HEAD_BYTES = 1 << 20
MAX_KEPT_BYTES = 1 << 26
_PIECE = 1 << 18
END = b"\r\n\r\n"
_BLANK_LINE = re.compile(rb"\n\r?\n")
_BEGIN = b"WARC/"
_BAREEND = re.compile(rb"(?:\r?\n){1,4}(?=WARC/|$)")
_OUR_WRAPPINGS = (b"\x00\xff", b"\x00\x03", b"\x04\xff")  # isal, zlib, and the stored members of store.member
_NAMED, _COMMENT, _EXTRA, _CHECKED = 8, 16, 4, 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A record, checked by itself. ``whole``: its bytes are all there, in good order and agreeing with its digests, so
    that it is worth being kept."""

    record: Record
    head: rules.Head
    problems: tuple[Problem, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that hold no whole record; ``code`` as in ``kinds.KINDS``."""

    offset: int
    length: int
    code: str
    problem: str


_HARMFUL = frozenset(
    ("version", "header-line", "bare-lf", "missing-field", "repeated-field", "bad-id", "content-length", "record-end",
     "block-digest", "payload-digest", "no-digest", "no-head")
)  # fmt: skip


def read(fd: int, size: int, *, strict: bool, start: int = 0) -> Iterator[Seen | Gap]:
    """Everything in the first ``size`` bytes of a file, in order. ``strict``: it is one of ours."""
    at = start
    while at < size:
        first = os.pread(fd, len(_BEGIN), at)
        if first.startswith(MAGIC):
            end = yield from _member(fd, at, size, strict)
        elif first == _BEGIN:
            end = yield from _unpacked(fd, at, size, strict)
        else:
            end = _next_member(fd, at, size)
            yield _gap(fd, at, end)
        at = end


def head_at(fd: int, offset: int) -> rules.Head | None:
    """The header of the record at ``offset``, or of the first one in the member there; ``None`` when there is none."""
    try:
        if os.pread(fd, len(MAGIC), offset) == MAGIC:
            raw = Stream(Unpacked(fd, offset).read).head()
        else:
            raw = Stream(lambda most: os.pread(fd, most, offset)).head()
    except (Torn, NoRecord):
        return None
    return rules.read_head(raw) if raw.startswith(_BEGIN) else None


def _member(fd: int, at: int, size: int, strict: bool) -> Generator[Seen | Gap, None, int]:
    """The records of the gzip member at ``at``; returns the offset behind it."""
    member = Unpacked(fd, at)
    stream = Stream(member.read)
    found: list[tuple[rules.Head, bytes, list[Problem]]] = []
    try:
        while (one := _record(stream, strict=strict, alone=True)) is not None:
            found.append(one)
            if len(found) > 1:  # of others: they are told as they come, since there may be millions of them
                if len(found) == 2:
                    yield _seen(found[0], at, 0, ("several-records", "a gzip member with more than one record"))
                yield _seen(one, at, 0)
                found[1:] = [one]
        assert member.end is not None
        if member.end > size:
            raise Torn("the file ends within a gzip member")
    except Torn as error:
        end = _next_member(fd, at, size)
        yield _broken(fd, at, end, size, str(error))
        return end
    except NoRecord as error:
        behind = _end_of(member) or _next_member(fd, at, size)
        yield Gap(at, behind - at, "no-head", str(error))
        return behind
    if not found:
        yield Gap(at, member.end - at, "empty-member", "a gzip member with nothing in it")
    elif len(found) == 1:
        wrapping = _wrapping(fd, at) if strict else None
        yield _seen(found[0], at, member.end - at, *((wrapping,) if wrapping else ()))
    return member.end


def _unpacked(fd: int, at: int, size: int, strict: bool) -> Generator[Seen | Gap, None, int]:
    """The record at ``at`` of a file that is not compressed; returns the offset behind it."""
    position = at

    def more(most: int) -> bytes:
        nonlocal position
        piece = os.pread(fd, min(most, size - position), position)
        position += len(piece)
        return piece

    stream = Stream(more)
    try:
        one = _record(stream, strict=strict, alone=False)
        assert one is not None
    except NoRecord as error:
        end = _next_begin(fd, at, size)
        yield Gap(at, end - at, "no-head", str(error))
        return end
    end = position - stream.left
    if any(code == "content-length" for code, _ in one[2]):
        end = _next_begin(fd, at, size)
    yield _seen(one, at, end - at)
    return end


class NoRecord(Exception):
    """What is here does not begin as a record does, or its length is unknown."""


class Stream:
    """Bytes that come in pieces, of which some can be looked at before they are taken."""

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self._more = more
        self._held = b""

    @property
    def left(self) -> int:
        """How much was read and not taken."""
        return len(self._held)

    def look(self, most: int) -> bytes:
        """The next ``most`` bytes, fewer only at the end; they are not taken."""
        while len(self._held) < most and (piece := self._more(_PIECE)):
            self._held += piece
        return self._held[:most]

    def head(self) -> bytes:
        """A record's header with its blank line, ``b""`` at the end."""
        searched = 0
        while (match := _BLANK_LINE.search(self._held, max(searched - 2, 0))) is None:
            searched = len(self._held)
            piece = self._more(_PIECE) if searched <= MAX_HEAD_BYTES else b""
            if not piece:
                if self._held:
                    raise NoRecord(f"no record header: {self._held[:40]!r}")
                return b""
            self._held += piece
        taken, self._held = self._held[: match.end()], self._held[match.end() :]
        return taken

    def take(self, most: int) -> bytes:
        """The next 1 to ``most`` bytes, ``b""`` at the end."""
        held = self._held or self._more(min(most, _PIECE))
        if len(held) <= most:
            self._held = b""
            return held
        self._held = held[most:]
        return held[:most]


def _record(stream: Stream, *, strict: bool, alone: bool) -> tuple[rules.Head, bytes, list[Problem]] | None:
    """(header, block if it is worth keeping, problems) of the next record, ``None`` at the end. ``alone``: it should be
    the last of its stream. Raises ``NoRecord``, and ``Torn`` as its stream does."""
    raw = stream.head()
    if not raw:
        return None
    if not raw.startswith(_BEGIN):
        raise NoRecord(f"no record begins here: {raw[:40]!r}")
    head = rules.read_head(raw)
    problems = list(rules.problems(head, strict=strict))
    length = head.length
    if length is None and not alone:
        raise NoRecord("a record without a Content-Length that can be believed")
    with closing(Block(head.kind, head.first)) as block:
        got, last, kept = _through(stream, length or 0, block, keep=head.kind in ("metadata", "warcinfo"))
        wrong = list(block.problems(strict=strict))
    ending = _ending(stream, length, got, last, alone)
    if ending and last == END and got == length and not any(code == "block-digest" for code, _ in wrong):
        ending = [("record-end", "no CR LF CR LF behind the block")]  # the block itself ends in one
    problems += ending + (wrong if not any(code == "content-length" for code, _ in ending) else [])
    if strict and head.kind == "response" and "warc-payload-digest" not in head.first and block.has_head:
        problems.append(("no-digest", "no WARC-Payload-Digest"))
    return head, kept, problems


def _through(stream: Stream, length: int, block: Block, *, keep: bool) -> tuple[int, bytes, bytes]:
    """Feed ``length`` bytes to ``block``. How many there were, the last four, and all of them if to ``keep``."""
    got, last, kept = 0, b"", list[bytes]()
    while got < length and (piece := stream.take(length - got)):
        block.feed(piece)
        got += len(piece)
        last = piece[-len(END) :] if len(piece) >= len(END) else (last + piece)[-len(END) :]
        if keep and got <= MAX_KEPT_BYTES:
            kept.append(piece)
    return got, last, b"".join(kept)


def _ending(stream: Stream, length: int | None, got: int, last: bytes, alone: bool) -> list[Problem]:
    """What is wrong with what follows a block of ``got`` bytes that ends in ``last``. Of a record that should be
    ``alone`` in its stream everything up to the next record is taken."""
    end = stream.look(len(END) + len(_BEGIN))
    missing = (length or 0) - got
    if not missing and end in (END, END + _BEGIN):
        stream.take(len(END))
        return []
    if length is None:
        while stream.take(_PIECE):
            pass
        return []
    if end.startswith(_BEGIN):
        return [("record-end", "no CR LF CR LF between this record and the next")]
    if not end and not missing and last != END:
        return [("record-end", "no CR LF CR LF behind the block")]
    if len(end) < len(END) and (last + end).endswith(END):
        stream.take(len(end))
        real = got + len(end) - len(END)
        return [("content-length", f"Content-Length says {length:,} bytes, and the block has {real:,}")]
    if missing:
        return [("content-length", f"Content-Length says {length:,} bytes, and the record ends after {got:,}")]
    if bare := _BAREEND.match(end):
        stream.take(bare.end())
        return [("record-end", f"{bare[0]!r} instead of CR LF CR LF behind the block")]
    if not alone:
        return [("content-length", f"no record ends where Content-Length says ({length:,} bytes)")]
    more, last = 0, b""
    while piece := stream.take(_PIECE):
        more += len(piece)
        last = (last + piece)[-len(END) :]
    real = got + more - (len(END) if last == END else 0)
    return [("content-length", f"Content-Length says {length:,} bytes, and the block has {real:,}")]


def _seen(found: tuple[rules.Head, bytes, list[Problem]], offset: int, length: int, *further: Problem) -> Seen:
    head, block, problems = found
    record = Record(offset=offset, length=length, headers=head.fields, block=block)
    problems = [*problems, *further]
    return Seen(record, head, tuple(problems), not any(code in _HARMFUL for code, _ in problems))


def _wrapping(fd: int, at: int) -> Problem | None:
    head = os.pread(fd, 10, at)
    if head[3:8] != b"\x00" * 5 or head[8:10] not in _OUR_WRAPPINGS:
        return "gzip-header", f"a gzip header that is none of ours: {head.hex()}"
    return None


def _end_of(member: Unpacked) -> int | None:
    """Read a member to its end; the offset behind it, ``None`` when it has none."""
    try:
        while member.read(_PIECE):
            pass
    except Torn:
        return None
    return member.end


def _gap(fd: int, at: int, end: int) -> Gap:
    first = os.pread(fd, min(end - at, _PIECE), at)
    if not first.strip(b"\0"):
        return Gap(at, end - at, "zeros", f"{end - at:,} bytes that begin with zeros")
    if at == 0:
        return Gap(at, end - at, "no-warc", f"begins with {first[:16]!r}")
    return Gap(at, end - at, "junk", f"{end - at:,} bytes that belong to no record: {first[:16]!r}")


def _broken(fd: int, at: int, end: int, size: int, reason: str) -> Gap:
    """What is wrong with the gzip member at ``at``, found out by unpacking it without its own checks."""
    length = end - at
    try:
        body = at + _head_bytes(os.pread(fd, 1 << 17, at))
    except ValueError as error:
        return Gap(at, length, "gzip-data" if end < size else "torn-tail", str(error))
    codec, crc, total, position = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0, body
    try:
        while not codec.eof:
            fed = codec.unconsumed_tail
            if not fed:
                fed = os.pread(fd, min(_PIECE, size - position), position)
                position += len(fed)
            if not fed:
                return Gap(at, length, "torn-tail", "the file ends within a gzip member")
            piece = codec.decompress(fed, _PIECE)
            crc, total = zlib.crc32(piece, crc), total + len(piece)
    except zlib.error as error:
        what = "torn-tail" if end == size and _is_cut(fd, position, size) else "gzip-data"
        return Gap(at, length, what, f"bad gzip data ({error})")
    trailer = os.pread(fd, 8, position - len(codec.unused_data))
    if len(trailer) < 8 or position - len(codec.unused_data) + 8 > size:
        return Gap(at, length, "torn-tail", "the file ends within a gzip trailer")
    said = struct.unpack("<LL", trailer)
    if said[0] != crc:
        return Gap(at, length, "gzip-crc", f"the CRC-32 in the trailer is {said[0]:08x}, that of the data is {crc:08x}")
    if said[1] != total & 0xFFFFFFFF:
        return Gap(at, length, "gzip-length", f"the trailer says {said[1]:,} bytes, and {total:,} were unpacked")
    return Gap(at, length, "gzip-data", reason)


def _is_cut(fd: int, position: int, size: int) -> bool:
    """Whether nothing but zeros follows: a write that never reached the disk."""
    return position < size and not os.pread(fd, 4096, max(position, size - 4096)).strip(b"\0")


def _head_bytes(head: bytes) -> int:
    """Length of the gzip header that ``head`` begins with (RFC 1952, 2.3). Raises ``ValueError``."""
    flags, at = head[3] if len(head) > 3 else 0, 10
    if len(head) < 10:
        raise ValueError("the file ends within a gzip header")
    if flags & 0xE0:
        raise ValueError("reserved flags in a gzip header")
    if flags & _EXTRA:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    for flag in (_NAMED, _COMMENT):
        if flags & flag:
            at = head.find(b"\0", at) + 1
            if not at:
                raise ValueError("a gzip header without an end")
    at += 2 if flags & _CHECKED else 0
    if at > len(head):
        raise ValueError("the file ends within a gzip header")
    return at


def _next_member(fd: int, at: int, size: int) -> int:
    """The offset of the first gzip member behind ``at`` that begins with a WARC record, else ``size``."""
    position = at + 1
    while position < size:
        window = os.pread(fd, min(_PIECE, size - position), position)
        found = window.find(MAGIC)
        while found >= 0:
            try:
                if Unpacked(fd, position + found).read(len(_BEGIN)) == _BEGIN:
                    return position + found
            except Torn:
                pass
            found = window.find(MAGIC, found + 1)
        position += max(len(window) - len(MAGIC) + 1, 1)
    return size


def _next_begin(fd: int, at: int, size: int) -> int:
    """The offset of the next record behind ``at`` in a file that is not compressed, else ``size``."""
    position, mark = at + 1, b"\r\n\r\nWARC/1."
    while position < size:
        window = os.pread(fd, min(_PIECE, size - position), position)
        if (found := window.find(mark)) >= 0:
            return position + found + 4
        position += max(len(window) - len(mark) + 1, 1)
    return size
