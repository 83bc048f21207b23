"""A part of the archive as one WACZ that needs nothing else.

::

    archive/NAME.warc.gz     what was taken out of our WARC of that name: its warcinfo and the groups, byte for byte
    archive/cards.warc.gz    a page for each post, derived
    indexes/index.cdx.gz     CDXJ of all of them, and indexes/index.idx
    pages/pages.jsonl        articles and posts, with title and full text
    records/*.jsonl          sightings (the public records), posts, links
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.errors import NoInput
from archiver.model import Request
from archiver.packages import cards, pages, seal, wacz
from archiver.packages.closure import Closure, closure
from archiver.packages.pages import Page
from archiver.packages.wacz import WaczWriter
from archiver.store import indexes, outgoing, places, replay
from archiver.store.archive import Archive
from archiver.store.derived import write_resources
from archiver.store.records import warc_date

Json = Mapping[str, Any]
CARDS = "cards.warc.gz"
_TEXT_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """``created``: the package's date. ``key``: gives the PEM of the private key that signs, ``None``: unsigned; asked
    once everything else is done."""

    created: datetime
    software: str
    title: str
    description: str
    key: Callable[[], bytes] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What a package holds. ``resolved``: records that only a revisit needed; ``missing``: records that are cited or
    referred to and not in this archive. ``key``: fingerprint of the one that signed, ``None`` without."""

    articles: int
    posts: int
    captures: int
    documents: int
    resolved: int
    missing: tuple[str, ...]
    bytes: int
    key: str | None


@dataclass(slots=True)
class _Spread:
    """Where everything lies in the package: record id → (file, offset), and what of it are captures."""

    at: dict[str, tuple[str, int]]
    captures: int = 0
    documents: int = 0


def pack(archive: Archive, keys: Iterable[str] | None, path: Path, terms: Terms, *, replace: bool = False) -> Packed:
    """Write the package of the articles of these keys (``None``: of everything) to ``path``.

    Raises ``NoInput`` when there is nothing to pack, ``Damaged`` when a record that belongs to it is, ``CannotCreate``,
    ``StoreError``.
    """
    known = [str(row["key"]) for row in archive.articles()] if keys is None else keys
    withheld = archive.withheld()
    wanted = closure(archive, known, withheld.posts)
    if not wanted.articles and keys is not None:
        raise NoInput("nothing of that is in the archive", hint="`archiver list --articles` shows what is there")
    offsets, resolved, missing = _offsets(archive, wanted, withheld.record_ids, everything=keys is None)
    if not offsets:
        raise NoInput("the archive is empty")
    with (
        tempfile.TemporaryDirectory(prefix=".pack-", dir=path.parent) as folder,
        outgoing.new_file(path, replace=replace) as out,
        WaczWriter(out, terms.created) as package,
    ):
        files, spread = _warcs(archive, offsets, Path(folder))
        held = _held_urls(archive, spread)
        files.append((CARDS, _cards(wanted, held, Path(folder) / CARDS, terms)))
        for name, file in files:
            with file.open("rb") as source:
                package.add(f"archive/{name}", wacz.pieces(source), os.fstat(source.fileno()).st_size)
        index = indexes.zipnum(files, "index.cdx.gz")
        _add(package, "indexes/index.cdx.gz", index.lines)
        _add(package, "indexes/index.idx", index.blocks)
        listed = list(_pages(archive, wanted))
        _add(package, "pages/pages.jsonl", pages.listing(listed))
        for name, rows in _records(archive, wanted, spread.at):
            _add(package, f"records/{name}.jsonl", rows)
        key = _finish(package, terms, listed[0] if len(wanted.articles) == 1 and listed else None)
    return Packed(
        articles=len(wanted.articles),
        posts=len(wanted.posts),
        captures=spread.captures,
        documents=spread.documents,
        resolved=resolved,
        missing=tuple(sorted(missing)),
        bytes=path.stat().st_size,
        key=key,
    )


def _offsets(
    archive: Archive, wanted: Closure, withheld: Set[str], *, everything: bool
) -> tuple[dict[str, set[int]], int, set[str]]:
    """(where the groups lie that belong to the package, by file; how many only revisits need; what is not there)."""
    found: dict[str, set[int]] = {}
    asked = archive.places
    rows = {row["record_id"]: row for row in _captures(archive, wanted, everything=everything)}
    rows = {record_id: row for record_id, row in rows.items() if record_id not in withheld}
    missing = set(wanted.cited) - rows.keys()
    pending, resolved = list(rows.values()), 0
    while pending:
        targets = {one for row in pending if (one := row["refers_to"]) and one not in rows}
        pending = list(asked.of_captures(targets))
        missing |= targets - {row["record_id"] for row in pending}
        resolved += len(pending)
        rows |= {row["record_id"]: row for row in pending}
    documents = [row for row in _documents(archive, wanted, everything=everything) if row["record_id"] not in withheld]
    for row in (*rows.values(), *documents):
        found.setdefault(row["warc"], set()).add(row["offset_bytes"])
    return found, resolved, missing - {row["record_id"] for row in documents}


