"""Embeds of which only running text is left: a body, then ``— Name (@handle) June 28, 2021``.

Scrapers, readers and feeds drop the markup of an embed and keep its words. The attribution line survives nearly
unchanged; where the body begins does not, and is inferred from how posts and articles are written:

1. An attribution belongs to one body, so the body begins behind the attribution before it.
2. Where the text has blank lines, the body is the paragraph before the attribution, and earlier ones only while they
   carry a post's own marks (a hashtag, a mention, a t.co link).
3. Where it has none, lines are taken backwards until one reads like the article: a long sentence without such marks,
   or one that announces the post (``She tweeted:``).
4. A body never outgrows a post: 280 units as X counts them (a link 23, a wide character 2), unless it is one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from archiver.find.dates import DateReader
from archiver.find.flat import Link
from archiver.model import Moment, PostRef
from archiver.platforms import match, short_link, short_links_in

POST_UNITS = 280
_SLACK_UNITS = 20
_NAME_CHARS = 110
_BODY_CHARS = 6_000
_PROSE_CHARS = 70

HANDLE = re.compile(r"[（(]\s?@(?P<handle>[A-Za-z0-9_]{1,20})\s?[)）]")
_DASH = re.compile(r"—|―|⸺|–|--+|â€”|â\x80\x94|&mdash;|&#8212;")
_DASHES = ("—", "―", "⸺", "–", "--", "â€”", "â\x80\x94", "&mdash;", "&#8212;", "- ", "-\xa0", "-\n", "?")
"""What stands before a name, roughly: the cheap question before the exact one."""
_THIN_DASH = re.compile(r"(?:^|(?<=\s))-(?=\s)", re.MULTILINE)
_TO_DATE = re.compile(r"(?:[ \t\xa0]|\n(?!\n\n))*(?:[\[<_*>|·,]{1,3}\s*)*")
_INSTAGRAM = re.compile(r"\s*(?:on|am|el|le|op|den|il)\s", re.IGNORECASE)
_MARKDOWN_TARGET = re.compile(r"[\]*_)\s]{0,4}\(\s*<?(?P<url>https?://[^\s)>]{1,300})")
_BARE_TARGET = re.compile(r"[\s<>\])(]{0,4}(?P<url>https?://[^\s)>\]]{1,300})")

_POST_MARKS = re.compile(
    r"(?:^|[\s(\"“‘'.–—-])[#＃@＠][^\W\d_]\w+|t\.co/\w|pic\.(?:twitter|x)\.com/|^\s*(?:[-–—•‣▪→➡✅❌⚠️]|\d{1,2}[.)/]\s)"
)
_LINK_ONLY = re.compile(r"\s*(?:https?://)?(?:t\.co|pic\.(?:twitter|x)\.com)/\w+\s*")
_ENDS_IN_SHORT_LINK = re.compile(r"(?:t\.co|pic\.(?:twitter|x)\.com)/\w{3,40}\s*$")
_ANY_LINK = re.compile(r"https?://\S+|(?:pic\.(?:twitter|x)\.com|t\.co)/\w+")
_MEDIA_LINK = re.compile(r"pic\.(?:twitter|x)\.com/\w+")
_ANNOUNCES = re.compile(r"[:：]\s*[\"“”»]?\s*$")
_SAYS = re.compile(
    r"t(?:w|u)(?:ee|i|ii)t|\bx\b|wrote|writes|said|says|posted|shared|schrieb|schreibt|sagte|escribi|publicó|dijo|écrit|déclar"
    r"|scri(?:tto|ve|sse)|disse|escreveu|schreef|napisa|skrev|напис|yazdı|كتب|غرد|投稿|ツイート|写道",
    re.IGNORECASE,
)
_ENDS_SENTENCE = re.compile(r"[.!?。！？…।؟][\"'”’»)\]]*\s*$")
_ITEM = re.compile(r"\s*(?:[-–—•‣▪→➡*・·]|\d{1,2}[.)/]|[a-z]\)|[\u2600-\u27bf\U0001f000-\U0001faff])")
_SENTENCE_STARTS = re.compile(r"(?<=[.!?…。！？])[\"'”’»)]*\s+|(?<=[。！？])")
_GLUED_BLOCKS = re.compile(r"(?<=[a-z0-9]{3}[.!?])[\"”’»)]*(?=[A-Z#@“\"])")
_ANNOUNCED = re.compile(r"(?<=[:：])\s+")
_WIDE = re.compile("[^\\x00-\u10ff\u2000-\u2037]")
"""What X counts as two characters (its ``twitter-text`` configuration, version 3)."""
_QUOTE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """An embed's remains in a text. ``start`` to ``end``: body and attribution line. ``handle_at``: its ``(@``.
    ``author``: ``None`` where no name stands before the handle. ``post``: of the date's link, else ``None``."""

    start: int
    end: int
    handle_at: int
    author: str | None
    handle: str
    date: Moment | None
    text: str | None
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


