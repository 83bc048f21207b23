"""The ledger of short links that another archive exported, taken in. Pure but for the catalog that it is written to.

What it says is its word, never our capture: its bytes are kept as a record, every link taken from it names that record
as its source, and its hops name none of ours. A link that we follow ourselves is never replaced by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from archiver.errors import NoInput
from archiver.model import Document, WarcRef
from archiver.platforms import match, short_link
from archiver.ports import Catalog

MEDIA_TYPE = "application/x-ndjson"
_ENDED = ("post", "page", "gone", "unsafe", "loop", "too-many-hops")
_MOST_LINE_CHARS, _MOST_URL_CHARS, _MOST_HOPS, _AT_ONCE = 200_000, 8_000, 50, 200
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many ``links`` were taken in, were ``known`` already, or ``skipped`` since a line says nothing that we can
    use."""

    links: int
    known: int
    skipped: int


async def take_in(catalog: Catalog, data: bytes, at: datetime) -> Taken:
    """Take in a ledger (JSON Lines as ``archiver export ledger`` writes them). Raises ``NoInput`` when no line of it is
    one, ``StoreError``."""
    rows = list(_rows(data))
    usable = [row for row in rows if row is not None]
    if not usable:
        raise NoInput("no ledger of links", hint="`archiver export ledger` makes one")
    fresh = [row for row in usable if _is_news(row, catalog.link(row["short"]))]
    if fresh:
        digest = hashlib.sha256(data).hexdigest()
        source = await catalog.add_file(f"urn:archiver:file:sha256:{digest}", data, MEDIA_TYPE)
        for start in range(0, len(fresh), _AT_ONCE):
            await catalog.add([_document(row, source, at) for row in fresh[start : start + _AT_ONCE]])
    return Taken(links=len(fresh), known=len(usable) - len(fresh), skipped=len(rows) - len(usable))


def _rows(data: bytes) -> Iterator[dict[str, Any] | None]:
    """The usable part of each line, ``None`` for a line that has none; of a link that stands there twice the first."""
    seen: set[str] = set()
    for line in data.decode("utf-8", "replace").splitlines():
        if not line.strip():
            continue
        row = _row(line) if len(line) <= _MOST_LINE_CHARS else None
        if row is None or row["short"] not in seen:
            yield row
        if row is not None:
            seen.add(row["short"])


def _row(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, Mapping):
        return None
    short, end, hops = _url(said.get("short")), _url(said.get("end")), said.get("hops")
    if not short or not end or said.get("ended") not in _ENDED or not isinstance(hops, list) or len(hops) > _MOST_HOPS:
        return None
    followed = [_hop(one) for one in hops]
    if None in followed:
        return None
    texts = {name: _text(said.get(name)) for name in ("archive", "first_seen", "last_seen")}
    return {"short": short_link(short) or short, "end": end, "ended": said["ended"], "hops": followed, **texts}


def _hop(value: object) -> dict[str, Any] | None:
    if not isinstance(value, Mapping) or not (url := _url(value.get("url"))):
        return None
    status, location = value.get("http_status"), _url(value.get("location"))
    known = isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 999
    return {
        "url": url,
        "http_status": status if known else None,
        "location": location,
        "warc": None,
        "record_id": None,
    }


def _is_news(row: Json, known: Json | None) -> bool:
    """Whether the ledger knows more than we do: we followed the link in vain, or never."""
    if known is None:
        return True
    if known.get("source"):
        return False
    return known.get("ended") not in _ENDED


def _document(row: Json, source: WarcRef, at: datetime) -> Document:
    post = match(row["end"]) if row["ended"] == "post" else None
    body = {
        **{name: row[name] for name in ("short", "end", "hops")},
        # What leads to no post that we would take for one is, for us, a page.
        "ended": "page" if row["ended"] == "post" and post is None else row["ended"],
        "post": {"platform": post.platform, "post_id": post.post_id, "handle": post.handle} if post else None,
        "error": None,
        "settled": False,
        "try_again_at": None,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": {
            "how": "ledger",
            **{name: row[name] for name in ("archive", "first_seen", "last_seen")},
            "warc": source.file,
            "record_id": source.record_id,
        },
    }
    return Document(kind="link", key=row["short"], at=at, body=body, refers_to=source)


def _url(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > _MOST_URL_CHARS or any(ord(one) <= 32 for one in value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def _text(value: object) -> str | None:
    return value[:100] if isinstance(value, str) else None
