"""How often each host is asked, and when it wants to be left alone."""

from __future__ import annotations

import math

from archiver.config import PolitenessConfig
from archiver.ports import Clock


class Pace:
    """Grants turns: to one host never more than its rate, evenly spaced, whoever asks (the GCRA, without bursts).

    Turns are granted in the order in which they were asked for. What is known lasts as long as this object.
    """

    def __init__(self, config: PolitenessConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._routes: dict[str, list[str]] = {}
        for name in sorted((name for name in config.hosts if "/" in name), key=len, reverse=True):
            self._routes.setdefault(name.partition("/")[0], []).append(name)
        self._next_at: dict[str, float] = {}
        self._alone_until: dict[str, float] = {}

    async def turn(self, host: str, longest_s: float = math.inf, *, path: str = "/") -> float:
        """Return 0.0 when ``host`` may be asked for ``path``; without waiting, the seconds for which it is still to be
        left alone when those are more than ``longest_s``."""
        lane, rate = self._lane(host, path)
        while (penalty_s := self.penalty_s(host)) <= longest_s:
            if not rate and not penalty_s:
                return 0.0
            now = self._clock.monotonic_s()
            at = max(self._next_at.get(lane, now), now + penalty_s)
            self._next_at[lane] = at + (1 / rate if rate else 0)
            if at > now:
                await self._clock.sleep(at - now)
            if not self.penalty_s(host):
                return 0.0
        return penalty_s

    def _lane(self, host: str, path: str) -> tuple[str, float]:
        """(what is paced by itself, its rate): the longest configured beginning of the address, else the host."""
        for name in self._routes.get(host, ()):
            if f"{host}{path}".startswith(name):
                return name, self._config.hosts[name]
        return host, self._config.hosts.get(host, self._config.requests_per_second)

    def penalise(self, host: str, seconds: float) -> None:
        """Nobody gets a turn at ``host`` for the next ``seconds``; an earlier, longer penalty stands."""
        until = self._clock.monotonic_s() + seconds
        self._alone_until[host] = max(until, self._alone_until.get(host, until))

    def penalty_s(self, host: str) -> float:
        """Seconds for which ``host`` is still to be left alone; 0 when it is not."""
        until = self._alone_until.get(host)
        if until is None:
            return 0.0
        left = until - self._clock.monotonic_s()
        if left > 1e-6:  # less is what is left of rounding, after sleeping until then
            return left
        del self._alone_until[host]
        return 0.0
