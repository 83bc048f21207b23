"""Damaged files, and all that is whole in them."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import re
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.errors import CannotCreate, Damaged, NoInput, UsageError
from archiver.findings import Finding
from archiver.store.member import Stored
from archiver.store.verify import archive, given
from archiver.store.verify.rebuild import rebuild
from archiver.store.verify.repair import repair
from tests.store.tapes import NOW, SetClock, copied, members, names, opened, outcome, post, reply, tables, tape, warcs
from tests.store.tapes import article as article_of
from tests.store.verify import builder
from tests.store.verify.builder import NAME, Warc, member, record_id, sample

LATER = NOW + timedelta(hours=1)


async def fill(one):
    """Four exchanges, and the documents that were read from them."""
    refs = []
    for number in range(4):
        made = tape(reply(b"body %d" % number * 9), url=f"https://t.co/c{number}", slot=f"hop:{number}")
        refs.append((await one.keep(made)).warc)
    shown = [{"url": f"https://t.co/c{number}", "record_id": ref.record_id} for number, ref in enumerate(refs)]
    for number, one_shown in enumerate(shown):
        document = post(f"{20 + number}")
        body = {**document.body, "captures": [one_shown]}
        await one.add([replace(document, body=body, refers_to=refs[number])])
    outcomes = tuple(outcome(number, f"{20 + number}", captures=[shown[number]]) for number in range(4))
    await one.add([article_of(outcomes=outcomes)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "archive"

    async def make():
        one = await opened(folder)
        await fill(one)
        await one.aclose()

    asyncio.run(make())
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "archive")


def mend(folder, path, at=LATER):
    """``repair``, and what it asks to be written."""
    done, documents = repair(path, folder, at, "archiver/test")

    async def write():
        one = await opened(folder, clock=SetClock(at))
        await one.add(documents)
        await one.aclose()

    asyncio.run(write())
    return done


def defects(folder):
    found: list[Finding] = []
    archive.verify(folder, found.append)
    return [one for one in found if one.level == "defect"]


def damaged(path, at, bit=3):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(bytes(data))
    return bytes(data)


def bounds(path):
    """The offset of each gzip member."""
    ends = itertools.accumulate(len(data) for data in _packed(path))
    return [0, *ends]


def _packed(path):
    data = path.read_bytes()
    while data:
        codec = zlib.decompressobj(31)
        codec.decompress(data)
        yield data[: len(data) - len(codec.unused_data)]
        data = codec.unused_data


@pytest.mark.parametrize("number", range(18))
def test_any_record_damaged(folder, number):
    """The archive is sound again, the old file is kept as it is, and only what was hit is lost and asked for again."""
    (path,) = warcs(folder)
    before, starts = tables(folder), bounds(path)
    if number >= len(starts) - 1:
        pytest.skip("the file has fewer records")
    data = damaged(path, (starts[number] + starts[number + 1]) // 2)
    whole = members_of(data, starts, number)
    assert defects(folder)
    done = mend(folder, path)
    assert defects(folder) == []
    assert (folder / done.kept).read_bytes() == data
    slots = {row[1] for row in before["capture"]}
    assert {row[1] for row in tables(folder)["capture"]} == slots - set(done.lost)
    assert len(done.lost) == (1 if 1 <= number <= 12 else 0)
    salvaged = {one for path in warcs(folder) for one in members(path)}
    if done.orphans:
        salvaged |= set(members(folder / done.orphans))
    assert set(whole) <= salvaged, "every whole record is in one of the new files"
    unsettled = [row for row in tables(folder)["post"] if '"settled":false' in str(row)]
    assert len(unsettled) == len(done.lost)
    waiting = [row for row in tables(folder)["sighting"] if "pending" in row]
    assert len(waiting) == len(done.lost)
    assert {row[:2] for row in tables(folder)["post"]} == {row[:2] for row in before["post"]}


def members_of(data, starts, without):
    return [
        gzip.decompress(data[start:end])
        for number, (start, end) in enumerate(itertools.pairwise(starts))
        if number != without
    ]


def test_a_sound_file(folder):
    """Nothing is made, nothing is changed."""
    (path,) = warcs(folder)
    before = {name: (folder / name).read_bytes() for name in names(folder) if name != "lock"}
    done = mend(folder, path)
    assert done.made is None
    assert {name: (folder / name).read_bytes() for name in before if name != "manifest.jsonl"} == {
        name: data for name, data in before.items() if name != "manifest.jsonl"
    }


def test_a_file_that_is_sound_but_shorter(folder):
    """Records cut off at a boundary leave no trace in the file; catalog and manifest know what is lost."""
    (path,) = warcs(folder)
    start = bounds(path)[10]
    path.write_bytes(path.read_bytes()[:start])
    done = mend(folder, path)
    assert done.lost == ("hop:3",)
    assert defects(folder) == []


def test_twice(folder):
    """The new file can be damaged and repaired in its turn."""
    for hours in (1, 2):
        (path,) = [one for one in warcs(folder) if one.stat().st_size > 4000]
        damaged(path, bounds(path)[4] + 30)
        assert mend(folder, path, NOW + timedelta(hours=hours)).made
        assert defects(folder) == []


def test_a_repair_that_was_stopped(folder, tmp_path):
    """With the old file in quarantine and the new one not yet in its place: a rebuild brings it to its end. Before
    that, what was half made is thrown away."""
    again = copied(folder, tmp_path / "again")
    (path,) = warcs(again)
    name = path.name
    damaged(path, bounds(path)[4] + 30)
    done = mend(again, path)
    new = again / done.made
    (old,) = warcs(folder)
    half = folder / f"{done.made}~instead-of~{name}"
    half.write_bytes(new.read_bytes()[:500])
    rebuild(folder, LATER, print)
    assert not half.exists()
    assert defects(folder) == []
    (folder / "quarantine").mkdir()
    (again / done.kept).rename(folder / "quarantine" / f"{name}.damaged")
    old.unlink()
    half.write_bytes(new.read_bytes())
    rebuild(folder, LATER, print)
    assert not half.exists()
    asyncio.run(reopened(folder))
    assert defects(folder) == []
    assert warcs(folder)[0].read_bytes() == new.read_bytes()


async def reopened(folder):
    one = await opened(folder, clock=SetClock(LATER))
    await one.aclose()


def outside(tmp_path, data, name=NAME):
    """(what repair did, the records of the new file) for a file by itself."""
    path = tmp_path / name
    path.write_bytes(data)
    done, documents = repair(path, tmp_path / "archive", NOW, "archiver/test")
    assert path.read_bytes() == data
    assert documents == ()
    return done, members(Path(done.made)) if done.made else None


def test_d1_to_d3_outside_of_an_archive(tmp_path):
    """A new file beside the old one, with every whole group; the zeros and the torn record are left out."""
    warc = sample()
    raws = [rec.raw for rec in warc.recs]
    done, found = outside(tmp_path, warc.data()[:-9] + bytes(4096))
    assert found == raws[:7]
    assert done.records == 7
    assert done.orphans
    assert members(Path(done.orphans)) == raws[7:9]


def test_d8_a_gzip_member_for_all(tmp_path):
    """Each record gets one of its own, and the file is sound."""
    warc = sample()
    done, found = outside(tmp_path, member(builder.joined(warc.recs)))
    assert found == [rec.raw for rec in warc.recs]
    told: list[Finding] = []
    assert given.verify([Path(done.made)], told.append).defects == 0


def test_an_unpacked_file(tmp_path):
    """Records in no gzip member at all are packed; a broken one is left out."""
    recs = list(sample().recs)
    data = (
        builder.joined(recs[:4]) + builder.joined(recs[4:7]).replace(b"pieces", b"pierced") + builder.joined(recs[7:])
    )
    _, found = outside(tmp_path, data, "foreign.warc")
    assert [one for one in found if one in [rec.raw for rec in recs[:4] + recs[7:]]] == found[:4] + found[-3:]


def test_a_warc_within_a_damaged_picture(tmp_path):
    """A stranger's records, hidden in a picture's bytes, are not taken for ours when the picture's record is broken."""
    theirs = [rec.with_("WARC-Warcinfo-ID", record_id("theirs")) for rec in builder.plain(2, b"never said")]
    hidden = Warc([builder.warcinfo().with_("WARC-Record-ID", record_id("theirs")), *theirs]).data()
    warc = sample()
    picture = builder.plain(3, hidden)
    data = bytearray(warc.data())
    at = len(data)
    raw = picture[0].raw
    stored = stored_member(raw)
    data += stored + b"".join(member(rec.raw) for rec in picture[1:])
    data[at + 40] ^= 1
    done, found = outside(tmp_path, bytes(data))
    assert found == [rec.raw for rec in warc.recs]
    everything = b"".join(found) + b"".join(members(Path(done.orphans)) if done.orphans else [])
    assert b"never said" not in everything


