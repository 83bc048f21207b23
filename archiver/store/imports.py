"""WARCs and WACZs of ours and of others, taken in: nothing is overwritten, and what is there already stays as it is.

::

    ours    ──► whole groups ──► those that are new, byte for byte, behind the warcinfo that they came with
    others' ──► answers with their requests ──► an exchange of our own form, its HTTP bytes as they were

Ours bring what we knew along: captures by slot, documents by key, so that nothing of it is asked for again. Others'
answers are kept in slots of their own (``import:RECORD-ID``): they are known and can be shown, and never pass for
something that this archive asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, cast

from archiver import message
from archiver.errors import NoInput
from archiver.model import Request, Tape
from archiver.store import crawls, fields
from archiver.store.archive import Archive
from archiver.store.crawl_records import Crawl, Limits, Spent, Stream, next_begin
from archiver.store.framing import Part
from archiver.store.member import MAGIC, Buffer, Torn
from archiver.store.records import Group
from archiver.store.recovery import ARCHIVE_ID, Found, groups
from archiver.store.scan import Record, read_record, read_records

_GROUPS_AT_ONCE = 100
_PIECE = 1 << 18
_IN_MEMORY_BYTES = 1 << 20
_LIMITS = Limits()
_OURS = "archiver/"


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
        if reason in self.reasons or len(self.reasons) < 20:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


class _Raw:
    """A record as it lies in another file, to be written as it is (``framing.Part``)."""

    def __init__(self, fd: int, record: Record) -> None:
        self.record_id = record.record_id
        self.size_bytes = record.length
        self.reads_later = True
        self._fd, self._at, self._end = fd, record.offset, record.end

    def write_to(self, out: Callable[[Buffer], object]) -> None:
        """Hand the member to ``out``, piece by piece."""
        at = self._at
        while at < self._end:
            piece = os.pread(self._fd, min(_PIECE, self._end - at), at)
            if not piece:
                raise NoInput("the file became shorter while it was read")
            out(piece)
            at += len(piece)


async def take_in(archive: Archive, path: Path) -> Imported:
    """Take in the WARC or WACZ ``path``. Raises ``NoInput`` when it is neither, ``StoreError``."""
    done = Imported()
    with crawls.capped(path, _LIMITS) as file:
        crawl = Crawl(file.fileno(), _LIMITS)
        origin = await asyncio.to_thread(_digest, file.fileno())
        try:
            for start, end in crawls.parts(file, crawl):
                match _made_by(file.fileno(), start):
                    case "us":
                        await _ours(archive, file.fileno(), start, end, path.name, done)
                    case "others":
                        await _others(archive, crawl, start, end, origin, done)
        except Spent as error:
            done.skip(str(error))
        if crawl.skipped:
            done.skip(crawl.reason)
    if not (done.captures or done.documents or done.known or done.skipped):
        raise NoInput(f"{path}: no WARC or WACZ with anything in it")
    return done


def _made_by(fd: int, start: int) -> Literal["us", "others", "derived"]:
    """Who wrote the WARC that begins there. ``derived``: we did, from records, which can be done again."""
    try:
        first = read_record(fd, start)
        about = dict(fields.parse(first.block)) if first.kind == "warcinfo" else {}
    except (Torn, ValueError):
        return "others"
    if not about.get("software", "").startswith(_OURS):
        return "others"
    return "us" if ARCHIVE_ID.lower() in about else "derived"


async def _ours(archive: Archive, fd: int, start: int, end: int, name: str, done: Imported) -> None:
    """Take in the groups of one of our WARCs that are new, up to the first thing that is no whole group."""
    pending: list[tuple[Found, list[Record]]] = []
    info: tuple[Found, list[Record]] | None = None
    seen: set[str] = set()
    posts = {":".join(post) for post in archive.withheld().posts}
    walk = _grouped(fd, start, end, name)
    while True:
        try:
            one = await asyncio.to_thread(next, walk, None)
        except Torn as error:
            done.skip(f"from here on nothing whole: {error}")
            one = None
        if one is None:
            break
        found, (first, *_) = one
        if first.kind == "warcinfo":
            info = one
            continue
        if found.document and found.document.kind == "policy":
            done.skip("a decision of another archive, which decides nothing here")
            continue
        if not found.document and not found.captured:
            done.skip("a tombstone")
            continue
        if _about(found) in posts:
            done.skip("of a post that is kept back here")
            continue
        if found.ref.record_id in seen or archive.holds(found.ref.record_id):
            done.known += 1
            continue
        seen.add(found.ref.record_id)
        if info is not None:
            pending.append(info)
            info = None
        pending.append(one)
        if len(pending) >= _GROUPS_AT_ONCE:
            await _store(archive, fd, pending, done)
            pending.clear()
            seen.clear()
    await _store(archive, fd, pending, done)


def _about(found: Found) -> str:
    """The post that a group is of, by its slot or its key."""
    if found.document:
        return found.document.key if found.document.kind == "post" else ""
    return found.captured.slot.partition("#")[0] if found.captured else ""


def _grouped(fd: int, start: int, end: int, name: str) -> Iterator[tuple[Found, list[Record]]]:
    seen: list[Record] = []

    def noting() -> Iterator[Record]:
        for record in read_records(fd, start, end):
            seen.append(record)
            yield record

    for found in groups(noting(), name):
        yield found, list(seen)
        seen.clear()


async def _store(archive: Archive, fd: int, taken: list[tuple[Found, list[Record]]], done: Imported) -> None:
    made = [
        Group(
            parts=cast("tuple[Part, ...]", tuple(_Raw(fd, record) for record in records)),
            captured=found.captured,
            document=found.document,
        )
        for found, records in taken
    ]
    await archive.copy(made)
    done.captures += sum(found.captured is not None for found, _ in taken)
    done.documents += sum(found.document is not None for found, _ in taken)


async def _others(archive: Archive, crawl: Crawl, start: int, end: int, origin: str, done: Imported) -> None:
    """Take in the answers of another program's WARC whose requests lie beside them."""
    waiting: dict[str, _Half] = {}
    for half in _halves(crawl, start, end, done):
        other = waiting.pop(half.partner, None) or waiting.pop(half.record_id, None)
        if other is None or other.is_answer == half.is_answer:
            waiting[half.record_id if half.is_answer else half.partner or half.record_id] = half
            if len(waiting) > _GROUPS_AT_ONCE:
                _lone(waiting.pop(next(iter(waiting))), done)
            continue
        answer, request = (half, other) if half.is_answer else (other, half)
        await _exchange(archive, answer, request, origin, done)
        answer.close()
        request.close()
    for half in waiting.values():
        _lone(half, done)


