"""WARCs of what was made, not captured: pages derived from records."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from archiver.store import fields
from archiver.store.framing import Headers, Part, label, part
from archiver.store.records import CAPTURE_FIELDS, warc_date


def write_resources(
    out: BinaryIO, name: str, pages: Iterable[tuple[str, str, bytes]], *, at: datetime, software: str, about: str
) -> None:
    """A WARC called ``name``: a ``warcinfo`` that says ``about``, and a ``resource`` for each page (URI, date, HTML in
    UTF-8). The same input gives the same bytes: record ids follow from what the records hold."""
    said = [("software", software), ("format", "WARC File Format 1.1"), ("description", about)]
    block = fields.lines(said)
    dated = [("WARC-Date", warc_date(at)), ("WARC-Filename", fields.text(name))]
    info = _identity(name, block)
    _put(out, part("warcinfo", info, dated, CAPTURE_FIELDS, block))
    for uri, date, page in pages:
        headers: Headers = [
            ("WARC-Target-URI", fields.uri(uri)),
            ("WARC-Date", fields.text(date)),
            ("WARC-Warcinfo-ID", info),
            ("WARC-Payload-Digest", label(hashlib.sha256(page))),
        ]
        _put(out, part("resource", _identity(uri, page), headers, "text/html; charset=utf-8", page))


def _put(out: BinaryIO, made: Part) -> None:
    made.write_to(out.write)


def _identity(name: str, data: bytes) -> str:
    """A record id that follows from the content (a UUID of version 5, RFC 9562)."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name} {hashlib.sha256(data).hexdigest()}')}>"
