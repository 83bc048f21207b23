"""What happened → WARC 1.1 records, in groups that are kept or lost as a whole.

An exchange is a group of ``response``, ``request`` and ``metadata``, in this order: the group is whole when its
``metadata`` is there, and that record says all that the catalog must know (slot, why, status), so that the catalog can
be made anew. What a server sent behind its message is a ``resource`` before the ``metadata``, under a URI that no page
has. A document of ours and a local file are groups of one record.

Blocks are the exact bytes that crossed the wire: warcio frames them and writes the record, but never parses them.
Every digest is ours, ``sha256:<hex>``; a payload digest is that of the entity body, transfer coding removed and content
coding kept (WARC 1.1, 5.9), so ``warcio check`` complains of chunked answers, which it hashes with their framing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from archiver import message
from archiver.model import Document, Tape
from archiver.store import fields
from archiver.store.framing import INLINE_BYTES, Headers, Part, Span, Whole, label, new_id, part, record
from archiver.store.member import Buffer

CAPTURE_FIELDS = "application/warc-fields"
DOCUMENT_TYPE = "application/json"
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NO_REQUEST = ("archiver-request", "none")
"""In the metadata of what was imported without a request: nobody can say what was asked."""
SERVER_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_PIECE = 1 << 18
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
    ``started_at``: a WARC date. ``elapsed_ms``: whole milliseconds. ``body_digest``: of a chunked body as it came,
    framing included, ``None`` where that is the payload. ``refers_to``: the record id of the response that holds the
    payload, for a revisit (or, for a 304, the answer that still holds). The rest as in ``Exchange``; ``http_status``
    is ``None`` and ``error`` is set when no complete response head came.
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
    body_digest: str | None = None
    refers_to: str | None = None

    @property
    def is_original(self) -> bool:
        """Whether the record holds a whole payload that others may refer to."""
        whole = self.cut is None and self.error is None and self.refers_to is None
        return whole and self.http_status is not None and self.payload_digest is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The response whose payload a revisit leaves out: where and when (a WARC date) it was had."""

    record_id: str
    target_uri: str
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Digests of a response: of its block, of its entity body (``None`` without a complete head), and of its body as it
    came (``None`` unless it is chunked). ``block``: the block itself, ``None`` when longer than ``INLINE_BYTES``."""

    block_digest: str
    payload_digest: str | None
    body_digest: str | None = None
    payload_bytes: int
    block: Buffer | None


class Masked(NamedTuple):
    """How many fields that hand out cookies, and how many secrets said back, were masked in a tape."""

    cookies: int = 0
    echoes: int = 0


_NOTHING = Masked()


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
        return Measured(block_digest=label(digest), payload_digest=None, payload_bytes=0, block=block)
    pieces: Iterable[Buffer] = message.entity(tape.received, tape.layout)
    if block is not None and not tape.layout.chunked:
        pieces = (block[tape.layout.head_end - start :],)
    payload, size = hashlib.sha256(), 0
    for piece in pieces:
        payload.update(piece)
        size += len(piece)
    return Measured(
        block_digest=label(digest),
        payload_digest=label(payload),
        body_digest=_body_digest(tape) if tape.layout.chunked else None,
        payload_bytes=size,
        block=block,
    )


def _body_digest(tape: Tape) -> str:
    assert tape.layout is not None
    digest = hashlib.sha256()
    for piece in _pieces(tape.received, tape.layout.head_end, tape.layout.body_end - tape.layout.head_end):
        digest.update(piece)
    return label(digest)


def capture_group(
    tape: Tape, measured: Measured, warcinfo_id: str, *, original: Original | None = None, masked: Masked = _NOTHING
) -> Group:
    """The records of one exchange; with ``original``, a ``revisit`` of it instead of the ``response``. Nothing of a
    large body is read yet: the tape must stay open until written."""
    first_id, date, target = new_id(), warc_date(tape.started_at), fields.uri(tape.url)
    captured = _captured(tape, measured, first_id, date, target, original)
    common = [("WARC-Target-URI", target), ("WARC-Date", date), ("WARC-Warcinfo-ID", warcinfo_id)]
    wire = common + _wire_fields(tape)
    to_first = [("WARC-Concurrent-To", first_id)]
    if original:
        parts = [_revisit(tape, captured, wire, original)]
    else:
        parts = [_response(tape, measured, first_id, wire)] if _block_span(tape)[1] else []
    if not parts:
        parts.append(_request(tape, first_id, wire))
    elif tape.sent or tape.request.why != "import":
        parts.append(_request(tape, new_id(), wire + to_first))
    parts += _excess(tape, common + to_first)
    about = fields.lines(_capture_fields(tape, captured, masked))
    parts.append(part("metadata", new_id(), common + to_first, CAPTURE_FIELDS, about))
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
    return Group(parts=(part("metadata", new_id(), headers, DOCUMENT_TYPE, block),), document=document)


def warcinfo_part(
    file_name: str, at: datetime, about: Iterable[tuple[str, str]], *, record_id: str | None = None
) -> Part:
    """The record that opens a file: ``about`` is who wrote it, with what, and why. ``record_id``: else a new one."""
    headers = [("WARC-Date", warc_date(at)), ("WARC-Filename", fields.text(file_name))]
    return part("warcinfo", record_id or new_id(), headers, CAPTURE_FIELDS, fields.lines(about))


def json_text(value: Mapping[str, object]) -> str:
    """``value`` as JSON: keys sorted, no spaces, no escapes that are not needed, lone surrogates as U+FFFD."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=dict)
    return fields.unicode(text)


