"""A whole archive: files, catalog and manifest against each other."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.errors import NoInput
from archiver.findings import Finding
from archiver.store import policies
from archiver.store.verify import archive
from archiver.store.verify.rebuild import rebuild
from tests.store.tapes import NOW, article, chunked, copied, link, opened, outcome, post, reply, tape, warcs


def verify(folder):
    """(codes of the defects, everything that was told)."""
    found: list[Finding] = []
    checked = archive.verify(folder, found.append)
    assert checked.defects == sum(one.level == "defect" for one in found)
    return {one.code for one in found if one.level == "defect"}, found


def sql(folder, *statements):
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def fill(archive_):
    """Of every kind: whole, chunked, broken off, without an answer, with bytes around it; documents, a file."""
    urls = [f"https://t.co/code{number}" for number in range(6)]
    answers = [reply(b"hello"), chunked(b"a", b"bc"), reply(kind="image/png", body=b"\x89PNG" * 99), b"", b"HTTP/1.1 2",
               b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(b"final") + b"excess"]  # fmt: skip
    for url, answer in zip(urls, answers, strict=True):
        made = tape(answer, url=url, slot=f"hop:{url}")
        try:
            await archive_.keep(made)
        except Exception as error:
            assert "no complete response head" in str(error)  # noqa: PT017
    await archive_.keep(tape(reply(b"only the beginning")[:-5], url=urls[0] + "x", slot="hop:cut", cut="disconnect"))
    written = article(outcomes=(outcome(), outcome(1, "21")))
    aliased = replace(written, body={**written.body, "aliases": ["news.example/a"]})
    decided = policies.document("@jill", "keep", "she changed her mind", NOW)
    await archive_.add([post(), post(minute=1, handle="jack2"), link(), aliased, decided])
    await archive_.add_file("urn:archiver:file:sha256:00", b"An article.", "text/plain")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive of two files, closed in order."""
    folder = tmp_path_factory.mktemp("made") / "archive"

    async def make():
        for _ in range(2):
            one = await opened(folder)
            await fill(one)
            await one.aclose()

    asyncio.run(make())
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "archive")


def test_a_whole_archive(folder):
    """No defect, nothing changed, every record counted, and the progress adds up."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    steps = []
    found: list[Finding] = []
    checked = archive.verify(folder, found.append, lambda done, total: steps.append((done, total)))
    assert (found, checked.defects) == ([], 0)
    assert checked.files == len(warcs(folder)) == 2
    assert checked.records == sum(gzip.decompress(path.read_bytes()).count(b"WARC/1.1\r\n") for path in warcs(folder))
    assert sum(done for done, _ in steps) == checked.data_bytes == steps[-1][1]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_archive_that_is_being_written(folder):
    """What is committed is checked; what grows meanwhile is nobody's defect."""

    async def run():
        one = await opened(folder)
        await one.keep(tape(reply(b"new"), slot="hop:new"))
        result = verify(folder)
        await one.aclose()
        return result

    assert asyncio.run(run()) == (set(), [])


def test_no_archive(tmp_path):
    """Exit 66, as for every other look."""
    with pytest.raises(NoInput, match="there is no archive"):
        archive.verify(tmp_path / "none", print)


ROWS = {
    "a capture that no WARC holds": (
        "update capture set record_id = 'urn:x' where slot = 'hop:cut' and warc like '%-00001-%'",
        "catalog-extra",
    ),
    "a capture that is forgotten": ("delete from capture where slot = 'hop:cut'", "catalog-lacks"),
    "another status": ("update capture set http_status = 404 where slot = 'hop:cut'", "catalog-differs"),
    "another place": ("update capture set offset_bytes = 1 where slot = 'hop:cut'", "catalog-differs"),
    "another text of a post": ("update post set body = replace(body, 'twttr', 'twitter')", "catalog-differs"),
    "another author": ("update post set author = 'jill'", "catalog-differs"),
    "a post that is forgotten": ("delete from post", "catalog-lacks"),
    "a post that nobody captured": ("update post set post_id = '21'", "catalog-extra"),
    "a sighting changed": ("update sighting set status = 'failed'", "catalog-differs"),
    "a link forgotten": ("delete from link", "catalog-lacks"),
    "another digest of a file": ("update warc set sha256 = 'x'", "file-digest"),
    "another length of a file": ("update warc set committed_bytes = committed_bytes - 1", "file-size"),
    "an index that is gone": ("drop index article_by_time", "catalog-differs"),
    "a table of somebody else": ("create table more (a)", "catalog-differs"),
    "a file that is not there": ("insert into warc values ('gone.warc.gz', 5, 1, null)", "missing-file"),
}


