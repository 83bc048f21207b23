"""What one service says about a post: the shape that every reader of an answer returns, and how JSON is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange, Fact, Precision
from archiver.platforms.x.media import Medium

T = TypeVar("T")
_HANDLE = re.compile(r"\w{1,20}", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A link's preview. ``value``: as the record shows it, its picture left out; ``picture``: a ladder."""

    value: Mapping[str, object]
    how: str
    picture: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer. ``availability`` and ``how``: what it says by itself, and the part of it that does. The rest only of
    a post that is shown: ``facts`` that need no file, ``media`` and the field that names them (``media_how``, ``None``
    from a service that names none), ``avatar`` (its URL) and ``avatar_how``, ``card``."""

    availability: Availability
    how: str
    facts: tuple[tuple[str, Fact], ...] = ()
    media: tuple[Medium, ...] = ()
    media_how: str | None = None
    avatar: str | None = None
    avatar_how: str = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Makes facts of one answer. ``name``: the service, which begins each fact's ``how``."""

    name: str
    exchange: Exchange

    def fact(self, value: object, path: str, precision: Precision | None = None) -> Fact:
        """``value``, as ``path`` of the answer says."""
        source, at = self.exchange.warc, self.exchange.started_at
        return Fact(value=value, how=f"{self.name}.{path}", source=source, precision=precision, at=at)

    def need(self, data: Mapping[str, Any], field: str, kind: type[T], prefix: str = "") -> T:
        """``data[field]``; raises ``UnreadableCapture`` when it is missing or of another type."""
        value = data.get(field)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.unreadable(f"{prefix}{field}", f"wanted {kind.__name__}, found {type(value).__name__}")
        return value

    def handle(self, data: Mapping[str, Any], field: str, prefix: str = "") -> str:
        """A handle, which becomes part of an address. Raises ``UnreadableCapture`` when it can't be one."""
        handle = self.need(data, field, str, prefix)
        if not _HANDLE.fullmatch(handle):
            raise self.unreadable(f"{prefix}{field}", f"no handle: {handle!r:.60}")
        return handle

    def unreadable(self, field: str, problem: str) -> UnreadableCapture:
        """The error that names ``field`` of this service's answer."""
        return UnreadableCapture(f"{self.name}.{field}", problem)


def json_object(exchange: Exchange, source: str) -> dict[str, Any]:
    """The JSON object in an answer's body; ``UnreadableCapture`` when there is none."""
    if exchange.body is None:
        raise UnreadableCapture(source, f"no readable body: {exchange.body_problem or 'empty'}")
    if exchange.cut:
        raise UnreadableCapture(source, f"the answer was cut ({exchange.cut})")
    try:
        data = json.loads(exchange.body.decode("utf-8-sig"))  # strictly: RFC 8259, 8.1
        if b"\\ud" in exchange.body.lower():  # half of a pair can be written in JSON, but in no UTF-8 text of ours
            data = json.loads(_whole_characters(json.dumps(data, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise UnreadableCapture(source, "not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableCapture(source, "not a JSON object")
    return data


def _whole_characters(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def post_value(post_id: object, handle: object) -> dict[str, str | None] | None:
    """Another post as a record names it, or ``None`` when ``post_id`` is no id."""
    if not isinstance(post_id, str) or not _ID.fullmatch(post_id):
        return None
    known = handle if isinstance(handle, str) and _HANDLE.fullmatch(handle) else None
    return {"platform": "x", "post_id": post_id, "handle": known}
