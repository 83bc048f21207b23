"""The archive as the rest of the program uses it."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
import textwrap
import time
from datetime import timedelta

import pytest

from archiver.errors import AlreadyRunning, BadReply, CannotCreate, Damaged, NoInput, StoreError
from archiver.model import PostRef, Request
from archiver.store.archive import Archive
from archiver.store.writer import Writer
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
    reply,
    tables,
    tape,
    warcs,
)

URL, SLOT = "https://t.co/X9DJa7awAM", "link:https://t.co/X9DJa7awAM"
ASK = Request(url=URL, why="hop", slot=SLOT)


@pytest.fixture
async def archive(tmp_path):
    archive = await opened(tmp_path / "archive")
    yield archive
    await archive.aclose()


def writer_of(archive: Archive) -> Writer:
    """The thread's other half."""
    assert archive._pen
    return archive._pen.writer


def record_at(folder, ref):
    """(headers, block) of the record that a reference names."""
    path = folder / ref.file
    data = (path if path.exists() else path.with_name(f"{ref.file}.open")).read_bytes()
    return plainly(gzip.decompress(data[ref.offset_bytes : ref.offset_bytes + ref.length_bytes]))


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


@pytest.mark.parametrize("name", ["plain", "chunkedgz", "hints103", "duphdr", "http09", "redir", "notmod", "nocontent"])
@pytest.mark.parametrize("closed", [False, True])
async def test_what_is_recalled_equals_what_was_kept(tmp_path, name, closed):
    """Read back from the growing and from the closed file, an exchange differs in nothing but being replayed."""
    case = BY_NAME[name]
    archive = await opened(tmp_path / "archive")
    kept = await archive.keep(tape(case.sent, closed=case.end == "close"))
    if closed:
        await archive.aclose()
        archive = await opened(tmp_path / "archive")
    recalled = await archive.recall(ASK)
    assert recalled is not None
    assert recalled.replayed
    for field in (*kept.__slots__,):
        if field != "replayed":
            assert getattr(recalled, field) == getattr(kept, field), field
    await archive.aclose()


@pytest.mark.parametrize(
    ("changed", "recalled"),
    [
        ({}, True),
        ({"received": reply(status="404 Not Found")}, True),
        ({"received": reply(status="301 Moved", extra="Location: https://x.com/\r\n")}, True),
        ({"cut": "length"}, True),
        ({"cut": "time"}, False),
        ({"cut": "disconnect"}, False),
        ({"received": reply(status="429 Slow down")}, False),
        ({"received": reply(status="408 Timeout")}, False),
        ({"received": reply(status="425 Too Early")}, False),
        ({"received": reply(status="500 Oops")}, False),
        ({"received": reply(status="503 Later")}, False),
        ({"slot": "another"}, False),
        ({"url": "https://t.co/another"}, False),
    ],
)
async def test_what_need_not_be_asked_again(archive, changed, recalled):
    """Whole answers, or cut at our own limit; none that says "later"; and only of this slot and URL."""
    received = changed.pop("received", None)
    await archive.keep(tape(received, **changed))
    assert ((await archive.recall(ASK)) is not None) == recalled


async def test_the_newest_good_answer_is_recalled(archive):
    """A later failure does not hide an earlier answer."""
    for minute, body in ((0, b"old"), (1, b"new")):
        await archive.keep(tape(reply(body), started_at=NOW + timedelta(minutes=minute)))
    await archive.keep(tape(reply(status="503 Later"), started_at=NOW + timedelta(minutes=2)))
    assert (await archive.recall(ASK)).body == b"new"


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


@pytest.mark.parametrize(
    ("sent", "limit", "body", "problem"),
    [
        (reply(b"hello"), None, b"hello", None),
        (reply(b"hello"), 0, None, None),
        (reply(b"hello"), 4, None, "decodes to more than 4 bytes"),
        (reply(b"not gzip", extra="Content-Encoding: gzip\r\n"), None, None, "not what it says"),
    ],
)
async def test_bodies_are_decoded_within_limits(archive, sent, limit, body, problem):
    """``None`` when nobody asked or nobody can, with the reason; the same when it is recalled."""
    request = Request(url=URL, why="hop", slot=SLOT, max_decoded_bytes=limit)
    for exchange in (await archive.keep(tape(sent, request=request)), await archive.recall(request)):
        assert exchange.body == body
        assert (problem or "") in (exchange.body_problem or "")
        assert (problem is None) == (exchange.body_problem is None)


@pytest.mark.parametrize("limit", [None, 0, 100])
async def test_a_large_answer(archive, tmp_path, limit):
    """Spooled on the way in, streamed to the file, and read back; only as much as is asked for."""
    raw = chunked(*[bytes([number]) * 100_000 for number in range(30)])
    request = Request(url=URL, why="media", slot=SLOT, max_decoded_bytes=limit)
    one = tape(raw, request=request, spooled=True)
    kept = await archive.keep(one)
    one.received.close()
    assert record_at(tmp_path / "archive", kept.warc)[1] == raw
    recalled = await archive.recall(request)
    assert recalled.body == kept.body
    assert (len(recalled.body) if recalled.body else None) == (3_000_000 if limit is None else None)
    assert recalled.payload_bytes == 3_000_000
    assert recalled.headers == kept.headers