@pytest.mark.parametrize("case", ROWS)
def test_the_catalog_against_the_warcs(folder, case):
    """Whatever differs, both ways."""
    statement, code = ROWS[case]
    sql(folder, statement)
    codes, found = verify(folder)
    assert code in codes
    assert codes <= {code, "catalog-lacks", "catalog-extra"}
    assert all(one.advice for one in found)


@pytest.mark.parametrize("damage", [b"", b"no database", None], ids=["empty", "something else", "missing"])
def test_no_catalog(folder, damage):
    """One line; the WARCs are checked all the same."""
    path = folder / "catalog.sqlite"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    codes, _ = verify(folder)
    assert codes == {"catalog-damaged"}


def test_a_table_whose_name_is_no_text(folder):
    """SQLite quotes it in its complaint; that is told like any other damage, and a run makes the catalog anew."""
    path = folder / "catalog.sqlite"
    data = path.read_bytes()
    for column in (b"canonical_url TEXT", b"payload_digest TEXT"):
        assert column in data
        path.write_bytes(data.replace(column, bytes([column[0] | 0x80]) + column[1:]))
        assert verify(folder)[0] & {"catalog-damaged", "catalog-differs"}
    path.write_bytes(data.replace(b"CREATE TABLE post", b"CREATE \xb4ABLE post"))
    assert verify(folder)[0] == {"catalog-damaged"}


def test_a_page_of_the_catalog_overwritten(folder):
    """C3: found by SQLite's own check, or by the comparison."""
    path = folder / "catalog.sqlite"
    data = bytearray(path.read_bytes())
    data[8192:12288] = bytes(range(256)) * 16
    path.write_bytes(bytes(data))
    assert verify(folder)[0]


def test_a_file_gone(folder):
    """Its name, and every capture that it held."""
    gone = warcs(folder)[0]
    gone.unlink()
    codes, found = verify(folder)
    assert {"missing-file", "catalog-extra"} <= codes
    assert gone.name in {one.file for one in found}


def test_a_file_that_nobody_knows(folder):
    """Its name, and what the catalog lacks of it."""
    sql(folder, "delete from capture where warc = (select min(name) from warc)")
    name = min(path.name for path in warcs(folder))
    sql(folder, "pragma foreign_keys = off", f"delete from warc where name = '{name}'")
    codes, _ = verify(folder)
    assert {"unknown-file", "catalog-lacks"} <= codes


def test_a_file_that_was_swapped_for_an_equally_good_one(folder):
    """Every record in it is whole, and the digest says that it is not the file that was closed."""
    path = warcs(folder)[0]
    data = path.read_bytes()
    changed = bytearray(data)
    changed[4] ^= 1  # the gzip header's time, which no checksum covers
    path.write_bytes(bytes(changed))
    codes, _ = verify(folder)
    assert codes == {"file-digest", "gzip-header"}


def test_d5_an_empty_file_that_was_just_begun(folder):
    """It is swept by the next run, and no defect."""
    (folder / "archiver-20990101000000000-00001-host-1.warc.gz.open").touch()
    assert verify(folder)[0] == set()


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_d13_rotation(tmp_path, more):
    """At, below and above the size of a file: no record is split, and every file is whole."""
    folder = tmp_path / "archive"

    async def make(limit):
        one = await opened(folder, max_warc_bytes=limit)
        for number in range(6):
            await one.keep(tape(reply(b"%d" % number * 100), slot=f"hop:{number}"))
        await one.aclose()

    asyncio.run(make(10**9))
    first = warcs(folder)[0].stat().st_size
    asyncio.run(make(first // 2 + more))
    codes, found = verify(folder)
    assert (codes, found) == (set(), [])
    assert len(warcs(folder)) >= 3


def edited(old, new):
    def edit(path: Path) -> None:
        path.write_text(path.read_text().replace(old, new, 1))

    return edit


def dropped(number):
    def edit(path: Path) -> None:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:number] + lines[number + 1 :]))

    return edit


