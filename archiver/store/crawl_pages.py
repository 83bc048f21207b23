"""What the records of other people's WARC files hold: answers, resources and conversions that are texts.

Read with ``archiver.message``, not with warcio, whose lines and bodies have no bound; and leniently where that is safe:
bodies that were decoded, or unchunked, though their head says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from urllib.parse import urlsplit

from archiver import message
from archiver.store.crawl_records import Crawl, Limits, Stream
from archiver.store.member import Torn

_LATER_HTTP = re.compile(rb"HTTP/[23](?:\.0)?(?= )")
_CODE = ("text/css", "text/javascript", "text/ecmascript", "text/vtt")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FILES = ("file:", "urn:archiver:file:")
"""What a ``resource`` is called that was a file: by most crawlers, and by archiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page as a crawler got or made it. ``name``: its WARC-Target-URI; ``url``: the same where it is an address of
    the web, else ``None``. ``body``: decoded. ``media_type``, ``charset``: lower case, ``None`` when not named."""

    name: str
    url: str | None
    media_type: str | None
    charset: str | None
    body: bytes


def read(stream: Stream, headers: dict[str, str], crawl: Crawl) -> Answer | None:
    """The record whose header was read, if it holds a text: a 200 response's body, a resource, a conversion.

    Raises ``Torn`` when the record's length is not that of its block.
    """
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Torn("no Content-Length")
    left = int(length)
    name = headers.get("warc-target-uri", "").strip("<>")
    incoming = _incoming(headers, name, crawl.limits)
    while left:
        piece = stream.take(left)
        left -= len(piece)
        if incoming and incoming.wanted:
            incoming.write(piece)
    stream.finish()
    if incoming and incoming.wanted and not incoming.problem:
        try:
            answer = incoming.answer(name)
        except message.Undecodable as error:
            crawl.spend(crawl.limits.body_bytes)
            incoming.problem = str(error)
        else:
            crawl.spend(len(answer.body))
            return answer
    if incoming and incoming.problem:
        crawl.skip(f"{name}: {incoming.problem}")
    return None


class _Made:
    """A resource or conversion as its block, which is the text itself, comes in. ``wanted``: whether more of it should;
    ``problem``: why it can't be read."""

    def __init__(self, kind: str, charset: str, limits: Limits) -> None:
        self.block = BytesIO()
        self.wanted = _is_text(kind)
        self.problem = ""
        self._kind, self._charset, self._most = kind, charset, limits.body_bytes

    def write(self, piece: bytes) -> None:
        self.block.write(piece)
        if self.block.tell() > self._most:
            self.problem, self.wanted = f"more than {self._most:,} bytes", False

    def answer(self, name: str) -> Answer:
        """What came in."""
        return _answer(name, self._kind, self._charset, self.block.getvalue())


class _Sent:
    """A response as its block, an HTTP message, comes in. ``wanted`` and ``problem`` as in ``_Made``."""

    def __init__(self, limits: Limits) -> None:
        self.reader = message.HeadReader(limits.head_bytes)
        self.block = BytesIO()
        self.wanted = True
        self.problem = "no complete head of an answer"
        self._limits = limits

    def write(self, piece: bytes) -> None:
        if not self.block.tell():  # the version of a browser's connection, in front of an HTTP/1 head
            piece = _LATER_HTTP.sub(b"HTTP/1.1", piece, count=1) if piece.startswith(b"HTTP/") else piece
        self.block.write(piece)
        if self.reader.head is None:
            try:
                self.reader.feed(piece)
            except message.BadMessage as error:
                self.problem, self.wanted = str(error), False
        if self.reader.head:
            kind, _ = _content_type(_header(self.reader.head, "content-type"))
            self.problem, self.wanted = "", self.reader.head.status == 200 and _is_text(kind)
            if self.wanted and self.block.tell() > self._limits.body_bytes + self._limits.head_bytes:
                self.problem, self.wanted = f"more than {self._limits.body_bytes:,} bytes", False

    def answer(self, name: str) -> Answer:
        """What came in, dechunked and decoded. Raises ``message.Undecodable``."""
        layout = message.lay_out(self.reader, self.block, self.block.tell(), closed=True)
        raw = self.block.getvalue()[layout.head_end :]
        pieces = message.entity(self.block, layout)
        first = next(pieces, raw)  # many crawlers store a body without its chunks, or decoded, below the head as it was
        try:
            coded = message.codings(layout.headers)
            body = message.decode(chain((first,), pieces), coded, self._limits.body_bytes)
        except message.Undecodable:
            body = raw
            if raw[:64].lstrip(_BYTE_ORDER_MARK + b" \t\r\n")[:1] not in (b"<", b"{", b"["):
                raise
        assert self.reader.head is not None
        return _answer(name, *_content_type(_header(self.reader.head, "content-type")), body)


def _incoming(headers: dict[str, str], name: str, limits: Limits) -> _Sent | _Made | None:
    """What is to be read of the record, ``None`` where nothing is."""
    what, holds = headers.get("warc-type", "").lower(), headers.get("content-type", "")
    if what == "response":
        is_http = (holds or "application/http").lower().startswith("application/http")
        return _Sent(limits) if is_http and _is_address(name) else None
    if what in ("resource", "conversion") and (_is_address(name) or name.lower().startswith(_FILES)):
        kind, charset = _content_type(holds)
        return _Made("" if kind == "application/octet-stream" else kind, charset, limits)
    return None


def _answer(name: str, kind: str, charset: str, body: bytes) -> Answer:
    url = name if _is_address(name) else None
    return Answer(name=name, url=url, media_type=kind or None, charset=charset or None, body=body)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)


def _is_text(kind: str) -> bool:
    """Whether an article may be of the media type ``kind``, or of none."""
    if kind in _CODE or kind.startswith(("image/", "audio/", "video/", "font/")):
        return False
    return not kind or kind.startswith("text/") or kind.endswith(("/xml", "+xml", "/json", "+json"))


def _header(head: message.Head, wanted: str) -> str:
    return next((value for name, value in head.headers if name.lower() == wanted), "")


def _content_type(value: str) -> tuple[str, str]:
    """(media type, charset), both in lower case, empty when not named."""
    kind, *parameters = (part.strip() for part in value.lower().split(";"))
    named = (one.partition("=") for one in parameters)
    return kind, next((text.strip(" \"'") for name, _, text in named if name.strip() == "charset"), "")
