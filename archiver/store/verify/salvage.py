"""Whole records out of a damaged file into a new one, byte for byte where each has a gzip member of its own.

What was found behind damage in a file of ours must name the file's ``warcinfo``: a stranger may have put a WARC into a
picture's bytes, and where the picture's own record is broken, its records would be taken for ours.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, cast

from archiver.store import recovery
from archiver.store.member import Buffer, Deflated, Torn, Unpacked
from archiver.store.verify import rules
from archiver.store.verify.files import belongs
from archiver.store.verify.reader import END, Gap, NoRecord, Seen, Stream, read

_PIECE = 1 << 18
_IN_MEMORY_BYTES = 1 << 20
_MOST_OF_A_GROUP = 5
Out = Callable[[Buffer], object]


@dataclass(slots=True)
class Salvaged:
    """``records`` and ``orphans``: how many were written to either place. ``lost_bytes``: of the old file. ``ids``: of
    the records of whole groups. ``named``: how many records name each ``warcinfo``."""

    records: int = 0
    orphans: int = 0
    lost_bytes: int = 0
    ids: set[str] = field(default_factory=set)
    named: Counter[str] = field(default_factory=Counter)

    @property
    def missing_warcinfo(self) -> str | None:
        """The id of the ``warcinfo`` that most records name and that is not there; ``None`` when it is."""
        most = self.named.most_common(1)
        return most[0][0] if most and most[0][0] not in self.ids else None


def salvage(fd: int, size: int, out: Out, orphans: Out, *, strict: bool) -> Salvaged:
    """Copy every whole record of the file to ``out``; of one of ours (``strict``) those of whole groups, and to
    ``orphans`` the rest, which no archive can use."""
    with closing(_Copier(fd)) as copy:
        return _salvaged(read(fd, size, strict=strict), copy, out, orphans, strict=strict)


def _salvaged(found: Iterator[Seen | Gap], copy: _Copier, out: Out, orphans: Out, *, strict: bool) -> Salvaged:
    done = Salvaged()
    group: list[Seen] = []
    warcinfos: set[str] = set()
    after_gap = False
    for one in found:
        if isinstance(one, Gap):
            done.lost_bytes += one.length
            after_gap = True
            continue
        copy.pass_by(one)
        if not one.whole or (strict and after_gap and not belongs(one, warcinfos)):
            done.lost_bytes += one.record.length
            continue
        if not strict:
            copy.to(one, out)
            done.records += 1
            continue
        if one.head.kind == "warcinfo":
            warcinfos.add(one.record.record_id)
        if group and one.head.first.get("warc-concurrent-to") != group[0].record.record_id:
            _end(group, copy, out, orphans, done)
            group = []
        group.append(one)
    _end(group, copy, out, orphans, done)
    return done


def _end(group: list[Seen], copy: _Copier, out: Out, orphans: Out, done: Salvaged) -> None:
    """Copy a group to where it belongs."""
    try:
        is_whole = bool(list(recovery.groups(iter([one.record for one in group]), "")))
    except Torn:
        is_whole = False
    for one in group:
        copy.to(one, out if is_whole else orphans)
        if is_whole:
            done.ids.add(one.record.record_id)
            done.named.update(filter(None, [one.head.first.get("warc-warcinfo-id")]))
    done.records += len(group) if is_whole else 0
    done.orphans += 0 if is_whole else len(group)


class _Copier:
    """Writes records, each as a gzip member of its own. A record that shares its member with others is unpacked once
    more, so every one of them has to ``pass_by`` in order."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._member: int | None = None
        self._raws: Iterator[BinaryIO] = iter(())
        self._shared: dict[str, BinaryIO] = {}

    def pass_by(self, seen: Seen) -> None:
        if seen.record.length:
            return
        if self._member != seen.record.offset:
            self._member, self._raws = seen.record.offset, _raws(self._fd, seen.record.offset)
        raw = next(self._raws, None)
        if raw is not None:
            self._forget(seen.record.record_id)
            self._shared[seen.record.record_id] = raw
        while len(self._shared) > _MOST_OF_A_GROUP:
            self._forget(next(iter(self._shared)))

    def close(self) -> None:
        """Let go of what was unpacked."""
        while self._shared:
            self._forget(next(iter(self._shared)))

    def _forget(self, record_id: str) -> None:
        held = self._shared.pop(record_id, None)
        if held is not None:
            held.close()

    def to(self, seen: Seen, out: Out) -> None:
        record = seen.record
        if not record.length:
            raw = self._shared[record.record_id]
            raw.seek(0)
            _packed(iter(partial(raw.read, _PIECE), b""), out)
        elif os.pread(self._fd, 1, record.offset) == b"W":
            _packed(_pieces(self._fd, record.offset, record.length), out)
        else:
            for piece in _pieces(self._fd, record.offset, record.length):
                out(piece)


def _packed(pieces: Iterator[bytes], out: Out) -> None:
    packer = Deflated(out)
    for piece in pieces:
        packer.write(piece)
    packer.flush()


def _pieces(fd: int, at: int, length: int) -> Iterator[bytes]:
    while length and (piece := os.pread(fd, min(_PIECE, length), at)):
        yield piece
        at, length = at + len(piece), length - len(piece)


def _raws(fd: int, offset: int) -> Iterator[BinaryIO]:
    """Each record in the member at ``offset``, as a file to be closed."""
    stream = Stream(Unpacked(fd, offset).read)
    try:
        while head := stream.head():
            left = (rules.read_head(head).length or 0) + len(END)
            raw = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))  # noqa: SIM115  # see above
            with ExitStack() as unfinished:
                unfinished.callback(raw.close)
                raw.write(head)
                while left and (piece := stream.take(left)):
                    raw.write(piece)
                    left -= len(piece)
                unfinished.pop_all()
            yield raw
    except (Torn, NoRecord):
        return