MANIFESTS = {
    "a digest changed": (edited('"sha256:', '"sha256:0'), {"manifest-line", "manifest-lacks", "manifest-chain"}),
    "a size changed": (edited('"bytes":', '"bytes":1'), {"manifest-chain", "file-size"}),
    "a number changed": (edited('"seq":1', '"seq":2'), {"manifest-chain"}),
    "the first line gone": (dropped(0), {"manifest-chain", "manifest-lacks"}),
    "the last line gone": (dropped(1), {"manifest-chain", "manifest-lacks"}),
    "all of it gone": (Path.unlink, {"manifest-lacks"}),
    "a space more": (edited('"seq":0', '"seq": 0'), {"manifest-chain"}),
    "no JSON": (edited("{", "["), {"manifest-line", "manifest-lacks", "manifest-chain"}),
}  # fmt: skip


@pytest.mark.parametrize("case", MANIFESTS)
def test_the_manifest(folder, case):
    """Whoever changes, drops or adds anything breaks the chain, or lacks a file."""
    edit, codes = MANIFESTS[case]
    edit(folder / "manifest.jsonl")
    assert verify(folder)[0] == codes


def test_a_torn_last_line_of_the_manifest(folder):
    """A note: the next run cuts it."""
    path = folder / "manifest.jsonl"
    path.write_bytes(path.read_bytes() + b'{"bytes":')
    codes, found = verify(folder)
    assert codes == set()
    assert [one.code for one in found] == ["manifest-torn"]


def test_a_file_against_the_manifest(folder):
    """Changed file and changed catalog: the manifest still knows."""
    path = warcs(folder)[0]
    data = bytearray(path.read_bytes())
    data[9] = 3
    path.write_bytes(bytes(data))
    sql(folder, f"update warc set sha256 = '{hashlib.sha256(data).hexdigest()}' where name = '{path.name}'")
    codes, found = verify(folder)
    assert codes == {"file-digest"}
    assert "manifest" in found[0].problem


def test_a_file_that_the_manifest_alone_remembers(folder):
    """File and catalog rows are gone: its line is still there."""
    path = warcs(folder)[1]
    path.unlink()
    (folder / "catalog.sqlite").unlink()
    rebuild(folder, NOW, lambda _: None)
    codes, found = verify(folder)
    assert codes == {"missing-file"}
    assert found[0].file == path.name


def test_d10_a_revisit_whose_original_is_gone(tmp_path):
    """The revisit is named, and what it refers to; an original that says something else is named too."""
    folder = tmp_path / "archive"

    async def keep(slot):
        one = await opened(folder)
        await one.keep(
            tape(reply(b"the same picture " * 200, kind="image/png"), slot=slot, url=f"https://p.example/{slot}")
        )
        await one.aclose()

    asyncio.run(keep("first"))
    asyncio.run(keep("again"))
    assert b"WARC-Type: revisit" in gzip.decompress(warcs(folder)[1].read_bytes())
    assert verify(folder) == (set(), [])
    warcs(folder)[0].unlink()
    codes, found = verify(folder)
    assert {"dangling-revisit", "missing-file"} <= codes
    (revisit,) = [one for one in found if one.code == "dangling-revisit"]
    assert revisit.file == warcs(folder)[0].name
    assert revisit.record_id
    assert "there is no <urn:uuid:" in revisit.problem


def test_a_sample_reads_everything_once(folder):
    """With a fifth each, five turns in a row read each record that the catalog names once."""
    checked = [archive.sample(folder, print, parts=5, turn=turn) for turn in range(100, 105)]
    whole = archive.sample(folder, print, parts=1, turn=7)
    assert sum(one.records for one in checked) == whole.records
    assert all(one.defects == 0 and one.sampled == 0.2 for one in checked)


def test_a_sample_finds_damage(folder):
    """Damage in a sampled record, and in its row."""
    path = warcs(folder)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(bytes(data))
    found: list[Finding] = []
    archive.sample(folder, found.append, parts=1, turn=0)
    assert found
    found.clear()
    sql(folder, "update capture set why = 'post' where slot = 'hop:cut'")
    archive.sample(folder, found.append, parts=1, turn=0)
    assert "catalog-differs" in {one.code for one in found}
