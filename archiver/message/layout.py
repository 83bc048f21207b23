"""Where the parts of an answer lie, and its entity body without transfer coding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from archiver.message.heads import HeadReader
from archiver.model import Layout

MAX_CHUNKS = 100_000
MAX_CHUNK_LINE_BYTES = 16 * 1024
MAX_TRAILER_BYTES = 64 * 1024
PIECE_BYTES = 64 * 1024

_BLANK_LINE = re.compile(rb"\n\r?\n")
_LAST_CHUNK = re.compile(rb"0{1,16}[ \t]*(?:;[^\n]*)?\r?\n")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r\n")


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


def trailer(data: BinaryIO, layout: Layout) -> tuple[int, int] | None:
    """(start, end) of what lies behind the last chunk of an answer: its trailer fields, whole or broken off. ``None``
    when there is none, or no chunks. As lenient as a reader may be: the last chunk's line may end in a bare LF."""
    at = layout.head_end
    if not layout.chunked:
        return None
    for start, size in _chunk_spans(data, layout.head_end, layout.body_end):
        if not size:
            return (start, layout.body_end) if start < layout.body_end else None
        at = start + size + 2
    data.seek(at)
    last = _LAST_CHUNK.match(data.read(min(MAX_CHUNK_LINE_BYTES, max(0, layout.body_end - at))))
    return (at + last.end(), layout.body_end) if last else None


def _chunks(data: BinaryIO, at: int, length: int) -> Iterator[tuple[int, int]]:
    """(start, bytes) of each chunk's data, then (end of the message, 0) if it ends well."""
    for start, size in _chunk_spans(data, at, length):
        if size:
            yield start, size
        else:
            yield from _trailer_end(data, start, length)


def _chunk_spans(data: BinaryIO, at: int, length: int) -> Iterator[tuple[int, int]]:
    """(start, bytes) of each chunk's data, then (where the trailer begins, 0) if there is a last chunk.

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
            yield start, 0
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