def stored_member(raw):
    """``raw`` in a gzip member that does not compress, as pictures lie in ours."""
    pieces: list[bytes] = []
    packer = Stored(lambda data: pieces.append(bytes(data)))
    packer.write(raw)
    packer.flush()
    return b"".join(pieces)


def test_the_archive_is_sound_at_once(folder):
    """The new file is in the manifest, without another run, whatever else there is to be written."""
    (path,) = warcs(folder)
    damaged(path, (bounds(path)[-2] + bounds(path)[-1]) // 2)
    repair(path, folder, LATER, "archiver/test")
    assert defects(folder) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"hello\nworld\n" * 100, gzip.compress(b"hello", mtime=0), bytes(5000)],
    ids=["empty", "text", "gzip", "zeros"],
)
def test_what_is_no_warc_leaves_no_file(tmp_path, data):
    """It is damaged beyond repair."""
    path = tmp_path / "my.txt"
    path.write_bytes(data)
    with pytest.raises(Damaged, match="no whole WARC record"):
        repair(path, tmp_path / "archive", NOW, "x")
    assert list(tmp_path.iterdir()) == [path]


def test_an_earlier_repair_is_not_written_over(tmp_path):
    """The message names it, not the damaged file."""
    path = tmp_path / NAME
    path.write_bytes(sample().data()[:-9])
    done, _ = repair(path, tmp_path / "archive", NOW, "x")
    assert done.made
    before = Path(done.made).read_bytes()
    with pytest.raises(CannotCreate, match=re.escape(f"{done.made} is there already")):
        repair(path, tmp_path / "archive", NOW, "x")
    assert Path(done.made).read_bytes() == before


def test_what_can_not_be_repaired(tmp_path):
    """A file that is missing, or still grows."""
    with pytest.raises(NoInput):
        repair(tmp_path / "none.warc.gz", tmp_path, NOW, "x")
    growing = tmp_path / f"{NAME}.open"
    growing.touch()
    with pytest.raises(UsageError, match="not closed"):
        repair(growing, tmp_path, NOW, "x")
