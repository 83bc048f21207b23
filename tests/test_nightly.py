"""``archiver nightly``, end to end: the real program, a loopback web over TLS, and what it leaves."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.nouns import Account, Page, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import Asked, Line, LoopbackWeb, reply
from tests.loopback.x_world import World
from tests.newsroom import Newsroom, Said
from tests.stories import Feed, embed, rss, story

ANNA = Account(handle="anna_example", name="Anna Example")
README = Path(__file__).parents[1] / "README.md"
POSTS = tuple(Post(post_id=snowflake(f"2024-03-0{n}T10:00:00.250Z"), by=ANNA, text=f"Post {n}.") for n in range(1, 7))


@pytest.fixture
def newsroom(tmp_path):
    """Opens a newsroom with these sources on the web of a world; closes the web afterwards."""
    webs = []

    def on(made: World, sources: str, *, nightly: str = "", **hosts) -> Newsroom:
        named = {name.replace("_", "."): host for name, host in hosts.items()}
        web = LoopbackWeb({**made.hosts(), **named}, folder=tmp_path).__enter__()
        webs.append(web)
        room = Newsroom(tmp_path, web)
        with room.config.open("a") as file:
            file.write(f"[nightly]\nmin_free_bytes = 0\n{nightly}\n{sources}")
        return room

    yield on
    for web in webs:
        web.__exit__()


def night(room: Newsroom, *words: str) -> dict[str, Any]:
    """The report of a night."""
    said = room.archiver("nightly", "--json", *words)
    assert said.out, said.err
    report: dict[str, Any] = json.loads(said.out)
    assert report["exit_code"] == said.code
    return report


def files(room: Newsroom) -> list[Path]:
    return sorted(room.archive.glob("*.warc.gz*"))


FRONT = '[[sources]]\nname = "front"\nfeed = "https://feeds.example/front"\n'


def test_a_night_takes_what_is_new_and_the_next_one_nothing(newsroom):
    """One conditional request, no WARC, no folder; the report says so."""
    feed = Feed("https://news.example/1?utm_source=rss", "https://news.example/2")
    world = World(posts=POSTS, pages=(story(1, POSTS[0]), story(2, POSTS[0], POSTS[1])))
    room = newsroom(world, FRONT, feeds_example=feed)
    first = night(room)
    assert (first["exit_code"], first["articles"]) == (0, {"announced": 2, "new": 2})
    assert first["sources"]["front"]["new"] == 2
    assert first["warcs"][0]["sha256"]
    asked, there = len(room.web.log), sorted(room.archive.iterdir())
    second = night(room)
    assert (second["exit_code"], second["requests"], second["warcs"]) == (0, 1, [])
    assert [one.url for one in room.web.log[asked:]] == ["https://feeds.example/front"]
    assert bytes(room.web.log[-1].sent).startswith(b"HTTP/1.1 304")
    assert sorted(room.archive.iterdir()) == there


def test_the_feed_that_named_an_article_is_kept(newsroom):
    """Its exchange lies in the WARC, and the article's document names it; an answer without news is not kept."""
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=feed)
    night(room)
    feed.body = rss(["https://news.example/1", "https://news.example/1#top"])
    assert night(room)["articles"] == {"announced": 0}
    kept = [headers for headers, _ in room.records("response") if "feeds.example" in headers["WARC-Target-URI"]]
    assert len(kept) == 1


def test_one_article_under_many_addresses_is_one(newsroom):
    """Tracking parameters and AMP at sight; a canonical link once the page is read, and only on its own site."""
    canonical = '<link rel="canonical" href="https://news.example/1">'
    stranger = '<link rel="canonical" href="https://other.example/1">'
    pages = (story(1, POSTS[0]), story(2, POSTS[0], head=canonical), story(3, POSTS[2], head=stranger))
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=pages), FRONT, feeds_example=feed)
    night(room)
    feed.body = rss(["https://news.example/1/amp", "http://www.news.example/1?fbclid=2", "https://news.example/2"])
    assert night(room)["articles"] == {"announced": 1, "known by another address": 1}
    feed.body = rss(["https://news.example/2", "https://news.example/3"])
    assert night(room)["articles"] == {"announced": 1, "new": 1}


def test_an_entry_is_looked_through_when_its_page_can_not_be_had(newsroom):
    """What the feed itself says is better than nothing; the page is tried again."""
    feed = Feed()
    feed.body = rss(["https://news.example/9"], embed(POSTS[0]))
    room = newsroom(World(posts=POSTS), FRONT, feeds_example=feed)
    report = night(room)
    assert report["exit_code"] == 1
    assert report["embeds"] == {"archived": 1}
    assert report["articles"]["from the feed"] == 1
    assert [row["status"] for row in room.archiver("list", "--json").rows] == ["archived"]


