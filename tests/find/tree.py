"""The slow and obvious way to read a fragment: BeautifulSoup's tree of it, walked. The oracle of ``find.flat``."""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.element import Comment, ProcessingInstruction, Tag

from archiver.find.flat import _UNSEEN, Flat, _Lines


def flatten_tree(markup: str) -> Flat:
    """As ``flat.flatten``, of markup without comments and NULs."""
    soup = BeautifulSoup(f"<div>{markup}</div>", "lxml", multi_valued_attributes=None)
    whole = soup.find("div")
    assert isinstance(whole, Tag)
    outermost = next((child for child in whole.contents if isinstance(child, Tag)), None)
    first = next((p for p in soup.find_all("p") if p.get("lang") and not _hidden(p)), None)
    lines = _Lines()
    _write(lines, soup)
    return Flat(
        text="".join(lines.parts),
        links=tuple(lines.links),
        lang=str(first["lang"]) if first else None,
        root={k.lower(): str(v) for k, v in outermost.attrs.items()} if outermost and not _hidden(outermost) else {},
    )


def _hidden(tag: Tag) -> bool:
    return any(one.name in _UNSEEN for one in (tag, *tag.parents))


def _write(lines: _Lines, tag: Tag) -> None:
    for node in tag.contents:
        if isinstance(node, Tag):
            if node.name not in _UNSEEN:
                _write_tag(lines, node)
        elif not isinstance(node, Comment | ProcessingInstruction):
            lines.add(str(node))


def _write_tag(lines: _Lines, tag: Tag) -> None:
    if tag.name == "img" and "emoji" in str(tag.get("class", "")):
        lines.add(str(tag.get("alt", "")))
    lines.break_for(tag.name, opening=True)
    start = lines.mark()
    _write(lines, tag)
    lines.break_for(tag.name, opening=False)
    if tag.name == "a":
        lines.link(start, str(tag.get("href", "")).strip(), str(tag.get("data-datetime", "")) or None)
