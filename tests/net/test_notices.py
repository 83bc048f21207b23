"""Pings and news: heard or not, they harm nobody."""

from __future__ import annotations

import sys

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
