"""``resource`` records: a local file that was given; what another program kept, with a ``metadata`` that says so."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from archiver.model import Request
from archiver.store import fields
from archiver.store.framing import Part, Span, label, new_id, part, record
from archiver.store.records import CAPTURE_FIELDS, NO_REQUEST, Captured, Group, warc_date

_PIECE = 1 << 18


def file_group(uri: str, data: bytes, media_type: str, at: datetime, warcinfo_id: str) -> Group:
    """A local file as a ``resource`` record."""
    record_id, date, target = new_id(), warc_date(at), fields.uri(uri)
    digest, kind = label(hashlib.sha256(data)), fields.text(media_type)
    headers = [
        ("WARC-Target-URI", target),
        ("WARC-Date", date),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Payload-Digest", digest),
    ]
    captured = file_captured(record_id, target, date, kind, digest, len(data))
    return Group(parts=(part("resource", record_id, headers, kind, data),), captured=captured)


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


def resource_group(
    uri: str, about: Request, at: datetime, media_type: str, block: BinaryIO, size: int, warcinfo_id: str
) -> Group:
    """The records of a resource of ``size`` bytes, in the slot of ``about``. ``block`` is read again when written."""
    record_id, date, target = new_id(), warc_date(at), fields.uri(uri)
    kind = fields.text(media_type[:200]) or "application/octet-stream"
    digest = _digest(block)
    common = [("WARC-Target-URI", target), ("WARC-Date", date), ("WARC-Warcinfo-ID", warcinfo_id)]
    digests = [("WARC-Block-Digest", digest), ("WARC-Payload-Digest", digest)]
    alone = file_captured(record_id, target, date, kind, digest, size)
    captured = replace(alone, slot=fields.text(about.slot), why=about.why)
    said = [
        ("via", fields.uri(about.via or "")),
        ("fetchTimeMs", "0"),
        ("archiver-why", captured.why),
        ("archiver-slot", captured.slot),
        ("archiver-payload-bytes", str(size)),
        ("archiver-media-type", kind),
        NO_REQUEST,
    ]
    to_first = [*common, ("WARC-Concurrent-To", record_id)]
    resource = Part(record("resource", record_id, [*common, *digests], kind, Span(block, 0, size), size))
    noted = part("metadata", new_id(), to_first, CAPTURE_FIELDS, fields.lines(said))
    return Group(parts=(resource, noted), captured=captured)


def _digest(block: BinaryIO) -> str:
    digest = hashlib.sha256()
    block.seek(0)
    while piece := block.read(_PIECE):
        digest.update(piece)
    return label(digest)
