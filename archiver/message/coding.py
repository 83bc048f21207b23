"""Content codings, removed by our own bounded reader: a body of a kilobyte may stand for gigabytes."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import Protocol

import brotli

from archiver.message.heads import values

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_CODINGS = 2
MAX_WINDOW_LOG = 23
PIECE_BYTES = 64 * 1024


class Undecodable(ValueError):
    """The content coding can't be removed: unknown, not what it says, or longer than allowed; ``str()`` says why."""


def codings(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The content codings in the order they were applied, ``identity`` left out, for ``decode``."""
    applied = values(headers, "content-encoding")
    return tuple(coding.removeprefix("x-") for coding in applied if coding not in ("", "identity"))


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
