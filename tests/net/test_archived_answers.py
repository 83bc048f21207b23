"""A web archive's answers are judged by what the archive does, not by what the archived site once did."""

from __future__ import annotations

import io

import pytest

from archiver.config import load
from archiver.errors import Resting
from archiver.model import Layout, Request, Tape
from archiver.net.breaker import Breaker
from archiver.net.manners import Mannered
from archiver.net.pace import Pace
from archiver.tools import politeness
from tests.net.street import UNHURRIED, SkippingClock, network, request

URL = "https://web.archive.org/web/20150129034904id_/http://www.reddit.example/"
DATED = ("Memento-Datetime", "Thu, 29 Jan 2015 03:49:04 GMT")


class Answering:
    """A ``Transport`` whose every answer has this status and these headers."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        self._layout = Layout(
            interim=(), head_start=0, head_end=0, body_end=0, chunked=False, complete=True, status=status,
            headers=headers,
        )  # fmt: skip
        self.asked = 0

    async def exchange(self, request: Request) -> Tape:
        self.asked += 1
        return Tape(
            request=request, url=request.url, started_at=SkippingClock().now(), elapsed_s=0.1, peer="192.0.2.1",
            tls=None, sent=b"", received=io.BytesIO(), received_bytes=0, layout=self._layout,
        )  # fmt: skip

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "headers", "asked"),
    [(500, (), 5), (500, (DATED,), 9), (503, (DATED, ("Retry-After", "3600")), 9), (429, (DATED,), 9)],
)
async def test_an_archived_failure_is_no_failure_of_the_archive(status, headers, asked):
    """Five failures of its own make a host rest; nine archived ones do not, and do not slow it either."""
    clock = SkippingClock()
    inner, pace = Answering(status, *headers), Pace(UNHURRIED, clock)
    mannered = Mannered(inner, network(), clock, pace, Breaker(clock))
    for _ in range(9):
        try:
            await mannered.exchange(request(URL))
        except Resting:
            break
    assert inner.asked == asked
    if DATED in headers:
        assert (pace.penalty_s("web.archive.org"), pace.share("web.archive.org")) == (0, 1)


def test_the_archives_own_limits_are_kept_at_four_fifths():
    """24 of 30 questions and 480 of 600 captures a minute, 6 of 7 submissions, as shipped."""
    rates = politeness(load(None)).hosts
    assert rates == {
        "archive.org/wayback/available": 0.4,
        "web.archive.org/cdx/search/cdx": 0.4,
        "web.archive.org/web": 8.0,
        "web.archive.org/save": 0.1,
        "web.archive.org/save/status": 0.4,
    }
