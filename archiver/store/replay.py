"""An exchange read back from its records, by the same reading of HTTP as on the wire."""

from __future__ import annotations

import hashlib
import os
import shutil
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


def exchange(
    folder: Path,
    row: Mapping[str, Any],
    original: Mapping[str, Any] | None,
    request: Request,
    max_decoded_bytes: int,
) -> Exchange:
    """The exchange that a ``capture`` row names, its bytes checked against their digest when the body is read. Of a
    revisit the payload is that of ``original``, the row that it refers to.

    Raises ``Damaged`` when a record is not what the catalog says, or not there.
    """
    whole = max_decoded_bytes > 0
    revisited = whole and row["refers_to"] is not None and row["http_status"] != 304
    with _spool() as spool:
        layout = _read(folder, row, spool, whole=whole)
        if revisited:
            layout = _read_through(folder, row, original, spool, layout.head_end)
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


def block(folder: Path, file: str, offset_bytes: int) -> bytes:
    """The block of the record there, checked against its digest. Raises ``Damaged``."""
    fd = warc.open_to_read(folder, file)
    try:
        read = Block(fd, offset_bytes)
        pieces = list(iter(read.read, b""))
        read.finish()
    except Torn as error:
        raise Damaged(f"{file}, offset {offset_bytes:,}: {error}") from error
    finally:
        os.close(fd)
    return b"".join(pieces)


def digests(folder: Path, row: Mapping[str, Any], algorithm: str) -> tuple[bytes, bytes]:
    """Of a whole answer's body: the digest without its transfer coding (WARC 1.1, 5.9), and as it came, chunks
    included, which is what wget and others write. Raises ``Damaged``."""
    of_entity, as_it_came = hashlib.new(algorithm), hashlib.new(algorithm)
    with _spool() as spool:
        layout = _read(folder, row, spool, whole=True)
        for piece in message.entity(spool, layout):
            of_entity.update(piece)
        spool.seek(layout.head_end)
        while piece := spool.read(_PIECE):
            as_it_came.update(piece)
    return of_entity.digest(), as_it_came.digest()


def decoded(data: BinaryIO, layout: Layout, limit_bytes: int) -> tuple[bytes | None, str | None]:
    """(the body with its content coding removed, why there is none). ``limit_bytes`` 0: nobody asked for it."""
    if not limit_bytes:
        return None, None
    try:
        return message.decode(message.entity(data, layout), message.codings(layout.headers), limit_bytes), None
    except message.Undecodable as error:
        return None, str(error)


def _read(folder: Path, row: Mapping[str, Any], spool: BinaryIO, *, whole: bool) -> Layout:
    fd = warc.open_to_read(folder, row["warc"])
    with os.fdopen(fd, "rb"):
        try:
            return _read_block(fd, row["offset_bytes"], spool, whole=whole)
        except (Torn, message.BadMessage) as error:
            raise _damaged(row, str(error)) from error


def _read_through(
    folder: Path, row: Mapping[str, Any], original: Mapping[str, Any] | None, spool: BinaryIO, head_end: int
) -> Layout:
    """Put the original's body behind the revisit's own head, which ends at ``head_end``: the message as it came."""
    if original is None:
        raise _damaged(row, f"the record that it refers to ({row['refers_to']}) is not in the catalog")
    spool.truncate(head_end)
    with _spool() as held:
        found = _read(folder, original, held, whole=True)
        held.seek(found.head_end)
        spool.seek(head_end)
        shutil.copyfileobj(held, spool, _PIECE)
    layout = message.read_layout(spool, spool.tell(), closed=True, max_head_bytes=_MAX_HEAD_BYTES)
    if layout is None or not layout.complete or row["payload_digest"] != original["payload_digest"]:
        raise _damaged(row, f"the record that it refers to ({row['refers_to']}) does not hold its payload")
    return layout


def _damaged(row: Mapping[str, Any], problem: str) -> Damaged:
    where = f"{row['warc']}, offset {row['offset_bytes']:,}"
    return Damaged(f"{where}: {problem}", hint="the record can't be used; bring the file back from a copy")


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
