"""What a stopped run left behind, at every start, before anything is written.

::

    each WARC ──► shorter than committed? Damaged ──► records behind ──► whole groups: taken up
                                                                     └─► torn rest: quarantine/, cut ──► closed

A group whose bytes are whole is taken up even if nobody was told so: the post may be gone by now. With a catalog that
is gone, or older than the WARCs, the same code starts at the beginning of each file.

Nothing readable is thrown away: a rest that still holds a whole record is kept in quarantine from end to end, a mere
torn tail up to 16 MB of it. A file that was closed is never changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.errors import Damaged
from archiver.model import Document, WarcRef, counted
from archiver.store import documents, fields, warc
from archiver.store.catalog import Catalog
from archiver.store.manifest import FILE_NAME, Entry, Manifest
from archiver.store.member import Torn
from archiver.store.records import CAPTURE_FIELDS, DOCUMENT_TYPE, NO_REQUEST, Captured
from archiver.store.resources import file_captured
from archiver.store.scan import Record, read_records, whole_record_after
from archiver.store.schema import MANIFEST_HEAD

QUARANTINE = "quarantine"
ARCHIVE_ID = "isPartOf"
_MOST_KEPT_OF_A_TAIL = 16_000_000
_GROUPS_A_COMMIT = 400
_PIECE = 1 << 20
_EXCHANGES = (
    ("response", "request", "metadata"),
    ("response", "request", "resource", "metadata"),
    ("revisit", "request", "metadata"),
    ("revisit", "request", "resource", "metadata"),
    ("request", "metadata"),
    # What others wrote without a request, and what never had any.
    ("response", "metadata"),
    ("response", "resource", "metadata"),
    ("revisit", "metadata"),
    ("revisit", "resource", "metadata"),
    ("resource", "metadata"),
)
_OUR_URIS = "urn:archiver:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A whole group in a file: ``end`` is the offset behind it. ``archive_id``: of a ``warcinfo``."""

    end: int
    ref: WarcRef
    captured: Captured | None = None
    document: Document | None = None
    archive_id: str | None = None


@dataclass(slots=True)
class _Taken:
    """What was taken up from one file; ``end``: the offset behind it; ``problem``: why not more."""

    end: int
    captures: int = 0
    documents: int = 0
    problem: str | None = None


def recover(folder: Path, catalog: Catalog) -> tuple[str, ...]:
    """Bring catalog and WARCs together. Returns a sentence for everything that was not as a clean end leaves it.

    Raises ``Damaged`` when a WARC is shorter than what was committed, or gone; nothing is changed then.
    """
    committed = catalog.warcs()
    names = sorted({name.removesuffix(warc.GROWING) for name in warc.files(folder)} | set(committed))
    sizes = {name: _size(folder, name, committed.get(name, (0, False))[0]) for name in names}
    notes: list[str] = []
    for name in names:
        known, closed = committed.get(name, (0, False))
        if sizes[name] != known or not closed or _path(folder, name)[1]:
            notes += _recover_file(folder, catalog, name, known)
    return tuple(notes)


def listed(
    folder: Path, catalog: Catalog, now: datetime, closed_before: Collection[str]
) -> tuple[Manifest, tuple[str, ...]]:
    """The manifest, with a line for every file that is closed. Returns a sentence, too, for each of ``closed_before``
    that was missing: those that were closed when nobody was interrupted.

    The digest is the one taken when the file was closed, so that a change since then still shows."""
    manifest = Manifest(folder)
    begun = manifest.begun
    missing = {name: known for name, known in catalog.digests().items() if manifest.sha256(name) is None}
    for name, (size, sha256) in missing.items():
        path = folder / name
        try:
            entry = Entry(file=name, bytes=size, sha256=sha256, records=_count(path), closed_at=now)
            manifest.append(entry)
        except OSError as error:
            raise warc.not_written(path, error) from error
    if manifest.head != catalog.archive(MANIFEST_HEAD):
        catalog.set_head(manifest.head)
    unlisted = len(missing.keys() & set(closed_before))
    if not unlisted:
        return manifest, manifest.notes
    said = f"{unlisted} closed files were not in it, and are now"
    return manifest, (*manifest.notes, f"{FILE_NAME}{'' if begun else ' is missing and begun anew'}: {said}")


