"""SQL made once and run often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


class Prepared:
    """A statement turned into SQL once. Every capture needs one and every batch two; making their text and their
    parameters anew each time takes as long as the database does for the rest."""

    def __init__(self, statement: sa.Insert | sa.Select[Any], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def run(self, connection: sa.Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Execute it for each row."""
        order = self._order
        values = rows if order is None else [tuple(row[name] for name in order) for row in rows]
        connection.exec_driver_sql(self._text, list(values))

    def rows(self, connection: sa.Connection, values: Mapping[str, object]) -> Sequence[Any]:
        """What it selects."""
        order = self._order
        values = {**self._fixed, **values} if self._fixed else values
        given = values if order is None else tuple(values[name] for name in order)
        return connection.exec_driver_sql(self._text, given).all()


def body_by_key(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.body).where(*(column == sa.bindparam(column.name) for column in table.primary_key))


def upsert(dialect: str, table: sa.Table) -> sa.Insert:
    """Insert, or replace the row of the same key; rows with an ``at`` only by those that are not older."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    changed = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    newer = table.c.at <= insert.excluded.at if "at" in table.c else None
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed, where=newer)