def warc_date(at: datetime) -> str:
    """``2026-07-05T12:34:56.789012Z``: always this long, so that dates sort as text."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _response(tape: Tape, measured: Measured, record_id: str, headers: Headers) -> Part:
    headers = [*headers, ("WARC-Block-Digest", measured.block_digest)]
    if measured.payload_digest:
        headers.append(("WARC-Payload-Digest", measured.payload_digest))
    if tape.cut:
        headers.append(("WARC-Truncated", tape.cut))
    start, length = _block_span(tape)
    block = Span(tape.received, start, length) if measured.block is None else Whole(measured.block)
    response = record("response", record_id, headers, "application/http; msgtype=response", block, length)
    return Part(response, stored=_is_media(_media_type(tape)))


def _revisit(tape: Tape, captured: Captured, headers: Headers, original: Original) -> Part:
    """The head alone: of an identical payload the standard wants the rest marked as left out; a 304 is all head."""
    assert tape.layout is not None
    head = b"".join(_pieces(tape.received, tape.layout.head_start, tape.layout.head_end - tape.layout.head_start))
    unmodified = captured.payload_digest is None
    headers = [
        *headers,
        ("WARC-Profile", SERVER_NOT_MODIFIED if unmodified else IDENTICAL_PAYLOAD),
        ("WARC-Refers-To", original.record_id),
        ("WARC-Refers-To-Target-URI", original.target_uri),
        ("WARC-Refers-To-Date", original.started_at),
    ]
    if captured.payload_digest:
        headers += [("WARC-Payload-Digest", captured.payload_digest), ("WARC-Truncated", "length")]
    return part("revisit", captured.record_id, headers, "application/http; msgtype=response", head)


def _request(tape: Tape, record_id: str, headers: Headers) -> Part:
    return part("request", record_id, headers, "application/http; msgtype=request", tape.sent)


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
        if name := _iana(cipher):
            found.append(("WARC-Cipher-Suite", fields.text(name)))
    return found


def _iana(cipher: str) -> str | None:
    return cipher if cipher.startswith("TLS_") else _IANA.get(cipher)


def _excess(tape: Tape, headers: Headers) -> list[Part]:
    """What came behind the message, as a record of its own: it belongs to no answer, but it was sent."""
    if tape.layout is None or tape.received_bytes <= tape.layout.body_end:
        return []
    start, length = tape.layout.body_end, tape.received_bytes - tape.layout.body_end
    digest, record_id = hashlib.sha256(), new_id()
    for piece in _pieces(tape.received, start, length):
        digest.update(piece)
    own = [("WARC-Target-URI", f"urn:archiver:excess:{record_id[10:-1]}"), *headers[1:]]
    own += [("WARC-Block-Digest", label(digest)), ("WARC-Payload-Digest", label(digest))]
    block = Span(tape.received, start, length)
    return [Part(record("resource", record_id, own, "application/octet-stream", block, length))]


def _captured(
    tape: Tape, measured: Measured, record_id: str, date: str, target: str, original: Original | None
) -> Captured:
    layout = tape.layout
    unmodified = original is not None and layout is not None and layout.status == 304
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
        payload_digest=None if unmodified else measured.payload_digest,
        payload_bytes=measured.payload_bytes,
        cut=tape.cut,
        peer=fields.text(tape.peer) if tape.peer else None,
        error=fields.text(str(tape.error)[:_MOST_ERROR]) if tape.error else None,
        body_digest=measured.body_digest,
        refers_to=original.record_id if original else None,
    )


def _capture_fields(tape: Tape, captured: Captured, masked: Masked) -> Iterator[tuple[str, str]]:
    """The metadata record: everything of ``captured`` that the other records' headers don't say, and the interim heads,
    which must not stand in the response block but are not to be lost."""
    if tape.request.via:
        yield "via", fields.uri(tape.request.via)
    yield "fetchTimeMs", str(captured.elapsed_ms)
    for name, _ in tape.request.secret_headers:
        yield "archiver-masked-request-header", name
    if masked.cookies:
        yield "archiver-masked-set-cookie", str(masked.cookies)
    if masked.echoes:
        yield "archiver-masked-secret", str(masked.echoes)
    if not tape.sent and captured.why == "import":
        yield NO_REQUEST
    yield "archiver-why", captured.why
    yield "archiver-slot", captured.slot
    if captured.url != captured.target_uri:
        yield "archiver-url", captured.url
    if captured.http_status is not None:
        yield "archiver-status", str(captured.http_status)
        yield "archiver-payload-bytes", str(captured.payload_bytes)
    if captured.media_type:
        yield "archiver-media-type", captured.media_type
    if captured.body_digest:
        yield "archiver-body-digest", captured.body_digest
    if captured.cut:
        yield "archiver-cut", captured.cut
    if captured.error:
        yield "archiver-error", captured.error
    if tape.tls and _iana(tape.tls[1]) is None:
        yield "archiver-tls-cipher", tape.tls[1]
    if tape.layout is not None:
        for start, end in tape.layout.interim:
            yield "archiver-interim", base64.b64encode(b"".join(_pieces(tape.received, start, end - start))).decode()
        if tape.received_bytes > tape.layout.body_end:
            yield "archiver-excess-bytes", str(tape.received_bytes - tape.layout.body_end)


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
