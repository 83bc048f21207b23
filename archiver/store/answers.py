"""What the archive knows, as ``ports.Catalog`` promises it: the reading half."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.errors import UsageError
from archiver.model import Moment, PostRef
from archiver.store import policies, schema
from archiver.store.catalog import Catalog
from archiver.store.documents import clean
from archiver.store.looks import next_look
from archiver.store.places import Places
from archiver.store.records import warc_date
from archiver.store.statements import Prepared

Row = Mapping[str, Any]
_BATCH = 200
_ARTICLE = ("key", "name", "url", "title", "saved_at", "finds", "waiting", "error")


class Answers:
    """Every answer is what was committed when it was asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._rows = catalog
        self._any_policy = Prepared(sa.select(schema.policy.c.key).limit(1), catalog.engine.dialect)

    def article(self, key: str) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.article, key=clean(key)))

    def post(self, ref: PostRef) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.post, platform=clean(ref.platform), post_id=clean(ref.post_id)))

    def link(self, short: str) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.link, short=clean(short)))

    def articles(
        self,
        key: str | None = None,
        *,
        limit: int | None = None,
        due_by: datetime | None = None,
        named: str | None = None,
    ) -> Iterable[Row]:
        """See ``ports.Catalog``."""
        table, due = schema.article, next_look("article")
        columns: list[Any] = [*(table.c[name] for name in _ARTICLE), due.label("due_at")]
        query: sa.Select[Any] = sa.select(*columns)
        query = query.where(*([] if key is None else [table.c.key == clean(key)]))
        query = query.where(*([] if named is None else [_named(table.c.key, named)]))
        query = _in_order(query, due, due_by, (table.c.at.desc(), table.c.key)).limit(limit)
        for batch in self._rows.stream(query, _BATCH):
            yield from ({**row._mapping, "due_at": _instant(row.due_at)} for row in batch)

    def sightings(
        self, key: str | None = None, *, limit: int | None = None, due_by: datetime | None = None, **where: str
    ) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        seen, article, post, link = schema.sighting, schema.article, schema.post, schema.link
        due = sa.func.coalesce(next_look("post"), next_look("link"))
        query = sa.select(
            seen.c.article, seen.c.record, due.label("due_at"), post.c.body.label("post"), link.c.body.label("link")
        )
        query = query.join_from(seen, article).outerjoin(
            post, sa.and_(post.c.platform == seen.c.platform, post.c.post_id == seen.c.post_id)
        )
        query = query.outerjoin(link, sa.and_(link.c.short == seen.c.url, seen.c.post_id.is_(None)))
        query = query.where(*_wanted(where), *([] if key is None else [_about(clean(key))]))
        query = query.where(policies.shown(seen.c.platform, seen.c.post_id, seen.c.handle))
        order = (article.c.at.desc(), seen.c.article, seen.c.position)
        for batch in self._rows.stream(_in_order(query, due, due_by, order).limit(limit), _BATCH):
            for row in batch:
                next_ = {"due_at": _instant(row.due_at), **_since(row.link if row.post is None else row.post)}
                yield {**json.loads(row.record), **next_, "article": row.article}

    def posts(self) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        table = schema.post
        query = sa.select(table.c.body, table.c.warc, table.c.record_id).order_by(table.c.platform, table.c.post_id)
        query = query.where(policies.shown(table.c.platform, table.c.post_id, table.c.handle))
        for batch in self._rows.stream(query, _BATCH):
            yield from (_document(row) for row in batch)

    def links(self) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        table, capture = schema.link, schema.capture
        seen = sa.func.min(capture.c.started_at), sa.func.max(capture.c.started_at)
        answered = sa.and_(capture.c.slot == sa.literal("hop:") + table.c.short, capture.c.http_status.is_not(None))
        query = sa.select(table.c.body, table.c.warc, table.c.record_id, seen[0].label("first"), seen[1].label("last"))
        query = query.join_from(table, capture, answered, isouter=True).group_by(table.c.short).order_by(table.c.short)
        for batch in self._rows.stream(query, _BATCH):
            rows = [{**_document(row), "first_seen": row.first, "last_seen": row.last} for row in batch]
            times = self._capture_times([hop.get("record_id") for row in rows for hop in row.get("hops") or ()])
            for row in rows:
                hops = [{**hop, "captured_at": times.get(hop.get("record_id"))} for hop in row.get("hops") or ()]
                yield {**row, "hops": hops}

    def looks(self) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        table = schema.document.c
        names = (table.key, table.at, table.word, table.how, table.warc, table.record_id)
        post = schema.post.c
        key = sa.and_(table.key == post.platform + sa.literal(":") + post.post_id, table.kind == "post")
        query = sa.select(*names).join_from(schema.document, schema.post, key)
        query = query.where(policies.shown(post.platform, post.post_id, post.handle))
        query = query.order_by(table.key, table.at, table.record_id)
        for batch in self._rows.stream(query, _BATCH):
            for row in batch:
                platform, _, post_id = row.key.partition(":")
                said = {"availability": row.word, "availability_how": row.how}
                place = {"warc": row.warc, "record_id": row.record_id}
                yield {"platform": platform, "post_id": post_id, "at": row.at, **said, **place}

    def policy(self, post: PostRef) -> Row | None:
        """See ``ports.Catalog``."""
        if not self._rows.ask(self._any_policy, {}):
            return None
        bodies = (self._rows.body(schema.policy, key=key) for key in policies.keys_of(self._rows, post))
        return _loaded(next(filter(None, bodies), None))

    def policies(self) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        query = sa.select(schema.policy.c.body).order_by(schema.policy.c.at.desc(), schema.policy.c.key)
        for batch in self._rows.stream(query, _BATCH):
            yield from (json.loads(row.body) for row in batch)

    @property
    def places(self) -> Places:
        """Where the records lie that belong together."""
        return Places(self._rows)

    @property
    def archive_id(self) -> str | None:
        """See ``ports.Catalog``."""
        return self._rows.archive("id")

    def _capture_times(self, record_ids: Iterable[str | None]) -> dict[str | None, str]:
        """Record id → when its capture began."""
        wanted, capture, found = sorted({one for one in record_ids if one}), schema.capture.c, {}
        for start in range(0, len(wanted), _BATCH):
            query = sa.select(capture.record_id, capture.started_at)
            rows = self._rows.rows(query.where(capture.record_id.in_(wanted[start : start + _BATCH])))
            found.update({row.record_id: row.started_at for row in rows})
        return found


