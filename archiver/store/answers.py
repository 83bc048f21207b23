"""What the archive knows, as ``ports.Catalog`` promises it: the reading half."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_POST = (
    *("platform", "post_id", "url", "availability", "settled"),
    *("handle", "author", "posted_at", "posted_at_precision", "text", "lang", "at"),
)


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

    def posts(self, *, limit: int | None = None, **where: str) -> Iterator[Row]:
        """Rows of posts, newest first: platform, post_id, key, url, availability, settled, handle, author, posted_at,
        posted_at_precision, text, lang, at (of the newest document), and ``sightings``: the public records of its finds
        in articles. ``where``: ``handle`` (any case, with or without @), ``availability``, and of some sighting,
        ``status`` and ``article`` (its key, or part of it). Raises ``UsageError`` for another word."""
        table = schema.post
        query = sa.select(*(table.c[name] for name in _POST)).order_by(table.c.at.desc(), table.c.post_id)
        query = query.where(*_wanted(where)).limit(limit)
        for batch in self._rows.stream(query, _BATCH):
            seen = self._sightings_of([(row.platform, row.post_id) for row in batch])
            for row in batch:
                key = (row.platform, row.post_id)
                yield {**row._mapping, "key": ":".join(key), "sightings": seen.get(key, [])}

    def sightings(self, key: str) -> Sequence[Row]:
        """The public records of every find, in any article, of a post (``x:ID``) or of a link (its URL), each with the
        key of its ``article``; in the order of articles and positions."""
        table, linked = schema.sighting, schema.sighting_link
        platform, _, post_id = clean(key).partition(":")
        by_link = sa.select(1).where(
            linked.c.article == table.c.article, linked.c.position == table.c.position, linked.c.url == clean(key)
        )
        by_post = sa.and_(table.c.platform == platform, table.c.post_id == post_id)
        query = sa.select(table.c.article, table.c.record).where(sa.or_(by_post, by_link.exists()))
        return [_record(row) for row in self._rows.rows(query.order_by(table.c.article, table.c.position))]

    def _sightings_of(self, posts: list[tuple[str, str]]) -> dict[tuple[str, str], list[Row]]:
        table = schema.sighting
        columns = (table.c.platform, table.c.post_id, table.c.article, table.c.record)
        wanted = sa.tuple_(table.c.platform, table.c.post_id).in_(posts)
        order = (table.c.platform, table.c.post_id, table.c.article, table.c.position)
        rows = self._rows.rows(sa.select(*columns).where(wanted).order_by(*order))
        found = itertools.groupby(rows, key=lambda row: (row.platform, row.post_id))
        return {key: [_record(row) for row in group] for key, group in found}


def _wanted(where: Mapping[str, str]) -> Iterator[sa.ColumnElement[bool]]:
    post, seen = schema.post.c, schema.sighting.c
    for name, value in where.items():
        match name:
            case "handle":
                yield sa.func.lower(post.handle) == clean(value).removeprefix("@").lower()
            case "availability":
                yield post.availability == value
            case "status":
                yield _seen(seen.status == value)
            case "article":
                yield _seen(seen.article.contains(clean(value), autoescape=True))
            case _:
                raise UsageError(f"posts can't be chosen by {name}: handle, availability, status or article")


def _seen(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    post, seen = schema.post.c, schema.sighting.c
    same = sa.and_(seen.platform == post.platform, seen.post_id == post.post_id)
    return sa.select(1).where(same, condition).exists()


def _record(row: Any) -> Row:
    return {**json.loads(row.record), "article": row.article}


def _loaded(body: str | None) -> dict[str, object] | None:
    return None if body is None else json.loads(body)
