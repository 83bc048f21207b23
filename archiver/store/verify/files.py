"""One WARC file, checked from its first byte to its last; what is sound in it is handed on as groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archiver.store import fields, recovery, warc
from archiver.store.member import Torn
from archiver.store.recovery import Found
from archiver.store.scan import read_record
from archiver.store.verify.reader import Gap, Seen, read
from archiver.store.verify.relations import AcrossFiles, InFile
from archiver.store.verify.report import Report

_WATCH_EVERY_BYTES = 1 << 20
# What ``InFile`` has said already: no group of ours, but with a better word.
_EXPLAINED = (("response", "metadata"), ("revisit", "metadata"), ("response",), ("revisit",), ("request",))


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

    def tell(code: str, problem: str, offset: int | None, record_id: str | None) -> None:
        report.add(code, problem, file=name, offset=offset, record_id=record_id or None, strict=strict)

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
        if after_gap and strict and not _belongs(one, records.warcinfos):
            tell("junk", "a record of another file, within what is damaged", one.record.offset, one.record.record_id)
            continue
        for code, problem in one.problems:
            tell(code, problem, one.record.offset, one.record.record_id)
        records.see(one)
        if across is not None:
            across.see(number, one)
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
    if watch is not None:
        watch(size - done)


def _belongs(seen: Seen, warcinfos: set[str]) -> bool:
    """Whether a record behind damage is one of this file, and not one that a stranger put into a picture's bytes: it
    names the file's warcinfo, whose id nobody can know beforehand."""
    if not warcinfos:
        return True
    return seen.head.kind != "warcinfo" and seen.head.first.get("warc-warcinfo-id") in warcinfos


class _Groups:
    """Records that belong together, put together again."""

    def __init__(self, name: str, tell: Callable[[str, str, int | None, str | None], None]) -> None:
        self._name = name
        self._tell = tell
        self._begun: list[Seen] = []

    def see(self, seen: Seen) -> Iterator[Found]:
        begun = self._begun
        if begun and seen.head.first.get("warc-concurrent-to") == begun[0].record.record_id:
            begun.append(seen)
            return
        yield from self.end()
        self._begun = [seen]

    def is_stale(self, offset: int) -> bool:
        """Whether the group that began at ``offset`` has ended without being one."""
        return bool(self._begun) and self._begun[0].record.offset != offset

    def end(self) -> Iterator[Found]:
        begun, self._begun = self._begun, []
        if not begun or not all(one.whole for one in begun):
            return
        dates = {one.head.first.get("warc-date") for one in begun}
        first = begun[0].record
        if len(dates) > 1:
            self._tell("date-differs", "the records of one capture have several dates", first.offset, first.record_id)
        try:
            yield from recovery.groups(iter([one.record for one in begun]), self._name.removesuffix(warc.GROWING))
        except Torn as error:
            if tuple(one.head.kind for one in begun) not in _EXPLAINED and not any(one.problems for one in begun):
                self._tell("group", str(error), first.offset, first.record_id)


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
        if groups.is_stale(offset):
            return
        for code, problem in one.problems:
            tell(code, problem, one.record.offset, one.record.record_id)
        counted.records += 1
    yield from groups.end()