def test_a_broken_source_costs_itself(newsroom):
    """The others are read; the report names it, and the exit code is 1."""
    sources = FRONT + '[[sources]]\nname = "bad"\nfeed = "https://news.example/none"\n'
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), sources, feeds_example=feed)
    report = night(room)
    assert (report["exit_code"], report["articles"]["new"]) == (1, 1)
    assert report["sources"]["bad"]["state"] == "broken"
    assert "404" in report["sources"]["bad"]["said"]


def test_a_feed_that_is_empty_three_times_is_reported(newsroom):
    """Twice may be a quiet day."""
    feed = Feed("https://news.example/1")
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=feed)
    night(room)
    feed.body = rss([])
    states = [(report["exit_code"], report["sources"]["front"]["state"]) for report in (night(room) for _ in range(3))]
    assert states == [(0, "well"), (0, "well"), (1, "empty")]


def test_lists_maps_and_folders_are_sources_too(newsroom, tmp_path):
    """Lines, CSV columns, a sitemap index with a gzipped map, saved pages; each article once."""
    (tmp_path / "list.txt").write_text("https://news.example/1\n# none\n")
    (tmp_path / "list.csv").write_text("id,url\n1,https://news.example/2\n")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.html").write_bytes(story(9, POSTS[4]).body)
    index = b"<sitemapindex><sitemap><loc>/map.xml</loc></sitemap></sitemapindex>"
    urls = b"<urlset><url><loc>https://news.example/3</loc></url><url><loc>https://news.example/1</loc></url></urlset>"
    sources = """
[[sources]]
list = "list.txt"
[[sources]]
list = "list.csv"
column = "url"
[[sources]]
sitemap = "https://news.example/index.xml"
[[sources]]
folder = "saved"
"""
    pages = (
        *(story(n, POSTS[n]) for n in (1, 2, 3)),
        Page(url="https://news.example/index.xml", body=index, content_type="application/xml"),
        Page(url="https://news.example/map.xml", body=urls, content_type="application/xml"),
    )
    room = newsroom(World(posts=POSTS, pages=pages), sources)
    report = night(room)
    assert (report["exit_code"], report["articles"]["new"], report["embeds"]) == (0, 4, {"archived": 4})
    again = night(room)
    assert (again["articles"], again["embeds"], again["warcs"]) == ({"announced": 0}, {}, [])


def test_a_limit_ends_a_night_well_and_the_next_one_goes_on(newsroom):
    """Exit code 0, what is left is counted, and nothing is asked for twice."""
    feed = Feed(*(f"https://news.example/{n}" for n in range(1, 6)))
    pages = tuple(story(n, POSTS[n]) for n in range(1, 6))
    room = newsroom(World(posts=POSTS, pages=pages), FRONT, feeds_example=feed)
    with room.config.open() as file:
        text = file.read()
    room.config.write_text(text.replace("tries = 2", "tries = 2\nparallel = 1"))
    first = night(room, "--max-requests", "4")
    assert (first["exit_code"], first["stopped_by"]) == (0, "max-requests")
    assert first["waiting"]["article"] > 0
    second = night(room)
    assert (second["exit_code"], second["stopped_by"], second["waiting"]["article"]) == (0, None, 0)
    pages_asked = room.web.asked("news.example")
    assert sorted(pages_asked) == [f"/{n}" for n in range(1, 6)]


def test_a_second_run_says_who_holds_the_archive(newsroom):
    """Exit code 75; no report of it hides the other's."""
    room = newsroom(World(), FRONT, feeds_example=Feed())
    from datetime import UTC, datetime

    from archiver.store.lock import Lock

    room.archive.mkdir()
    held = Lock.take(room.archive, datetime.now(UTC))
    said = room.archiver("nightly", "--quiet")
    held.release(clean=True)
    assert said.code == 75
    assert "is in use by process" in said.err
    assert not (room.archive / "reports").exists()


def test_nobody_reachable_is_69(newsroom):
    """And quiet nights say why in a few lines."""
    room = newsroom(World(), FRONT, feeds_example=Feed())
    text = room.config.read_text()
    room.config.write_text(
        text.replace(room.web.connect_to_toml, '{ "*:443" = "127.0.0.1:9", "*:80" = "127.0.0.1:9" }')
    )
    said: Said = room.archiver("nightly", "--quiet")
    assert said.code == 69
    assert said.out == ""
    assert 0 < len(said.err.splitlines()) <= 20


def test_quiet_says_nothing_when_all_is_well(newsroom):
    """Not a byte, so that cron sends no mail."""
    room = newsroom(
        World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=Feed("https://news.example/1")
    )
    assert room.archiver("nightly", "--quiet") == Said(0, "", "")


