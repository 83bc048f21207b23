"""What a stopped run left behind: every cut, every loss, every damage."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import sqlite3
import zlib

import pytest

from archiver.errors import Damaged, StoreError
from archiver.model import Request
from archiver.store import recovery
from archiver.store.member import Torn
from archiver.store.scan import read_records
from tests.store.tapes import (
    article,
    chunked,
    copied,
    link,
    names,
    opened,
    outcome,
    post,
    reply,
    tables,
    tape,
    warcs,
)

URLS = [f"https://t.co/code{number}" for number in range(3)]


async def fill(archive):
    """Three exchanges, three documents and a file."""
    for number, url in enumerate(URLS):
        made = [reply(b"body %d" % number), chunked(b"a", b"b" * number), reply(kind="image/png") + b"behind"][number]
        await archive.keep(tape(made, url=url, slot=f"link:{url}"))
    await archive.add([post(), link(), article(outcomes=(outcome(),))])
    await archive.add_file("urn:archiver:file:sha256:00", b"An article.", "text/plain")


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """An archive that was closed in order."""
    folder = tmp_path_factory.mktemp("closed") / "archive"

    async def make():
        archive = await opened(folder)
        await fill(archive)
        await archive.aclose()

    asyncio.run(make())
    return folder


@pytest.fixture
def archive_folder(closed, tmp_path):
    return copied(closed, tmp_path / "archive")


def reopen(folder):
    """What recovery says about the archive, once it is open and closed again."""

    async def run():
        archive = await opened(folder)
        await archive.aclose()
        return archive.notes

    return asyncio.run(run())


def forget(folder):
    """Make the only WARC a growing file that the catalog does not know."""
    (path,) = warcs(folder)
    for name in names(folder):
        if name.startswith("catalog"):
            (folder / name).unlink()
    return path.rename(f"{path}.open")


def ends(data):
    """The offset behind each group of the archive that ``fill`` makes: the file's header, three exchanges, …"""
    at, offsets = 0, []
    while at < len(data):
        codec = zlib.decompressobj(31)
        codec.decompress(data[at:])
        at = len(data) - len(codec.unused_data)
        offsets.append(at)
    return [offsets[index] for index in (0, 3, 6, 10, 11, 12, 13, 14)]


def test_a_clean_end_leaves_nothing_to_do(archive_folder):
    """Nothing is said, and nothing changes."""
    before = {path.name: path.read_bytes() for path in warcs(archive_folder)}
    rows = tables(archive_folder)
    assert reopen(archive_folder) == ()
    assert {path.name: path.read_bytes() for path in warcs(archive_folder)} == before
    assert tables(archive_folder) == rows
    assert (archive_folder / "lock").read_bytes() == b""


def test_every_cut_gives_the_whole_groups_before_it(archive_folder):
    """At each length that the file can be cut to: the last group that is whole is found, and the rest is torn."""
    (path,) = warcs(archive_folder)
    data = path.read_bytes()
    bounds = [0, 0, *ends(data)]
    for cut in range(len(data) - 1, -1, -1):
        os.truncate(path, cut)
        start, end = [bound for bound in bounds if bound <= cut][-2:]
        found: list[int] = []
        torn = False
        with path.open("rb") as file:
            try:
                found.extend(one.end for one in recovery.groups(read_records(file.fileno(), start, cut), path.name))
            except Torn:
                torn = True
        assert found == ([end] if end > start else [])
        assert torn == (cut != end)


def test_a_cut_file_is_closed_and_its_rest_kept(archive_folder):
    """Whole groups are taken up, their bytes are as before, the rest is cut and kept."""
    data = warcs(archive_folder)[0].read_bytes()
    whole = tables(archive_folder)
    path = forget(archive_folder)
    bounds = ends(data)
    for cut in (*bounds, *(end - 1 for end in bounds), *(end + 9 for end in bounds[:-1])):
        shutil.rmtree(archive_folder)
        archive_folder.mkdir()
        path.write_bytes(data[:cut])
        notes = reopen(archive_folder)
        end = max((end for end in bounds if end <= cut), default=0)
        if end > bounds[0]:
            assert [(one.suffix, one.read_bytes()) for one in warcs(archive_folder)] == [(".gz", data[:end])]
        else:
            assert warcs(archive_folder) == []
        now = tables(archive_folder)
        assert len(now["capture"]) == sum(bound <= end for bound in (*bounds[1:4], bounds[7]))
        assert set(now["capture"]) <= set(whole["capture"])
        kept = {one.name: one.read_bytes() for one in archive_folder.glob("quarantine/*")}
        assert kept == ({f"{path.name[:-5]}.{end}.torn": data[end:cut]} if cut > end else {})
        assert [note for note in notes if "cut, and kept" in note] == list(notes[-1:] if kept else ())


