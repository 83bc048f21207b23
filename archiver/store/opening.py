"""An archive's folder made ready to be written: locked, recovered, catalog and manifest in agreement with the WARCs."""

from __future__ import annotations

import itertools
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archiver.errors import AlreadyRunning, CannotCreate
from archiver.ports import Clock
from archiver.store import connection, records, recovery, warc
from archiver.store.catalog import Catalog
from archiver.store.connection import Unreadable
from archiver.store.indexing import Indexing, indexing
from archiver.store.lock import Lock
from archiver.store.manifest import Manifest
from archiver.store.revisits import Originals, Rule
from archiver.store.writer import Writer

_LOCK_POLL_S = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Who writes, for each file's ``warcinfo``; an empty text is left out."""

    operator: str
    user_agent: str
    software: str
    robots: str = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the archive is kept. ``max_idle_s``: a file is closed after so long without a write. ``revisits``: whether a
    payload that is held already is stored again. ``mask_cookies``: whether ``Set-Cookie``'s values are left out.
    ``robots``: whether robots.txt is asked (``obey``, ``ignore``), which each file's ``warcinfo`` says. ``cdxj``:
    whether each file gets its index when it is closed."""

    max_idle_s: float = 600
    robots: str = "ignore"
    revisits: Rule = field(default_factory=Rule)
    mask_cookies: bool = True
    cdxj: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What it takes to write. ``indexing``: ``None`` when no indexes are kept."""

    lock: Lock
    clock: Clock
    writer: Writer
    manifest: Manifest
    originals: Originals
    indexing: Indexing | None
    mask_cookies: bool


async def to_write(
    folder: Path, about: About, habits: Habits, clock: Clock, *, max_warc_bytes: int, wait_lock_s: float
) -> tuple[Catalog, Pen, tuple[str, ...]]:
    """The catalog of the archive in ``folder``, what it takes to write there, and a sentence for everything that
    recovery found, which is logged. Raises as ``Archive.open`` does."""
    _make(folder)
    try:
        lock = await _locked(folder, clock, wait_lock_s)
        try:
            catalog, manifest, notes = _recovered(folder, lock.unclean, clock)
        except BaseException:
            lock.release(clean=False)
            raise
    except OSError as error:
        raise warc.not_written(folder, error) from error
    for note in notes:
        _log.warning("%s", note)
    volumes = _volumes(folder, clock, about, catalog.archive("id") or "")
    keeping = indexing(folder) if habits.cdxj else None
    writer = Writer(
        folder,
        catalog,
        manifest,
        partial(next, volumes),
        clock,
        max_warc_bytes=max_warc_bytes,
        max_idle_s=habits.max_idle_s,
        closed=keeping.wants if keeping else None,
    )
    pen = Pen(
        lock=lock,
        clock=clock,
        writer=writer,
        manifest=manifest,
        originals=Originals(catalog, habits.revisits),
        indexing=keeping,
        mask_cookies=habits.mask_cookies,
    )
    return catalog, pen, tuple(notes)


def _volumes(folder: Path, clock: Clock, about: About, archive_id: str) -> Iterator[warc.Volume]:
    """One file to write after the other; each gets its name when it is asked for."""
    serial = itertools.count(1)
    while True:
        now = clock.now()
        name = warc.unused_name(folder, now, serial)
        said = (
            ("software", about.software),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
            (recovery.ARCHIVE_ID, archive_id),
            ("operator", about.operator),
            ("http-header-user-agent", about.user_agent),
            ("robots", about.robots),
            ("description", "Posts that articles quote, captured with the exchanges that led to them."),
        )
        part = records.warcinfo_part(name, now, [(key, value) for key, value in said if value])
        yield warc.Volume(name=name, warcinfo=part, planned_bytes=part.size_bytes)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreate(
            f"the archive {folder} can't be made: {error.strerror}", hint="set archive.dir to a folder that can be"
        ) from error


async def _locked(folder: Path, clock: Clock, wait_s: float) -> Lock:
    deadline, told = clock.monotonic_s() + wait_s, False
    while True:
        try:
            return Lock.take(folder, clock.now())
        except AlreadyRunning as busy:
            if clock.monotonic_s() >= deadline:
                if not wait_s:
                    raise
                hint = "wait until it is done, or longer"
                raise AlreadyRunning(f"{busy}, also after {wait_s:g} s", hint=hint) from None
            if not told:
                _log.warning("waiting, at most %g s: %s", wait_s, busy)
                told = True
        await clock.sleep(_LOCK_POLL_S)


def _recovered(folder: Path, unclean: bool, clock: Clock) -> tuple[Catalog, Manifest, list[str]]:
    """Catalog and manifest, agreeing with the WARCs, and what had to be done for it."""
    path = folder / connection.FILE_NAME
    held = len(warc.files(folder))
    notes = []
    if not path.is_file() or not path.stat().st_size:
        connection.set_aside(path, _suffix(clock))
        if held:
            notes.append(f"{path.name} is missing: making it anew from {held} WARC files")
    try:
        catalog = Catalog.open(path, thorough=unclean)
    except Unreadable as error:
        kept = connection.set_aside(path, _suffix(clock))
        name = kept.name if kept else "nothing"
        notes.append(f"{path.name} is unreadable ({error}): kept as {name}, making it anew from {held} WARC files")
        catalog = Catalog.open(path)
    try:
        closed = catalog.digests().keys()
        notes += recovery.recover(folder, catalog)
        manifest, said = recovery.listed(folder, catalog, clock.now(), closed)
        notes += said
        if catalog.archive("id") is None:
            catalog.set_archive("id", f"urn:uuid:{uuid.uuid4()}")
    except BaseException:
        catalog.close()
        raise
    return catalog, manifest, notes


def _suffix(clock: Clock) -> str:
    return f"corrupt-{clock.now():%Y%m%dT%H%M%SZ}"
