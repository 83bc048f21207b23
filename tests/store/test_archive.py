"""The archive as the rest of the program uses it."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time

import pytest

from archiver.errors import AlreadyRunning, BadReply, CannotCreate, Damaged, NoInput, StoreError
from archiver.model import PostRef, Request
from archiver.store.archive import Archive
from tests.loopback.wire_cases import BY_NAME
from tests.store.tapes import (
    NOW,
    article,
    chunked,
    link,
    members,
    names,
    opened,
    outcome,
    plainly,
    post,
    record_at,
    reply,
    tape,
    warcs,
)

URL, SLOT = "https://t.co/X9DJa7awAM", "link:https://t.co/X9DJa7awAM"
ASK = Request(url=URL, why="hop", slot=SLOT)


async def test_what_is_kept_is_returned_and_durable(archive, tmp_path):
    """The exchange says what came, and its reference names the response's exact bytes."""
    raw = reply(gzip.compress(b"hello"), extra="Content-Encoding: gzip\r\n")
    exchange = await archive.keep(tape(raw))
    headers, block = record_at(tmp_path / "archive", exchange.warc)
    assert block == raw
    assert dict(headers)["WARC-Record-ID"] == exchange.warc.record_id
    assert (exchange.status, exchange.body, exchange.media_type, exchange.cut) == (200, b"hello", "text/html", None)
    assert dict(headers)["WARC-Payload-Digest"] == exchange.payload_digest
    assert exchange.payload_bytes == len(gzip.compress(b"hello"))
    assert (exchange.peer, exchange.started_at, exchange.elapsed_s) == ("192.0.2.7", NOW, 0.25)
    assert not exchange.replayed


async def test_a_broken_answer_is_stored_before_its_error_is_raised(archive, tmp_path):
    """The bytes are evidence, whatever they are; there is nothing to recall."""
    with pytest.raises(BadReply, match="Content-Length"):
        await archive.keep(tape(BY_NAME["dupclbad"].sent))
    with pytest.raises(BadReply, match="no complete response head"):
        await archive.keep(tape(b"HTTP/1.1 200 OK\r\nConte", cut="disconnect"))
    assert await archive.recall(ASK) is None
    blocks = [plainly(member)[1] for member in members(warcs(tmp_path / "archive")[0])]
    assert BY_NAME["dupclbad"].sent in blocks
    assert b"HTTP/1.1 200 OK\r\nConte" in blocks


async def test_documents_are_known_once_they_are_added(archive, tmp_path):
    """In the WARC under their URIs, in the catalog by their keys."""
    refs = await archive.add([post(), link(), article(outcomes=(outcome(),))])
    found = [dict(record_at(tmp_path / "archive", ref)[0])["WARC-Target-URI"] for ref in refs]
    assert found == ["urn:archiver:post:x:20", "urn:archiver:link:https://t.co/X9DJa7awAM",
                     "urn:archiver:article:https://news.example/a"]  # fmt: skip
    assert archive.post(PostRef(platform="x", post_id="20")) == post().body
    assert archive.link("https://t.co/X9DJa7awAM") == link().body
    assert archive.article("https://news.example/a")["outcomes"] == [outcome()]
    assert await archive.add([]) == ()


async def test_a_local_file_is_kept_once(archive, tmp_path):
    """Also when two ask at the same time."""
    uri = "urn:archiver:file:sha256:00"
    refs = await asyncio.gather(*(archive.add_file(uri, b"An article.", "text/plain") for _ in range(3)))
    assert len(set(refs)) == 1
    headers, block = record_at(tmp_path / "archive", refs[0])
    assert (dict(headers)["WARC-Type"], block) == ("resource", b"An article.")
    assert await archive.add_file(uri, b"An article.", "text/plain") == refs[0]


