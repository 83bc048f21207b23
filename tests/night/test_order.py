"""A night's order: what waits for nobody, what is gone on with, what is counted once."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archiver import config
from archiver import night as nights
from archiver.cli.tonight import tonight
from archiver.night.aside import aside
from tests.loopback.nouns import Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import Asked, Line, reply
from tests.loopback.x_world import World
from tests.month import MovedClock
from tests.stories import Feed, embed, story
from tests.test_nightly import ANNA, FRONT, POSTS, night

FIRST = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
MAPS = '[[sources]]\nname = "maps"\nsitemap = "https://maps.example/s.xml"\n'


def dated(room, at: datetime, **limits) -> dict[str, Any]:
    """The report of a night at ``at``."""
    settings = config.load(room.config)
    return asyncio.run(tonight(settings, nights.Limits(**limits), clock=MovedClock(at), quiet=True))


def urlset(*urls: str) -> bytes:
    return reply(200, f"<urlset>{''.join(f'<url><loc>{one}</loc></url>' for one in urls)}</urlset>".encode(),
                 content_type="application/xml")  # fmt: skip


def test_a_slow_source_holds_up_nobody_and_is_read_on_where_a_limit_stopped_it(newsroom):
    """What another source names is taken meanwhile; maps that were read are known, and those that were not come first;
    the report names the source until it is read."""
    asked_for: list[str] = []

    async def maps(asked: Asked, line: Line) -> None:
        asked_for.append(asked.path)
        if asked.path == "/s.xml":
            below = "".join(f"<sitemap><loc>https://maps.example/{n}.xml</loc></sitemap>" for n in range(10))
            await line.send(
                reply(200, f"<sitemapindex>{below}</sitemapindex>".encode(), content_type="application/xml")
            )
            return
        await asyncio.sleep(0.5)
        await line.send(urlset("https://news.example/2"))

    pages = (story(1, POSTS[0]), story(2, POSTS[1]))
    room = newsroom(
        World(posts=POSTS, pages=pages), MAPS + FRONT, nightly="grace_s = 1", maps_example=maps,
        feeds_example=Feed("https://news.example/1"),
    )  # fmt: skip
    first = night(room, "--max-time", "3s")
    assert (first["exit_code"], first["stopped_by"], first["sources"]["maps"]["state"]) == (1, "max-time", "not read")
    assert (first["articles"]["new"] >= 1, first["articles"]["announced"]) == (True, 2)
    assert first["sources"]["maps"]["new"] == 1
    read = asked_for[1:]
    assert 0 < len(read) < 10
    asked_for.clear()
    second = night(room)
    assert (second["exit_code"], second["sources"]["maps"]["state"]) == (0, "well")
    assert set(asked_for[1 : 11 - len(read)]) & set(read[:-1]) == set()


def test_a_night_that_a_limit_kept_from_everything_is_no_success(newsroom):
    """Exit code 75, and what it left is due."""
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=feed)
    report = night(room, "--max-time", "0.000001s")
    assert (report["exit_code"], report["sources"]["front"]["state"], report["requests"]) == (75, "not read", 0)
    assert night(room)["exit_code"] == 0


def test_standard_input_that_nobody_closes_ends_with_the_limit(newsroom):
    """Also the program itself; what else there was to do is done."""
    sources = '[[sources]]\nname = "in"\nlist = "-"\n' + FRONT
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), sources, nightly="grace_s = 1", feeds_example=feed)
    command = [sys.executable, "-m", "archiver", "--config", str(room.config), "nightly", "--max-time", "3s"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin
        running.stdin.write(b"https://news.example/1\n")
        running.stdin.flush()
        assert running.wait(60) == 1
        assert running.stdout
        assert b"source in: not read" in running.stdout.read()


def test_what_blocks_holds_up_nobody():
    """Neither whoever gives it up, nor another."""
    closed = threading.Event()

    async def given_up() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(aside(closed.wait), 0.05)
        return await aside(lambda: 7)

    assert asyncio.run(given_up()) == 7
    closed.set()


def test_what_is_wrong_with_a_local_source_is_said_until_it_is_well(newsroom, tmp_path):
    """A list with a bad line, a folder with a WARC that can't be read: unchanged, and named in every report."""
    room = newsroom(
        World(posts=POSTS, pages=(story(1, POSTS[0]),)),
        '[[sources]]\nname = "list"\nlist = "l.txt"\n[[sources]]\nname = "folder"\nfolder = "saved"\n',
    )
    room.file("l.txt", "https://news.example/1\nno address\n")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.html").write_text(embed(POSTS[1]))
    (tmp_path / "saved" / "bad.warc.gz").write_bytes(b"\x1f\x8b no WARC")
    reports = [night(room) for _ in range(3)]
    assert [(r["exit_code"], {one["state"] for one in r["sources"].values()}) for r in reports] == [(1, {"broken"})] * 3
    assert [r["articles"].get("new", 0) for r in reports] == [2, 0, 0]
    room.file("l.txt", "https://news.example/1\n")
    (tmp_path / "saved" / "bad.warc.gz").unlink()
    assert {one["state"] for one in night(room)["sources"].values()} == {"well"}


