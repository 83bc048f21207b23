"""A ``Fetcher`` over a world's services without sockets, for stages that are told nothing of the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from archiver.errors import FetchError, Overloaded, RateLimited
from archiver.model import Exchange, Request
from tests.answers import answer
from tests.answers import ref as stored
from tests.loopback.answers import Answer
from tests.loopback.server import Asked
from tests.loopback.x_world import World


class Counter:
    """Asks ``world`` at once. ``asked``: every URL, in order. A 429 of a service is ``RateLimited``, a 503
    ``Overloaded``."""

    def __init__(self, world: World, instead: Callable[[str], Exchange | FetchError | None] = lambda _: None) -> None:
        self._services = world.services()
        self._instead = instead
        self.asked: list[str] = []
        self.slots: list[str] = []

    async def fetch(self, request: Request) -> Exchange:
        """See ``ports.Fetcher``."""
        self.asked.append(request.url)
        self.slots.append(request.slot)
        other = self._instead(request.url)
        if isinstance(other, FetchError):
            raise other
        got = other or _exchange(request, self._answer(request))
        if got.status in (429, 503) and not got.header("memento-datetime"):
            kind = Overloaded if got.status == 503 else RateLimited
            raise kind(request.url, f"the host answers {got.status}")
        return replace(got, request=request, url=request.url, warc=stored(len(self.asked)))

    def _answer(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"host": parts.netloc, **{name.lower(): value for name, value in request.secret_headers}}
        asked = Asked(raw=b"", method="GET", target=target, host=parts.netloc, headers=headers, scheme="https")
        return self._services[parts.netloc](asked)


def _exchange(request: Request, got: Answer) -> Exchange:
    return answer(got.status, *got.headers, body=got.body, url=request.url, why=request.why, kind=got.content_type)
