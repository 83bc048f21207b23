"""Ask the platform what to fetch next, until it is satisfied."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from archiver.errors import FetchError
from archiver.model import Capture, Exchange, Failure, PostRef, Request
from archiver.ports import Fetcher, Platform

# A platform that never stops asking would be our bug; this only bounds what it could cost.
_MOST_REQUESTS = 200


async def capture(post: PostRef, platform: Platform, fetcher: Fetcher, *, slot: str | None = None) -> Capture:
    """Everything that the platform wants for ``post``, in the order in which it was asked.

    A request that fails is kept as a ``Failure`` and does not stop the others. ``slot``: fetch the platform's own
    questions in this slot instead of the post's first one, so that they are asked anew. ``StoreError`` is raised on.
    """
    got: list[Exchange] = []
    failures: list[Failure] = []
    asked: set[str] = set()
    while len(asked) < _MOST_REQUESTS:
        planned = {request.url: request for request in platform.plan(post, got) if request.url not in asked}
        wanted = list(planned.values())[: _MOST_REQUESTS - len(asked)]
        if not wanted:
            break
        asked.update(request.url for request in wanted)
        answers = await asyncio.gather(*(_fetch(_in_slot(request, post, slot), fetcher) for request in wanted))
        got += [answer for answer in answers if isinstance(answer, Exchange)]
        failures += [answer for answer in answers if isinstance(answer, Failure)]
    return Capture(post=post, exchanges=tuple(got), failures=tuple(failures))


def _in_slot(request: Request, post: PostRef, slot: str | None) -> Request:
    return replace(request, slot=slot) if slot and request.slot == post.key else request


async def _fetch(request: Request, fetcher: Fetcher) -> Exchange | Failure:
    try:
        return await fetcher.fetch(request)
    except FetchError as error:
        return Failure(
            request=request,
            word=error.word,
            reason=error.reason,
            retry=error.retry,
            retry_after_s=error.retry_after_s,
        )
