"""One writer at a time: ``flock`` on ``lock`` in the archive folder.

Not a pid file, which outlives a kill -9, and not ``lockf``, which is lost when anybody in the process opens and closes
the file. The kernel drops a flock with the last descriptor of its process; CLOEXEC keeps children from inheriting it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import sys
from datetime import datetime
from pathlib import Path

from archiver.errors import AlreadyRunning, CannotCreate

FILE_NAME = "lock"


class Lock:
    """Held from the moment that ``take`` returns until ``release``. ``unclean``: the last holder never released it."""

    def __init__(self, fd: int, unclean: bool) -> None:
        self._fd = fd
        self.unclean = unclean

    @classmethod
    def take(cls, folder: Path, now: datetime) -> Lock:
        """Take the lock, or raise ``AlreadyRunning`` at once, naming its holder; ``CannotCreate`` where it can't be.

        Other trouble with the file is an ``OSError``."""
        while True:
            fd = _open(folder)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _read(fd)
                os.close(fd)
                raise AlreadyRunning(
                    f"{folder} is in use by {_shown(holder)}", hint="wait until it is done, or use --wait-lock"
                ) from None
            if _is_still_there(fd, folder):
                break
            os.close(fd)  # somebody deleted the file: this lock keeps nobody out
        unclean = os.fstat(fd).st_size > 0
        holder = {
            "pid": os.getpid(),
            "host": platform.node(),
            "start": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "command": _command(),
        }
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(holder).encode(), 0)
        return cls(fd, unclean)

    def release(self, *, clean: bool) -> None:
        """Let others in. ``clean``: all was closed in order, which an empty file says."""
        if clean:
            with contextlib.suppress(OSError):  # then the next start looks more closely, that is all
                os.ftruncate(self._fd, 0)
        os.close(self._fd)


def holder(folder: Path) -> tuple[str | None, bool]:
    """(who holds the lock, whether the last holder never released it). Read from the kernel's list (proc(5), locks), so
    that looking keeps nobody out; nobody is known where there is no such list."""
    try:
        status, said = (folder / FILE_NAME).stat(), (folder / FILE_NAME).read_bytes()[:4096]
        held = Path("/proc/locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None, False
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    if any(" FLOCK " in line and place in line.split() for line in held.splitlines()):
        return _shown(_parsed(said)), False
    return None, bool(said)


def _open(folder: Path) -> int:
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(folder / FILE_NAME, flags, 0o644)
    except OSError as error:
        raise CannotCreate(
            f"the archive {folder} can't be written: {error.strerror}", hint="set archive.dir to a folder that can be"
        ) from error


def _is_still_there(fd: int, folder: Path) -> bool:
    try:
        there = (folder / FILE_NAME).lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(fd))


def _read(fd: int) -> dict[str, object]:
    return _parsed(os.pread(fd, 4096, 0))


def _parsed(said: bytes) -> dict[str, object]:
    try:
        holder = json.loads(said)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _shown(holder: dict[str, object]) -> str:
    if not holder:
        return "another process"
    names = {name: ascii(str(holder.get(name, "?"))[:200]).strip("'") for name in ("pid", "host", "start", "command")}
    return "process {pid} on {host} since {start} ({command})".format(**names)


def _command() -> str:
    # The verb at most: what else was typed may be private, and everybody may read the file.
    words = sys.argv[1:]
    while words[:1] == ["--config"]:
        words = words[2:]
    verb = next(iter(words), "")
    return f"{Path(sys.argv[0]).name} {verb}"[:200] if verb.isalpha() else Path(sys.argv[0]).name[:200]
