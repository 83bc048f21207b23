"""The WARC and WACZ files of any crawler, looked through where they lie.

::

    WACZ   ──► its stored archive/*.warc.gz, read in place: a name within it is never a path
    WARC   ──► members ──► records ──► the 200 responses that hold text, dechunked and decoded

Other crawlers' files are read leniently where that is safe (no digests, bare LF, many records in one gzip member,
bodies that were decoded though their head says otherwise), and with ``archiver.message``, not with warcio, whose lines
and bodies have no bound. What can't be read is skipped, and costs itself: the next record is looked for behind it. How
much is unpacked, and how many records are tried, is bounded by the file's size.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, FileIO
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from archiver import message
from archiver.errors import Damaged, NoInput
from archiver.store.member import MAGIC, Torn, Unpacked

CRAWL_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
MAX_BODY_BYTES = 64_000_000
MAX_HEAD_BYTES = 1 << 20
_MAX_BLOCK_BYTES = MAX_BODY_BYTES + MAX_HEAD_BYTES
_MAX_DIRECTORY_BYTES = 4_000_000
_LEAST_BYTES, _MOST_EXPANSION, _LEAST_STEPS, _BYTES_A_STEP = 1_000_000_000, 100, 10_000, 100
_PIECE = 1 << 16
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LATER_HTTP = re.compile(rb"HTTP/[23](?:\.0)?(?= )")
_MEMBER = re.compile(r"archive/.*\.warc(?:\.gz)?", re.IGNORECASE | re.DOTALL)
_CODE = ("text/css", "text/javascript", "text/ecmascript", "text/vtt")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ZSTD, _ZIP, _ZIP_ENTRY, _ZIP_ENTRY_BYTES = b"\x28\xb5\x2f\xfd", b"PK\x03\x04", "<4s22xHH", 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page as a crawler got it. ``url``: http or https. ``body``: decoded; in UTF-8 with its mark where only the
    header told the charset. ``media_type``: lower case, ``None`` when the server named none."""

    url: str
    media_type: str | None
    body: bytes


def is_crawl(path: Path) -> bool:
    """Whether ``path`` is a regular file that is a WARC or WACZ, by its first bytes or its name."""
    try:
        with FileIO(_open(path)) as file:
            if path.name.lower().endswith(CRAWL_SUFFIXES):
                return True
            first = os.pread(file.fileno(), 5, 0)
            return first == b"WARC/" or (first.startswith(MAGIC) and _begins_record(file.fileno(), 0))
    except NoInput:
        return False


def answers(path: Path, tell: Callable[[Damaged], None]) -> Iterator[Answer]:
    """The 200 responses in the WARC or WACZ ``path`` whose media type is one of texts, in the order of the file.

    ``tell`` gets one error when anything was skipped: how much, and the first reason. Raises ``NoInput``.
    """
    with _Capped(_open(path)) as file:
        crawl = _Crawl(file.fileno())
        try:
            for start, end in _parts(file, crawl):
                yield from _window(crawl, start, end)
        except _Spent as error:
            crawl.skip(str(error))
        if crawl.skipped:
            tell(Damaged(f"{path}: {crawl.skipped:,} skipped that could not be read; the first: {crawl.reason}"))


class _Spent(Exception):
    """The file asks for more work than its size can justify."""


class _Crawl:
    """A file being looked through: what may still be spent on it, and what was skipped."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.size = os.fstat(fd).st_size
        self.skipped = 0
        self.reason = ""
        self._bytes = _LEAST_BYTES + _MOST_EXPANSION * self.size
        self._steps = _LEAST_STEPS + self.size // _BYTES_A_STEP

    def spend(self, size: int) -> None:
        self._bytes -= size
        if self._bytes < 0:
            raise _Spent("it unpacks to too much for its size; the rest is not read")

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise _Spent("it has too many records for its size; the rest is not read")

    def skip(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.skipped += 1


class _Capped(FileIO):
    """A file that gives zipfile, which reads a directory in one piece, no more than one may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes")
        return super().read(-1 if size is None else size) or b""


