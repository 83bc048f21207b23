"""A whole archive: every file from end to end, the manifest, and the catalog against one made from the WARCs alone.

Nothing is changed, nothing is locked: of a file that grows meanwhile, what the catalog knew at the beginning is read.
The catalog that the WARCs make is a temporary file (``TMPDIR``), about as large as the catalog itself.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.errors import ArchiverError, Damaged, NoInput
from archiver.findings import Checked, Finding
from archiver.store import connection, schema, warc
from archiver.store.catalog import Catalog
from archiver.store.connection import Unreadable
from archiver.store.recovery import Found
from archiver.store.verify import cdxj, chain, files, reader, tables
from archiver.store.verify.files import Counted
from archiver.store.verify.relations import AcrossFiles
from archiver.store.verify.report import Report

_GROUPS_A_COMMIT = 1_000
_PIECE = 1 << 20
_ENDS = ("", warc.GROWING)
_REPLACED = "repaired"
"""The event after which a file is no longer there."""

Rows = Mapping[str, Mapping[str, Any]]
Tell = Callable[[Finding], None]
Watch = Callable[[int, int], None]
"""(bytes done since it was last called, bytes in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file of the archive. ``size``: how much of it is to be read. ``known``: its row in the catalog, or ``None``.
    ``growing``: it is not closed yet, or was not when the catalog was asked."""

    name: str
    size: int
    known: Mapping[str, Any] | None
    growing: bool


def verify(folder: Path, tell: Tell, watch: Watch | None = None) -> Checked:
    """Check all of the archive in ``folder``. Raises ``NoInput`` when there is none."""
    report, counted = Report(tell), Counted()
    with tempfile.TemporaryDirectory(prefix="archiver-verify-") as work:
        catalog = _snapshot(folder, Path(work) / "then.sqlite", report)
        fresh = Catalog.open(Path(work) / "now.sqlite", lasting=False)
        try:
            known, head = _known(catalog, report)
            listed = list(_listed(folder, known, report))
            hashes = read_files(folder, listed, fresh, report, counted, watch)
            manifest(folder, listed, hashes, report, head)
            cdxj.check(folder, [one.name for one in listed if not one.growing], report)
            _compare(catalog, fresh, report)
        finally:
            fresh.close()
            if catalog is not None:
                catalog.close()
    return Checked(
        files=len(listed),
        records=counted.records,
        data_bytes=sum(one.size for one in listed),
        defects=report.defects,
        notes=report.notes,
    )


def sample(folder: Path, tell: Tell, *, parts: int, turn: int) -> Checked:
    """Check one part of ``parts`` of the records that the catalog names, that all files are there and as long as they
    should be, and the manifest. Which part is ``turn``'s: after ``parts`` turns in a row each record was read once.

    Raises ``NoInput`` when there is no archive.
    """
    report, counted = Report(tell), Counted()
    with tempfile.TemporaryDirectory(prefix="archiver-verify-") as work:
        catalog = _snapshot(folder, Path(work) / "then.sqlite", report)
        if catalog is None:
            return Checked(files=0, records=0, data_bytes=0, defects=report.defects, notes=report.notes)
        fresh = Catalog.open(Path(work) / "now.sqlite", lasting=False)
        try:
            known, head = _known(catalog, report)
            listed = list(_listed(folder, known, report))
            manifest(folder, listed, {}, report, head)
            size = 0
            for one in listed:
                size += _sampled(folder, one, catalog, fresh, report, counted, parts, turn % parts)
                report.end_file(one.name)
            turns = (
                one.name for one in listed if not one.growing and zlib.crc32(one.name.encode()) % parts == turn % parts
            )
            cdxj.check(folder, turns, report)
            _compare(catalog, fresh, report, whole=False)
        finally:
            fresh.close()
            catalog.close()
    return Checked(
        files=len(listed), records=counted.records, data_bytes=size, defects=report.defects, notes=report.notes,
        sampled=1 / parts,
    )  # fmt: skip


def read_files(
    folder: Path, listed: Sequence[Listed], fresh: Catalog, report: Report, counted: Counted, watch: Watch | None
) -> dict[str, str]:
    """Check every file; ``fresh`` then holds what they say. Returns the SHA-256 (hex) of each closed one."""
    total = sum(one.size for one in listed)
    across, hashes = AcrossFiles(), dict[str, str]()
    step = None if watch is None else (lambda done: watch(done, total))
    with ThreadPoolExecutor(1, thread_name_prefix="sha256") as hasher:
        for number, one in enumerate(listed):
            fd = warc.open_to_read(folder, one.name)
            try:
                hashed = None if one.growing else hasher.submit(_sha256, fd, one.size)
                found = files.check(
                    fd, one.size, one.name, report,
                    strict=True, number=number, across=across, watch=step, counted=counted,
                )  # fmt: skip
                end = _take_up(found, one, fresh)
                sha256 = None if hashed is None else _hash_agrees(hashed, one, report)
                fresh.commit(one.name, max(end, one.size), closed=not one.growing, sha256=sha256)
                hashes.update({} if sha256 is None else {one.name: sha256})
            finally:
                os.close(fd)
            report.end_file(one.name)
    relate(across, [one.name for one in listed], lambda name: warc.open_to_read(folder, name), report)
    return hashes


def relate(
    across: AcrossFiles, names: list[str], opened: Callable[[str], int], report: Report, *, all_there: bool = True
) -> None:
    """Tell of ids that several files have, and of references that lead nowhere or to another record than they say.
    Unless ``all_there``, what is missing may lie in files that were not given: a note."""
    for (one, _), (file, offset) in across.twice():
        record = _head_at(opened, names[file], offset)
        said = f"a record of {names[one]} has the same WARC-Record-ID"
        report.add("duplicate-id", said, file=names[file], offset=offset, record_id=record.get("warc-record-id"))
    for code, (file, offset), original, is_gone in across.references():
        if original is None:
            record = _head_at(opened, names[file], offset)
            report.add(
                code,
                f"there is no {record.get('warc-refers-to')}" + ("" if all_there else " in the files given"),
                file=names[file],
                offset=offset,
                record_id=record.get("warc-record-id"),
                strict=all_there and not is_gone,
            )
        elif code == "dangling-revisit":
            record, other = _head_at(opened, names[file], offset), _head_at(opened, names[original[0]], original[1])
            for said in _differences(record, other):
                report.add(
                    "revisit-differs", said, file=names[file], offset=offset, record_id=record.get("warc-record-id")
                )
    for name in names:
        report.end_file(name)


def _differences(revisit: Mapping[str, str], original: Mapping[str, str]) -> Iterator[str]:
    for name, there in (
        ("warc-payload-digest", "warc-payload-digest"),
        ("warc-refers-to-target-uri", "warc-target-uri"),
        ("warc-refers-to-date", "warc-date"),
    ):
        if name in revisit and revisit[name] != original.get(there):
            yield f"{name} is {revisit[name]}, and the original's is {original.get(there)}"
    if original.get("warc-type") not in ("response", "resource"):
        yield f"the original is a {original.get('warc-type')} record"


def _head_at(opened: Callable[[str], int], name: str, offset: int) -> Mapping[str, str]:
    """The first value of each header of the record at ``offset``."""
    fd = opened(name)
    try:
        head = reader.head_at(fd, offset)
        return {} if head is None else head.first
    finally:
        os.close(fd)


def _snapshot(folder: Path, to: Path, report: Report) -> Catalog | None:
    path = folder / connection.FILE_NAME
    if not folder.is_dir() or not (path.exists() or warc.files(folder)):
        raise NoInput(f"there is no archive in {folder} yet", hint="`archiver save` makes one")
    try:
        if not path.is_file() or not path.stat().st_size:
            raise Unreadable("missing, or empty")
        return tables.snapshot(path, to)
    except (Unreadable, Damaged) as error:
        report.add("catalog-damaged", str(error), file=connection.FILE_NAME)
        return None


def _known(catalog: Catalog | None, report: Report) -> tuple[Rows | None, str | None]:
    """(the catalog's rows of files by name, the manifest's last line as it knows it); ``None`` without one."""
    if catalog is None:
        return None, None
    try:
        rows = {row.name: row._mapping for row in catalog.rows(sa.select(schema.warc))}
        return rows, catalog.archive(schema.MANIFEST_HEAD)
    except ArchiverError as error:  # its pages are in order, and its tables are not ours
        report.add("catalog-damaged", str(error), file=connection.FILE_NAME)
        return None, None


def _compare(catalog: Catalog | None, fresh: Catalog, report: Report, *, whole: bool = True) -> None:
    try:
        if catalog is not None:
            tables.compare(catalog, fresh, _row_teller(report), whole=whole)
    except ArchiverError as error:
        report.add("catalog-damaged", str(error), file=connection.FILE_NAME)
    report.end_file(connection.FILE_NAME)


def _listed(folder: Path, rows: Rows | None, report: Report) -> Iterator[Listed]:
    """The files to read, and what is wrong with their names and lengths. ``rows``: ``None`` without a catalog."""
    known = rows or {}
    there = warc.files(folder)
    on_disk = {name.removesuffix(warc.GROWING): name.endswith(warc.GROWING) for name in there}
    for name in sorted(known.keys() | on_disk.keys()):
        row = known.get(name)
        if name not in on_disk:
            report.add("missing-file", f"{row['committed_bytes']:,} bytes of it are in the catalog", file=name)  # type: ignore[index]
            report.end_file(name)
            continue
        size = (folder / (f"{name}{warc.GROWING}" if on_disk[name] else name)).stat().st_size
        growing = on_disk[name] or (row is not None and not row["closed"])
        if growing:
            committed = 0 if row is None else int(row["committed_bytes"])
            if rows is None:
                committed = size
            if not on_disk[name]:
                report.add(
                    "unfinished", "it has its final name, and the catalog does not say that it is closed", file=name
                )
            if size > committed:
                report.add("unfinished", f"{size - committed:,} bytes that nobody has taken up yet", file=name)
            if size < committed:
                report.add("file-size", f"{size:,} bytes, and {committed:,} were committed", file=name)
            if size or committed:
                yield Listed(name=name, size=min(size, committed), known=row, growing=True)
            continue
        if row is None and rows is not None:
            report.add("unknown-file", "the catalog does not know it", file=name)
        if row is not None and size != row["committed_bytes"]:
            report.add("file-size", f"{size:,} bytes, and {row['committed_bytes']:,} were committed", file=name)
        yield Listed(name=name, size=size, known=row, growing=False)


def _take_up(found: Iterator[Found], one: Listed, fresh: Catalog) -> int:
    """Put the groups into ``fresh``; the offset behind the last one."""
    end, batch = 0, list[Found]()
    for group in found:
        end = group.end
        batch.append(group)
        if len(batch) == _GROUPS_A_COMMIT:
            _commit(batch, one.name, fresh)
            batch = []
    _commit(batch, one.name, fresh)
    return end


def _commit(batch: list[Found], name: str, fresh: Catalog) -> None:
    known = fresh.known([one.ref.record_id for one in batch if one.captured])
    captures = []
    for one in batch:
        if one.captured and one.ref.record_id not in known:
            known.add(one.ref.record_id)
            captures.append((one.captured, one.ref))
        if one.archive_id and fresh.archive("id") is None:
            fresh.set_archive("id", one.archive_id)
    written = [(one.document, one.ref) for one in batch if one.document]
    if batch:
        fresh.commit(name, batch[-1].end, captures, written)


def _hash_agrees(hashed: Future[str], one: Listed, report: Report) -> str:
    sha256 = hashed.result()
    said = None if one.known is None else one.known["sha256"]
    if said is not None and said != sha256:
        report.add(
            "file-digest", f"its SHA-256 is {sha256}, and was {said} when it was closed (catalog)", file=one.name
        )
    return sha256


def manifest(
    folder: Path, listed: Iterable[Listed], hashes: Mapping[str, str], report: Report, head: str | None
) -> None:
    """The manifest's chain, and every closed file against its newest line there. ``head``: its last line's hash, as the
    catalog knows it."""
    path = folder / chain.FILE_NAME
    closed = {one.name: one for one in listed if not one.growing}
    newest: dict[str, chain.Line] = {}
    if path.is_file():
        newest, _ = chain.read(
            path, lambda code, said, at: report.add(code, said, file=chain.FILE_NAME, offset=at), head
        )
    elif closed:
        report.add("manifest-lacks", f"there is none, and {len(closed):,} files are closed", file=chain.FILE_NAME)
        closed = {}
    for name, one in closed.items():
        line = newest.pop(name, None)
        if line is None:
            report.add("manifest-lacks", f"no line about {name}", file=chain.FILE_NAME)
        elif line.bytes != one.size:
            report.add("file-size", f"{one.size:,} bytes, and {line.bytes:,} when it was closed (manifest)", file=name)
        elif name in hashes and line.sha256 != hashes[name]:
            said = f"its SHA-256 is {hashes[name]}, and was {line.sha256} when it was closed (manifest)"
            report.add("file-digest", said, file=name)
    for name, line in newest.items():
        if line.event != _REPLACED and not any(os.path.lexists(folder / f"{name}{end}") for end in _ENDS):
            report.add("missing-file", f"the manifest names it ({line.bytes:,} bytes)", file=name)
    report.end_file(chain.FILE_NAME)


def against_manifest(path: Path, fd: int, size: int, report: Report) -> None:
    """One closed file against the line about it in the manifest beside it, if there is any."""
    listing = path.with_name(chain.FILE_NAME)
    if not listing.is_file():
        return
    line = chain.read(listing, lambda *_: None)[0].get(path.name)
    if line is not None and (line.bytes != size or line.sha256 != _sha256(fd, size)):
        said = f"{size:,} bytes with another SHA-256 than the manifest says ({line.bytes:,} bytes, {line.sha256})"
        report.add("file-digest", said, file=str(path))


def _row_teller(report: Report) -> Callable[[str, str, Mapping[str, Any]], None]:
    def tell(code: str, said: str, row: Mapping[str, Any]) -> None:
        place = f" ({row['warc']} @{row['offset_bytes']})" if row.get("warc") else ""
        record_id = row.get("record_id")
        report.add(code, f"{said}{place}", file=connection.FILE_NAME, record_id=record_id)

    return tell


def _sampled(
    folder: Path, one: Listed, catalog: Catalog, fresh: Catalog, report: Report, counted: Counted, parts: int, turn: int
) -> int:
    """Read this turn's records of a file; how many bytes they are."""
    size = 0
    fresh.commit(one.name, one.size, closed=not one.growing)
    fd = warc.open_to_read(folder, one.name)
    try:
        for place in _places(catalog, one.name):
            if zlib.crc32(place["record_id"].encode()) % parts == turn:
                size += place["length_bytes"]
                found = list(files.group_at(fd, one.size, one.name, place["offset_bytes"], report, counted))
                if not any(group.ref.record_id == place["record_id"] for group in found):
                    said = f"{place['record_id']} is not where the catalog says"
                    report.add("catalog-extra", said, file=one.name, offset=place["offset_bytes"])
                _commit(found, one.name, fresh)
    finally:
        os.close(fd)
    return size


def _places(catalog: Catalog, name: str) -> Iterator[Mapping[str, Any]]:
    """Every place in the file ``name`` that the catalog knows."""
    for table in schema.metadata.sorted_tables:
        if {"warc", "record_id", "offset_bytes", "length_bytes"} <= set(table.c.keys()):
            columns = (table.c.record_id, table.c.offset_bytes, table.c.length_bytes)
            query = sa.select(*columns).where(table.c.warc == name).order_by(table.c.offset_bytes)
            for batch in catalog.stream(query, _GROUPS_A_COMMIT):
                yield from (row._mapping for row in batch)


def _sha256(fd: int, size: int) -> str:
    digest, at = hashlib.sha256(), 0
    while at < size and (piece := os.pread(fd, min(_PIECE, size - at), at)):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()
