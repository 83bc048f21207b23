"""What nights ask of the archive, and what they remember in it beside the records (``ports.Nights``)."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.model import ASTRAY, Due
from archiver.store import policies, replay, schema
from archiver.store.answers import Answers
from archiver.store.documents import clean
from archiver.store.looks import KEYS, Kind, next_look, resting
from archiver.store.records import warc_date

_BATCH = 500
_FEW = 50  # whole documents
# No rest is longer (``schedule.retry_at``), unless a clock was wrong.
_LONGEST_REST = timedelta(days=200)


class Nights(Answers):
    """See ``ports.Nights``. Whoever inherits says where the archive lies."""

    _folder: Path

    def due(self, now: datetime) -> Iterator[Due]:
        """See ``ports.Nights``."""
        streams = [self._due(kind, warc_date(now)) for kind in KEYS]
        yield from heapq.merge(*streams, key=lambda one: (one.at, one.kind, one.key))

    def waiting(self, now: datetime) -> Mapping[str, Any]:
        """See ``ports.Nights``."""
        counts: dict[str, Any] = {}
        oldest: list[str] = []
        for kind, (table, _) in KEYS.items():
            columns: tuple[Any, ...] = (sa.func.count().label("due"), sa.func.min(table.c.due_at).label("oldest"))
            query: sa.Select[Any] = sa.select(*columns)
            query = query.where(table.c.due_at <= warc_date(now), _free(kind, warc_date(now)))
            (row,) = self._rows.rows(query)
            counts[kind] = row.due
            oldest += [row.oldest] if row.oldest else []
        return {**counts, "oldest": min(oldest, default=None)}

    def later(self, now: datetime) -> Mapping[str, Any]:
        """See ``ports.Nights``."""
        counts: dict[str, Any] = {}
        soonest: list[str] = []
        for kind, (table, _) in KEYS.items():
            waits = table.c.error.is_not(None) if kind == "article" else sa.not_(table.c.settled)
            at = next_look(kind)
            columns: tuple[Any, ...] = (sa.func.count().label("waiting"), sa.func.min(at).label("soonest"))
            query: sa.Select[Any] = sa.select(*columns).select_from(table)
            (row,) = self._rows.rows(query.where(waits, at > warc_date(now)))
            counts[kind] = row.waiting
            soonest += [row.soonest] if row.soonest else []
        return {**counts, "next": min(soonest, default=None)}

    def known_as(self, identities: Sequence[str]) -> Mapping[str, str]:
        """See ``ports.Nights``."""
        table, found = schema.article_alias.c, {}
        wanted = list(map(clean, identities))
        for start in range(0, len(wanted), _BATCH):
            piece = wanted[start : start + _BATCH]
            query = sa.select(table.identity, table.article).where(table.identity.in_(piece))
            found.update({row.identity: row.article for row in self._rows.rows(query)})
        return found

    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """See ``ports.Nights``."""
        table = schema.warc.c
        rows = self._rows.rows(sa.select(table.name, table.committed_bytes, table.closed, table.sha256))
        return {row.name: {"bytes": row.committed_bytes, "closed": row.closed, "sha256": row.sha256} for row in rows}

    def changes(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """See ``ports.Nights``."""
        kinds: tuple[Kind, ...] = ("article", "post")
        for kind in kinds:
            table, keys = KEYS[kind]
            query = sa.select(*keys, table.c.url, table.c.body).order_by(table.c.at)
            query = query.where(table.c.at > warc_date(since), table.c.body.contains('"changes":[{'))
            if kind == "post":
                query = query.where(policies.shown(schema.post.c.platform, schema.post.c.post_id, schema.post.c.handle))
            for batch in self._rows.stream(query, _FEW):
                for row in batch:
                    key = ":".join(row[: len(keys)])
                    found = _changed(json.loads(row.body), since, until)
                    about: dict[str, Any] = {"kind": kind, "key": key}
                    if found and kind == "post":
                        about |= {"url": row.url, "articles": list(self.quoting(kind, key))}
                    yield from ({**one, **about} for one in found)

    def quoting(self, kind: str, key: str) -> Sequence[str]:
        """See ``ports.Nights``."""
        seen, linked = schema.sighting.c, schema.sighting_link.c
        if kind == "link":
            query = sa.select(linked.article).where(linked.url == clean(key)).distinct()
        else:
            platform, _, post_id = clean(key).partition(":")
            query = sa.select(seen.article).where(seen.platform == platform, seen.post_id == post_id).distinct()
        return [row.article for row in self._rows.rows(query)]

    def local(self, record_id: str) -> tuple[bytes, str | None] | None:
        """See ``ports.Nights``."""
        table = schema.capture
        query = sa.select(table.c.warc, table.c.offset_bytes, table.c.media_type, table.c.why)
        row = next(iter(self._rows.rows(query.where(table.c.record_id == record_id))), None)
        if row is None or row.why != "file":
            return None
        return replay.block(self._folder, row.warc, row.offset_bytes), row.media_type

    async def postpone(self, due: Due, until: datetime, tries: int, word: str) -> None:
        """See ``ports.Nights``."""
        table, keys = KEYS[due.kind]
        values = clean(due.key).split(":", 1) if due.kind == "post" else [clean(due.key)]
        here = [column == value for column, value in zip(keys, values, strict=True)]
        at = next((row.at for row in self._rows.rows(sa.select(table.c.at).where(*here))), None)
        if at is not None:
            row = {"kind": due.kind, "key": clean(due.key), "at": at, "until": warc_date(until)}
            self._rows.put(schema.postponed, [{**row, "tries": tries, "word": clean(word)}])

    def set_right(self, now: datetime) -> None:
        """See ``ports.Nights``."""
        at, least, most = warc_date(now), warc_date(now + ASTRAY), warc_date(now + _LONGEST_REST)
        tables = {kind: table for kind, (table, _) in KEYS.items()}
        due = {kind: sa.case((table.c.due_at > at, at), else_=table.c.due_at) for kind, table in tables.items()}
        wrong = {kind: table.c.at > least for kind, table in tables.items()}
        wrong["link"] &= tables["link"].c.due_at > at  # that it has an index for, and the others need no change
        here = [sa.update(tables[kind]).where(wrong[kind]).values(at=at, due_at=due[kind]) for kind in tables]
        self._rows.change([*here, sa.delete(schema.postponed).where(schema.postponed.c.until > most)])

    def recall_all(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """See ``ports.Nights``."""
        table = schema.memory.c
        rows = self._rows.rows(sa.select(table.name, table.value).where(table.kind == kind))
        return {row.name: json.loads(row.value) for row in rows}

    def remember(self, kind: str, values: Mapping[str, Mapping[str, Any]], *, alone: bool = False) -> None:
        """See ``ports.Nights``."""
        rows = [{"kind": kind, "name": clean(name), "value": json.dumps(value)} for name, value in values.items()]
        self._rows.put(schema.memory, rows, instead_of=schema.memory.c.kind == kind if alone else None)

    def _due(self, kind: Kind, now: str) -> Iterator[Due]:
        """In pages, each where the last one ended: what is done meanwhile is due later, and not met again."""
        table, keys = KEYS[kind]
        order = (table.c.due_at, *keys)
        rests = schema.postponed
        query = (
            sa.select(*order, rests.c.tries)
            .outerjoin_from(table, rests, resting(kind))
            .where(table.c.due_at <= now, sa.or_(rests.c.until.is_(None), rests.c.until <= now))
            .order_by(*order)
            .limit(_BATCH)
        )
        after: tuple[str, ...] | None = None
        while True:
            page = query if after is None else query.where(sa.tuple_(*order) > sa.tuple_(*map(sa.literal, after)))
            rows = self._rows.rows(page)
            for row in rows:
                yield Due(kind=kind, key=":".join(row[1:-1]), at=row[0], tries=row[-1] or 0)
            if len(rows) < _BATCH:
                return
            after = tuple(rows[-1][:-1])


def _changed(body: Mapping[str, Any], since: datetime, until: datetime) -> list[Mapping[str, Any]]:
    changes = body.get("changes")
    dated = [(_at(one), one) for one in changes if isinstance(one, Mapping)] if isinstance(changes, list) else []
    return [one for at, one in dated if at is not None and since < at <= until]


def _at(change: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(change.get("at")))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _free(kind: Kind, now: str) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(resting(kind), schema.postponed.c.until > now)
