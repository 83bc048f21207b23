"""How often each host is asked, and when it wants to be left alone.

A host's rate begins as configured. A 429 or 503, and an answer that is slow to come, halve it, down to a sixtieth; each
run of good answers gives a tenth of the configured rate back. ``known`` and ``remember`` carry that, and what a host
asked for, from one run to the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver.config import PolitenessConfig
from archiver.ports import Clock

LEAST = 1 / 60
SLOW_S = 10.0
_GIVEN_BACK = 0.1
_GOOD_RUN = 20
_REST_S = 1.0
_LONGEST_S = 24 * 3600.0
_EARLY = 0.1  # of an interval: what is let pass rather than slept for, since no sleep ends on the dot


@dataclass(slots=True)
class _Host:
    """``share``: of the configured rate. ``good``: answers since it last changed. ``alone_until`` and ``changed_at``:
    of the clock that never goes back."""

    share: float = 1.0
    good: int = 0
    alone_until: float = -math.inf
    changed_at: float = -math.inf


class Pace:
    """Grants turns: to one host never more than its rate, evenly spaced, whoever asks (the GCRA, without bursts).

    Turns are granted in the order in which they were asked for. Who oversleeps, because the machine was busy or slept
    itself, moves all turns behind his by as much: a pause never ends in a burst. ``waited_s``: seconds that were waited
    for each host.
    """

    def __init__(self, config: PolitenessConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._routes: dict[str, list[str]] = {}
        for name in sorted((name for name in config.hosts if "/" in name), key=len, reverse=True):
            self._routes.setdefault(name.partition("/")[0], []).append(name)
        self._hosts: dict[str, _Host] = {}
        self._next_at: dict[str, float] = {}  # by plan: on the clock, it is later by what the lane has overslept
        self._overslept_s: dict[str, float] = {}
        self.waited_s: dict[str, float] = {}

    async def turn(self, host: str, longest_s: float = math.inf, *, path: str = "/") -> float:
        """Return 0.0 when ``host`` may be asked for ``path``; without waiting, the seconds for which it is still to be
        left alone when those are more than ``longest_s``."""
        lane, configured = self._lane(host, path)
        known = self._hosts.setdefault(host, _Host())
        while (penalty_s := self.penalty_s(host)) <= longest_s:
            rate = configured * known.share
            if not rate and not penalty_s:
                return 0.0
            began = self._clock.monotonic_s()
            interval_s = 1 / rate if rate else 0.0
            earliest = began + penalty_s - self._overslept_s.get(lane, 0.0)
            at = max(self._next_at.get(lane, earliest), earliest)
            self._next_at[lane] = at + interval_s
            if await self._slept(lane, at, interval_s * _EARLY):
                self.waited_s[host] = self.waited_s.get(host, 0.0) + self._clock.monotonic_s() - began
            if not self.penalty_s(host):
                return 0.0
        return penalty_s

    async def _slept(self, lane: str, planned: float, early_s: float) -> bool:
        """Return at ``planned``, or as much later as the lane has overslept by then; whether that took any sleep."""
        slept = False
        while (left_s := planned + self._overslept_s.get(lane, 0.0) - self._clock.monotonic_s()) > early_s:
            await self._clock.sleep(left_s)
            slept = True
        if left_s < 0:
            self._overslept_s[lane] = self._overslept_s.get(lane, 0.0) - left_s
        return slept

    def _lane(self, host: str, path: str) -> tuple[str, float]:
        """(what is paced by itself, its rate): the longest configured beginning of the address, else the host."""
        for name in self._routes.get(host, ()):
            if f"{host}{path}".startswith(name):
                return name, self._config.hosts[name]
        return host, self._config.hosts.get(host, self._config.requests_per_second)

    def penalise(self, host: str, seconds: float) -> None:
        """Nobody gets a turn at ``host`` for the next ``seconds``; an earlier, longer penalty stands."""
        known = self._hosts.setdefault(host, _Host())
        known.alone_until = max(self._clock.monotonic_s() + seconds, known.alone_until)

    def penalty_s(self, host: str) -> float:
        """Seconds for which ``host`` is still to be left alone; 0 when it is not."""
        known = self._hosts.get(host)
        left = known.alone_until - self._clock.monotonic_s() if known else 0.0
        return left if left > 1e-6 else 0.0  # less is what is left of rounding, after sleeping until then

    def heard(self, host: str, *, good: bool) -> None:
        """``host`` answered, well or not: too busy, or slow. What was asked before the rate changed does not count
        again."""
        known = self._hosts.setdefault(host, _Host())
        now = self._clock.monotonic_s()
        if not good:
            if now - known.changed_at >= _REST_S:
                known.share, known.good, known.changed_at = max(LEAST, known.share / 2), 0, now
            return
        known.good += 1
        if known.share < 1 and known.good >= _GOOD_RUN:
            known.share, known.good, known.changed_at = min(1.0, known.share + _GIVEN_BACK), 0, now

    def share(self, host: str) -> float:
        """Which part of the configured rate ``host`` is asked at, 1 for all of it."""
        known = self._hosts.get(host)
        return known.share if known else 1.0

    def known(self) -> dict[str, dict[str, Any]]:
        """What another run must know of each host that is not to be asked just like any other: JSON values by name."""
        now, at = self._clock.monotonic_s(), self._clock.now()
        worth: dict[str, dict[str, Any]] = {}
        for name, host in self._hosts.items():
            next_at = self._next_at.get(name, -math.inf) + self._overslept_s.get(name, 0.0)
            left_s = max(host.alone_until, next_at) - now
            if left_s > 0 or host.share < 1:
                worth[name] = {
                    "share": round(host.share, 4),
                    "not_before": (at + timedelta(seconds=max(left_s, 0.0))).isoformat(),
                }
        return worth

    def remember(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from what an earlier run knew. A time further off than a day is that of a clock that was wrong."""
        now, at = self._clock.monotonic_s(), self._clock.now()
        for name, said in known.items():
            host = self._hosts.setdefault(name, _Host())
            share, not_before = said.get("share"), said.get("not_before")
            if isinstance(share, int | float):
                host.share = min(1.0, max(LEAST, float(share)))
            if isinstance(not_before, str):
                left_s = (datetime.fromisoformat(not_before) - at).total_seconds()
                if left_s > 0:
                    host.alone_until = now + min(left_s, _LONGEST_S)
