"""Ask the platform what to fetch next, until it is satisfied."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from archiver.budget import Budget
from archiver.errors import FetchError
from archiver.model import Capture, Exchange, Failure, Picture, PostRef, Request
from archiver.ports import Fetcher, Platform

_MEDIA = ("media", "avatar", "card")
# What is set aside for a film whose length nobody knows; as much as ``network.max_body_bytes`` is by default.
_MOST_FILM_BYTES = 200_000_000
# A platform that never stops asking would be our bug; this only bounds what it could cost.
_MOST_REQUESTS = 200


async def capture(
    post: PostRef, platform: Platform, fetcher: Fetcher, *, slot: str | None = None, budgets: Sequence[Budget] = ()
) -> Capture:
    """Everything that the platform wants for ``post``, in the order in which it was asked.

    A request that fails is kept as a ``Failure`` and does not stop the others. ``slot``: fetch the platform's own
    questions in this slot instead of the post's first one, so that they are asked anew. ``budgets``: what media may
    cost; what goes beyond the least of them is cut, or refused (``over-budget``). ``StoreError`` is raised on.
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
        answers = await asyncio.gather(*(ask(_in_slot(request, post, slot), fetcher, budgets) for request in wanted))
        got += [answer for answer in answers if isinstance(answer, Exchange)]
        failures += [answer for answer in answers if isinstance(answer, Failure)]
    return Capture(post=post, exchanges=tuple(got), failures=tuple(failures))


def _in_slot(request: Request, post: PostRef, slot: str | None) -> Request:
    return replace(request, slot=slot) if slot and request.slot == post.key else request


async def picture(wanted: Picture, fetcher: Fetcher, budgets: Sequence[Budget]) -> list[Exchange | Failure]:
    """Every answer of a picture's or film's own host, in order; the last one is the file, unless it ``is_file`` not."""
    got: list[Exchange | Failure] = []
    for url in wanted.ladder:
        request = Request(
            url=url,
            why=wanted.why,
            slot=f"media:{url}",
            accept=f"{wanted.kind}/*",
            max_body_bytes=wanted.max_bytes,
            max_decoded_bytes=0,
        )
        answer = await ask(request, fetcher, budgets)
        got.append(answer)
        if isinstance(answer, Failure) or is_file(answer):
            break
    return got


def is_file(answer: Exchange | Failure) -> bool:
    """Whether an answer holds the picture or film that was asked for."""
    return isinstance(answer, Exchange) and answer.status in (200, 206)


async def ask(request: Request, fetcher: Fetcher, budgets: Sequence[Budget]) -> Exchange | Failure:
    """The answer, within what ``budgets`` leave for media; services' own answers are small, and always asked for."""
    return await within(request, fetcher, budgets if request.why in _MEDIA else ())


async def within(request: Request, fetcher: Fetcher, budgets: Sequence[Budget]) -> Exchange | Failure:
    """The answer, within what ``budgets`` leave.

    Budgets are entered in one order by everybody, so nobody waits for somebody who waits for them.
    """
    if not budgets:
        return await _fetch(request, fetcher)
    first, *others = budgets
    most = request.max_body_bytes or _MOST_FILM_BYTES
    async with first.share(most) as share:
        if not share.bytes:
            return Failure(request=request, word="over-budget", reason="no bytes are left for media", retry=False)
        answer = await within(replace(request, max_body_bytes=min(most, share.bytes)), fetcher, others)
        share.used_bytes = answer.payload_bytes if isinstance(answer, Exchange) and not answer.replayed else 0
        return answer


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
