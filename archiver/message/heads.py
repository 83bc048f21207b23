"""Response heads, read as browsers read them, and mended for a strict parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MAX_INTERIM = 16

_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(r"(?:HTTP(?:/([0-9])(?:\.([0-9]))?)?|ICY)[ \t]+([1-9][0-9]{2})(?![0-9])", re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FIELD = re.compile(r"^([-!#$%&'*+.^_`|~0-9A-Za-z]++)[ \t]*+:(.*+)", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,20}")

Framing = Literal["none", "chunked", "length", "close"]


class BadMessage(ValueError):
    """The answer has no head that can be read in one way only; ``str()`` says why."""


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
        shown = first[:80] if "cookie" not in first.lower() else first.partition(":")[0][:80]  # no secret in an error
        raise BadMessage(f"not an HTTP/1 status line: {shown!r}")
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
