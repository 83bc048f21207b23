"""Where a post's words begin in running text, as far as anybody can know.

Behind them stands the attribution, before them the article, and nothing says where one ends and the other begins. So
what is surely the post's is told apart from what may be the post's or the article's:

1. Surely: the block right before the attribution. A block is a paragraph where blank lines part the text
   (``is_spaced``), else a line; of a line that holds more than a post, the last sentence.
2. Surely, too: the lines above it from one on that is written as posts are and articles are not: headed by a hashtag
   (``#UPDATE: …``), by ``.@name``, closed by several hashtags, or one item of a list with the line below. And all that
   stands behind the announcement of a post (``She later tweeted:``).
3. Perhaps: whatever stands above and would still fit into the post: 280 units as X counts them (a link 23, a wide
   character 2). A hashtag, a mention or a t.co link within a sentence proves nothing: articles hold them as well.
4. No more: what announces it (``He said:``), is longer than a post, or lies before the attribution above.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

POST_UNITS = 280
_SLACK_UNITS = 20
_BODY_CHARS = 6_000
_SAMPLE_CHARS = 200_000
_WRAPPED_BREAKS, _SPACED_BREAKS = 6, 3

_HEADED = re.compile(r"\s*[^\w\s#＃@]{0,6}\s?[#＃][^\W\d_]\w+(?P<label>\s?[:：|–—])?(?P<more>.*\w)?")
_ADDRESSED = re.compile(r"\s*(?:\.@|RT @)\w")
_TAGS_LAST = re.compile(r"(?:\s[#＃][^\W\d_]\w+){2,}\s*$")
_ITEM = re.compile(r"\s*(?P<mark>[-–—•‣▪→➡*・·]|\d{1,2}[.)/]|[a-z]\)|[\u2600-\u27bf\U0001f000-\U0001faff])")
_MARKDOWN_MARKS = frozenset("-*")
_LINK_ONLY = re.compile(r"\W{0,20}(?:https?://)?(?:t\.co|pic\.(?:twitter|x)\.com)/\w+\W{0,20}")
_ANY_LINK = re.compile(r"https?://\S+|(?:pic\.(?:twitter|x)\.com|t\.co)/\w+")
_MEDIA_LINK = re.compile(r"pic\.(?:twitter|x)\.com/\w+")
_ANNOUNCES = re.compile(r"[:：]\s*[\"“”»]?\s*$")
_SAYS = re.compile(
    r"t(?:w|u)(?:ee|i|ii)t|\bx\b|wrote|writes|said|says|posted|shared|schrieb|schreibt|sagte|escribi|publicó|dijo|écrit|déclar"
    r"|scri(?:tto|ve|sse)|disse|escreveu|schreef|napisa|skrev|напис|yazdı|كتب|غرد|投稿|ツイート|写道",
    re.IGNORECASE,
)
_OF_POSTS = re.compile(r"t(?:w|u)(?:ee|i|ii)t|\bX\b|غرد|ツイート")
_ENDS_SENTENCE = re.compile(r"[.!?。！？…।؟][\"'”’»)\]]*\s*$")
_SENTENCE_STARTS = re.compile(r"(?<=[.!?…。！？])[\"'”’»)]*\s+|(?<=[。！？])")
_GLUED_BLOCKS = re.compile(r"(?<=[a-z0-9]{3}[.!?])[\"”’»)]*(?=[A-Z#@“\"])")
_ANNOUNCED = re.compile(r"(?<=[:：])\s+")
_WIDE = re.compile("[^\\x00-\u10ff\u2000-\u2037]")
"""What X counts as two characters (its ``twitter-text`` configuration, version 3)."""
_BREAKS = re.compile(r"(?P<ended>[.!?。！？…।؟][\"'”’»)\]]{0,3})?[ \t]{0,9}\n(?P<blank>[ \t\xa0]{0,200}\n\s*)?")


@dataclass(frozen=True, slots=True)
class Body:
    """``start``: from where on the words are the post's. ``earliest``: where it may begin; ``start`` when that is
    known."""

    start: int
    earliest: int


def is_spaced(text: str) -> bool:
    """Whether blank lines part the paragraphs of ``text``, so that a lone line break is one of the post's own, or of a
    text that was wrapped."""
    breaks = ended = blanks = 0
    for found in _BREAKS.finditer(text, 0, _SAMPLE_CHARS):
        if found["blank"]:
            blanks += 1
        else:
            breaks += 1
            ended += found["ended"] is not None
    wrapped = breaks >= _WRAPPED_BREAKS and 3 * ended < breaks
    return (wrapped and blanks > 0) or (blanks >= _SPACED_BREAKS and 2 * ended <= blanks)


def body_of(text: str, floor: int, end: int, *, spaced: bool) -> Body:
    """Where the body that ends at ``end`` begins, not before ``floor`` (the rules of this module's head)."""
    low = max(floor, end - _BODY_CHARS)
    lines = list(_lines_backwards(text, low, end))
    while lines and not lines[0][1].strip():
        del lines[0]
    if not lines:
        return Body(end, end)
    start, nearest = lines[0]
    if nearest.lstrip().startswith(">"):
        start = _quoted_start(lines)
        return Body(start, start)
    glued = start == floor > 0 and text[start - 1] != "\n"
    if glued or weight(nearest) > POST_UNITS + _SLACK_UNITS:
        return _within_line(nearest, start)
    return _over_lines(lines, spaced=spaced)


def _over_lines(lines: Sequence[tuple[int, str]], *, spaced: bool) -> Body:
    """``lines``: (place, line) from the nearest upwards."""
    start, below = lines[0]
    earliest, units, gap = start, weight(below), False
    in_block, provable = spaced, True
    for place, line in lines[1:]:
        if not line.strip():
            gap, in_block = True, False
            continue
        units += weight(line) + 1
        if units > POST_UNITS + _SLACK_UNITS:
            break
        marked = _is_marked(line, gap=gap) or (start == earliest and _go_on(line, below, gap=gap))
        if not marked and _announces(line, below):
            return Body(earliest if _OF_POSTS.search(line) else start, earliest)
        if in_block or (marked and provable):
            start = place
        elif _ENDS_SENTENCE.search(line):
            provable = False  # what stands above may be another's
        earliest, below, gap = place, line, False
    return Body(start, earliest)


def _is_marked(line: str, *, gap: bool) -> bool:
    """Whether ``line`` is written as the lines of posts are. ``gap``: a blank line stands below it."""
    if headed := _HEADED.match(line):
        label, more = headed["label"], headed["more"]
        if more and (label or not (gap or _ENDS_SENTENCE.search(line))):  # with a gap it may be Markdown's heading
            return True
    return bool(_ADDRESSED.match(line) or _TAGS_LAST.search(line))


def _go_on(line: str, below: str, *, gap: bool) -> bool:
    """Whether both lines are items of one list."""
    item, next_item = _ITEM.match(line), _ITEM.match(below)
    if item is None or next_item is None:
        return False
    return not gap or (item["mark"] == next_item["mark"] and item["mark"] not in _MARKDOWN_MARKS)


def _announces(line: str, below: str) -> bool:
    """Whether ``line`` introduces a post rather than a list of its own."""
    if not _ANNOUNCES.search(line) or len(line.split()) < 2:
        return False
    return bool(_SAYS.search(line)) or not _ITEM.match(below)


def _quoted_start(lines: Sequence[tuple[int, str]]) -> int:
    """A quote of Markdown or mail is a body whole, however long."""
    quoted = takewhile(lambda line: line[1].lstrip().startswith(">"), lines)
    return [start for start, _ in quoted][-1]


def _lines_backwards(text: str, floor: int, end: int) -> Iterator[tuple[int, str]]:
    while end > floor:
        start = max(floor, text.rfind("\n", floor, end) + 1)
        yield start, text[start:end]
        end = start - 1


def _within_line(line: str, start: int) -> Body:
    """Where a body begins in a line that holds more than a post, or that goes on behind another: surely its last
    sentence, or what stands behind the last place where two blocks were glued together."""
    line = line.rstrip()
    patterns = (_SENTENCE_STARTS, _GLUED_BLOCKS, _ANNOUNCED)
    places = sorted({found.end() for pattern in patterns for found in pattern.finditer(line)})
    places = [place for place in places if place < len(line)]
    while places and _LINK_ONLY.fullmatch(line, places[-1]):
        places.pop()
    if not places:
        return Body(start, start)
    fits = bisect_left(places, True, key=lambda place: weight(line[place:]) <= POST_UNITS)
    earliest = 0 if weight(line) <= POST_UNITS else places[min(fits, len(places) - 1)]
    return Body(start + places[-1], start + earliest)


def weight(text: str) -> int:
    """The length of ``text`` as X counts it: a link 23, its own media 0, a character beyond the alphabets 2."""
    text = _ANY_LINK.sub("x" * 23, _MEDIA_LINK.sub("", text).strip())
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))
