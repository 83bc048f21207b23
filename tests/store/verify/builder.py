"""WARC files made by hand, whole or defective in one way; nothing of the program's own writing is used."""

from __future__ import annotations

import gzip
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

NAME = "archiver-20260801120000000-00001-host-1.warc.gz"
DATE = "2026-08-01T12:00:00.123456Z"
URLS = tuple(f"https://t.co/code{number}" for number in range(4))


def record_id(name: str) -> str:
    """The same id for the same name."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Rec:
    """A record to be. ``end``: what stands behind its block. ``version``: its first line."""

    name: str
    headers: tuple[tuple[str, str], ...]
    block: bytes
    end: bytes = b"\r\n\r\n"
    version: str = "WARC/1.1"
    eol: str = "\r\n"

    @property
    def raw(self) -> bytes:
        lines = [self.version, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return self.eol.join(lines).encode() + self.block + self.end

    def get(self, name: str) -> str:
        return dict(self.headers)[name]

    def with_(self, name: str, value: str) -> Rec:
        """The header changed, or added."""
        if name not in dict(self.headers):
            return replace(self, headers=(*self.headers, (name, value)))
        return replace(self, headers=tuple((key, value if key == name else old) for key, old in self.headers))

    def without(self, *names: str) -> Rec:
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] not in names))

    def twice(self, name: str) -> Rec:
        """With the header repeated."""
        return replace(self, headers=(*self.headers, (name, self.get(name))))

    def of(self, block: bytes, *, payload: bytes | None = None) -> Rec:
        """With another block, its length and digests right."""
        changed = replace(self, block=block).with_("Content-Length", str(len(block)))
        changed = changed.with_("WARC-Block-Digest", sha256(block))
        return changed if payload is None else changed.with_("WARC-Payload-Digest", sha256(payload))


@dataclass
class Warc:
    """A file to be: ``recs``, each in a gzip member of its own."""

    recs: list[Rec] = field(default_factory=list)

    def members(self) -> list[bytes]:
        return [member(rec.raw) for rec in self.recs]

    def data(self) -> bytes:
        return b"".join(self.members())

    def find(self, name: str) -> Rec:
        return next(rec for rec in self.recs if rec.name == name)

    def offset(self, name: str) -> int:
        """Where the record lies."""
        at = 0
        for rec in self.recs:
            if rec.name == name:
                return at
            at += len(member(rec.raw))
        raise LookupError(name)

    def swap(self, name: str, *others: Rec) -> Warc:
        """Another file, with ``others`` instead of the record."""
        recs: list[Rec] = []
        for rec in self.recs:
            recs += others if rec.name == name else [rec]
        return Warc(recs)


def member(raw: bytes) -> bytes:
    """``raw`` as a gzip member, wrapped as ours are."""
    packed = gzip.compress(raw, mtime=0)
    return packed[:8] + b"\x00\xff" + packed[10:]


def rec(name: str, kind: str, headers: Iterable[tuple[str, str]], content_type: str, block: bytes) -> Rec:
    """A whole record."""
    fixed = (("WARC-Type", kind), ("WARC-Record-ID", record_id(name)), ("WARC-Date", DATE))
    rest = (("WARC-Block-Digest", sha256(block)), ("Content-Type", content_type), ("Content-Length", str(len(block))))
    return Rec(name, (*fixed, *headers, *rest), block)


def warcinfo(name: str = NAME) -> Rec:
    about = b"software: archiver/test\r\nformat: WARC File Format 1.1\r\nisPartOf: urn:uuid:1\r\n"
    return rec("warcinfo", "warcinfo", [("WARC-Filename", name)], "application/warc-fields", about)


def exchange(number: int, head: str, body: bytes, *, url: str | None = None, payload: bytes | None = None) -> list[Rec]:
    """Response, request and metadata, as ours are. ``head``: the answer's, without its blank line."""
    url = url or URLS[number]
    payload = body if payload is None else payload
    common = [("WARC-Target-URI", url), ("WARC-Warcinfo-ID", record_id("warcinfo"))]
    to_first = ("WARC-Concurrent-To", record_id(f"response{number}"))
    block = f"{head}\r\n\r\n".encode() + body
    asked = f"GET /code{number} HTTP/1.1\r\nHost: t.co\r\n\r\n".encode()
    about = (
        f"fetchTimeMs: 250\r\narchiver-why: hop\r\narchiver-slot: hop:{url}\r\narchiver-status: 200\r\n"
        f"archiver-payload-bytes: {len(payload)}\r\n"
    ).encode()
    http = "application/http; msgtype="
    digested = [*common, ("WARC-Payload-Digest", sha256(payload))]
    return [
        rec(f"response{number}", "response", digested, f"{http}response", block),
        rec(f"request{number}", "request", [*common, to_first], f"{http}request", asked),
        rec(f"metadata{number}", "metadata", [*common, to_first], "application/warc-fields", about),
    ]


def plain(number: int, body: bytes) -> list[Rec]:
    """An exchange whose answer has a Content-Length."""
    return exchange(number, f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}", body)


def chunked(number: int, *chunks: bytes) -> list[Rec]:
    """An exchange whose answer comes in chunks."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked"
    return exchange(number, head, framed, payload=b"".join(chunks))


def revisit(number: int, of: Rec) -> list[Rec]:
    """An exchange whose answer is the same as ``of``."""
    first, *others = exchange(number, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5", b"")
    headers = [
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("WARC-Refers-To", of.get("WARC-Record-ID")),
        ("WARC-Refers-To-Target-URI", of.get("WARC-Target-URI")),
        ("WARC-Refers-To-Date", of.get("WARC-Date")),
        ("WARC-Truncated", "length"),
    ]
    again = replace(first, headers=(*first.headers, *headers)).with_("WARC-Type", "revisit")
    return [again.with_("WARC-Payload-Digest", of.get("WARC-Payload-Digest")), *others]


def sample(name: str = NAME) -> Warc:
    """The whole file that every defective one is made from: three exchanges, one of them chunked."""
    return Warc([warcinfo(name), *plain(0, b"hello"), *chunked(1, b"in two ", b"pieces"), *plain(2, b"bye " * 50)])


def joined(recs: Sequence[Rec]) -> bytes:
    """The records behind one another, not packed."""
    return b"".join(rec.raw for rec in recs)
