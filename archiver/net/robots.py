"""robots.txt before an article's page, where the operator wants it asked (RFC 9309).

Kept like everything else: the file is fetched through the recording fetcher, once a day and site, so the archive shows
what a page was or was not fetched by. 4xx: everything is allowed; 5xx and no answer: nothing is, for now (2.3.1).
"""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin, urlsplit

from protego import Protego

from archiver.errors import FetchError, Refused, Unreachable
from archiver.model import Exchange, Request
from archiver.ports import Clock, Fetcher

MAX_BYTES = 512 * 1024
"""What a crawler must read at least (2.5), and all that we read."""
_MAX_SITES = 500
_MAX_HOPS = 5


class RobotsFetcher:
    """A ``Fetcher`` over ``inner`` that asks first. ``agent``: our name, of which the first word counts (2.2.1)."""

    def __init__(self, inner: Fetcher, agent: str, clock: Clock) -> None:
        self._inner = inner
        self._agent = agent.partition("/")[0].partition(" ")[0]
        self._clock = clock
        self._rules: dict[str, asyncio.Future[Protego | None]] = {}

    async def fetch(self, request: Request) -> Exchange:
        """As ``inner``; raises ``Refused`` for an article's page that is disallowed, and ``Unreachable`` where nobody
        knows."""
        if request.why == "article":
            parts = urlsplit(request.url)
            site = f"{parts.scheme}://{parts.netloc}"
            rules = await self._rules_of(f"{site}@{self._clock.now():%Y%m%d}", site, request.url)
            if rules is None:
                raise Unreachable(request.url, "its robots.txt can't be had, so it is left alone for now")
            if not rules.can_fetch(request.url, self._agent):
                raise Refused(request.url, "robots.txt disallows it")
        return await self._inner.fetch(request)

    async def _rules_of(self, slot: str, site: str, via: str) -> Protego | None:
        if slot not in self._rules:
            while len(self._rules) >= _MAX_SITES:
                self._rules.pop(next(iter(self._rules)))
            self._rules[slot] = asyncio.ensure_future(self._asked(slot, site, via))
        return await asyncio.shield(self._rules[slot])

    async def _asked(self, slot: str, site: str, via: str) -> Protego | None:
        """The rules of ``site``, ``None`` when they can't be had."""
        url, before = f"{site}/robots.txt", via
        for _ in range(_MAX_HOPS):
            request = Request(
                url=url, why="robots", slot=f"robots:{slot}", via=before, accept="text/plain,*/*;q=0.5",
                max_body_bytes=MAX_BYTES, max_decoded_bytes=4 * MAX_BYTES,
            )  # fmt: skip
            try:
                answer = await self._inner.fetch(request)
            except FetchError:
                return None
            said = answer.header("location")
            if answer.status in (301, 302, 303, 307, 308) and said:
                try:
                    url, before = urljoin(url, said), url
                except ValueError:
                    return Protego.parse("")
                continue
            if answer.status >= 500 or (answer.status == 200 and answer.body is None):
                return None
            text = (answer.body or b"")[:MAX_BYTES].decode("utf-8-sig", "replace") if answer.status == 200 else ""
            return await asyncio.to_thread(Protego.parse, text)
        return Protego.parse("")  # too many redirects: as if there were none (2.3.1.2)
