"""One reading of HTTP/1 answers: the live wire and bytes read back from a WARC go through the same code.

Rule 1: what is stored is never touched; everything here only *reads*.
Rule 2: heads are read as browsers read them (illegal lines skipped, folded lines joined, ``HTTP 200``, ``ICY 200``, a
bare body without a head), because a strict reader would lose evidence that every visitor could see.
Rule 3: where a message *ends* is read strictly (RFC 9112, 6.3), because a wrong end attributes one answer's bytes to
another URL. What could end in two places is a ``BadMessage``.
Rule 4: every loop is bounded by bytes or by count; nothing is quadratic in what a stranger sends.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal, Protocol

import brotli

from archiver.model import Layout

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_INTERIM = 16
MAX_CHUNKS = 100_000
MAX_CHUNK_LINE_BYTES = 16 * 1024
MAX_TRAILER_BYTES = 64 * 1024
MAX_CODINGS = 2
MAX_WINDOW_LOG = 23
PIECE_BYTES = 64 * 1024

_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(r"(?:HTTP(?:/([0-9])(?:\.([0-9]))?)?|ICY)[ \t]+([1-9][0-9]{2})(?![0-9])", re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FIELD = re.compile(r"^([-!#$%&'*+.^_`|~0-9A-Za-z]++)[ \t]*+:(.*+)", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,20}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r\n")

Framing = Literal["none", "chunked", "length", "close"]


class BadMessage(ValueError):
    """The answer has no head that can be read in one way only; ``str()`` says why."""


class Undecodable(ValueError):
    """The content coding can't be removed: unknown, not what it says, or longer than allowed; ``str()`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A response head as understood. ``headers``: every legal field, wire order, original case, latin-1 text; control
    characters in values are read as spaces (RFC 9110, 5.5). ``length_bytes``: of the body, when ``framing`` is
    ``length``. ``keep``: whether the connection may carry another exchange; never after a doubtful framing."""

    status: int
    headers: tuple[tuple[str, str], ...]
    framing: Framing
    length_bytes: int = 0
    keep: bool = True

    @property
    def mended(self) -> bytes:
        """The least head that says the same, in a form that every strict HTTP/1.1 parser accepts."""
        lines = [f"HTTP/1.1 {self.status}"]
        if self.framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif self.framing == "length":
            lines.append(f"Content-Length: {self.length_bytes}")
        if not self.keep:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("ascii")


_BODY_ONLY = Head(status=200, headers=(), framing="close", keep=False)


def read_head(raw: bytes, method: str = "GET") -> Head:
    """Understand one response head, blank line included, as answer to a ``method`` request.

    Raises ``BadMessage`` for a status line or a framing that can't be understood in one way only.
    """
    text = raw.decode("latin-1").replace("\r\n", "\n").lstrip("\n")
    text = _CONTROL.sub(" ", _FOLD.sub(" ", text))
    first, _, rest = text.partition("\n")
    match = _STATUS_LINE.match(first)
    if not match or match[1] not in (None, "0", "1"):
        raise BadMessage(f"not an HTTP/1 status line: {first[:80]!r}")
    status = int(match[3])
    headers = tuple((name, value.strip(" \t")) for name, value in _FIELD.findall(rest))
    if status < 200:
        if status == 101:
            raise BadMessage("switches to a protocol that was never asked for")
        return Head(status=status, headers=headers, framing="none")
    return _framed(status, headers, modern=match[1] == "1" and match[2] not in (None, "0"), method=method)


def mend_head(raw: bytes, method: str = "GET") -> bytes:
    """The head that h11 accepts for ``raw``, reduced to status, framing and persistence, exactly as ``read_layout``
    understands them. Raises ``BadMessage``."""
    return read_head(raw, method).mended


def values(headers: Iterable[tuple[str, str]], name: str) -> tuple[str, ...]:
    """Every element, lower-case and trimmed, of the comma-separated fields called ``name`` (lower-case)."""
    found = [value for key, value in headers if key.lower() == name]
    return tuple([part.strip(" \t").lower() for value in found for part in value.split(",")]) if found else ()


def codings(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The content codings in the order they were applied, ``identity`` left out, for ``decode``."""
    applied = values(headers, "content-encoding")
    return tuple(coding.removeprefix("x-") for coding in applied if coding not in ("", "identity"))


