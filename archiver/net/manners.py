"""Every attempt, counted and learnt from: what a host's answers say about how to ask it (``ports.Transport``).

| came back | then |
|---|---|
| 429, 503 | half the rate; as long as ``Retry-After`` or a rate limit's reset says, nobody gets a turn |
| any answer with ``remaining: 0`` and a reset | nobody gets a turn until then |
| an answer of at most 1 MB that took longer than 10 s | half the rate |
| nothing, nothing in time, 5xx | five in a row: the host rests (``breaker``) |
| an archived answer (``Memento-Datetime``) | whatever its status: the archive answers well |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.config import NetworkConfig
from archiver.errors import FetchError, RateLimited, Refused, Resting, StoreError
from archiver.model import Request, Tape
from archiver.net.breaker import Breaker
from archiver.net.guard import place
from archiver.net.pace import SLOW_S, Pace
from archiver.net.retry_after import seconds_from
from archiver.ports import Clock, Transport

_SMALL = 1_000_000
_PLAIN = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+)(?=[/?]|$)")
_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")


@dataclass(slots=True)
class Tally:
    """What was asked of one host. ``busy``: 429 and 503; ``failed``: attempts without an answer."""

    requests: int = 0
    busy: int = 0
    failed: int = 0
    received_bytes: int = 0


class Mannered:
    """``inner``, and what is learnt from what it brings back. ``tallies``: by host, since it was made."""

    def __init__(
        self, inner: Transport, config: NetworkConfig, clock: Clock, pace: Pace, breaker: Breaker | None = None
    ) -> None:
        self._inner = inner
        self._config = config
        self._clock = clock
        self._pace = pace
        self._breaker = breaker
        self.tallies: dict[str, Tally] = {}

    async def exchange(self, request: Request) -> Tape:
        """As ``inner``; raises ``Resting`` without asking while the host rests."""
        # Reading an address as the guard does takes some 30 µs of CPU; most need no more than a look.
        plain = _PLAIN.match(request.url)
        host = plain[1] if plain else place(request.url, self._config.allowed_ports).host
        if self._breaker and (rest_s := self._breaker.closed_for_s(host)):
            raise Resting(request.url, f"{host} did not answer and is left alone", retry_after_s=rest_s)
        if self._breaker is None or not self._breaker.tries(host):
            return await self._asked(host, request)
        try:
            return await self._asked(host, request)
        finally:  # refused, cancelled, or not stored: nothing was learnt, and the others must not wait for it for ever
            self._breaker.released(host)

    async def _asked(self, host: str, request: Request) -> Tape:
        tally = self.tallies.setdefault(host, Tally())
        try:
            tape = await self._inner.exchange(request)
        except (Refused, StoreError, RateLimited):
            raise
        except FetchError:
            tally.requests += 1
            tally.failed += 1
            self._judge(host, works=False)
            raise
        tally.requests += 1
        tally.received_bytes += tape.received_bytes
        self._learn(host, tape, tally)
        return tape

    def counted(self) -> dict[str, dict[str, Any]]:
        """See ``ports.Manners``."""
        return {
            host: {
                "requests": tally.requests,
                "busy": tally.busy,
                "failed": tally.failed,
                "bytes": tally.received_bytes,
                "waited_s": round(self._pace.waited_s.get(host, 0.0), 1),
                "share": round(self._pace.share(host), 3),
            }
            for host, tally in self.tallies.items()
        }

    def resting(self) -> tuple[str, ...]:
        """See ``ports.Manners``."""
        return self._breaker.resting() if self._breaker else ()

    def known(self) -> dict[str, dict[str, dict[str, Any]]]:
        """See ``ports.Manners``."""
        return {"pace": self._pace.known()} | ({"breaker": self._breaker.known()} if self._breaker else {})

    def remember(self, pace: Mapping[str, Mapping[str, Any]], breaker: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from what an earlier run knew."""
        self._pace.remember(pace)
        if self._breaker:
            self._breaker.remember(breaker)

    async def aclose(self) -> None:
        """See ``ports.Transport``."""
        await self._inner.aclose()

    def _learn(self, host: str, tape: Tape, tally: Tally) -> None:
        status = tape.layout.status if tape.layout else None
        if tape.layout and any(name.lower() == "memento-datetime" for name, _ in tape.layout.headers):
            status = 200  # what a web archive once got: its own answer is this one
        busy = status in (429, 503)
        asked_s = wanted_s(tape.layout.headers, self._clock.now(), busy=busy) if tape.layout else None
        tally.busy += busy
        tally.failed += status is None
        self._judge(host, works=status is not None and (status < 500 or (busy and asked_s is not None)))
        slow = tape.elapsed_s > SLOW_S and tape.received_bytes <= _SMALL
        self._pace.heard(host, good=not busy and not slow)
        if asked_s:
            self._pace.penalise(host, asked_s)

    def _judge(self, host: str, *, works: bool) -> None:
        if self._breaker:
            (self._breaker.worked if works else self._breaker.failed)(host)


def wanted_s(headers: Iterable[tuple[str, str]], now: datetime, *, busy: bool) -> float | None:
    """How long an answer wants its host to be left alone from ``now``, at most 24 hours; ``None`` when it does not say.

    ``Retry-After`` of a 429 or 503 (``busy``): seconds or an HTTP date (RFC 9110, 10.2.3). Else a rate limit's reset,
    in seconds or as a Unix time, when the answer is ``busy`` or says that nothing remains (X's and the IETF draft's).
    """
    named = {name.lower(): value.strip() for name, value in headers}
    if busy and "retry-after" in named and (seconds := seconds_from(named["retry-after"], now)):
        return seconds
    reset = next((named[name] for name in _RESETS if name in named), None)
    nothing_left = any(named.get(name) == "0" for name in _REMAINING)
    return seconds_from(reset, now) if reset and (busy or nothing_left) else None
