"""The records of other programs' WARCs, taken in as captures of our own form, their bytes as they were.

::

    response, its request beside it or not ──► an exchange      resource ──► a resource, said to be imported
    revisit ──► of a known answer: a revisit of it; else it waits until everything was read

Each lies in a slot of its own (``import:RECORD-ID``), so that nothing of it passes for what this archive asked for. A
record whose bytes are not what its digests say is not taken. Everything that is left out is counted, with the reason.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from archiver import message
from archiver.errors import Damaged
from archiver.model import Layout, Request, Tape
from archiver.store.archive import Archive
from archiver.store.crawl_records import Crawl, Stream, next_begin
from archiver.store.member import MAGIC, Torn
from archiver.store.records import warc_date
from archiver.store.verify.body import Block, Digest

MOST_BODY_BYTES = 4_000_000_000
_MOST_OPEN = 100
_MOST_REMEMBERED = 100_000
_MOST_REASONS = 40
_IN_MEMORY_BYTES = 1 << 20
_PAIRED = ("response", "request", "revisit")
_LEFT_OUT = {
    "warcinfo": "a warcinfo record: what wrote the file",
    "metadata": "a metadata record: another program's notes",
    "conversion": "a conversion record: made of another record, not captured",
    "continuation": "a continuation record: a part of a record that was cut",
}


@dataclass(slots=True)
class Imported:
    """``captures`` and ``documents`` that were taken in; ``known``: how many were there already; ``skipped``: records
    that were not taken, and the ``reasons`` with their counts."""

    captures: int = 0
    documents: int = 0
    known: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """One record was not taken."""
        self.skipped += 1
        if reason not in self.reasons and len(self.reasons) >= _MOST_REASONS:
            reason = "for other reasons"
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


@dataclass(slots=True, kw_only=True)
class _Half:
    """A record that was read. ``partner``: the record that it names as its other half. ``block``: a spool."""

    kind: str
    headers: Mapping[str, str]
    block: BinaryIO
    size: int

    @property
    def record_id(self) -> str:
        return self.headers.get("warc-record-id", "")

    @property
    def partner(self) -> str:
        return self.headers.get("warc-concurrent-to", "")

    @property
    def is_answer(self) -> bool:
        return self.kind != "request"

    @property
    def url(self) -> str:
        return self.headers.get("warc-target-uri", "").strip("<>")

    def at(self) -> datetime:
        """When it was captured. Raises ``ValueError``."""
        at = datetime.fromisoformat(self.headers.get("warc-date", ""))
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def all(self) -> bytes:
        self.block.seek(0)
        return self.block.read()


class Foreign:
    """One file of another program, part by part: ``take_in`` each, then ``finish``. ``via``: what it is called in the
    captures."""

    def __init__(self, archive: Archive, crawl: Crawl, via: str, done: Imported) -> None:
        self._archive = archive
        self._crawl = crawl
        self._via = via
        self._done = done
        self._waiting: list[tuple[_Half, bytes]] = []
        self._waiting_bytes = 0
        # Payload digest, as they wrote it → our record that holds it: for revisits that name nothing else.
        self._held: dict[str, str] = {}

    async def take_in(self, start: int, end: int) -> None:
        """Take in the WARC that lies between two offsets. Raises ``Spent``, ``StoreError``."""
        half_seen: dict[str, _Half] = {}
        try:
            for half in self._read(start, end):
                if half.kind == "resource":
                    await self._resource(half)
                    continue
                other = half_seen.pop(half.partner, None) or half_seen.pop(half.record_id, None)
                if other is not None and other.is_answer != half.is_answer:
                    await self._answer(*((half, other) if half.is_answer else (other, half)))
                    continue
                if other is not None:
                    await self._alone(other)
                half_seen[half.record_id if half.is_answer else half.partner or half.record_id] = half
                if len(half_seen) > _MOST_OPEN:
                    await self._alone(half_seen.pop(next(iter(half_seen))))
        finally:
            for half in half_seen.values():
                await self._alone(half)

    async def finish(self) -> None:
        """Everything was read: take in the revisits whose original came behind them. Raises ``StoreError``."""
        for revisit, sent in self._waiting:
            await self._revisit(revisit, sent, is_last=True)
            revisit.block.close()

    async def _alone(self, half: _Half) -> None:
        if half.is_answer:
            await self._answer(half, None)
        else:
            self._done.skip("a request without its answer")
            half.block.close()

    async def _answer(self, answer: _Half, request: _Half | None) -> None:
        try:
            sent = b"" if request is None else request.all()
            if answer.kind == "revisit":
                await self._revisit(answer, sent, is_last=False)
            else:
                await self._response(answer, sent)
        finally:
            if request is not None:
                request.block.close()
            if not any(answer is one for one, _ in self._waiting):
                answer.block.close()

    async def _response(self, answer: _Half, sent: bytes) -> None:
        tape = self._tape(answer, sent)
        if tape is None or tape.layout is None:
            return
        if not (tape.layout.complete or tape.cut):
            self._done.skip("an answer whose body is not what its head says")
            return
        kept = await self._archive.keep(tape)
        self._done.captures += 1
        digest = answer.headers.get("warc-payload-digest")
        if digest and not tape.cut and len(self._held) < _MOST_REMEMBERED:
            self._held.setdefault(digest, kept.warc.record_id)

    async def _revisit(self, revisit: _Half, sent: bytes, *, is_last: bool) -> None:
        tape = self._tape(revisit, sent)
        if tape is None or tape.layout is None:
            return
        try:
            row = await self._original(revisit, tape.layout)
        except (_OtherPayload, Damaged) as error:
            self._done.skip(f"a revisit that can't be resolved ({error})"[:200])
            return
        if row is not None:
            await self._archive.refer(tape, row)
            self._done.captures += 1
        elif not is_last and self._waiting_bytes + revisit.size + len(sent) <= self._crawl.limits.waiting_bytes:
            self._waiting.append((revisit, sent))
            self._waiting_bytes += revisit.size + len(sent)
        elif tape.layout.status == 304:  # by itself it is a whole answer
            await self._archive.keep(tape)
            self._done.captures += 1
        else:
            self._done.skip("a revisit whose original is not in the file, nor in the archive")

    async def _original(self, revisit: _Half, layout: Layout) -> Mapping[str, Any] | None:
        """The row of the capture that holds the revisit's payload, if one is known. Raises ``_OtherPayload`` when what
        it names is something else, ``Damaged``."""
        named = revisit.headers.get("warc-payload-digest", "")
        row = self._row(self._held.get(named, ""), "", "") if named else None
        is_sure = row is not None
        if row is None:
            date = revisit.headers.get("warc-refers-to-date", "")
            row = self._row(
                revisit.headers.get("warc-refers-to", ""), revisit.headers.get("warc-refers-to-target-uri", ""), date
            )
        if row is None or layout.status == 304:
            return row
        digest = Digest(named)
        if digest.algorithm is None:
            raise _OtherPayload("nothing says what its payload is")
        if not is_sure and not any(map(digest.is_of, await self._archive.digests(row, digest.algorithm))):
            raise _OtherPayload("what it refers to has another payload")
        length = next((value for name, value in layout.headers if name.lower() == "content-length"), None)
        if layout.chunked != bool(row["body_digest"]) or (not layout.chunked and length not in (None, _size(row))):
            raise _OtherPayload("it came in another framing than its original")
        return row

    def _row(self, record_id: str, target_uri: str, date: str) -> Mapping[str, Any] | None:
        try:
            date = warc_date(datetime.fromisoformat(date)) if date else ""
        except ValueError:
            date = ""
        return self._archive.known_original(record_id, target_uri.strip("<>"), date)

    async def _resource(self, half: _Half) -> None:
        try:
            if self._is_known(half):
                return
            if half.url.lower().startswith("urn:archiver:") or ":" not in half.url[:64]:
                self._done.skip("a resource record under an address that is none, or of our own kind")
                return
            kind = half.headers.get("content-type", "")
            await self._archive.keep_resource(half.url, self._asked(half), half.at(), kind, half.block, half.size)
            self._done.captures += 1
        except ValueError as error:
            self._done.skip(f"a resource record that can't be read ({error})"[:200])
        finally:
            half.block.close()

    def _is_known(self, half: _Half) -> bool:
        is_known = self._archive.holds_slot(f"import:{half.record_id}", half.url)
        self._done.known += is_known
        return is_known

    def _asked(self, half: _Half) -> Request:
        return Request(url=half.url, why="import", slot=f"import:{half.record_id}", via=self._via, max_decoded_bytes=0)

    def _tape(self, answer: _Half, sent: bytes) -> Tape | None:
        """The answer as if it had just come; ``None`` when it is here already or can't be taken, which is told."""
        if self._is_known(answer):
            return None
        if not answer.url.lower().startswith(("http://", "https://")):
            self._done.skip("an answer of no web address")
            return None
        most = self._crawl.limits.head_bytes
        try:
            at = answer.at()
            layout = message.read_layout(answer.block, answer.size, closed=True, max_head_bytes=most)
        except (ValueError, message.BadMessage) as error:
            self._done.skip(f"an answer that can't be read ({error})"[:200])
            return None
        if layout is None:
            self._done.skip("an answer without a head")
            return None
        is_cut = "warc-truncated" in answer.headers and not layout.complete and answer.kind == "response"
        return Tape(
            request=self._asked(answer),
            url=answer.url,
            started_at=at,
            elapsed_s=0,
            peer=answer.headers.get("warc-ip-address"),
            tls=None,
            sent=sent,
            received=answer.block,
            received_bytes=answer.size,
            layout=layout,
            cut="length" if is_cut else None,
        )

    def _read(self, start: int, end: int) -> Iterator[_Half]:
        """Every record between two offsets that may be taken, its block laid down."""
        crawl, at = self._crawl, cast("int | None", start)
        packed = os.pread(crawl.fd, len(MAGIC), start) == MAGIC
        while at is not None and at < end:
            stream = Stream(crawl, at, end, packed=packed)
            try:
                while (headers := stream.head()) is not None:
                    crawl.step()
                    if (half := self._half(stream, headers)) is not None:
                        yield half
                at = stream.end
            except Torn as error:
                self._done.skip(f"a damaged record ({error})")
                at = next_begin(crawl, stream.begun + 1, end, packed=packed)

    def _half(self, stream: Stream, headers: Mapping[str, str]) -> _Half | None:
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise Torn("no Content-Length")
        kind, size = headers.get("warc-type", "").lower(), int(length)
        problem = self._unwanted(kind, headers, size)
        block = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))  # noqa: SIM115  # the half's
        with ExitStack() as unwanted, closing(Block(kind, headers)) as check:
            unwanted.callback(block.close)
            left = size
            while left:
                piece = stream.take(left)
                left -= len(piece)
                if problem is None:
                    block.write(piece)
                    check.feed(piece)
            stream.finish()
            wrong = [] if problem else [one for one in check.problems(strict=False) if one[0] in _BROKEN]
            if problem or wrong:
                self._done.skip(problem or f"a {kind} whose bytes are not what its digest says")
                return None
            unwanted.pop_all()
        return _Half(kind=kind, headers=headers, block=block, size=size)

    def _unwanted(self, kind: str, headers: Mapping[str, str], size: int) -> str | None:
        """Why a record is not taken, whatever it holds; ``None`` when it may be."""
        if kind in _LEFT_OUT:
            return _LEFT_OUT[kind]
        if kind not in (*_PAIRED, "resource"):
            return "a record of a type that the standard does not know"
        is_http = headers.get("content-type", "").lower().startswith("application/http")
        if kind in _PAIRED and not is_http:
            return f"a {kind} that is not HTTP"
        if size > (self._crawl.limits.head_bytes if kind in ("request", "revisit") else MOST_BODY_BYTES):
            return f"a {kind} that is too long"
        return None


_BROKEN = ("block-digest", "payload-digest")


class _OtherPayload(Exception):
    """What a revisit names is not its original."""


def _size(row: Mapping[str, Any]) -> str:
    return str(row["payload_bytes"])
