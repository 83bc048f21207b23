"""Embeds that are still markup: X's own blockquotes, frames and widgets, in the page or inside its other notations."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise

from archiver.find.dates import DateReader
from archiver.find.flat import MAX_FRAGMENT_CHARS, Flat, Link, flatten
from archiver.find.layers import LT, SLASH, peel_markup
from archiver.find.plain import HANDLE, name_before, tidy
from archiver.find.sighting import Sighting
from archiver.find.source import Source
from archiver.model import Moment, PostRef
from archiver.platforms import impossible, match, short_link, short_links_in, shows_post

MAX_QUOTES = 2_000
_LONGEST_DATE = 80
_UNCLOSED_CHARS = 4_000

_QUOTE = "blockquote"
_QUOTE_OPENING = re.compile(rf"(?P<lt>{LT})(?P<slash>{SLASH})?$")
_OURS = re.compile(r"twitter|tweet")
_ATTRIBUTION_AT_END = re.compile(r"[（(]\s?@[A-Za-z0-9_]{1,20}\s?[)）]\s*$")
_BASE64_WORD = "PGJsb2NrcXVvdGU"
_BASE64 = re.compile(rf"{_BASE64_WORD}[A-Za-z0-9+/]{{20,8000}}={{0,2}}")
_SAN = "さん"
"""What X put behind every name in Japanese embeds until 2013."""


def quotes(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """Tweet blockquotes of any age, whole or as links only, and those whose class a reader or CMS has stripped."""
    read = 0
    for start, end in _quote_places(source):
        named = bool(_OURS.search(source.low[start : min(end, start + 1_500)].partition(">")[0]))
        inside = source.low[start:end] if not named else ""
        if not named and not ("status" in inside and "@" in inside):
            continue
        read += 1
        if read > MAX_QUOTES:
            source.cut.add("block quotes")
            return
        flat = flatten(peel_markup(source.words(start, min(end, start + MAX_FRAGMENT_CHARS))))
        sighting = _read_quote(flat, dates, start, end, named=named)
        if sighting:
            source.take(start, end)
            yield sighting
    yield from _encoded(source, dates)


def _encoded(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """Blockquotes that a consent wall keeps in base 64 until it is lifted."""
    for count, found in enumerate(source.matches(_BASE64_WORD.lower(), _BASE64, exact=True)):
        if count >= MAX_QUOTES:
            source.cut.add("block quotes")
            return
        raw = found[0][: len(found[0]) // 4 * 4]
        flat = flatten(b64decode(raw).decode("utf-8", "replace"))
        if sighting := _read_quote(flat, dates, found.start(), found.end(), named=True):
            yield sighting


def _quote_places(source: Source) -> Iterator[tuple[int, int]]:
    """(start, end) of each innermost blockquote, in order, at whatever layer it is written; not inside comments."""
    marks: list[tuple[int, str, bool, int]] = []
    for place in source.places(_QUOTE):
        before = _QUOTE_OPENING.search(source.low, max(0, place - 40), place)
        if before and source.zone(place) != "comment":
            marks.append((before.start(), before["lt"], before["slash"] is not None, place + len(_QUOTE)))
    marks.append((len(source.text), "", True, len(source.text)))
    for (start, layer, closing, _), (end, next_layer, next_closing, after) in pairwise(marks):
        if closing:
            continue
        if next_closing and next_layer == layer:
            yield start, min(len(source.text), after + len(layer) + 8)
        elif not (next_layer == layer and not next_closing and end - start < 40):
            yield start, min(end, start + _UNCLOSED_CHARS)


def _read_quote(flat: Flat, dates: DateReader, start: int, end: int, *, named: bool) -> Sighting | None:
    text, permalink = flat.text, _permalink(flat)
    signed = _signed(text, permalink)
    if signed is None and not named:
        return None
    post = match(permalink.href) if permalink else _post_of_attributes(flat)
    wrong = impossible(permalink.href) if permalink and not post else None
    dash, author, handle = signed or (_body_end(text, permalink), None, None)
    if post is None and handle is None and wrong is None:
        return None
    body = tidy(text[:dash])
    return Sighting(
        start=start,
        end=end,
        kind="embed",
        form="blockquote",
        post=post,
        url=wrong.url if wrong else None,
        problem=wrong.problem if wrong else None,
        author=_without_honorific(author, flat, permalink),
        handle=handle or (post.handle if post else wrong.handle if wrong else None),
        date=_date(flat, permalink, dates),
        text=body or None,
        lang=flat.lang,
        short_links=_short_links(flat),
    )


def _permalink(flat: Flat) -> Link | None:
    """The last link to a post: earlier ones belong to its text or to the post it answers (``protocols`` 7.2)."""
    links = [link for link in flat.links if "status" in link.href.lower()]
    for names in (shows_post, impossible):
        if last := next((link for link in reversed(links) if names(link.href)), None):
            return last
    printed = [word for word in flat.text.split() if "/status" in word.lower() and shows_post(word)]
    if not printed:
        return None
    place = flat.text.rfind(printed[-1])
    return Link(start=place, end=place + len(printed[-1]), href=printed[-1])


def _signed(text: str, permalink: Link | None) -> tuple[int, str | None, str] | None:
    """(where the attribution begins, author, handle), read from the last ``(@handle)`` before the permalink."""
    limit = permalink.start if permalink else len(text)
    handles = list(HANDLE.finditer(text, 0, limit))
    if not handles:
        return None
    found = handles[-1]
    named = name_before(text, 0, found.start())
    if named is None:
        line = text.rfind("\n", 0, found.start()) + 1
        named = line, " ".join(text[line : found.start()].split()) or None
    return named[0], named[1], found["handle"]


def _body_end(text: str, permalink: Link | None) -> int:
    """Without an attribution, what stands before the permalink is the text; the link's own words are not."""
    return permalink.start if permalink else len(text)


def _post_of_attributes(flat: Flat) -> PostRef | None:
    """The post that the blockquote's own attributes name: an address (``cite``, ``data-url``), or an id."""
    addressed = (post for value in flat.root.values() if (post := match(value.strip())))
    if post := next(addressed, None):
        return post
    for name, value in flat.root.items():
        if "tweet" in name and "id" in name and re.fullmatch(r"[1-9]\d{1,18}", value.strip()):
            return PostRef(platform="x", post_id=value.strip())
    return None


def _date(flat: Flat, permalink: Link | None, dates: DateReader) -> Moment | None:
    """As the permalink prints it; where an editor took the link away, what is left of it behind the handle."""
    if permalink and permalink.instant and (exact := dates.line(permalink.instant)):
        return exact
    if permalink and (day := dates.line(flat.text[permalink.start : permalink.end])):
        return day
    if permalink is None and (handles := list(HANDLE.finditer(flat.text))):
        return dates.line(" ".join(flat.text[handles[-1].end() :].split())[:_LONGEST_DATE])
    return None


def _without_honorific(author: str | None, flat: Flat, permalink: Link | None) -> str | None:
    if author and author.endswith(_SAN) and permalink and permalink.instant and len(author) > len(_SAN):
        return author.removesuffix(_SAN)
    return author


def _short_links(flat: Flat) -> tuple[str, ...]:
    placed = [(start, link) for start, _, link in short_links_in(flat.text)]
    held = ((link, link.href.lower()) for link in flat.links)
    likely = (link for link, href in held if "t.co" in href or "pic." in href)
    placed += [(link.start, short) for link in likely if (short := short_link(link.href))]
    return tuple(dict.fromkeys(link for _, link in sorted(placed)))