async def test_a_damaged_record_is_not_recalled(archive, tmp_path):
    """What does not have its digest any more is no answer."""
    kept = await archive.keep(tape())
    path = warcs(tmp_path / "archive")[0]
    data = bytearray(path.read_bytes())
    data[kept.warc.offset_bytes + kept.warc.length_bytes - 6] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=f"offset {kept.warc.offset_bytes:,}"):
        await archive.recall(ASK)


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


async def test_nothing_written_leaves_nothing(tmp_path):
    """No empty WARC."""
    archive = await opened(tmp_path / "archive")
    await archive.aclose()
    assert names(tmp_path / "archive") == ["catalog.sqlite", "lock"]


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
            with pytest.raises(StoreError, match="looking only"):
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


OPEN = """
    import asyncio, sys, time
    from pathlib import Path
    from archiver.errors import ArchiverError
    from tests.store.tapes import opened, tape, reply
    async def main():
        try:
            archive = await opened(Path(sys.argv[1]))
            for number in range(int(sys.argv[2])):
                await archive.keep(tape(reply(b"%d" % number * 5000), slot=f"{sys.argv[3]}-{number}"))
                print(number, flush=True)
            await archive.aclose()
        except ArchiverError as error:
            print(f"exit {error.exit_code}: {error} ({error.hint})", flush=True)
            if "archive" in locals():
                await archive.aclose()
    asyncio.run(main())
"""


def run(folder, count, tag="x", shell=""):
    """What another process says that keeps ``count`` exchanges, perhaps under a limit."""
    inner = f"{shell} exec {sys.executable} -c '{textwrap.dedent(OPEN)}' {folder} {count} {tag}"
    return subprocess.run(["sh", "-c", inner], capture_output=True, text=True, timeout=60, check=False)


def _unshare(mount, folder, count):
    """``run`` where ``folder`` is mounted as ``mount`` says, seen by that process alone."""
    inner = (
        f"{mount} && {sys.executable} -c '{textwrap.dedent(OPEN)}' {folder} {count} x; cp -a {folder}/. {folder}.out"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inner], capture_output=True, text=True, timeout=60, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    return done


def test_a_full_disk(tmp_path):
    """A7: exit 74 with what to do; what was said to be kept is there; with room again, the rest goes on."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "archive.out").mkdir()
    done = _unshare(f"mount -t tmpfs -o size=400k none {folder}", folder, 500)
    said = done.stdout.splitlines()
    assert said[-1].startswith("exit 74: the disk is full at ")
    assert "free some space and run again" in said[-1]
    kept = len(said) - 1
    assert kept > 0
    assert "exit" not in run(f"{folder}.out", 1, "after").stdout
    rows = tables(tmp_path / "archive.out")["capture"]
    assert kept <= len([row for row in rows if row[1].startswith("x-")]) <= kept + 1


def test_a_read_only_archive(tmp_path):
    """A14: exit 73, in one line."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "archive.out").mkdir()
    done = _unshare(f"mount -t tmpfs none {folder} && mount -o remount,ro {folder}", folder, 1)
    assert done.stdout.startswith("exit 73: the archive ")
    assert "Read-only" in done.stdout


def test_a_file_size_limit(tmp_path):
    """A16: exit 74; the next run finds everything that was said to be kept, and nothing else."""
    folder = tmp_path / "archive"
    done = run(folder, 500, shell="ulimit -f 100;")
    said = done.stdout.splitlines()
    assert said[-1].startswith("exit 74: ")
    assert "exit" not in run(folder, 1, "after").stdout
    slots = {row[1] for row in tables(folder)["capture"]}
    assert {f"x-{number}" for number in range(len(said) - 1)} <= slots


def test_kill_9_at_any_moment(tmp_path):
    """Ten times in one archive: nothing that was said to be kept is lost, nothing is there twice, every file is whole,
    and what was in a closed file stays as it was."""
    folder, said, bytes_before = tmp_path / "archive", set(), {}
    for number in range(10):
        command = [sys.executable, "-c", textwrap.dedent(OPEN), str(folder), "100000", str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                said.add(f"{number}-{line.strip()}")
                if number * 3 < int(line):
                    process.kill()
    assert "exit" not in run(folder, 1, "last").stdout
    slots = [row[1] for row in tables(folder)["capture"]]
    assert said <= set(slots)
    assert len(slots) == len(set(slots))
    assert not [name for name in names(folder) if name.endswith(".open")]
    ids = [dict(plainly(member)[0])["WARC-Record-ID"] for path in warcs(folder) for member in members(path)]
    assert len(ids) == len(set(ids)) == 3 * len(slots) + len(warcs(folder))
    bytes_before.update({path: path.read_bytes() for path in warcs(folder)})
    run(folder, 1, "once more")
    assert all(path.read_bytes() == data for path, data in bytes_before.items())


async def test_after_a_failed_write_nothing_more_is_taken(tmp_path):
    """No second try: the first error is everybody's, and the archive can still be closed."""
    archive = await opened(tmp_path / "archive")
    await archive.keep(tape())
    file = writer_of(archive)._file
    assert file
    os.close(file._fd)
    results = await asyncio.gather(*(archive.keep(tape(slot=str(n))) for n in range(3)), return_exceptions=True)
    assert all(isinstance(one, (StoreError, OSError)) for one in results)
    with pytest.raises(StoreError, match="nothing more is stored after an error"):
        await archive.add([post()])
    await archive.aclose()
