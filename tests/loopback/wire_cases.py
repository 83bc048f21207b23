"""Every form of answer that an archive's wire must keep byte for byte: the 38 cases of ``warc.md`` A.1.

Each case says what is sent, how the connection ends, and what a reader should make of it. ``wire_host`` answers with
the case that the host's first label names (``chunked.wire.test``), whole or in fragments.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
from dataclasses import dataclass
from typing import Literal

from archiver.model import Cut
from tests.loopback.server import Asked, Host, Line

BODY = b"hello, archive\n"
FRAGMENT_BYTES = (1, 2, 7, 40, 3, 400)
_BIG = b"".join(b"X-Pad-%d: %s\r\n" % (i, b"p" * 990) for i in range(150))


@dataclass(frozen=True, kw_only=True)
class WireCase:
    """``sent``: the exact bytes. ``end``: what the server does then. ``status``: as read, ``None`` when there is no
    head that can be understood. ``entity``: the body without chunk framing. ``cut``: why it is incomplete. ``excess``:
    how many of the last bytes sent do not belong to the message. ``reuse``: the connection serves another exchange."""

    name: str
    sent: bytes
    end: Literal["keep", "close", "reset"] = "keep"
    status: int | None = 200
    entity: bytes = BODY
    cut: Cut | None = None
    excess: int = 0
    reuse: bool = True


def _answer(*lines: bytes, body: bytes = BODY, status: bytes = b"HTTP/1.1 200 OK", length: bool = True) -> bytes:
    fields = [*lines, *([b"Content-Length: %d" % len(body)] if length else [])]
    return b"\r\n".join([status, *fields, b"", body])


def _chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


_GZ = gzip.compress(BODY, mtime=0)
_TE = b"Transfer-Encoding: chunked"
_CLOSES = {"end": "close", "reuse": False}

CASES: tuple[WireCase, ...] = (
    WireCase(name="plain", sent=_answer()),
    WireCase(name="gzip", sent=_answer(b"Content-Encoding: gzip", body=_GZ), entity=_GZ),
    WireCase(name="chunked", sent=_answer(_TE, body=_chunked(BODY[:5], BODY[5:]), length=False)),
    WireCase(name="chunkedgz", entity=_GZ,
             sent=_answer(_TE, b"Content-Encoding: gzip", body=_chunked(_GZ[:9], _GZ[9:]), length=False)),
    WireCase(name="chunkext", sent=_answer(
        _TE, b"Trailer: X-Sum", length=False,
        body=b"0005;name=value;q=\"a b\"\r\nhello\r\nA;x\r\n, archive\n\r\n000;last\r\nX-Sum: 1\r\nX-B:  2 \r\n\r\n")),
    WireCase(name="duphdr", sent=_answer(
        b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"X-oDD-CaSe:   padded \t ", b"X-Empty:", b"x-odd-case: again")),
    WireCase(name="reason", sent=_answer(status="HTTP/1.1 200 Très bién ✓".encode())),
    WireCase(name="noreason", sent=_answer(status=b"HTTP/1.1 200")),
    WireCase(name="http10", sent=_answer(status=b"HTTP/1.0 200 OK", length=False), end="close", reuse=False),
    WireCase(name="latin1hdr", sent=_answer("X-Name: caf\xe9 \xa0\x85".encode("latin-1"), "X-Utf8: ✓".encode())),
    WireCase(name="hints103", sent=b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n" + _answer()),
    WireCase(name="continue100", sent=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\n\r\n" + _answer()),
    WireCase(name="obsfold", sent=_answer(b"X-Fold: one\r\n two\r\n\t three")),
    WireCase(name="lfonly", sent=b"HTTP/1.1 200 OK\nX-A: b\nContent-Length: 15\n\n" + BODY),
    WireCase(name="badname", sent=_answer(b"X Bad Name: 1", b"X@Y: 2", b"\xe9: 3", b"X-Good: 4")),
    WireCase(name="nocolon", sent=_answer(b"this line has no colon", b"X-Good: 4")),
    WireCase(name="spacecolon", sent=_answer(b"X-Space : 1")),
    WireCase(name="nulhdr", sent=_answer(b"X-Nul: a\0b\x01c", b"X-CR: a\rSet-Cookie: forged=1")),
    WireCase(name="status999", sent=_answer(status=b"HTTP/1.1 999 Denied"), status=999),
    WireCase(name="status1000", sent=_answer(status=b"HTTP/1.1 1000 Huh"), status=None, reuse=False),
    WireCase(name="ncsa", sent=_answer(status=b"HTTP 200 Document follows", length=False), end="close", reuse=False),
    WireCase(name="icy", sent=_answer(b"icy-name:radio", status=b"ICY 200 OK", length=False), end="close", reuse=False),
    WireCase(name="http09", sent=b"<html>no head at all</html>\n\n", entity=b"<html>no head at all</html>\n\n",
             end="close", reuse=False),
    WireCase(name="dupcl", sent=_answer(b"Content-Length: 15")),
    WireCase(name="dupclbad", sent=_answer(b"Content-Length: 3"), status=None, reuse=False),
    WireCase(name="dupte", sent=_answer(_TE, _TE, body=_chunked(BODY), length=False), reuse=False),
    WireCase(name="teandcl", sent=_answer(_TE, b"Content-Length: 5", body=_chunked(BODY), length=False), reuse=False),
    WireCase(name="tegzip", sent=_answer(b"Transfer-Encoding: gzip, chunked", body=_chunked(_GZ), length=False),
             status=None, reuse=False),
    WireCase(name="trunc", sent=_answer(b"Content-Length: 500", length=False), cut="disconnect", end="close",
             reuse=False),
    WireCase(name="trunchunk", sent=_answer(_TE, body=b"f\r\nhello, archive\n\r\n40\r\nthis ends", length=False),
             entity=BODY + b"this ends", cut="disconnect", end="close", reuse=False),
    WireCase(name="reset", sent=_answer(b"Content-Length: 500", length=False), cut="disconnect", end="reset",
             reuse=False),
    WireCase(name="noresp", sent=b"", status=None, end="close", reuse=False),
    WireCase(name="badchunk", sent=_answer(_TE, body=b"5\r\nhello\r\nzz\r\nnot a size\r\n0\r\n\r\n", length=False),
             entity=b"hello", cut="disconnect", reuse=False),
    WireCase(name="extrajunk", sent=_answer() + b"junk behind the message", excess=23, reuse=False),
    WireCase(name="bighdr", sent=_answer(_BIG.removesuffix(b"\r\n"))),
    WireCase(name="nocontent", sent=b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status=204, entity=b""),
    WireCase(name="notmod", sent=b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 15\r\n\r\n", status=304,
             entity=b""),
    WireCase(name="redir", status=301, entity=b"",
             sent=_answer(b"Location: https://t.co/x", status=b"HTTP/1.1 301 Moved Permanently", body=b"")),
    # and one more: white space where RFC 9112, 7.1.1 allows it and h11 does not
    WireCase(name="chunkspace", sent=_answer(_TE, body=b"f ; x=y\r\nhello, archive\n\r\n0\r\n\r\n", length=False),
             reuse=False),
)  # fmt: skip

BY_NAME = {case.name: case for case in CASES}


def wire_host(*, fragmented: bool = False) -> Host:
    """Answers with the case that the asked host's first label names."""

    async def answer(asked: Asked, line: Line) -> None:
        case = BY_NAME[asked.host.partition(".")[0]]
        for piece in fragments(case.sent) if fragmented else [case.sent] * bool(case.sent):
            await line.send(piece)
            if fragmented:
                await asyncio.sleep(0.0005 if len(case.sent) < 2000 else 0)
        if case.end == "reset":
            await asyncio.sleep(0.02)  # a reset overtakes what the client's kernel has not handed over yet
            line.reset()
        elif case.end == "close":
            line.drop()

    return answer


def fragments(data: bytes) -> list[bytes]:
    """``data`` in pieces of 1 to 400 bytes."""
    pieces: list[bytes] = []
    at = 0
    for size in itertools.cycle(FRAGMENT_BYTES):
        if at >= len(data):
            return pieces
        pieces.append(data[at : at + size])
        at += size
    return pieces
