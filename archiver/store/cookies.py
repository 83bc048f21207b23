"""``Set-Cookie`` without its values, before anything is digested or written.

A cookie that a server hands out is a key to a session, and an archive is shown to strangers. So each value becomes
``*``, as many as it had bytes: lengths and offsets stay, every digest is that of what is stored, and the capture's
metadata says what was masked. Names and the attributes of the standard (RFC 6265, 4.1) stay as they are: they say what
kind of cookie it was.

Only heads are looked through, and trailers: what a page says in its body is its content.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import BinaryIO

from archiver import message
from archiver.model import Layout, Tape

NAME = "set-cookie"
_MOST_LOOKED_AT = 1 << 21
# A field of that name with its folded lines (RFC 9112, 5.2). In old replies blanks stand before the colon.
_FIELD = re.compile(rb"^([ \t]*set-cookie2?[ \t]*:)([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_KEPT = re.compile(
    rb"\s*+(?:expires=[\w,: +-]*+|max-age=-?\d*+|domain=[\w.:-]*+|path=[^,;]*+|samesite=\w*+|priority=\w*+"
    rb"|version=\d*+|secure|httponly|partitioned|discard)\s*+",
    re.IGNORECASE,
)
_SHOWN = re.compile(rb"[^\x00-\x20\x7f*]")  # controls and blanks stay: the reading of folded lines is the same then
_BLANK_LINE = re.compile(rb"\n\r?\n")


def masked(tape: Tape) -> tuple[Tape, int]:
    """The tape with its cookies' values masked, and how many fields that were. The bytes received are written over
    where they are, so that they are gone; nothing is done when there is no such field."""
    count = sum(_mask(tape.received, start, end) for start, end in _heads(tape))
    if not count or tape.layout is None:
        return tape, count
    return replace(tape, layout=_without_values(tape.layout)), count


def _heads(tape: Tape) -> list[tuple[int, int]]:
    """(start, end) of what may hold header fields."""
    layout, received = tape.layout, tape.received_bytes
    if layout is None:
        start = _read(tape.received, 0, received)
        blank = _BLANK_LINE.search(start)
        return [(0, blank.end() if blank else len(start))]
    spans = [*layout.interim, (layout.head_start, layout.head_end)]
    tail = max(layout.head_end, layout.body_end - _MOST_LOOKED_AT)
    if layout.chunked and _may_hold(_read(tape.received, tail, layout.body_end)):
        behind = message.trailer(tape.received, layout)
        spans += [behind] if behind else []
    return spans if received == layout.body_end else [*spans, (layout.body_end, received)]


def _may_hold(data: bytes) -> bool:
    return b"set-cookie" in data.lower()


def _mask(file: BinaryIO, start: int, end: int) -> int:
    """Mask the fields between two offsets of a file; how many there were."""
    data = _read(file, start, end)
    if not _may_hold(data):
        return 0
    hidden, count = _FIELD.subn(lambda match: match[1] + _value(match[2]), data)
    if count:
        file.seek(start)
        file.write(hidden)
    return count


def _value(value: bytes) -> bytes:
    """A field's value, as long as it was: the cookie's name and known attributes, and of the rest not one letter."""
    first, *attributes = value.split(b";")
    name, equals, secret = first.partition(b"=")
    hidden = [name + equals + _SHOWN.sub(b"*", secret) if equals else _SHOWN.sub(b"*", first)]
    for attribute in attributes:
        word, equals, rest = attribute.partition(b"=")
        kept = _KEPT.fullmatch(attribute)
        hidden.append(attribute if kept else _SHOWN.sub(b"*", word) + equals + _SHOWN.sub(b"*", rest))
    return b";".join(hidden)


def _without_values(layout: Layout) -> Layout:
    headers = tuple(
        (name, _value(value.encode("latin-1")).decode("latin-1"))
        if name.lower().strip() in (NAME, f"{NAME}2")
        else (name, value)
        for name, value in layout.headers
    )
    return replace(layout, headers=headers)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(min(end - start, _MOST_LOOKED_AT))
