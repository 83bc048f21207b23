"""Follow a short link hop by hop.

Every hop is a request of its own, so every hop is a capture of its own; the chain ends at a post (which is not
fetched as a page: ``capture`` asks for it properly), at a page, or badly, and then the reason is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urldefrag

from archiver import hops
from archiver.errors import FetchError, LoopingLink, Refused, ResolveError, TooManyHops
from archiver.model import Ended, Exchange, Hop, PostRef, Request, Resolution
from archiver.ports import Fetcher

_WAIT_S = 3600.0
_ENDED_BY: dict[type[ResolveError], Ended] = {LoopingLink: "loop", TooManyHops: "too-many-hops"}


async def resolve(
    link: str, fetcher: Fetcher, match: Callable[[str], PostRef | None], *, max_hops: int = 10
) -> Resolution:
    """Where ``link`` leads. Never raises for what the web does; ``StoreError`` is raised on.

    ``match``: the post that a URL shows, or ``None``. A hop that the archive holds already, from whichever link, is not
    asked for again.
    """
    taken: list[Hop] = []
    url: str | None = link
    via: str | None = None
    seen: set[str] = set()
    while url is not None:
        if post := match(url):
            return Resolution(short=link, end=url, ended="post", hops=tuple(taken), post=post)
        try:
            _check(url, seen, taken, max_hops)
            exchange = await fetcher.fetch(_request(url, via))
        except ResolveError as error:
            return Resolution(short=link, end=url, ended=_ENDED_BY[type(error)], hops=tuple(taken), error=str(error))
        except FetchError as error:
            return _failed(link, url, taken, error)
        step = hops.read(exchange)
        location = step.location
        taken.append(Hop(url=url, http_status=exchange.status, location=location, warc=exchange.warc))
        if step.ended is not None:
            return _ended(link, exchange, taken, step, match)
        via, url = url, location
    raise AssertionError("a chain that neither goes on nor ends")


def _check(url: str, seen: set[str], taken: list[Hop], max_hops: int) -> None:
    page = urldefrag(url).url
    if page in seen:
        raise LoopingLink(f"the chain comes back to {url}")
    if len(taken) >= max_hops:
        raise TooManyHops(f"more than {max_hops} hops")
    seen.add(page)


def _request(url: str, via: str | None) -> Request:
    page = urldefrag(url).url
    accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
    return Request(
        url=page, why="hop", slot=f"hop:{page}", via=via, accept=accept, max_decoded_bytes=hops.MAX_DECODED_BYTES
    )


def _ended(
    link: str,
    exchange: Exchange,
    taken: list[Hop],
    step: hops.Next,
    match: Callable[[str], PostRef | None],
) -> Resolution:
    assert step.ended is not None
    end = step.location or taken[-1].url
    if step.ended == "unsafe" and (post := match(end)):
        return Resolution(short=link, end=end, ended="post", hops=tuple(taken), post=post)
    broken = step.ended == "page" and exchange.cut in ("time", "disconnect")
    wait = _WAIT_S if broken or (step.ended == "error" and exchange.status >= 500) else None
    why = f"the page broke off ({exchange.cut})" if broken else step.why
    return Resolution(short=link, end=end, ended=step.ended, hops=tuple(taken), error=why, try_again_after_s=wait)


def _failed(link: str, url: str, taken: list[Hop], error: FetchError) -> Resolution:
    """The network did not let us follow ``url``: refused for good, or worth another try."""
    hop = Hop(url=url, http_status=None, location=None, warc=None)
    ended: Ended = "pending" if error.retry else "refused" if isinstance(error, Refused) else "error"
    wait = (error.retry_after_s or _WAIT_S) if error.retry else None
    return Resolution(
        short=link,
        end=url,
        ended=ended,
        hops=(*taken, hop),
        error=f"{error.word}: {error.reason}",
        try_again_after_s=wait,
    )
