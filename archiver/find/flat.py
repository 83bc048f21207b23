"""Markup that was located, read as the lines of text that a reader sees, with its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import Comment, PageElement, Tag

MAX_FRAGMENT_CHARS = 40_000
"""What one embed's markup is read to; embeds are a few thousand characters, pages of hostile nesting are not."""

_PARAGRAPHS = frozenset("p blockquote article section h1 h2 h3 h4 h5 h6 ul ol table pre figure header footer".split())
_LINES = frozenset("div li tr dd dt dl figcaption option aside main hr td th time address nav form details".split())
_UNSEEN = frozenset("script style template head title iframe svg object select".split())
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


def flatten(markup: str) -> Flat:
    """``markup`` (a fragment, as broken as it may be) as flat text. Comments, scripts and styles are not text."""
    markup = _COMMENT.sub("", markup[:MAX_FRAGMENT_CHARS]).replace("\0", "")
    soup = BeautifulSoup(f"<div>{markup}</div>", "lxml", multi_valued_attributes=None)
    whole = next((node for node in soup.descendants if isinstance(node, Tag) and node.name == "div"), None)
    outermost = next((child for child in whole.contents if isinstance(child, Tag)), None) if whole else None
    lines = _Lines()
    lang: str | None = None
    root: dict[str, str] = {}
    opened: dict[int, int] = {}
    for event, node in _walk(soup):
        if not isinstance(node, Tag):
            lines.add(str(node))
            continue
        name = node.name
        if event == "open":
            if node is outermost:
                root = _attributes(node)
            if name == "p" and lang is None:
                lang = _text(node.get("lang")) or None
            if name == "img" and "emoji" in _text(node.get("class")):
                lines.add(_text(node.get("alt")))
        lines.break_for(name, opening=event == "open")
        if name == "a" and event == "open":
            opened[id(node)] = lines.mark()
        elif name == "a":
            start = opened.pop(id(node))
            lines.link(start, _text(node.get("href")).strip(), _text(node.get("data-datetime")) or None)
    return Flat(text="".join(lines.parts), links=tuple(lines.links), lang=lang, root=root)


def _walk(soup: BeautifulSoup) -> Iterator[tuple[str, PageElement]]:
    """Each visible node once, elements a second time when they end; no recursion, since depth is the stranger's."""
    stack: list[tuple[str, PageElement]] = [("open", child) for child in reversed(soup.contents)]
    while stack:
        event, node = stack.pop()
        if isinstance(node, Tag):
            if node.name in _UNSEEN:
                continue
            yield event, node
            if event == "open":
                stack.append(("close", node))
                stack.extend(("open", child) for child in reversed(node.contents))
        elif not isinstance(node, Comment):
            yield "text", node


def _attributes(tag: Tag) -> dict[str, str]:
    return {name.lower(): _text(value) for name, value in tag.attrs.items()}


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


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