def _open(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise NoInput(f"{path}: {reason}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NoInput(f"{path}: not a regular file")
    return fd


def _parts(file: FileIO, crawl: _Crawl) -> Iterator[tuple[int, int]]:
    """(start, end) of each WARC in the file."""
    first = os.pread(crawl.fd, len(_ZIP), 0)
    if first == _ZSTD:
        crawl.skip("it is compressed with zstd; unpack it first (unzstd)")
    elif first == _ZIP:
        yield from _members(file, crawl)
    else:
        yield 0, crawl.size


def _members(file: FileIO, crawl: _Crawl) -> Iterator[tuple[int, int]]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if _MEMBER.fullmatch(one.filename)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError, OverflowError, OSError) as bad:
        crawl.skip(f"not a whole ZIP file ({bad})")
        return
    if not members:
        crawl.skip("no archive/*.warc.gz in it")
    behind = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        crawl.step()
        place = _stored(crawl, one, behind)
        if place:
            behind = place[1]
            yield place


def _stored(crawl: _Crawl, one: zipfile.ZipInfo, behind: int) -> tuple[int, int] | None:
    """Where a stored member's bytes lie, if they lie within the file and ``behind`` all that were read."""
    head = os.pread(crawl.fd, _ZIP_ENTRY_BYTES, one.header_offset) if 0 <= one.header_offset < crawl.size else b""
    if one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1:
        crawl.skip(f"{one.filename} is not stored but packed or encrypted; unpack the WACZ first")
    elif len(head) < _ZIP_ENTRY_BYTES or not head.startswith(_ZIP) or one.header_offset < behind:
        crawl.skip(f"{one.filename} is not where the ZIP file says, or lies within another")
    else:
        _, name_bytes, extra_bytes = struct.unpack(_ZIP_ENTRY, head)
        start = one.header_offset + _ZIP_ENTRY_BYTES + name_bytes + extra_bytes
        if start + one.file_size <= crawl.size:
            return start, start + one.file_size
        crawl.skip(f"{one.filename} goes on behind the end of the file")
    return None


def _window(crawl: _Crawl, start: int, end: int) -> Iterator[Answer]:
    """The answers of one WARC, which lies from ``start`` to ``end``."""
    packed = os.pread(crawl.fd, len(MAGIC), start) == MAGIC
    at: int | None = start
    while at is not None and at < end:
        stream = _Stream(crawl, at, end, packed=packed)
        try:
            while (headers := stream.head()) is not None:
                crawl.step()
                answer = _read(stream, headers, crawl)
                if answer:
                    yield answer
            at = stream.end
            if at > end:
                raise Torn("it goes on behind its end")
        except Torn as error:
            crawl.skip(f"offset {stream.begun:,}: {error}")
            at = _next_begin(crawl, stream.begun + 1, end, packed=packed)


def _next_begin(crawl: _Crawl, at: int, end: int, *, packed: bool) -> int | None:
    """Where the first record that begins at ``at`` or later lies; ``None`` when there is none."""
    sign, ahead = (MAGIC, 0) if packed else (b"\nWARC/", 1)
    while at < end:
        piece = os.pread(crawl.fd, min(_PIECE, end - at), at)
        place = piece.find(sign)
        while place >= 0:
            crawl.step()
            if not packed or _begins_record(crawl.fd, at + place):
                return at + place + ahead
            place = piece.find(sign, place + 1)
        at += max(len(piece) - len(sign) + 1, 1)
    return None


def _begins_record(fd: int, at: int) -> bool:
    try:  # of few bytes: a gzip head, whose name may be endless, is not followed through the file
        return zlib.decompressobj(31).decompress(os.pread(fd, 4096, at), 5) == b"WARC/"
    except zlib.error:
        return False


class _Stream:
    """Records one after another: of one gzip member, or of what is not compressed. ``begun``: where the last one, or
    its member, lies. Raises ``Torn``."""

    def __init__(self, crawl: _Crawl, at: int, end: int, *, packed: bool) -> None:
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
        if self._member:
            piece = self._member.read(_PIECE)
        else:
            piece = os.pread(self._crawl.fd, min(_PIECE, self._end - self._at), self._at)
            self._at += len(piece)
        self._crawl.spend(len(piece))
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
            more = self._more() if data.startswith(b"WARC/"[: len(data)]) and len(data) < MAX_HEAD_BYTES else b""
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


class _Incoming:
    """An answer as its record's block comes in. ``wanted``: whether more of it should; ``problem``: why it can't be
    read."""

    def __init__(self) -> None:
        self.reader = message.HeadReader(MAX_HEAD_BYTES)
        self.block = BytesIO()
        self.wanted = True
        self.problem = "no complete head of an answer"

    def write(self, piece: bytes) -> None:
        if not self.block.tell():  # the version of a browser's connection, in front of an HTTP/1 head
            piece = _LATER_HTTP.sub(b"HTTP/1.1", piece, count=1) if piece.startswith(b"HTTP/") else piece
        self.block.write(piece)
        if self.reader.head is None:
            try:
                self.reader.feed(piece)
            except message.BadMessage as error:
                self.problem, self.wanted = str(error), False
        if self.reader.head:
            self.problem, self.wanted = "", _is_wanted(self.reader.head)
            if self.wanted and self.block.tell() > _MAX_BLOCK_BYTES:
                self.problem, self.wanted = f"more than {MAX_BODY_BYTES:,} bytes", False


def _read(stream: _Stream, headers: dict[str, str], crawl: _Crawl) -> Answer | None:
    """The record whose header was read, if it is an answer that holds text."""
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Torn("no Content-Length")
    left = int(length)
    url = headers.get("warc-target-uri", "").strip("<>")
    is_http = headers.get("content-type", "application/http").lower().startswith("application/http")
    is_answer = headers.get("warc-type", "").lower() == "response" and is_http and _is_address(url)
    incoming = _Incoming() if is_answer else None
    while left:
        piece = stream.take(left)
        left -= len(piece)
        if incoming and incoming.wanted:
            incoming.write(piece)
    stream.finish()
    if incoming and incoming.wanted and not incoming.problem:
        try:
            return _answer(url, incoming.reader, incoming.block, crawl)
        except message.Undecodable as error:
            crawl.spend(MAX_BODY_BYTES)
            incoming.problem = str(error)
    if incoming and incoming.problem:
        crawl.skip(f"{url}: {incoming.problem}")
    return None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _is_wanted(head: message.Head) -> bool:
    kind = _content_type(head)[0]
    if head.status != 200 or kind in _CODE or kind.startswith(("image/", "audio/", "video/", "font/")):
        return False
    return not kind or kind.startswith("text/") or kind.endswith(("/xml", "+xml", "/json", "+json"))


def _content_type(head: message.Head) -> tuple[str, str]:
    """(media type, charset), both in lower case, empty when not named."""
    value = next((value for name, value in head.headers if name.lower() == "content-type"), "").lower()
    kind, *parameters = (part.strip() for part in value.split(";"))
    named = (one.partition("=") for one in parameters)
    return kind, next((text.strip(" \"'") for name, _, text in named if name.strip() == "charset"), "")


def _answer(url: str, reader: message.HeadReader, block: BytesIO, crawl: _Crawl) -> Answer:
    size = block.tell()
    layout = message.lay_out(reader, block, size, closed=True)
    raw = block.getvalue()[layout.head_end :]
    pieces = message.entity(block, layout)
    first = next(pieces, raw)  # many crawlers store a body without its chunks, or decoded, below the head as it was
    try:
        body = message.decode(chain((first,), pieces), message.codings(layout.headers), MAX_BODY_BYTES)
    except message.Undecodable:
        body = raw
        if raw[:64].lstrip(_BOMS[0] + b" \t\r\n")[:1] not in (b"<", b"{", b"["):
            raise
    crawl.spend(len(body))
    assert reader.head is not None
    kind, charset = _content_type(reader.head)
    return Answer(url=url, media_type=kind or None, body=_marked(body, charset))


def _marked(body: bytes, charset: str) -> bytes:
    """``body``, in UTF-8 with a byte order mark when only the header says how it is to be read."""
    if not charset or body.isascii() or charset in ("utf-8", "utf8") or body.startswith(_BOMS):
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = body.decode("cp1252" if charset in ("iso-8859-1", "latin1", "us-ascii") else charset, "replace")
        except (LookupError, ValueError):
            return body
        return _BOMS[0] + text.encode("utf-8", "replace")
    return body
