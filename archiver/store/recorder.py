"""The recording Fetcher: no exchange leaves this file before its bytes are durable in a WARC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from archiver.errors import NotHeld
from archiver.model import Exchange, Request
from archiver.ports import Transport
from archiver.store.archive import DEFAULT_MAX_DECODED_BYTES, Archive


class RecordingFetcher:
    """``ports.Fetcher``: what the archive holds for a slot and URL is not asked for again; what is fetched is stored
    first and read afterwards. One attempt for each call."""

    def __init__(
        self, transport: Transport, archive: Archive, *, max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES
    ) -> None:
        self._transport = transport
        self._archive = archive
        self._max_decoded_bytes = max_decoded_bytes
        self._underway: dict[tuple[str, str], asyncio.Event] = {}

    async def fetch(self, request: Request) -> Exchange:
        """The exchange, from the archive or the network.

        Raises what the transport raises when nothing came back, the tape's error once its bytes are stored, and
        ``StoreError``.
        """
        async with self._alone(request):
            known = await self._archive.recall(request, max_decoded_bytes=self._max_decoded_bytes)
            if known is not None:
                return known
            tape = await self._transport.exchange(request)
            try:
                return await self._archive.keep(tape, max_decoded_bytes=self._max_decoded_bytes)
            finally:
                tape.received.close()

    @asynccontextmanager
    async def _alone(self, request: Request) -> AsyncIterator[None]:
        """Whoever asks for the same thing meanwhile waits, and then finds it in the archive."""
        key = (request.slot, request.url)
        while (other := self._underway.get(key)) is not None:
            await other.wait()
        done = self._underway[key] = asyncio.Event()
        try:
            yield
        finally:
            del self._underway[key]
            done.set()


class RecallingFetcher:
    """``ports.Fetcher`` over the archive alone: what it holds is given back, whatever it says; nobody is asked."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def fetch(self, request: Request) -> Exchange:
        """The newest stored answer. Raises ``NotHeld`` without one, ``Damaged``."""
        known = await self._archive.recall_any(request)
        if known is None:
            raise NotHeld(request.url, "the archive holds no answer")
        return known
