"""A status page as mobile.twitter.com rendered it for old telephones until 2020, read back from an archive.

The post that the page is about is a table ``main-tweet``, those around it are tables ``tweet``; the words of each stand
in a ``div.tweet-text`` whose ``data-id`` is its id. (The markup is that which programs of those years read.) The
printed time is that of its visitor, in the visitor's language, so a page tells none; links are shown cut, so they are
read as the t.co links that they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from archiver.platforms.x import media
from archiver.platforms.x.shown import Shown

MAX_POST_CHARS = 60_000

_TABLE = re.compile(r"<table\b[^<>]{0,500}\bclass\s*=\s*[\"'](?:[\w-]+\s+){0,5}(?:main-)?tweet[\s\"']", re.IGNORECASE)
_WORDS = re.compile(r"<div\b[^<>]{0,500}\bdata-id\s*=\s*[\"'](\d{1,20})[\"']", re.IGNORECASE)
_HANDLE = re.compile(r"@\s*(\w{1,20})", re.ASCII)
_PHOTO = re.compile(r"(https://pbs\.twimg\.com/media/[\w-]{1,40}\.(?:jpg|png))(?::\w{1,10})?", re.ASCII)


def read(page: str, post_id: str) -> Shown | None:
    """The post with ``post_id`` as ``page`` shows it; ``None`` when it does not."""
    place = next((found.start() for found in _WORDS.finditer(page) if found[1] == post_id), None)
    if place is None:
        return None
    tables = [found.start() for found in _TABLE.finditer(page)]
    start = max((table for table in tables if place - MAX_POST_CHARS < table < place), default=None)
    if start is None:
        return None
    end = min((table for table in tables if table > place), default=len(page))
    soup = BeautifulSoup(page[start : min(end, start + MAX_POST_CHARS)].replace("\0", ""), "lxml")
    words = soup.find("div", attrs={"data-id": post_id})
    pictures = tuple(_pictures(soup))
    text = "".join(_pieces(words)).replace("\xa0", " ").strip() if isinstance(words, Tag) else ""
    if not text and not pictures:
        return None
    name, user = soup.select_one(".fullname"), soup.select_one(".username")
    handle = _HANDLE.fullmatch(user.get_text("", strip=True)) if user else None
    face = soup.select_one("td.avatar img")
    return Shown(
        form="mobile",
        post_id=post_id,
        text=text,
        author=(name.get_text(" ", strip=True) or None) if name else None,
        handle=handle[1] if handle else None,
        avatar=str(face.get("src")) if face and face.get("src") else None,
        media=pictures,
    )


def _pieces(words: Tag) -> Iterator[str]:
    """What the author wrote, white space of the markup taken together."""
    stack: list[PageElement] = list(reversed(words.contents))
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            target = str(node.get("href") or "") if node.name == "a" else ""
            if node.name == "br":
                yield "\n"
            elif node.name == "img":
                yield str(node.get("alt") or "")
            elif target.startswith(("https://t.co/", "http://t.co/")):
                yield target
            else:
                stack.extend(reversed(node.contents))
        elif type(node) is NavigableString:
            yield re.sub(r"\s+", " ", str(node))


def _pictures(soup: BeautifulSoup) -> Iterator[media.Medium]:
    found = (_PHOTO.fullmatch(str(image.get("src") or "")) for image in soup.find_all("img"))
    for url in dict.fromkeys(one[1] for one in found if one):
        yield media.Medium(type="photo", url=url, ladder=media.photo_ladder(url))