def test_a_deleted_catalog_is_made_anew_equal(archive_folder):
    """A20: from the WARCs alone, loudly, down to the archive's own name."""
    before = tables(archive_folder)
    for name in names(archive_folder):
        if name.startswith("catalog"):
            (archive_folder / name).unlink()
    notes = reopen(archive_folder)
    assert "catalog.sqlite is missing" in notes[0]
    assert tables(archive_folder) == before


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"noise" * 999)])
def test_a_catalog_that_is_none_is_made_anew_and_kept(archive_folder, damage):
    """C4 and C5: an empty one is no fresh start, an unreadable one is kept under another name."""
    before = tables(archive_folder)
    path = archive_folder / "catalog.sqlite"
    damage(path)
    size = path.stat().st_size
    notes = reopen(archive_folder)
    assert "making it anew" in notes[0]
    assert tables(archive_folder) == before
    kept = [name for name in names(archive_folder) if "corrupt" in name]
    assert kept == (["catalog.sqlite.corrupt-20260801T120000Z"] if size else [])


def test_a_catalog_copied_without_its_log_is_made_anew(archive_folder):
    """C6: SQLite opens it without complaint, as an empty one."""
    before = tables(archive_folder)
    path = archive_folder / "catalog.sqlite"
    path.unlink()
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("pragma journal_mode = wal")
    connection.close()
    assert path.stat().st_size
    reopen(archive_folder)
    assert tables(archive_folder) == before


