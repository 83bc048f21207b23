"""The catalog's file: opened to be written or looked at, known by its identity, its database's errors made ours."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from archiver.errors import AlreadyRunning, ArchiverError, CannotCreate, ConfigError, Damaged, StoreError
from archiver.store import schema

FILE_NAME = "catalog.sqlite"
BUSY_TIMEOUT_S = 30.0


class Unreadable(Exception):
    """The file is no catalog of ours, or a damaged one; ``str()`` says how. It can be made anew from the WARCs."""


def set_aside(path: Path, suffix: str) -> Path | None:
    """Rename an unreadable catalog, and what belongs to it, out of the way; nothing is deleted but empty files. Returns
    its new name, ``None`` when there was nothing worth keeping."""
    kept = None
    for name in ("", "-wal", "-shm"):
        old, new = Path(f"{path}{name}"), Path(f"{path}.{suffix}{name}")
        if not os.path.lexists(old):
            continue
        if old.lstat().st_size:
            old.rename(new)
            kept = kept or new
        else:
            old.unlink()
    return kept


def connect(path: Path, busy_timeout_s: float, lasting: bool) -> sqlite3.Connection:
    # Transactions are begun in words (`_begin`); the sqlite3 module would begin them deferred.
    connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
    safety = ("journal_mode = WAL", "synchronous = FULL") if lasting else ("journal_mode = OFF", "synchronous = OFF")
    for pragma in (*safety, "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def connect_to_look(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, not even beside the file."""
    # A read-only connection would leave an empty log behind; where there is no log, nobody writes, and none is needed.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def begin(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("looking"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def check_identity(connection: sa.Connection, path: Path) -> None:
    identity = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
    if identity != schema.APPLICATION_ID:
        raise Unreadable("not a catalog of this program")
    if version < schema.SCHEMA_VERSION:
        raise Unreadable(f"made by an older archiver (schema {version}; this one keeps {schema.SCHEMA_VERSION})")
    if version > schema.SCHEMA_VERSION:
        this = schema.SCHEMA_VERSION
        raise ConfigError([f"{path} was made by a newer archiver (schema {version}; this one knows {this})"])


def as_ours(error: DBAPIError | sqlite3.Error | UnicodeDecodeError, path: Path) -> ArchiverError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return AlreadyRunning(f"{path} is locked by another program", hint="close it and run again")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or isinstance(cause, UnicodeDecodeError):
        return Damaged(f"{path} is damaged: {cause}", hint="run again: it will be made anew from the WARCs")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        return CannotCreate(
            f"{path} can't be written: {cause}", hint="look at the disk and at the folder's owner, then run again"
        )
    if name == "SQLITE_FULL":
        return StoreError(f"the disk is full at {path}", hint="free some space and run again: nothing stored is lost")
    return StoreError(f"{path}: {cause}", hint="run again: what is in the WARCs will be taken up")
