"""Who hears of a night, however it ended: the real program, a loopback web, commands that fail and signals."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver import config
from archiver import night as nights
from archiver.cli.tonight import tonight
from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import Asked, Line, LoopbackWeb, reply
from tests.loopback.x_world import World
from tests.month import MovedClock
from tests.newsroom import Newsroom
from tests.stories import Feed, rss, story

FRONT = '[[sources]]\nname = "front"\nfeed = "https://feeds.example/front"\n'
ANNA = Account(handle="anna_example", name="Anna Example")
POST = Post(post_id=snowflake("2024-03-01T10:00:00.250Z"), by=ANNA, text="Post 1.")
GONE = dataclasses.replace(POST, scenario=SCENARIOS["deleted"])


@pytest.fixture
def front(tmp_path):
    """A newsroom with one source, whose front page names one article, which quotes one post."""
    with LoopbackWeb({}, folder=tmp_path) as web:
        yield Front(tmp_path, web)


class Front(Newsroom):
    def __init__(self, folder: Path, web: LoopbackWeb) -> None:
        super().__init__(folder, web)
        self.feed = Feed("https://news.example/1")
        self.holds(POST)
        self.nightly("")

    def holds(self, post: Post) -> None:
        """The web is one with ``post`` from now on."""
        world = World(posts=(post,), pages=(story(1, post),))
        self.web.hosts = {**world.hosts(), "feeds.example": self.feed}

    def nightly(self, more: str) -> None:
        """``more`` lines of ``[nightly]``; each post is looked at again after two and a half seconds."""
        self.connect(self.web.connect_to_toml)
        with self.config.open("a") as file:
            file.write(f"[nightly]\nmin_free_bytes = 0\nposts_days = [0.00003]\n{more}\n{FRONT}")

    def night(self, *words: str) -> dict[str, Any]:
        said = self.archiver("nightly", "--json", *words)
        assert said.out, said.err
        report: dict[str, Any] = json.loads(said.out)
        return report

    def post_is_gone(self) -> None:
        """Saved in a first night; gone when it is looked at next."""
        self.night()
        time.sleep(2.7)
        self.holds(GONE)

    @property
    def latest(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.archive / "reports" / "latest.json").read_text())
        return report


def told(into: Path) -> str:
    """A command that adds the news to a file."""
    program = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read())"
    return f"news_command = {json.dumps([sys.executable, '-c', program, str(into)])}"


async def silent(asked: Asked, line: Line) -> None:
    await asyncio.sleep(60)


def test_what_a_killed_night_found_is_told_by_the_next(front, tmp_path):
    """Changes, counts, news, and the file that it had begun; once."""
    news = tmp_path / "news.txt"
    front.nightly(told(news))
    front.post_is_gone()
    front.feed.body = rss(["https://news.example/1", "https://slow.example/1"])
    front.web.hosts["slow.example"] = silent
    running = front.start("nightly", "--log-format", "json")
    for line in running.stderr:
        if '"message": "post' in line and "gone" in line:
            break
    running.kill()
    running.communicate()
    front.web.hosts["slow.example"] = Feed()
    before = front.latest["run"]
    said = front.archiver("report", "--json")
    assert (said.rows[0]["run"], "began" in said.err, "left no report" in said.err) == (before, True, True)
    assert "left no report" in front.archiver("doctor", "--offline").out
    assert "left no report" in front.archiver("report").out.splitlines()[0]
    assert not news.exists()
    front.feed.body = rss(["https://news.example/1"])
    report = front.night()
    (change,) = report["changes"]
    assert (change["what"], change["articles"], report["posts"]["gone"]) == ("gone", ["https://news.example/1"], 1)
    assert (report["told"]["changes"], report["told"]["problems"]) == (1, [])
    reports = [json.loads(one.read_text()) for one in (front.archive / "reports").glob("2*.json")]
    named = sorted(warc["file"] for one in reports for warc in one["warcs"])
    assert named == sorted(path.name for path in front.archive.glob("*.warc.gz"))
    assert news.read_text().startswith("1 post gone:")
    assert front.night()["changes"] == []
    assert news.read_text().count("gone") == 1
    assert front.archiver("report").out.startswith("night ")


def test_news_that_can_not_be_told_are_named_and_told_the_next_night(front, tmp_path):
    """With --quiet, too: a line, and exit code 1; the report of the next night does not repeat them, the news do."""
    front.nightly('news_command = ["sh", "-c", "echo no such user >&2; exit 3"]')
    front.post_is_gone()
    said = front.archiver("nightly", "--quiet")
    problem = "the news are told the next night: the news command ended with 3: no such user"
    assert (said.code, said.out, problem in said.err) == (1, "", True)
    assert (front.latest["exit_code"], front.latest["told"]["problems"]) == (1, [problem])
    news = tmp_path / "news.txt"
    front.nightly(told(news))
    report = front.night()
    assert (report["exit_code"], report["changes"], report["told"]["changes"]) == (0, [], 1)
    assert news.read_text().startswith("1 post gone:")


def test_a_signal_while_the_news_are_told_ends_them(front, tmp_path):
    """With all that the command started; the report and the exit code say the same, and the next night tells them."""
    pid = tmp_path / "pid"
    front.nightly(f'news_command = ["sh", "-c", "sleep 4321 & echo $! > {pid}; sleep 4321"]')
    front.post_is_gone()
    running = front.start("nightly", "--quiet")
    while not (pid.exists() and pid.read_text()):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    assert (running.returncode, front.latest["exit_code"], front.latest["stopped_by"]) == (143, 143, "SIGTERM")
    child = Path(f"/proc/{pid.read_text().strip()}/cmdline")
    assert not (child.exists() and child.read_bytes())
    news = tmp_path / "news.txt"
    front.nightly(told(news))
    front.night()
    assert news.read_text().startswith("1 post gone:")


def test_a_signal_during_the_first_ping_ends_the_night_with_a_report(front):
    """And at once: nothing was begun."""
    front.nightly(f'ping_url = "http://127.0.0.1:{front.web.plain_port}/u"')
    pinged: list[str] = []

    async def hangs(asked: Asked, line: Line) -> None:
        pinged.append(asked.path)
        await (asyncio.sleep(60) if asked.path == "/u/start" else line.send(reply(200, b"OK")))

    front.web.hosts["127.0.0.1"] = hangs
    running = front.start("nightly", "--quiet")
    while not pinged:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    assert (running.returncode, front.latest["exit_code"], front.latest["stopped_by"]) == (143, 143, "SIGTERM")
    assert pinged == ["/u/start", "/u/143"]


def test_a_ping_that_is_not_heard_is_said_and_costs_no_more(front):
    """In the report, and on standard error of a quiet night."""
    front.nightly('ping_url = "http://127.0.0.1:9/u"')
    said = front.archiver("nightly", "--quiet")
    assert (said.code, "at the end: the ping was not heard" in said.err) == (0, True)
    assert [one.partition(":")[0] for one in front.latest["told"]["problems"]] == ["at the start", "at the end"]


def test_a_night_without_room_is_74_and_the_doctor_knows_before(front):
    """75 is another run, and nothing else."""
    front.night()
    said = front.archiver("nightly", "--quiet", "--min-free", "900TB")
    assert (said.code, "nothing done for want of room, ended by min-free" in said.err) == (74, True)
    front.config.write_text(front.config.read_text().replace("min_free_bytes = 0", 'min_free_bytes = "900000 GB"'))
    states = {row["name"]: (row["state"], row["said"]) for row in front.archiver("doctor", "--offline", "--json").rows}
    assert (states["disk"][0], "nightly.min_free_bytes" in states["disk"][1]) == ("trouble", True)
    assert (states["nights"][0], "exit code 74 (min-free)" in states["nights"][1]) == ("trouble", True)


def test_a_report_that_can_not_be_kept_is_74(front):
    """What was archived is there; the doctor says why."""
    front.archive.mkdir()
    (front.archive / "reports").write_text("a file")
    said = front.archiver("nightly", "--quiet")
    assert (said.code, "no report" in said.err) == (74, True)
    assert [row["status"] for row in front.archiver("list", "--json").rows] == ["archived"]
    states = {row["name"]: row["state"] for row in front.archiver("doctor", "--offline", "--json").rows}
    assert states["reports"] == "trouble"


@pytest.mark.parametrize("strange", ["{", "{}", "[1]", '{"last_success_at":"x","sources":[1]}', "[" * 5_000, ""])
def test_a_strange_report_is_named_and_passed_over(front, strange):
    """By the report, the doctor, and the next night."""
    kept = front.archive / "reports"
    kept.mkdir(parents=True)
    fine = {"run": "20261101T000000Z-000000", "began_at": "", "ended_at": "2026-11-01T00:00:09+00:00", "exit_code": 0}
    fine |= {"elapsed_s": 9, "stopped_by": None, "error": None, "sources": {}, "failed": {}, "changes": [], "warcs": []}
    fine |= {"articles": {}, "embeds": {}, "posts": {}, "links": {}, "requests": 0, "waiting": {}, "resting": []}
    (kept / f"{fine['run']}.json").write_text(json.dumps(fine))
    (kept / "20261102T000000Z-abcdef.json").write_text(strange)
    (kept / "latest.json").write_text(strange)
    said = front.archiver("report", "--all")
    assert (said.code, len(said.out.splitlines()), "20261102T000000Z-abcdef" in said.err) == (0, 1, True)
    assert front.archiver("report").code == 66
    states = {row["name"]: row for row in front.archiver("doctor", "--offline", "--json").rows}
    assert "latest.json" in states["reports"]["said"]
    assert "2026-11-01" in states["nights"]["said"]
    assert front.night()["exit_code"] == 0


class _Stumbling(MovedClock):
    """A clock of ours that has a bug, once."""

    stumbles = False

    def now(self) -> datetime:
        if self.stumbles:
            self.stumbles = False
            raise ZeroDivisionError("of ours")
        return super().now()


def test_a_bug_of_ours_leaves_a_report_metrics_and_a_ping(front, tmp_path):
    """Exit code 70, which nobody takes for last night's 0."""
    heard: list[str] = []
    clock = _Stumbling(datetime.now(UTC))

    async def switch(asked: Asked, line: Line) -> None:
        heard.append(asked.path)
        clock.stumbles = asked.path == "/u/start"
        await line.send(reply(200, b"OK"))

    front.nightly(f'metrics_file = "a.prom"\nping_url = "http://127.0.0.1:{front.web.plain_port}/u"')
    front.web.hosts["127.0.0.1"] = switch
    with pytest.raises(ZeroDivisionError):
        asyncio.run(tonight(config.load(front.config), nights.Limits(), clock=clock, quiet=True))
    assert (front.latest["exit_code"], front.latest["error"]) == (70, "a bug of ours: ZeroDivisionError: of ours")
    assert "archiver_exit_code 70\n" in (tmp_path / "a.prom").read_text()
    assert heard == ["/u/start", "/u/70"]


def test_the_log_says_when_a_night_begins_and_ends_and_names_every_post(front):
    """As JSON, with the run, and the post's id."""
    running = front.start("nightly", "--log-format", "json")
    _, err = running.communicate(timeout=60)
    lines = [json.loads(line) for line in err.splitlines()]
    assert lines[0]["message"].startswith("the night begins")
    assert lines[-1]["message"].startswith(f"night {lines[0]['run']}: all well")
    named = [line for line in lines if line.get("post") == f"x:{POST.post_id}"]
    assert [line["message"] for line in named] == [f"post x:{POST.post_id}: archived"]