@pytest.mark.parametrize("days", ["", "days = 2\n"])
def test_a_sitemap_that_is_empty_three_times_is_reported(newsroom, days):
    """Counted by what it holds now; one that holds only what is older than its window is not empty."""
    answer = {"now": urlset("https://news.example/1")}

    async def maps(asked: Asked, line: Line) -> None:
        await line.send(answer["now"])

    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), MAPS + days, maps_example=maps)
    old = b"<urlset><url><loc>https://news.example/1</loc><lastmod>2020-01-01</lastmod></url></urlset>"
    states = [night(room)["sources"]["maps"]["state"]]
    answer["now"] = reply(200, old, content_type="application/xml")
    states += [night(room)["sources"]["maps"]["state"] for _ in range(2)]
    answer["now"] = urlset()
    states += [night(room)["sources"]["maps"]["state"] for _ in range(3)]
    assert states == ["well", "well", "well", "well", "well", "empty"]


def test_a_night_does_not_wait_for_what_comes_due_in_minutes(newsroom):
    """It is the next night's."""
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=feed,
                    nightly="posts_days = [0.005]")  # fmt: skip
    night(room)
    again = night(room)
    assert (again["posts"], again["requests"], again["elapsed_s"] < 60) == ({}, 1, True)


def test_a_find_is_counted_once_a_night(newsroom):
    """However often its article is looked through, since two posts in it wait."""
    photos = [Photo(media_id=snowflake(f"2026-02-0{n}T09:00:00Z")) for n in (1, 2)]
    posts = [
        Post(post_id=snowflake(f"2026-02-0{n}T10:00:00.250Z"), by=ANNA, text=f"Post {n}.", photos=(photo,),
             pic=f"Pic000000{n}")
        for n, photo in enumerate(photos, start=1)
    ]  # fmt: skip

    async def down(asked: Asked, line: Line) -> None:
        await line.send(reply(503, b""))

    room = newsroom(World(posts=tuple(posts), pages=(story(1, *posts),)), FRONT, pbs_twimg_com=down,
                    feeds_example=Feed("https://news.example/1"))  # fmt: skip
    reports = [dated(room, FIRST + timedelta(days=on)) for on in range(2)]
    assert [(one["embeds"], one["failed"]) for one in reports] == [({"pending": 2}, {"pending": 2})] * 2


def test_a_clock_that_was_wrong_for_a_night_leaves_nothing_for_years(newsroom):
    """What was looked at in 2036 is due in 2026, and then on the days of its schedule."""
    feed, pages = Feed("https://news.example/1"), (story(1, POSTS[0]),)
    room = newsroom(World(posts=POSTS, pages=pages), FRONT, feeds_example=feed)
    dated(room, FIRST + timedelta(days=3650))
    gone = dataclasses.replace(POSTS[0], scenario=SCENARIOS["deleted"])
    room.web.hosts |= {**World(posts=(gone,), pages=pages).hosts(), "feeds.example": feed}
    first, second = (dated(room, FIRST + timedelta(days=on)) for on in range(2))
    assert (first["posts"], first["articles"].get("checked")) == ({"checked": 1, "gone": 1}, 1)
    assert second["posts"] == {"checked": 1}


def test_near_a_limit_of_requests_less_is_under_way(newsroom):
    """Articles of three requests exceed it by one of them at most, though sixteen hands are at work."""
    feed = Feed(*(f"https://news.example/{n}" for n in range(40)))
    pages = tuple(story(n, POSTS[n % 6]) for n in range(40))
    room = newsroom(World(posts=POSTS, pages=pages), FRONT, feeds_example=feed)
    report = night(room, "--max-requests", "10")
    assert (report["exit_code"], report["stopped_by"]) == (0, "max-requests")
    assert 10 <= report["requests"] <= 13
