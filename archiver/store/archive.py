"""The archive: one folder with WARCs, catalog and lock, opened for writing by one process or for looking by any.

::

    DIR/archiver-….warc.gz[.open]   the truth      DIR/catalog.sqlite   what is known, can be made anew
    DIR/manifest.jsonl              closed files   DIR/quarantine/      torn tails that were cut
    DIR/lock                        one writer
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.errors import AlreadyRunning, BadReply, CannotCreate, Damaged, NoInput, StoreError
from archiver.model import Decision, Document, Exchange, Request, Tape, WarcRef
from archiver.ports import Clock
from archiver.store import catalog as catalogs
from archiver.store import cookies, fields, policies, purge, records, recovery, replay, schema, warc
from archiver.store.catalog import Catalog, Unreadable, place
from archiver.store.documents import clean
from archiver.store.framing import INLINE_BYTES
from archiver.store.lock import Lock
from archiver.store.manifest import Manifest
from archiver.store.nights import Nights
from archiver.store.revisits import Originals, Rule
from archiver.store.writer import Writer

DEFAULT_MAX_DECODED_BYTES = 20_000_000
_LOCK_POLL_S = 0.1
_NO_ANSWERS = (None, 429, 503)
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
    payload that is held already is stored again. ``mask_cookies``: whether ``Set-Cookie``'s values are left out."""

    max_idle_s: float = 600
    robots: str = "ignore"
    revisits: Rule = field(default_factory=Rule)
    mask_cookies: bool = True


_HABITS = Habits()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """What it takes to write."""

    lock: Lock
    clock: Clock
    writer: Writer
    manifest: Manifest
    originals: Originals
    mask_cookies: bool


