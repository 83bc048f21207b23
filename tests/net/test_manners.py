"""What a host's answers say about how to ask it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config import PolitenessConfig
from archiver.errors import RateLimited
from archiver.model import Request
from archiver.net.breaker import FAILURES, LONGEST_REST_S, NIGHT_S, Breaker
from archiver.net.client import Client
from archiver.net.manners import Mannered, wanted_s
from archiver.net.pace import LEAST, Pace
from archiver.net.retry_after import LONGEST_WAIT_S
from tests.loopback.server import LoopbackWeb, reply
from tests.net.street import UNHURRIED, SkippingClock, network

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
SOON = str(int(NOW.timestamp()) + 90)
TWO = PolitenessConfig(requests_per_second=2, hosts={})


@pytest.mark.parametrize(
    ("headers", "busy", "seconds"),
    [
        ({"Retry-After": "120"}, True, 120),
        ({"Retry-After": "Sun, 22 Nov 2026 02:31:00 GMT"}, True, 60),
        ({"Retry-After": "Sun, 22 Nov 2026 02:00:00 GMT"}, True, None),
        ({"Retry-After": "-5"}, True, None),
        ({"Retry-After": "banana"}, True, None),
        ({"Retry-After": "999999999"}, True, LONGEST_WAIT_S),
        ({"Retry-After": "120"}, False, None),
        ({"x-rate-limit-reset": SOON}, True, 90),
        ({"X-RateLimit-Reset": "30"}, True, 30),
        ({"Retry-After": "10", "x-rate-limit-reset": SOON}, True, 10),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": SOON}, False, 90),
        ({"x-rate-limit-remaining": "7", "x-rate-limit-reset": SOON}, False, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "5"}, False, 5),
        ({}, True, None),
    ],
)
def test_an_answer_says_how_long_its_host_wants_to_be_left_alone(headers, busy, seconds):
    """In seconds, as a date, or by a rate limit's reset; nonsense says nothing, and nothing lasts longer than a day."""
    assert wanted_s(headers.items(), NOW, busy=busy) == seconds


@given(st.dictionaries(st.sampled_from(["Retry-After", "x-rate-limit-reset", "ratelimit-reset"]), st.text(max_size=30)))
def test_any_header_is_a_time_or_none(headers):
    """Whatever a host writes."""
    seconds = wanted_s(headers.items(), NOW, busy=True)
    assert seconds is None or 0 < seconds <= LONGEST_WAIT_S


def test_a_busy_host_is_asked_half_as_often_and_carefully_more_again():
    """Down to a sixtieth; back by a tenth for each run of twenty good answers."""
    clock = SkippingClock()
    pace = Pace(TWO, clock)
    for _ in range(3):
        pace.heard("a", good=False)
    assert pace.share("a") == 0.5  # what was under way when the rate fell does not count again
    for _ in range(20):
        clock.passed_s += 2
        pace.heard("a", good=False)
    assert pace.share("a") == LEAST
    for _ in range(20):
        pace.heard("a", good=True)
    assert pace.share("a") == pytest.approx(LEAST + 0.1)
    for _ in range(400):
        pace.heard("a", good=True)
    assert (pace.share("a"), pace.share("b")) == (1, 1)


async def test_a_run_goes_on_as_politely_as_the_last_one_ended():
    """The share, and until when nobody gets a turn."""
    clock = SkippingClock()
    pace = Pace(TWO, clock)
    pace.heard("a", good=False)
    pace.penalise("b", 600)
    later = Pace(TWO, clock)
    later.remember(pace.known())
    assert later.share("a") == 0.5
    assert 599 < later.penalty_s("b") <= 600
    assert await later.turn("b", longest_s=30) > 599
    assert "c" not in pace.known()


