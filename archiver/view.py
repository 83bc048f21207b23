"""Read-only answers about what the archive holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from archiver.archived import found_json, is_had_elsewhere
from archiver.compare import Case, disagreements, standings
from archiver.errors import NoInput
from archiver.missing import missing
from archiver.model import PostRef
from archiver.platforms import match, short_link
from archiver.ports import Catalog

Row = Mapping[str, Any]


def listing(
    catalog: Catalog, *, limit: int | None = None, due_by: datetime | None = None, **where: str
) -> Iterable[Row]:
    """One row a sighting, newest article first: the public records as they were when they were last looked at.

    ``due_by``: only what is looked at again by then, what has waited longest first. ``where`` narrows to equal values
    of ``handle``, ``status`` or ``availability``, or to an ``article`` whose key or name contains the text.
    """
    return catalog.sightings(limit=limit, due_by=due_by, **where)


def articles(
    catalog: Catalog, *, limit: int | None = None, due_by: datetime | None = None, named: str | None = None
) -> Iterable[Row]:
    """One row an article, newest first: the row of ``Catalog.articles`` and ``fetched_at`` (when its page was had in
    full), ``unchanged_at`` (when its server last said that it is so still, ``None``: never since) and ``changes``
    (``at``, ``what``, ``from``, ``to``, ``added``, ``removed``); ``due_by`` as in ``listing``. ``named``: only those
    whose key or name contains it."""
    for row in catalog.articles(limit=limit, due_by=due_by, named=named):
        yield {**row, **_history(catalog.article(row["key"]) or {})}


def named(catalog: Catalog, keys: Iterable[str]) -> Mapping[str, Row]:
    """The rows of ``Catalog.articles`` of these articles, by their keys."""
    return {key: row for key in keys for row in catalog.articles(key)}


def _article(catalog: Catalog, row: Row) -> Row:
    """The public record of an article itself."""
    known = catalog.article(row["key"]) or {}
    rest = {name: value for name, value in row.items() if name != "key"}
    also = ("canonical_url", "lang", "source", "same_as")
    head = {"kind": "article", "form": known.get("kind"), "article": row["key"]}
    said = {**head, **rest, **{name: known.get(name) for name in also}, **_history(known)}
    return {**said, "truncated": bool(known.get("truncated"))}


def _history(known: Row) -> Row:
    unchanged = (known.get("not_modified") or {}).get("at")
    return {"fetched_at": known.get("fetched_at"), "unchanged_at": unchanged, "changes": known.get("changes") or []}


def show(catalog: Catalog, what: str) -> tuple[Sequence[Row], Sequence[Row]]:
    """(the public record of each article that ``what`` names, newest first; those of its finds, or of the post or link
    that it names). ``what``: a post id, a post's URL, a short link, or a part of an article's key or name.

    Raises ``NoInput`` when the archive holds nothing of that name.
    """
    if not what.strip():
        raise NoInput("nothing is named", hint="`archiver list` shows what is there")
    post = match(what)
    keys = [f"x:{what}"] if what.isascii() and what.isdigit() else []
    keys += [post.key] if post else []
    keys += [short] if (short := short_link(what)) else []
    for key in keys:
        if found := tuple(catalog.sightings(key)):
            return (), found
    if pages := tuple(_article(catalog, row) for row in catalog.articles(named=what)):
        return pages, tuple(catalog.sightings(article=what))
    wanted = post or (PostRef(platform="x", post_id=what) if keys else None)
    decision = catalog.policy(wanted) if wanted else None
    if decision and decision["policy"] in ("restrict", "purge"):
        word = {"restrict": "restricted", "purge": "removed"}[decision["policy"]]
        hint = {
            "restrict": "`archiver policy list` shows every decision, `archiver policy keep` shows it again",
            "purge": "`archiver policy list` shows every decision",
        }[decision["policy"]]
        raise NoInput(f"{what}: {word} on {decision['at'][:10]}: {decision['reason']}", hint=hint)
    if wanted and (kept := catalog.post(wanted)):
        return (), (_beside(kept),)
    raise NoInput(f"{what}: not in the archive", hint="`archiver list` shows what is there")


def policy_key(what: str) -> str:
    """The key under which something is decided about ``what``: ``x:ID`` for a post's id or URL, ``@name`` for a handle.

    Raises ``NoInput`` for anything else."""
    word = what.strip()
    if word.startswith("@") and word[1:].replace("_", "a").isalnum() and word.isascii():
        return word.lower()
    if word.isascii() and word.removeprefix("x:").isdigit():
        return f"x:{word.removeprefix('x:')}"
    if post := match(word):
        return post.key
    raise NoInput(f"{what}: neither a post nor a handle", hint="give a post's id or URL, or @handle")


def _beside(kept: Row) -> Row:
    """The public record of a post that no article shows: it was kept because another post quotes or answers it."""
    facts = kept.get("facts") or {}

    def first(field: str, part: str = "value") -> object:
        return next((fact.get(part) for fact in facts.get(field) or ()), None)

    recovered = found_json(kept)
    settled = "archived" if kept.get("availability") == "public" or is_had_elsewhere(kept) else "unavailable"
    how = f"{kept.get('availability')} ({kept.get('availability_how')})"
    status = settled if kept.get("settled") else "pending"
    return {
        "article": None,
        "article_name": None,
        "article_source": None,
        "position": None,
        "kind": "related",
        "form": "related",
        **{key: kept.get(key) for key in ("platform", "post_id", "url", "availability", "try_again_at", "due_at")},
        **{field: first(field) for field in ("author", "handle", "text", "lang", "posted_at")},
        "posted_at_precision": first("posted_at", "precision"),
        "text_before": None,
        "short_links": [],
        "problem": None,
        "status": status,
        "error": None if status == "archived" else kept.get("error") or how,
        "identified": None,
        "recovered": recovered,
        "submitted": kept.get("submitted"),
        "facts": facts,
        **{key: [] for key in ("links", "claims", "related")},
        "disagreements": [
            *standings(kept.get("evidence") or ()),
            *disagreements(Case(answered=facts, claimed={}, post_id=kept.get("post_id"))),
        ],
        **{key: list(kept.get(key) or ()) for key in ("changes", "evidence", "captures", "failures")},
        "missing": missing(kept),
    }
