"""An article's bytes, made readable: UTF-8 whatever they came as, and what the head says about the page.

The page is never decoded as a whole and never parsed into a tree: tree builders drop what lies deeper than some 250
elements without a word, and cost a hundred times what looking for the few interesting places does.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from archiver.find import scan
from archiver.find.charset import By, as_utf8
from archiver.platforms.base import take_apart

MAX_PAGE_BYTES = 64_000_000
HEAD_BYTES = 128_000
"""How far into the page its title, language and canonical address are looked for."""

_BINARY = {
    b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive or an Office document", b"\xd0\xcf\x11\xe0": "an Office document",
    b"\x1f\x8b": "gzip data", b"BZh": "bzip2 data", b"\xfd7zXZ": "xz data", b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive", b"\x89PNG": "a picture", b"GIF8": "a picture", b"\xff\xd8\xff": "a picture",
    b"RIFF": "a picture or a recording", b"OggS": "a recording", b"ID3\x03": "a recording", b"ID3\x04": "a recording",
    b"\x7fELF": "a program", b"MZ\x90\x00": "a program", b"SQLite format 3\0": "a database",
}  # fmt: skip
"""How files begin that are no text, and what they are."""
_CONTROLS = bytes(sorted({*range(32), 127} - set(b"\t\n\f\r\x1b\0")))
_CONTROLS_SAMPLE = 8_192
_MOST_CONTROLS = 0.05
"""What of a text may be control characters, NULs apart, which careless programs leave in pages. A tenth of random bytes
are."""
_TAGS = re.compile(rb"<(?:!doctype\s+html|html|head|body|div|p|a|span|article|blockquote|table|meta|script)[\s>]", re.I)
_SUFFIXES = {
    "html": ("html", "htm", "xhtml", "shtml", "xml", "rss", "atom", "php", "asp", "aspx", "jsp"),
    "text": ("txt", "text", "md", "markdown", "mdx", "rmd", "rst", "adoc", "csv", "tsv"),
}
_TITLE = re.compile(rb"<title\b[^>]{0,200}>(.{0,2000}?)</title", re.I | re.S)
_HTML_LANG = re.compile(rb"<html\b[^>]{0,1000}?\slang\s*=\s*[\"']?([A-Za-z0-9_-]{2,35})", re.I)
_LINK = re.compile(rb"<(?:link|base)\b[^>]{0,2000}>", re.I)
_HREF = re.compile(rb"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.I)
_BASE = re.compile(rb"<base\b", re.I)
_CANONICAL = re.compile(rb"\brel\s*=\s*[\"']?canonical\b", re.I)

Kind = Literal["html", "text", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document to look through. ``data``: UTF-8 (undecodable bytes may remain), no byte order mark. ``kind``:
    ``html`` (markup of any sort), ``text``, or ``other`` (binary: nothing to read). ``charset``: what it was read
    as, and ``charset_by`` what says so (``charset.Reading``; ``None`` of what is no text). ``what``: what it is
    instead of a text, in words. ``truncated``: bytes beyond the limit were left out."""

    data: bytes
    kind: Kind
    charset: str
    charset_by: By | None = None
    what: str | None = None
    title: str | None = None
    lang: str | None = None
    canonical_url: str | None = None
    base_url: str | None = None
    truncated: bool = False


def read_page(
    data: bytes, *, name: str = "", url: str | None = None, media_type: str | None = None, charset: str | None = None
) -> Page:
    """``data`` as a page. Its charset is that of its byte order mark, else of the header (``charset``), else of its
    own declaration, else a guess; a declaration that the bytes contradict is not believed."""
    truncated = len(data) > MAX_PAGE_BYTES
    data = data[:MAX_PAGE_BYTES]
    what = next((what for begins, what in _BINARY.items() if data.startswith(begins)), None)
    reading = as_utf8(data if what is None else b"", charset)
    body = reading.data
    if what or _is_binary(body):
        return Page(data=b"", kind="other", charset="binary", what=what or "binary data", truncated=truncated)
    kind = _kind(body, name, media_type)
    head = head_of(body) if kind == "html" else b""
    canonical = _link(head, b"canonical", _CANONICAL)
    return Page(
        data=body,
        kind=kind,
        charset=reading.charset,
        charset_by=reading.by,
        title=_first(_TITLE, head, head.find(b"<title")),
        lang=_first(_HTML_LANG, head, head.find(b"<html")),
        canonical_url=_address(canonical),
        base_url=_address(_link(head, b"<base", _BASE)) or url,
        truncated=truncated,
    )


def head_of(page: bytes) -> bytes:
    """``page`` up to where its body begins, or as much as a head may be long; its ASCII is ASCII."""
    first = page[:HEAD_BYTES]
    ends = [end for mark in (b"</head", b"<body") if (end := scan.find(first, mark)) >= 0]
    return first[: min(ends, default=HEAD_BYTES)]


def _link(head: bytes, word: bytes, meant: re.Pattern[bytes]) -> bytes:
    """The first ``link`` or ``base`` element around ``word`` that is meant, or nothing."""
    place = head.find(word)
    while place >= 0:
        element = _LINK.match(head, max(0, head.rfind(b"<", 0, place + 1)))
        if element and meant.search(element[0]):
            return element[0]
        place = head.find(word, place + len(word))
    return b""


def _is_binary(body: bytes) -> bool:
    """Whether ``body``, as UTF-8, is no text of any sort: it is full of control characters and shows no tag."""
    sample = body[:_CONTROLS_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > 1 and controls > _MOST_CONTROLS * len(sample) and not _TAGS.search(sample)


def _kind(data: bytes, name: str, media_type: str | None) -> Kind:
    media_type = (media_type or "").split(";")[0].strip().lower()
    if media_type in ("text/html", "application/xhtml+xml") or media_type.endswith(("/xml", "+xml")):
        return "html"
    if media_type in ("text/plain", "text/markdown"):
        return "text"
    suffix = name.rpartition("/")[2].rpartition(".")[2].lower()
    for kind, suffixes in _SUFFIXES.items():
        if suffix in suffixes:
            return "html" if kind == "html" else "text"
    return "html" if _TAGS.search(data, 0, 4096) else "text"


def _first(pattern: re.Pattern[bytes], head: bytes, start: int) -> str | None:
    """``start``: where its element begins, when it is written in lower case; looked for in any case otherwise."""
    match = pattern.search(head, max(0, start))
    return _text(match[1]) or None if match else None


def _address(tag: bytes) -> str | None:
    href = _HREF.search(tag)
    url = _text(next(group for group in href.groups() if group is not None)) if href else ""
    return url if url and take_apart(url) else None


def _text(raw: bytes) -> str:
    return " ".join(html.unescape(raw.decode("utf-8", "replace")).replace("\0", "").split())
