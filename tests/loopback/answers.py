"""An answer as a value, and the bytes that it becomes. Only ``speaking`` touches a socket.

Each service of the miniature is a pure function ``Asked → Answer``; what it must remember between two requests (that a
thing is refused the first time only) is in a ``Tries`` that it is given.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus

import brotli

from tests.loopback.server import Asked, Host, Line

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Form:
    """How a body crosses the wire. ``coding``: applied when the client accepts it. ``cut``: the connection ends in the
    middle of the body."""

    coding: str | None = None
    chunked: bool = False
    cut: bool = False


FORMS = {
    "plain": Form(),
    "gzip": Form(coding="gzip"),
    "brotli": Form(coding="br"),
    "chunked": Form(chunked=True),
    "chunked gzip": Form(coding="gzip", chunked=True),
    "cut": Form(cut=True),
}
_CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "br": brotli.compress,
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``headers``: pairs, in the order in which they are sent. ``wait_s``: seconds before the first byte."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Headers = ()
    form: str = "plain"
    wait_s: float = 0

    @property
    def ends_connection(self) -> bool:
        return FORMS[self.form].cut or ("Connection", "close") in self.headers

    def wire(self, asked: Asked) -> bytes:
        """The exact bytes of this answer to ``asked``; to a HEAD, the same head and nothing behind it."""
        form = FORMS[self.form]
        head = [("Date", formatdate(usegmt=True)), *self.headers]
        if self.content_type:
            head.append(("Content-Type", self.content_type))
        body = self.body
        if form.coding and form.coding in _accepted(asked):
            body = _CODERS[form.coding](body)
            head.append(("Content-Encoding", form.coding))
        head.append(("Transfer-Encoding", "chunked") if form.chunked else ("Content-Length", str(len(body))))
        if form.chunked:
            body = _chunks(body)
        if form.cut:
            body = body[: len(body) // 2]
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        lines = [first, *(f"{name}: {value}" for name, value in head), "", ""]
        return "\r\n".join(lines).encode() + (b"" if asked.method == "HEAD" else body)


def _accepted(asked: Asked) -> set[str]:
    return {coding.split(";")[0].strip() for coding in asked.headers.get("accept-encoding", "").split(",")}


def _chunks(body: bytes, size: int = 700) -> bytes:
    """Chunk-framed, in several chunks, so that a client that keeps only the first is found out."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Tries:
    """How often each thing was asked for: the only memory of a miniature service."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def within_first(self, number: int, thing: str) -> bool:
        """Count one try for ``thing``: is it among its first ``number``?"""
        self._counts[thing] += 1
        return self._counts[thing] <= number


def speaking(service: Callable[[Asked], Answer]) -> Host:
    """The host that says what ``service`` answers."""

    async def speak(asked: Asked, line: Line) -> None:
        answer = service(asked)
        await asyncio.sleep(answer.wait_s)
        await line.send(answer.wire(asked))
        if answer.ends_connection:
            line.drop()

    return speak


def html(status: int, title: str, text: str = "", *, headers: Headers = ()) -> Answer:
    """A small page with a title and a paragraph."""
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><p>{text or title}</p></body></html>\n"
    return Answer(status=status, body=body.encode(), content_type=HTML, headers=headers)


def as_json(status: int, value: object, *, headers: Headers = (), content_type: str = JSON) -> Answer:
    """``value`` as compact JSON, letters beyond ASCII as themselves."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status=status, body=body, content_type=content_type, headers=headers)


def redirect(status: int, to: str, *, headers: Headers = ()) -> Answer:
    """An empty answer that leads on."""
    return Answer(status=status, headers=(("Location", to), *headers))


def with_retry_after(answer: Answer, retry_after: str | None) -> Answer:
    """``answer``, saying when to come back if ``retry_after`` is known."""
    return replace(answer, headers=(*answer.headers, ("Retry-After", retry_after))) if retry_after else answer


NOT_FOUND = html(404, "Page not found", "There is nothing at this address.")