async def test_a_catalog_that_was_rolled_back_catches_up(tmp_path):
    """A19: several files are ahead of it; all are read, nothing is fetched twice."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    await archive.keep(tape(url=URLS[0], slot="s"))
    await archive.aclose()
    shutil.copy(folder / "catalog.sqlite", tmp_path / "old")
    for minute in (1, 2):
        archive = await opened(folder, max_warc_bytes=1)
        await archive.keep(tape(url=URLS[minute], slot="s"))
        await archive.add([post(handle=f"at{minute}", minute=minute)])
        await archive.aclose()
    before = tables(folder)
    shutil.copy(tmp_path / "old", folder / "catalog.sqlite")
    archive = await opened(folder)
    assert len(archive.notes) == 4
    assert all([await archive.recall(Request(url=url, why="hop", slot="s")) for url in URLS])
    await archive.aclose()
    assert tables(folder) == before


def test_a_file_behind_its_row_is_taken_up_from_there(archive_folder):
    """Bytes that are synced but not committed, as after a kill between the two."""
    before = tables(archive_folder)
    (path,) = warcs(archive_folder)
    bounds = ends(path.read_bytes())
    with sqlite3.connect(archive_folder / "catalog.sqlite") as connection:
        connection.execute(f"update warc set committed_bytes = {bounds[2]}, closed = 0, sha256 = null")
        connection.execute(f"delete from capture where offset_bytes >= {bounds[2]}")
        for name in ("sighting_link", "sighting", "article", "post", "link"):
            connection.execute(f"delete from {name}")
    connection.close()
    path.rename(f"{path}.open")
    assert "took up 2 captures and 3 documents" in reopen(archive_folder)[0]
    assert tables(archive_folder) == before


@pytest.mark.parametrize("growing", [False, True])
def test_a_shorter_file_is_damage(archive_folder, growing):
    """A21: never carried on with; the catalog and the file stay as they are."""
    (path,) = warcs(archive_folder)
    size = path.stat().st_size
    if growing:
        path = path.rename(f"{path}.open")
    with path.open("r+b") as file:
        file.truncate(size - 10)
    before = tables(archive_folder)
    with pytest.raises(Damaged, match=f"{size - 10:,} bytes, {size:,} committed") as caught:
        reopen(archive_folder)
    assert caught.value.exit_code == 65
    assert tables(archive_folder) == before
    assert warcs(archive_folder) == [path]


@pytest.mark.parametrize("instead", [lambda path: None, lambda path: path.symlink_to("/etc/hostname"),
                                     lambda path: path.mkdir()])  # fmt: skip
def test_a_missing_file_is_damage(archive_folder, instead):
    """Deleted, or something else in its place."""
    (path,) = warcs(archive_folder)
    path.unlink()
    instead(path)
    with pytest.raises(Damaged, match="missing"):
        reopen(archive_folder)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


@pytest.mark.parametrize(
    "tail",
    [bytes(4096), b"junk", b"\x1f\x8b\x08\x00", gzip.compress(b"WARC/1.1\r\n\r\n"), gzip.compress(b"hello")],
    ids=["zeros", "junk", "half a header", "an empty record", "no record"],
)
def test_what_stands_behind_is_cut_and_kept(archive_folder, tail):
    """D3 and its kin, behind a file that was growing."""
    before = tables(archive_folder)
    path = forget(archive_folder)
    data = path.read_bytes()
    path.write_bytes(data + tail)
    notes = reopen(archive_folder)
    assert f"{len(tail):,} bytes from offset {len(data):,}" in notes[-1]
    assert warcs(archive_folder)[0].read_bytes() == data
    assert [one.read_bytes() for one in (archive_folder / "quarantine").iterdir()] == [tail]
    assert tables(archive_folder) == before


@pytest.mark.parametrize("content", [b"", bytes(9000)])
def test_a_growing_file_without_anything_in_it_is_swept(archive_folder, content):
    """D4 and D5; what was in it, if anything, is kept."""
    name = "archiver-20260801120000123-00009-host-1.warc.gz"
    (archive_folder / f"{name}.open").write_bytes(content)
    before = tables(archive_folder)
    reopen(archive_folder)
    assert len(warcs(archive_folder)) == 1
    assert tables(archive_folder) == before
    assert (archive_folder / "quarantine").exists() == bool(content)


def test_damage_in_the_middle_loses_nothing(archive_folder):
    """Without a catalog, whole records behind a flipped bit are no torn tail: all of them are kept in quarantine."""
    path = forget(archive_folder)
    data = path.read_bytes()
    bounds = ends(data)
    path.write_bytes(flipped(data, bounds[1] + 60))
    notes = reopen(archive_folder)
    assert "took up 1 capture" in notes[1]
    assert warcs(archive_folder)[0].read_bytes() == data[: bounds[1]]
    (kept,) = (archive_folder / "quarantine").iterdir()
    assert kept.read_bytes() == flipped(data, bounds[1] + 60)[bounds[1] :]


def test_a_closed_file_is_never_changed(archive_folder):
    """Damage in it is said at every start, and what stands before it is used."""
    (path,) = warcs(archive_folder)
    data = path.read_bytes()
    for name in names(archive_folder):
        if name.startswith("catalog"):
            (archive_folder / name).unlink()
    damaged = flipped(data, ends(data)[2] + 60)
    path.write_bytes(damaged)
    assert "took up 2 captures" in reopen(archive_folder)[1]
    assert "stays as it is" in reopen(archive_folder)[-1]
    assert path.read_bytes() == damaged
    assert len(tables(archive_folder)["capture"]) == 2
    assert not (archive_folder / "quarantine").exists()


def test_a_record_that_is_there_twice_counts_once(archive_folder):
    """D11: a copied group behind the others is no group of ours."""
    path = forget(archive_folder)
    data = path.read_bytes()
    bounds = ends(data)
    path.write_bytes(data + data[bounds[0] : bounds[1]])
    assert "is there twice" in reopen(archive_folder)[-1]
    assert warcs(archive_folder)[0].read_bytes() == data


@pytest.mark.parametrize("order", [(1, 2, 0), (0, 2, 1), (0, 0, 1, 2), (0, 1), (1, 0, 2), (2, 1, 0)])
def test_records_out_of_order_are_no_group(archive_folder, order):
    """Response, request, metadata, in this order and no other."""
    path = forget(archive_folder)
    data = path.read_bytes()
    bounds, offsets = ends(data), []
    at = 0
    while at < len(data):
        codec = zlib.decompressobj(31)
        codec.decompress(data[at:])
        end = len(data) - len(codec.unused_data)
        offsets.append(data[at:end])
        at = end
    group = offsets[4:7]
    path.write_bytes(data[: bounds[1]] + b"".join(group[index] for index in order))
    reopen(archive_folder)
    assert warcs(archive_folder)[0].read_bytes() == data[: bounds[1]]


def test_two_files_with_one_name_are_left_alone(archive_folder):
    """A23: the final name belongs to another file; nothing is written over."""
    (path,) = warcs(archive_folder)
    data = path.read_bytes()
    path.with_name(f"{path.name}.open").write_bytes(data)
    with pytest.raises(StoreError, match="there already"):
        reopen(archive_folder)
    assert path.read_bytes() == data


def test_an_interrupted_recovery_is_repeated(archive_folder):
    """A2: whatever step it reached, the next one comes to the same end."""
    before = tables(archive_folder)
    path = forget(archive_folder)
    data = path.read_bytes()
    path.write_bytes(data + b"torn")
    (archive_folder / "quarantine").mkdir()
    (archive_folder / "quarantine" / f"{path.name[:-5]}.{len(data)}.torn").write_bytes(b"to")
    reopen(archive_folder)
    assert [one.read_bytes() for one in (archive_folder / "quarantine").iterdir()] == [b"torn"]
    assert tables(archive_folder) == before
    for name in names(archive_folder):
        if name.startswith("catalog"):
            (archive_folder / name).unlink()
    reopen(archive_folder)
    assert tables(archive_folder) == before