async def test_the_file_is_a_good_warc(tmp_path):
    """By gzip and by warcio, but for the digest of chunked bodies, which warcio takes with their framing."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    for number, case in enumerate(("plain", "gzip", "hints103", "redir", "nocontent", "extrajunk", "lfonly")):
        await archive.keep(tape(BY_NAME[case].sent, slot=str(number)))
    await archive.keep(tape(reply(bytes(200_000), kind="image/png"), slot="media"))
    await archive.add([post(), article()])
    await archive.add_file("urn:archiver:file:sha256:00", b"An article.", "text/plain")
    await archive.aclose()
    (path,) = warcs(folder)
    subprocess.run(["gzip", "-t", path], check=True, timeout=30)
    assert _check(path) == ""
    archive = await opened(folder)
    await archive.keep(tape(chunked(b"hello", b"archive"), slot="chunked"))
    await archive.aclose()
    assert _check(warcs(folder)[1]).count("digest failed") == 1
    assert "payload digest failed" in _check(warcs(folder)[1])
    first = dict(plainly(members(path)[0])[0])
    assert (first["WARC-Type"], first["WARC-Filename"]) == ("warcinfo", path.name)
    others = [dict(plainly(member)[0]) for member in members(path)[1:]]
    assert {one["WARC-Warcinfo-ID"] for one in others} == {first["WARC-Record-ID"]}


def _check(path):
    """What ``warcio check`` complains of."""
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "".join(line for line in done.stdout.splitlines() if "fail" in line)


async def test_only_one_writes(archive, tmp_path):
    """The second is told at once, or after the time that it would wait; or gets it when it becomes free."""
    with pytest.raises(AlreadyRunning, match="is in use by process"):
        await opened(tmp_path / "archive")
    began = time.monotonic()
    with pytest.raises(AlreadyRunning):
        await opened(tmp_path / "archive", wait_lock_s=0.3)
    assert time.monotonic() - began >= 0.3
    first = await opened(tmp_path / "other")
    second = asyncio.create_task(opened(tmp_path / "other", wait_lock_s=10))
    await asyncio.sleep(0.2)
    assert not second.done()
    await first.aclose()
    await (await second).aclose()


async def test_looking_works_while_somebody_writes(archive, tmp_path):
    """It sees what was committed, changes nothing, and cannot write."""
    folder = tmp_path / "archive"
    kept = await archive.keep(tape())
    with Archive.reading(folder) as looking:
        assert looking.article("https://news.example/a") is None
        await archive.add([article()])
        assert looking.article("https://news.example/a") == article().body
        recalled = await looking.recall(ASK)
        assert recalled
        assert recalled.warc == kept.warc
        for write in (looking.add([post()]), looking.add_file("urn:x", b"", ""), looking.keep(tape())):
            with pytest.raises(StoreError, match="not open for writing"):
                await write


async def test_looking_at_a_closed_archive_creates_nothing(tmp_path):
    """Not even for a moment that somebody could see."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    await archive.add([article()])
    await archive.aclose()
    before = names(folder)
    with Archive.reading(folder) as looking:
        assert [row["key"] for row in looking.articles()] == ["https://news.example/a"]
        assert names(folder) == before
    assert names(folder) == before


async def test_looking_at_nothing(tmp_path):
    """No archive is an input that is not there; one without a catalog waits for the next writer."""
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(NoInput, match="no archive"), Archive.reading(folder):
            pass
    archive = await opened(tmp_path / "archive")
    await archive.add([article()])
    await archive.aclose()
    path = tmp_path / "archive" / "catalog.sqlite"
    path.write_bytes(b"noise" * 1000)
    with pytest.raises(Damaged, match="catalog"), Archive.reading(tmp_path / "archive"):
        pass
    path.unlink()
    with pytest.raises(Damaged, match="missing"), Archive.reading(tmp_path / "archive"):
        pass


async def test_a_folder_that_cannot_be(tmp_path):
    """Exit 73, in one line: below a file, or where nothing can be made."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("n" * 300)):
        with pytest.raises(CannotCreate) as caught:
            await opened(folder)
        assert caught.value.exit_code == 73
        assert "\n" not in str(caught.value)


async def test_a_catalog_that_proved_damaged_is_checked_at_the_next_start(tmp_path):
    """The lock file says that not all was well; so does one whose holder was killed."""
    folder = tmp_path / "archive"
    for damaged in (False, True):
        archive = await opened(folder)
        archive._rows.damaged = damaged
        await archive.aclose()
        assert bool((folder / "lock").read_bytes()) == damaged
        await archive.aclose()