def _framed(status: int, headers: tuple[tuple[str, str], ...], *, modern: bool, method: str) -> Head:
    transfer = [coding for coding in values(headers, "transfer-encoding") if coding != "identity"]
    lengths = set(values(headers, "content-length"))
    keep = modern and "close" not in values(headers, "connection")
    if status in (204, 304) or method == "HEAD":
        return Head(status=status, headers=headers, framing="none", keep=keep)
    if transfer:
        if any(coding != "chunked" for coding in transfer):
            raise BadMessage(f"unknown Transfer-Encoding: {', '.join(transfer)[:80]}")
        # RFC 9112, 6.1: both framings at once, or chunked from an HTTP/1.0 server, is read once and never trusted again
        return Head(status=status, headers=headers, framing="chunked", keep=keep and not lengths and len(transfer) == 1)
    if not lengths:
        return Head(status=status, headers=headers, framing="close", keep=False)
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise BadMessage(f"conflicting or impossible Content-Length: {', '.join({length, *lengths})[:80]}")
    return Head(status=status, headers=headers, framing="length", length_bytes=int(length), keep=keep)


class HeadReader:
    """Finds the heads at the beginning of an answer, fed with its bytes as they come.

    ``head``: the final head once it is complete. ``interim``: (start, end) of each 1xx head before it. ``start`` and
    ``end``: where the final head lies. Offsets count from the first byte fed.
    """

    def __init__(self, max_head_bytes: int, method: str = "GET") -> None:
        self.head: Head | None = None
        self.interim: list[tuple[int, int]] = []
        self.start = self.end = 0
        self._limit = max_head_bytes
        self._method = method
        self._held: bytes | bytearray = b""
        self._searched = 0

    def feed(self, data: bytes) -> bytes:
        """What a strict parser should be given instead of ``data``: the mended heads that are now complete, then the
        body's bytes; empty while a head is incomplete. Raises ``BadMessage``, also for heads above the limit."""
        if self.head:
            return data
        if isinstance(self._held, bytearray):
            self._held += data
        else:  # most heads come in one piece, and are then not copied
            self._held = bytearray(self._held + data) if self._held else data
        out = b""
        while self.head is None and self._begins() and (end := self._blank_line()):
            head = read_head(bytes(self._held[self.start : end]), self._method)
            self.end = self._searched = end
            out += head.mended
            if head.status < 200:
                self._pass_interim()
            else:
                self.head = head
        if self.head is None:
            return out
        rest, self._held = bytes(self._held[self.end :]), b""
        return (out or self.head.mended) + rest

    def _begins(self) -> bool:
        """Whether a head begins at ``end``; anything else at the very beginning is an HTTP/0.9 answer, body only."""
        first = bytes(self._held[self.end : self.end + 9])
        begin = first.lstrip(b"\r\n")
        self.start = self.end + len(first) - len(begin)
        word = begin[:5].upper()
        if word.startswith((b"HTTP/", b"HTTP ", b"HTTP\t", b"ICY ", b"ICY\t")):
            return True
        if b"HTTP/".startswith(word[:5]) or b"ICY ".startswith(word[:4]):
            return False
        if self.interim:
            raise BadMessage("no head follows an interim one")
        self.head, self.start, self.end = _BODY_ONLY, 0, 0
        return False

    def _blank_line(self) -> int:
        match = _BLANK_LINE.search(self._held, max(self.start, self._searched - 2))
        self._searched = len(self._held)
        if (match.end() if match else self._searched) > self._limit:
            raise BadMessage(f"a head longer than {self._limit} bytes")
        return match.end() if match else 0

    def _pass_interim(self) -> None:
        self.interim.append((self.start, self.end))
        if len(self.interim) > MAX_INTERIM:
            raise BadMessage(f"more than {MAX_INTERIM} interim answers")


