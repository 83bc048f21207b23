"""An exchange read back from its records, by the same reading of HTTP as on the wire."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver import message
from archiver.errors import Damaged
from archiver.model import Exchange, Layout, Request
from archiver.store import warc
from archiver.store.catalog import place
from archiver.store.member import Torn
from archiver.store.scan import Block

_IN_MEMORY_BYTES = 1 << 20
_MAX_HEAD_BYTES = 1 << 20
_PIECE = 1 << 16
_AGAIN = (408, 425, 429)


def worth_recalling(row: Mapping[str, Any]) -> bool:
    """Whether a capture is an answer that need not be asked for again: whole, or cut at our own limit, and not one that
    says "later"."""
    status = row["http_status"]
    if status is None or row["error"] is not None or row["cut"] not in (None, "length"):
        return False
    return status not in _AGAIN and status < 500


def exchange(folder: Path, row: Mapping[str, Any], request: Request, max_decoded_bytes: int) -> Exchange:
    """The exchange that a ``capture`` row names, its bytes checked against their digest when the body is read.

    Raises ``Damaged`` when the record is not what the catalog says.
    """
    fd = warc.open_to_read(folder, row["warc"])
    with os.fdopen(fd, "rb"), _spool() as spool:
        try:
            layout = _read_block(fd, row["offset_bytes"], spool, whole=max_decoded_bytes > 0)
        except (Torn, message.BadMessage) as error:
            where = f"{row['warc']}, offset {row['offset_bytes']:,}"
            raise Damaged(
                f"{where}: {error}", hint="the record can't be used; bring the file back from a copy"
            ) from error
        body, problem = decoded(spool, layout, max_decoded_bytes)
    return Exchange(
        request=request,
        url=row["target_uri"],
        started_at=datetime.fromisoformat(row["started_at"]),
        elapsed_s=row["elapsed_ms"] / 1000,
        peer=row["peer"],
        status=row["http_status"],
        headers=layout.headers,
        body=body,
        body_problem=problem,
        payload_digest=row["payload_digest"],
        payload_bytes=row["payload_bytes"],
        cut=row["cut"],
        warc=place(row),
        replayed=True,
    )


def decoded(data: BinaryIO, layout: Layout, limit_bytes: int) -> tuple[bytes | None, str | None]:
    """(the body with its content coding removed, why there is none). ``limit_bytes`` 0: nobody asked for it."""
    if not limit_bytes:
        return None, None
    try:
        return message.decode(message.entity(data, layout), message.codings(layout.headers), limit_bytes), None
    except message.Undecodable as error:
        return None, str(error)


def _read_block(fd: int, offset: int, spool: BinaryIO, *, whole: bool) -> Layout:
    """Copy a response's block into ``spool``; of one whose body nobody reads, as much as its head may take."""
    block = Block(fd, offset)
    size = 0
    while (whole or size < _MAX_HEAD_BYTES) and (piece := block.read(_PIECE)):
        spool.write(piece)
        size += len(piece)
    if whole:
        block.finish()
    layout = message.read_layout(spool, size, closed=True, max_head_bytes=_MAX_HEAD_BYTES)
    if layout is None:
        raise Torn("no complete response head")
    return layout


def _spool() -> BinaryIO:
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))
