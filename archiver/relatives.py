"""The posts that a post quotes and answers: which they are, which are the author's own thread, how they stand. Pure.

Bodies are those of post documents (``record.post_document``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from archiver.model import PostRef

Body = Mapping[str, Any]
Relation = Literal["quoted", "in_reply_to", "thread"]
_GIVEN_UP = 3
"""Looks after which a post that belongs to another, and says nothing of itself, no longer keeps that one waiting."""


@dataclass(frozen=True, slots=True)
class Relative:
    """``of``: the id of the post that names it. ``body``: its document's."""

    relation: Relation
    of: str
    post: PostRef
    body: Body


def named_by(body: Body) -> Iterator[tuple[Relation, PostRef]]:
    """The posts that a post quotes and answers, as the preferred answer names them; ``thread`` for an answer of an
    author to themselves."""
    facts = body.get("facts") or {}
    for field in ("quoted", "in_reply_to"):
        named = next((fact["value"] for fact in facts.get(field) or ()), None)
        if named and named["post_id"] != body["post_id"]:
            post = PostRef(platform=named["platform"], post_id=named["post_id"], handle=named["handle"])
            own = field == "in_reply_to" and _author(body) and _author(body) == (post.handle or "").lower()
            yield ("thread" if own else "quoted" if field == "quoted" else "in_reply_to"), post


def names_of(post: PostRef, *bodies: Body) -> tuple[str, ...]:
    """Every handle that its author has in ``bodies``: of its own document, of one that names it, of a link to it."""
    found: list[str | None] = []
    for body in bodies:
        facts = body.get("facts") or {}
        own = body.get("post_id") == post.post_id
        found += [str(fact["value"]) for fact in facts.get("handle") or ()] if own else []
        found += (body.get("recovered") or {}).get("handles") or () if own else ()
        others = [fact["value"] for field in ("quoted", "in_reply_to") for fact in facts.get(field) or ()]
        found += [one["handle"] for one in (*others, body.get("post") or {}) if one.get("post_id") == post.post_id]
    return tuple(dict.fromkeys(name for name in found if name))


def told_by(parent: Body, post: PostRef) -> Mapping[str, Body | None]:
    """The records of the answers about ``parent`` that name ``post``, the preferred one first, each with the web
    archive's capture that it is, ``None`` for a service's own word."""
    facts = parent.get("facts") or {}
    named = [fact for field in ("quoted", "in_reply_to") for fact in facts.get(field) or ()]
    own = [fact for fact in named if fact["value"]["post_id"] == post.post_id and "shown_in" not in fact]
    return {str(fact["record_id"]): fact.get("memento") for fact in own}


def wants_words(body: Body) -> bool:
    """Whether nobody who was asked for the post itself has shown its words, in any look. Archives are not asked for
    the post itself."""
    texts = (body.get("facts") or {}).get("text") or ()
    return not any("memento" not in fact and "shown_in" not in fact for fact in texts)


def is_told(body: Body) -> bool:
    """Whether it says what answers about other posts show."""
    return any("shown_in" in fact for known in (body.get("facts") or {}).values() for fact in known)


def has_all_of(body: Body, record_id: str) -> bool:
    """Whether all that one answer about another post shows is known, pictures and films included."""
    facts = body.get("facts") or {}
    told = {
        field: fact
        for field, known in facts.items()
        for fact in known
        if "shown_in" in fact and fact["record_id"] == record_id
    }
    media = told["media"]["value"] if "media" in told else ()
    return bool(told) and all(one["file"] for one in media)


def _author(body: Body) -> str:
    return str(_first(body, "handle") or "").lower()


def _first(body: Body, field: str) -> Any:
    return next((fact["value"] for fact in (body.get("facts") or {}).get(field) or ()), None)


def as_json(relative: Relative) -> dict[str, Any]:
    """One entry of the public record's ``related``."""
    body = relative.body
    shown = {field: _first(body, field) for field in ("author", "handle", "posted_at", "text")}
    return {
        "relation": relative.relation,
        "of": relative.of,
        "platform": relative.post.platform,
        "post_id": relative.post.post_id,
        "url": body.get("url"),
        "availability": body.get("availability"),
        **shown,
        "settled": bool(body.get("settled")),
    }


def waiting(relatives: Sequence[Relative]) -> tuple[tuple[str, ...], datetime | None]:
    """(a phrase for each that another try could complete, when the first of them is due)."""
    late = [one for one in relatives if not one.body.get("settled") and int(one.body.get("looks") or 0) < _GIVEN_UP]
    due = [datetime.fromisoformat(str(one.body["try_again_at"])) for one in late if one.body.get("try_again_at")]
    words = {"quoted": "the quoted post", "in_reply_to": "the post it answers", "thread": "a post of its thread"}
    said = tuple(f"{words[one.relation]} {one.post.post_id} waits ({one.body.get('availability')})" for one in late)
    return said, min(due, default=None)
