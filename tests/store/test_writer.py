"""Group commit."""

from __future__ import annotations

import asyncio
import os

import pytest

from archiver.errors import StoreError
from archiver.model import Request
from archiver.store.archive import Archive
from archiver.store.writer import Writer
from tests.store.tapes import (
    names,
    opened,
    post,
    record_at,
    reply,
    tables,
    tape,
    warcs,
)

URL, SLOT = "https://t.co/X9DJa7awAM", "link:https://t.co/X9DJa7awAM"
ASK = Request(url=URL, why="hop", slot=SLOT)


def writer_of(archive: Archive) -> Writer:
    """The thread's other half."""
    assert archive._pen
    return archive._pen.writer


@pytest.mark.parametrize(("spare", "files"), [(0, 2), (-1, 2), (1, 1)])
async def test_a_file_that_is_long_enough_is_closed(tmp_path, spare, files):
    """At the limit, one below, one above; no group is split, every name is new, and all is one archive."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    await archive.keep(tape(slot="0"))
    writer_of(archive)._max_warc_bytes = warcs(folder)[0].stat().st_size + spare
    await archive.keep(tape(slot="1"))
    assert len(warcs(folder)) == files
    assert len([name for name in names(folder) if name.endswith(".open")]) == 1
    await archive.aclose()
    assert all(closed for _, _, closed, _ in tables(folder)["warc"])
    archive = await opened(folder)
    assert archive.notes == ()
    for slot in ("0", "1"):
        assert await archive.recall(Request(url=URL, why="hop", slot=slot))
    await archive.aclose()


async def test_many_at_once(tmp_path):
    """Concurrent callers share syncs; each gets its own bytes, also while files change."""
    archive = await opened(tmp_path / "archive", max_warc_bytes=20_000)
    bodies = [b"body %d " % number * 100 for number in range(120)]
    kept = await asyncio.gather(*(archive.keep(tape(reply(body), slot=str(n))) for n, body in enumerate(bodies)))
    assert [one.body for one in kept] == bodies
    await archive.aclose()
    for exchange, body in zip(kept, bodies, strict=True):
        assert record_at(tmp_path / "archive", exchange.warc)[1] == reply(body)
    assert len(warcs(tmp_path / "archive")) > 3


async def test_a_cancelled_caller_leaves_its_bytes(archive):
    """Whether its group waits, or reads from a spool that is closed right after."""
    for raw in (reply(), reply(bytes(3_000_000), kind="video/mp4")):
        one, writer = tape(raw, slot=str(len(raw)), spooled=True), writer_of(archive)
        task = asyncio.create_task(archive.keep(one))
        while not writer._running:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        one.received.close()
        await archive.keep(tape(slot="after"))
    for size in (len(reply()), len(reply(bytes(3_000_000), kind="video/mp4"))):
        assert await archive.recall(Request(url=URL, why="hop", slot=str(size)))


async def test_after_a_failed_write_nothing_more_is_taken(tmp_path):
    """No second try: the first error is everybody's, what was kept before stays, and closing still works."""
    archive = await opened(tmp_path / "archive")
    await archive.keep(tape(slot="before"))
    file = writer_of(archive)._file
    assert file
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file._fd)
    os.close(full)
    results = await asyncio.gather(*(archive.keep(tape(slot=str(n))) for n in range(3)), return_exceptions=True)
    assert ["the disk is full" in str(one) for one in results] == [True] * 3
    with pytest.raises(StoreError, match="the disk is full"):
        await archive.add([post()])
    await archive.aclose()
    archive = await opened(tmp_path / "archive")
    assert await archive.recall(Request(url=URL, why="hop", slot="before"))
    assert await archive.recall(Request(url=URL, why="hop", slot="0")) is None
    await archive.aclose()


async def test_nothing_written_leaves_nothing(tmp_path):
    """No empty WARC."""
    archive = await opened(tmp_path / "archive")
    await archive.aclose()
    assert names(tmp_path / "archive") == ["catalog.sqlite", "lock"]
