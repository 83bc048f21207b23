"""The catalog: what is captured, where it lies, and what the documents say. SQL over SQLAlchemy; SQLite by default.

Rule 1: nothing is committed here before its bytes are synced in a WARC (``writer``), so no row names a record that a
crash could take away.
Rule 2: a row is a function of records alone. ``commit`` is the one door for live writes and for ``recovery``, so that
a lost catalog comes back equal.
Rule 3: every write transaction is BEGIN IMMEDIATE: a transaction that begins by reading and is then overtaken fails at
once, whatever the busy timeout is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from archiver.errors import ArchiverError, Damaged
from archiver.model import Document, WarcRef
from archiver.store import documents, schema
from archiver.store.connection import (
    BUSY_TIMEOUT_S,
    Unreadable,
    as_ours,
    begin,
    check_identity,
    connect,
    connect_to_look,
)
from archiver.store.records import Captured
from archiver.store.statements import Prepared, body_by_key, upsert

_KEYS_HELD = 50_000  # some 5 MB, and a tenth of a second to read


class Catalog:
    """One connection for writing, used by one thread at a time, and one for looking. ``close`` both.

    Every method raises ``StoreError`` (74), ``Damaged`` (65) or, when another program holds the file for
    longer than 30 s, ``AlreadyRunning`` (75). ``damaged``: some answer was ``Damaged``.
    """

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self.engine = engine
        self._path = path
        self.damaged = False
        self._writing: sa.Connection | None = None
        self._looking: sa.Connection | None = None
        # What is surely not captured need not be asked: hashes of every (slot, URL), while they are few and ours alone.
        self._captured_keys: set[int] | None = None
        self._upserts = {table.name: upsert(engine.dialect.name, table) for table in _DOCUMENTED}
        self._put_warc = Prepared(upsert(engine.dialect.name, schema.warc), engine.dialect)
        self._bodies = {table.name: Prepared(body_by_key(table), engine.dialect) for table in _DOCUMENTED}
        self._captured = Prepared(_CAPTURED, engine.dialect)
        self._put_captures = Prepared(schema.capture.insert(), engine.dialect)
        self._put_documents = Prepared(upsert(engine.dialect.name, schema.document), engine.dialect)

    @classmethod
    def open(
        cls, path: Path, *, thorough: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S, lasting: bool = True
    ) -> Catalog:
        """The catalog at ``path``, made if there is none. ``thorough``: check every page first, which is worth its time
        after a crash. ``busy_timeout_s``: how long a write waits for another program. Unless ``lasting``, nothing is
        synced: for a catalog that is being made anew, and is begun again after a crash.

        Raises ``Unreadable`` when it must be made anew, ``ConfigError`` when a newer program made it.
        """
        engine = sa.create_engine(
            "sqlite://", creator=lambda: connect(path, busy_timeout_s, lasting), poolclass=sa.pool.QueuePool
        )
        sa.event.listen(engine, "begin", begin)
        catalog = cls(engine, path)
        try:
            with catalog._translated():
                catalog._prepare(thorough)
        except Damaged as error:
            catalog.close()
            raise Unreadable(str(error.__cause__)) from error
        except (ArchiverError, Unreadable):
            catalog.close()
            raise
        return catalog

    @classmethod
    def reading(cls, path: Path) -> Catalog:
        """The catalog at ``path`` for looking only: nothing is created, also while somebody writes."""
        # Connections are made for each question, so that a long-lived reader sees what was written meanwhile.
        engine = sa.create_engine("sqlite://", creator=lambda: connect_to_look(path), poolclass=sa.pool.NullPool)
        sa.event.listen(engine, "begin", begin)
        catalog = cls(engine, path)
        with catalog._translated(), engine.connect().execution_options(looking=True) as connection:
            check_identity(connection, path)
        return catalog

    def close(self) -> None:
        """Let go of the file; SQLite merges its write-ahead log when the last one does."""
        for connection in (self._writing, self._looking):
            if connection is not None:
                connection.close()
        self._writing = self._looking = None
        self.engine.dispose()

    # Writing

    def commit(
        self,
        warc: str,
        committed_bytes: int,
        captures: Sequence[tuple[Captured, WarcRef]] = (),
        documents_: Sequence[tuple[Document, WarcRef]] = (),
        *,
        closed: bool = False,
        sha256: str | None = None,
    ) -> None:
        """In one transaction: these records are captured, and ``warc`` is this long (and closed, with this digest).

        An older document than the one that is known changes nothing; one of the same instant replaces it.
        """
        row = {"name": warc, "committed_bytes": committed_bytes, "closed": closed, "sha256": sha256}
        with self._translated(), self._transaction() as connection:
            self._put_warc.run(connection, [row])
            if captures:
                self._put_captures.run(connection, [_captured_row(captured, ref) for captured, ref in captures])
                if self._captured_keys is not None:
                    self._captured_keys.update(hash((captured.slot, captured.url)) for captured, _ in captures)
                    self._captured_keys = self._captured_keys if len(self._captured_keys) <= _KEYS_HELD else None
            if documents_:
                self._put_documents.run(
                    connection, [{**documents.entry(one), **_place(ref)} for one, ref in documents_]
                )
            for document, ref in documents_:
                self._apply(connection, document, _place(ref))

    def set_archive(self, name: str, value: str) -> None:
        """Remember one fact about the archive as a whole."""
        with self._translated(), self._transaction() as connection:
            connection.execute(schema.archive.insert(), {"name": name, "value": value})

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A write transaction of the writer's thread, for what no ``commit`` says."""
        with self._translated(), self._transaction() as connection:
            yield connection

    def scrub(self) -> None:
        """Write the file anew, so that nothing of deleted rows is left in it."""
        with self._translated():
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                raw = self.engine.raw_connection()
                try:
                    raw.cursor().execute(statement).close()
                finally:
                    raw.close()

    def set_head(self, head: str | None) -> None:
        """Remember the manifest's last line by its hash: its chain alone can't tell what was changed there."""
        self.put(schema.archive, [{"name": schema.MANIFEST_HEAD, "value": head}] if head else [])

    def put(
        self,
        table: sa.Table,
        rows: Sequence[Mapping[str, object]],
        *,
        instead_of: sa.ColumnElement[bool] | None = None,
    ) -> None:
        """Insert or replace rows that no record says: what nights remember. ``instead_of``: delete those first. On a
        connection of its own, since the writer's may be at work in another thread."""
        with self._translated(), self.engine.begin() as connection:
            if instead_of is not None:
                connection.execute(table.delete().where(instead_of))
            if rows:
                connection.execute(upsert(self.engine.dialect.name, table), rows)

    def change(self, statements: Sequence[sa.Delete | sa.Update]) -> None:
        """Change what no record says, in one transaction; as ``put``."""
        with self._translated(), self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def _apply(self, connection: sa.Connection, document: Document, place: Mapping[str, object]) -> None:
        row = {**documents.row(document), **place}
        applied = connection.execute(self._upserts[document.kind], row).rowcount
        if document.kind == "article" and applied:
            key = schema.sighting.c.article == row["key"]
            connection.execute(schema.sighting.delete().where(key))
            rows, links = documents.sightings(document)
            if rows:
                connection.execute(_INSERT_SIGHTING, rows)
            if links:
                connection.execute(_INSERT_SIGHTING_LINK, links)
            named = documents.aliases(document)
            connection.execute(schema.article_alias.delete().where(schema.article_alias.c.article == row["key"]))
            if named:
                connection.execute(_INSERT_ALIAS, named)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """The one place where the database's errors become ours."""
        try:
            yield
        except (DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema in its errors
            ours = as_ours(error, self._path)
            self.damaged = self.damaged or isinstance(ours, Damaged)
            raise ours from error

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        if self._writing is None:
            self._writing = self.engine.connect()
        with self._writing.begin():
            yield self._writing

    def _prepare(self, thorough: bool) -> None:
        with self._transaction() as connection:
            if not sa.inspect(connection).get_table_names():
                schema.metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")
            check_identity(connection, self._path)
            if thorough:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                if found != "ok":
                    raise Unreadable(str(found))
            keys = sa.select(schema.capture.c.slot, schema.capture.c.url).limit(_KEYS_HELD + 1)
            held = {hash((row.slot, row.url)) for row in connection.execute(keys)}
            self._captured_keys = held if len(held) <= _KEYS_HELD else None

    # Looking

    def archive(self, name: str) -> str | None:
        """What ``set_archive`` remembered."""
        return self._text(sa.select(schema.archive.c.value).where(schema.archive.c.name == name))

    def warcs(self) -> dict[str, tuple[int, bool]]:
        """File name → (committed length in bytes, closed)."""
        table = schema.warc.c
        rows = self.rows(sa.select(table.name, table.committed_bytes, table.closed))
        return {row.name: (row.committed_bytes, row.closed) for row in rows}

    def digests(self) -> dict[str, tuple[int, str]]:
        """Name of each closed file → (length in bytes, SHA-256 in hex as it was closed)."""
        table = schema.warc.c
        query = sa.select(table.name, table.committed_bytes, table.sha256).where(table.closed).order_by(table.name)
        return {row.name: (row.committed_bytes, row.sha256) for row in self.rows(query) if row.sha256}

    def known(self, record_ids: Sequence[str]) -> set[str]:
        """Those of at most some hundred record ids that name a capture already."""
        ids = schema.capture.c.record_id
        return {row.record_id for row in self.rows(sa.select(ids).where(ids.in_(record_ids)))}

    def documented(self, record_id: str) -> bool:
        """Whether this record is a document that was taken up."""
        known = schema.document.c.record_id
        return bool(self.rows(sa.select(known).where(known == record_id)))

    def captured(self, slot: str, url: str) -> Sequence[Mapping[str, Any]]:
        """The rows of ``capture`` for this slot and URL, newest first."""
        keys = self._captured_keys  # another thread may give them up meanwhile
        if keys is not None and hash((slot, url)) not in keys:
            return []
        with self._translated(), self._looker() as connection:
            return [row._mapping for row in self._captured.rows(connection, {"slot": slot, "url": url})]

    def ask(self, statement: Prepared, values: Mapping[str, object]) -> Sequence[Any]:
        """What a prepared statement selects."""
        with self._translated(), self._looker() as connection:
            return statement.rows(connection, values)

    def capture(self, record_id: str) -> Mapping[str, Any] | None:
        """The row of ``capture`` of this record, or ``None``."""
        rows = self.rows(sa.select(schema.capture).where(schema.capture.c.record_id == record_id))
        return rows[0]._mapping if rows else None

    def body(self, table: sa.Table, **key: str) -> str | None:
        """The newest document's body (JSON) under this key."""
        with self._translated(), self._looker() as connection:
            found = self._bodies[table.name].rows(connection, dict(key))
        return found[0].body if found else None

    def rows(self, query: sa.Select[Any], values: Mapping[str, object] | None = None) -> Sequence[Any]:
        """All rows; each has the columns as attributes and, as ``_mapping``, as a mapping."""
        with self._translated(), self._looker() as connection:
            return connection.execute(query, values or {}).all()

    def stream(self, query: sa.Select[Any], batch: int) -> Iterator[Sequence[Any]]:
        """All rows, ``batch`` at a time, as they were when asked for."""
        with self._translated(), self.engine.connect().execution_options(looking=True) as connection:
            yield from connection.execution_options(stream_results=True).execute(query).partitions(batch)

    def _text(self, query: sa.Select[Any]) -> str | None:
        with self._translated(), self._looker() as connection:
            found: str | None = connection.execute(query).scalar()
            return found

    @contextmanager
    def _looker(self) -> Iterator[sa.Connection]:
        if isinstance(self.engine.pool, sa.pool.NullPool):
            with self.engine.connect().execution_options(looking=True) as connection:
                yield connection
            return
        if self._looking is None:
            self._looking = self.engine.connect().execution_options(looking=True)
        yield self._looking


def place(row: Mapping[str, Any]) -> WarcRef:
    """Where the record lies that a row is about."""
    return WarcRef(
        file=row["warc"],
        record_id=row["record_id"],
        offset_bytes=row["offset_bytes"],
        length_bytes=row["length_bytes"],
    )


def _captured_row(captured: Captured, ref: WarcRef) -> dict[str, object]:
    # dataclasses.asdict copies every value deeply, which costs more than the insert.
    return {**{name: getattr(captured, name) for name in _CAPTURED_COLUMNS}, **_place(ref)}


def _place(ref: WarcRef) -> dict[str, object]:
    return {
        "warc": ref.file,
        "record_id": ref.record_id,
        "offset_bytes": ref.offset_bytes,
        "length_bytes": ref.length_bytes,
    }


_CAPTURED_COLUMNS = tuple(one.name for one in fields(Captured))
_DOCUMENTED = (schema.article, schema.post, schema.link, schema.policy)
_INSERT_SIGHTING = schema.sighting.insert()
_INSERT_ALIAS = schema.article_alias.insert()
_INSERT_SIGHTING_LINK = schema.sighting_link.insert()
_CAPTURED = (
    sa.select(schema.capture)
    .where(schema.capture.c.slot == sa.bindparam("slot"), schema.capture.c.url == sa.bindparam("url"))
    .order_by(schema.capture.c.started_at.desc(), schema.capture.c.record_id)
)