def _captures(archive: Archive, wanted: Closure, *, everything: bool) -> Iterator[Json]:
    if everything:
        yield from archive.places.all_captures()
    else:
        yield from archive.places.in_slots(wanted.slots)
        yield from archive.places.of_captures(wanted.cited)


def _documents(archive: Archive, wanted: Closure, *, everything: bool) -> Iterator[Json]:
    asked = archive.places
    if everything:
        yield from asked.all_documents()
    else:
        yield from asked.of_documents("article", wanted.articles)
        yield from asked.of_documents("post", wanted.posts)
        yield from asked.of_documents("link", wanted.links)


def _warcs(archive: Archive, offsets: Mapping[str, set[int]], folder: Path) -> tuple[list[tuple[str, Path]], _Spread]:
    """(name and path of each WARC of the package, where everything lies in them)."""
    files, spread, committed = [], _Spread({}), archive.places.warcs()
    for name in sorted(offsets):
        path = folder / name
        with path.open("wb") as out:
            for taken in places.take_out(archive.folder, name, offsets[name], committed[name], out):
                spread.at[taken.found.ref.record_id] = (name, taken.offset_bytes)
                spread.captures += taken.found.captured is not None
                spread.documents += taken.found.document is not None
        files.append((name, path))
    return files, spread


def _held_urls(archive: Archive, spread: _Spread) -> frozenset[str]:
    """The addresses that the package can show."""
    rows = archive.places.of_captures(spread.at)
    return frozenset(row["target_uri"] for row in rows if row["http_status"] == 200)


def _cards(wanted: Closure, held: frozenset[str], path: Path, terms: Terms) -> Path:
    with path.open("wb") as out:
        made = ((cards.uri(key), _date(body), cards.card(key, body, held)) for key, body in wanted.posts.items())
        about = "Cards: pages made from the records of posts by `archiver pack`. Nothing in this file was captured."
        write_resources(out, CARDS, made, at=terms.created, software=terms.software, about=about)
    return path


def _pages(archive: Archive, wanted: Closure) -> Iterator[Page]:
    sources = {str((body.get("source") or {}).get("record_id")): body for body in wanted.articles.values()}
    for row in archive.places.of_captures(sources):
        body = sources[row["record_id"]]
        title = str(body.get("title") or body.get("name") or row["target_uri"])
        yield Page(url=row["target_uri"], date=row["started_at"], title=title, text=_text(archive, row))
    for key, body in wanted.posts.items():
        text = pages.first(body, "text")
        shown = str(text) if text else None
        yield Page(url=cards.uri(key), date=_date(body), title=pages.title_of_post(body), text=shown)


def _text(archive: Archive, row: Json) -> str | None:
    """The words of an article, as its capture shows them."""
    if row["why"] == "file":
        return pages.text_of(places.block(archive.folder, row, _TEXT_BYTES), row["media_type"])
    request = Request(url=row["url"], why="article", slot=row["slot"])
    original = next(iter(archive.places.of_captures([row["refers_to"]] if row["refers_to"] else [])), None)
    body = replay.exchange(archive.folder, row, original, request, _TEXT_BYTES).body
    return None if body is None else pages.text_of(body, row["media_type"])


def _records(archive: Archive, wanted: Closure, at: Mapping[str, tuple[str, int]]) -> Iterator[tuple[str, bytes]]:
    """Our records as JSON Lines: what `show --json` prints, and the documents of posts and links."""
    sightings = [{**one, "article": key} for key, body in wanted.articles.items() for one in body.get("outcomes") or ()]
    yield "sightings", _lines(_moved(one, at) for one in sightings)
    yield "posts", _lines(_moved(one, at) for one in wanted.posts.values())
    yield "links", _lines(_moved(one, at) for one in wanted.links.values())


def _moved(row: Json, at: Mapping[str, tuple[str, int]]) -> Json:
    """``row`` with each capture's offset as it is in the package; of what is not in it, none."""
    captures = row.get("captures")
    if not isinstance(captures, list):
        return row
    moved = {**row, "captures": [_at(one, at) for one in captures]}
    return {**moved, "article_source": _at(row["article_source"], at)} if row.get("article_source") else moved


def _at(place: Mapping[str, Any], at: Mapping[str, tuple[str, int]]) -> Mapping[str, Any]:
    return {**place, "offset": at.get(str(place.get("record_id")), ("", None))[1]}


def _finish(package: WaczWriter, terms: Terms, main: Page | None) -> str | None:
    about = {"software": terms.software, "title": terms.title, "description": terms.description}
    if main:
        about |= {"mainPageURL": main.url, "mainPageDate": f"{main.date[:19]}Z"}
    digest = package.finish(about)
    if terms.key is None:
        package.seal(digest, None)
        return None
    said = seal.signed(terms.key(), digest, created=wacz.iso(package.created), software=terms.software)
    package.seal(digest, said)
    return seal.check(said, digest)


def _add(package: WaczWriter, path: str, data: bytes) -> None:
    package.add(path, (data,), len(data))


def _lines(rows: Iterable[Json]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in rows).encode(errors="replace")


def _date(body: Json) -> str:
    """The WARC date of what a post's document says."""
    try:
        at = datetime.fromisoformat(str(body.get("at")))
    except ValueError:
        at = datetime.fromtimestamp(0, UTC)
    return warc_date(at)
