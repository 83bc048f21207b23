"""What is asked, what crossed the wire, and where that lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from archiver.model.terms import Cut, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRef:
    """Where a record lies. ``file`` is relative to the archive folder, without the ``.open`` of a growing file;
    ``offset_bytes`` and ``length_bytes`` are those of its gzip member."""

    file: str
    record_id: str
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to ask for, and why: a GET, or with ``form`` (name, value) a POST of those.

    ``slot`` names the piece of work that it belongs to (``x:1409390776546258944``, ``hop:https://t.co/X9DJa7awAM``):
    a complete exchange of a slot is never fetched again. ``via`` is the URL that led here. ``max_body_bytes`` and
    ``max_decoded_bytes`` are limits below the configured ones, or ``None``; ``max_decoded_bytes=0`` says that nobody
    reads the body (media), so it is not decoded. ``secret_headers``: (name, value) pairs that are sent and never
    stored: whoever keeps the request masks their values. ``conditions``: (name, value) pairs such as
    ``("If-None-Match", …)``, sent along, so that a 304 can say that nothing has changed; ``held``: the record of the
    answer that they were read from, ``None`` when that is not stored.
    """

    url: str
    why: Why
    slot: str
    via: str | None = None
    accept: str = "*/*"
    max_body_bytes: int | None = None
    max_decoded_bytes: int | None = None
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    conditions: tuple[tuple[str, str], ...] = ()
    held: str | None = None
    form: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, whose bytes are durable in a WARC at ``warc`` (the response record).

    ``headers``: pairs in wire order, original case, latin-1 text. ``body``: the entity body with content coding
    removed, ``None`` when it was not asked for or could not be decoded (``body_problem`` says why). ``cut``: why the
    body is incomplete, ``None`` when it is whole. ``payload_digest``: of the entity body, transfer coding removed and
    content coding kept (WARC 1.1, 5.9). ``peer``: the address that answered. ``replayed``: read back from the archive
    instead of the network.
    """

    request: Request
    url: str
    started_at: datetime
    elapsed_s: float
    peer: str | None
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    body_problem: str | None = None
    payload_digest: str | None = None
    payload_bytes: int = 0
    cut: Cut | None = None
    warc: WarcRef
    replayed: bool = False

    def header(self, name: str) -> str | None:
        """The first value of ``name`` (any case), or ``None``."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def media_type(self) -> str:
        """``text/html`` of ``Text/HTML; charset=…``; empty when there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a response lie within the bytes received (all offsets in bytes from their start).

    ``interim``: (start, end) of each 1xx head, blank line included. ``head_start`` to ``head_end``: the final head,
    blank line included. ``body_end``: end of the message (framing and trailers included); bytes from there on do not
    belong to it. ``chunked``: whether the body between is chunk-framed. ``complete``: the message is whole.
    """

    interim: tuple[tuple[int, int], ...]
    head_start: int
    head_end: int
    body_end: int
    chunked: bool
    complete: bool
    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """What crossed one connection for one request: the exact plaintext bytes, nothing re-serialised.

    ``received``: a readable, seekable file (an unlinked spool above 1 MB) of ``received_bytes`` bytes, positioned
    anywhere; its owner is whoever holds the tape, and closes it. ``layout``: ``None`` when no complete response head
    came. ``cut``: why the message is incomplete. ``error``: set when there is no complete head, or an ambiguous one.
    ``tls``: (protocol, cipher), for instance ``("TLSv1.3", "TLS_AES_256_GCM_SHA384")``; ``None`` on plain TCP.
    """

    request: Request
    url: str
    started_at: datetime
    elapsed_s: float
    peer: str | None
    tls: tuple[str, str] | None
    sent: bytes
    received: BinaryIO
    received_bytes: int
    layout: Layout | None
    cut: Cut | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that got no usable answer. ``word``: class of failure (``unreachable``, ``rate-limited``, …)."""

    request: Request
    word: str
    reason: str
    retry: bool
    retry_after_s: float | None = None