class Archive(Nights):
    """``ports.Catalog``, and the recorder of exchanges. ``notes``: what recovery found, a sentence each; also logged as
    warnings. Errors of writing are ``StoreError``."""

    def __init__(self, folder: Path, catalog: Catalog, pen: _Pen | None = None, notes: Sequence[str] = ()) -> None:
        super().__init__(catalog)
        self.notes = tuple(notes)
        self._folder = folder
        self._pen = pen
        self._one_file_at_a_time = asyncio.Lock()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._folder

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        operator: str,
        user_agent: str,
        software: str,
        max_warc_bytes: int,
        clock: Clock,
        wait_lock_s: float = 0,
        habits: Habits = _HABITS,
    ) -> Archive:
        """The archive in ``folder``, made if need be, locked, recovered, and ready to be written.

        Raises ``CannotCreate`` (73), ``AlreadyRunning`` (75) when somebody has it for longer than ``wait_lock_s``,
        ``Damaged`` (65), ``ConfigError`` (78) when a newer program made it, ``StoreError`` (74).
        """
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
        about = About(operator=operator, user_agent=user_agent, software=software, robots=habits.robots)
        volumes = _volumes(folder, clock, about, catalog.archive("id") or "")
        writer = Writer(
            folder,
            catalog,
            manifest,
            partial(next, volumes),
            clock,
            max_warc_bytes=max_warc_bytes,
            max_idle_s=habits.max_idle_s,
        )
        originals = Originals(catalog, habits.revisits)
        pen = _Pen(
            lock=lock,
            clock=clock,
            writer=writer,
            manifest=manifest,
            originals=originals,
            mask_cookies=habits.mask_cookies,
        )
        archive = cls(folder, catalog, pen, notes)
        try:
            await archive._go_on()
        except BaseException:
            await archive.aclose()
            raise
        return archive

    @classmethod
    @contextmanager
    def reading(cls, folder: Path) -> Iterator[Archive]:
        """The archive in ``folder`` for looking only: nothing is locked, created or changed, also while it is written.

        Raises ``NoInput`` when there is none, ``Damaged`` when its catalog is missing or unreadable.
        """
        path = folder / catalogs.FILE_NAME
        if not path.is_file() or not path.stat().st_size:
            if not folder.is_dir() or not warc.files(folder):
                raise NoInput(f"there is no archive in {folder} yet", hint="`archiver save` makes one")
            raise Damaged(f"{path} is missing", hint="the next `archiver save` makes it anew from the WARCs")
        try:
            catalog = Catalog.reading(path)
        except Unreadable as error:
            raise Damaged(f"{path}: {error}", hint="the next `archiver save` makes it anew from the WARCs") from error
        try:
            yield cls(folder, catalog)
        finally:
            catalog.close()

    async def aclose(self) -> None:
        """Finish what is under way, close the file, let others in; a second time does nothing. Raises ``StoreError``
        if the file can't be closed."""
        pen, self._pen = self._pen, None
        if pen is None:
            return
        clean = False
        try:
            await pen.writer.aclose()
            clean = not self._rows.damaged
        finally:
            self._rows.close()
            pen.lock.release(clean=clean)

    async def keep(self, tape: Tape, *, max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES) -> Exchange:
        """Make the tape's bytes durable, then read them; the values of its cookies are masked first, for good.

        ``max_decoded_bytes``: unless the request has its own limit. The tape stays the caller's, to be closed after
        this returns.

        Raises ``StoreError``, or, once its bytes are stored, ``tape.error`` (``BadReply`` without one) when there is no
        complete and unambiguous head.
        """
        pen = self._writing()
        writer, originals = pen.writer, pen.originals
        tape, hidden = cookies.masked(tape) if pen.mask_cookies else (tape, 0)
        large = tape.received_bytes > INLINE_BYTES
        measured = await asyncio.to_thread(records.measure, tape) if large else records.measure(tape)
        volume = writer.volume()
        original = originals.of(tape, measured)
        group = records.capture_group(tape, measured, volume.warcinfo.record_id, original=original, cookies=hidden)
        assert group.captured
        originals.remember(group.captured)
        (ref,) = await writer.write((group,), volume)
        if tape.error is not None:
            raise tape.error
        if tape.layout is None:
            raise BadReply(tape.url, "no complete response head")
        limit = _limit(tape.request, max_decoded_bytes)
        read = (tape.received, tape.layout, limit)
        body, problem = await asyncio.to_thread(replay.decoded, *read) if large and limit else replay.decoded(*read)
        return Exchange(
            request=tape.request,
            url=tape.url,
            started_at=tape.started_at,
            elapsed_s=tape.elapsed_s,
            peer=tape.peer,
            status=tape.layout.status,
            headers=tape.layout.headers,
            body=body,
            body_problem=problem,
            payload_digest=group.captured.payload_digest,
            payload_bytes=measured.payload_bytes,
            cut=tape.cut,
            warc=ref,
        )

    async def recall(self, request: Request, *, max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES) -> Exchange | None:
        """The newest complete exchange of this slot and URL, read back from its WARC (``replayed``), or ``None``.

        An answer that says "later" (408, 425, 429, 5xx) is none, nor is one that broke off. Raises ``Damaged``.
        """
        rows = self._rows.captured(fields.text(request.slot), fields.uri(request.url))
        row = next(filter(replay.worth_recalling, rows), None)
        return None if row is None else await self._replayed(row, request, max_decoded_bytes)

    async def _replayed(self, row: Mapping[str, Any], request: Request, max_decoded_bytes: int) -> Exchange:
        limit = _limit(request, max_decoded_bytes)
        original = self._rows.capture(row["refers_to"]) if limit and row["refers_to"] else None
        read = (self._folder, row, original, request, limit)
        if limit and max(one["length_bytes"] for one in (row, original) if one) > INLINE_BYTES:
            return await asyncio.to_thread(replay.exchange, *read)
        return replay.exchange(*read)

    async def recall_any(self, request: Request) -> Exchange | None:
        """The newest answer of this slot and URL that a stage would have been given, whatever it says; ``None`` when
        there is none. 429 and 503 never reach a stage as answers. Raises ``Damaged``."""
        rows = self._rows.captured(fields.text(request.slot), fields.uri(request.url))
        row = next((row for row in rows if row["error"] is None and row["http_status"] not in _NO_ANSWERS), None)
        return None if row is None else await self._replayed(row, request, DEFAULT_MAX_DECODED_BYTES)

    async def add(self, documents: Sequence[Document]) -> Sequence[WarcRef]:
        """See ``ports.Catalog``."""
        if not documents:
            return ()
        writer = self._writing().writer
        volume = writer.volume()
        groups = [records.document_group(document, volume.warcinfo.record_id) for document in documents]
        return await writer.write(groups, volume)

    def withheld(self) -> purge.Withheld:
        """What may not leave the archive, since somebody asked for it."""
        return purge.withheld(self._folder, self._rows)

    async def decide(self, key: str, decision: Decision, reason: str) -> Mapping[str, Any]:
        """See ``ports.Catalog``."""
        pen, key = self._writing(), clean(key)
        at = pen.clock.now()
        if decision != "purge":
            said = policies.document(key, decision, reason, at)
            await self.add([said])
            return said.body
        posts = purge.posts_of(self._rows, key)
        planned = await pen.writer.alone(partial(purge.plan, self._folder, self._rows, posts))
        known = json.loads(self._rows.body(schema.policy, key=key) or "{}")
        lists = purge.lists(planned, posts, known)
        await self.add([policies.document(key, decision, reason, at, state="begun", **lists)])
        return await self._purge(key, reason, lists)

    async def _go_on(self) -> None:
        """Finish what a stopped purge began."""
        table = schema.policy.c
        for row in self._rows.rows(sa.select(table.body).where(table.state == "begun")):
            body = json.loads(row.body)
            _log.warning("the purge of %s was not finished; going on", body["key"])
            await self._purge(
                body["key"], body["reason"], {name: body[name] for name in ("posts", "removed", "shared")}
            )

    async def _purge(self, key: str, reason: str, lists: Mapping[str, Any]) -> Mapping[str, Any]:
        pen = self._writing()
        now = pen.clock.now()
        error = f"removed from the archive on {now:%Y-%m-%d}: {reason}"
        await self.add(purge.articles_without(self._rows, lists, error, now))
        do = partial(purge.carry_out, self._folder, self._rows, pen.manifest, key, reason, lists["removed"], now)
        await pen.writer.alone(do)
        done = policies.document(key, "purge", reason, now, state="done", **lists)
        await self.add([done])
        return {**done.body, "leftovers": purge.leftovers(self._folder)}

    async def copy(self, groups: Sequence[records.Group]) -> None:
        """Keep groups of records that were made elsewhere as they are, in this order. Raises ``StoreError``."""
        if groups:
            writer = self._writing().writer
            await writer.write(groups, writer.volume())

    def holds(self, record_id: str) -> bool:
        """Whether a capture or a document of this record id is here."""
        return self._rows.capture(record_id) is not None or bool(self._rows.documented(record_id))

    def holds_slot(self, slot: str, url: str) -> bool:
        """Whether anything was captured in this slot for this URL."""
        return bool(self._rows.captured(fields.text(slot), fields.uri(url)))

    async def add_file(self, uri: str, data: bytes, media_type: str) -> WarcRef:
        """See ``ports.Catalog``."""
        pen, slot = self._writing(), fields.uri(uri)
        async with self._one_file_at_a_time:
            kept = next((row for row in self._rows.captured(slot, slot) if row["why"] == "file"), None)
            if kept is not None:
                return place(kept)
            volume = pen.writer.volume()
            group = records.file_group(uri, data, media_type, pen.clock.now(), volume.warcinfo.record_id)
            (ref,) = await pen.writer.write((group,), volume)
            return ref

    def _writing(self) -> _Pen:
        if self._pen is None:
            raise StoreError(f"the archive {self._folder} is not open for writing")
        return self._pen


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
    deadline = clock.monotonic_s() + wait_s
    while True:
        try:
            return Lock.take(folder, clock.now())
        except AlreadyRunning:
            if clock.monotonic_s() >= deadline:
                raise
        await clock.sleep(_LOCK_POLL_S)


def _recovered(folder: Path, unclean: bool, clock: Clock) -> tuple[Catalog, Manifest, list[str]]:
    """Catalog and manifest, agreeing with the WARCs, and what had to be done for it."""
    path = folder / catalogs.FILE_NAME
    held = len(warc.files(folder))
    notes = []
    if not path.is_file() or not path.stat().st_size:
        catalogs.set_aside(path, _suffix(clock))
        if held:
            notes.append(f"{path.name} is missing: making it anew from {held} WARC files")
    try:
        catalog = Catalog.open(path, thorough=unclean)
    except Unreadable as error:
        kept = catalogs.set_aside(path, _suffix(clock))
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


def _limit(request: Request, default: int) -> int:
    return default if request.max_decoded_bytes is None else request.max_decoded_bytes
