"""The catalog made anew from the WARCs alone."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from archiver.errors import AlreadyRunning, NoInput
from archiver.findings import Finding
from archiver.store.lock import Lock
from archiver.store.verify import archive
from archiver.store.verify.rebuild import rebuild
from tests.store.tapes import NOW, copied, names, opened, reply, tables, tape, warcs
from tests.store.verify.test_archive import fill


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive of two files with all kinds of content, closed in order."""
    folder = tmp_path_factory.mktemp("made") / "archive"

    async def make():
        for _ in range(2):
            one = await opened(folder)
            await fill(one)
            await one.aclose()
        with sqlite3.connect(folder / "catalog.sqlite") as connection:
            connection.execute("insert into memory values ('host', 't.co', '{}')")
            connection.execute("insert into postponed values ('post', 'x:20', 'then', 'later', 1, 'unreachable')")
        connection.close()

    asyncio.run(make())
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return copied(made, tmp_path / "archive")


@pytest.mark.parametrize("lost", ["missing", "empty", "damaged", "there"])
def test_equal_to_the_lost_one(folder, lost):
    """Every table, every row, every column; the WARCs are not touched, and the old catalog is kept."""
    before = tables(folder)
    assert all(before.values()), "every table has rows"
    bytes_before = {path: path.read_bytes() for path in warcs(folder)}
    path = folder / "catalog.sqlite"
    if lost == "missing":
        path.unlink()
    elif lost == "empty":
        path.write_bytes(b"")
    elif lost == "damaged":
        path.write_bytes(b"no database")
    found: list[Finding] = []
    checked, kept = rebuild(folder, NOW, found.append)
    assert (checked.defects, found) == (0, [])
    if lost != "there":  # what no record says is lost with the catalog
        before.update({"memory": [], "postponed": []})
    assert tables(folder) == before
    assert {path: path.read_bytes() for path in warcs(folder)} == bytes_before
    assert (kept is not None) == (lost in ("damaged", "there"))
    assert not [name for name in names(folder) if name.endswith(".rebuilding")]
    assert archive.verify(folder, found.append).defects == 0


def test_a_file_that_a_killed_run_left(folder):
    """What grows is left to the next opening, which takes it up: nothing is lost by a rebuild in between."""

    async def begin():
        one = await opened(folder)
        await one.keep(tape(reply(b"new"), slot="hop:new"))
        for path in warcs(folder):
            if path.name.endswith(".open"):
                (folder.parent / path.name).write_bytes(path.read_bytes())
        await one.aclose()

    before = copied(folder, folder.parent / "before")
    asyncio.run(begin())
    (left,) = folder.parent.glob("*.open")
    left.rename(before / left.name)
    rebuild(before, NOW, print)

    async def reopen():
        one = await opened(before)
        await one.aclose()
        return one.notes

    assert "took up 1 capture" in " ".join(asyncio.run(reopen()))
    assert "hop:new" in {row[1] for row in tables(before)["capture"]}


def test_behind_damage(folder):
    """What is whole behind a damaged record is in the catalog too."""
    path = warcs(folder)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(bytes(data))
    before = tables(folder)
    found: list[Finding] = []
    checked, _ = rebuild(folder, NOW, found.append)
    assert checked.defects > 0
    after = tables(folder)
    lost = set(before["capture"]) - set(after["capture"])
    assert len(lost) == 1
    assert after["post"] == before["post"]


def test_nobody_else_writes_meanwhile(folder):
    """Exit 75, and nothing has changed."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    lock = Lock.take(folder, NOW)
    with pytest.raises(AlreadyRunning):
        rebuild(folder, NOW, print)
    lock.release(clean=True)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.name != "lock"} == before


def test_no_archive(tmp_path):
    """Exit 66."""
    with pytest.raises(NoInput):
        rebuild(tmp_path, NOW, print)
