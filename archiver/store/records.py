"""What happened → WARC 1.1 records, in groups that are kept or lost as a whole.

An exchange is a group of ``response``, ``request`` and ``metadata``, in this order: the group is whole when its
``metadata`` is there, and that record says all that the catalog must know (slot, why, status), so that the catalog can
be made anew. A document of ours and a local file are groups of one record.

Blocks are the exact bytes that crossed the wire: warcio frames them and writes the record, but never parses them.
Every digest is ours, ``sha256:<hex>``; a payload digest is that of the entity body, transfer coding removed and content
coding kept (WARC 1.1, 5.9), so ``warcio check`` complains of chunked answers, which it hashes with their framing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from warcio.limitreader import LimitReader
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import message
from archiver.model import Document, Tape
from archiver.store import fields
from archiver.store.member import Buffer, Deflated, Packer, Stored, Whole

CAPTURE_FIELDS = "application/warc-fields"
DOCUMENT_TYPE = "application/json"
INLINE_BYTES = 1 << 20
"""What is longer is not held in memory: it is read from the tape again while it is written."""

_VERSION = "WARC/1.1"
_PIECE = 1 << 18
_MOST_KEPT_ASIDE = 64 * 1024
_MOST_ERROR = 500
_STORED = ("image/", "video/", "audio/")
# OpenSSL's own names of the TLS 1.2 suites that Python's default context offers; TLS 1.3 names are IANA's already.
_IANA = {
    f"{kx}{openssl}": f"TLS_{kx.replace('-', '_')}WITH_{iana}"
    for kx in ("ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-RSA-")
    for openssl, iana in (
        ("AES128-GCM-SHA256", "AES_128_GCM_SHA256"),
        ("AES256-GCM-SHA384", "AES_256_GCM_SHA384"),
        ("CHACHA20-POLY1305", "CHACHA20_POLY1305_SHA256"),
        ("AES128-SHA256", "AES_128_CBC_SHA256"),
        ("AES256-SHA384", "AES_256_CBC_SHA384"),
        ("AES256-SHA256", "AES_256_CBC_SHA256"),
        ("AES128-SHA", "AES_128_CBC_SHA"),
        ("AES256-SHA", "AES_256_CBC_SHA"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What the catalog knows of one exchange, or of one local file (``why`` is ``file``, no status).

    ``url``: as asked for; ``target_uri``: as recorded; both with ``fields.uri`` applied, ``slot`` with ``fields.text``.
    ``started_at``: a WARC date. ``elapsed_ms``: whole milliseconds. The rest as in ``Exchange``; ``http_status`` is
    ``None`` and ``error`` is set when no complete response head came.
    """

    record_id: str
    slot: str
    url: str
    target_uri: str
    why: str
    started_at: str
    elapsed_ms: int = 0
    http_status: int | None = None
    media_type: str | None = None
    payload_digest: str | None = None
    payload_bytes: int = 0
    cut: str | None = None
    peer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Digests of a response: of its block, and of its entity body (``None`` without a complete head). ``block``: the
    block itself, ``None`` when it is longer than ``INLINE_BYTES``."""

    block_digest: str
    payload_digest: str | None
    payload_bytes: int
    block: Buffer | None


class Part:
    """One record as a gzip member: packed already when small, else packed while it is written, once."""

    def __init__(self, record: ArcWarcRecord, *, stored: bool = False) -> None:
        self.record_id: str = record.rec_headers.get_header("WARC-Record-ID")
        self._stored = stored
        self._later: ArcWarcRecord | None = record if record.length > INLINE_BYTES else None
        self._packed = b"" if self._later else _packed(record, stored)

    @property
    def size_bytes(self) -> int:
        """Length of the member; of the block where it is not packed yet."""
        return int(self._later.length) if self._later else len(self._packed)

    @property
    def reads_later(self) -> bool:
        """Whether the block is read only while the member is written."""
        return self._later is not None

    def write_to(self, out: Callable[[Buffer], object]) -> None:
        """Hand the member to ``out``, piece by piece."""
        if self._later:
            _FRAMER.write_to(Stored(out) if self._stored else Deflated(out), self._later)
        else:
            out(self._packed)


def _packed(record: ArcWarcRecord, stored: bool) -> bytes:
    whole = Whole()
    if stored:
        _FRAMER.write_to(Stored(whole.append), record)
        return b"".join(whole)
    _FRAMER.write_to(whole, record)
    return whole.packed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records that belong together; the first one is what a ``WarcRef`` to the group names."""

    parts: tuple[Part, ...]
    captured: Captured | None = None
    document: Document | None = None

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    @property
    def reads_later(self) -> bool:
        return any(part.reads_later for part in self.parts)


