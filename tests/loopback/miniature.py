"""A patient ``Fetcher`` over a world's services, without sockets, at a time of one's choice: for the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from archiver.errors import Overloaded, RateLimited, Unreachable
from archiver.model import Exchange, Request
from tests.answers import answer, ref
from tests.loopback.answers import Answer
from tests.loopback.server import Asked
from tests.loopback.x_world import Service

_TRIES = 3
_BUSY = {429: RateLimited, 503: Overloaded}


class Miniature:
    """``ports.Fetcher``. ``now``: when its answers are given; ``asked``: how many. As patient as ``network.tries`` is
    by default: the third 429 is ``RateLimited``, the third 503 ``Overloaded``. Names without a host are unreachable."""

    def __init__(self, services: dict[str, Service], now: datetime) -> None:
        self._services = services
        self._now = now
        self.asked = 0

    async def fetch(self, request: Request) -> Exchange:
        """See ``ports.Fetcher``."""
        self.asked += 1
        said = self._answer(request)
        cut = "disconnect" if said.form == "cut" else None
        made = answer(said.status, *said.headers, body=said.body, url=request.url, kind=said.content_type)
        place = ref(1000 * self._now.day + self.asked)
        return replace(made, request=request, started_at=self._now, cut=cut, warc=place)  # type: ignore[arg-type]

    def _answer(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {name.lower(): value for name, value in request.secret_headers}
        raw = b"\r\n\r\n" + urlencode(request.form).encode()
        method = "POST" if request.form else "GET"
        asked = Asked(raw=raw, method=method, target=target, host=parts.netloc, headers=headers, scheme=parts.scheme)
        if parts.netloc not in self._services:
            raise Unreachable(request.url, "no such host")
        for _ in range(_TRIES):
            said = self._services[parts.netloc](asked)
            archived = any(name.lower() == "memento-datetime" for name, _ in said.headers)
            if said.status not in _BUSY or archived:
                return said
        raise _BUSY[said.status](request.url, f"the host answers {said.status}")
