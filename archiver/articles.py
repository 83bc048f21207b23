"""What is written down about an article: its documents, from the day it is announced. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from archiver.as_json import ref_json, time_json
from archiver.model import Article, Document, Exchange

Json = dict[str, Any]


def article_document(
    article: Article,
    outcomes: Iterable[Mapping[str, object]],
    *,
    at: datetime,
    error: str | None = None,
    slot: str | None = None,
) -> Document:
    """The document that keeps what an article contains and what came of it. ``slot``: in which its page was fetched,
    ``None`` for a file."""
    body: Json = {
        "key": article.key,
        "name": article.name,
        "kind": article.kind,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "lang": article.lang,
        "charset": article.charset,
        "charset_by": article.charset_by,
        "truncated": article.truncated,
        "source": ref_json(article.source) if article.source else None,
        "fetched_at": time_json(article.fetched_at),
        "slot": slot,
        "saved_at": time_json(at),
        "error": error,
        "outcomes": list(outcomes),
    }
    return Document(kind="article", key=article.key, at=at, body=body, refers_to=article.source)


def standing(unchanged: Exchange | None, known: Mapping[str, Any] | None, slot: str | None) -> Json:
    """What an article's document says of the page's own word that it is as it was: ``not_modified``, the newest 304
    about the page that lies in ``slot``, and ``validators_lie``, whether that word was once found false."""
    before = known or {}
    told = before.get("not_modified") if slot and slot == before.get("slot") else None
    if unchanged:
        told = {"at": time_json(unchanged.started_at), **ref_json(unchanged.warc)}
    return {"not_modified": told, "validators_lie": bool(before.get("validators_lie"))}


def announcement(article: Article, told: Mapping[str, Any], *, at: datetime, aliases: Sequence[str]) -> Document:
    """The document of an article that nobody has looked at yet, due at ``at``. ``told``: by which source, when, in
    which record, and what the source's own entry says."""
    document = article_document(article, (), at=at)
    seen_in = ref_json(told["seen_in"]) if told["seen_in"] else None
    said = {**told, "at": time_json(told["at"]), "published": time_json(told["published"]), "seen_in": seen_in}
    body = {**document.body, "announced": said, "aliases": list(aliases), "due_at": at.isoformat(), "tries": 0}
    return replace(document, body=body, refers_to=told["seen_in"])
