"""Whether two texts are one post's: an embed's remains in an article against what an archive shows.

Between a post and its remains lie a CMS, a scraper and twenty years of renderings: line breaks and blanks vanish,
quotation marks are made straight or curly, links are shown, expanded, cut or dropped, long texts end in an ellipsis.
What they leave alone is letters, digits and their order.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MAX_CHARS = 4_000
"""What of a text is compared; posts were 140, then 280 characters long, and may be 25,000 since 2023."""
LEAST_CHARS = 20
"""Letters and digits that a text must have to tell one post from another: below, it is too common to prove anything."""
_PART_LEAST = 40
_ALIKE = 0.85

_LINK = re.compile(r"https?://\S{1,2000}|pic\.(?:twitter|x)\.com/\w{1,40}", re.IGNORECASE)
_EMOJI_STYLE = "\ufe0f"
_CUT = re.compile(r"(?:…|\.\.\.)\s*$")
Kind = Literal["same", "cut", "tail", "short", "alike", "other"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """``same``: letter for letter; ``cut``: one is the other's beginning and ends in an ellipsis; ``tail``: one is the
    other's end (where an embed is running text, nobody knows for sure where it begins); ``short``: the same, but too
    short to prove anything; ``alike``: nearly; ``other``: no. ``ratio``: 0 to 1, of what is alike."""

    kind: Kind
    ratio: float

    @property
    def proves(self) -> bool:
        """Whether it is good enough to call both one post's, where the author and the day agree too."""
        return self.kind in ("same", "cut", "tail")


def compare(one: str, other: str, *, before: str | None = None) -> Likeness:
    """How alike two texts are. Links are left out of it on both sides. ``before``: words that stand before ``one`` and
    may belong to it; they do as far as ``other`` begins with them."""
    first, second = essence(one), essence(other)
    begins = second.rfind(first) if before else -1
    if begins > 0 and essence(before or "").endswith(second[:begins]):
        first = second[:begins] + first
    if not first or not second:
        return Likeness("other", 0.0)
    if first == second:
        return Likeness("same" if len(first) >= LEAST_CHARS else "short", 1.0)
    shorter, longer = sorted((first, second), key=len)
    cut_off = one if shorter == first else other
    if len(shorter) >= _PART_LEAST:
        share = round(len(shorter) / len(longer), 2)
        if longer.startswith(shorter) and _CUT.search(_LINK.sub("", cut_off[-300:])):
            return Likeness("cut", share)
        if longer.endswith(shorter):
            return Likeness("tail", share)
    matcher = SequenceMatcher(None, first[:1_000], second[:1_000], autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return Likeness("other", round(matcher.quick_ratio(), 2))
    ratio = round(matcher.ratio(), 2)
    return Likeness("alike" if ratio >= _ALIKE else "other", ratio)


def essence(text: str) -> str:
    """The letters, digits and symbols of ``text``, case and compatibility forms folded, without links.

    >>> essence("“Hello”,  W&amp;W: 1 &lt; 2! https://t.co/rQd6FIwZ0U")
    'helloww1<2'
    """
    words = _LINK.sub(" ", html.unescape(text[:MAX_CHARS]))
    folded = unicodedata.normalize("NFKC", words).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LNMS" and char != _EMOJI_STYLE)
