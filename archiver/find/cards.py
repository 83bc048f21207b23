"""Posts that a newsletter or an archive shows as a card of its own, told by the class names of the card's parts.

Substack's mails (and what Medium, Ghost and readers make of them) hold a post as ``div.tweet`` with
``tweet-author-name``, ``tweet-author-handle``, ``tweet-text`` and ``tweet-date``; its link may lead through a counting
redirect, so that its id is only found in the counters (``<span href="…/likes">``), if at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from archiver.find.dates import DateReader
from archiver.find.plain import tidy
from archiver.find.sighting import Sighting
from archiver.find.source import Source
from archiver.model import PostRef
from archiver.platforms import match, short_links_in

MAX_CARDS = 500
_CARD_CHARS = 20_000

_PART = "tweet-author-handle"
_PARTS = frozenset(("tweet-author-name", "tweet-author-handle", "tweet-text", "tweet-date"))
_JSON = frozenset(("data-attrs", "data-tweet"))
"""Attributes that hold the post as JSON: more exact than the card, and read as state."""
_OPENING = re.compile(
    r"<(?:div|a|table|section|article)\b[^<>]*\bclass\s*=\s*[\"'][^\"'<>]*(?<![\w-])tweet(?![\w-])[^<>]*>"
)
_HANDLE = re.compile(r"@?(?P<handle>[A-Za-z0-9_]{1,20})")


def cards(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """The cards, in order."""
    places = list(source.places(_PART)) if source.markup else []
    floor = count = 0
    for place, following in pairwise([*places, -1]):
        if count >= MAX_CARDS:
            source.cut.add("cards")
            return
        part = source.tag_at(place) if source.zone(place) == "body" else None
        if part and part.attribute_at(place) == "class":
            start, end = _bounds(source, part.start, floor, following)
            opening = source.read_tag(start)
            if opening and _JSON & opening.attributes.keys():
                floor = place
            else:
                count += 1
                if seen := _read(source, start, end, dates):
                    floor = end
                    yield seen


def _bounds(source: Source, place: int, floor: int, following: int) -> tuple[int, int]:
    """Of a card whose handle's element is at ``place``: from its opening tag to the next card's, or a card's length."""
    low = max(floor, place - _CARD_CHARS)
    openings = [found.start() for found in _OPENING.finditer(source.low, low, place)]
    start = openings[-1] if openings else place
    limit = min(len(source.text), place + _CARD_CHARS, following if following >= 0 else len(source.text))
    if following >= 0 and following == limit:
        after = [found.start() for found in _OPENING.finditer(source.low, place, limit)]
        limit = after[0] if after else limit
    return start, _closed(source, start, place, limit)


def _closed(source: Source, start: int, place: int, limit: int) -> int:
    """Where the element that opens at ``start`` ends, if it does between ``place`` and ``limit``; else ``limit``."""
    opening = source.read_tag(start)
    depth = 0
    for found in re.finditer(rf"<(/?){opening.name}(?![\w-])", source.low[start:limit]) if opening else ():
        depth += -1 if found[1] else 1
        if depth == 0:
            return max(start + found.end() + 1, place) if start + found.start() > place else limit
    return limit


def _read(source: Source, start: int, end: int, dates: DateReader) -> Sighting | None:
    soup = BeautifulSoup(source.words(start, end), "lxml", multi_valued_attributes=None)
    said: dict[str, str] = {}
    hrefs: list[str] = []
    for part in soup.descendants:
        if isinstance(part, Tag):
            hrefs += [str(part["href"])] if "href" in part.attrs else []
            for name in _PARTS.intersection(str(part.get("class") or "").split()):
                said.setdefault(name, _text(part))
    handle = _HANDLE.fullmatch(said.get("tweet-author-handle", ""))
    if handle is None:
        return None
    body = said.get("tweet-text")
    post = next((post for href in hrefs if (post := match(href)) and _own(post, handle["handle"])), None)
    return Sighting(
        start=start,
        end=min(end, start + _CARD_CHARS),
        kind="embed",
        form="element",
        post=post,
        author=said.get("tweet-author-name") or None,
        handle=handle["handle"],
        date=dates.line(said.get("tweet-date", "")),
        text=body or None,
        short_links=tuple(dict.fromkeys(link for _, _, link in short_links_in(body or ""))),
    )


def _own(post: PostRef, handle: str) -> bool:
    return post.handle is None or post.handle.lower() == handle.lower()


def _text(part: Tag) -> str:
    """Its words; a post's own line breaks are kept (``white-space: pre-wrap``), the markup's are folded."""
    words = ("\n" if isinstance(one, Tag) else str(one) for one in part.descendants if _seen(one))
    return tidy("".join(words))


def _seen(node: PageElement) -> bool:
    return isinstance(node, NavigableString) or (isinstance(node, Tag) and node.name == "br")
