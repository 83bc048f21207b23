"""An embed's date line, in any language.

X prints the UTC day of the post in CLDR's *long* form of the embed's language (``protocols`` 7.3). Our own table reads
those; dateparser is asked last, seldom, and only in the language that the page says: in all of them it takes seconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache

import dateparser

from archiver.find.months import TABLE
from archiver.model import Moment

LONGEST_LINE = 60
FIRST_YEAR, LAST_YEAR = 2006, 2099
_BUDDHIST_YEARS = 543
_WHOLE_NAME = 5
"""A month alone, its day masked or cut off, counts as a date when its name is no everyday word (``may``, ``mars``)."""

_CJK = re.compile(
    r"(?P<y>\d{4}) ?[年년]\.? ?(?P<m>\d{1,2}) ?[月월]\.? ?(?P<d>\d{1,2}) ?[日일]?"
    r"|(?P<m2>\d{1,2}) ?[月월] ?(?P<d2>\d{1,2}) ?[日일]?,? ?(?P<y2>\d{4})"
    r"|(?:ngày )?(?P<d3>\d{1,2}) tháng (?P<m3>\d{1,2}),? (?:năm )?(?P<y3>\d{4})"
    r"|(?P<y4>\d{4})-(?P<m4>\d{2})-(?P<d4>\d{2})(?!\d)"
    r"|(?P<y5>\d{4}) оны (?P<m5>\d{1,2})-?р? сар\w* (?P<d5>\d{1,2})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?P<skip>[\s,.،、·∙•⋅:;\-–'’\"()\[\]*_|]+)|(?P<number>\d+)|(?P<word>[^\s,.،、·:;\d()\[\]*_|]+)")
_MASKED = re.compile(r" (?:\*[A-Z]{3,}\*|\[[A-Z]{3,}\]|<[A-Z]{3,}>|[X#_]{2}\b)")
"""What data sets put in the place of numbers."""
_FILLERS = frozenset(
    "de del di d of the den le da do mh ko eko e gada m г р ж թ ta ren a st nd rd th er º ª g y ค ศ พ".split()
)
_WEEKDAY_FIRST = re.compile(r"[^\W\d_]{2,12},? +(?=[^\W\d_]{3}|\d)")
_CLOCK_FIRST = re.compile(r"\d{1,2}[:.]\d{2}(?::\d{2})? ?(?:[ap]\.? ?m\.?)? *[-–—·∙•⋅|,]? *", re.IGNORECASE)
_API = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (?:UTC)?\+00:?00 (\d{4})")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)? ?(?:Z|UTC|[+-]\d{2}:?\d{2})")
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
)


@dataclass(slots=True)
class DateReader:
    """Reads the date lines of one page. ``lang``: the page's language, which decides where a word names different
    months in different languages. ``patience``: how many unknown lines dateparser may still be asked about."""

    lang: str | None = None
    patience: int = 8
    known: dict[str, Moment | None] = field(default_factory=dict)

    def line(self, text: str) -> Moment | None:
        """The moment that a date line (an anchor's text, an attribute) states: a UTC day, or the second where it says
        both the time and the zone. A time without its zone is the viewer's, and dropped. ``None``: not a date."""
        text = _plain(text).strip()
        if not text or len(text) > LONGEST_LINE or text.isalpha():
            return None
        if text not in self.known:
            self.known[text] = self._line(text)
        return self.known[text]

    def _line(self, text: str) -> Moment | None:
        exact = _instant(text)
        if exact:
            return exact
        for head in (text, _CLOCK_FIRST.sub("", text, count=1), _WEEKDAY_FIRST.sub("", text, count=1)):
            if found := _scan(head, self.lang):
                return found[0]
        if self.patience > 0 and self.lang and re.search(r"\d{4}", text) and re.search(r"[^\W\d_]{3}", text):
            self.patience -= 1
            return _ask_dateparser(text, self.lang[:2].lower())
        return None

    def at(self, text: str, place: int) -> tuple[Moment | None, int] | None:
        """(moment, end) of the date that is printed in running ``text`` at ``place``; the moment is ``None`` where the
        rest is cut off or masked. ``None``: no date begins there."""
        window = text[place : place + LONGEST_LINE]
        found = _scan(_same_length(window), self.lang)
        return (found[0], place + found[1]) if found else None


def _scan(text: str, lang: str | None) -> tuple[Moment | None, int] | None:
    """(moment, end) of the date that ``text`` begins with."""
    fixed = _CJK.match(text)
    if fixed:
        parts = {name[0]: int(value) for name, value in fixed.groupdict().items() if value}
        return _moment(parts["y"], parts["m"], parts["d"]), fixed.end()
    day = month = year = None
    end = place = 0
    while (day is None or month is None or year is None) and (token := _TOKEN.match(text, place)):
        place = token.end()
        if token["number"]:
            number = int(token["number"][:5])
            if len(token["number"]) == 4 and year is None:
                year = number
            elif len(token["number"]) <= 2 and 1 <= number <= 31 and day is None:
                day = number
            else:
                break
            end = place
        elif token["word"]:
            named = month_named(token["word"], lang) if month is None else None
            if named is not None:
                month, end = named, place
            elif token["word"].casefold().rstrip("'’ª") not in _FILLERS:
                break
    if month is None or (day is None and end < _WHOLE_NAME and not _MASKED.match(text, end)):
        return None
    return (_moment(year, month, day) if year and day else None), end


def month_named(word: str, lang: str | None = None) -> int | None:
    """1 to 12 for a month's name, whole or abbreviated, in any language of the table; ``None`` for any other word."""
    word = unicodedata.normalize("NFC", word).casefold().strip("'’\"-–")
    months = _months()
    for spelling in (
        word,
        word.removeprefix("ב"),
        _unaccented(word),
        word.removesuffix("ren"),
        word.removesuffix("ын"),
    ):
        named = months.get(spelling)
        if named:
            return named.get((lang or "")[:2].lower(), next(iter(named.values())))
    return None


@lru_cache(maxsize=1)
def _months() -> dict[str, dict[str, int]]:
    """Word → language → month, the languages in the table's order."""
    months: dict[str, dict[str, int]] = defaultdict(dict)
    for entry in re.split(r"\n(?! )", TABLE.strip()):
        lang, _, names = entry.partition(":")
        for month, words in enumerate(names.split("|"), 1):
            for word in words.split():
                months[word].setdefault(lang, month)
                months[_unaccented(word)].setdefault(lang, month)
    return dict(months)


def _unaccented(word: str) -> str:
    """Latin and Greek letters without their accents (``decembre``); the marks of other scripts are vowels."""
    if word[:1] > "\u03ff":
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _moment(year: int, month: int, day: int) -> Moment | None:
    if FIRST_YEAR + _BUDDHIST_YEARS <= year <= LAST_YEAR + _BUDDHIST_YEARS:
        year -= _BUDDHIST_YEARS
    try:
        return Moment.of_day(date(year, month, day)) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def _instant(text: str) -> Moment | None:
    """A full instant as X's own services write it (``created_at``), or ISO 8601 with its zone."""
    api = _API.fullmatch(text)
    try:
        if api:
            month = month_named(api[1], "en") or 0
            at = datetime(int(api[6]), month, int(api[2]), int(api[3]), int(api[4]), int(api[5]), tzinfo=UTC)
            return Moment(at=at, precision="second")
        if _INSTANT.fullmatch(text):
            at = datetime.fromisoformat(re.sub(r" ?(?:UTC|Z)$", "+00:00", text)).astimezone(UTC)
            return Moment(at=at, precision="millisecond" if at.microsecond else "second")
    except (ValueError, OverflowError):
        return None
    return None


@lru_cache(maxsize=512)
def _ask_dateparser(text: str, lang: str) -> Moment | None:
    settings = {"REQUIRE_PARTS": ["day", "month", "year"], "TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False}
    try:
        at = dateparser.parse(text, languages=[lang], settings=settings)
    except (
        ValueError,
        OverflowError,
        RecursionError,
    ):  # hostile digits reach datetime's limits in there; a language may be unknown
        return None
    return _moment(at.year, at.month, at.day) if at else None


def _plain(text: str) -> str:
    """ASCII digits for those of any script, plain blanks, no direction marks."""
    return " ".join(_same_length(text).translate(_INVISIBLE).split())


def _same_length(text: str) -> str:
    """As ``_plain``, character by character: offsets stay true."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else (" " if c.isspace() or ord(c) in _INVISIBLE else c)
        for c in text
    )
