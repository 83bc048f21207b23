"""What deserves another try, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import BadReply, FetchError, Misled, RateLimited, Refused, StoreError, TimedOut, Unreachable
from archiver.model import Cut, Exchange, Request, WarcRef
from archiver.net.pace import Pace
from archiver.net.patience import PatientFetcher, retry_after_s
from tests.net.street import UNHURRIED, SkippingClock, network, request

URL = "https://t.co/X9DJa7awAM"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def answer(status: int, *, retry_after: str | None = None, cut: Cut | None = None, replayed: bool = False) -> Exchange:
    return Exchange(
        request=request(URL), url=URL, started_at=NOW, elapsed_s=0.1, peer="1.2.3.4", status=status,
        headers=(("Retry-After", retry_after),) if retry_after is not None else (), body=b"", cut=cut,
        warc=WarcRef(file="a.warc.gz", record_id="<urn:uuid:0>", offset_bytes=0, length_bytes=1), replayed=replayed,
    )  # fmt: skip


class Told:
    """A ``Fetcher`` that gives what it was told to, in order, and the last of it for ever."""

    def __init__(self, *results: Exchange | Exception) -> None:
        self.results = list(results)
        self.calls = 0

    async def fetch(self, request: Request) -> Exchange:
        self.calls += 1
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result


def patient(inner: Told, clock: SkippingClock, **changes: Any) -> tuple[PatientFetcher, Pace]:
    pace = Pace(UNHURRIED, clock)
    return PatientFetcher(inner, network(**({"tries": 3, "max_wait_s": 30.0} | changes)), clock, pace), pace


OK = answer(200)


@pytest.mark.parametrize(
    ("results", "calls"),
    [
        ((OK,), 1),
        ((answer(404), OK), 1),
        ((answer(403), OK), 1),
        ((answer(410), OK), 1),
        ((answer(500), OK), 1),
        ((answer(301), OK), 1),
        ((answer(200, cut="length"), OK), 1),
        ((answer(429, replayed=True), OK), 1),
        ((answer(502), OK), 2),
        ((answer(504), OK), 2),
        ((answer(503), answer(429), OK), 3),
        ((answer(200, cut="time"), OK), 2),
        ((answer(200, cut="disconnect"), OK), 2),
        ((Unreachable(URL, "no route"), OK), 2),
        ((TimedOut(URL, "late"), BadReply(URL, "junk"), OK), 3),
    ],
)
async def test_only_what_another_try_can_help_is_asked_for_again(results: tuple[Exchange | Exception, ...], calls: int):
    """The first answer that is not a passing trouble comes back, after so many attempts."""
    clock = SkippingClock(NOW)
    inner = Told(*results)
    got = await patient(inner, clock)[0].fetch(request(URL))
    assert (got, inner.calls) == (results[calls - 1], calls)
    assert len(clock.sleeps) == calls - 1
    assert all(0 <= sleep <= 2**i for i, sleep in enumerate(clock.sleeps))


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (Refused(URL, "private"), 1),
        (Misled(URL, "private today"), 1),
        (StoreError("disk full"), 1),
        (RateLimited(URL, "leave me alone", retry_after_s=3600), 1),
        (Unreachable(URL, "no route"), 3),
        (TimedOut(URL, "late"), 3),
        (BadReply(URL, "junk"), 3),
    ],
)
async def test_what_fails_for_good_is_raised_as_it_was(error: Exception, calls: int):
    """The last error comes out unchanged, not wrapped; a refusal, a full disk or a host's wish is never tried again."""
    inner = Told(error)
    with pytest.raises(type(error)) as raised:
        await patient(inner, SkippingClock(NOW))[0].fetch(request(URL))
    assert raised.value is error
    assert inner.calls == calls


@pytest.mark.parametrize("status", [429, 503])
async def test_a_host_that_stays_busy_is_rate_limited_after_the_last_try(status: int):
    """429 and 503 to the end become RateLimited with the host's last wish, so that nobody takes them for an answer."""
    inner = Told(answer(status))
    with pytest.raises(RateLimited, match=str(status)) as raised:
        await patient(inner, SkippingClock(NOW))[0].fetch(request(URL))
    assert (inner.calls, raised.value.retry_after_s) == (3, None)
    assert raised.value.word == {429: "rate-limited", 503: "overloaded"}[status]  # whose trouble it is
    inner = Told(answer(status, retry_after="20"))
    with pytest.raises(RateLimited) as raised:
        await patient(inner, SkippingClock(NOW))[0].fetch(request(URL))
    assert (inner.calls, raised.value.retry_after_s) == (3, 20)


