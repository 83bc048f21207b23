"""A page's text with what is asked about its places: in what kind of content, in which tag and attribute.

The text of markup is its UTF-8 bytes seen as characters (Latin-1): what is looked for are ASCII signs, which are the
same in both, and a page is then neither decoded nor widened for the sake of one emoji. ``words`` decodes what is kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from archiver.find import scan

Zone = Literal["body", "script", "style", "comment", "textarea"]

_RAW: dict[str, tuple[str, Zone]] = {
    "<script": ("</script", "script"),
    "<style": ("</style", "style"),
    "<textarea": ("</textarea", "textarea"),
    "<!--": ("-->", "comment"),
}
_TAG_NAME = re.compile(r"<([a-z][a-z0-9:-]*)(?!//)")
_ATTRIBUTE = re.compile(
    r"[\s/]*(?P<name>[^\s=<>\"'/][^\s=<>/]*)(?:\s*=\s*(?:(?P<quote>[\"'])|(?P<plain>[^\s<>\"']*)))?"
)
_JSON = re.compile(r"\s*(?:\{\s*\\?[\"}]|\[\s*[\[{\"\]])")
MAX_TAG_CHARS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An opening tag. ``start`` to ``end``: its place, from ``<`` behind ``>``. ``attributes``: raw values by name,
    lower-cased. ``places``: (end, name) of each attribute, in order."""

    name: str
    start: int
    end: int
    attributes: dict[str, str]
    places: tuple[tuple[int, str], ...]

    def attribute_at(self, place: int) -> str | None:
        """The name of the attribute that holds ``place``, or ``None``."""
        index = bisect_right(self.places, (place, "\U0010ffff"))
        return self.places[index][1] if index < len(self.places) else None


@dataclass(frozen=True)
class Source:
    """``text``: the document (of markup: its bytes as Latin-1). ``low``: the same with ASCII lower-cased, character for
    character; ``raw``: of markup, the same as bytes. ``base``: what relative links are resolved against. ``cut``: what
    was left out, in words; empty when everything was read."""

    text: str
    low: str
    markup: bool
    raw: bytes = b""
    base: str | None = None
    cut: set[str] = field(default_factory=set)
    _taken: list[tuple[int, int]] = field(default_factory=list)
    _tags: dict[int, Tag | None] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes, *, markup: bool, base: str | None = None) -> Source:
        """``data``: UTF-8, as ``read_page`` gives it."""
        if markup:
            low = data.lower()
            return cls(text=data.decode("latin-1"), low=low.decode("latin-1"), markup=True, raw=low, base=base)
        return cls(text=data.decode("utf-8", "replace"), low=data.lower().decode("utf-8", "replace"), markup=False)

    def words(self, start: int, end: int) -> str:
        """The text from ``start`` to ``end``, decoded."""
        piece = self.text[max(0, start) : end]
        if not self.markup or piece.isascii():
            return piece
        return piece.encode("latin-1").decode("utf-8", "replace")

    def places(self, word: str) -> Iterator[int]:
        """Where ``word`` (ASCII, lower case) stands in ``low``, in order."""
        if self.markup:
            return scan.places(self.raw, word.encode())
        return (found.start() for found in re.finditer(re.escape(word), self.low))

    def matches(self, word: str, pattern: re.Pattern[str], *, exact: bool = False) -> Iterator[re.Match[str]]:
        """As ``pattern.finditer(low)``, of a pattern that begins with ``word``; ``exact``: of ``text``."""
        text, behind = self.text if exact else self.low, 0
        for place in self.places(word):
            if place >= behind and (found := pattern.match(text, place)):
                behind = found.end()
                yield found

    @cached_property
    def is_state(self) -> bool:
        """Whether the whole document is JSON, an answer of a CMS or a JSON Feed."""
        return _JSON.match(self.text) is not None

    @cached_property
    def _raw_zones(self) -> tuple[list[int], list[tuple[int, Zone]]]:
        """Starts, and (end, zone), of the content that is no markup (HTML 13.1.2: raw text, comments)."""
        starts: list[int] = []
        ends: list[tuple[int, Zone]] = []
        if self.is_state:
            return [0], [(len(self.text), "script")]
        beyond, place = len(self.text), 0
        ahead = dict.fromkeys(_RAW, -1) if self.markup else {}
        while ahead:
            for word in [word for word, start in ahead.items() if start < place]:
                found = scan.find(self.raw, word.encode(), place)
                ahead[word] = found if found >= 0 else beyond
            word = min(ahead, key=ahead.__getitem__)
            start, (closer, zone) = ahead[word], _RAW[word]
            if start == beyond:
                break
            end = scan.find(self.raw, closer.encode(), start + len(word))
            if end < 0:  # browsers swallow the rest of the page; what is there was still published
                del ahead[word]
            else:
                starts.append(start)
                ends.append((end, zone))
                place = end
        return starts, ends

    def zone(self, place: int) -> Zone:
        """What kind of content ``place`` lies in."""
        starts, ends = self._raw_zones
        nearest = bisect_right(starts, place) - 1
        return ends[nearest][1] if nearest >= 0 and place < ends[nearest][0] else "body"

    def zone_start(self, place: int) -> int:
        """Where the zone around ``place`` begins; 0 in the body."""
        starts, ends = self._raw_zones
        nearest = bisect_right(starts, place) - 1
        return starts[nearest] if nearest >= 0 and place < ends[nearest][0] else 0

    def tag_at(self, place: int) -> Tag | None:
        """The opening tag whose inside holds ``place``, or ``None`` when it lies in text."""
        start = place
        for _ in range(4):  # a ``<`` may stand inside an attribute's value
            start = self.low.rfind("<", max(0, place - MAX_TAG_CHARS), start)
            if start < 0:
                return None
            tag = self.read_tag(start)
            if tag and tag.end > place:
                return tag
        return None

    def read_tag(self, start: int) -> Tag | None:
        """The opening tag at ``start``, or ``None``. A tag that never ends is taken to end where the next begins."""
        if start not in self._tags:
            self._tags[start] = self._read_tag(start)
        return self._tags[start]

    def _read_tag(self, start: int) -> Tag | None:
        name = _TAG_NAME.match(self.low, start)
        if name is None or self.low.startswith(("http:", "https:"), start + 1):  # Markdown's <https://…>
            return None
        attributes: dict[str, str] = {}
        places: list[tuple[int, str]] = []
        end = name.end()
        limit = min(len(self.text), start + MAX_TAG_CHARS)
        while found := _ATTRIBUTE.match(self.text, end, limit):
            end = found.end()
            value = found["plain"] or ""
            if found["quote"]:
                closed = self.text.find(found["quote"], end, limit)
                if closed < 0:
                    break
                value, end = self.text[end:closed], closed + 1
            key = found["name"].lower()
            attributes.setdefault(key, value)
            places.append((end, key))
        ends = [place for place in (self.low.find(mark, end, limit) for mark in "<>") if place >= 0]
        return Tag(
            name=name[1], start=start, end=min(ends, default=limit - 1) + 1, attributes=attributes, places=tuple(places)
        )

    def take(self, start: int, end: int) -> None:
        """Note that an embed was read from ``start`` to ``end``."""
        insort(self._taken, (start, end))

    def is_taken(self, place: int) -> bool:
        """Whether an embed was already read from around ``place``."""
        nearest = bisect_right(self._taken, (place, len(self.text) + 1)) - 1
        return nearest >= 0 and place < self._taken[nearest][1]
