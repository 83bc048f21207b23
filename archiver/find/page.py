"""An article's bytes, made readable: UTF-8 whatever they came as, and what the head says about the page.

The page is never decoded as a whole and never parsed into a tree: tree builders drop what lies deeper than some 250
elements without a word, and cost a hundred times what looking for the few interesting places does.
"""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass
from typing import Literal

from archiver.find import scan
from archiver.platforms.base import take_apart

MAX_PAGE_BYTES = 64_000_000
HEAD_BYTES = 128_000
"""How far into the page its title, language and canonical address are looked for."""

_SAMPLE_BYTES = 400_000
_LETTERS_BYTES = 16_000
_PIECE_BYTES = 8_192
_WHOLE = 4
"""So many whole characters for each broken one make UTF-8; as many, and none broken, gainsay another label."""
_AS_GOOD = 0.1
_UNLABELLED = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "cp932", "euc_jp", "gb18030",
    "big5", "euc_kr",
)  # fmt: skip
"""What old pages and texts without a word about it are written in."""
_LINES = re.compile(rb"[\n<>]+")
"""Bytes that are no part of a character in any of them."""
_BOMS = (  # the longer mark first: UTF-32-LE begins like UTF-16-LE
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE = tuple(bom for bom, encoding in _BOMS if encoding != "utf-8")
"""The marks of the encodings in which ASCII is not ASCII."""
_BINARY = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"\x7fELF", b"OggS")
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I
)
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
    ``html`` (markup of any sort), ``text``, or ``other`` (binary: nothing to read). ``charset``: what it was read as.
    ``truncated``: bytes beyond the limit were left out."""

    data: bytes
    kind: Kind
    charset: str
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
    if data.startswith(_BINARY):
        return Page(data=b"", kind="other", charset="binary", truncated=truncated)
    body, used = _as_utf8(data, charset)
    kind = _kind(body, name, media_type)
    head = head_of(body) if kind == "html" else b""
    canonical = _link(head, b"canonical", _CANONICAL)
    return Page(
        data=body,
        kind=kind,
        charset=used,
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


def _as_utf8(data: bytes, header: str | None) -> tuple[bytes, str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            rest = data[len(bom) :]
            return (rest, encoding) if encoding == "utf-8" else (_transcode(rest, encoding), encoding)
    declared = _META_CHARSET.search(data, 0, 4096)
    letters = _beyond_ascii(data)
    is_utf8 = _is_utf8(letters)
    for label in (header, declared[1].decode("ascii") if declared else None, _guess(data)):
        codec = _codec(label)
        if codec == "utf-8" and is_utf8:
            return data, codec
        if codec and codec != "utf-8":
            contradicted = is_utf8 and _whole(letters) >= _WHOLE and not _broken(letters)
            return (data, "utf-8") if contradicted else (_transcode(data, codec), codec)
    if is_utf8:
        return data, "utf-8"
    codec = _by_its_letters(data)
    return _transcode(data, codec), codec


def _beyond_ascii(data: bytes) -> bytes:
    """The parts of what ``data`` begins with that are not all ASCII; no character of UTF-8 is cut."""
    sample = data[:_SAMPLE_BYTES]
    if sample.isascii():
        return b""
    pieces = (sample[place : place + _PIECE_BYTES] for place in range(0, len(sample), _PIECE_BYTES))
    return b"".join(piece for piece in pieces if not piece.isascii())


def _is_utf8(letters: bytes) -> bool:
    """Whether ``letters`` are UTF-8, give or take the odd broken character of pages put together from parts: text in
    another encoding has hardly a whole one."""
    try:
        letters.decode("utf-8")
    except UnicodeDecodeError:
        return _whole(letters) >= _WHOLE * _broken(letters)
    return True


def _broken(letters: bytes) -> int:
    """How many characters of ``letters`` are not UTF-8; the last, which may have been cut off, is not counted."""
    return max(0, letters.decode("utf-8", "replace").count("\ufffd", 0, -3) - letters.count("\ufffd".encode(), 0, -9))


def _whole(letters: bytes) -> int:
    """How many characters beyond ASCII ``letters`` hold as UTF-8."""
    return sum(char > "\x7f" for char in letters.decode("utf-8", "ignore"))


def _by_its_letters(data: bytes) -> str:
    """The encoding in which what lies beyond ASCII in ``data`` reads as words: windows-1252 where that is no worse."""
    import charset_normalizer  # noqa: PLC0415  # takes longer to load than most pages to read, and is seldom asked

    lines = (line for line in _LINES.split(data[:_SAMPLE_BYTES]) if not line.isascii())
    sample = b"\n".join(lines)[:_LETTERS_BYTES]
    found = charset_normalizer.from_bytes(sample, cp_isolation=list(_UNLABELLED))
    best = found.best()
    if best is None:
        return "cp1252"
    western = next((one for one in found if "cp1252" in (one.encoding, *one.could_be_from_charset)), None)
    if western and western.chaos <= best.chaos and western.coherence > best.coherence - _AS_GOOD:
        return "cp1252"
    return best.encoding


def _codec(label: str | None) -> str | None:
    """Python's name of the encoding that browsers mean by ``label`` (WHATWG Encoding: Latin-1 means windows-1252)."""
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    known = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
    name = known.get(name, name)
    return (
        name
        if getattr(codecs.lookup(name), "_is_text_encoding", False) and name not in ("utf-7", "punycode", "idna")
        else None
    )


def looks_wide(data: bytes) -> bool:
    """Whether ``data`` is UTF-16 without its mark."""
    return _guess(data) is not None


def _guess(data: bytes) -> str | None:
    """UTF-16 without a mark shows as a zero in every second byte of its ASCII part."""
    sample = data[:512]
    if len(sample) >= 8:
        first, second = sample[::2].count(0), sample[1::2].count(0)
        if max(first, second) > len(sample) // 4 and min(first, second) < len(sample) // 20:
            return "utf-16-be" if first > second else "utf-16-le"
    return None


def _transcode(data: bytes, codec: str) -> bytes:
    return data.decode(codec, "replace").encode("utf-8", "replace")


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