def read_layout(
    data: BinaryIO, length: int, *, closed: bool, max_head_bytes: int, method: str = "GET"
) -> Layout | None:
    """Where the parts of the response in the first ``length`` bytes of ``data`` lie; ``None`` when no head of it is
    complete. ``closed``: the peer ended the connection in good order behind them, which ends a body that has neither
    length nor chunks. Memory: one head and one block, whatever ``length`` is. Raises ``BadMessage``.
    """
    reader = HeadReader(max_head_bytes, method)
    data.seek(0)
    left = length
    while reader.head is None:
        block = data.read(min(PIECE_BYTES, left))
        if not block:
            return None
        left -= len(block)
        reader.feed(block)
    return lay_out(reader, data, length, closed=closed)


def lay_out(reader: HeadReader, data: BinaryIO, length: int, *, closed: bool) -> Layout:
    """``read_layout`` for an answer whose heads ``reader`` has already found."""
    head = reader.head
    assert head is not None
    end, complete = length, False
    match head.framing:
        case "none":
            end, complete = reader.end, True
        case "close":
            complete = closed
        case "length":
            end = min(length, reader.end + head.length_bytes)
            complete = end == reader.end + head.length_bytes
        case "chunked":
            for start, size in _chunks(data, reader.end, length):
                if not size:
                    end, complete = start, True
    return Layout(
        interim=tuple(reader.interim), head_start=reader.start, head_end=reader.end, body_end=end,
        chunked=head.framing == "chunked", complete=complete, status=head.status, headers=head.headers,
    )  # fmt: skip


def _chunks(data: BinaryIO, at: int, length: int) -> Iterator[tuple[int, int]]:
    """(start, bytes) of each chunk's data, then (end of the message, 0) if it ends well.

    Line ends of the framing are CRLF only: a reader that also took bare LF could be led to another end than h11.
    """
    window, base = b"", 0
    for _ in range(MAX_CHUNKS):
        if not base <= at <= base + len(window) - 32:
            data.seek(at)
            window, base = data.read(min(MAX_CHUNK_LINE_BYTES, length - at)), at
        line = _CHUNK_LINE.match(window, at - base)
        if line is None and base != at:
            data.seek(at)
            window, base = data.read(min(MAX_CHUNK_LINE_BYTES, length - at)), at
            line = _CHUNK_LINE.match(window)
        if line is None:
            return
        start, size = base + line.end(), int(line[1], 16)
        if size == 0:
            yield from _trailer_end(data, start, length)
            return
        if start >= length:
            return
        yield start, min(size, length - start)
        at = start + size + 2
        if at > length or not _crlf_at(data, at - 2, window, base):
            return


def _crlf_at(data: BinaryIO, at: int, window: bytes, base: int) -> bool:
    if base <= at and at + 2 <= base + len(window):
        return window[at - base : at - base + 2] == b"\r\n"
    data.seek(at)
    return data.read(2) == b"\r\n"


def _trailer_end(data: BinaryIO, at: int, length: int) -> Iterator[tuple[int, int]]:
    data.seek(at)
    trailer = data.read(min(MAX_TRAILER_BYTES, length - at))
    if trailer.startswith(b"\r\n"):
        yield at + 2, 0
    elif end := _BLANK_LINE.search(trailer):
        yield at + end.end(), 0


def entity(data: BinaryIO, layout: Layout) -> Iterator[bytes]:
    """The entity body in pieces of at most 64 KiB: transfer coding removed, content coding kept (WARC 1.1, 5.9). Of an
    incomplete message, what is there. Reads ``data`` as it goes; bounded memory."""
    spans: Iterable[tuple[int, int]] = [(layout.head_end, layout.body_end - layout.head_end)]
    if layout.chunked:
        spans = _chunks(data, layout.head_end, layout.body_end)
    for start, size in spans:
        for at in range(start, start + size, PIECE_BYTES):
            data.seek(at)
            yield data.read(min(PIECE_BYTES, start + size - at))


