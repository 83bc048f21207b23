"""A web of a few answers in memory: the smallest real ``Fetcher``, for stages that need one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

from archiver.errors import FetchError, Unreachable
from archiver.model import Cut, Exchange, Request, WarcRef, Why

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def answer(
    status: int = 200,
    *headers: tuple[str, str],
    body: bytes | str = b"",
    url: str = "https://t.co/X9DJa7awAM",
    why: Why = "hop",
    kind: str | None = "text/html; charset=utf-8",
    cut: Cut | None = None,
) -> Exchange:
    """An answer as a fetcher returns it. ``kind``: its Content-Type, ``None`` for none."""
    content = body.encode() if isinstance(body, str) else body
    return Exchange(
        request=Request(url=url, why=why, slot="test"),
        url=url,
        started_at=NOW,
        elapsed_s=0.01,
        peer="192.0.2.1",
        status=status,
        headers=(*headers, *([("Content-Type", kind)] if kind else [])),
        body=content,
        payload_digest="sha256:" + "0" * 64,
        payload_bytes=len(content),
        cut=cut,
        warc=ref(1),
    )


def moved(to: str, status: int = 301, *, url: str = "https://t.co/X9DJa7awAM") -> Exchange:
    """A redirect."""
    return answer(status, ("location", to), url=url, kind=None)


def in_json(value: object, status: int = 200, *, url: str = "https://service.example/", why: Why = "post") -> Exchange:
    """A JSON answer."""
    return answer(status, body=json.dumps(value), url=url, why=why, kind="application/json; charset=utf-8")


def ref(number: int) -> WarcRef:
    """The ``number``-th record of a WARC."""
    record_id = f"<urn:uuid:00000000-0000-4000-8000-{number:012x}>"
    return WarcRef(file="archiver-20260801.warc.gz", record_id=record_id, offset_bytes=1000 * number, length_bytes=500)


@dataclass
class Web:
    """``ports.Fetcher`` over ``answers``, by URL; an error is raised, an unknown URL is unreachable. ``asked``: every
    request, in order. Each answer is stored, as it were, in a record of its own."""

    answers: Mapping[str, Exchange | FetchError]
    asked: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Exchange:
        """See ``ports.Fetcher``."""
        self.asked.append(request)
        found = self.answers.get(request.url)
        if found is None:
            raise Unreachable(request.url, "no such host")
        if isinstance(found, FetchError):
            raise found
        return replace(found, request=request, url=request.url, warc=ref(len(self.asked)))

    @property
    def urls(self) -> list[str]:
        """What was asked for."""
        return [request.url for request in self.asked]


def chain(*urls: str, last: Exchange | None = None) -> dict[str, Exchange | FetchError]:
    """Redirects from each of ``urls`` to the next; the last answers ``last``, or a page."""
    end: dict[str, Exchange | FetchError] = {urls[-1]: last or answer(body="<p>The end.</p>" * 500)}
    return {**end, **{here: moved(to) for here, to in pairwise(urls)}}
