"""Whether the services can be reached at all, for ``archiver doctor``: nothing is read, nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from archiver.errors import FetchError
from archiver.model import Probed, Request, Tape
from archiver.ports import Clock, Transport


async def probe(urls: Sequence[str], transport: Transport, clock: Clock) -> tuple[Probed, ...]:
    """Ask each address once; no redirect is followed."""
    return tuple(await asyncio.gather(*(_probe(url, transport, clock) for url in urls)))


async def _probe(url: str, transport: Transport, clock: Clock) -> Probed:
    request = Request(url=url, why="hop", slot=f"probe:{url}", max_body_bytes=64 * 1024)
    try:
        tape = await transport.exchange(request)
    except FetchError as error:
        return Probed(url=url, problem=f"{error.word}: {error.reason}")
    tape.received.close()
    if tape.layout is None:
        return Probed(url=url, peer=tape.peer, problem=str(tape.error))
    return Probed(url=url, status=tape.layout.status, peer=tape.peer, behind_s=_behind_s(tape, clock.now()))


def _behind_s(tape: Tape, now: datetime) -> float | None:
    assert tape.layout is not None
    written = next((value for name, value in tape.layout.headers if name.lower() == "date"), "")
    try:
        said = parsedate_to_datetime(written)
    except ValueError:
        return None
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return (said - now).total_seconds() + tape.elapsed_s / 2