def _in_order(
    query: sa.Select[Any], due: sa.ColumnElement[str], due_by: datetime | None, order: Sequence[Any]
) -> sa.Select[Any]:
    """``query`` in this order; with ``due_by`` only what is due by then, what has waited longest first."""
    return query.order_by(*order) if due_by is None else query.where(due <= warc_date(due_by)).order_by(due, *order)


def _instant(written: str | None) -> str | None:
    """A catalog's instant as public records have it."""
    return str(Moment(at=datetime.fromisoformat(written), precision="millisecond")) if written else None


def _since(body: str | None) -> Row:
    """What a post's or link's document has learnt since the article's was written; most have nothing of it, and need
    not be read for that."""
    known = json.loads(body) if body and ('"changes":[{' in body or '"submitted":{' in body) else {}
    return {"changes": known.get("changes") or [], "submitted": known.get("submitted")}


def _document(row: Any) -> dict[str, Any]:
    """A document's body, with where the document itself lies."""
    return {**json.loads(row.body), "warc": row.warc, "record_id": row.record_id}


def _about(key: str) -> sa.ColumnElement[bool]:
    """Whether a sighting is of the post or link ``key``."""
    seen, linked = schema.sighting.c, schema.sighting_link.c
    if "://" in key:
        holding = sa.select(linked.article, linked.position).where(linked.url == key)
        return sa.tuple_(seen.article, seen.position).in_(holding)
    platform, _, post_id = key.partition(":")
    return sa.and_(seen.platform == platform, seen.post_id == post_id)


def _wanted(where: Mapping[str, str]) -> Iterator[sa.ColumnElement[bool]]:
    seen = schema.sighting.c
    for name, value in where.items():
        match name:
            case "handle":
                yield sa.func.lower(seen.handle) == clean(value).removeprefix("@").lower()
            case "availability":
                yield seen.availability == value
            case "status":
                yield seen.status == value
            case "article":
                yield _named(seen.article, value)
            case _:
                raise UsageError(f"sightings can't be chosen by {name}: handle, availability, status or article")


def _named(key: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether the article of this ``key`` is what ``text``, its key or name or a part of one, names."""
    part = clean(text)
    return sa.or_(key.contains(part, autoescape=True), schema.article.c.name.contains(part, autoescape=True))


def _loaded(body: str | None) -> dict[str, object] | None:
    return None if body is None else json.loads(body)