def test_sigterm_ends_a_night_with_everything_finished_kept(newsroom):
    """Exit code 143, a report that says so, and the next night goes on."""

    async def slow(asked: Asked, line: Line) -> None:
        await asyncio.sleep(0.4)
        number = int(asked.path.strip("/"))
        await line.send(reply(200, story(number, POSTS[number % 6]).body, content_type="text/html"))

    feed = Feed(*(f"https://slow.example/{n}" for n in range(1, 40)))
    room = newsroom(World(posts=POSTS), FRONT, nightly="grace_s = 5", feeds_example=feed, slow_example=slow)
    running = room.start("nightly", "--json")
    while len(room.web.asked("slow.example")) < 18:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 143, err
    report = json.loads(out)
    assert (report["stopped_by"], report["articles"]["new"] >= 16) == ("SIGTERM", True)
    asked = room.web.asked("slow.example")
    assert night(room)["exit_code"] == 0
    assert sorted(room.web.asked("slow.example")) == sorted(f"/{n}" for n in range(1, 40))
    assert len(asked) < 39


def test_the_readmes_crontab_line_works_in_crons_empty_environment(newsroom):
    """No HOME, no PATH, no locale: not a byte, exit code 0."""
    room = newsroom(
        World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, feeds_example=Feed("https://news.example/1")
    )
    (line,) = re.findall(
        r'echo "30 2 \* \* \*  \$PWD/\.venv/bin/archiver (--config) \S+ (.*)"\)', README.read_text("utf-8")
    )
    program = Path(sys.executable).with_name("archiver")
    done = subprocess.run(
        [program, line[0], room.config, *line[1].split()], env={}, cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((room.archive / "reports").glob("latest.json"))


def test_whoever_wants_to_hear_of_a_night_does(newsroom, tmp_path):
    """The switch at start and end with the report's head, the metrics, and the command that gets the news."""
    heard: list[tuple[str, bytes]] = []

    async def switch(asked: Asked, line: Line) -> None:
        heard.append((asked.path, asked.raw.partition(b"\r\n\r\n")[2]))
        await line.send(reply(200, b"OK"))

    news = tmp_path / "news.txt"
    program = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    command = json.dumps([sys.executable, "-c", program, str(news)])
    nightly = f'metrics_file = "a.prom"\nnews_command = {command}\nposts_days = [0.00003]\n'
    feed = Feed("https://news.example/1")
    hosts = {"feeds_example": feed, "127_0_0_1": switch}
    room = newsroom(World(posts=POSTS, pages=(story(1, POSTS[0]),)), FRONT, nightly=nightly, **hosts)
    text = room.config.read_text().replace(
        "[nightly]", f'[nightly]\nping_url = "http://127.0.0.1:{room.web.plain_port}/u"'
    )
    room.config.write_text(text)
    night(room)
    assert [path for path, _ in heard] == ["/u/start", "/u/0"]
    assert heard[1][1].startswith(b"night ")
    assert "archiver_exit_code 0\n" in (tmp_path / "a.prom").read_text()
    assert not news.exists()
    time.sleep(2.7)
    gone = dataclasses.replace(POSTS[0], scenario=SCENARIOS["deleted"])
    room.web.hosts |= {**World(posts=(gone,)).hosts(), "feeds.example": feed, "127.0.0.1": switch}
    report = night(room)
    assert report["posts"].get("gone") == 1, report
    assert news.read_text().startswith("1 post gone:\n  https://x.com/anna_example/status/")
    assert "quoted by https://news.example/1" in news.read_text()


def test_a_second_signal_ends_a_night_at_once(newsroom):
    """Exit code 130 for SIGINT, with a report; what was under way is due again."""

    async def silent(asked: Asked, line: Line) -> None:
        await asyncio.sleep(60)

    feed = Feed(*(f"https://slow.example/{n}" for n in range(1, 4)))
    room = newsroom(World(posts=POSTS), FRONT, nightly="grace_s = 50", feeds_example=feed, slow_example=silent)
    running = room.start("nightly", "--json")
    while len(room.web.asked("slow.example")) < 3:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    time.sleep(1.5)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130, err
    report = json.loads(out)
    assert (report["stopped_by"], report["waiting"]["article"]) == ("SIGINT", 3)


def test_a_feed_that_leads_to_no_address_is_broken(newsroom):
    """Whatever its redirect says."""
    room = newsroom(World(), FRONT, feeds_example=Feed())
    feed = Feed()
    feed.answer = reply(302, b"", ("Location", "http://["))
    room.web.hosts["feeds.example"] = feed
    report = night(room)
    assert (report["exit_code"], report["sources"]["front"]["state"]) == (69, "broken")
