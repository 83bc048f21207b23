"""One WARC file, checked from its first byte to its last; what is sound in it is handed on as groups."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from archiver.store import fields, recovery, warc
from archiver.store.member import Torn
from archiver.store.recovery import Found
from archiver.store.scan import read_record
from archiver.store.verify.reader import Gap, Seen, read
from archiver.store.verify.relations import AcrossFiles, InFile
from archiver.store.verify.report import MOST_OF_A_KIND, Report

LOST = "archiver-lost"
"""In the ``warcinfo`` of a repaired file: the id of a record that could not be salvaged."""
REMOVED = "archiver-removed"
"""In a tombstone: the id of a record that was purged."""

_WATCH_EVERY_BYTES = 1 << 20
_MOST_REMEMBERED = 100_000
# What ``InFile`` has said already: no group of ours, but with a better word.
_EXPLAINED = (
    ("revisit", "request", "metadata"),
    ("response", "metadata"),
    ("revisit", "metadata"),
    ("response",),
    ("revisit",),
    ("request",),
)


@dataclass(slots=True)
class Counted:
    """What went by."""

    records: int = 0


def is_ours(fd: int, name: str) -> bool:
    """Whether the file was written by this program: its name says so, or its first record."""
    if warc.is_name(name):
        return True
    try:
        first = read_record(fd, 0)
        about = dict(fields.parse(first.block)) if first.kind == "warcinfo" else {}
    except (Torn, ValueError):
        return False
    return about.get("software", "").startswith("archiver/")


def check(
    fd: int,
    size: int,
    name: str,
    report: Report,
    *,
    strict: bool,
    number: int = 0,
    across: AcrossFiles | None = None,
    watch: Callable[[int], None] | None = None,
    counted: Counted | None = None,
) -> Iterator[Found]:
    """Tell ``report`` everything that is wrong with the first ``size`` bytes, and give the whole groups of a file of
    ours (``strict``). ``number``: the file's in ``across``. ``watch`` hears of bytes done."""
    told: list[int] = []

    def tell(code: str, problem: str, offset: int | None, record_id: str | None) -> None:
        report.add(code, problem, file=name, offset=offset, record_id=record_id or None, strict=strict)
        if offset is not None and len(told) < _MOST_REMEMBERED:
            told.append(offset)

    if not size:
        tell("empty-file", "no bytes", None, None)
    records = InFile(name.rpartition("/")[2].removesuffix(warc.GROWING), tell, strict=strict)
    groups = _Groups(name, tell)
    done, after_gap = 0, False
    for one in read(fd, size, strict=strict):
        if isinstance(one, Gap):
            tell(one.code, one.problem, one.offset, None)
            after_gap = True
            continue
        if after_gap and strict and not belongs(one, records.warcinfos):
            tell("junk", "a record of another file, within what is damaged", one.record.offset, one.record.record_id)
            continue
        for code, problem in one.problems:
            tell(code, problem, one.record.offset, one.record.record_id)
        records.see(one)
        if across is not None:
            across.see(number, one)
            if strict and one.whole:
                across.leave(_gone(one))
        if counted is not None:
            counted.records += 1
        if strict:
            yield from groups.see(one)
        if watch is not None and one.record.offset - done >= _WATCH_EVERY_BYTES:
            watch(one.record.offset - done)
            done = one.record.offset
    if strict:
        yield from groups.end()
    records.finish()
    groups.finish(sorted(told))
    if watch is not None:
        watch(size - done)


def _gone(seen: Seen) -> Iterator[str]:
    """The record ids that a tombstone, or the ``warcinfo`` of a repaired file, says are no longer there."""
    block = seen.record.block
    if LOST.encode() in block or REMOVED.encode() in block:
        with suppress(ValueError):
            yield from (value for name, value in fields.parse(block) if name in (LOST, REMOVED))


def belongs(seen: Seen, warcinfos: set[str]) -> bool:
    """Whether a record behind damage is one of this file, and not one that a stranger put into a picture's bytes: it
    names the file's warcinfo, whose id nobody can know beforehand."""
    if not warcinfos:
        return True
    return seen.head.kind != "warcinfo" and seen.head.first.get("warc-warcinfo-id") in warcinfos


class _Groups:
    """Records that belong together, put together again. A group that can't be put together is often but the
    consequence of what is wrong with a record beside it; so ``finish`` tells only of those without such a neighbour."""

    def __init__(self, name: str, tell: Callable[[str, str, int | None, str | None], None]) -> None:
        self._name = name.removesuffix(warc.GROWING)
        self._tell = tell
        self._begun: list[Seen] = []
        self._starts = (0, 0)
        self._held: list[_Complaint] = []

    def see(self, seen: Seen) -> Iterator[Found]:
        begun = self._begun
        if begun and seen.head.first.get("warc-concurrent-to") == begun[0].record.record_id:
            begun.append(seen)
            return
        yield from self.end()
        self._begun = [seen]

    def begins_at(self, offset: int) -> bool:
        """Whether the group that is being read began at ``offset``."""
        return bool(self._begun) and self._begun[0].record.offset == offset

    def end(self) -> Iterator[Found]:
        begun, self._begun = self._begun, []
        if not begun:
            return
        first = begun[0].record
        self._starts = (self._starts[1], first.offset)
        if self._held and self._held[-1].until is None:
            self._held[-1].until = begun[-1].record.offset
        if not all(one.whole for one in begun):
            return
        clean = not any(one.problems for one in begun)
        if clean and len({one.head.first.get("warc-date") for one in begun}) > 1:
            said = "the records of one capture have several dates"
            self._tell("date-differs", said, first.offset, first.record_id)
        try:
            yield from recovery.groups(iter([one.record for one in begun]), self._name)
        except Torn as error:
            if clean and tuple(one.head.kind for one in begun) not in _EXPLAINED and len(self._held) < MOST_OF_A_KIND:
                self._held.append(_Complaint(str(error), first.offset, first.record_id, self._starts[0]))

    def finish(self, told: Sequence[int]) -> None:
        """``told``: offsets of the records of which something was told, in order."""
        for one in self._held:
            at = bisect_left(told, one.since)
            if at == len(told) or (one.until is not None and told[at] > one.until):
                self._tell("group", one.problem, one.offset, one.record_id)


@dataclass(slots=True)
class _Complaint:
    """A group that is none. ``since`` and ``until``: where the ones before and behind it begin and end."""

    problem: str
    offset: int
    record_id: str
    since: int
    until: int | None = None


def group_at(fd: int, size: int, name: str, offset: int, report: Report, counted: Counted) -> Iterator[Found]:
    """The group of ours whose first record lies at ``offset``, if it is whole; what is wrong with it is told."""

    def tell(code: str, problem: str, at: int | None, record_id: str | None) -> None:
        report.add(code, problem, file=name, offset=at, record_id=record_id or None)

    groups = _Groups(name, tell)
    for one in read(fd, size, strict=True, start=offset):
        if isinstance(one, Gap):
            tell(one.code, one.problem, one.offset, None)
            return
        if found := list(groups.see(one)):  # the record that was just read begins the next group
            yield from found
            return
        if not groups.begins_at(offset):
            return
        for code, problem in one.problems:
            tell(code, problem, one.record.offset, one.record.record_id)
        counted.records += 1
    yield from groups.end()
