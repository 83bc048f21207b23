"""A damaged file → a new one with all that is whole in it. The old one keeps every byte.

::

    NAME ──► whole groups ──► NEW (its own name, in NAME's place)       NAME itself ──► quarantine/NAME.damaged
                └► whole records of broken groups ──► quarantine/NAME.orphans.warc.gz
    catalog ──► made anew from the WARCs; what was lost is unsettled again, so that the next run asks for it

Outside of an archive only ``NAME.repaired.warc.gz`` is made, beside the old file.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archiver.errors import ArchiverError, CannotCreate, Damaged, NoInput, UsageError
from archiver.findings import Finding, Repaired
from archiver.model import Document
from archiver.store import connection, records, recovery, warc
from archiver.store.catalog import Catalog
from archiver.store.lock import Lock
from archiver.store.member import Buffer
from archiver.store.recovery import ARCHIVE_ID, QUARANTINE
from archiver.store.verify import files, requeue
from archiver.store.verify.files import LOST
from archiver.store.verify.rebuild import INSTEAD_OF, make_anew, move, settle_repairs, sha256
from archiver.store.verify.report import Report
from archiver.store.verify.salvage import Salvaged, salvage

_ORPHANS = ".orphans.warc.gz"


def repair(path: Path, folder: Path, now: datetime, software: str) -> tuple[Repaired, Sequence[Document]]:
    """Repair the WARC ``path``; in the archive ``folder`` also put the new file in its place. Returns also the
    documents that must be written into the archive now.

    Raises ``NoInput`` when there is no such file, ``UsageError`` for one that is being written, ``Damaged`` when no
    whole record is in it, ``CannotCreate`` when the new file's name is taken, ``AlreadyRunning``, ``StoreError``.
    """
    if not path.is_file():
        raise NoInput(f"{path}: no such file")
    if path.name.endswith(warc.GROWING):
        raise UsageError(f"{path} is not closed", hint="the next `archiver save` takes up what is whole in it")
    try:
        if _is_in(path, folder) and warc.is_name(path.name):
            return _in_archive(path, folder, now, software)
        return _beside(path), ()
    except OSError as error:
        raise warc.not_written(path, error) from error


def _is_in(path: Path, folder: Path) -> bool:
    return folder.is_dir() and path.absolute().parent.samefile(folder)


def _beside(path: Path) -> Repaired:
    new = path.with_name(f"{path.name.removesuffix('.gz').removesuffix('.warc')}.repaired.warc.gz")
    orphans = path.with_name(f"{path.name}{_ORPHANS}")
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        strict = files.is_ours(fd, path.name)
        if _is_sound(fd, size, path.name, strict=strict):
            return Repaired(made=None, kept=str(path))
        with _Out(new) as out, _Out(orphans) as apart:
            done = salvage(fd, size, out.write, apart.write, strict=strict)
    finally:
        os.close(fd)
    if not (done.records or done.orphans):
        raise Damaged(f"{path}: no whole WARC record is in it", hint="bring it back from a copy, if it was a WARC")
    made = str(new) if done.records else None
    return _said(made, str(path), done, str(orphans) if done.orphans else None)


def _in_archive(path: Path, folder: Path, now: datetime, software: str) -> tuple[Repaired, Sequence[Document]]:
    lock = Lock.take(folder, now)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size, digest = os.fstat(fd).st_size, sha256(path)
            if _is_sound(fd, size, path.name, strict=True) and _is_known(folder, path.name, size, digest):
                return Repaired(made=None, kept=path.name), ()
            new = warc.unused_name(folder, now, itertools.count(1))
            quarantine = folder / QUARANTINE
            quarantine.mkdir(exist_ok=True)
            settle_repairs(folder, now)  # what an attempt that was stopped left
            half, orphans = folder / f"{new}{INSTEAD_OF}{path.name}", quarantine / f"{path.name}{_ORPHANS}"
            orphans.unlink(missing_ok=True)
            with _Out(half) as out, _Out(orphans) as apart:
                beforehand = salvage(fd, size, _nowhere, _nowhere, strict=True)
                about = _about(folder, path.name, digest, software, beforehand.ids)
                # Where the old file's own is lost, the new one takes its id: the records name it.
                first = records.warcinfo_part(new, now, about, record_id=beforehand.missing_warcinfo)
                first.write_to(out.write)
                done = salvage(fd, size, out.write, apart.write, strict=True)
        finally:
            os.close(fd)
        kept = _unused(quarantine, f"{path.name}.damaged")
        move(path, kept)
        for changed in (quarantine, folder):
            warc.sync_folder(changed)
        settle_repairs(folder, now)
        said = _said(new, f"{QUARANTINE}/{kept.name}", done, f"{QUARANTINE}/{orphans.name}" if done.orphans else None)
        return _anew(folder, now, said, path.name)
    finally:
        lock.release(clean=True)


def _anew(folder: Path, now: datetime, said: Repaired, damaged: str) -> tuple[Repaired, Sequence[Document]]:
    """Make the catalog anew, and list the new file in the manifest; what the catalog no longer knows is to be asked for
    again."""
    _, old = make_anew(folder, f"before-repair-{now:%Y%m%dT%H%M%SZ}", _nobody)
    _listed(folder, now)
    if old is None:
        return said, ()
    try:
        then = Catalog.reading(old)
    except (connection.Unreadable, ArchiverError):
        return said, ()
    fresh = Catalog.reading(folder / connection.FILE_NAME)
    try:
        lost = requeue.lost_captures(then, fresh)
        why = f"what was captured lay in {damaged}, which was damaged: it is asked for again"
        found = list(requeue.documents(then, fresh, lost, now, why))
    finally:
        then.close()
        fresh.close()
    return replace(said, lost=tuple(sorted(set(lost.values()))), again=sum(one.at == now for one in found)), found


def _listed(folder: Path, now: datetime) -> None:
    catalog = Catalog.open(folder / connection.FILE_NAME)
    try:
        recovery.listed(folder, catalog, now, ())
    finally:
        catalog.close()


def _about(folder: Path, old: str, digest: str, software: str, kept: set[str]) -> Sequence[tuple[str, str]]:
    """What the new file's ``warcinfo`` says: also which records are gone, so that nobody looks for them."""
    said = [
        ("software", software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("description", f"The whole records of {old}, which was damaged (SHA-256 {digest})."),
    ]
    try:
        catalog = Catalog.reading(folder / connection.FILE_NAME)
    except (connection.Unreadable, ArchiverError):
        return said
    try:
        archive_id = catalog.archive("id")
        lost = [(LOST, one) for one in requeue.captures_in(catalog, old) if one not in kept]
    except ArchiverError:
        return said
    finally:
        catalog.close()
    return [*said, *([(ARCHIVE_ID, archive_id)] if archive_id else []), *lost]


def _is_sound(fd: int, size: int, name: str, *, strict: bool) -> bool:
    report = Report(_nobody)
    for _ in files.check(fd, size, name, report, strict=strict):
        pass
    return not report.defects


def _is_known(folder: Path, name: str, size: int, digest: str) -> bool:
    """Whether catalog and manifest say that these are the bytes that were closed, as far as they say anything."""
    try:
        catalog = Catalog.reading(folder / connection.FILE_NAME)
    except (connection.Unreadable, ArchiverError):
        return True
    try:
        digests = catalog.digests()
    finally:
        catalog.close()
    return digests.get(name, (size, digest)) == (size, digest)


def _said(made: str | None, kept: str, done: Salvaged, orphans: str | None) -> Repaired:
    return Repaired(made=made, kept=kept, records=done.records, orphans=orphans, lost_bytes=done.lost_bytes)


class _Out:
    """A new file, durable when it is left; taken away again when nothing was written, or something went wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.fdopen(os.open(path, flags, 0o644), "wb")
        except FileExistsError as error:
            hint = "it may be what an earlier repair made: move it away to have it made again"
            raise CannotCreate(f"{path} is there already", hint=hint) from error
        self.write = self._file.write

    def __enter__(self) -> _Out:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())
            empty = not file.tell()
        if empty or kind is not None:
            self._path.unlink()


def _unused(folder: Path, name: str) -> Path:
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(folder / one for one in names if not os.path.lexists(folder / one))


def _nowhere(_: Buffer) -> None:
    """Takes it."""


def _nobody(_: Finding) -> None:
    """Hears of it."""
