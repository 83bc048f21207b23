"""Everything that belongs to some articles: their posts, the posts that those quote, their links, every record cited.

::

    article keys ──► newest bodies ──► posts (and what they quote) ──► links ──► slots and cited record ids
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from archiver.model import PostRef
from archiver.ports import Catalog

Json = Mapping[str, Any]
_RELATED = ("quoted", "in_reply_to")
_MOST_RELATED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Bodies of the newest documents by key, in the order of keys. ``slots``: in which their captures were made (later
    looks have a suffix). ``cited``: record ids that the documents name as their sources."""

    articles: Mapping[str, Json]
    posts: Mapping[str, Json]
    links: Mapping[str, Json]
    slots: frozenset[str]
    cited: frozenset[str]


def closure(catalog: Catalog, articles: Iterable[str], withheld: Set[tuple[str, str]] = frozenset()) -> Closure:
    """What belongs to the articles of these keys. A key that the archive does not know is left out, and so is all that
    is said of posts (platform, id) that are ``withheld``."""
    asked = {key: catalog.article(key) for key in sorted(set(articles))}
    found = {key: _shown(body, withheld) for key, body in asked.items() if body is not None}
    outcomes = [one for body in found.values() for one in _list(body.get("outcomes"))]
    posts = _posts(catalog, [ref for one in outcomes if (ref := _ref(one))], withheld)
    shorts = {str(url) for one in outcomes for url in _list_of_text(one.get("short_links"))}
    shorts |= {str(link.get("short")) for one in outcomes for link in _list(one.get("links"))}
    looked_up = {short: catalog.link(short) for short in sorted(shorts)}
    links = {short: body for short, body in looked_up.items() if body is not None}
    bodies = (*found.values(), *posts.values(), *links.values())
    return Closure(
        articles=found,
        posts=posts,
        links=links,
        slots=frozenset(_slots(found, posts, links)),
        cited=frozenset(one for body in bodies for one in cited(body)),
    )


def cited(value: object) -> Iterator[str]:
    """Every ``record_id`` within a JSON value, at whatever depth."""
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, Mapping):
            if isinstance(record_id := here.get("record_id"), str):
                yield record_id
            pending += here.values()
        elif isinstance(here, list | tuple):
            pending += here


def _shown(body: Json, withheld: Set[tuple[str, str]]) -> Json:
    if not withheld:
        return body

    def left(rows: object) -> list[Json]:
        return [one for one in _list(rows) if (one.get("platform"), one.get("post_id")) not in withheld]

    outcomes = [{**one, "related": left(one.get("related"))} for one in left(body.get("outcomes"))]
    return {**body, "outcomes": outcomes}


def _posts(catalog: Catalog, wanted: list[PostRef], withheld: Set[tuple[str, str]]) -> dict[str, Json]:
    """Bodies by key; with them those of the posts that they quote or answer, as far as the archive has them."""
    found: dict[str, Json] = {}
    seen: set[str] = set()
    while wanted and len(seen) < _MOST_RELATED + len(wanted):
        ref = wanted.pop()
        if ref.key in seen or (ref.platform, ref.post_id) in withheld:
            continue
        seen.add(ref.key)
        body = catalog.post(ref)
        if body is None:
            continue
        found[ref.key] = body
        facts = body.get("facts") or {}
        related = [fact.get("value") for name in _RELATED for fact in _list(facts.get(name))]
        wanted += [other for value in related if isinstance(value, Mapping) and (other := _ref(value))]
    return dict(sorted(found.items()))


def _slots(articles: Mapping[str, Json], posts: Iterable[str], links: Mapping[str, Json]) -> Iterator[str]:
    for key, body in articles.items():
        yield key
        yield f"article:{key}"
        if isinstance(slot := body.get("slot"), str):
            yield slot
    yield from posts
    for short, body in links.items():
        yield f"hop:{short}"
        yield from (f"hop:{hop.get('url')}" for hop in _list(body.get("hops")))


def _ref(value: Json) -> PostRef | None:
    platform, post_id = value.get("platform"), value.get("post_id")
    if not isinstance(platform, str) or not isinstance(post_id, str):
        return None
    return PostRef(platform=platform, post_id=post_id)


def _list(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def _list_of_text(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []
