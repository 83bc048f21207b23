"""Embeds of which only running text is left: a body, then ``— Name (@handle) June 28, 2021``.

Scrapers, readers and feeds drop the markup of an embed and keep its words. The attribution line survives nearly
unchanged; where the body begins does not, and is told as far as it can be known (``bodies``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archiver.find.bodies import Body, body_of, is_spaced
from archiver.find.dates import DateReader
from archiver.find.flat import Link
from archiver.model import Moment, PostRef
from archiver.platforms import match, short_link, short_links_in

_NAME_CHARS = 110
_MOST_NAME_CHARS = 50
"""What a name on X may be long."""

HANDLE = re.compile(r"[（(]\s?@(?P<handle>[A-Za-z0-9_]{1,20})\s?[)）]")
_DASH = re.compile(r"—|―|⸺|–|--+|â€”|â\x80\x94|&mdash;|&#8212;")
_LONG_DASH = re.compile(r"(?:—|―|⸺|--|â€”|â\x80\x94|&mdash;|&#8212;)+-*")
_NO_NAME = re.compile(r"[.!?…。！？][\"'”’»)]*\s*(?:—|―|⸺|–|--)|t\.co/|pic\.(?:twitter|x)\.com/|https?:")
"""What stands in a line of a post, but not in a name: a sentence that ends before a dash, a link."""
_DASHES = ("—", "―", "⸺", "–", "--", "â€”", "â\x80\x94", "&mdash;", "&#8212;", "- ", "-\xa0", "-\n", "?")
"""What stands before a name, roughly: the cheap question before the exact one."""
_THIN_DASH = re.compile(r"(?:^|(?<=\s))-(?=\s)", re.MULTILINE)
_TO_DATE = re.compile(r"(?:[ \t\xa0]|\n(?!\n\n))*(?:[\[<_*>|·,]{1,3}\s*)*")
_INSTAGRAM = re.compile(r"\s*(?:on|am|el|le|op|den|il)\s", re.IGNORECASE)
_MARKDOWN_TARGET = re.compile(r"[\]*_)\s]{0,4}\(\s*<?(?P<url>https?://[^\s)>]{1,300})")
_BARE_TARGET = re.compile(r"[\s<>\])(]{0,4}(?P<url>https?://[^\s)>\]]{1,300})")

_ENDS_IN_SHORT_LINK = re.compile(r"(?:t\.co|pic\.(?:twitter|x)\.com)/\w{3,40}\s*$")
_QUOTE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """An embed's remains in a text. ``start`` to ``end``: body and attribution line. ``handle_at``: its ``(@``.
    ``author``: ``None`` where no name stands before the handle. ``post``: of the date's link, else ``None``.
    ``text``: the words that are surely the post's; ``before``: those above, which may be its beginning or not, ``None``
    where it is known to begin with ``text``."""

    start: int
    end: int
    handle_at: int
    author: str | None
    handle: str
    date: Moment | None
    text: str | None
    before: str | None
    post: PostRef | None
    short_links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Signature:
    dash: int
    """Where the attribution line begins: the body ends here."""
    name: str | None
    handle: str
    date: Moment | None
    post: PostRef | None
    end: int


def attributions(
    text: str, dates: DateReader, links: Sequence[Link] = (), *, alone: bool = False
) -> Iterator[Attribution]:
    """The embeds left in ``text`` (lines end in LF), in order. ``links``: its anchors, where it was markup. ``alone``:
    there is nothing else in the text."""
    floor, spaced = 0, is_spaced(text)
    for found in HANDLE.finditer(text):
        if found.start() < floor:
            continue
        signature = _signature(text, found, floor, dates, links)
        if signature is None:
            continue
        body = Body(floor, floor) if alone else body_of(text, floor, signature.dash, spaced=spaced)
        words = tidy(text[body.start : signature.dash])
        yield Attribution(
            start=body.start,
            end=signature.end,
            handle_at=found.start(),
            author=signature.name,
            handle=signature.handle,
            date=signature.date,
            text=words or None,
            before=(tidy(text[body.earliest : body.start]) or None) if words else None,
            post=signature.post,
            short_links=_links_of(text[body.start : signature.dash], body.start, links),
        )
        floor = signature.end


def name_before(text: str, floor: int, handle_at: int) -> tuple[int, str | None] | None:
    """(where the dash begins, the name) of an attribution whose handle's bracket is at ``handle_at``: the text behind
    the last dash before it, or behind the one that opens its line (names hold dashes). ``None`` when there is no dash
    within a name's length."""
    low = max(floor, handle_at - _NAME_CHARS)
    head = text[low:handle_at]
    for pattern in (_DASH, _THIN_DASH):
        dashes = [dash for dash in pattern.finditer(head) if head.count("\n", dash.end()) <= 2]
        for dash in dashes[:-1]:
            if opened := _opened(text, floor, low + dash.start(), handle_at):
                return low + dash.start(), _name(opened)
        if dashes:
            return low + dashes[-1].start(), _name(head[dashes[-1].end() :])
    return None


def _opened(text: str, floor: int, dash: int, handle_at: int) -> str | None:
    """The name behind a dash that opens the attribution's own line, below a body; ``None`` where it is no such line."""
    before = text[max(floor, dash - _NAME_CHARS) : dash].rstrip(" \t\xa0>")
    opening = _LONG_DASH.match(text, dash)
    if opening is None or not before.endswith("\n") or not before.strip(" \t\xa0\n>"):
        return None
    name = text[opening.end() : handle_at]
    return name if len(name) <= _MOST_NAME_CHARS and "\n" not in name and not _NO_NAME.search(name) else None


def _name(text: str) -> str | None:
    return " ".join(text.split()).strip("*_[] ") or None if text.strip() else None


def _signature(
    text: str, found: re.Match[str], floor: int, dates: DateReader, links: Sequence[Link]
) -> _Signature | None:
    """The attribution around a handle, or ``None`` where prose merely mentions one: a date must follow it, or a post's
    own link must close the body before it."""
    behind = _TO_DATE.match(text, found.end())
    place = behind.end() if behind else found.end()
    before = text[max(floor, found.start() - _NAME_CHARS - 60) : found.start()]
    carried = links or text.startswith(("](", "http", "<http"), place) or "t.co/" in before or "pic." in before
    if not carried and not text[place : place + 1].isalnum():
        return None
    if not any(dash in before for dash in _DASHES) and "\n" not in before and found.start() > _NAME_CHARS:
        return None
    if _INSTAGRAM.match(text, found.end()):
        return None
    dated = dates.at(text, place)
    named = name_before(text, floor, found.start())
    end = dated[1] if dated else found.end()
    post, end = _permalink(text, place, end, links)
    if named is None and dated and dated[0] and "\n" not in text[found.end() : place]:
        named = _undashed(text, floor, found.start())
    if named is None:
        return None
    if not dated and not post and not _ENDS_IN_SHORT_LINK.search(text[max(floor, named[0] - 60) : named[0]]):
        return None
    return _Signature(named[0], named[1], found["handle"], dated[0] if dated else None, post, end)


def _undashed(text: str, floor: int, handle_at: int) -> tuple[int, str | None] | None:
    """A name that fills its line up to the handle, its dash lost on the way."""
    line = max(floor, text.rfind("\n", floor, handle_at) + 1)
    name = text[line:handle_at].lstrip("?> \t")
    return (line, _name(name)) if len(name) <= 60 else None


def _permalink(text: str, place: int, end: int, links: Sequence[Link]) -> tuple[PostRef | None, int]:
    """The post that the date's link leads to, and where the attribution then ends."""
    for link in links[bisect_left(links, place, key=lambda link: link.end) :]:
        if link.start > end + 2:
            break
        if post := match(link.href):
            return post, max(end, link.end)
    for pattern in (_MARKDOWN_TARGET, _BARE_TARGET):
        target = pattern.match(text, end)
        if target and (post := match(target["url"])):
            return post, target.end()
    return None, end


def tidy(text: str) -> str:
    """A body as it was shown: quote marks of mail and Markdown gone, blanks collapsed, its line breaks kept."""
    lines = (" ".join(line.split()) for line in _QUOTE_MARK.sub("", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _start(link: Link) -> int:
    return link.start


def _links_of(body: str, start: int, links: Sequence[Link]) -> tuple[str, ...]:
    """The short links of a body, printed or linked, in order, each once."""
    placed = [(at, link) for at, _, link in short_links_in(body)]
    inside = links[bisect_left(links, start, key=_start) : bisect_left(links, start + len(body), key=_start)]
    placed += [(link.start - start, short) for link in inside if (short := short_link(link.href))]
    return tuple(dict.fromkeys(link for _, link in sorted(placed)))