def _lone(half: _Half, done: Imported) -> None:
    half.close()
    if half.is_answer:
        done.skip("an answer without its request")


@dataclass(slots=True, kw_only=True)
class _Half:
    """A request or an answer of another program. ``partner``: the record that it names as the other half."""

    record_id: str
    partner: str
    is_answer: bool
    headers: Mapping[str, str]
    block: BinaryIO
    size: int

    def close(self) -> None:
        self.block.close()


def _halves(crawl: Crawl, start: int, end: int, done: Imported) -> Iterator[_Half]:
    packed = os.pread(crawl.fd, len(MAGIC), start) == MAGIC
    at: int | None = start
    while at is not None and at < end:
        stream = Stream(crawl, at, end, packed=packed)
        try:
            while (headers := stream.head()) is not None:
                crawl.step()
                half = _half(stream, headers, crawl.limits.body_bytes, done)
                if half:
                    yield half
            at = stream.end
        except Torn as error:
            done.skip(f"a damaged record ({error})")
            at = next_begin(crawl, stream.begun + 1, end, packed=packed)


def _half(stream: Stream, headers: Mapping[str, str], most: int, done: Imported) -> _Half | None:
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Torn("no Content-Length")
    kind, left = headers.get("warc-type", "").lower(), int(length)
    is_http = headers.get("content-type", "").lower().startswith("application/http")
    wanted = kind in ("response", "request") and is_http and left <= most
    if kind == "response" and not wanted:
        done.skip("an answer that is too long" if is_http else "an answer that is not HTTP")
    elif kind in ("revisit", "resource", "conversion"):
        done.skip(f"a {kind} record")
    block = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)) if wanted else None  # noqa: SIM115
    try:
        while left:
            piece = stream.take(left)
            left -= len(piece)
            if block:
                block.write(piece)
        stream.finish()
    except (Torn, Spent):
        if block:
            block.close()
        raise
    if block is None:
        return None
    record_id = headers.get("warc-record-id", "")
    partner = headers.get("warc-concurrent-to", "")
    return _Half(
        record_id=record_id,
        partner=partner,
        is_answer=kind == "response",
        headers=headers,
        block=block,
        size=int(length),
    )


async def _exchange(archive: Archive, answer: _Half, request: _Half, origin: str, done: Imported) -> None:
    url = answer.headers.get("warc-target-uri", "").strip("<>")
    slot = f"import:{answer.record_id}"
    if archive.holds_slot(slot, url):
        done.known += 1
        return
    try:
        at = datetime.fromisoformat(answer.headers.get("warc-date", ""))
        layout = message.read_layout(answer.block, answer.size, closed=True, max_head_bytes=_LIMITS.head_bytes)
    except (ValueError, message.BadMessage) as error:
        done.skip(f"an answer that can't be read ({error})"[:200])
        return
    cut = answer.headers.get("warc-truncated", "")
    if layout is None or not (layout.complete or cut) or not url.lower().startswith(("http://", "https://")):
        done.skip("an answer whose body is not what its head says")
        return
    request.block.seek(0)
    tape = Tape(
        request=Request(url=url, why="import", slot=slot, via=f"urn:archiver:import:{origin}", max_decoded_bytes=0),
        url=url,
        started_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        elapsed_s=0,
        peer=answer.headers.get("warc-ip-address"),
        tls=None,
        sent=request.block.read(),
        received=answer.block,
        received_bytes=answer.size,
        layout=layout,
        cut=None if layout.complete else "length",
    )
    await archive.keep(tape)
    done.captures += 1


def _digest(fd: int) -> str:
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(fd, _PIECE, at):
        digest.update(piece)
        at += len(piece)
    return f"sha256:{digest.hexdigest()}"
