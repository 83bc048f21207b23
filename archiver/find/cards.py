"""Posts that a newsletter or an archive shows as a card of its own, told by the class names of the card's parts.

Substack's mails (and what Medium, Ghost and readers make of them) hold a post as ``div.tweet`` with
``tweet-author-name``, ``tweet-author-handle``, ``tweet-text`` and ``tweet-date``; its link may lead through a counting
redirect, so that its id is only found in the counters (``<span href="…/likes">``), if at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

from archiver.find.dates import DateReader
from archiver.find.flat import flatten
from archiver.find.sighting import Sighting
from archiver.find.source import Source
from archiver.model import PostRef
from archiver.platforms import match, short_links_in

MAX_CARDS = 2_000
_CARD_CHARS = 20_000

_PART = "tweet-author-handle"
_OPENING = re.compile(
    r"<(?:div|a|table|section|article)\b[^<>]*\bclass\s*=\s*[\"'][^\"'<>]*(?<![\w-])tweet(?![\w-])[^<>]*>"
)
_HANDLE = re.compile(r"@?(?P<handle>[A-Za-z0-9_]{1,20})")


def cards(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """The cards, in order."""
    place = source.low.find(_PART) if source.markup else -1
    floor = count = 0
    while place >= 0:
        following = source.low.find(_PART, place + len(_PART))
        if count >= MAX_CARDS:
            source.cut.add("cards")
            return
        if source.zone(place) == "body":
            count += 1
            bounds = _bounds(source, place, floor, following)
            if seen := _read(source, *bounds, dates):
                floor = bounds[1]
                yield seen
        place = following


def _bounds(source: Source, place: int, floor: int, following: int) -> tuple[int, int]:
    """Of a card whose handle is at ``place``: from its opening tag to the next card's, or a card's length."""
    low = max(floor, place - _CARD_CHARS)
    openings = [found.start() for found in _OPENING.finditer(source.low, low, place)]
    start = openings[-1] if openings else source.low.rfind("<", low, place)
    limit = min(len(source.text), place + _CARD_CHARS, following if following >= 0 else len(source.text))
    if following >= 0 and following == limit:
        after = [found.start() for found in _OPENING.finditer(source.low, place, limit)]
        limit = after[0] if after else limit
    return max(start, 0), limit


def _read(source: Source, start: int, end: int, dates: DateReader) -> Sighting | None:
    soup = BeautifulSoup(source.words(start, end), "lxml")
    said = {name: _text(soup, f"tweet-{name}") for name in ("author-name", "author-handle", "text", "date")}
    handle = _HANDLE.fullmatch((said["author-handle"] or "").strip())
    if handle is None:
        return None
    body = said["text"]
    hrefs = (str(tag["href"]) for tag in soup.find_all(href=True))
    post = next((post for href in hrefs if (post := match(href)) and _own(post, handle["handle"])), None)
    return Sighting(
        start=start,
        end=min(end, start + _CARD_CHARS),
        kind="embed",
        form="element",
        post=post,
        author=" ".join((said["author-name"] or "").split()) or None,
        handle=handle["handle"],
        date=dates.line(" ".join((said["date"] or "").split())),
        text=body,
        short_links=tuple(dict.fromkeys(link for _, _, link in short_links_in(body or ""))),
    )


def _own(post: PostRef, handle: str) -> bool:
    return post.handle is None or post.handle.lower() == handle.lower()


def _text(soup: BeautifulSoup, name: str) -> str | None:
    part = soup.find(class_=name)
    return flatten(str(part)).text or None if part else None
