"""The file that grows. Bytes before facts: what is appended here is synced before the catalog names it.

Rule 1: a file is only ever appended to by the run that made it, at an offset that the run keeps itself. What was
appended behind a torn member would be lost to every reader.
Rule 2: after a failed write or sync nothing is tried again: the kernel may report the loss of a page only once, and a
second sync that "succeeds" proves nothing. The file is left as it is; the next start scans it.
Rule 3: nothing is ever written over. Names are unique, files are made exclusively, and a file that is closed gets its
final name (without ``.open``) only if nobody has it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.errors import Damaged, StoreError
from archiver.model import WarcRef
from archiver.store.framing import Part
from archiver.store.member import Buffer
from archiver.store.records import Group

GROWING = ".open"
_NAME = re.compile(r"archiver-[0-9]{17}-[0-9]{5,}-[A-Za-z0-9.-]{1,63}-[0-9]+\.warc\.gz")
_BUFFER_BYTES = 1 << 18
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def unused_name(folder: Path, at: datetime, serials: Iterator[int]) -> str:
    """A ``file_name`` that nobody in ``folder`` has, with the next serial that gives one."""
    names = (file_name(at, serial) for serial in serials)
    return next(name for name in names if not any(os.path.lexists(folder / f"{name}{end}") for end in ("", GROWING)))


def file_name(at: datetime, serial: int) -> str:
    """``archiver-20260705123456789-00001-HOST-PID.warc.gz``: prefix, UTC to the millisecond, serial, host (WARC 1.1,
    annex C), and the process id, since two processes of a host may begin within a millisecond."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", platform.node())[:63] or "localhost"
    moment = f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
    return f"archiver-{moment}-{serial:05d}-{host}-{os.getpid()}.warc.gz"


def is_name(name: str) -> bool:
    """Whether a file of this name is one of ours, growing or closed."""
    return _NAME.fullmatch(name.rpartition("/")[2].removesuffix(GROWING)) is not None


def files(folder: Path) -> list[str]:
    """The names of our WARCs in ``folder``, growing ones with their ``.open``, oldest first. Regular files only."""
    with os.scandir(folder) as entries:
        regular = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return sorted(filter(is_name, regular))


@dataclass(slots=True)
class Volume:
    """A file to be: its name, its first record, and how long it will be with all that is meant for it so far."""

    name: str
    warcinfo: Part
    planned_bytes: int


class GrowingWarc:
    """A file under construction, ``NAME.open``. Used by one thread. Raises ``StoreError`` (74).

    ``records``: how many were appended, its ``warcinfo`` included."""

    def __init__(self, folder: Path, volume: Volume) -> None:
        self.volume = volume
        self.records = 1
        self._written = 0
        self._folder = folder
        self._digest = hashlib.sha256()
        self._pieces: list[Buffer] = []
        self._held = 0
        path = folder / f"{volume.name}{GROWING}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._fd = os.open(path, flags, 0o644)
            # Without this the file itself may be gone after a power cut, however well its bytes were synced.
            sync_folder(folder)
        except OSError as error:
            raise not_written(path, error) from error
        self.volume.warcinfo.write_to(self._write)

    @property
    def end(self) -> int:
        """The offset behind what was appended."""
        return self._written + self._held

    @property
    def path(self) -> Path:
        return self._folder / f"{self.volume.name}{GROWING}"

    def append(self, group: Group) -> WarcRef:
        """Write the records of a group, one behind the other; where the first one lies. Durable only after ``sync``."""
        first, *others = group.parts
        start = self.end
        first.write_to(self._write)
        length = self.end - start
        for part in others:
            part.write_to(self._write)
        self.records += len(group.parts)
        return WarcRef(file=self.volume.name, record_id=first.record_id, offset_bytes=start, length_bytes=length)

    def sync(self) -> None:
        """Return when everything appended is on the disk."""
        self._flush()
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise not_written(self.path, error) from error

    def close(self) -> str:
        """Sync, and give the file its final name. Returns the SHA-256 of its bytes, in hex."""
        self._flush()
        try:
            os.fsync(self._fd)
            os.close(self._fd)
            publish(self._folder, self.volume.name)
        except OSError as error:
            raise not_written(self.path, error) from error
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        os.close(self._fd)

    def _write(self, data: Buffer) -> None:
        if len(data) >= _BUFFER_BYTES:
            self._flush()
            self._put(data)
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= _BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self._put(data)

    def _put(self, data: Buffer) -> None:
        self._digest.update(data)
        view = memoryview(data)
        try:
            while view:
                written = os.pwrite(self._fd, view, self._written)
                view, self._written = view[written:], self._written + written
        except OSError as error:
            raise not_written(self.path, error) from error


def publish(folder: Path, name: str) -> None:
    """Rename ``NAME.open`` to ``NAME``, durably and never over an existing file. Raises ``OSError``."""
    growing, final = folder / f"{name}{GROWING}", folder / name
    try:
        os.link(growing, final, follow_symlinks=False)  # unlike rename, it refuses to replace
        growing.unlink()
    except OSError as error:
        if error.errno == errno.EEXIST and final.samefile(growing):
            growing.unlink()  # a crash came between the two steps above
        elif error.errno in _NO_LINKS and not os.path.lexists(final):
            growing.rename(final)
        else:
            raise
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable. Raises ``OSError``."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_to_read(folder: Path, name: str) -> int:
    """A file descriptor of the WARC ``name``, growing or closed. Raises ``Damaged`` when there is none."""
    for path in (folder / f"{name}{GROWING}", folder / name):  # in this order: a file that is closed moves this way
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise Damaged(f"{path} can't be read: {error.strerror}") from error
        else:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                return fd
            os.close(fd)
    raise Damaged(f"{folder / name} is missing", hint="bring it back from a copy: the catalog names records in it")


def not_written(path: Path, error: OSError) -> StoreError:
    """The ``StoreError`` for a failed write, sync or rename: what happened, and what to do."""
    safe = "; everything stored until then is safe"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"the disk is full at {path}{safe}", hint="free some space and run again")
    if error.errno == errno.EFBIG:
        return StoreError(
            f"{path} reached the file size limit of this process{safe}",
            hint="raise `ulimit -f`, or lower archive.max_warc_bytes, and run again",
        )
    if error.errno == errno.EEXIST:
        return StoreError(f"{path}: a file with that name is there already{safe}", hint="move it away and run again")
    return StoreError(f"{path}: {error.strerror or error}{safe}", hint="check the disk, then run again")
