"""A look that is only kept when there is something in it (``ports.Scout``).

A feed that is asked every night and says the same every night is no evidence of anything; one that names an article is
where we know it from. So a source's answer is held until somebody says that it is news, and is stored then, before
anything that was read from it is written down.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from archiver.errors import BadReply
from archiver.model import Request, Tape, WarcRef
from archiver.ports import Transport
from archiver.store import replay
from archiver.store.archive import Archive


class Glimpse:
    """``ports.Glimpse``."""

    def __init__(self, tape: Tape, archive: Archive, max_decoded_bytes: int) -> None:
        assert tape.layout is not None
        self._tape = tape
        self._archive = archive
        self._kept: WarcRef | None = None
        self.url = tape.url
        self.status = tape.layout.status
        self.headers = tape.layout.headers
        self.cut = tape.cut
        self.body, self.problem = replay.decoded(tape.received, tape.layout, max_decoded_bytes)

    def header(self, name: str) -> str | None:
        """See ``ports.Glimpse``."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    async def keep(self) -> WarcRef:
        """See ``ports.Glimpse``."""
        if self._kept is None:
            self._kept = (await self._archive.keep(self._tape, max_decoded_bytes=0)).warc
        return self._kept


class Scouting:
    """``ports.Scout`` over a transport; one attempt for each look."""

    def __init__(self, transport: Transport, archive: Archive, *, max_decoded_bytes: int) -> None:
        self._transport = transport
        self._archive = archive
        self._max_decoded_bytes = max_decoded_bytes

    @asynccontextmanager
    async def look(self, request: Request) -> AsyncIterator[Glimpse]:
        """See ``ports.Scout``."""
        tape = await self._transport.exchange(request)
        try:
            if tape.error is not None:
                raise tape.error
            if tape.layout is None:
                raise BadReply(tape.url, "no complete response head")
            yield Glimpse(tape, self._archive, request.max_decoded_bytes or self._max_decoded_bytes)
        finally:
            tape.received.close()
