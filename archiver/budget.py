"""A number of bytes that may be spent, shared by whoever works at the same time, and never exceeded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    """``limit_bytes``: what may be spent in all. A share is set aside first, and what of it was not used comes back."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes
        self._aside = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def share(self, wanted_bytes: int) -> AsyncIterator[Share]:
        """At most ``wanted_bytes``, less where less is left. Waits while others hold what is left; a share of 0 means
        that everything is spent."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._left - self._aside >= wanted_bytes or not self._aside)
            share = Share(max(0, min(wanted_bytes, self._left - self._aside)))
            self._aside += share.bytes
        try:
            yield share
        finally:
            async with self._changed:
                self._aside -= share.bytes
                self._left -= share.used_bytes
                self._changed.notify_all()


class Share:
    """``bytes``: what may be used; ``used_bytes``: what was, set by who holds it."""

    def __init__(self, size: int) -> None:
        self.bytes = size
        self.used_bytes = 0
