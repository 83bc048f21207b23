"""What is left of posts that are to be removed, and where: said in plain words before anybody says yes.

::

    every text that is held ──► names a post's id, or has its words? ──► an answer about another post, an article's
    page, a link that leads to it, …    reports of nights    records of other posts

Only what is no picture or film is looked through, as it reads without its codings. Copies elsewhere nobody can know of.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.errors import Damaged
from archiver.model import Request
from archiver.store import places, recovery, replay, reports, schema
from archiver.store.catalog import Catalog

QUOTATIONS, PAGES = "answer", "page"
"""What may be taken away with a purge, where it is asked for: see ``traces``."""

Post = tuple[str, str]
Trace = Mapping[str, Any]
_BATCH = 200
_MOST_BYTES = 20_000_000
_LEAST_WORDS = 25
_LONG_ID = 10
_NOT_TEXT = ("image/", "video/", "audio/", "font/")
_ANSWERS = ("post", "oembed", "api", "fxtwitter", "memento")
_LINK = re.compile(r"https?://\S+")


def traces(folder: Path, catalog: Catalog, posts: set[Post], leaving: Set[str]) -> list[dict[str, Any]]:
    """What is left of ``posts`` once the records ``leaving`` are gone. Of each thing ``what`` it is, ``of`` which one,
    and its ``records``:

    ``answer``: about another post (a quotation, a thread). ``page``: of an article or file. ``link``: a hop that leads
    to it. ``record``: what we wrote of another post. ``report``: a file of a night. ``leftover``: of an accident, not
    looked through. ``unread``: a capture that could not be read. ``other``: the slot of anything else.
    """
    found: dict[tuple[str, str], list[str]] = {}
    needles = _needles(catalog, posts)
    revisits: dict[str, list[tuple[tuple[str, str], str]]] = {}
    matched: set[str] = set()
    for row in _texts(catalog):
        if row["record_id"] in leaving:
            continue
        thing = _thing(row)
        if row["refers_to"] and row["http_status"] != 304:
            revisits.setdefault(row["refers_to"], []).append((thing, row["record_id"]))
            continue
        try:
            text = _text(folder, row)
        except Damaged:
            thing, text = ("unread", row["warc"]), None
        if text is None or needles.search(text):
            found.setdefault(thing, []).append(row["record_id"])
            matched.add(row["record_id"])
    for original in matched & revisits.keys():
        for thing, record_id in revisits[original]:
            found.setdefault(thing, []).append(record_id)
    for post_key, record_id in _records(catalog, posts, leaving, needles):
        found.setdefault(("record", post_key), []).append(record_id)
    rows = [{"what": what, "of": of, "records": sorted(ids)} for (what, of), ids in sorted(found.items())]
    rows += [{"what": "report", "of": name, "records": []} for name in _reports(folder, needles)]
    return rows + [{"what": "leftover", "of": name, "records": []} for name in leftovers(folder)]


def without(found: Iterable[Trace], gone: Set[str]) -> list[dict[str, Any]]:
    """What is left when these records are gone."""
    left = [{**one, "records": [each for each in one["records"] if each not in gone]} for one in found]
    return [one for one in left if one["records"] or one["what"] in ("report", "leftover")]


def wanted(found: Iterable[Trace], also: Iterable[str]) -> list[str]:
    """The record ids of those that are to go, too: ``QUOTATIONS``, ``PAGES`` or both."""
    kinds = set(also)
    return [record_id for one in found if one["what"] in kinds for record_id in one["records"]]


def leftovers(folder: Path) -> list[str]:
    """What accidents left in the archive folder, which may hold anything: torn tails, catalogs that were set aside."""
    torn = sorted(path.name for path in (folder / recovery.QUARANTINE).glob("*"))
    aside = sorted(path.name for path in folder.glob("catalog.sqlite.*"))
    return [*(f"{recovery.QUARANTINE}/{name}" for name in torn), *aside]


def _needles(catalog: Catalog, posts: set[Post]) -> re.Pattern[bytes]:
    """What to look for: the posts' ids, and the longest piece of each one's words, however it may be escaped."""
    found = [_id_needle(post_id) for _, post_id in sorted(posts)]
    for platform, post_id in sorted(posts):
        body = json.loads(catalog.body(schema.post, platform=platform, post_id=post_id) or "{}")
        for fact in (body.get("facts") or {}).get("text") or ():
            pieces = [piece.strip() for line in str(fact.get("value")).splitlines() for piece in _LINK.split(line)]
            words = max(pieces, key=len, default="")
            if len(words) >= _LEAST_WORDS:
                forms = {words, html.escape(words), html.escape(words, quote=False), json.dumps(words)[1:-1]}
                found += [re.escape(one.encode(errors="replace")) for one in sorted(forms)]
    return re.compile(b"|".join(found) or b"(?!)")


def _id_needle(post_id: str) -> bytes:
    literal = re.escape(post_id.encode(errors="replace"))
    if len(post_id) >= _LONG_ID:
        return rb"(?<![0-9])" + literal + rb"(?![0-9])"
    named = rb"(?:status(?:es)?(?:/|%2[Ff])|[?&]id=|_str\"\s*:\s*\"|\"post_id\"\s*:\s*\")"
    return named + literal + rb"(?![0-9])"  # a short number stands for anything


def _texts(catalog: Catalog) -> Iterator[Mapping[str, Any]]:
    """Every capture that may hold words, in the order in which they lie."""
    table = schema.capture.c
    kind = sa.func.coalesce(table.media_type, "")
    query = sa.select(schema.capture).where(*(~kind.startswith(one) for one in _NOT_TEXT), table.error.is_(None))
    for batch in catalog.stream(query.order_by(table.warc, table.offset_bytes), _BATCH):
        yield from (row._mapping for row in batch)


def _text(folder: Path, row: Mapping[str, Any]) -> bytes | None:
    """What a capture says; ``None`` when its coding can't be undone."""
    if row["http_status"] is None:
        return places.block(folder, row, _MOST_BYTES)
    request = Request(url=row["url"], why=row["why"], slot=row["slot"])
    read = replay.exchange(folder, row, None, request, _MOST_BYTES)
    heads = "\n".join(value for _, value in read.headers).encode(errors="replace")  # Location
    return None if read.body is None else read.body + b"\n" + heads


def _thing(row: Mapping[str, Any]) -> tuple[str, str]:
    slot = str(row["slot"])
    if row["why"] in _ANSWERS:
        return QUOTATIONS, slot.partition("#")[0]
    if row["why"] == "article":
        return PAGES, str(row["url"])
    if row["why"] == "file":
        return PAGES, slot
    if row["why"] == "hop":
        return "link", str(row["url"])
    return "other", slot


def _records(
    catalog: Catalog, posts: set[Post], leaving: Set[str], needles: re.Pattern[bytes]
) -> Iterator[tuple[str, str]]:
    """(key, record id) of other posts' documents that repeat one of the posts."""
    table = schema.post.c
    for batch in catalog.stream(sa.select(table.platform, table.post_id, table.record_id, table.body), _BATCH):
        for row in batch:
            is_other = (row.platform, row.post_id) not in posts and row.record_id not in leaving
            if is_other and needles.search(row.body.encode(errors="replace")):
                yield f"{row.platform}:{row.post_id}", row.record_id


def _reports(folder: Path, needles: re.Pattern[bytes]) -> Sequence[str]:
    return [
        f"{reports.FOLDER}/{path.name}"
        for path in sorted((folder / reports.FOLDER).glob("*.json"))
        if path.is_file() and needles.search(path.read_bytes())
    ]
