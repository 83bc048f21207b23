"""D6: one bit flipped anywhere in a small archive is noticed, over every byte of its WARC, manifest and index."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3

import pytest

from archiver.findings import Finding
from archiver.store import indexes
from archiver.store.catalog import Catalog
from archiver.store.schema import MANIFEST_HEAD
from archiver.store.verify import archive, cdxj, given
from archiver.store.verify.report import Report
from tests.store.tapes import copied, opened, reply, tables, tape, warcs


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One exchange, closed in order."""
    folder = tmp_path_factory.mktemp("made") / "archive"

    async def make():
        one = await opened(folder)
        await one.keep(tape(reply(b"hello " * 3)))
        await one.aclose()

    asyncio.run(make())
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "archive")


def unnoticed(path, check, step=1):
    """At which bytes of the file a flipped bit was not noticed; each byte has another bit flipped."""
    data, missed = path.read_bytes(), []
    for at in range(0, len(data), step):
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << (at * 5 + at // 8) % 8)]) + data[at + 1 :])
        found: list[Finding] = []
        check(found.append)
        if not any(one.level == "defect" for one in found):
            missed.append(at)
    path.write_bytes(data)
    return missed


def test_every_byte_of_the_warc(folder):
    """By its records and gzip members, or else by the digest in the manifest."""
    (path,) = warcs(folder)
    assert unnoticed(path, lambda tell: given.verify([path], tell)) == []


def test_nearly_every_byte_without_the_manifest(folder):
    """A file by itself: only bits that mean nothing, the padding behind deflate data, can be flipped unnoticed."""
    (path,) = warcs(folder)
    (folder / "manifest.jsonl").unlink()
    missed = unnoticed(path, lambda tell: given.verify([path], tell), step=7)
    assert len(missed) <= 3


def test_every_byte_of_the_manifest(folder):
    """All but the last newline, without which the line is a torn one, as a crash leaves it: that is a note."""
    path, (file,) = folder / "manifest.jsonl", warcs(folder)
    catalog = Catalog.reading(folder / "catalog.sqlite")
    head = catalog.archive(MANIFEST_HEAD)
    catalog.close()
    listed = [archive.Listed(name=file.name, size=file.stat().st_size, known=None, growing=False)]
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()}

    def check(tell):
        archive.manifest(folder, listed, hashes, Report(tell), head)

    last = path.stat().st_size - 1
    assert [at for at in unnoticed(path, check) if at != last] == []


def test_every_byte_of_the_cdxj(folder):
    """It is not what its WARC says; nor is one with a line more or less, or of another file."""
    indexes.update(folder)
    (path,) = (folder / indexes.FOLDER).iterdir()
    (file,) = warcs(folder)

    def check(tell):
        cdxj.check(folder, [file.name], Report(tell))

    assert unnoticed(path, check) == []
    data = path.read_bytes()
    for wrong in (b"", data + data, data[:-1], data.replace(b"t.co", b"x.co")):
        path.write_bytes(wrong)
        found: list[Finding] = []
        check(found.append)
        assert [one.code for one in found] == ["cdxj-differs"]


def test_bytes_of_the_catalog(folder):
    """What is not noticed in the catalog changes no answer: unused space, counters of SQLite's own."""
    path = folder / "catalog.sqlite"
    before, data = tables(folder), path.read_bytes()
    for at in range(0, len(data), 3989):
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
        found: list[Finding] = []
        archive.verify(folder, found.append)
        if not any(one.level == "defect" for one in found):
            try:
                assert tables(folder) == before, f"byte {at}"
            except sqlite3.Error:
                pytest.fail(f"byte {at}: the catalog can't be read, and nobody noticed")
    path.write_bytes(data)
