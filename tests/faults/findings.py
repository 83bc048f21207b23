"""What must hold of an archive whose run was broken off: nothing lost, nothing twice, no earlier byte changed.

Read with ``zlib``, ``split``, ``sqlite3`` and warcio, not with the program's own readers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from tests.store.tapes import plainly

_LEFT = {"catalog.sqlite", "lock", "manifest.jsonl", "quarantine"}
_PLACED = "select record_id, warc, offset_bytes, length_bytes from"


class Lost(AssertionError):
    """A promise that was not kept; ``str()`` says which."""


def expect(kept: object, otherwise: str) -> None:
    """Raise ``Lost`` unless ``kept``."""
    if not kept:
        raise Lost(otherwise)


@dataclass(frozen=True, kw_only=True)
class State:
    """An archive's bytes at one moment. ``warcs``: by name without ``.open``; ``growing``: those that had it.
    ``placed``: record id → (file, offset, length) of all that the catalog names; ``promised``: those ids, and before a
    power cut those that it named then. ``quarantine``: by name."""

    warcs: Mapping[str, bytes]
    growing: frozenset[str]
    manifest: bytes
    placed: Mapping[str, tuple[str, int, int]]
    promised: frozenset[str]
    quarantine: Mapping[str, bytes]


def state(archive: Path) -> State:
    """As it lies there, nothing touched."""
    paths = sorted(archive.glob("*.warc.gz*"))
    manifest, placed = archive / "manifest.jsonl", _placed(archive)
    return State(
        warcs={path.name.removesuffix(".open"): path.read_bytes() for path in paths},
        growing=frozenset(path.name.removesuffix(".open") for path in paths if path.suffix == ".open"),
        manifest=manifest.read_bytes() if manifest.exists() else b"",
        placed=placed,
        promised=frozenset(placed),
        quarantine={path.name: path.read_bytes() for path in archive.glob("quarantine/*")},
    )


def records(data: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """(offset, headers, block) of each whole record in ``data``, up to the first that is not."""
    at = 0
    while at < len(data):
        codec = zlib.decompressobj(31)
        try:
            plain = codec.decompress(data[at:])
        except zlib.error:
            return
        if not codec.eof:
            return
        headers, block = plainly(plain)
        yield at, dict(headers), block
        at = len(data) - len(codec.unused_data)


def check_facts_have_bytes(at: State) -> None:
    """Whatever the catalog names is there, whole, at every moment."""
    for record_id, (file, offset, length) in at.placed.items():
        found = next(records(at.warcs.get(file, b"")[offset : offset + length]), None)
        expect(found and found[1]["WARC-Record-ID"] == record_id, f"the catalog names {record_id}, which is not there")


def check_nothing_changed(before: State, after: State) -> None:
    """Every byte that was there is there: in its place or, where no whole record ended in it, in quarantine."""
    expect(after.manifest.startswith(before.manifest[: before.manifest.rfind(b"\n") + 1]), "the manifest was rewritten")
    for name, data in before.warcs.items():
        now = after.warcs.get(name, b"")
        if now == data:
            continue
        expect(name in before.growing, f"{name} changed after it was closed")
        kept = {int(torn.split(".")[-2]): tail for torn, tail in after.quarantine.items() if torn.startswith(name)}
        cut = min(kept, default=len(data))
        expect(data[cut:] == b"".join(kept.values()), f"{name}: bytes that were cut are not in quarantine")
        if now:
            expect(now == data[:cut], f"{name}: other bytes than before")
        else:
            kinds = [headers["WARC-Type"] for _, headers, _ in records(data[:cut])]
            expect(kinds in ([], ["warcinfo"]), f"{name} is gone, and held {kinds}")
        lost = [headers for _, headers, _ in records(data[cut:]) if _ends_a_group(headers)]
        expect(not lost, f"{name}: whole records were cut: {lost}")
    missing = before.promised - after.promised
    expect(not missing, f"the catalog forgot {sorted(missing)}")


def _ends_a_group(headers: Mapping[str, str]) -> bool:
    return headers["WARC-Type"] == "metadata" or headers.get("WARC-Target-URI", "").startswith("urn:archiver:file:")


def check_in_order(archive: Path, at: State) -> None:
    """No file is open, nothing lies around, every record is whole and each has an id of its own, and every digest is
    right, as warcio reads it; the manifest lists each file once, in an unbroken chain."""
    expect(not at.growing, f"still open: {sorted(at.growing)}")
    about = {path.name for path in archive.iterdir()} - at.warcs.keys()
    expect(about <= _LEFT, f"left lying about: {sorted(about - _LEFT)}")
    expect(not (archive / "lock").read_bytes(), "the lock says that nobody ended in order")
    ids: Counter[str] = Counter()
    for name, data in at.warcs.items():
        whole = [(offset, headers["WARC-Record-ID"]) for offset, headers, _ in records(data)]
        with (archive / name).open("rb") as file:
            iterator = ArchiveIterator(file, check_digests=True)
            read = []
            for record in iterator:
                record.content_stream().read()
                read.append((iterator.get_record_offset(), record.rec_headers.get_header("WARC-Record-ID")))
                expect(record.digest_checker.passed is not False, f"{name}: {record.digest_checker.problems}")
        expect(read == whole, f"{name}: warcio reads {len(read)} records, and {len(whole)} are whole")
        ids.update(record_id for _, record_id in whole)
    expect(max(ids.values(), default=1) == 1, f"there twice: {[one for one, count in ids.items() if count > 1]}")
    _check_manifest(at)


def _check_manifest(at: State) -> None:
    lines, before = at.manifest.split(b"\n"), None
    expect(lines.pop() == b"", "the manifest ends in half a line")
    said = [json.loads(line) for line in lines]
    for number, (line, one) in enumerate(zip(lines, said, strict=True)):
        expect((one["seq"], one["prev"]) == (number, before), f"the manifest's chain is broken at line {number}")
        before = f"sha256:{hashlib.sha256(line).hexdigest()}"
    listed = sorted((one["file"], one["bytes"], one["sha256"]) for one in said)
    there = sorted((name, len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") for name, data in at.warcs.items())
    expect(listed == there, f"the manifest lists {listed}, and there is {there}")


def answers(at: State) -> Iterator[tuple[str, bytes, bool]]:
    """(URL, block, whether it is there to its end) of every captured answer; a revisit's block is a head."""
    for data in at.warcs.values():
        for _, headers, block in records(data):
            if headers["WARC-Type"] in ("response", "revisit"):
                yield headers["WARC-Target-URI"], block, headers["WARC-Type"] == "response"


def captured(archive: Path) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """How often each (slot, URL) was captured, and each (kind, key) was written about."""
    with sqlite3.connect(f"{(archive / 'catalog.sqlite').as_uri()}?mode=ro", uri=True) as connection:
        captures = Counter(connection.execute("select slot, url from capture").fetchall())
        documents = Counter(connection.execute("select kind, key from document").fetchall())
    connection.close()
    return captures, documents


def _placed(archive: Path) -> dict[str, tuple[str, int, int]]:
    """From a copy: looking at a database that was killed would put it in order."""
    with tempfile.TemporaryDirectory() as folder:
        for path in archive.glob("catalog.sqlite*"):
            shutil.copy(path, folder)
        connection = sqlite3.connect(Path(folder) / "catalog.sqlite")
        try:
            tables = {row[0] for row in connection.execute("select name from sqlite_master")} & {"capture", "document"}
            rows: list[tuple[Any, ...]] = []
            for table in sorted(tables):
                rows += connection.execute(f"{_PLACED} {table}").fetchall()
        except sqlite3.DatabaseError:
            return {}  # then it is made anew from the WARCs, and what it named before a power cut must be in it
        finally:
            connection.close()
    return {record_id: (warc, offset, length) for record_id, warc, offset, length in rows}
