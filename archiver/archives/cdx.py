"""The Wayback Machine's index of captures (CDX server): the question, and its rows.

``https://web.archive.org/cdx/search/cdx``; documented in internetarchive/wayback, ``wayback-cdx-server/README.md``.
A listing is asked for in pages: what follows a page is named by its resume key, which is already percent-encoded and is
encoded once more in the next question, as every parameter is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from archiver.model import Exchange

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
MAX_BYTES = 20_000_000
"""What a page of the index may be long: at some 200 bytes a row, far more than we ask for at once."""

_BLOCKED = "x-archive-wayback-runtime-error"
_STAMP_DIGITS = 14
_MAX_URL_CHARS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture. ``stamp``: 14 digits, as the archive names it; ``at``: the same as an instant (aware UTC).
    ``original``: the URL that was captured. ``media_type`` and ``digest``: empty when unknown. ``length_bytes``: of the
    compressed record, 0 when unknown."""

    stamp: str
    at: datetime
    original: str
    media_type: str = ""
    digest: str = ""
    length_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of captures, each once, in the index's order. ``resume``: the key of the next page, ``None`` at the end.
    ``problem``: why there is no listing, ``None`` when there is; ``blocked``: the archive shows this site to nobody, so
    that another try is pointless."""

    rows: tuple[Row, ...] = ()
    resume: str | None = None
    problem: str | None = None
    blocked: bool = False


def query_url(endpoint: str, url: str, *, prefix: bool = False, limit: int, resume: str | None = None) -> str:
    """The URL that asks ``endpoint`` for the captures of ``url`` that were answered 200; with ``prefix``, of every URL
    that begins so. ``resume``: the key that the page before ended with."""
    asked = {"url": url, "output": "json", "filter": "statuscode:200", "limit": str(limit), "showResumeKey": "true"}
    if prefix:
        asked["matchType"] = "prefix"
    if resume:
        asked["resumeKey"] = resume
    return f"{endpoint}?{urlencode(asked)}"


def read(exchange: Exchange) -> Listing:
    """What the index says: JSON as asked for, or the plain rows that it gives otherwise; an empty answer is an empty
    listing. Rows of another status, and what is no row at all, are passed over."""
    if exchange.status == 403 and (reason := exchange.header(_BLOCKED)):
        return Listing(
            problem=f"the archive shows this site to nobody ({reason.rpartition(': ')[2][:100]})", blocked=True
        )
    if exchange.status != 200:
        return Listing(problem=f"the index answered {exchange.status}")
    if exchange.body is None or exchange.cut:
        return Listing(problem=f"the listing can't be read: {exchange.body_problem or exchange.cut or 'no body'}")
    text = exchange.body.decode("utf-8", "replace").strip()
    if not text.startswith("["):
        return _listing([line.split(" ") for line in text.split("\n")] if text else [], FIELDS)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Listing(problem="the listing is not the JSON that was asked for")
    lines = [line for line in data if isinstance(line, list)]
    return _listing(lines[1:], lines[0]) if lines else Listing()


def _listing(lines: Sequence[Sequence[object]], names: Sequence[object]) -> Listing:
    """The last line is a resume key when it has one word only, and a blank line stands before it."""
    resume = None
    if len(lines) >= 2 and len(lines[-1]) == 1 and not any(lines[-2]):
        resume, lines = str(lines[-1][0])[:_MAX_URL_CHARS] or None, lines[:-2]
    rows = {(row.stamp, row.original): row for row in _rows(lines, [str(name) for name in names])}
    return Listing(rows=tuple(rows.values()), resume=resume)


def _rows(lines: Sequence[Sequence[object]], names: Sequence[str]) -> Iterator[Row]:
    for line in lines:
        if len(line) != len(names) or not all(isinstance(cell, str) for cell in line):
            continue
        cells = dict(zip(names, map(str, line), strict=True))
        at = moment(cells.get("timestamp", ""))
        original = cells.get("original", "")
        if at is None or not 0 < len(original) <= _MAX_URL_CHARS or cells.get("statuscode", "200") != "200":
            continue
        length = cells.get("length", "")
        yield Row(
            stamp=cells["timestamp"],
            at=at,
            original=original,
            media_type=cells.get("mimetype", "").lower(),
            digest=cells.get("digest", ""),
            length_bytes=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0,
        )


def moment(stamp: str) -> datetime | None:
    """The instant (aware UTC) that ``stamp`` (``YYYYMMDDhhmmss``) names, ``None`` when it names none."""
    if len(stamp) != _STAMP_DIGITS or not (stamp.isascii() and stamp.isdigit()):
        return None
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def stamp(at: datetime) -> str:
    """``at`` (aware) as the archive writes instants."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
