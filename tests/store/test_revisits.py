"""What is held already is referred to."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from archiver.errors import Damaged
from archiver.model import Request
from archiver.store.opening import Habits
from archiver.store.records import IDENTICAL_PAYLOAD, SERVER_NOT_MODIFIED
from archiver.store.revisits import Rule
from tests.store.tapes import NOW, chunked, members, names, opened, plainly, record_at, reply, tables, tape, warcs

FIRST, SECOND = "https://pbs.twimg.com/media/a.jpg", "https://news.example/same.jpg"
BODY = bytes(range(256)) * 20
LATER = NOW + timedelta(days=1)


def of(url, sent, **changed):
    return tape(sent, url=url, slot=f"media:{url}", why="media", **changed)


def asked(url):
    return Request(url=url, why="media", slot=f"media:{url}")


def head_of(sent):
    return sent[: sent.index(b"\r\n\r\n") + 4]


async def test_the_same_payload_is_a_revisit(archive, tmp_path):
    """Its own head; all that the standard asks for of where the payload lies; and the digest of what was received."""
    first = await archive.keep(of(FIRST, reply(BODY, kind="image/jpeg")))
    again = reply(BODY, kind="image/jpeg", extra="X-Cache: HIT\r\n")
    second = await archive.keep(of(SECOND, again, started_at=LATER))
    headers, block = record_at(tmp_path / "archive", second.warc)
    said = dict(headers)
    assert block == head_of(again)
    assert {
        "WARC-Type": "revisit",
        "WARC-Target-URI": SECOND,
        "WARC-Date": "2026-08-02T12:00:00.123456Z",
        "WARC-Profile": IDENTICAL_PAYLOAD,
        "WARC-Refers-To": first.warc.record_id,
        "WARC-Refers-To-Target-URI": FIRST,
        "WARC-Refers-To-Date": "2026-08-01T12:00:00.123456Z",
        "WARC-Payload-Digest": first.payload_digest,
        "WARC-Truncated": "length",
        "Content-Type": "application/http; msgtype=response",
    }.items() <= said.items()
    assert (second.body, second.payload_bytes, second.payload_digest) == (BODY, len(BODY), first.payload_digest)
    assert record_at(tmp_path / "archive", first.warc)[1][-len(BODY) :] == BODY


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(
    "sent",
    [
        reply(BODY),
        chunked(BODY, BODY),
        reply(gzip.compress(BODY * 9, mtime=0), extra="Content-Encoding: gzip\r\n"),
        reply(bytes(2_000_000), kind="video/mp4"),
    ],
    ids=["plain", "chunked", "gzip", "large"],
)
async def test_a_revisit_is_read_through(tmp_path, sent, closed):
    """From the same file or another, an exchange is read back as it was kept: headers of its own, body of the first."""
    archive = await opened(tmp_path / "archive")
    await archive.keep(of(FIRST, sent))
    if closed:
        await archive.aclose()
        archive = await opened(tmp_path / "archive")
    kept = await archive.keep(of(SECOND, sent.replace(b"200 OK", b"200 Fine"), started_at=LATER))
    if closed:
        await archive.aclose()
        archive = await opened(tmp_path / "archive")
    recalled = await archive.recall(asked(SECOND))
    assert recalled is not None
    for field in kept.__slots__:
        if field != "replayed":
            assert getattr(recalled, field) == getattr(kept, field), field
    assert kept.warc.length_bytes < 1_000
    await archive.aclose()


async def test_at_the_same_time(tmp_path):
    """Of many at once, one is held in full, and it lies before all that refer to it, over several files too."""
    folder = tmp_path / "archive"
    archive = await opened(folder, max_warc_bytes=20_000)
    urls = [f"https://news.example/{number}" for number in range(40)]
    await asyncio.gather(*(archive.keep(of(url, reply(BODY))) for url in urls))
    await archive.aclose()
    kinds = [dict(plainly(one)[0])["WARC-Type"] for path in warcs(folder) for one in members(path)]
    captures = [kind for kind in kinds if kind in ("response", "revisit")]
    assert captures == ["response"] + ["revisit"] * 39
    assert len(warcs(folder)) > 1


@pytest.mark.parametrize(
    ("first", "second", "changed"),
    [
        (reply(b"x" * 999), reply(b"x" * 999), {}),
        (reply(BODY), reply(BODY[:-1]), {}),
        (reply(BODY), chunked(BODY), {}),
        (chunked(BODY), reply(BODY), {}),
        (chunked(BODY, BODY), chunked(BODY + BODY), {}),
        (reply(BODY), reply(BODY), {"cut": "disconnect"}),
    ],
    ids=["small", "another", "first plain", "first chunked", "other chunks", "cut"],
)
async def test_what_is_not_the_same_is_kept_in_full(archive, tmp_path, first, second, changed):
    """Another body, other framing, or one that broke off; and what is too small to be worth it."""
    await archive.keep(of(FIRST, first))
    kept = await archive.keep(of(SECOND, second, **changed))
    headers, block = record_at(tmp_path / "archive", kept.warc)
    assert (dict(headers)["WARC-Type"], block) == ("response", second)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Rule(on=False), "response"),
        (Rule(least_bytes=len(BODY) + 1), "response"),
        (Rule(least_bytes=len(BODY)), "revisit"),
    ],
)
async def test_the_rule_is_the_users(tmp_path, rule, kind):
    """Off, or from a size on."""
    archive = await opened(tmp_path / "archive", habits=Habits(revisits=rule))
    await archive.keep(of(FIRST, reply(BODY)))
    kept = await archive.keep(of(SECOND, reply(BODY)))
    assert dict(record_at(tmp_path / "archive", kept.warc)[0])["WARC-Type"] == kind
    await archive.aclose()


async def test_an_answer_that_broke_off_is_no_original(archive, tmp_path):
    """Nor is a revisit: the third capture refers to the first whole one."""
    await archive.keep(of("https://news.example/cut", reply(BODY), cut="length"))
    first = await archive.keep(of(FIRST, reply(BODY)))
    await archive.keep(of(SECOND, reply(BODY)))
    third = await archive.keep(of("https://news.example/third", reply(BODY)))
    headers, _ = record_at(tmp_path / "archive", third.warc)
    assert dict(headers)["WARC-Refers-To"] == first.warc.record_id


NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'


def page(sent, *, minute=0, conditions=(), **changed):
    url, slot = "https://news.example/feed", f"feed@{minute}"
    request = Request(url=url, why="article", slot=slot, conditions=conditions)
    return tape(sent, url=url, request=request, started_at=NOW + timedelta(minutes=minute), **changed)


async def test_a_304_to_a_condition_refers_to_what_still_holds(archive, tmp_path):
    """To the newest whole 200 of the same URL, in full where that is a revisit itself; the answer stays a 304."""
    first = await archive.keep(page(reply(BODY)))
    await archive.keep(page(reply(BODY), minute=1))
    await archive.keep(page(reply(b"oops", status="500 Oops"), minute=2))
    conditions = (("If-None-Match", '"1"'),)
    kept = await archive.keep(page(NOT_MODIFIED, minute=3, conditions=conditions))
    headers, block = record_at(tmp_path / "archive", kept.warc)
    said = dict(headers)
    assert (said["WARC-Type"], said["WARC-Profile"], block) == ("revisit", SERVER_NOT_MODIFIED, NOT_MODIFIED)
    assert said["WARC-Refers-To"] == first.warc.record_id
    assert said["WARC-Refers-To-Date"] == "2026-08-01T12:00:00.123456Z"
    assert not {"WARC-Truncated", "WARC-Payload-Digest"} & said.keys()
    recalled = await archive.recall(Request(url=kept.url, why="article", slot="feed@3"))
    assert recalled
    assert (recalled.status, recalled.body, recalled.payload_digest) == (304, b"", kept.payload_digest)


async def test_a_304_refers_to_the_answer_whose_validators_were_sent(archive, tmp_path):
    """Not to a later one of the same URL, which another look got."""
    first = await archive.keep(page(reply(BODY)))
    await archive.keep(page(reply(BODY + b"edited"), minute=1))
    asked = page(NOT_MODIFIED, minute=2, conditions=(("If-None-Match", '"1"'),))
    asked = replace(asked, request=replace(asked.request, held=first.warc.record_id))
    kept = await archive.keep(asked)
    assert dict(record_at(tmp_path / "archive", kept.warc)[0])["WARC-Refers-To"] == first.warc.record_id


@pytest.mark.parametrize("conditions", [(), (("If-None-Match", '"1"'),)])
async def test_a_304_about_nothing_known_is_an_answer_like_others(archive, tmp_path, conditions):
    """Unasked for, or about what the archive never had."""
    if not conditions:
        await archive.keep(page(reply(BODY)))
    kept = await archive.keep(page(NOT_MODIFIED, minute=3, conditions=conditions))
    assert dict(record_at(tmp_path / "archive", kept.warc)[0])["WARC-Type"] == "response"


async def test_a_catalog_made_anew_knows_revisits(tmp_path):
    """Every table comes back equal, and the next capture of the payload is a revisit again."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    for number, sent in enumerate((reply(BODY), chunked(BODY, b"end"), reply(BODY))):
        for host in ("a", "b"):
            await archive.keep(of(f"https://{host}.example/{number}", sent + b"behind"))
    await archive.keep(page(reply(BODY)))
    await archive.keep(page(NOT_MODIFIED, minute=1, conditions=(("If-None-Match", '"1"'),)))
    await archive.aclose()
    before = tables(folder)
    for name in names(folder):
        if name.startswith("catalog"):
            (folder / name).unlink()
    archive = await opened(folder)
    assert tables(folder) == before
    kept = await archive.keep(of(SECOND, chunked(BODY, b"end")))
    assert kept.warc.length_bytes < 1_000
    recalled = await archive.recall(asked(SECOND))
    assert recalled
    assert recalled.body == BODY + b"end"
    await archive.aclose()


async def test_a_damaged_original_is_noticed(archive, tmp_path):
    """A revisit whose payload is not what it was can't be read back."""
    first = await archive.keep(of(FIRST, reply(BODY, kind="image/jpeg")))
    await archive.keep(of(SECOND, reply(BODY, kind="image/jpeg")))
    path = warcs(tmp_path / "archive")[0]
    data = bytearray(path.read_bytes())
    data[first.warc.offset_bytes + first.warc.length_bytes - 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        await archive.recall(asked(SECOND))


async def test_warcio_finds_nothing_wrong_with_revisits(tmp_path):
    """Its check reads every digest."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    await archive.keep(of(FIRST, reply(BODY)))
    await archive.keep(of(SECOND, reply(BODY)))
    await archive.keep(page(reply(BODY)))
    await archive.keep(page(NOT_MODIFIED, minute=1, conditions=(("If-None-Match", '"1"'),)))
    await archive.aclose()
    (path,) = warcs(folder)
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in done.stdout.splitlines() if "fail" in line] == []
    assert done.returncode == 0
