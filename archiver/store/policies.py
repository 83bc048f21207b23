"""What was decided about a post or a handle when somebody asked for it: kept, restricted, purged.

A decision is a document like any other (kind ``policy``, key ``x:ID`` or ``@handle``), so it is in the WARCs and comes
back with a catalog made anew. What is said about a post itself goes before what is said about its handle.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import Decision, Document, PostRef
from archiver.store import schema
from archiver.store.catalog import Catalog
from archiver.store.documents import clean

_HIDING = ("restrict", "purge")
_RULE = schema.policy.c


def document(key: str, decision: Decision, reason: str, at: datetime, **more: Any) -> Document:
    """The document of a decision. ``more``: further JSON values of its body."""
    body = {"key": key, "policy": decision, "reason": reason, "at": at.isoformat(), **more}
    return Document(kind="policy", key=key, at=at, body=body)


def handle_key(handle: str) -> str:
    """``@handle`` in lower case: handles differ in nothing else."""
    return f"@{clean(handle).removeprefix('@').lower()}"


def keys_of(catalog: Catalog, post: PostRef) -> Iterator[str]:
    """The keys under which something may be decided about ``post``, the first that is found to be believed."""
    yield clean(post.key)
    if post.handle:
        yield handle_key(post.handle)
    table = schema.post.c
    query = sa.select(table.handle).where(table.platform == clean(post.platform), table.post_id == clean(post.post_id))
    for row in catalog.rows(query):
        if row.handle:
            yield handle_key(row.handle)


def shown(platform: sa.Column[Any], post_id: sa.Column[Any], handle: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether the post in these columns may be shown: nobody restricted or purged it."""
    of_post = _word(platform + sa.literal(":") + post_id)
    of_handle = _word(sa.literal("@") + sa.func.lower(handle))
    return sa.func.coalesce(of_post, of_handle, sa.literal("keep")).not_in(_HIDING)


def _word(key: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    return sa.select(_RULE.word).where(_RULE.key == key).scalar_subquery()