def measure(tape: Tape) -> Measured:
    """Read the tape once and digest it. Takes about 2 ms per MB; memory is bounded."""
    start, length = _block_span(tape)
    block, digest = None, hashlib.sha256()
    if length <= INLINE_BYTES:
        tape.received.seek(start)
        block = memoryview(tape.received.read(length))
    for piece in _pieces(tape.received, start, length) if block is None else (block,):
        digest.update(piece)
    if tape.layout is None:
        return Measured(block_digest=_label(digest), payload_digest=None, payload_bytes=0, block=block)
    pieces: Iterable[Buffer] = message.entity(tape.received, tape.layout)
    if block is not None and not tape.layout.chunked:
        pieces = (block[tape.layout.head_end - start :],)
    payload, size = hashlib.sha256(), 0
    for piece in pieces:
        payload.update(piece)
        size += len(piece)
    return Measured(block_digest=_label(digest), payload_digest=_label(payload), payload_bytes=size, block=block)


def capture_group(tape: Tape, measured: Measured, warcinfo_id: str) -> Group:
    """The records of one exchange. Nothing of a large body is read yet: the tape must stay open until written."""
    start, length = _block_span(tape)
    first_id, date, target = _new_id(), warc_date(tape.started_at), fields.uri(tape.url)
    captured = _captured(tape, measured, first_id, date, target)
    common = [("WARC-Target-URI", target), ("WARC-Date", date), ("WARC-Warcinfo-ID", warcinfo_id)]
    wire = common + _wire_fields(tape)
    request_id, concurrent, parts = first_id, [], []
    if length:
        request_id, concurrent = _new_id(), [("WARC-Concurrent-To", first_id)]
        headers = [*wire, ("WARC-Block-Digest", measured.block_digest)]
        if measured.payload_digest:
            headers.append(("WARC-Payload-Digest", measured.payload_digest))
        if tape.cut:
            headers.append(("WARC-Truncated", tape.cut))
        block = _Span(tape.received, start, length) if measured.block is None else _Whole(measured.block)
        record = _record("response", first_id, headers, "application/http; msgtype=response", block, length)
        parts.append(Part(record, stored=_is_media(captured.media_type)))
    request = _whole_record("request", request_id, wire + concurrent, "application/http; msgtype=request", tape.sent)
    about = fields.lines(_capture_fields(tape, captured))
    headers = [*common, ("WARC-Concurrent-To", first_id)]
    parts += [Part(request), Part(_whole_record("metadata", _new_id(), headers, CAPTURE_FIELDS, about))]
    return Group(parts=tuple(parts), captured=captured)


def document_group(document: Document, warcinfo_id: str) -> Group:
    """A JSON record of ours: ``{"kind", "key", "at", "body"}``, keys sorted, UTF-8."""
    body = json_text(document.body)
    about = json_text({"kind": document.kind, "key": document.key, "at": warc_date(document.at)})
    block = f'{about[:-1]},"body":{body}}}'.encode()
    headers = [
        ("WARC-Target-URI", fields.uri(document.uri)),
        ("WARC-Date", warc_date(document.at)),
        ("WARC-Warcinfo-ID", warcinfo_id),
    ]
    if document.refers_to:
        headers.append(("WARC-Refers-To", fields.text(document.refers_to.record_id)))
    part = Part(_whole_record("metadata", _new_id(), headers, DOCUMENT_TYPE, block))
    return Group(parts=(part,), document=document)