def groups(records: Iterator[Record], file: str) -> Iterator[Found]:
    """The whole groups in ``records``, in order. Raises ``Torn`` where something else begins, and what ``records``
    raises; what it has begun by then is no group."""
    begun: list[Record] = []
    for record in records:
        begun.append(record)
        first, kinds = begun[0], tuple(one.kind for one in begun)
        ref = WarcRef(file=file, record_id=first.record_id, offset_bytes=first.offset, length_bytes=first.length)
        try:
            if kinds == ("warcinfo",):
                about = dict(fields.parse(record.block))
                found = Found(end=record.end, ref=ref, archive_id=about.get(ARCHIVE_ID.lower()))
            elif kinds == ("resource",) and (record.header("warc-target-uri") or "").startswith(_OUR_URIS):
                found = Found(end=record.end, ref=ref, captured=_file(record))
            elif kinds == ("metadata",) and not record.header("warc-concurrent-to") and _is_tombstone(record):
                found = Found(end=record.end, ref=ref)
            elif kinds == ("metadata",) and record.header("content-type") == DOCUMENT_TYPE:
                found = Found(end=record.end, ref=ref, document=documents.read(record.block))
            elif kinds in _EXCHANGES:
                found = Found(end=record.end, ref=ref, captured=_captured(begun))
            elif any(kinds == whole[: len(kinds)] for whole in _EXCHANGES):
                continue
            else:
                raise ValueError(f"a {record.kind} record out of order")
        except (ValueError, KeyError) as error:
            raise Torn(f"{record.record_id}: {error}") from error
        begun = []
        yield found
    if begun:
        raise Torn("the last group is not whole")