def test_what_a_wrong_clock_wrote_down_is_not_believed_for_longer_than_a_day():
    """A year from now is a day from now."""
    pace = Pace(TWO, SkippingClock())
    pace.remember({"a": {"share": 7, "not_before": (SkippingClock().now() + timedelta(days=365)).isoformat()}})
    assert pace.share("a") == 1
    assert pace.penalty_s("a") <= LONGEST_WAIT_S


def test_a_host_that_is_down_is_left_alone_and_one_request_tries_again():
    """Ten minutes after five failures, then twice as long; another host does not notice."""
    clock = SkippingClock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.closed_for_s("a") == 0
        breaker.failed("a")
    assert 599 < breaker.closed_for_s("a") <= 600
    assert (breaker.closed_for_s("b"), breaker.resting()) == (0, ("a",))
    clock.passed_s += 601
    assert [breaker.closed_for_s("a"), breaker.closed_for_s("a")] == [0, 1]
    breaker.failed("a")
    assert 1199 < breaker.closed_for_s("a") <= 1200
    clock.passed_s += 1201
    assert breaker.closed_for_s("a") == 0
    breaker.worked("a")
    assert (breaker.closed_for_s("a"), breaker.known()) == (0, {})


def test_a_rest_outlasts_the_run():
    """What rested when a run ended rests when the next begins."""
    clock = SkippingClock()
    breaker, later = Breaker(clock), Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed("a")
    later.remember(breaker.known())
    assert later.closed_for_s("a") > 599
    clock.passed_s += 601
    assert later.closed_for_s("a") == 0
    later.failed("a")
    assert later.closed_for_s("a") > 1199


def test_a_rest_that_a_wrong_clock_wrote_down_is_a_day_at_most():
    """Ten years from now is tomorrow."""
    wrong = SkippingClock(datetime(2036, 1, 1, tzinfo=UTC))
    then, clock = Breaker(wrong), SkippingClock()
    for _ in range(FAILURES):
        then.failed("a")
    now = Breaker(clock)
    now.remember(then.known())
    assert 0 < now.closed_for_s("a") <= LONGEST_REST_S
    clock.passed_s += LONGEST_REST_S + 1
    assert (now.closed_for_s("a"), now.resting()) == (0, ())


def test_a_web_archive_that_is_down_is_left_alone_for_the_night():
    """And asked again in the next, however often it was down before; other hosts are tried after ten minutes."""
    clock = SkippingClock()
    breaker = Breaker(clock, ["archive.example"])
    for _ in range(3):
        for host in ("archive.example", "x.example"):
            for _ in range(FAILURES):
                breaker.failed(host)
        clock.passed_s += 6 * 3600
        assert (breaker.closed_for_s("archive.example") > 0, breaker.closed_for_s("x.example")) == (True, 0)
        clock.passed_s += NIGHT_S - 6 * 3600 + 1
        assert breaker.closed_for_s("archive.example") == 0


@pytest.mark.parametrize("cause", ["left alone", "cancelled"])
async def test_who_tries_for_all_and_learns_nothing_lets_the_next_one_try(tmp_path, cause):
    """However the trying request ended, the host is not left alone for ever."""

    async def silent(asked, line):
        await asyncio.sleep(20)

    clock, asked = SkippingClock(), Request(url="https://news.example/1", why="article", slot="s")
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed("news.example")
    clock.passed_s += 700
    with LoopbackWeb({"news.example": silent}, folder=tmp_path) as web:
        settings = network(web)
        client = Client(settings, UNHURRIED, clock)
        street = Mannered(client, settings, clock, client.pace, breaker)
        if cause == "left alone":
            client.pace.penalise("news.example", 5_000)
            with pytest.raises(RateLimited):
                await street.exchange(asked)
            clock.passed_s += 5_001
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(street.exchange(asked), 0.3)
        web.hosts["news.example"] = answered
        tape = await street.exchange(asked)
        tape.received.close()
        await client.aclose()
    assert tape.layout
    assert breaker.known() == {}


async def answered(asked, line):
    """All is well there."""
    await line.send(reply(200, b"there"))
