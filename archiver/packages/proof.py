"""What a package proves: whether it is whole, who vouches for it, since when; and what nobody can tell from it.

::

    ZIP ──► list ──► digests of all files ──► digest of the list ──► signature ──► timestamp
     └─► WARCs: every record     └─► index and pages: does everything lead to a record?

Nothing is unpacked to disk under a name of the package's choosing; everything is bounded by the package's own size.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from archiver.findings import Checked, Finding
from archiver.model import counted
from archiver.packages import seal, stamp
from archiver.packages.closure import cited
from archiver.packages.wacz import DATAPACKAGE, DIGEST
from archiver.store import crawls
from archiver.store.verify import files
from archiver.store.verify.relations import AcrossFiles
from archiver.store.verify.report import Report

_MOST_ENTRIES = 100_000
_MOST_JSON_BYTES = 64_000_000
_PIECE = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
_AGAIN = "ask whoever made it for another copy"
_WARCS = (".warc", ".warc.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that is ``proven``, or is not."""

    proven: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """``key``: fingerprint of the key that signed, ``None`` when nobody did or it does not hold."""

    checked: Checked
    statements: tuple[Statement, ...]
    key: str | None


def is_package(path: Path) -> bool:
    """Whether ``path`` is to be judged as a WACZ: by its name."""
    return path.name.lower().endswith(".wacz")


def prove(
    path: Path, tell: Callable[[Finding], None], *, roots: bytes | None, token: bytes | None, key: str | None = None
) -> Proof:
    """Check all of a package; ``tell`` hears of each defect and note. ``roots``: PEM of those whose timestamps are
    believed; ``token``: the timestamp that lies beside it; ``key``: fingerprint of the one that must have signed it.
    Raises ``NoInput``."""
    judge = _Judge(str(path), tell, key)
    try:
        with crawls.capped(path) as file, zipfile.ZipFile(file) as package:
            judge.all_of(package, roots, token)
    except _BROKEN as error:
        judge.defect("bad-zip", f"it is no whole ZIP file ({error})", str(path))
    return judge.proof(path.stat().st_size)


def sealed_bytes(path: Path) -> bytes:
    """``datapackage-digest.json`` of a package that was just made: what a timestamp is of."""
    with zipfile.ZipFile(path) as package:
        return package.read(DIGEST)


