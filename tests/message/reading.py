"""Answers read by the code under test, and by h11."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import h11

from archiver import message
from archiver.message import HeadReader
from archiver.model import Layout

MAX_HEAD = 256 * 1024


def layout_of(data: bytes, *, closed: bool = True, method: str = "GET") -> Layout | None:
    return message.read_layout(io.BytesIO(data), len(data), closed=closed, max_head_bytes=MAX_HEAD, method=method)


def entity_of(data: bytes, layout: Layout) -> bytes:
    return b"".join(message.entity(io.BytesIO(data), layout))


def fed(reader: HeadReader, pieces: Iterable[bytes]) -> bytes:
    return b"".join([reader.feed(piece) for piece in pieces])


def events_of(mended: bytes, *, closed: bool) -> Iterator[h11.Event]:
    """What h11, the strictest reader at hand, makes of an answer to a GET."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(mended)
    if closed:
        connection.receive_data(b"")
    while True:
        event = connection.next_event()
        if event in (h11.NEED_DATA, h11.PAUSED):
            return
        assert not isinstance(event, type)
        yield event
        if isinstance(event, h11.EndOfMessage):
            return
