"""Asking again: what deserves another try, when, and how often. Every attempt goes through the recording fetcher, so
every attempt is stored.

| came back | then |
|---|---|
| unreachable, timed out, bad reply; cut by time or disconnect; 502, 504 | another try after full-jitter back-off |
| 429, 503 with a ``Retry-After`` of at most ``network.max_wait_s`` | another try when it says |
| 429, 503 with a longer one | ``RateLimited``, ``Overloaded`` at once; the host is left alone that long |
| 429 with none, of a host that is known to want a pause | as if it had said how long |
| 429, 503 with none that can be used | as the first row |
| an archived answer (``Memento-Datetime``), whatever its status | the answer: it says nothing about the archive |
| refused by the guard, any other status | the answer, or the error, as it is |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, retry_if_result, stop_after_attempt
from tenacity.wait import wait_random_exponential

from archiver.config import NetworkConfig
from archiver.errors import FetchError, Misled, Overloaded, RateLimited, Resting
from archiver.model import Exchange, Request
from archiver.net.guard import place
from archiver.net.pace import Pace
from archiver.net.retry_after import seconds_from
from archiver.ports import Clock, Fetcher

FIRST_WAIT_S = 1.0

_BUSY = (429, 503)
_PASSING = (429, 502, 503, 504)


class PatientFetcher:
    """A ``Fetcher`` that asks ``inner`` up to ``network.tries`` times. ``pauses``: by host, the seconds that it wants
    after a 429 that does not say."""

    def __init__(
        self, inner: Fetcher, config: NetworkConfig, clock: Clock, pace: Pace, pauses: Mapping[str, float] | None = None
    ) -> None:
        self._inner = inner
        self._config = config
        self._clock = clock
        self._pace = pace
        self._pauses = pauses or {}
        self._back_off = wait_random_exponential(multiplier=FIRST_WAIT_S, max=config.max_wait_s)

    async def fetch(self, request: Request) -> Exchange:
        """The last answer, whatever its status but 429 and 503, also when it stayed incomplete (``cut``).

        Raises ``RateLimited`` (``Overloaded`` for a 503) when the host stays busy or wants a longer wait than this run
        may take, and what ``inner`` raised last.
        """
        # Nearly every request needs no patience, and tenacity's machinery costs a quarter of a small request.
        first: Exchange | FetchError
        try:
            first = await self._attempt(request)
        except FetchError as error:
            first = error
        if isinstance(first, Exchange) and not _passing(first):
            return first
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(self._config.tries),
            wait=self._wait_s,
            retry=retry_if_exception(_worth_asking_again) | retry_if_result(_passing),
            retry_error_callback=self._last,
        )
        made = [first]

        async def attempt() -> Exchange:
            outcome = made.pop() if made else await self._attempt(request)
            if isinstance(outcome, FetchError):
                raise outcome
            return outcome

        exchange: Exchange = await retrying(attempt)
        return exchange

    async def _attempt(self, request: Request) -> Exchange:
        exchange = await self._inner.fetch(request)
        asked_s = self._asked_s(exchange) if exchange.status in _BUSY and not _archived(exchange) else None
        if asked_s and not exchange.replayed:
            self._pace.penalise(place(exchange.url, self._config.allowed_ports).host, asked_s)
            if asked_s > self._config.max_wait_s:
                raise _limited(exchange, asked_s)
        return exchange

    def _wait_s(self, state: RetryCallState) -> float:
        assert state.outcome is not None
        if not state.outcome.failed:
            asked_s = self._asked_s(state.outcome.result())
            if asked_s:
                return asked_s
        return self._back_off(state)

    def _last(self, state: RetryCallState) -> Exchange:
        assert state.outcome is not None
        exchange: Exchange = state.outcome.result()
        if exchange.status in _BUSY and not _archived(exchange):
            raise _limited(exchange, self._asked_s(exchange))
        return exchange

    def _asked_s(self, exchange: Exchange) -> float | None:
        """The pause that the answer asks for, or that its host is known to want."""
        said = retry_after_s(exchange, self._clock.now())
        if said is None and exchange.status == 429:
            return self._pauses.get(place(exchange.url, self._config.allowed_ports).host)
        return said


def retry_after_s(exchange: Exchange, now: datetime) -> float | None:
    """How long the answer's ``Retry-After`` wants to be waited from ``now``: seconds or an HTTP date (RFC 9110,
    10.2.3), at most 24 hours; ``None`` when there is none, or one that is past, negative or not understood."""
    return seconds_from((exchange.header("retry-after") or "").strip(), now)


def _worth_asking_again(error: BaseException) -> bool:
    # these are the end of patience, not its beginning
    return isinstance(error, FetchError) and error.retry and not isinstance(error, RateLimited | Resting | Misled)


def _passing(exchange: Exchange) -> bool:
    busy = exchange.status in _PASSING and not _archived(exchange)
    return not exchange.replayed and (busy or exchange.cut in ("time", "disconnect"))


def _archived(exchange: Exchange) -> bool:
    """Whether the status is that of another site, once (RFC 7089, 4.5.3)."""
    return exchange.header("memento-datetime") is not None


def _limited(exchange: Exchange, asked_s: float | None) -> RateLimited:
    kind = Overloaded if exchange.status == 503 else RateLimited
    return kind(exchange.url, f"the host answers {exchange.status}", retry_after_s=asked_s)
