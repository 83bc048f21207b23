"""Sitemaps, sitemap indexes and news sitemaps (sitemaps.org/protocol.html; Google's news extension). Also the plain
form: one address a line."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from archiver.sources.address import tidy
from archiver.sources.entry import Entry, Listing, line, moment
from archiver.sources.lists import read_lines

MAX_ENTRIES = 50_000
MAX_BYTES = 52_428_800
_GZIP = b"\x1f\x8b"


def read_sitemap(data: bytes, *, url: str, since: datetime | None = None) -> Listing:
    """The pages of a sitemap, or the maps of an index, gzipped or not; those that say that they last changed before
    ``since`` are left out, those that don't say are not.

    What was read until a mistake, a DTD (never read: it could name files, or grow without bound) or a limit is kept.
    """
    problem = None
    if data.startswith(_GZIP):
        data, problem = _unzipped(data)
    elif len(data) > MAX_BYTES:
        data, problem = data[:MAX_BYTES], f"larger than {MAX_BYTES:,} bytes"
    if not data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        plain = read_lines(data)
        return plain if plain.entries else Listing(problem=problem or "not a sitemap")
    entries: dict[str, Entry] = {}
    maps: dict[str, datetime | None] = {}
    root = None
    try:
        for element in _elements(data):
            root = root or element.tag
            if _name(element) not in ("url", "sitemap"):
                continue
            _take(element, url, since, entries, maps)
            if len(entries) + len(maps) >= MAX_ENTRIES:
                problem = f"more than {MAX_ENTRIES:,} addresses; the first were taken"
                break
    except DefusedXmlException:
        problem = "it holds a DTD or entities, which are not read"
    except (ParseError, ValueError, LookupError) as error:  # the latter two: an encoding that there is not
        problem = problem or f"not well-formed: {str(error)[:100]}"
    if not entries and not maps and not problem and _name(root) not in ("urlset", "sitemapindex"):
        problem = "not a sitemap"
    return Listing(entries=tuple(entries.values()), maps=tuple(maps.items()), problem=problem)


def _elements(data: bytes) -> Iterator[Element]:
    """First the root as it begins, then every ``url`` and ``sitemap`` once it is whole; each is forgotten afterwards,
    so that memory stays flat."""
    root: Element | None = None
    for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
            yield element
        elif event == "end" and _name(element) in ("url", "sitemap"):
            yield element
            root.clear()


def _take(
    element: Element,
    base: str,
    since: datetime | None,
    entries: dict[str, Entry],
    maps: dict[str, datetime | None],
) -> None:
    texts = {_name(child): child.text or "" for child in reversed(element) if _space(child) == _space(element)}
    url, modified = tidy(texts.get("loc", ""), base), moment(texts.get("lastmod"), loosely=True)
    if url is None:
        return
    if _name(element) == "sitemap":
        if not (since and modified and modified < since):
            maps.setdefault(url, modified)
        return
    news = {_name(one): one.text or "" for child in element if _name(child) == "news" for one in child}
    published = moment(news.get("publication_date"))
    entry = Entry(url=url, title=line(news.get("title")), published=published, modified=modified)
    if not (since and entry.dated and entry.dated < since):
        entries.setdefault(url, entry)


def _name(element: Element | str | None) -> str:
    """The tag without its namespace, in lower case."""
    tag = element.tag if isinstance(element, Element) else element
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _space(element: Element) -> str:
    return str(element.tag).rpartition("}")[0]  # a comment's tag is a function


def _unzipped(data: bytes) -> tuple[bytes, str | None]:
    """(what it unpacks to, up to ``MAX_BYTES``; what was wrong)."""
    plain = b""
    while data.startswith(_GZIP) and len(plain) < MAX_BYTES:  # a file may be of several members (RFC 1952, 2.2)
        unzip = zlib.decompressobj(wbits=31)
        try:
            plain += unzip.decompress(data, MAX_BYTES - len(plain))
        except zlib.error as error:
            return plain, f"not gzip: {error}"
        if unzip.unconsumed_tail:
            return plain, f"unpacks to more than {MAX_BYTES:,} bytes"
        if not unzip.eof:
            return plain, "the gzip data end too early"
        data = unzip.unused_data
    return plain, None