def decode(chunks: Iterable[bytes], codings: Sequence[str], limit_bytes: int) -> bytes:
    """The body with its content ``codings`` (in the order they were applied) removed, at most ``limit_bytes`` long.

    Memory stays near what is returned, whatever the body would expand to. Raises ``Undecodable``.
    """
    if len(codings) > MAX_CODINGS:
        raise Undecodable(f"{len(codings)} content codings on top of each other")
    for coding in reversed(codings):
        if coding not in _DECODERS:
            raise Undecodable(f"unknown content coding: {coding[:40]!r}")
        chunks = _bounded(_DECODERS[coding](chunks), limit_bytes)
    out = BytesIO()
    for piece in chunks if codings else _bounded(chunks, limit_bytes):
        out.write(piece)
    return out.getvalue()


def _bounded(pieces: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit_bytes:
            raise Undecodable(f"decodes to more than {limit_bytes} bytes")
        yield piece


class _Inflater(Protocol):
    """What zlib's decompressors offer; gives at most ``size`` bytes a call."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, size: int, /) -> bytes: ...


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    return _inflate(chunks, lambda _: zlib.decompressobj(31), again=b"\x1f\x8b")


def _undeflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # RFC 9110, 8.4.1.2: "deflate" is the zlib format, but many servers send raw deflate; browsers take both
    def make(first: bytes) -> _Inflater:
        wrapped = len(first) > 1 and first[0] & 0x0F == 8 and (first[0] << 8 | first[1]) % 31 == 0
        return zlib.decompressobj(15 if wrapped else -15)

    return _inflate(_at_least_two(chunks), make, again=None)


def _at_least_two(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) > 1:
            yield held
            held = b""
    yield held


def _inflate(chunks: Iterable[bytes], make: Callable[[bytes], _Inflater], *, again: bytes | None) -> Iterator[bytes]:
    """``again``: how another member begins behind the first; anything else there is ignored, as browsers do."""
    inflater: _Inflater | None = None
    for chunk in chunks:
        while chunk:
            if inflater is None or inflater.eof:
                if inflater and (again is None or not chunk.startswith(again[: len(chunk)])):
                    return
                inflater = make(chunk)
            piece = _step(inflater, chunk)
            yield piece
            while len(piece) == PIECE_BYTES and not inflater.eof and not inflater.unconsumed_tail:
                piece = _step(inflater, b"")  # the input is used up, but not all that it stands for has come out
                yield piece
            chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail  # noqa: PLW2901
    if inflater and not inflater.eof:
        raise Undecodable("compressed data ends early")


def _step(inflater: _Inflater, data: bytes) -> bytes:
    try:
        return inflater.decompress(data, PIECE_BYTES)
    except zlib.error as error:
        raise Undecodable(f"not what it says: {error}") from error


def _unbrotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    seen = False
    try:
        for chunk in chunks:
            if chunk and not decoder.is_finished():
                seen = True
                piece = decoder.process(chunk, output_buffer_limit=PIECE_BYTES)
                yield piece
                while piece and not decoder.is_finished():
                    piece = decoder.process(b"", output_buffer_limit=PIECE_BYTES)
                    yield piece
    except brotli.error as error:
        raise Undecodable(f"not what it says: {error}") from error
    if seen and not decoder.is_finished():
        raise Undecodable("compressed data ends early")


def _unzstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
    decoder = None
    try:
        for chunk in chunks:
            while chunk:
                if decoder is None or decoder.eof:
                    decoder = zstd.ZstdDecompressor(options=options)
                yield decoder.decompress(chunk, PIECE_BYTES)
                while not decoder.eof and not decoder.needs_input:
                    yield decoder.decompress(b"", PIECE_BYTES)
                chunk = decoder.unused_data if decoder.eof else b""  # noqa: PLW2901
    except zstd.ZstdError as error:
        raise Undecodable(f"not what it says: {error}") from error
    if decoder and not decoder.eof:
        raise Undecodable("compressed data ends early")


_DECODERS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzip, "deflate": _undeflate, "br": _unbrotli, "zstd": _unzstd,
}  # fmt: skip
