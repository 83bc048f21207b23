"""What the archive knows, as ``ports.Catalog`` promises it: the reading half."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from archiver.errors import UsageError
from archiver.model import PostRef
from archiver.store import schema
from archiver.store.catalog import Catalog
from archiver.store.documents import clean

Row = Mapping[str, Any]
_BATCH = 200
_ARTICLE = ("key", "name", "url", "title", "saved_at", "finds", "waiting")


class Answers:
    """Every answer is what was committed when it was asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._rows = catalog

    def article(self, key: str) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.article, key=clean(key)))

    def post(self, ref: PostRef) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.post, platform=clean(ref.platform), post_id=clean(ref.post_id)))

    def link(self, short: str) -> Mapping[str, object] | None:
        """See ``ports.Catalog``."""
        return _loaded(self._rows.body(schema.link, short=clean(short)))

    def articles(self, *, limit: int | None = None) -> Iterable[Row]:
        """See ``ports.Catalog``."""
        table = schema.article
        query = sa.select(*(table.c[name] for name in _ARTICLE)).order_by(table.c.at.desc(), table.c.key).limit(limit)
        for batch in self._rows.stream(query, _BATCH):
            yield from (dict(row._mapping) for row in batch)

    def sightings(self, key: str | None = None, *, limit: int | None = None, **where: str) -> Iterator[Row]:
        """See ``ports.Catalog``."""
        seen, article = schema.sighting, schema.article
        query = sa.select(seen.c.article, seen.c.record).join_from(seen, article)
        query = query.where(*_wanted(where), *([] if key is None else [_about(clean(key))]))
        query = query.order_by(article.c.at.desc(), seen.c.article, seen.c.position).limit(limit)
        for batch in self._rows.stream(query, _BATCH):
            yield from ({**json.loads(row.record), "article": row.article} for row in batch)


def _about(key: str) -> sa.ColumnElement[bool]:
    """Whether a sighting is of the post or link ``key``."""
    seen, linked = schema.sighting.c, schema.sighting_link.c
    if "://" in key:
        holding = sa.select(linked.article, linked.position).where(linked.url == key)
        return sa.tuple_(seen.article, seen.position).in_(holding)
    platform, _, post_id = key.partition(":")
    return sa.and_(seen.platform == platform, seen.post_id == post_id)


def _wanted(where: Mapping[str, str]) -> Iterator[sa.ColumnElement[bool]]:
    seen, article = schema.sighting.c, schema.article.c
    for name, value in where.items():
        match name:
            case "handle":
                yield sa.func.lower(seen.handle) == clean(value).removeprefix("@").lower()
            case "availability":
                yield seen.availability == value
            case "status":
                yield seen.status == value
            case "article":
                text = clean(value)
                yield sa.or_(seen.article.contains(text, autoescape=True), article.name.contains(text, autoescape=True))
            case _:
                raise UsageError(f"sightings can't be chosen by {name}: handle, availability, status or article")


def _loaded(body: str | None) -> dict[str, object] | None:
    return None if body is None else json.loads(body)
