"""A page's text with what is asked about its places: in what kind of content, in which tag and attribute."""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Zone = Literal["body", "script", "style", "comment", "textarea"]

_RAW = re.compile(r"<(?P<name>script|style|textarea|!--)")
_CLOSERS = {"script": "</script", "style": "</style", "textarea": "</textarea", "!--": "-->"}
_ZONES: dict[str, Zone] = {"script": "script", "style": "style", "textarea": "textarea", "!--": "comment"}
_TAG_NAME = re.compile(r"<([a-z][a-z0-9:-]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s=>\"'/][^\s=>/]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']*)))?")
MAX_TAG_CHARS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An opening tag. ``start`` to ``end``: its place, from ``<`` behind ``>``. ``attributes``: raw values by name,
    lower-cased. ``attribute``: the name of the one that holds the place asked about, or ``None``."""

    name: str
    start: int
    end: int
    attributes: dict[str, str]
    attribute: str | None


@dataclass(frozen=True)
class Source:
    """``text``: the document. ``low``: the same with ASCII lower-cased, character for character."""

    text: str
    low: str
    markup: bool
    _taken: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def _raw_zones(self) -> tuple[list[int], list[tuple[int, Zone]]]:
        """Starts, and (end, zone), of the content that is no markup (HTML 13.1.2: raw text, comments)."""
        starts: list[int] = []
        ends: list[tuple[int, Zone]] = []
        unclosed: set[str] = set()
        place = 0
        while self.markup and (found := _RAW.search(self.low, place)):
            name = found["name"]
            place = found.end()
            end = -1 if name in unclosed else self.low.find(_CLOSERS[name], place)
            if end < 0:  # browsers swallow the rest of the page; what is there was still published
                unclosed.add(name)
                continue
            starts.append(found.start())
            ends.append((end, _ZONES[name]))
            place = end
        return starts, ends

    def zone(self, place: int) -> Zone:
        """What kind of content ``place`` lies in."""
        starts, ends = self._raw_zones
        nearest = bisect_right(starts, place) - 1
        return ends[nearest][1] if nearest >= 0 and place < ends[nearest][0] else "body"

    def tag_at(self, place: int) -> Tag | None:
        """The opening tag whose inside holds ``place``, or ``None`` when it lies in text."""
        start = place
        for _ in range(4):  # a ``<`` may stand inside an attribute's value
            start = self.low.rfind("<", max(0, place - MAX_TAG_CHARS), start)
            if start < 0:
                return None
            tag = self.read_tag(start, place)
            if tag and tag.end > place:
                return tag
        return None

    def read_tag(self, start: int, place: int = -1) -> Tag | None:
        """The opening tag at ``start``, or ``None``; ``place``: where one of its attributes is asked about."""
        name = _TAG_NAME.match(self.low, start)
        if name is None:
            return None
        attributes: dict[str, str] = {}
        inside = None
        end = name.end()
        limit = min(len(self.text), start + MAX_TAG_CHARS)
        while found := _ATTRIBUTE.match(self.text, end, limit):
            key = found[1].lower()
            attributes.setdefault(key, next((value for value in found.groups()[1:] if value is not None), ""))
            if found.start() <= place < found.end():
                inside = key
            end = found.end()
        while end < limit and self.text[end] not in "><":
            end += 1
        return Tag(name=name[1], start=start, end=end + 1, attributes=attributes, attribute=inside)

    def take(self, start: int, end: int) -> None:
        """Note that an embed was read from ``start`` to ``end``."""
        insort(self._taken, (start, end))

    def is_taken(self, place: int) -> bool:
        """Whether an embed was already read from around ``place``."""
        nearest = bisect_right(self._taken, (place, len(self.text) + 1)) - 1
        return nearest >= 0 and place < self._taken[nearest][1]