class _Judge:
    """Collects what is found, and what follows from it."""

    def __init__(self, name: str, tell: Callable[[Finding], None], wanted: str | None) -> None:
        self._name = name
        self._wanted = wanted
        self._by_others = 0
        self._tell = tell
        self._report = Report(tell)
        self._counted = files.Counted()
        self._across = AcrossFiles()
        self._own_defects = self._own_notes = self._files = 0
        self._said: list[Statement] = []
        self._key: str | None = None
        self._targets: dict[str, dict[int, str]] = {}
        self._ids: set[str] = set()

    def defect(self, code: str, problem: str, file: str, advice: str = _AGAIN) -> None:
        self._own_defects += 1
        self._tell(Finding(code=code, level="defect", problem=problem, advice=advice, file=file))

    def note(self, code: str, problem: str, file: str, advice: str) -> None:
        self._own_notes += 1
        self._tell(Finding(code=code, level="note", problem=problem, advice=advice, file=file))

    def proof(self, size: int) -> Proof:
        broken = self._own_defects + self._report.defects
        if self._wanted is not None and (broken or self._key != self._wanted):
            self._not_by_the_wanted(is_broken=bool(broken))
        defects = broken + self._by_others
        whole = Statement(
            proven=not broken,
            text="It is whole: every file and every record agrees with its digest."
            if not broken
            else f"It is not whole: {counted(broken, 'defect')}.",
        )
        never = "Not in it: whether servers really sent this, whether it is all there was, and who was first to say it."
        checked = Checked(
            files=self._files, records=self._counted.records, data_bytes=size, defects=defects,
            notes=self._own_notes + self._report.notes,
        )  # fmt: skip
        statements = (whole, *self._said, Statement(proven=False, text=never))
        return Proof(checked=checked, statements=statements, key=None if broken else self._key)

    def all_of(self, package: zipfile.ZipFile, roots: bytes | None, token: bytes | None) -> None:
        entries = self._entries(package)
        listed = self._list(package, entries)
        for path, said in listed.items():
            self._file(package, entries, path, said)
        for path in sorted(entries.keys() - listed.keys() - {DATAPACKAGE, DIGEST}):
            self.defect("unlisted", "nobody vouches for it: it is not in datapackage.json", path)
        self._seal(package, entries, roots, token)
        for number, path in enumerate(sorted(one for one in entries if one.startswith("archive/"))):
            self._warc(package, entries[path], number)
        for code, (_, at), found, is_gone in self._across.references():
            if found is None and not is_gone:
                self.defect(code, f"the record at offset {at:,} refers to one that is not in it", self._name)
        self._index(package, entries)
        self._cited(package, entries)

    def _entries(self, package: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        """By name; what could harm whoever unpacks it is left out."""
        found: dict[str, zipfile.ZipInfo] = {}
        infos = package.infolist()
        if len(infos) > _MOST_ENTRIES:
            self.defect("too-many", f"{len(infos):,} files", self._name)
        for one in infos[:_MOST_ENTRIES]:
            name, parts = one.orig_filename, one.filename.split("/")
            if one.filename in found:
                self.defect("twice", "two files have this name", one.filename)
            elif ".." in parts or one.filename.startswith("/") or "\\" in name or "\0" in name:
                self.defect("bad-name", "unpacked, it would lie outside its folder", one.filename)
            elif one.flag_bits & 1:
                self.defect("encrypted", "it is encrypted", one.filename)
            elif not one.is_dir():
                found[one.filename] = one
        return found

    def _list(self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, Mapping[str, Any]]:
        about = self._json(package, entries, DATAPACKAGE)
        listed = about.get("resources") if about else None
        if not isinstance(listed, list):
            self.defect("no-list", "datapackage.json is missing or names no files", DATAPACKAGE)
            return {}
        return {str(one.get("path")): one for one in listed if isinstance(one, Mapping)}

    def _file(
        self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], path: str, said: Mapping[str, Any]
    ) -> None:
        if path not in entries:
            self.defect("missing", "it is listed, and not there", path)
            return
        self._files += 1
        kind, _, wanted = str(said.get("hash")).partition(":")
        if kind not in ("sha256", "sha512", "md5"):
            self.defect("no-digest", "the list has no digest of it that we know", path)
            return
        digest, size = hashlib.new(kind, usedforsecurity=False), 0
        try:
            for piece in _pieces(package, entries[path]):
                digest.update(piece)
                size += len(piece)
        except _BROKEN as error:
            self.defect("unreadable", str(error), path)
            return
        if digest.hexdigest() != wanted or said.get("bytes") not in (size, None):
            self.defect("changed", "it is not what the list says", path)

    def _seal(
        self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], roots: bytes | None, token: bytes | None
    ) -> None:
        if DIGEST not in entries or DATAPACKAGE not in entries:
            self._not("Nobody signed it: whoever had it could have made it anew.")
            return
        raw = _bounded(package, entries[DIGEST])
        said = _object(raw)
        digest = f"sha256:{hashlib.sha256(_bounded(package, entries[DATAPACKAGE])).hexdigest()}"
        if said.get("hash") != digest:
            self.defect("list-changed", "datapackage.json is not the one that this digest is of", DIGEST)
            return
        self._signature(said.get("signedData"), digest, _object(_bounded(package, entries[DATAPACKAGE])).get("created"))
        self._stamp(raw, roots, token)

    def _signature(self, signed: object, digest: str, created: object) -> None:
        if not isinstance(signed, Mapping):
            self._not("Nobody signed it: whoever had it could have made it anew.")
            return
        try:
            self._key = seal.check(signed, digest)
        except seal.BadSeal as error:
            self.defect("bad-signature", str(error), DIGEST)
            return
        if signed.get("created") != created:
            self.defect("bad-signature", "it names another date than the list", DIGEST)
        is_wanted = self._key == self._wanted
        named = f"the key asked for, {self._key}" if is_wanted else f"the key {self._key}"
        self._said.append(Statement(proven=True, text=f"It was signed, as it is, with {named}."))
        if is_wanted:
            self._not("That the key is whose you think it is: that rests on how you came by it.")
        else:
            self._not("Whose key that is, it can't tell: compare it with what its owner publishes (--key does).")

    def _not_by_the_wanted(self, *, is_broken: bool) -> None:
        if is_broken:
            said = "since it is not whole, it is not what was signed with the key asked for"
        elif self._key is None:
            said = "nobody signed it"
        else:
            said = f"it was signed with another key than {self._wanted}: with {self._key}"
        self._by_others = 1
        advice = "it does not come from whom you think, or its owner has another key now: ask for the fingerprint again"
        self._tell(Finding(code="other-key", level="defect", problem=said, advice=advice, file=self._name))
        self._not(f"That it comes from the owner of {self._wanted}: {said}.")

    def _stamp(self, raw: bytes, roots: bytes | None, token: bytes | None) -> None:
        if token is None:
            self._not("Since when it exists, it can't tell: it has no timestamp. Its dates are its maker's word.")
            return
        try:
            at, is_proven = stamp.when(token, raw, roots)
        except stamp.BadStamp as error:
            self.defect(
                "bad-timestamp", str(error), f"{self._name}{stamp.SUFFIX}", "ask for the timestamp that belongs to it"
            )
            return
        if is_proven:
            self._said.append(Statement(proven=True, text=f"It existed at {at:%Y-%m-%d %H:%M:%S} UTC (timestamp)."))
        else:
            self._not(f"A timestamp says {at:%Y-%m-%d %H:%M:%S} UTC; pack.timestamp_roots names nobody to believe.")

    def _warc(self, package: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int) -> None:
        if not entry.filename.lower().endswith(_WARCS):
            return
        with tempfile.TemporaryFile() as copy:
            try:
                for piece in _pieces(package, entry):
                    copy.write(piece)
            except _BROKEN:
                return  # told of already
            copy.flush()
            size, fd = copy.tell(), copy.fileno()
            ours = files.is_ours(fd, entry.filename)
            seen = self._targets.setdefault(entry.filename.rpartition("/")[2], {})
            for _ in files.check(
                fd, size, entry.filename, self._report, strict=ours, number=number,
                across=_Noting(self._across, seen, self._ids), counted=self._counted,
            ):  # fmt: skip
                pass
            self._report.end_file(entry.filename)

    def _index(self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        """Every index line leads to a record with its URL, and every page to an index line."""
        indexed: set[tuple[str, str]] = set()
        names = [one for one in entries if one.startswith("indexes/") and one.endswith((".cdx", ".cdxj", ".cdx.gz"))]
        for name in names:
            for line in _lines(package, entries[name]):
                url, ts, fields = _cdxj(line)
                indexed.add((url, ts))
                if self._targets.get(str(fields.get("filename")), {}).get(_number(fields.get("offset"))) != url:
                    self.defect("bad-index", f"a line leads to no record of {url[:200]}", name)
                    break
        if not names:
            self.defect("no-index", "players can't find anything in it", self._name)
        if "pages/pages.jsonl" not in entries:
            self.defect("no-pages", "pages/pages.jsonl is missing", self._name)
            return
        for line in _lines(package, entries["pages/pages.jsonl"]):
            page = _object(line)
            ts = "".join(filter(str.isdigit, str(page.get("ts"))))[:14]
            if "url" in page and (page["url"], ts) not in indexed:
                lost = f"{str(page['url'])[:200]} at {page.get('ts')} is not in its index"
                self.note("lost-page", lost, "pages/pages.jsonl", "players will look for it in vain")

    def _cited(self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        for name in sorted(one for one in entries if one.startswith("records/") and one.endswith(".jsonl")):
            missing = {one for line in _lines(package, entries[name]) for one in cited(_object(line))} - self._ids
            if missing:
                self.note("cited", f"{counted(len(missing), 'record')} that it cites not in the package", name,
                          "ask whoever made it for those")  # fmt: skip

    def _json(self, package: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], name: str) -> Mapping[str, Any]:
        return _object(_bounded(package, entries[name])) if name in entries else {}

    def _not(self, text: str) -> None:
        self._said.append(Statement(proven=False, text=text))


class _Noting(AcrossFiles):
    """Passes on what is seen, and keeps what the index will be compared with."""

    def __init__(self, inner: AcrossFiles, targets: dict[int, str], ids: set[str]) -> None:
        self._inner, self._targets, self._seen_ids = inner, targets, ids

    def see(self, file: int, seen: Any) -> None:
        self._inner.see(file, seen)
        self._seen_ids.add(seen.record.record_id)
        self._targets[seen.record.offset] = seen.head.first.get("warc-target-uri", "").strip("<>")

    def leave(self, record_ids: Iterable[str]) -> None:
        self._inner.leave(record_ids)


def _pieces(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry's bytes, no more than its directory says."""
    left = entry.file_size
    with package.open(entry) as file:
        while piece := file.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise ValueError("longer than the directory says")
            yield piece


def _bounded(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > _MOST_JSON_BYTES:
        raise ValueError(f"{entry.filename} holds {entry.file_size:,} bytes")
    return b"".join(_pieces(package, entry))


def _lines(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The lines of an entry, unpacked where it is a ``.gz``; a line has at most a piece's length."""
    with package.open(entry) as file:
        source = cast("BinaryIO", file)
        pieces = _gunzipped(source) if entry.filename.endswith(".gz") else iter(lambda: source.read(_PIECE), b"")
        held = b""
        for piece in pieces:
            *whole, held = (held + piece).split(b"\n")
            yield from whole
            if len(held) > _MOST_JSON_BYTES:
                raise ValueError(f"{entry.filename} has a line without end")
        if held:
            yield held


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    """Gzip members, one behind the other, a bounded piece at a time."""
    codec, total = zlib.decompressobj(31), 0
    while data := file.read(1 << 16):
        while data:
            piece = codec.decompress(data, _PIECE)
            total += len(piece)
            if total > 100 * _MOST_JSON_BYTES:
                raise ValueError("an index that unpacks without end")
            yield piece
            data = codec.unconsumed_tail or codec.unused_data
            if codec.eof:
                codec = zlib.decompressobj(31)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _cdxj(line: bytes) -> tuple[str, str, Mapping[str, Any]]:
    _, _, rest = line.decode("utf-8", "replace").partition(" ")
    ts, _, fields = rest.partition(" ")
    said = _object(fields.encode())
    return str(said.get("url")), ts, said


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
