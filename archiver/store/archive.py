"""The archive: one folder with WARCs, catalog and lock, opened for writing by one process or for looking by any.

::

    DIR/archiver-….warc.gz[.open]   the truth      DIR/catalog.sqlite   what is known, can be made anew
    DIR/manifest.jsonl              closed files   DIR/quarantine/      torn tails that were cut
    DIR/lock                        one writer
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from archiver.errors import BadReply, Damaged, NoInput, StoreError
from archiver.model import Decision, Document, Exchange, Request, Tape, WarcRef
from archiver.ports import Clock
from archiver.store import (
    connection,
    cookies,
    echoes,
    fields,
    opening,
    policies,
    purge,
    records,
    replay,
    resources,
    revisits,
    schema,
    warc,
)
from archiver.store import traces as tracing
from archiver.store.catalog import Catalog, place
from archiver.store.connection import Unreadable
from archiver.store.documents import clean
from archiver.store.framing import INLINE_BYTES
from archiver.store.nights import Nights
from archiver.store.opening import About, Habits, Pen

DEFAULT_MAX_DECODED_BYTES = 20_000_000
_NO_ANSWERS = (None, 429, 503)
_HABITS = Habits()
_log = logging.getLogger(__name__)


class Archive(Nights):
    """``ports.Catalog``, and the recorder of exchanges. ``notes``: what recovery found, a sentence each; also logged as
    warnings. Errors of writing are ``StoreError``."""

    def __init__(self, folder: Path, catalog: Catalog, pen: Pen | None = None, notes: Sequence[str] = ()) -> None:
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
        about = About(operator=operator, user_agent=user_agent, software=software, robots=habits.robots)
        catalog, pen, notes = await opening.to_write(
            folder, about, habits, clock, max_warc_bytes=max_warc_bytes, wait_lock_s=wait_lock_s
        )
        archive = cls(folder, catalog, pen, notes)
        try:
            await archive._go_on()
        except BaseException:
            await archive.aclose(hurry=True)
            raise
        if pen.indexing is not None:
            pen.indexing.catch_up()
        return archive

    @classmethod
    @contextmanager
    def reading(cls, folder: Path) -> Iterator[Archive]:
        """The archive in ``folder`` for looking only: nothing is locked, created or changed, also while it is written.

        Raises ``NoInput`` when there is none, ``Damaged`` when its catalog is missing or unreadable.
        """
        path = folder / connection.FILE_NAME
        if not path.is_file() or not path.stat().st_size:
            if not folder.is_dir() or not warc.files(folder):
                raise NoInput(f"there is no archive in {folder} yet", hint="`archiver save` makes one")
            hint = "`archiver verify --rebuild` makes it anew from the WARCs, as the next `archiver save` does"
            raise Damaged(f"{path} is missing", hint=hint)
        try:
            catalog = Catalog.reading(path)
        except Unreadable as error:
            raise Damaged(f"{path}: {error}", hint="the next `archiver save` makes it anew from the WARCs") from error
        try:
            yield cls(folder, catalog)
        finally:
            catalog.close()

    async def aclose(self, *, hurry: bool = False) -> None:
        """Finish what is under way, close the file, let others in; a second time does nothing. ``hurry``: leave indexes
        that are not made yet to the next run. Raises ``StoreError`` if the file can't be closed."""
        pen, self._pen = self._pen, None
        if pen is None:
            return
        clean = False
        try:
            await pen.writer.aclose()
            clean = not self._rows.damaged
        finally:
            self._rows.close()
            if pen.indexing is not None:
                await pen.indexing.aclose(hurry=hurry or not clean)
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
        tape, echoed = echoes.masked(tape)
        tape, hidden = cookies.masked(tape) if pen.mask_cookies else (tape, 0)
        large = tape.received_bytes > INLINE_BYTES
        measured = await asyncio.to_thread(records.measure, tape) if large else records.measure(tape)
        volume = writer.volume()
        original = originals.of(tape, measured)
        group = records.capture_group(
            tape, measured, volume.warcinfo.record_id, original=original, masked=records.Masked(hidden, echoed)
        )
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

    async def answer(self, record_id: str) -> Exchange | None:
        """See ``ports.Catalog``."""
        row = self._rows.capture(record_id)
        if row is None or row["http_status"] is None:
            return None
        request = Request(url=row["url"], why=row["why"], slot=row["slot"])
        return await self._replayed(row, request, DEFAULT_MAX_DECODED_BYTES)

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

    def traces(self, key: str) -> Sequence[Mapping[str, Any]]:
        """See ``ports.Catalog``."""
        posts = purge.posts_of(self._rows, clean(key))
        leaving = {one["record_id"] for one in purge.plan(self._folder, self._rows, posts).removed}
        return tracing.traces(self._folder, self._rows, posts, leaving)

    async def decide(self, key: str, decision: Decision, reason: str, *, also: Sequence[str] = ()) -> Mapping[str, Any]:
        """See ``ports.Catalog``."""
        pen, key = self._writing(), clean(key)
        at = pen.clock.now()
        if decision != "purge":
            said = policies.document(key, decision, reason, at)
            await self.add([said])
            return said.body
        posts = purge.posts_of(self._rows, key)
        left = await pen.writer.alone(partial(self.traces, key))
        more = tracing.wanted(left, also)
        planned = await pen.writer.alone(partial(purge.plan, self._folder, self._rows, posts, more))
        known = json.loads(self._rows.body(schema.policy, key=key) or "{}")
        lists = purge.lists(planned, posts, known)
        await self.add([policies.document(key, decision, reason, at, state="begun", **lists)])
        done = await self._purge(key, reason, lists)
        return {**done, "left": tracing.without(left, {one["record_id"] for one in lists["removed"]})}

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
        if pen.indexing is not None:
            for name in sorted({one["warc"] for one in lists["removed"]}):
                pen.indexing.wants(name)
        done = policies.document(key, "purge", reason, now, state="done", **lists)
        await self.add([done])
        return done.body

    async def copy(self, groups: Sequence[records.Group]) -> None:
        """Keep groups of records that were made elsewhere as they are, in this order. Raises ``StoreError``."""
        if groups:
            writer = self._writing().writer
            await writer.write(groups, writer.volume())

    async def keep_resource(
        self, uri: str, about: Request, at: datetime, media_type: str, block: BinaryIO, size: int
    ) -> None:
        """Keep what another program kept without any exchange; ``block`` stays the caller's. Raises ``StoreError``."""
        writer = self._writing().writer
        volume = writer.volume()
        made = partial(resources.resource_group, uri, about, at, media_type, block, size, volume.warcinfo.record_id)
        await writer.write((await asyncio.to_thread(made),), volume)

    def known_original(self, record_id: str, target_uri: str, date: str) -> Mapping[str, Any] | None:
        """See ``revisits.known``."""
        return revisits.known(self._rows, fields.text(record_id), fields.uri(target_uri), date)

    async def digests(self, row: Mapping[str, Any], algorithm: str) -> tuple[bytes, bytes]:
        """See ``replay.digests``."""
        return await asyncio.to_thread(replay.digests, self._folder, row, algorithm)

    async def refer(self, tape: Tape, row: Mapping[str, Any]) -> None:
        """Keep the head of an answer whose payload the capture of this row holds, as a revisit of it. The tape stays
        the caller's. Raises ``StoreError``."""
        pen = self._writing()
        tape, hidden = cookies.masked(tape) if pen.mask_cookies else (tape, 0)
        volume = pen.writer.volume()
        group = records.capture_group(
            tape,
            replace(
                records.measure(tape),
                payload_digest=row["payload_digest"],
                payload_bytes=row["payload_bytes"],
                body_digest=row["body_digest"],
            ),
            volume.warcinfo.record_id,
            original=revisits.original(row),
            masked=records.Masked(hidden),
        )
        await pen.writer.write((group,), volume)

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
            group = resources.file_group(uri, data, media_type, pen.clock.now(), volume.warcinfo.record_id)
            (ref,) = await pen.writer.write((group,), volume)
            return ref

    def _writing(self) -> Pen:
        if self._pen is None:
            raise StoreError(f"the archive {self._folder} is not open for writing")
        return self._pen


def _limit(request: Request, default: int) -> int:
    return default if request.max_decoded_bytes is None else request.max_decoded_bytes
