"""A record in the place of removed ones, exactly as long as they were.

So nothing else in the file moves: every offset that the catalog, an index or a fact's source names stays right, and
every other record keeps its bytes. The gzip member is made of stored blocks (RFC 1951, 3.2.4), whose length can be
chosen; what is left over is blanks in a field that says so.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime

from archiver.store import fields
from archiver.store.framing import label, new_id
from archiver.store.records import CAPTURE_FIELDS, warc_date

MARK = "archiver-tombstone"
_PADDING = "archiver-padding"
_HEAD = b"\x1f\x8b\x08" + b"\x00" * 5 + b"\x04\xff"  # as ``member``: no name, no time, system unknown
_MOST_STORED = 65_535
_AROUND = len(_HEAD) + 8  # and CRC-32 and length behind the blocks
_BLOCK = 5


def tombstone(length: int, key: str, reason: str, removed: tuple[str, ...], at: datetime, warcinfo_id: str) -> bytes:
    """A gzip member of ``length`` bytes with one ``metadata`` record: ``key`` says what was purged, ``removed`` which
    record ids stood here. Where there is no room, the least is said. Raises ``ValueError`` when not even that fits."""
    said = [(MARK, key), ("archiver-reason", reason), *(("archiver-removed", one) for one in removed)]
    for about in (said, said[:2], said[:1], []):
        for blocks in range(1, 3 + length // _MOST_STORED):
            size = length - _AROUND - _BLOCK * blocks
            if size > _MOST_STORED * blocks:
                continue
            record = _record(size, about, warc_date(at), warcinfo_id)
            if record is not None:
                return b"".join(_stored(record, blocks))
    raise ValueError(f"{length} bytes are too few for a record")


def _record(size: int, about: list[tuple[str, str]], date: str, warcinfo_id: str) -> bytes | None:
    """A record of ``size`` bytes, or ``None`` when its length can't be just that."""
    lines = fields.lines(about)
    head = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: {new_id()}\r\n"
        f"WARC-Date: {date}\r\nWARC-Warcinfo-ID: {warcinfo_id}\r\n"
    )
    rest = f"Content-Type: {CAPTURE_FIELDS}\r\nContent-Length: "
    digest = len(f"WARC-Block-Digest: {label(hashlib.sha256())}\r\n")
    around = len(head) + digest + len(rest) + len("\r\n\r\n") + len("\r\n\r\n")
    for digits in range(1, 16):
        block_bytes = size - around - digits
        padding = block_bytes - len(lines) - len(f"{_PADDING}: \r\n")
        if len(str(block_bytes)) == digits and (padding >= 0 or block_bytes == len(lines)):
            block = lines if block_bytes == len(lines) else lines + f"{_PADDING}: {' ' * padding}\r\n".encode()
            named = f"WARC-Block-Digest: {label(hashlib.sha256(block))}\r\n"
            return f"{head}{named}{rest}{block_bytes}\r\n\r\n".encode() + block + b"\r\n\r\n"
    return None


def _stored(data: bytes, blocks: int) -> Iterator[bytes]:
    yield _HEAD
    step = -(-len(data) // blocks)
    for index in range(blocks):
        piece = data[index * step : (index + 1) * step]
        yield struct.pack("<BHH", index == blocks - 1, len(piece), len(piece) ^ 0xFFFF) + piece
    yield struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)
