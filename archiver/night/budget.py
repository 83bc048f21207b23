"""When to stop taking work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from archiver.ports import Clock, Manners

# What an article with an embed asks for: its page, and two services.
_A_PIECE = 3
Reason = Literal["max-time", "max-requests", "max-bytes", "min-free", "SIGTERM", "SIGINT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """0: none. ``max_bytes``: of answers; ``min_free_bytes``: on the archive's disk."""

    max_time_s: float = 0
    max_requests: int = 0
    max_bytes: int = 0
    min_free_bytes: int = 0


class Budget:
    """``free_bytes``: asks the disk."""

    def __init__(self, limits: Limits, clock: Clock, manners: Manners, free_bytes: Callable[[], int]) -> None:
        self._limits = limits
        self._clock = clock
        self._manners = manners
        self._free_bytes = free_bytes
        self._began_s = clock.monotonic_s()
        self._reason: Reason | None = None
        self._under_way = 0
        self._ended = asyncio.Condition()

    @asynccontextmanager
    async def piece(self) -> AsyncIterator[bool]:
        """One piece of work, once there is room for it: whether it may be done. Near the limit of requests fewer are
        under way at a time, each taken to ask for ``_A_PIECE``: beyond it goes what these ask for more than that."""
        async with self._ended:
            await self._ended.wait_for(lambda: not self._under_way or self.over() or self._has_room())
            may = self.over() is None
        self._under_way += may
        try:
            yield may
        finally:
            self._under_way -= may
            async with self._ended:
                self._ended.notify_all()

    def _has_room(self) -> bool:
        most = self._limits.max_requests
        return not most or self._counted("requests") + _A_PIECE * self._under_way < most

    def _counted(self, what: str) -> int:
        return sum(host[what] for host in self._manners.counted().values())

    @property
    def reason(self) -> Reason | None:
        """What ended the run, ``None`` when nothing did; nothing is asked now."""
        return self._reason

    def stop(self, reason: Reason) -> None:
        """Somebody wants the run to end; the first who does is named, in place of a limit too."""
        if self._reason not in ("SIGTERM", "SIGINT"):
            self._reason = reason

    def over(self) -> Reason | None:
        """Why no more work is to be taken, ``None`` while it may be."""
        if self._reason is None:
            self._reason = self._spent()
        return self._reason

    def _spent(self) -> Reason | None:
        limits = self._limits
        if limits.max_time_s and self._clock.monotonic_s() - self._began_s >= limits.max_time_s:
            return "max-time"
        if limits.min_free_bytes and self._free_bytes() < limits.min_free_bytes:
            return "min-free"
        if limits.max_requests and self._counted("requests") >= limits.max_requests:
            return "max-requests"
        if limits.max_bytes and self._counted("bytes") >= limits.max_bytes:
            return "max-bytes"
        return None
