"""Hosts that mean harm: what they answer is chosen by the path.

A route that never ends by itself ends when the client leaves. Bombs are small on the wire and about a gigabyte behind
their coding; each is made when it is first asked for.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import zlib
from collections.abc import Awaitable, Callable

import brotli

from tests.loopback.server import Asked, Line, reply

MEGABYTE = 2**20
GIGABYTE = 2**30
DRIP_S = 0.05

#: Every spelling that some resolver, parser or kernel takes for an address of our own network (faults.md G1 to G8).
PRIVATE_HOSTS: tuple[str, ...] = (
    "127.0.0.1", "0.0.0.0", "[::]", "[::1]", "localhost", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001",
    "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "127.255.255.254", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]",
    "[2002:7f00:1::]", "[2001::1]", "[fec0::1]", "[fe80::1]", "[fd00:ec2::254]", "[5f00::1]", "[3fff::1]", "[ff02::1]",
    "169.254.169.254", "169.254.43518", "0xa9fea9fe", "0251.0376.0251.0376", "10.0.0.1", "192.168.0.1", "172.16.0.1",
    "100.64.0.1", "168.63.129.16", "255.255.255.255", "224.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "０.0.0.0",
    "127%2e0%2e0%2e1", "127.0.0.1%00.example.com",
)  # fmt: skip


async def hostile(asked: Asked, line: Line) -> None:
    """Answers by path; see ``ROUTES`` and ``BOMBS``. ``/to/HOST:PORT`` redirects there, as it is written."""
    name = asked.path.strip("/")
    if name in BOMBS:
        await line.send(_coded(*BOMBS[name]()), log=False)
    elif name.startswith("to/"):
        await line.send(reply(302, b"", ("Location", f"http://{name.removeprefix('to/')}/secret")))
    elif name in ROUTES:
        await ROUTES[name](line)
    else:
        await line.send(reply(200, b"an honest page", content_type="text/plain"))


def _coded(coding: str, body: bytes) -> bytes:
    return reply(200, body, ("Content-Encoding", coding), content_type="text/html")


@functools.cache
def _gzip_bomb() -> tuple[str, bytes]:
    # deflate's sync flush makes equal input equal output, so one block stands for all; no reader gets to the checksum
    squeeze = zlib.compressobj(9, wbits=31)
    head = squeeze.compress(bytes(MEGABYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(bytes(MEGABYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return "gzip", head + block * (GIGABYTE // MEGABYTE - 1)


@functools.cache
def _double_gzip_bomb() -> tuple[str, bytes]:
    return "gzip, gzip", gzip.compress(_gzip_bomb()[1], mtime=0)


@functools.cache
def _brotli_bomb() -> tuple[str, bytes]:
    squeeze = brotli.Compressor(quality=5)
    pieces = [squeeze.process(bytes(16 * MEGABYTE)) for _ in range(GIGABYTE // MEGABYTE // 16)]
    return "br", b"".join(pieces) + squeeze.finish()


@functools.cache
def _zstd_bomb() -> tuple[str, bytes]:
    # RFC 8878, 3.1.1: a frame without content size, window 2 MiB, of blocks "this byte 128 KiB long", none the last
    block = (0 | 1 << 1 | 128 * 1024 << 3).to_bytes(3, "little") + b"\0"
    return "zstd", b"\x28\xb5\x2f\xfd\x00" + bytes([11 << 3]) + block * (GIGABYTE // (128 * 1024))


@functools.cache
def _zstd_wide_window() -> tuple[str, bytes]:
    # a window of 2 GiB, which a decoder would have to set aside before the first byte
    return "zstd", b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + (1 | 2 | 1024 << 3).to_bytes(3, "little") + b"\0"


def _many_codings() -> tuple[str, bytes]:
    return ", ".join(["gzip"] * 5), gzip.compress(b"deep", mtime=0)


def _gzip_lie() -> tuple[str, bytes]:
    return "gzip", b"<html>this is no gzip</html>"


BOMBS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "gzip": _gzip_bomb, "gzip-gzip": _double_gzip_bomb, "br": _brotli_bomb, "zstd": _zstd_bomb,
    "zstd-window": _zstd_wide_window, "five-gzips": _many_codings, "gzip-lie": _gzip_lie,
}  # fmt: skip


async def _drip_head(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await line.send(b"X-Drip: drop\r\n")
        await asyncio.sleep(DRIP_S)


async def _drip_body(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await line.send(b".")
        await asyncio.sleep(DRIP_S)


async def _stall(line: Line) -> None:
    await asyncio.sleep(60)


async def _stall_in_body(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first words")
    await asyncio.sleep(60)


async def _cut(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first words")
    line.drop()


async def _cut_in_head(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/ht")
    line.drop()


async def _reset(line: Line) -> None:
    line.reset()


async def _header_flood(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n")
    block = b"".join(b"X-%d: flood\r\n" % i for i in range(1000))
    while True:
        await line.send(block, log=False)


async def _long_header(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await line.send(b"x" * 65536, log=False)


async def _infinite(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    while True:
        await line.send(bytes(65536), log=False)


async def _infinite_chunks(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await line.send(b"1\r\nx\r\n" * 10_000, log=False)


async def _endless_chunk_line(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
    while True:
        await line.send(b"e" * 65536, log=False)


async def _huge_length(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n")
    while True:
        await line.send(b"h" * 65536, log=False)


async def _interim_flood(line: Line) -> None:
    while True:
        await line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100, log=False)


async def _switch(line: Line) -> None:
    await line.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\nfoo bytes")


async def _poison(line: Line) -> None:
    await line.send(reply(200, b"the real one") + reply(200, b"FORGED"))


async def _late_poison(line: Line) -> None:
    await line.send(reply(200, b"the real one"))
    await asyncio.sleep(0.05)
    await line.send(reply(200, b"FORGED"))


async def _bodied_304(line: Line) -> None:
    await line.send(b"HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nFORGED")


async def _strange_version(line: Line) -> None:
    await line.send(b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n")


async def _negative_status(line: Line) -> None:
    await line.send(b"HTTP/1.1 -200 OK\r\nContent-Length: 0\r\n\r\n")


async def _long_status_line(line: Line) -> None:
    while True:
        await line.send(b"HTTP/1.1 200 " + b"O" * 65536, log=False)


ROUTES: dict[str, Callable[[Line], Awaitable[None]]] = {
    "drip-head": _drip_head, "drip-body": _drip_body, "stall": _stall, "stall-in-body": _stall_in_body, "cut": _cut,
    "cut-in-head": _cut_in_head, "reset": _reset, "header-flood": _header_flood, "long-header": _long_header,
    "infinite": _infinite, "infinite-chunks": _infinite_chunks, "endless-chunk-line": _endless_chunk_line,
    "huge-length": _huge_length, "interim-flood": _interim_flood, "switch": _switch, "poison": _poison,
    "late-poison": _late_poison, "bodied-304": _bodied_304, "strange-version": _strange_version,
    "negative-status": _negative_status, "long-status-line": _long_status_line,
}  # fmt: skip
