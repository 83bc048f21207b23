"""Pings and news: heard or not, they harm nobody."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from archiver.net import notices
from tests.loopback.server import LoopbackWeb, reply
from tests.net.street import SkippingClock, network

RUN = "20261122T023000Z-abcdef"


@pytest.mark.parametrize(
    ("base", "style", "code", "url"),
    [
        ("https://hc/u", "healthchecks", None, "https://hc/u/start?rid="),
        ("https://hc/u/", "healthchecks", 0, "https://hc/u/0?rid="),
        ("https://hc/u", "healthchecks", 1, "https://hc/u/0?rid="),
        ("https://hc/u", "healthchecks", 74, "https://hc/u/74?rid="),
        ("https://c/p/k/n", "cronitor", None, "https://c/p/k/n?state=run&series="),
        ("https://c/p/k/n", "cronitor", 0, "https://c/p/k/n?state=complete&series="),
        ("https://c/p/k/n?env=x", "cronitor", 69, "https://c/p/k/n?env=x&state=fail&series="),
    ],
)
def test_both_services_are_told_in_their_own_words(base, style, code, url):
    """Start and end name the same run; an ordinary night is a success, also when something waits."""
    assert notices.ping_url(base, style, RUN, code, 3).startswith(url)


@pytest.mark.parametrize("text", ["all well\n" + "x" * 5_000, "💥" * 5_000, "\ud800 and no more"])
def test_cronitor_gets_the_head_of_the_report_as_its_message(text):
    """It reads no body; 2,000 characters at most, in a URL that servers take."""
    url = notices.ping_url("https://c/p/k/n", "cronitor", RUN, 1, 3, text)
    (message,) = parse_qs(urlsplit(url).query)["message"]
    assert text.encode("utf-8", "replace").decode().startswith(message)
    assert (0 < len(message) <= notices.MOST_MESSAGE, len(url) < 7_000) == (True, True)


async def test_a_ping_carries_the_head_of_the_report(tmp_path):
    """Ten kilobytes of it."""
    bodies = []

    async def switch(asked, line):
        bodies.append(asked.raw.partition(b"\r\n\r\n")[2])
        await line.send(reply(200, b"OK"))

    with LoopbackWeb({"127.0.0.1": switch}, folder=tmp_path) as web:
        url = f"http://127.0.0.1:{web.plain_port}/u"
        assert await notices.ping(url, "all well\n" + "x" * 20_000, network(), SkippingClock()) is None
    assert bodies[0].startswith(b"all well")
    assert len(bodies[0]) == notices.MOST_TOLD


@pytest.mark.parametrize("answer", [reply(500), reply(302, b"", ("Location", "http://169.254.169.254/"))])
async def test_a_ping_that_is_not_heard_is_a_sentence(tmp_path, answer):
    """After three tries; no redirect is followed."""
    asked_for = []

    async def switch(asked, line):
        asked_for.append(asked.target)
        await line.send(answer)

    with LoopbackWeb({"127.0.0.1": switch}, folder=tmp_path) as web:
        url = f"http://127.0.0.1:{web.plain_port}/u"
        said = await notices.ping(url, "", network(), SkippingClock())
    assert said == f"the ping was not heard: answered {answer.split()[1].decode()}"
    assert asked_for == ["/u"] * 3


async def test_a_ping_that_hangs_is_given_up(tmp_path):
    """After ten seconds in all; here after less."""

    async def silent(asked, line):
        await asyncio.sleep(20)

    with LoopbackWeb({"127.0.0.1": silent}, folder=tmp_path) as web:
        began = time.monotonic()
        said = await notices.ping(f"http://127.0.0.1:{web.plain_port}/u", "", network(), SkippingClock(), limit_s=0.3)
    assert said == "the ping was not heard: no answer in 0.3 s"
    assert time.monotonic() - began < 10


async def test_nobody_there_is_a_sentence_too():
    """Port 9 refuses."""
    assert "not heard" in str(await notices.ping("http://127.0.0.1:9/u", "", network(), SkippingClock()))


async def test_the_news_command_gets_the_news(tmp_path):
    """On its standard input; no shell reads it."""
    into = tmp_path / "news; rm -rf"
    program = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
    assert await notices.tell([sys.executable, "-c", program, str(into)], "2 posts gone\n") is None
    assert into.read_text() == "2 posts gone\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/nonexistent/command"], "the news command can't be run"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "the news command ended with 3"),
    ],
)
async def test_a_news_command_that_fails_is_a_sentence(command, said):
    """And no more."""
    assert str(await notices.tell(command, "news")).startswith(said)


async def test_what_a_news_command_says_on_standard_error_is_told():
    """In one printable line of bounded length, however much it says."""
    program = "import sys; sys.stderr.write('no \\x1b[2J\\n such user' + 'x' * 900_000); sys.exit(3)"
    said = str(await notices.tell([sys.executable, "-c", program], "news"))
    assert said.startswith("the news command ended with 3: no ?[2J such userxxx")
    assert len(said) < 600


async def test_a_news_command_that_takes_too_long_is_killed_with_all_that_it_started(tmp_path):
    """Its children are no orphans."""
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"sleep 4321 & echo $! > {pid}; echo wait >&2; sleep 4321"]
    assert await notices.tell(command, "news", limit_s=0.5) == (
        "the news command took more than 0.5 s, and was killed: wait"
    )
    assert not _runs(int(pid.read_text()))


async def test_a_news_command_that_is_not_waited_for_any_more_is_killed(tmp_path):
    """With all that it started."""
    pid = tmp_path / "pid"
    telling = asyncio.create_task(notices.tell(["sh", "-c", f"sleep 4321 & echo $! > {pid}; wait"], "news"))
    while not (pid.exists() and pid.read_text()):
        await asyncio.sleep(0.02)
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert not _runs(int(pid.read_text()))


async def test_what_a_news_command_leaves_running_is_not_waited_for():
    """A mailer may go on by itself."""
    began = time.monotonic()
    assert await notices.tell(["sh", "-c", "sleep 30 &"], "news") is None
    assert time.monotonic() - began < 20


def _runs(pid: int) -> bool:
    """Whether that process lives, and is more than a name that its parent has not read yet."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except (ProcessLookupError, FileNotFoundError):
            return False
        time.sleep(0.05)
    return True
