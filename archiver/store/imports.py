"""WARCs and WACZs of ours and of others, taken in: nothing is overwritten, and what is there already stays as it is.

::

    ours    ──► whole groups ──► those that are new, byte for byte, behind the warcinfo that they came with
    others' ──► answers, revisits, resources ──► captures of our own form, their bytes as they were (``foreign``)

Ours bring what we knew along: captures by slot, documents by key, so that nothing of it is asked for again. Others'
answers are kept in slots of their own (``import:RECORD-ID``): they are known and can be shown, and never pass for
something that this archive asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, cast

from archiver.errors import NoInput
from archiver.store import crawls, fields
from archiver.store.archive import Archive
from archiver.store.crawl_records import Crawl, Limits, Spent
from archiver.store.foreign import Foreign, Imported
from archiver.store.framing import Part
from archiver.store.member import Buffer, Torn
from archiver.store.records import Group
from archiver.store.recovery import ARCHIVE_ID, Found, groups
from archiver.store.scan import Record, read_record, read_records

_GROUPS_AT_ONCE = 100
_PIECE = 1 << 18
_IN_MEMORY_BYTES = 1 << 20
_LIMITS = Limits()
_OURS = "archiver/"


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


async def take_in(archive: Archive, path: Path, limits: Limits = _LIMITS) -> Imported:
    """Take in the WARC or WACZ ``path``, within ``limits``. Raises ``NoInput`` when it is neither, ``StoreError``."""
    done = Imported()
    with crawls.capped(path, limits) as file:
        crawl = Crawl(file.fileno(), limits)
        origin = await asyncio.to_thread(_digest, file.fileno())
        others = Foreign(archive, crawl, f"urn:archiver:import:{origin}", done)
        try:
            for start, end in crawls.parts(file, crawl):
                match _made_by(file.fileno(), start):
                    case "us":
                        await _ours(archive, file.fileno(), start, end, path.name, done)
                    case "others":
                        await others.take_in(start, end)
        except Spent as error:
            done.skip(str(error))
        await others.finish()
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


def _digest(fd: int) -> str:
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(fd, _PIECE, at):
        digest.update(piece)
        at += len(piece)
    return f"sha256:{digest.hexdigest()}"
