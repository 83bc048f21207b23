"""When each article, post and link is looked at next, in SQL: when its document says so, or when its rest ends."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa

from archiver.store import schema

Kind = Literal["article", "post", "link"]
KEYS: dict[Kind, tuple[sa.Table, tuple[sa.Column[Any], ...]]] = {
    "article": (schema.article, (schema.article.c.key,)),
    "post": (schema.post, (schema.post.c.platform, schema.post.c.post_id)),
    "link": (schema.link, (schema.link.c.short,)),
}


def resting(kind: Kind) -> sa.ColumnElement[bool]:
    """Joins ``postponed`` to the table of ``kind``: a rest holds for the document of its instant alone."""
    rests, (table, keys) = schema.postponed.c, KEYS[kind]
    named = keys[0] if len(keys) == 1 else keys[0] + ":" + keys[1]
    return sa.and_(rests.kind == kind, rests.key == named, rests.at == table.c.at)


def next_look(kind: Kind) -> sa.ColumnElement[str]:
    """The instant as text, null for never; for a query over the table of ``kind``."""
    table, rests = KEYS[kind][0], schema.postponed
    until = sa.select(rests.c.until).where(resting(kind)).correlate(table).scalar_subquery()
    return sa.func.coalesce(until, table.c.due_at)
