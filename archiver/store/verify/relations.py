"""Records among each other: ids that are there once, requests with their answers, revisits with their originals.

What lies in one file is settled when the file ends. Across files only two numbers are kept for each record (the hash of
its id, and where it lies), 16 bytes in all: ten million records take 160 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from archiver.store.records import NO_REQUEST
from archiver.store.verify import rules
from archiver.store.verify.reader import Seen

Tell = Callable[[str, str, int | None, str | None], None]
"""(code, a sentence, offset, record id)."""

_MASK = (1 << 64) - 1
_NO_REQUEST = ": ".join(NO_REQUEST).encode()
_OFFSET_BITS = 40
_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class _Open:
    """A record that waits for its counterpart."""

    offset: int
    record_id: str
    target: str


class InFile:
    """What can be said of the records of one file. ``see`` them in order, then call ``finish``."""

    def __init__(self, file_name: str, tell: Tell, *, strict: bool) -> None:
        self._tell = tell
        self._strict = strict
        self._name = file_name
        self._ids: set[int] = set()
        self._first = True
        self.warcinfos: set[str] = set()
        self._requests: dict[int, _Open] = {}
        self._responses: dict[int, _Open] = {}
        self._asked: set[int] = set()
        self._named_by: dict[int, int] = {}
        self._dangling: dict[int, tuple[int, str, str]] = {}

    def see(self, seen: Seen) -> None:
        record, head = seen.record, seen.head
        record_id, kind, offset = record.record_id, head.kind, record.offset
        if self._first:
            self._first = False
            if kind != "warcinfo":
                self._tell("no-warcinfo", f"the file begins with a {kind or 'nameless'} record", offset, record_id)
        mark = hash(record_id) & _MASK
        if record_id and mark in self._ids:
            self._tell("duplicate-id", "another record of this file has the same WARC-Record-ID", offset, record_id)
        self._ids.add(mark)
        self._dangling.pop(mark, None)
        if kind == "warcinfo":
            self._warcinfo(seen)
            return
        if (about := head.first.get("warc-warcinfo-id")) and about not in self.warcinfos:
            self._tell("dangling-warcinfo", f"no warcinfo {about} before it in this file", offset, record_id)
        partners = [value for name, value in head.fields if name == "warc-concurrent-to"]
        for partner in partners:
            self._concurrent(mark, kind, partner, offset, record_id, has_none=_NO_REQUEST in record.block)
        waiting = _Open(offset, record_id, head.first.get("warc-target-uri", ""))
        if kind == "request" and mark in self._named_by:
            self._responses.pop(self._named_by[mark], None)
        elif kind == "request" and not partners:
            self._requests[mark] = waiting
        elif kind in ("response", "revisit") and mark not in self._asked and not self._answers(mark, partners):
            self._responses[mark] = waiting

    def finish(self) -> None:
        for offset, record_id, partner in self._dangling.values():
            self._tell("dangling-concurrent", f"there is no {partner} in this file", offset, record_id)
        alone = {one.target for one in self._requests.values()}
        for one in self._requests.values():
            self._tell("no-pair", "a request that names no answer, and that no record names", one.offset, one.record_id)
        for one in self._responses.values():
            if one.target not in alone:
                self._tell("no-request", "an answer without its request", one.offset, one.record_id)

    def _warcinfo(self, seen: Seen) -> None:
        self.warcinfos.add(seen.record.record_id)
        name = seen.head.first.get("warc-filename")
        if name and name != self._name and len(self.warcinfos) == 1:
            self._tell("file-name", f"WARC-Filename says {name[:200]}", seen.record.offset, seen.record.record_id)

    def _concurrent(self, mark: int, kind: str, partner: str, offset: int, record_id: str, *, has_none: bool) -> None:
        other = hash(partner) & _MASK
        if other not in self._ids:
            self._dangling[other] = (offset, record_id, partner)
        self._named_by[other] = mark
        self._requests.pop(other, None)
        if kind == "metadata" and has_none:
            self._responses.pop(other, None)
        if kind == "request":
            self._asked.add(other)
            self._responses.pop(other, None)

    def _answers(self, mark: int, partners: Iterable[str]) -> bool:
        """Whether this answer itself names its request, as wget's do, or will be named by one."""
        return any((hash(partner) & _MASK) in self._ids for partner in partners)


class AcrossFiles:
    """Ids and references of every file that was seen, by number."""

    def __init__(self) -> None:
        self._ids = [array("Q") for _ in range(_BUCKETS)]
        self._gone: set[int] = set()
        self._refers: dict[str, array[int]] = {"dangling-refers": array("Q"), "dangling-revisit": array("Q")}

    def see(self, file: int, seen: Seen) -> None:
        """Remember a record of the file number ``file`` (below 16 million) at its offset (below 1 TB)."""
        record_id = seen.record.record_id
        place = file << _OFFSET_BITS | seen.record.offset
        mark = hash(record_id) & _MASK
        # A warcinfo within a file came with records that were imported, and may have come into others with others.
        if record_id and not (seen.head.kind == "warcinfo" and seen.record.offset):
            self._ids[mark % _BUCKETS].extend((mark, place))
        first = seen.head.first
        if (original := first.get("warc-refers-to")) is not None:
            is_revisit = seen.head.kind == "revisit" and rules.is_identical(first.get("warc-profile", ""))
            code = "dangling-revisit" if is_revisit else "dangling-refers"
            self._refers[code].extend((hash(original) & _MASK, place))

    def leave(self, record_ids: Iterable[str]) -> None:
        """These are known to be gone: purged, or lost when their file was repaired."""
        self._gone.update(hash(one) & _MASK for one in record_ids)

    def twice(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """((file, offset), (file, offset)) of records of different files with the same id."""
        for bucket in self._ids:
            seen: dict[int, int] = {}
            for mark, place in zip(bucket[::2], bucket[1::2], strict=True):
                other = seen.setdefault(mark, place)
                if other >> _OFFSET_BITS != place >> _OFFSET_BITS:
                    yield _split(other), _split(place)

    def references(self) -> Iterator[tuple[str, tuple[int, int], tuple[int, int] | None, bool]]:
        """(code if it dangles, (file, offset) of the record that refers, and of the one referred to or ``None``,
        whether that one is known to be gone)."""
        wanted = {mark for refers in self._refers.values() for mark in refers[::2]}
        found = {
            mark: place
            for bucket in self._ids
            for mark, place in zip(bucket[::2], bucket[1::2], strict=True)
            if mark in wanted
        }
        for code, refers in self._refers.items():
            for mark, place in zip(refers[::2], refers[1::2], strict=True):
                original = found.get(mark)
                yield code, _split(place), None if original is None else _split(original), mark in self._gone


def _split(place: int) -> tuple[int, int]:
    return place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)