def _recover_file(folder: Path, catalog: Catalog, name: str, committed: int) -> list[str]:
    path, is_growing = _path(folder, name)
    notes = []
    try:
        fd = os.open(path, (os.O_RDWR if is_growing else os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            os.fsync(fd)  # what a killed run wrote may be in the kernel's memory only, and facts about it are to follow
            taken = _take_up(fd, size, catalog, name, committed)
            if taken.captures or taken.documents:
                notes.append(f"{name}: took up {_counted(taken)} that the catalog did not know")
            if taken.end < size:
                notes.append(_end_at(taken.end, size, fd, folder, name, taken.problem, is_growing))
            # A closed file may hold nothing but tombstones.
            if committed or taken.captures or taken.documents or (taken.end and not is_growing):
                if is_growing:
                    warc.publish(folder, name)
                catalog.commit(name, taken.end, closed=True, sha256=_sha256(fd))
            elif is_growing:
                path.unlink()  # not one whole group in it
        finally:
            os.close(fd)
    except OSError as error:
        raise warc.not_written(path, error) from error
    return notes


def _take_up(fd: int, size: int, catalog: Catalog, name: str, committed: int) -> _Taken:
    """Put the groups behind ``committed`` into the catalog, some hundred at a time, up to the first torn one."""
    taken = _Taken(committed)
    found = groups(read_records(fd, committed, size), name)
    while taken.problem is None and (batch := _next(found, taken)):
        batch = _not_known(batch, catalog, taken)
        captures = [(one.captured, one.ref) for one in batch if one.captured]
        written = [(one.document, one.ref) for one in batch if one.document]
        archive_id = next((one.archive_id for one in batch if one.archive_id), None)
        if archive_id and catalog.archive("id") is None:
            catalog.set_archive("id", archive_id)
        if captures or written:
            catalog.commit(name, batch[-1].end, captures, written)
        taken.end = batch[-1].end if batch else taken.end
        taken.captures += len(captures)
        taken.documents += len(written)
    return taken


def _next(found: Iterator[Found], taken: _Taken) -> list[Found]:
    batch = []
    try:
        for one in found:
            batch.append(one)
            if len(batch) == _GROUPS_A_COMMIT:
                break
    except Torn as error:
        taken.problem = str(error)
    return batch


def _not_known(batch: list[Found], catalog: Catalog, taken: _Taken) -> list[Found]:
    """``batch`` up to the first capture that is there already: a copy proves nothing, and counts for nothing."""
    seen = catalog.known([one.ref.record_id for one in batch if one.captured])
    for index, one in enumerate(batch):
        if one.captured and one.ref.record_id in seen:
            taken.problem = f"{one.ref.record_id} is there twice"
            return batch[:index]
        seen.add(one.ref.record_id)
    return batch


def _captured(group: Sequence[Record]) -> Captured:
    """The catalog's row from the headers of a group and its metadata; the counterpart of ``records.capture_group``."""
    first, about = group[0], dict(fields.parse(group[-1].block))
    if group[-1].header("content-type") != CAPTURE_FIELDS:
        raise ValueError("a metadata record of another kind")
    if any(one.header("warc-concurrent-to") != first.record_id for one in group[1:]):
        raise ValueError("records of several groups")
    if all(one.kind != "request" for one in group) and about.get(NO_REQUEST[0]) != NO_REQUEST[1]:
        raise ValueError("an answer without its request")
    status, target = about.get("archiver-status"), _needed(first, "warc-target-uri")
    return Captured(
        record_id=first.record_id,
        slot=about["archiver-slot"],
        url=about.get("archiver-url", target),
        target_uri=target,
        why=about["archiver-why"],
        started_at=_needed(first, "warc-date"),
        elapsed_ms=int(about["fetchtimems"]),
        http_status=int(status) if status else None,
        media_type=about.get("archiver-media-type"),
        payload_digest=first.header("warc-payload-digest"),
        payload_bytes=int(about.get("archiver-payload-bytes", 0)),
        cut=about.get("archiver-cut"),
        peer=first.header("warc-ip-address"),
        error=about.get("archiver-error"),
        body_digest=about.get("archiver-body-digest"),
        refers_to=_needed(first, "warc-refers-to") if first.kind == "revisit" else None,
    )


def _is_tombstone(record: Record) -> bool:
    return record.header("content-type") == CAPTURE_FIELDS and record.header("warc-target-uri") is None


def _file(record: Record) -> Captured:
    target, date = _needed(record, "warc-target-uri"), _needed(record, "warc-date")
    digest, kind = _needed(record, "warc-payload-digest"), _needed(record, "content-type")
    return file_captured(record.record_id, target, date, kind, digest, record.block_bytes)


def _needed(record: Record, name: str) -> str:
    value = record.header(name)
    if not value:
        raise ValueError(f"no {name}")
    return value


def _end_at(end: int, size: int, fd: int, folder: Path, name: str, problem: str | None, is_growing: bool) -> str:
    """Deal with what is no whole group; a sentence about it."""
    said = f"{name}: {size - end:,} bytes from offset {end:,} are no whole records ({problem})"
    if not is_growing:
        return f"{said}; nothing of them is used, and the file stays as it is"
    kept = _quarantine(folder, fd, name, end, size)
    os.ftruncate(fd, end)
    os.fsync(fd)
    return f"{said}; cut, and kept as {QUARANTINE}/{kept}"


def _quarantine(folder: Path, fd: int, name: str, start: int, end: int) -> str:
    """Copy what is to be cut, durably. The same tail always has the same name, so a second try replaces the first."""
    if whole_record_after(fd, start, end) is None:
        end = min(end, start + _MOST_KEPT_OF_A_TAIL)
    kept = f"{name}.{start}.torn"
    (folder / QUARANTINE).mkdir(exist_ok=True)
    warc.sync_folder(folder)
    path = folder / QUARANTINE / kept
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(out, "wb") as file:
        while start < end and (piece := os.pread(fd, min(_PIECE, end - start), start)):
            file.write(piece)
            start += len(piece)
        file.flush()
        os.fsync(file.fileno())
    warc.sync_folder(folder / QUARANTINE)
    return kept


def _path(folder: Path, name: str) -> tuple[Path, bool]:
    """(where the file lies, whether it is a growing one)."""
    growing = folder / f"{name}{warc.GROWING}"
    return (growing, True) if growing.exists() else (folder / name, False)


def _size(folder: Path, name: str, committed: int) -> int:
    path, _ = _path(folder, name)
    if path.is_symlink() or not path.is_file():
        raise Damaged(f"{path} is missing, and {committed:,} bytes of it are in the catalog", hint=_GONE)
    size = path.stat().st_size
    if size < committed:
        raise Damaged(f"{path} is damaged: {size:,} bytes, {committed:,} committed", hint=_REPAIR)
    return size


def _sha256(fd: int) -> str:
    digest, at = hashlib.sha256(), 0
    while piece := os.pread(fd, _PIECE, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


def _count(path: Path) -> int | None:
    """How many records the file holds; ``None`` where one of them is torn."""
    with path.open("rb", buffering=0) as file:
        fd = file.fileno()
        try:
            return sum(1 for _ in read_records(fd, 0, os.fstat(fd).st_size))
        except Torn:
            return None


def _counted(taken: _Taken) -> str:
    counts = ((taken.captures, "capture"), (taken.documents, "document"))
    return " and ".join(counted(count, noun) for count, noun in counts if count)


_REPAIR = "nothing was changed; bring the file back from a copy, or salvage what is whole in it: archiver repair FILE"
_GONE = "nothing was changed; bring the file back from a copy, or go on without it: archiver verify --rebuild"
