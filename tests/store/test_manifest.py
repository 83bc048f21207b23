"""The chain of closed files."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from archiver.store.manifest import FILE_NAME, Entry, Manifest
from archiver.store.opening import Habits
from archiver.store.scan import read_records
from tests.store.tapes import NOW, link, names, opened, post, tape, warcs


def entry(file, **changed):
    """A line to be."""
    return Entry(file=file, bytes=10, sha256="00" * 32, records=2, closed_at=NOW, **changed)


def lines(folder):
    """The manifest's lines, each with the digest that the next one must name."""
    data = (folder / FILE_NAME).read_bytes()
    assert data.endswith(b"\n")
    return [(json.loads(line), f"sha256:{hashlib.sha256(line).hexdigest()}") for line in data.splitlines()]


def assert_chained(folder):
    """Numbered from 0, each line naming the one before."""
    prev = None
    for number, (said, digest) in enumerate(lines(folder)):
        assert (said["seq"], said["prev"]) == (number, prev)
        prev = digest


def reopened(folder):
    async def run():
        archive = await opened(folder)
        await archive.aclose()
        return archive.notes

    return asyncio.run(run())


async def saved(folder, files=3, **changed):
    """An archive of so many files, of one exchange each."""
    archive = await opened(folder, max_warc_bytes=1)
    for number in range(files):
        await archive.keep(tape(slot=str(number)))
    await archive.aclose()


async def test_every_closed_file_has_a_line(tmp_path):
    """Its length, digest, number of records and time; and each line the digest of the one before."""
    folder = tmp_path / "archive"
    await saved(folder)
    assert_chained(folder)
    for (said, _), path in zip(lines(folder), warcs(folder), strict=True):
        with path.open("rb") as file:
            records = len(list(read_records(file.fileno(), 0, path.stat().st_size)))
        assert said == {
            "seq": said["seq"], "prev": said["prev"], "event": "closed", "file": path.name,
            "bytes": path.stat().st_size, "sha256": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",
            "records": records, "closed_at": "2026-08-01T12:00:00.123456Z",
        }  # fmt: skip


async def test_a_further_run_adds_to_the_chain(tmp_path):
    """The lines before stay as they are."""
    folder = tmp_path / "archive"
    await saved(folder, 1)
    before = (folder / FILE_NAME).read_bytes()
    archive = await opened(folder)
    await archive.aclose()
    assert len(lines(folder)) == 1  # nothing was new
    archive = await opened(folder)
    await archive.add([post(), link()])
    await archive.aclose()
    assert (folder / FILE_NAME).read_bytes().startswith(before)
    assert len(lines(folder)) == 2
    assert_chained(folder)


def test_a_torn_last_line_is_cut(tmp_path):
    """At whatever byte it broke off; what was whole stays, and the next line goes on from it."""
    manifest = Manifest(tmp_path)
    for number in range(3):
        manifest.append(entry(f"{number}.warc.gz"))
    data = (tmp_path / FILE_NAME).read_bytes()
    whole = data.rindex(b"\n", 0, len(data) - 1) + 1
    for cut in range(whole, len(data) + 1):
        (tmp_path / FILE_NAME).write_bytes(data[:cut])
        manifest = Manifest(tmp_path)
        assert bool(manifest.notes) == (whole < cut < len(data))
        manifest.append(entry("next.warc.gz", event="repaired", more={"from": "0.warc.gz"}))
        assert_chained(tmp_path)
        assert len(lines(tmp_path)) == (4 if cut == len(data) else 3)
        assert lines(tmp_path)[-1][0]["from"] == "0.warc.gz"


def test_a_line_that_cannot_be_read_stays(tmp_path):
    """It is evidence: the chain goes on behind it, and somebody is told."""
    manifest = Manifest(tmp_path)
    manifest.append(entry("a.warc.gz"))
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b"noise\n")
    manifest = Manifest(tmp_path)
    assert "line 2" in manifest.notes[0]
    manifest.append(entry("b.warc.gz"))
    third = json.loads((tmp_path / FILE_NAME).read_bytes().splitlines()[2])
    assert (third["seq"], third["prev"]) == (2, f"sha256:{hashlib.sha256(b'noise').hexdigest()}")


@pytest.mark.parametrize(("kept", "said"), [(0, "is missing and begun anew: 2 closed files"), (1, ": 1 closed files")])
def test_what_is_not_listed_is_listed_at_the_next_start(tmp_path, kept, said):
    """With the digest that the catalog remembers of it, not one of what may have become of the file since."""
    folder = tmp_path / "archive"
    asyncio.run(saved(folder, 2))
    whole = (folder / FILE_NAME).read_bytes().splitlines(keepends=True)
    if kept:
        (folder / FILE_NAME).write_bytes(whole[0])
    else:
        (folder / FILE_NAME).unlink()
    assert [note for note in reopened(folder) if said in note]
    assert (folder / FILE_NAME).read_bytes().splitlines(keepends=True) == whole
    assert reopened(folder) == ()


async def test_a_link_in_its_place_is_not_followed(tmp_path):
    """Nothing outside the folder is ever written."""
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Manifest(tmp_path)


async def test_a_file_is_closed_when_nothing_is_written(tmp_path):
    """After the idle time; the next group begins another file, and both are listed."""
    folder = tmp_path / "archive"
    archive = await opened(folder, habits=Habits(max_idle_s=0.2))
    await archive.keep(tape(slot="0"))
    assert [name for name in names(folder) if name.endswith(".open")]
    await _until(lambda: not [name for name in names(folder) if name.endswith(".open")])
    await _until(lambda: (folder / FILE_NAME).exists() and len(lines(folder)) == 1)
    await archive.keep(tape(slot="1"))
    await archive.aclose()
    assert len(warcs(folder)) == len(lines(folder)) == 2
    assert_chained(folder)


async def test_trouble_with_closing_an_idle_file_is_not_forgotten(tmp_path):
    """Nobody waited for it, so whoever closes the archive is told."""
    folder = tmp_path / "archive"
    archive = await opened(folder, habits=Habits(max_idle_s=0.05))
    await archive.keep(tape())
    (path,) = warcs(folder)
    path.with_suffix("").write_bytes(b"in the way")
    assert archive._pen
    writer = archive._pen.writer
    await _until(lambda: writer._error is not None)
    with pytest.raises(Exception, match="there already"):
        await archive.aclose()


async def _until(true, most_s=5.0):
    async with asyncio.timeout(most_s):
        while not true():
            await asyncio.sleep(0.01)
