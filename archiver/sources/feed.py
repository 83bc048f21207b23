"""RSS, Atom and RDF (feedparser), and JSON Feed (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import calendar
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from archiver.sources.address import tidy
from archiver.sources.entry import Entry, Listing, line, moment

MAX_ENTRIES = 2_000
MAX_CONTENT = 200_000
MAX_BYTES = 20_000_000
# feedparser takes some 25 µs for a tag, whatever it is: this many are some seconds.
_MAX_TAGS = 400_000
# What feedparser's parsers are known to trip over (NUL in a name, odd encodings, loose declarations).
_ACCIDENTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


def read_feed(data: bytes, *, url: str, media_type: str | None = None, charset: str | None = None) -> Listing:
    """The entries of a feed in any of its forms. ``url``: where it was found, for relative links.

    ``problem`` is set for what is no feed (an error page, say), and for one that was not well-formed and yields
    nothing; a feed without entries has none.
    """
    if len(data) > MAX_BYTES:
        return Listing(problem=f"larger than {MAX_BYTES // 1_000_000} MB")
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{") or (media_type or "").endswith("json"):
        return _json_feed(data, url)
    if data.count(b"<") > _MAX_TAGS:
        return Listing(problem=f"more than {_MAX_TAGS:,} tags")
    return _xml_feed(data, url, media_type, charset)


def _xml_feed(data: bytes, url: str, media_type: str | None, charset: str | None) -> Listing:
    import feedparser  # noqa: PLC0415  # a third of a command's start, and only nights read feeds

    said = f"{media_type or 'application/xml'}; charset={charset}" if charset else media_type or "application/xml"
    # A file object: anything else feedparser would take for an address, and fetch.
    try:
        parsed = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-type": said, "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _ACCIDENTS as error:
        return Listing(problem=f"not a feed that can be read: {type(error).__name__}")
    if not parsed.get("version") and not parsed.entries:
        return Listing(problem="not a feed")
    entries = tuple(_once(_of_xml(one, url) for one in parsed.entries[:MAX_ENTRIES]))
    broken = "not well-formed" if parsed.bozo and not entries else None
    if len(parsed.entries) > MAX_ENTRIES:
        broken = f"more than {MAX_ENTRIES:,} entries; the first were taken"
    return Listing(entries=entries, problem=broken)


def _of_xml(entry: dict[str, Any], base: str) -> Entry | None:
    link = entry.get("feedburner_origlink") or entry.get("link")
    url = tidy(link, base) if isinstance(link, str) else None
    if url is None:
        return None
    parts = [one.get("value") for one in entry.get("content") or () if isinstance(one, Mapping)]
    texts = [part for part in [*parts, entry.get("summary")] if isinstance(part, str) and part.strip()]
    return Entry(
        url=url,
        title=line(entry.get("title")),
        published=_instant(entry.get("published_parsed")),
        # past feedparser's own get, which answers with the time of publication when there is no other
        modified=_instant(dict.get(entry, "updated_parsed")),
        content=_bounded(max(texts, key=len, default=None)),
    )


def _json_feed(data: bytes, url: str) -> Listing:
    try:
        feed = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return Listing(problem="not a feed: neither XML nor JSON that can be read")
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        return Listing(problem="not a feed: JSON without items")
    entries = tuple(_once(_of_json(one, url) for one in items[:MAX_ENTRIES] if isinstance(one, dict)))
    more = f"more than {MAX_ENTRIES:,} entries; the first were taken" if len(items) > MAX_ENTRIES else None
    return Listing(entries=entries, problem=more)


def _of_json(item: Mapping[str, Any], base: str) -> Entry | None:
    named = [item.get(key) for key in ("url", "external_url")]
    identifier = item.get("id")
    if isinstance(identifier, str) and identifier.startswith(("http://", "https://")):
        named.append(identifier)
    link = next((one for one in named if isinstance(one, str) and one.strip()), None)
    url = tidy(link, base) if link else None
    if url is None:
        return None
    texts = [item.get(key) for key in ("content_html", "content_text", "summary")]
    return Entry(
        url=url,
        title=line(item.get("title")),
        published=moment(item.get("date_published")),
        modified=moment(item.get("date_modified")),
        content=_bounded(next((one for one in texts if isinstance(one, str) and one.strip()), None)),
    )


def _once(entries: Iterable[Entry | None]) -> Iterator[Entry]:
    """Each address once, as it first came."""
    seen: set[str] = set()
    for entry in entries:
        if entry is not None and entry.url not in seen:
            seen.add(entry.url)
            yield entry


def _instant(parsed: object) -> datetime | None:
    """The time as feedparser reads it, which it brings to UTC."""
    if not isinstance(parsed, tuple):
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _bounded(text: str | None) -> str | None:
    """Half an entry might be half an embed: what is too long is left out."""
    return text if text is not None and len(text) <= MAX_CONTENT else None
