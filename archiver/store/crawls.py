"""The WARC and WACZ files of any crawler, looked through where they lie.

::

    WACZ   ──► its stored archive/*.warc.gz, read in place: a name within it is never a path
    WARC   ──► members ──► records ──► the responses, resources and conversions that hold text, dechunked and decoded

Other crawlers' files are read leniently where that is safe (no digests, bare LF, many records in one gzip member). What
can't be read is skipped, and costs itself: the next record is looked for behind it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from archiver.errors import Damaged, NoInput
from archiver.store.crawl_pages import Answer, read
from archiver.store.crawl_records import FIRST_BYTES, Crawl, Limits, Spent, Stream, begins_record, next_begin
from archiver.store.member import MAGIC, Torn

__all__ = [
    "FIRST_BYTES",
    "SUFFIXES",
    "Answer",
    "answers",
    "answers_in",
    "begins_crawl",
    "capped",
    "is_crawl",
    "parts",
    "spooled",
]

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
_MEMBER = re.compile(r"archive/.*\.warc(?:\.gz)?", re.IGNORECASE | re.DOTALL)
_ZSTD, _ZIP, _ZIP_ENTRY, _ZIP_ENTRY_BYTES = b"\x28\xb5\x2f\xfd", b"PK\x03\x04", "<4s22xHH", 30
_PIECE = 1 << 20
_LIMITS = Limits()


def is_crawl(path: Path) -> bool:
    """Whether ``path`` is a regular file that is a WARC or WACZ, by its first bytes or its name."""
    try:
        with FileIO(_open(path)) as file:
            return path.name.lower().endswith(SUFFIXES) or _is_warc(os.pread(file.fileno(), FIRST_BYTES, 0))
    except NoInput:
        return False


def _is_warc(first: bytes) -> bool:
    return first.startswith(b"WARC/") or (first.startswith(MAGIC) and begins_record(first))


def begins_crawl(first: bytes) -> bool:
    """Whether what has no name begins as a WARC or WACZ (``FIRST_BYTES`` of it)."""
    return _is_warc(first) or first.startswith((_ZIP, _ZSTD))


def spooled(first: bytes, stream: BinaryIO) -> BinaryIO:
    """``first`` and what is left of ``stream``, which may be longer than memory, as a nameless file; the caller closes
    it. Raises ``NoInput`` where there is no room for it."""
    try:
        file = cast("BinaryIO", tempfile.TemporaryFile(prefix="archiver-"))  # noqa: SIM115  # the caller's
        file.write(first)
        shutil.copyfileobj(stream, file, _PIECE)
        file.flush()
    except OSError as error:
        raise NoInput(f"-: {error.strerror} while it was laid down to be looked through") from error
    return file


def answers(path: Path, tell: Callable[[Damaged], None], limits: Limits = _LIMITS) -> Iterator[Answer]:
    """The texts in the WARC or WACZ ``path`` (200 responses, resources, conversions), in the order of the file.

    ``tell`` gets one error when anything was skipped: how much, and the first reason. Raises ``NoInput``.
    """
    with FileIO(_open(path)) as file:
        yield from answers_in(file, str(path), tell, limits)


def answers_in(
    file: FileIO | BinaryIO, name: str, tell: Callable[[Damaged], None], limits: Limits = _LIMITS
) -> Iterator[Answer]:
    """As ``answers``, of a file that is open; ``name`` is what it is called."""
    with _Capped(os.dup(file.fileno()), limits.directory_bytes) as capped:
        crawl = Crawl(capped.fileno(), limits)
        try:
            for start, end in parts(capped, crawl):
                yield from _window(crawl, start, end)
        except Spent as error:
            crawl.skip(str(error), chief=True)
        if crawl.skipped:
            tell(Damaged(f"{name}: {crawl.skipped:,} skipped that could not be read; the first: {crawl.reason}"))


def capped(path: Path, limits: Limits = _LIMITS) -> FileIO:
    """``path``, open for reading, such that a directory in it that is too long for its size makes no harm: asking for
    so much in one piece raises ``zipfile.BadZipFile``. Raises ``NoInput``."""
    return _Capped(_open(path), limits.directory_bytes)


class _Capped(FileIO):
    """A file that gives zipfile, which reads a directory in one piece, no more than one may have."""

    def __init__(self, fd: int, most: int) -> None:
        super().__init__(fd)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._most:
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


def parts(file: FileIO, crawl: Crawl) -> Iterator[tuple[int, int]]:
    """(start, end) of each WARC in the file: of itself, or those that lie stored in a WACZ; ``crawl`` is told what
    can't be read. Raises ``Spent``."""
    first = os.pread(crawl.fd, len(_ZIP), 0)
    if first == _ZSTD:
        crawl.skip("it is compressed with zstd; unpack it first (unzstd)")
    elif first == _ZIP:
        yield from _members(file, crawl)
    else:
        yield 0, crawl.size


def _members(file: FileIO, crawl: Crawl) -> Iterator[tuple[int, int]]:
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


def _stored(crawl: Crawl, one: zipfile.ZipInfo, behind: int) -> tuple[int, int] | None:
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


def _window(crawl: Crawl, start: int, end: int) -> Iterator[Answer]:
    """The answers of one WARC, which lies from ``start`` to ``end``."""
    packed = os.pread(crawl.fd, len(MAGIC), start) == MAGIC
    at: int | None = start
    while at is not None and at < end:
        stream = Stream(crawl, at, end, packed=packed)
        try:
            while (headers := stream.head()) is not None:
                crawl.step()
                answer = read(stream, headers, crawl)
                if answer:
                    yield answer
            at = stream.end
            if at > end:
                raise Torn("it goes on behind its end")
        except Torn as error:
            crawl.skip(f"offset {stream.begun:,}: {error}")
            at = next_begin(crawl, stream.begun + 1, end, packed=packed)
