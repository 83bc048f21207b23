"""Small valid pictures and papers, and films that only look like some: the same bytes for the same seed, always."""

from __future__ import annotations

import random
import struct
import zlib
from functools import lru_cache

# A quantiser of 16 makes one step of a block's DC coefficient two steps of grey.
_QUANTISERS = bytes([16] * 64)
# The DC code lengths of the JPEG standard (ITU T.81, K.3.1): category → its code. The only AC symbol is "end of block".
_DC_LENGTHS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110")
_END_OF_BLOCK = "0"


@lru_cache(maxsize=256)
def jpeg(seed: str, width: int, height: int) -> bytes:
    """A valid grey baseline JPEG of ``width`` times ``height`` pixels: a mosaic of 8 by 8 squares."""
    noise = random.Random(seed)
    across, down = -(-width // 8), -(-height // 8)
    row = [noise.randint(-30, 30) for _ in range(across)]
    bits, before = [], 0
    for _ in range(down):
        shade = noise.randint(-20, 20)
        for square in row:
            bits.append(_dc(square + shade - before) + _END_OF_BLOCK)
            before = square + shade
    scan = "".join(bits)
    scan += "1" * (-len(scan) % 8)
    entropy = int(scan, 2).to_bytes(len(scan) // 8).replace(b"\xff", b"\xff\x00")
    return b"".join((
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        _segment(0xDB, b"\0" + _QUANTISERS),
        _segment(0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
        _segment(0xC4, b"\x00" + bytes(_DC_LENGTHS) + bytes(range(12))),
        _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
        _segment(0xDA, b"\1\1\0\0\x3f\0"),
        entropy,
        b"\xff\xd9",
    ))  # fmt: skip


def _dc(difference: int) -> str:
    size = abs(difference).bit_length()
    if not size:
        return _DC_CODES[0]
    value = difference if difference > 0 else difference + (1 << size) - 1
    return _DC_CODES[size] + f"{value:0{size}b}"


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


@lru_cache(maxsize=64)
def png(seed: str, width: int, height: int) -> bytes:
    """A valid grey PNG of ``width`` times ``height`` pixels: horizontal stripes."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + bytes([noise.randrange(256)]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


@lru_cache(maxsize=64)
def mp4(seed: str, length_bytes: int) -> bytes:
    """A file with the boxes of an MP4 and noise for its pictures; no player can show it."""
    film = random.Random(seed).randbytes(length_bytes)
    return (
        _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41") + _box(b"moov", _box(b"mvhd", bytes(100))) + _box(b"mdat", film)
    )


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size of a picture scaled down, never up, so that no side is above ``longest``."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def pdf(text: str) -> bytes:
    """A valid PDF of one page that says ``text`` (ASCII, without parentheses)."""
    drawn = f"BT /F1 14 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    file, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        starts.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, b"".join(starts))
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, len(file))
    return file + table + trailer
