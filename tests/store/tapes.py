"""Tapes, documents and small archives, as the rest of the program would hand them to the store."""

from __future__ import annotations

import asyncio
import gzip
import io
import shutil
import sqlite3
import tempfile
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver import message
from archiver.errors import BadReply
from archiver.model import Document, Request, Tape, WarcRef
from archiver.store.archive import Archive

NOW = datetime(2026, 8, 1, 12, 0, 0, 123456, tzinfo=UTC)
TLS = ("TLSv1.3", "TLS_AES_256_GCM_SHA384")


class SetClock:
    """A clock that stands, and jumps when somebody sleeps."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def reply(body: bytes = b"hello", *, status: str = "200 OK", kind: str = "text/html", extra: str = "") -> bytes:
    """A plain answer on the wire."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def chunked(*chunks: bytes) -> bytes:
    """A chunked answer on the wire."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


def tape(
    received: bytes | None = None,
    *,
    url: str = "https://t.co/X9DJa7awAM",
    slot: str = "link:https://t.co/X9DJa7awAM",
    why: str = "hop",
    closed: bool = False,
    spooled: bool = False,
    **changed: object,
) -> Tape:
    """The tape of one exchange whose server answered ``received``."""
    received = reply() if received is None else received
    file: BinaryIO = io.BytesIO(received)
    if spooled:
        file = _unlinked(received)
    layout, error = None, None
    try:
        layout = message.read_layout(file, len(received), closed=closed, max_head_bytes=1 << 20)
    except message.BadMessage as problem:
        error = BadReply(url, str(problem))
    values = {
        "request": Request(url=url, why=why, slot=slot),  # type: ignore[arg-type]
        "url": url,
        "started_at": NOW,
        "elapsed_s": 0.25,
        "peer": "192.0.2.7",
        "tls": TLS,
        "sent": f"GET / HTTP/1.1\r\nHost: {url[8:20]}\r\nAccept: */*\r\n\r\n".encode(),
        "received": file,
        "received_bytes": len(received),
        "layout": layout,
        "error": error,
    }
    return Tape(**{**values, **changed})  # type: ignore[arg-type]


def _unlinked(data: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115  # its owner closes it
    file.write(data)
    return cast("BinaryIO", file)


def article(
    key: str = "https://news.example/a", *, minute: int = 0, outcomes: tuple[dict[str, Any], ...] = ()
) -> Document:
    """An article's document."""
    at = NOW + timedelta(minutes=minute)
    body = {"key": key, "name": key, "kind": "html", "url": key, "canonical_url": None, "title": "A story",
            "lang": "en", "source": None, "saved_at": at.isoformat(), "outcomes": list(outcomes)}  # fmt: skip
    return Document(kind="article", key=key, at=at, body=body)


def outcome(position: int = 0, post_id: str | None = "20", **changed: object) -> dict[str, Any]:
    """A public record within an article's document."""
    url = f"https://x.com/jack/status/{post_id}"
    return {"position": position, "kind": "embed", "form": "blockquote", "platform": "x", "post_id": post_id,
            "url": url, "author": "jack", "handle": "jack", "posted_at": None, "short_links": [], "status": "archived",
            "availability": "public", "try_again_at": None, **changed}  # fmt: skip


def post(post_id: str = "20", *, handle: str = "jack", minute: int = 0, availability: str = "public") -> Document:
    """A post's document."""
    facts = {
        "handle": [{"value": handle, "how": "tweet-result.user.screen_name"}],
        "author": [{"value": handle.title(), "how": "tweet-result.user.name"}],
        "posted_at": [{"value": "2006-03-21T20:50:14.000Z", "how": "snowflake", "precision": "second"}],
        "text": [{"value": "just setting up my twttr", "how": "tweet-result.text"}],
    }
    body = {"platform": "x", "post_id": post_id, "url": f"https://x.com/{handle}/status/{post_id}",
            "availability": availability, "settled": True, "facts": facts}  # fmt: skip
    return Document(kind="post", key=f"x:{post_id}", at=NOW + timedelta(minutes=minute), body=body)


def link(short: str = "https://t.co/X9DJa7awAM", *, minute: int = 0) -> Document:
    """A short link's document."""
    body = {"short": short, "end": "https://x.com/jack/status/20", "ended": "post", "hops": [], "settled": True}
    return Document(kind="link", key=short, at=NOW + timedelta(minutes=minute), body=body)


async def opened(folder: Path, **changed: object) -> Archive:
    """The archive in ``folder``, open for writing."""
    values = {"operator": "Test Desk", "user_agent": "archiver/test", "software": "archiver/test",
              "max_warc_bytes": 10**9, "clock": SetClock()}  # fmt: skip
    return await Archive.open(folder, **{**values, **changed})  # type: ignore[arg-type]


def warcs(folder: Path) -> list[Path]:
    """The WARCs in ``folder``, growing ones included."""
    return sorted([*folder.glob("*.warc.gz"), *folder.glob("*.warc.gz.open")])


def members(path: Path) -> list[bytes]:
    """Each gzip member of a file, unpacked; asserts that every one is whole."""
    data, found = path.read_bytes(), []
    while data:
        codec = zlib.decompressobj(31)
        found.append(codec.decompress(data))
        assert codec.eof
        data = codec.unused_data
    assert b"".join(found) == gzip.decompress(path.read_bytes())
    return found


def plainly(record: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """(headers, block) of one record, read with nothing but ``split``: another reader than the program's own."""
    head, _, rest = record.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "WARC/1.1"
    pairs = [line.partition(": ") for line in lines]
    headers = [(name, value) for name, _, value in pairs]
    length = int(dict(headers)["Content-Length"])
    assert rest[length:] == b"\r\n\r\n"
    return headers, rest[:length]


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the catalog, to be compared."""
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        rows = {name: sorted(connection.execute(f"select * from {name}").fetchall(), key=repr) for name in names}
    connection.close()
    return rows


def copied(folder: Path, to: Path) -> Path:
    """A copy of an archive, to be damaged."""
    shutil.copytree(folder, to)
    return to


def record_at(folder: Path, ref: WarcRef) -> tuple[list[tuple[str, str]], bytes]:
    """(headers, block) of the record that a reference names."""
    path = folder / ref.file
    data = (path if path.exists() else path.with_name(f"{ref.file}.open")).read_bytes()
    return plainly(gzip.decompress(data[ref.offset_bytes : ref.offset_bytes + ref.length_bytes]))
