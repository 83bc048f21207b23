"""Markup that was located, read as the lines of text that a reader sees, with its links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

MAX_FRAGMENT_CHARS = 40_000
"""What one embed's markup is read to; embeds are a few thousand characters, pages of hostile nesting are not."""

_PARAGRAPHS = frozenset("p blockquote article section h1 h2 h3 h4 h5 h6 ul ol table pre figure header footer".split())
_LINES = frozenset("div li tr dd dt dl figcaption option aside main hr td th time address nav form details".split())
_UNSEEN = frozenset("script style template head title iframe svg object select".split())
_WRAP = "div"
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An anchor. ``start`` to ``end``: its text in the flat text. ``instant``: its ``data-datetime``, or ``None``."""

    start: int
    end: int
    href: str
    instant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """``text``: lines apart by a line break, paragraphs by a blank line, blanks collapsed. ``links``: in order.
    ``lang``: of the first paragraph that says its language. ``root``: the fragment's outermost element's attributes."""

    text: str
    links: tuple[Link, ...] = ()
    lang: str | None = None
    root: dict[str, str]


_idle: list[etree.HTMLParser] = []
"""Parsers that nobody uses at the moment, in whatever thread: making one takes as long as reading a fragment."""


def flatten(markup: str) -> Flat:
    """``markup`` (a fragment, as broken as it may be) as flat text. Comments, scripts and styles are not text."""
    markup = _COMMENT.sub("", markup[:MAX_FRAGMENT_CHARS]).replace("\0", "")
    try:
        parser = _idle.pop()
    except IndexError:
        parser = etree.HTMLParser(target=_Reader(), recover=True)
    parser.feed(f"<{_WRAP}>{markup}</{_WRAP}>")
    flat = cast("Flat", parser.close())
    _idle.append(parser)
    return flat


class _Reader:
    """What lxml tells of a fragment while it reads it (its parser target interface), written down at once: nothing is
    built that depth, which is the stranger's, could break. BeautifulSoup's tree of the same is the tests' oracle."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lines = _Lines()
        self._lang: str | None = None
        self._root: dict[str, str] | None = None
        self._wrap: int | None = None
        self._depth = self._hidden = 0
        self._open: list[tuple[int, str, str | None]] = []

    def start(self, tag: str | bytes, attrib: Mapping[Any, Any]) -> None:
        name, attributes = str(tag), cast("Mapping[str, str]", attrib)
        self._depth += 1
        outermost = self._root is None and self._wrap is not None
        if self._wrap is None and name == _WRAP:
            self._wrap = self._depth
        if self._hidden or name in _UNSEEN:
            self._hidden += 1
        if outermost:
            self._root = {} if self._hidden else {key.lower(): value for key, value in attributes.items()}
        if self._hidden:
            return
        if name == "p" and self._lang is None:
            self._lang = attributes.get("lang") or None
        elif name == "img" and "emoji" in attributes.get("class", ""):
            self._lines.add(attributes.get("alt", ""))
        self._lines.break_for(name, opening=True)
        if name == "a":
            href, instant = attributes.get("href", "").strip(), attributes.get("data-datetime") or None
            self._open.append((self._lines.mark(), href, instant))

    def end(self, tag: str | bytes) -> None:
        if self._depth == self._wrap and self._root is None:
            self._root = {}  # what follows is no longer inside
        self._depth -= 1
        if self._hidden:
            self._hidden -= 1
            return
        self._lines.break_for(str(tag), opening=False)
        if tag == "a":
            self._lines.link(*self._open.pop())

    def data(self, data: str | bytes) -> None:
        if not self._hidden:
            self._lines.add(str(data))

    def comment(self, text: str | bytes) -> None:
        """No text."""

    def close(self) -> Flat:
        lines = self._lines
        flat = Flat(text="".join(lines.parts), links=tuple(lines.links), lang=self._lang, root=self._root or {})
        self._begin()
        return flat


class _Lines:
    """Text put together piece by piece with its white space already as it will be, so that offsets stay true."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.links: list[Link] = []
        self._length = 0
        self._owed = ""
        """White space that is due before the next visible character."""

    def add(self, text: str) -> None:
        words = text.split()
        if text[:1].isspace() and not self._owed:
            self._owed = " "
        if not words:
            return
        piece = (self._owed if self._length else "") + " ".join(words)
        self.parts.append(piece)
        self._length += len(piece)
        self._owed = " " if text[-1].isspace() else ""

    def break_for(self, name: str, *, opening: bool) -> None:
        if name == "br":
            if opening:
                self._owed = "\n\n" if "\n" in self._owed else "\n"
        elif name in _PARAGRAPHS:
            self._owed = "\n\n"
        elif name in _LINES and "\n" not in self._owed:
            self._owed = "\n"

    def mark(self) -> int:
        """Where the next visible character will stand."""
        return self._length + (len(self._owed) if self._length else 0)

    def link(self, start: int, href: str, instant: str | None) -> None:
        start = min(start, self._length)
        self.links.append(Link(start=start, end=self._length, href=href, instant=instant))
