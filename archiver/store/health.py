"""What there is to know about the archive's folder without opening, locking or changing anything."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from pathlib import Path

from archiver.model import Health
from archiver.store import connection, lock, manifest, schema, warc

_SQLITE, _SQLITE_HEADER_BYTES = b"SQLite format 3\x00", 100
_ESCAPED = re.compile(r"\\([0-7]{3})")


def examine(folder: Path) -> Health:
    """The health of the archive in ``folder``. Raises ``OSError`` when not even the disk can be asked."""
    room = next(path for path in (folder, *folder.parents) if path.exists())
    status, disk = room.stat(), shutil.disk_usage(room)
    version, problem = _catalog(folder / connection.FILE_NAME)
    names: list[str] = []
    missing: tuple[str, ...] = ()
    if folder.is_dir():
        with contextlib.suppress(PermissionError):
            names = warc.files(folder)
            missing = tuple(name for name in manifest.named(folder) if not (folder / name).exists())
    growing = sum(name.endswith(warc.GROWING) for name in names)
    holder, unclean = lock.holder(folder)
    return Health(
        folder=str(folder),
        room=str(room),
        exists=folder.is_dir(),
        writable=room.is_dir() and os.access(room, os.W_OK | os.X_OK),
        foreign_owner=status.st_uid if status.st_uid != os.geteuid() else None,
        mode=stat.S_IMODE(status.st_mode),
        free_bytes=disk.free,
        total_bytes=disk.total,
        file_system=file_system(room),
        holder=holder,
        unclean=unclean,
        schema=version,
        schema_known=schema.SCHEMA_VERSION,
        catalog_problem=problem,
        warcs=len(names) - growing,
        growing=growing,
        missing=missing,
    )


def permissions(path: Path) -> int | None:
    """The permission bits of a file, ``None`` when this user can't read it."""
    return stat.S_IMODE(path.stat().st_mode) if os.access(path, os.R_OK) else None


def not_readable(path: Path) -> str | None:
    """Why this user can't read the file or folder ``path``, ``None`` when he can."""
    if not path.exists():
        return "is not there"
    return None if os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)) else "can't be read"


def not_writable(path: Path) -> str | None:
    """Why a file can't be put at ``path``, new or in place of the one there (written beside it, then renamed)."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} is not there"
    return None if os.access(path.parent, os.W_OK | os.X_OK) else f"the folder {path.parent} can't be written"


def not_runnable(command: str) -> str | None:
    """Why ``command`` can't be run, ``None`` when it can."""
    return None if shutil.which(command) else "is no program on the PATH"


def file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """The type of the file system that ``path`` lies on, by the longest mount point above it (proc(5), mountinfo)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    here, best, kind = path.resolve(), -1, None
    for line in lines:
        words, _, rest = line.partition(" - ")
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), words.split(" ")[4]))
        if here.is_relative_to(point) and len(point.parts) >= best:  # of two on one point the later one is on top
            best, kind = len(point.parts), rest.split(" ")[0]
    return kind


def _catalog(path: Path) -> tuple[int | None, str | None]:
    """(schema version, problem), from the file's header alone: to open it as a database would leave files beside it."""
    try:
        with path.open("rb") as file:
            header = file.read(_SQLITE_HEADER_BYTES)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return None, f"{path} can't be read: {error.strerror}"
    if not header:
        return None, None
    if len(header) < _SQLITE_HEADER_BYTES or not header.startswith(_SQLITE):
        return None, f"{path} is no database"
    version, identity = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))  # sqlite.org/fileformat.html
    return (version, None) if identity == schema.APPLICATION_ID else (None, f"{path} is no catalog of this program")
