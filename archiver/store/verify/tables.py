"""The catalog against a catalog that was made from the WARCs alone: every row, every column, both ways."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.errors import ArchiverError
from archiver.store import connection, schema
from archiver.store.catalog import Catalog
from archiver.store.connection import Unreadable

_BATCH = 200
_SHOWN = 120

_SCHEMA = sa.table("sqlite_master", *(sa.column(name, sa.Text) for name in ("type", "name", "tbl_name", "sql")))

Row = Mapping[str, Any]
Tell = Callable[[str, str, Row], None]
"""(code, a sentence, the row)."""


def snapshot(path: Path, to: Path) -> Catalog:
    """A copy of the catalog as it is now, whoever writes meanwhile, opened for looking, every page of it checked.

    Raises ``Unreadable`` when it is damaged, or is none.
    """
    try:
        source = connection.connect_to_look(path)
        try:
            copy = sqlite3.connect(to)
            try:
                source.backup(copy)
                found = [row[0] for row in copy.execute("PRAGMA integrity_check(20)")]
            finally:
                copy.close()
        finally:
            source.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema in its errors
        raise Unreadable(str(error)) from error
    if found != ["ok"]:
        raise Unreadable("; ".join(found))
    return Catalog.reading(to)


def compare(catalog: Catalog, fresh: Catalog, tell: Tell, *, whole: bool = True) -> None:
    """Tell of every row of ``catalog`` that ``fresh`` does not have, or has otherwise, and of those that it lacks.
    Unless ``whole``, ``fresh`` holds a sample: only its rows are looked for."""
    ids = catalog.archive("id"), fresh.archive("id")
    if whole and None not in ids and ids[0] != ids[1]:
        tell("catalog-differs", f"the archive's id is {ids[0]}; the WARC says {ids[1]}", {})
    for name in sorted(_schema(catalog).items() ^ _schema(fresh).items()):
        tell("catalog-differs", f"{name[0]} is not made as this program makes it", {})
    for table in schema.metadata.sorted_tables:
        if table in (schema.warc, schema.archive, *schema.REMEMBERED):
            continue
        for row, other in _pairs(table, fresh, catalog):
            if other is None:
                tell("catalog-lacks", f"{_named(table, row)} is not in the catalog", row)
            elif not whole and row.get("record_id") != other.get("record_id"):
                continue  # superseded by another document of its key
            elif differing := [column for column in row if row[column] != other[column]]:
                shown = ", ".join(f"{column} is {_shown(other[column])}" for column in differing[:3])
                tell("catalog-differs", f"{_named(table, row)}: {shown}; the WARC says otherwise", row)
        if whole:
            for row, other in _pairs(table, catalog, fresh):
                if other is None:
                    tell("catalog-extra", f"{_named(table, row)} is in no WARC", row)


def carry_over(old: Path, fresh: Catalog) -> None:
    """Put what no record says into ``fresh``, as far as the ``old`` catalog can still be read."""
    try:
        then = Catalog.reading(old)
    except (Unreadable, ArchiverError):
        return
    try:
        for table in schema.REMEMBERED:
            for batch in then.stream(sa.select(table), _BATCH):
                fresh.put(table, [dict(row._mapping) for row in batch])
    except ArchiverError:
        pass  # a damaged catalog, or an older one: what it remembered is learnt anew
    finally:
        then.close()


def _schema(catalog: Catalog) -> dict[str, str]:
    """Kind and name of each table and index → the words that made it, whatever blanks stand between them."""
    query = sa.select(_SCHEMA.c.type, _SCHEMA.c.name, _SCHEMA.c.tbl_name, _SCHEMA.c.sql)
    return {
        f"{row.type} {row.name}": " ".join([str(row.tbl_name), *str(row.sql or "").split()])
        for row in catalog.rows(query)
    }


def _pairs(table: sa.Table, some: Catalog, others: Catalog) -> Iterator[tuple[Row, Row | None]]:
    """Each row of ``some`` with that of ``others`` under the same key."""
    for batch in some.stream(sa.select(table), _BATCH):
        rows = {_key(table, row._mapping): row._mapping for row in batch}
        known = _rows(table, others, list(rows))
        yield from ((row, known.get(key)) for key, row in rows.items())


def _rows(table: sa.Table, catalog: Catalog, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Row]:
    columns = list(table.primary_key)
    among = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)
    return {_key(table, row._mapping): row._mapping for row in catalog.rows(sa.select(table).where(among))}


def _key(table: sa.Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _named(table: sa.Table, row: Row) -> str:
    name = row.get("url") or row.get("key") or row.get("short") or " ".join(map(str, _key(table, row)))
    return f"{table.name} {str(name)[:_SHOWN]}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