@pytest.mark.parametrize("status", [502, 504])
async def test_other_answers_and_cut_ones_come_back_as_they_are_after_the_last_try(status: int):
    """A broken gateway is an answer; an incomplete one too, and says so."""
    for last in (answer(status), answer(200, cut="disconnect")):
        inner = Told(last)
        assert await patient(inner, SkippingClock(NOW))[0].fetch(request(URL)) is last
        assert inner.calls == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_and_everybody_waits_with_us(status: int):
    """A wait that this run may take is taken, exactly, and holds for the whole host."""
    clock = SkippingClock(NOW)
    inner = Told(answer(status, retry_after="12"), OK)
    fetcher, pace = patient(inner, clock)
    assert await fetcher.fetch(request(URL)) is OK
    assert clock.sleeps == [12]
    inner.results = [answer(status, retry_after="12")]
    with pytest.raises(RateLimited):
        await fetcher.fetch(request(URL))
    assert pace.penalty_s("t.co") == 12


async def test_a_longer_wait_ends_the_matter_at_once():
    """RateLimited says how long; the host is left alone until then, and nothing sleeps here."""
    clock = SkippingClock(NOW)
    inner = Told(answer(429, retry_after="120"), OK)
    fetcher, pace = patient(inner, clock)
    with pytest.raises(RateLimited) as raised:
        await fetcher.fetch(request(URL))
    assert (inner.calls, clock.sleeps, raised.value.retry_after_s, pace.penalty_s("t.co")) == (1, [], 120, 120)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60),
        ("Fri, 02 Jan 2026 04:05:05 +0100", 60),
        ("Friday, 02-Jan-26 03:04:15 GMT", 10),
        ("Fri Jan  2 03:04:35 2026", 30),
        ("1000000000", 86_400),
        ("9" * 5000, 86_400),
        ("Fri, 02 Jan 9999 03:05:05 GMT", 86_400),
        ("0", None),
        ("-5", None),
        ("1.5", 2.0),
        ("banana", None),
        ("", None),
        ("Fri, 02 Jan 2026 03:04:05 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 99 Jan 2026 03:04:05 GMT", None),
        ("²", None),
        (None, None),
    ],
)
def test_retry_after_is_understood_in_all_its_forms(written: str | None, seconds: float | None):
    """Seconds or any HTTP date, at most a day; what is past, negative or nonsense counts as not said."""
    assert retry_after_s(answer(429, retry_after=written), NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_reader(written: str):
    """Whatever a server writes there: None, or a wait of at most a day."""
    seconds = retry_after_s(answer(503, retry_after=written), NOW)
    assert seconds is None or 0 < seconds <= 86_400


async def test_a_nonsensical_wish_means_our_own_back_off():
    """Banana, past and negative values neither stop the retries nor penalise the host."""
    clock = SkippingClock(NOW)
    fetcher, pace = patient(Told(answer(429, retry_after="banana"), answer(429, retry_after="-5"), OK), clock)
    assert await fetcher.fetch(request(URL)) is OK
    assert len(clock.sleeps) == 2
    assert pace.penalty_s("t.co") == 0


async def test_back_off_grows_with_full_jitter_up_to_the_longest_wait():
    """Sleep number n is between nothing and 2**n seconds, and never above max_wait_s."""
    clock = SkippingClock(NOW)
    with pytest.raises(FetchError):
        await patient(Told(Unreachable(URL, "down")), clock, tries=9, max_wait_s=5.0)[0].fetch(request(URL))
    assert len(clock.sleeps) == 8
    assert all(sleep <= min(2**i, 5) for i, sleep in enumerate(clock.sleeps))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_an_archived_status_is_an_answer(status: int):
    """With Memento-Datetime the status is another site's, once: no patience, no penalty."""
    clock = SkippingClock(NOW)
    archived = replace(
        answer(status, retry_after="60"), headers=(("Memento-Datetime", "Thu, 29 Jan 2015 03:49:04 GMT"),)
    )
    inner = Told(archived)
    fetcher, pace = patient(inner, clock)
    assert (await fetcher.fetch(request(URL)), inner.calls, pace.penalty_s("t.co")) == (archived, 1, 0)


@pytest.mark.parametrize(("status", "penalty_s", "calls"), [(429, 60, 1), (503, 0, 3)])
async def test_a_host_that_is_known_to_want_a_pause_gets_it_unasked(status: int, penalty_s: float, calls: int):
    """The Internet Archive's 429 has no Retry-After, and wants a minute; its 503 is any host's."""
    clock = SkippingClock(NOW)
    inner, pace = Told(answer(status)), Pace(UNHURRIED, clock)
    fetcher = PatientFetcher(inner, network(tries=3, max_wait_s=30.0), clock, pace, {"t.co": 60.0})
    with pytest.raises(RateLimited) as error:
        await fetcher.fetch(request(URL))
    assert (error.value.retry_after_s, inner.calls) == (penalty_s or None, calls)
    assert pace.penalty_s("t.co") == penalty_s
