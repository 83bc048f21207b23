"""Hosts that are down are left alone.

After five failures in a row (nobody reached, no answer in time, 5xx) a host rests for ten minutes; then one request
tries, and the others wait for what comes of it. Each rest is twice as long as the last, up to a day, also over runs.
A web archive that is down is left alone for the night.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver.ports import Clock

FAILURES = 5
FIRST_REST_S, LONGEST_REST_S = 600.0, 86_400.0
NIGHT_S = 43_200.0
"""The rest of a web archive: longer than a night lasts, and over when the next one begins."""


@dataclass(slots=True)
class _Host:
    failures: int = 0
    rests: int = 0
    until: datetime | None = None
    probing: bool = False


class Breaker:
    """What each host's last answers say about asking it again. ``archives``: the hosts of web archives."""

    def __init__(self, clock: Clock, archives: Collection[str] = ()) -> None:
        self._clock = clock
        self._archives = frozenset(archives)
        self._hosts: dict[str, _Host] = {}

    def closed_for_s(self, host: str) -> float:
        """Seconds for which ``host`` still rests; 0 when it may be asked. Who is told 0 after a rest tries for all."""
        known = self._hosts.get(host)
        if known is None or known.until is None:
            return 0.0
        left_s = (known.until - self._clock.now()).total_seconds()
        if left_s > 0:
            return min(left_s, LONGEST_REST_S)
        if known.probing:
            return 1.0
        known.probing = True
        return 0.0

    def tries(self, host: str) -> bool:
        """Whether a request tries for all; asked right after it was told 0, it is this one."""
        known = self._hosts.get(host)
        return known is not None and known.probing

    def released(self, host: str) -> None:
        """Who tried for all came back, whatever was learnt from it; the next one may try."""
        if known := self._hosts.get(host):
            known.probing = False

    def worked(self, host: str) -> None:
        """``host`` answered."""
        self._hosts.pop(host, None)

    def failed(self, host: str) -> None:
        """``host`` did not answer, or only with an error of its own."""
        known = self._hosts.setdefault(host, _Host())
        known.failures += 1
        if known.failures >= FAILURES and (known.until is None or known.probing):
            rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(known.rests, 20))
            rest_s = NIGHT_S if host in self._archives else rest_s
            known.until, known.probing = self._clock.now() + timedelta(seconds=rest_s), False
            known.rests += 1

    def resting(self) -> tuple[str, ...]:
        """The hosts that rest now."""
        now = self._clock.now()
        return tuple(sorted(name for name, one in self._hosts.items() if one.until and one.until > now))

    def known(self) -> dict[str, dict[str, Any]]:
        """What another run must know, as JSON values by name: hosts that rest, or rested without working since."""
        return {
            name: {"rests": one.rests, "until": one.until.isoformat()} for name, one in self._hosts.items() if one.until
        }

    def remember(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from what an earlier run knew. A rest that ends later than in a day was written by a wrong clock."""
        latest = self._clock.now() + timedelta(seconds=LONGEST_REST_S)
        for name, said in known.items():
            rests, until = said.get("rests"), said.get("until")
            if isinstance(rests, int) and isinstance(until, str):
                until_then = min(datetime.fromisoformat(until), latest)
                self._hosts[name] = _Host(failures=FAILURES, rests=rests, until=until_then)