def attributions(text: str, dates: DateReader, links: Sequence[Link] = ()) -> Iterator[Attribution]:
    """The embeds left in ``text`` (lines end in LF), in order. ``links``: its anchors, where it was markup."""
    floor = 0
    for found in HANDLE.finditer(text):
        if found.start() < floor:
            continue
        signature = _signature(text, found, floor, dates, links)
        if signature is None:
            continue
        start = body_start(text, floor, signature.dash)
        body = text[start : signature.dash]
        yield Attribution(
            start=start,
            end=signature.end,
            handle_at=found.start(),
            author=signature.name,
            handle=signature.handle,
            date=signature.date,
            text=tidy(body) or None,
            post=signature.post,
            short_links=_links_of(body, start, links),
        )
        floor = signature.end


def name_before(text: str, floor: int, handle_at: int) -> tuple[int, str | None] | None:
    """(where the dash begins, the name) of an attribution whose handle's bracket is at ``handle_at``: the text behind
    the last dash before it. ``None`` when there is no dash within a name's length."""
    low = max(floor, handle_at - _NAME_CHARS)
    head = text[low:handle_at]
    for pattern in (_DASH, _THIN_DASH):
        dashes = [dash for dash in pattern.finditer(head) if head.count("\n", dash.end()) <= 2]
        if dashes:
            dash = dashes[-1]
            return low + dash.start(), _name(head[dash.end() :])
    return None


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


def body_start(text: str, floor: int, end: int) -> int:
    """Where the body that ends at ``end`` begins, not before ``floor`` (the rules of this module's head)."""
    floor = max(floor, end - _BODY_CHARS)
    lines = list(_lines_backwards(text, floor, end))
    while lines and not lines[0][1].strip():
        del lines[0]
    if not lines:
        return end
    if lines[0][1].lstrip().startswith(">"):
        return _quoted_start(lines)
    start, nearest = lines[0]
    units = weight(nearest)
    if units > POST_UNITS + _SLACK_UNITS:
        return _within_line(text, start, end)
    spaced = any(not line.strip() for _, line in lines)
    blank = False
    for above, line in lines[1:]:
        if not line.strip():
            blank = True
            continue
        units += weight(line) + 1
        marked = bool(_POST_MARKS.search(line))
        if units > POST_UNITS + _SLACK_UNITS or (blank and not marked and not _LINK_ONLY.fullmatch(nearest)):
            break
        if _announces(line, nearest, marked=marked) or _reads_like_article(
            line, marked=marked or (spaced and not blank)
        ):
            break
        start, nearest, blank = above, line, False
    return start


def _quoted_start(lines: Sequence[tuple[int, str]]) -> int:
    """A quote of Markdown or mail is a body whole, however long."""
    quoted = takewhile(lambda line: line[1].lstrip().startswith(">"), lines)
    return [start for start, _ in quoted][-1]


def _lines_backwards(text: str, floor: int, end: int) -> Iterator[tuple[int, str]]:
    while end > floor:
        start = max(floor, text.rfind("\n", floor, end) + 1)
        yield start, text[start:end]
        end = start - 1


def _reads_like_article(line: str, *, marked: bool) -> bool:
    prose = len(line) > _PROSE_CHARS and _ENDS_SENTENCE.search(line) and not _ANY_LINK.search(line)
    return bool(prose) and not marked


def _announces(line: str, below: str, *, marked: bool) -> bool:
    """Whether ``line`` introduces a post rather than a list of its own."""
    if marked or not _ANNOUNCES.search(line) or len(line.split()) < 2:
        return False
    return bool(_SAYS.search(line)) or not _ITEM.match(below)


def _within_line(text: str, start: int, end: int) -> int:
    """Where a body begins inside a line that holds more than a post: at the last place where two blocks were glued
    together, behind the last announcement, or at the first sentence from which a post's units suffice."""
    line = text[start:end].rstrip()
    for pattern in (_GLUED_BLOCKS, _ANNOUNCED, _SENTENCE_STARTS):
        places = [found.end() for found in pattern.finditer(line) if found.end() < len(line)]
        first = bisect_left(places, True, key=lambda place: weight(line[place:]) <= POST_UNITS)
        if first < len(places):
            return start + (places[first] if pattern is _SENTENCE_STARTS else places[-1])
    return start


def weight(text: str) -> int:
    """The length of ``text`` as X counts it: a link 23, its own media 0, a character beyond the alphabets 2."""
    text = _ANY_LINK.sub("x" * 23, _MEDIA_LINK.sub("", text).strip())
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


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
