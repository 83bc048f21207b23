"""The catalog made anew from the WARCs alone: whatever is whole in them, also behind damage.

The old catalog is kept under another name. A crash on the way leaves it in its place; the half-made one is thrown away
by the next attempt.
"""

from __future__ import annotations

import glob
import hashlib
import os
from datetime import datetime
from pathlib import Path

from archiver.errors import NoInput
from archiver.findings import Checked
from archiver.store import connection, warc
from archiver.store.catalog import Catalog
from archiver.store.lock import Lock
from archiver.store.manifest import Entry, Manifest
from archiver.store.recovery import QUARANTINE
from archiver.store.verify import chain, tables
from archiver.store.verify.archive import Listed, Tell, Watch, manifest, read_files
from archiver.store.verify.files import Counted
from archiver.store.verify.report import Report

INSTEAD_OF = "~instead-of~"
"""``NEW~instead-of~NAME``: what `repair` made of NAME, until NAME is out of the way. No WARC's name has a ``~``."""

_HALF_MADE = ".rebuilding"
_PIECE = 1 << 20


def rebuild(folder: Path, now: datetime, tell: Tell, watch: Watch | None = None) -> tuple[Checked, Path | None]:
    """Read every closed WARC in ``folder``, telling what is wrong with it, and put a catalog of all that is whole in
    the old one's place, once a repair that was stopped is brought to its end. Returns also where the old one is kept,
    ``None`` when there was none.

    A file that a stopped run left open is taken up when the archive is opened next. Raises ``NoInput`` without an
    archive, ``AlreadyRunning`` while somebody writes, ``StoreError``.
    """
    if not folder.is_dir() or not (warc.files(folder) or any(folder.glob(f"*{INSTEAD_OF}*"))):
        raise NoInput(f"there is no archive in {folder} yet", hint="`archiver save` makes one")
    path = folder / connection.FILE_NAME
    try:
        lock = Lock.take(folder, now)
        try:
            settle_repairs(folder, now)
            return make_anew(folder, f"before-{now:%Y%m%dT%H%M%SZ}", tell, watch)
        finally:
            lock.release(clean=True)
    except OSError as error:
        raise warc.not_written(path, error) from error


def make_anew(folder: Path, suffix: str, tell: Tell, watch: Watch | None = None) -> tuple[Checked, Path | None]:
    """``rebuild`` for the one who holds the lock. ``suffix``: of the old catalog's new name. Raises ``OSError``."""
    path = folder / connection.FILE_NAME
    half = path.with_name(f"{path.name}{_HALF_MADE}")
    half.unlink(missing_ok=True)
    report, counted = Report(tell), Counted()
    names = [name for name in warc.files(folder) if not name.endswith(warc.GROWING)]
    listed = [Listed(name=name, size=(folder / name).stat().st_size, known=None, growing=False) for name in names]
    fresh = Catalog.open(half, lasting=False)
    try:
        hashes = read_files(folder, listed, fresh, report, counted, watch)
        manifest(folder, listed, hashes, report, None)
        if (folder / chain.FILE_NAME).is_file():
            fresh.set_head(chain.read(folder / chain.FILE_NAME, lambda *_: None)[1])
        if path.is_file() and path.stat().st_size:
            tables.carry_over(path, fresh)
    finally:
        fresh.close()
    _sync(half)
    kept = connection.set_aside(path, suffix)
    half.rename(path)
    warc.sync_folder(folder)
    checked = Checked(
        files=len(listed),
        records=counted.records,
        data_bytes=sum(one.size for one in listed),
        defects=report.defects,
        notes=report.notes,
    )
    return checked, kept


def settle_repairs(folder: Path, now: datetime) -> None:
    """Put what `repair` made in the place of files that are in quarantine already, and say so in the manifest; what it
    only half made is removed. Raises ``OSError``."""
    for half in sorted(folder.glob(f"*{INSTEAD_OF}*")):
        new, _, old = half.name.partition(INSTEAD_OF)
        kept = sorted(
            (folder / QUARANTINE).glob(f"{glob.escape(old)}.damaged*"), key=lambda path: path.stat().st_ctime_ns
        )
        if os.path.lexists(folder / old) or not kept:
            half.unlink()
            continue
        move(half, folder / new)
        warc.sync_folder(folder)
        more = {"replaced_by": new, "kept": f"{QUARANTINE}/{kept[-1].name}"}
        entry = Entry(
            file=old, bytes=kept[-1].stat().st_size, sha256=sha256(kept[-1]), records=None, closed_at=now,
            event="repaired", more=more,
        )  # fmt: skip
        Manifest(folder).append(entry)


def _changed_at(path: Path) -> int:
    return path.stat().st_ctime_ns


def move(old: Path, new: Path) -> None:
    """Rename, but never over a file that is there."""
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        if os.path.lexists(new):
            raise
        old.rename(new)  # a file system without links
    else:
        old.unlink()


def sha256(path: Path) -> str:
    """Of the file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
