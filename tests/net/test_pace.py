"""How often a host is asked, and when it is left alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config import PolitenessConfig
from archiver.net.pace import Pace
from tests.net.street import SkippingClock


class SteppingClock(SkippingClock):
    """Time that passes only when everybody sleeps: the earliest sleeper wakes first."""

    def __init__(self) -> None:
        super().__init__()
        self._waking: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._waking.append((self.passed_s + seconds, event))
        await event.wait()

    async def run(self) -> None:
        """Let time pass until nobody sleeps any more."""
        for _ in range(10):
            await asyncio.sleep(0)
        while self._waking:
            self._waking.sort(key=lambda waking: waking[0])
            at, event = self._waking.pop(0)
            self.passed_s = max(self.passed_s, at)
            event.set()
            for _ in range(10):
                await asyncio.sleep(0)


async def turns(pace: Pace, clock: SteppingClock, hosts: list[str]) -> dict[str, list[float]]:
    """When each host was asked, by the clock."""
    asked: dict[str, list[float]] = {host: [] for host in hosts}

    async def ask(host: str) -> None:
        await pace.turn(host)
        asked[host].append(clock.passed_s)

    async with asyncio.TaskGroup() as group:
        for host in hosts:
            group.create_task(ask(host))
        group.create_task(clock.run())
    return asked


@given(st.floats(0.1, 50), st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=25))
def test_no_host_is_asked_more_often_than_its_rate(rate: float, hosts: list[str]):
    """In whatever order, two turns at one host are at least 1/rate apart, and no host waits for another."""

    async def measure() -> None:
        clock = SteppingClock()
        pace = Pace(PolitenessConfig(requests_per_second=rate, hosts={}), clock)
        for times in (await turns(pace, clock, hosts)).values():
            assert times == pytest.approx([i / rate for i in range(len(times))])

    asyncio.run(measure())


async def test_each_host_has_its_own_rate():
    """Exceptions by name hold, zero means no limit, and the rest have the common rate."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=2, hosts={"slow.example": 0.1, "free.example": 0}), clock)
    asked = await turns(pace, clock, ["slow.example", "free.example", "t.co"] * 3)
    assert asked == {
        "slow.example": pytest.approx([0, 10, 20]), "free.example": [0, 0, 0], "t.co": pytest.approx([0, 0.5, 1]),
    }  # fmt: skip


async def test_a_machine_that_sleeps_does_not_hurry_afterwards():
    """All who slept through their turns take them one after another, as far apart as ever, in the order they came."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=1, hosts={}), clock)
    asked: list[tuple[str, float]] = []

    async def ask(name: str) -> None:
        await pace.turn("t.co")
        asked.append((name, clock.passed_s))

    async with asyncio.TaskGroup() as group:
        for name in "abcdef":
            group.create_task(ask(name))
        await asyncio.sleep(0)
        clock.passed_s = 3.5  # where b, c and d should have been asked already
        group.create_task(clock.run())
    assert asked == [("a", 0), ("b", 3.5), ("c", 4.5), ("d", 5.5), ("e", 6.5), ("f", 7.5)]


async def test_a_penalty_makes_everybody_wait_and_nobody_rush_afterwards():
    """After 30 seconds of being left alone, the host is asked at its rate again, also by those who waited before."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=2, hosts={}), clock)
    pace.penalise("t.co", 30)
    pace.penalise("t.co", 10)
    asked = await turns(pace, clock, ["t.co", "t.co", "t.co", "x.com"])
    assert asked == {"t.co": pytest.approx([30, 30.5, 31]), "x.com": [0]}


async def test_a_penalty_that_comes_while_waiting_is_heeded():
    """Who sleeps for a turn when the host asks to be left alone does not take that turn."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=1, hosts={}), clock)
    await pace.turn("t.co")
    late = asyncio.create_task(pace.turn("t.co"))
    await asyncio.sleep(0)
    pace.penalise("t.co", 5)
    await clock.run()
    await late
    assert clock.passed_s == pytest.approx(5)
    assert pace.penalty_s("t.co") == 0


async def test_penalties_hold_without_a_rate_too():
    """Politeness off does not mean that a host's own wish is ignored."""
    clock = SkippingClock()
    pace = Pace(PolitenessConfig(requests_per_second=0, hosts={}), clock)
    pace.penalise("t.co", 7)
    assert pace.penalty_s("t.co") == 7
    await pace.turn("t.co")
    assert clock.sleeps == [7]


async def test_who_would_wait_too_long_is_told_so_at_once():
    """A penalty above the longest wait is answered with its rest, also to those who were already waiting for a turn."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=1, hosts={}), clock)
    waiting = [asyncio.create_task(pace.turn("t.co", 30)) for _ in range(4)]
    await asyncio.sleep(0)
    pace.penalise("t.co", 3600)
    await clock.run()
    assert [round(await task) for task in waiting] == [0, 3599, 3598, 3597]
    assert await pace.turn("t.co", 30) == pytest.approx(3597)
    assert clock.passed_s == pytest.approx(3)


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ([("/cdx/search/cdx?url=a", 3)], [0.0, 2.5, 5.0]),
        ([("/web/2020id_/https://x.com/", 3)], [0.0, 0.125, 0.25]),
        ([("/save", 3)], [0.0, 0.5, 1.0]),
    ],
)
async def test_a_part_of_a_host_can_have_a_rate_of_its_own(asked, at):
    """The index and the captures of one archive are paced each by itself, what is left of it like any host."""
    clock = SteppingClock()
    pace = Pace(PolitenessConfig(requests_per_second=2, hosts={"a.example/cdx/": 0.4, "a.example/web/": 8}), clock)
    times: list[float] = []

    async def ask(path: str) -> None:
        await pace.turn("a.example", path=path)
        times.append(clock.passed_s)

    async with asyncio.TaskGroup() as group:
        for path, count in asked:
            for _ in range(count):
                group.create_task(ask(path))
        group.create_task(clock.run())
    assert times == pytest.approx(at)


async def test_a_host_that_wants_to_be_left_alone_is_left_alone_in_every_part():
    """A penalty is the host's."""
    pace = Pace(PolitenessConfig(requests_per_second=0, hosts={"a.example/cdx/": 0.4}), SteppingClock())
    pace.penalise("a.example", 60)
    assert await pace.turn("a.example", 30, path="/cdx/x") == await pace.turn("a.example", 30, path="/web/x") == 60
