"""What a reader of the package sees listed: articles and posts, with titles and full text. Pure."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

MAX_TEXT_CHARS = 200_000
_MOST_MARKUP_BYTES = 20_000_000
_MOST_TITLE_CHARS = 200
_NO_TEXT = ("script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "form")
_PARAGRAPHS = "p|br|div|li|h1|h2|h3|h4|h5|h6|tr|blockquote|section|article|figcaption|td|dt|dd|pre"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``date``: the WARC date of the record that shows it. ``text``: ``None`` when nothing could be read."""

    url: str
    date: str
    title: str
    text: str | None


def listing(pages: Iterable[Page]) -> bytes:
    """``pages/pages.jsonl`` (WACZ 1.1.1): a header, and a line for each page. ``ts`` is a whole second: players look a
    page up by the 14 digits of its index line."""
    lines: list[Mapping[str, Any]] = [{"format": "json-pages-1.0", "id": "pages", "title": "Pages", "hasText": True}]
    for page in pages:
        ts = f"{page.date[:19]}Z"
        known = {"url": page.url, "ts": ts, "title": page.title[:_MOST_TITLE_CHARS]}
        lines.append({"id": _identity(page), **known, **({"text": page.text} if page.text else {})})
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode(errors="replace")


def text_of(data: bytes, media_type: str | None) -> str | None:
    """The words of an HTML or text document as a reader sees them, a paragraph a line, at most 200,000 characters."""
    if len(data) > _MOST_MARKUP_BYTES or (media_type or "").startswith(("image/", "video/", "audio/")):
        return None
    if media_type == "text/plain":
        return data.decode("utf-8", "replace")[:MAX_TEXT_CHARS]
    try:
        root = html.document_fromstring(data, parser=html.HTMLParser(encoding=_charset(data), remove_comments=True))
    except (etree.LxmlError, ValueError):
        return None
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    for element in root.iter(*_PARAGRAPHS.split("|")):
        element.tail = f"\n{element.tail or ''}"
    lines = (" ".join(line.split()) for line in str(root.xpath("string()")).split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT_CHARS]


def title_of_post(body: Mapping[str, Any]) -> str:
    """``Anna (@anna_example), 2024-03-01: what she wrote …``, as far as it is known."""
    who, handle = first(body, "author"), first(body, "handle")
    name = f"{who} (@{handle})" if who and handle else who or (f"@{handle}" if handle else body.get("url") or "a post")
    day = str(first(body, "posted_at") or "")[:10]
    text = " ".join(str(first(body, "text") or body.get("availability") or "").split())
    return f"{name}{f', {day}' if day else ''}{f': {text}' if text else ''}"


def first(body: Mapping[str, Any], field: str) -> Any:
    """The preferred value of a fact in a post's document, ``None`` without one."""
    known = (body.get("facts") or {}).get(field) or [{}]
    return known[0].get("value")


def _identity(page: Page) -> str:
    """The same for the same page in every package."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{page.date} {page.url}").hex


def _charset(data: bytes) -> str:
    named = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,40})", data[:4096], re.IGNORECASE)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        name = named[1].decode() if named else "windows-1252"
        return name if _is_codec(name) else "windows-1252"
    return "utf-8"


def _is_codec(name: str) -> bool:
    try:
        html.HTMLParser(encoding=name)
    except LookupError:
        return False
    return True
