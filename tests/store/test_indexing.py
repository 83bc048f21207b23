"""CDXJ made as files close, by whatever way they do."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from contextlib import nullcontext

import pytest

from archiver.findings import Finding
from archiver.store import indexes, indexing
from archiver.store.opening import Habits
from archiver.store.verify import archive as verifying
from tests.store.tapes import NOW, names, opened, post, reply, tape, warcs

KEPT = Habits(cdxj=True)


def indexed(folder):
    """The closed WARCs that have an index."""
    return sorted(path.name.removesuffix(indexes.SUFFIX) for path in (folder / indexes.FOLDER).glob("*"))


def closed(folder):
    return [path.name for path in warcs(folder) if path.suffix == ".gz"]


def codes(folder):
    found: list[Finding] = []
    verifying.verify(folder, found.append)
    return [(one.level, one.code) for one in found]


async def filled(folder, **changed):
    archive = await opened(folder, habits=KEPT, **changed)
    for n in range(3):
        await archive.keep(tape(reply(b"a page " * 50), url=f"https://a.example/{n}", slot=str(n)))
    return archive


async def test_every_file_has_its_index_at_the_end(tmp_path):
    """Those that were rolled over, too; what an index says is what `archiver index` would make."""
    archive = await filled(tmp_path, max_warc_bytes=1_000)
    await archive.aclose()
    assert len(closed(tmp_path)) == 3
    assert indexed(tmp_path) == closed(tmp_path)
    assert codes(tmp_path) == []


async def test_a_file_that_is_closed_meanwhile_has_its_index_soon(tmp_path):
    """Not only at the run's end."""
    archive = await filled(tmp_path, max_warc_bytes=1_000)
    done = threading.Event()
    assert archive._pen is not None
    assert archive._pen.indexing is not None
    archive._pen.indexing._thread.submit(done.set)
    assert done.wait(30)
    assert len(indexed(tmp_path)) == 2
    await archive.aclose()


async def test_what_a_killed_run_left_without_is_made_by_the_next(tmp_path):
    """Between the close of a file and its index, and of a file that recovery closes."""
    archive = await filled(tmp_path, max_warc_bytes=1_000)
    await archive.aclose()
    gone, growing, *_ = sorted((tmp_path / indexes.FOLDER).iterdir())
    gone.unlink()
    growing.unlink()
    path = tmp_path / growing.name.removesuffix(indexes.SUFFIX)
    path.rename(f"{path}.open")
    assert ("note", "cdxj-lacks") in codes(tmp_path)
    await (await opened(tmp_path, habits=KEPT)).aclose()
    assert indexed(tmp_path) == closed(tmp_path)
    assert len(indexed(tmp_path)) == 3


async def test_of_an_old_archive_only_the_newest_files_are_made(tmp_path, caplog):
    """As many as a minute allows; the rest is said."""
    await (await filled(tmp_path, max_warc_bytes=1_000)).aclose()
    for path in (tmp_path / indexes.FOLDER).iterdir():
        path.unlink()
    keeping = indexing.Indexing(tmp_path)
    keeping.catch_up(most_bytes=1)
    await keeping.aclose()
    assert indexed(tmp_path) == closed(tmp_path)[-1:]
    assert "2 older WARCs have no CDXJ index yet" in caplog.text


async def test_who_is_in_a_hurry_waits_for_no_index(tmp_path):
    """It is left to the next run, and nothing half made is there."""
    archive = await filled(tmp_path)
    await archive.aclose(hurry=True)
    assert indexed(tmp_path) in ([], closed(tmp_path))
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(indexes.Stopped):
        indexes.write(tmp_path, closed(tmp_path)[0], io.StringIO(), stopped)


@pytest.mark.parametrize("stops", [False, True])
async def test_an_index_too_large_to_sort_in_memory_goes_through_files(tmp_path, monkeypatch, stops):
    """The lines are the same, and nothing is left of those files, also by one who stops."""
    folder, passing = tmp_path / "warcs", tmp_path / "passing"
    folder.mkdir()
    passing.mkdir()
    await (await filled(folder)).aclose()
    (name,) = closed(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    wanted, made = io.StringIO(), io.StringIO()
    indexes.write(folder, name, wanted)
    with pytest.raises(indexes.Stopped) if stops else nullcontext():
        indexes.write(folder, name, made, _AtTheEnd() if stops else None, most_sorted=1)
    assert stops or (made.getvalue() == wanted.getvalue() and len(wanted.getvalue().splitlines()) > 1)
    assert list(passing.iterdir()) == []


class _AtTheEnd(threading.Event):
    """Set once a small file was read, and before its end was seen."""

    def is_set(self):
        was_set = super().is_set()
        self.set()
        return was_set


async def test_a_purge_makes_the_index_anew(tmp_path):
    """Nothing of what went is in it."""
    archive = await opened(tmp_path, habits=KEPT)
    await archive.keep(tape(reply(b"a post"), url="https://cdn.example/20", slot="x:20", why="post"))
    await archive.keep(tape(reply(b"a page"), url="https://a.example/", slot="a"))
    await archive.add([post()])
    await archive.decide("x:20", "purge", "asked")
    await archive.aclose()
    held = b"".join(path.read_bytes() for path in (tmp_path / indexes.FOLDER).iterdir())
    assert (b"cdn.example" in held, b"a.example" in held) == (False, True)
    assert codes(tmp_path) == []


async def test_an_index_that_cannot_be_written_costs_nothing_else(tmp_path, caplog):
    """It is said, and everything is stored."""
    tmp_path.joinpath(indexes.FOLDER).touch()
    archive = await filled(tmp_path)
    await archive.aclose()
    assert "index could not be made" in caplog.text
    assert closed(tmp_path)


async def test_without_cdxj_indexer_it_is_said_once(tmp_path, monkeypatch, caplog):
    """With what to do, and the run goes on."""
    monkeypatch.setattr(indexes, "installed", lambda: False)
    await (await filled(tmp_path, max_warc_bytes=1_000)).aclose()
    assert caplog.text.count("pip install 'archiver[pack]'") == 1
    assert indexes.FOLDER not in names(tmp_path)


async def test_half_made_indexes_of_killed_runs_are_removed(tmp_path):
    """Once nobody can be at work on them any more."""
    await (await filled(tmp_path)).aclose()
    (name,) = indexed(tmp_path)
    old, young = (tmp_path / indexes.FOLDER / f".{name}.cdxj.{which}.part" for which in ("old", "young"))
    for path in (old, young):
        path.touch()
    os.utime(old, (NOW.timestamp() - 10**8,) * 2)
    await (await opened(tmp_path, habits=KEPT)).aclose()
    assert (old.exists(), young.exists()) == (False, True)
