"""Where the records lie that belong together, asked of the catalog, and their bytes taken out as they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from archiver.errors import Damaged
from archiver.store import schema, warc
from archiver.store.catalog import Catalog
from archiver.store.documents import clean
from archiver.store.member import Torn
from archiver.store.recovery import Found, groups
from archiver.store.scan import Block, Record, read_record, read_records

_BATCH = 200
_PIECE = 1 << 20
_PLACE = ("warc", "offset_bytes", "record_id", "refers_to")

Row = Mapping[str, Any]


class Places:
    """Rows say ``warc``, ``offset_bytes`` and ``record_id`` of a group's first record, and what else is named; those of
    captures also which record they (``refers_to``), of a revisit."""

    def __init__(self, catalog: Catalog) -> None:
        self._rows = catalog

    def in_slots(self, slots: Iterable[str]) -> Iterator[Row]:
        """Captures in these slots, and in later looks at the same things (``SLOT#2``, ``SLOT@time``)."""
        table = schema.capture.c
        for batch in _batches(slots):
            looks = [_later(table.slot, slot, mark) for slot in batch for mark in "#@"]
            yield from self._ask(schema.capture, sa.or_(table.slot.in_(batch), *looks))

    def of_captures(self, record_ids: Iterable[str]) -> Iterator[Row]:
        """The captures of these record ids, with all that the catalog knows of them."""
        for batch in _batches(record_ids):
            rows = self._rows.rows(sa.select(schema.capture).where(schema.capture.c.record_id.in_(batch)))
            yield from (row._mapping for row in rows)

    def of_documents(self, kind: str, keys: Iterable[str]) -> Iterator[Row]:
        """Every document ever written about these things."""
        table = schema.document.c
        for batch in _batches(clean(key) for key in keys):
            yield from self._ask(schema.document, sa.and_(table.kind == kind, table.key.in_(batch)))

    def all_captures(self) -> Iterator[Row]:
        """Every capture."""
        yield from self._ask(schema.capture, sa.true())

    def all_documents(self) -> Iterator[Row]:
        """Every document, but for what was decided about posts: who asked for it is nobody else's business."""
        yield from self._ask(schema.document, schema.document.c.kind != "policy")

    def articles_written(self, first: str, last: str) -> list[str]:
        """Keys of the articles of which a document was written from ``first`` to before ``last`` (WARC dates)."""
        table = schema.document.c
        query = sa.select(table.key).where(table.kind == "article", table.at >= first, table.at < last).distinct()
        return [row.key for row in self._rows.rows(query.order_by(table.key))]

    def warcs(self) -> dict[str, int]:
        """File name → how much of it is committed, in bytes."""
        return {name: size for name, (size, _) in self._rows.warcs().items()}

    def _ask(self, table: sa.Table, wanted: sa.ColumnElement[bool]) -> Iterator[Row]:
        query = sa.select(*(table.c[name] for name in _PLACE if name in table.c)).where(wanted)
        for batch in self._rows.stream(query, _BATCH):
            yield from (row._mapping for row in batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A group as it lies in the new file; ``found``: as it was read, from where it came."""

    offset_bytes: int
    found: Found


def take_out(folder: Path, name: str, offsets: Iterable[int], committed: int, out: BinaryIO) -> Iterator[Taken]:
    """Copy the groups that begin at ``offsets`` of a WARC to ``out``, byte for byte, each read and checked to its end
    first, each behind the ``warcinfo`` that it names: the file's own, or the one that it was imported with.

    Raises ``Damaged`` when one is not whole.
    """
    fd = warc.open_to_read(folder, name)
    with os.fdopen(fd, "rb"):
        written: set[str] = set()
        infos: dict[str, Record] = {}
        for offset in sorted({0, *offsets}):
            found, first = _group(fd, offset, committed, name)
            info = first.header("warc-warcinfo-id") or ""
            if info and info not in written:
                infos = infos or _infos(fd, committed, name)
                if info in infos:
                    _copy(fd, infos[info].offset, infos[info].end, out)
                written.add(info)
            if first.kind == "warcinfo":
                if first.record_id in written:
                    continue
                written.add(first.record_id)
            new = out.tell()
            _copy(fd, offset, found.end, out)
            yield Taken(offset_bytes=new, found=found)


def _group(fd: int, offset: int, committed: int, name: str) -> tuple[Found, Record]:
    """The group that begins there, and its first record."""
    try:
        first = read_record(fd, offset)
        found = next(groups(read_records(fd, offset, committed), name), None)
    except Torn as error:
        raise Damaged(f"{name}, offset {offset:,}: {error}", hint="`archiver verify` says more") from error
    if found is None:
        raise Damaged(f"{name}, offset {offset:,}: nothing is there")
    return found, first


def _infos(fd: int, committed: int, name: str) -> dict[str, Record]:
    """Every ``warcinfo`` of the file by its id."""
    try:
        return {one.record_id: one for one in read_records(fd, 0, committed) if one.kind == "warcinfo"}
    except Torn as error:
        raise Damaged(f"{name}: {error}", hint="`archiver verify` says more") from error


def block(folder: Path, row: Row, most_bytes: int) -> bytes:
    """The first ``most_bytes`` bytes of the block of the record at this place."""
    fd = warc.open_to_read(folder, row["warc"])
    with os.fdopen(fd, "rb"):
        try:
            record, pieces, size = Block(fd, row["offset_bytes"]), [], 0
            while size < most_bytes and (piece := record.read(min(_PIECE, most_bytes - size))):
                pieces.append(piece)
                size += len(piece)
        except Torn as error:
            raise Damaged(f"{row['warc']}, offset {row['offset_bytes']:,}: {error}") from error
    return b"".join(pieces)


def _copy(fd: int, start: int, end: int, out: BinaryIO) -> None:
    while start < end:
        piece = os.pread(fd, min(_PIECE, end - start), start)
        if not piece:
            raise Damaged("a WARC became shorter while it was read")
        out.write(piece)
        start += len(piece)


def _later(column: sa.Column[str], slot: str, mark: str) -> sa.ColumnElement[bool]:
    """Whether a slot begins with ``slot`` and ``mark``, as a range that an index can answer."""
    return sa.and_(column >= f"{slot}{mark}", column < f"{slot}{chr(ord(mark) + 1)}")


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    held = sorted(set(values))
    for start in range(0, len(held), _BATCH):
        yield held[start : start + _BATCH]