def file_group(uri: str, data: bytes, media_type: str, at: datetime, warcinfo_id: str) -> Group:
    """A local file as a ``resource`` record."""
    record_id, date, target = _new_id(), warc_date(at), fields.uri(uri)
    digest, kind = _label(hashlib.sha256(data)), fields.text(media_type)
    headers = [
        ("WARC-Target-URI", target),
        ("WARC-Date", date),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Payload-Digest", digest),
    ]
    part = Part(_whole_record("resource", record_id, headers, kind, data))
    return Group(parts=(part,), captured=file_captured(record_id, target, date, kind, digest, len(data)))


def file_captured(record_id: str, target: str, date: str, media_type: str, digest: str, size: int) -> Captured:
    """What the catalog knows of a local file: its URI is its slot."""
    return Captured(
        record_id=record_id,
        slot=target,
        url=target,
        target_uri=target,
        why="file",
        started_at=date,
        media_type=media_type,
        payload_digest=digest,
        payload_bytes=size,
    )


def warcinfo_part(file_name: str, at: datetime, about: Iterable[tuple[str, str]]) -> Part:
    """The record that opens a file: ``about`` is who wrote it, with what, and why."""
    headers = [("WARC-Date", warc_date(at)), ("WARC-Filename", fields.text(file_name))]
    return Part(_whole_record("warcinfo", _new_id(), headers, CAPTURE_FIELDS, fields.lines(about)))


def json_text(value: Mapping[str, object]) -> str:
    """``value`` as JSON: keys sorted, no spaces, no escapes that are not needed, lone surrogates as U+FFFD."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=dict)
    return fields.unicode(text)


def warc_date(at: datetime) -> str:
    """``2026-07-05T12:34:56.789012Z``: always this long, so that dates sort as text."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


class _Framer(WARCWriter):  # type: ignore[misc]
    """warcio's writer without its own digests (SHA-1, of the framed body) and its compression."""

    def write_to(self, out: Packer, record: ArcWarcRecord) -> None:
        """Write one record. Holds no state, so threads may share a framer; making one costs a system call."""
        self._write_warc_record(out, record)

    def ensure_digest(self, record: ArcWarcRecord, block: bool = True, payload: bool = True) -> None:
        """Leave the record as it is: every digest that belongs there is there."""


_FRAMER = _Framer(None, gzip=False, warc_version=_VERSION)


class _Whole:
    """A block in memory, handed over in one piece (warcio asks for 16 KB at a time)."""

    def __init__(self, block: Buffer) -> None:
        self._block = block

    def read(self, _most_bytes: int) -> Buffer:
        block, self._block = self._block, b""
        return block


class _Span(LimitReader):  # type: ignore[misc]
    """``length`` bytes of a file from ``start``, whatever its position is when reading begins."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        super().__init__(file, length)
        self._start = start

    def read(self, length: int | None = None) -> bytes:
        if not self.tell():
            self.stream.seek(self._start)
        return super().read(length)  # type: ignore[no-any-return]


def _whole_record(
    kind: str, record_id: str, headers: list[tuple[str, str]], content_type: str, block: bytes
) -> ArcWarcRecord:
    headers = [*headers, ("WARC-Block-Digest", _label(hashlib.sha256(block)))]
    return _record(kind, record_id, headers, content_type, _Whole(block), len(block))


def _record(
    kind: str, record_id: str, headers: list[tuple[str, str]], content_type: str, block: object, length: int
) -> ArcWarcRecord:
    # Not through RecordBuilder.create_warc_record: it parses the HTTP head and writes its own version of it. And not
    # through the constructor of StatusAndHeaders, which looks at the type of every name and value; Content-Length
    # stands last because warcio will look for it from the end.
    named = StatusAndHeaders("", [], protocol=_VERSION)
    named.headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        *headers,
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
    ]
    return ArcWarcRecord("warc", kind, named, block, None, None, length)


def _block_span(tape: Tape) -> tuple[int, int]:
    """(start, length) of the final message within the bytes received: without interim heads and what came behind."""
    if tape.layout is None:
        return 0, tape.received_bytes
    return tape.layout.head_start, tape.layout.body_end - tape.layout.head_start


def _wire_fields(tape: Tape) -> list[tuple[str, str]]:
    found = [("WARC-IP-Address", fields.text(tape.peer))] if tape.peer else []
    tape.received.seek(_block_span(tape)[0])
    found.append(("WARC-Protocol", "http/1.0" if tape.received.read(8) == b"HTTP/1.0" else "http/1.1"))
    if tape.tls:
        protocol, cipher = tape.tls
        found.append(("WARC-Protocol", fields.text(protocol.lower().replace("tlsv", "tls/"))))
        name = cipher if cipher.startswith("TLS_") else _IANA.get(cipher)
        if name:
            found.append(("WARC-Cipher-Suite", fields.text(name)))
    return found


def _captured(tape: Tape, measured: Measured, record_id: str, date: str, target: str) -> Captured:
    layout = tape.layout
    return Captured(
        record_id=record_id,
        slot=fields.text(tape.request.slot),
        url=fields.uri(tape.request.url),
        target_uri=target,
        why=tape.request.why,
        started_at=date,
        elapsed_ms=round(tape.elapsed_s * 1000),
        http_status=layout.status if layout else None,
        media_type=_media_type(tape),
        payload_digest=measured.payload_digest,
        payload_bytes=measured.payload_bytes,
        cut=tape.cut,
        peer=fields.text(tape.peer) if tape.peer else None,
        error=fields.text(str(tape.error)[:_MOST_ERROR]) if tape.error else None,
    )


def _capture_fields(tape: Tape, captured: Captured) -> Iterator[tuple[str, str]]:
    """The metadata record: everything of ``captured`` that the other records' headers don't say, and what came around
    the message (interim heads, excess bytes), which must not stand in the response block but is not to be lost."""
    if tape.request.via:
        yield "via", fields.uri(tape.request.via)
    yield "fetchTimeMs", str(captured.elapsed_ms)
    yield "archiver-why", captured.why
    yield "archiver-slot", captured.slot
    if captured.url != captured.target_uri:
        yield "archiver-url", captured.url
    if captured.http_status is not None:
        yield "archiver-status", str(captured.http_status)
        yield "archiver-payload-bytes", str(captured.payload_bytes)
    if captured.media_type:
        yield "archiver-media-type", captured.media_type
    if captured.cut:
        yield "archiver-cut", captured.cut
    if captured.error:
        yield "archiver-error", captured.error
    yield from _around(tape)


def _around(tape: Tape) -> Iterator[tuple[str, str]]:
    if tape.layout is None:
        return
    left = _MOST_KEPT_ASIDE
    for start, end in tape.layout.interim:
        yield "archiver-interim", _base64(tape.received, start, min(end - start, left))
        left -= min(end - start, left)
    excess = tape.received_bytes - tape.layout.body_end
    if excess > 0:
        yield "archiver-excess-bytes", str(excess)
        yield "archiver-excess", _base64(tape.received, tape.layout.body_end, min(excess, _MOST_KEPT_ASIDE))


def _media_type(tape: Tape) -> str | None:
    if tape.layout is None:
        return None
    found = next((value for name, value in tape.layout.headers if name.lower() == "content-type"), "")
    return fields.text(found.split(";")[0].strip().lower()[:200]) or None


def _is_media(kind: str | None) -> bool:
    return kind is not None and kind.startswith(_STORED) and not kind.endswith("+xml")


def _pieces(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    file.seek(start)
    while length > 0 and (piece := file.read(min(length, _PIECE))):
        length -= len(piece)
        yield piece


def _base64(file: BinaryIO, start: int, length: int) -> str:
    return base64.b64encode(b"".join(_pieces(file, start, length))).decode()


def _label(digest: hashlib._Hash) -> str:
    return f"sha256:{digest.hexdigest()}"


def _new_id() -> str:
    # What uuid.uuid4 gives, in a fifth of its time: random but for the version and the variant (RFC 9562, 5.4).
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"<urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}>"
