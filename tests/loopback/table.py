"""What is recorded for each scenario of the loopback web: the table in ``docs/sources.md``, made by the reading.

``python -m tests.loopback.table`` writes it (``make table``); a test fails when it is stale. Everything is computed
from values: the miniature's pure services, the platform's pure reading, and the record.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver import capture, outcome, record
from archiver.errors import Overloaded, RateLimited, UnreadableCapture
from archiver.model import Exchange, PostRef, Request
from archiver.platforms.x.post import X
from tests.answers import answer, ref
from tests.loopback.nouns import Account, Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS, Scenario
from tests.loopback.server import Asked
from tests.loopback.x_world import Service, World

DOCUMENT = Path(__file__).parents[2] / "docs" / "sources.md"
BEGIN, END = "<!-- make table -->\n", "<!-- end of the table -->\n"
FIRST = datetime(2026, 8, 1, 12, tzinfo=UTC)
FUTURE = "an id of the future"


class Miniature:
    """``ports.Fetcher`` over the services of a world, without sockets. ``now``: when its answers are given."""

    def __init__(self, services: dict[str, Service], now: datetime) -> None:
        self._services = services
        self._now = now
        self._asked = 0

    async def fetch(self, request: Request) -> Exchange:
        """See ``ports.Fetcher``. As patient as ``network.tries`` is by default: the third 429 is ``RateLimited``, the
        third 503 ``Overloaded``."""
        self._asked += 1
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}"
        asked = Asked(raw=b"", method="GET", target=target, host=parts.netloc, headers={}, scheme="https")
        for _ in range(3):
            said = self._services[parts.netloc](asked)
            if said.status not in (429, 503):
                break
        else:
            kind = Overloaded if said.status == 503 else RateLimited
            raise kind(request.url, f"the host answers {said.status}")
        cut = "disconnect" if said.form == "cut" else None
        made = answer(said.status, *said.headers, body=said.body, url=request.url, kind=said.content_type)
        place = ref(1000 * self._now.day + self._asked)
        return replace(made, request=request, started_at=self._now, cut=cut, warc=place)  # type: ignore[arg-type]


def looked(scenario: Scenario, *, post_id: str, looks: int) -> dict[str, Any]:
    """The post's document after so many looks, a day apart."""
    photo = Photo(media_id=snowflake("2024-03-01T09:59:00Z"))
    post = Post(post_id=post_id, by=Account("anna_example", "Anna Example"), text="A post by Anna.",
                photos=(photo,), pic="AnnasPic01", scenario=scenario)  # fmt: skip
    known = post_id == snowflake("2024-03-01T10:00:00.250Z")
    services, platform = World(posts=(post,) if known else ()).services(), X()
    asked = PostRef(platform="x", post_id=post_id, handle="anna_example")
    body: dict[str, Any] | None = None
    for look in range(looks):
        now = FIRST + look * timedelta(days=1)
        got = asyncio.run(capture.capture(asked, platform, Miniature(services, now)))
        try:
            seen, problem = record.read(got, platform, looks=look, before=body), None
        except UnreadableCapture as unreadable:
            seen, problem = record.unread(got, str(unreadable)), str(unreadable)
        due = None if seen.settled else now + timedelta(days=1)
        document = record.post_document(seen, at=now, looks=look + 1, try_again_at=due, error=problem, before=body)
        body = dict(document.body)
    assert body
    return body


def row(name: str, scenario: Scenario, post_id: str) -> str:
    """One line of the table."""
    first, second = (looked(scenario, post_id=post_id, looks=looks) for looks in (1, 2))
    verdicts = [
        f"{body['availability'] or 'nothing'}, {outcome.of_post(body, (), True).status}" for body in (first, second)
    ]
    facts = {fact["how"].split(".")[0] for known in first["facts"].values() for fact in known}
    told = ", ".join(source for source in ("tweet-result", "oembed", "snowflake") if source in facts)
    services = ("", "") if name == FUTURE else (_row(scenario, "tweet_result"), _row(scenario, "oembed"))
    later = "the same" if verdicts[0] == verdicts[1] else verdicts[1]
    return f"| {name} | {services[0]} | {services[1]} | {verdicts[0]} | {later} | {told} |"


def _row(scenario: Scenario, service: str) -> str:
    return scenario.refusal if scenario.refusals > 1 else str(getattr(scenario, service))


def table() -> str:
    """The whole table, as it stands in ``docs/sources.md``."""
    usual = snowflake("2024-03-01T10:00:00.250Z")
    columns = ("scenario", "tweet-result", "oEmbed", "recorded at first", "a day later", "facts from")
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    shown = {name: made for name, made in SCENARIOS.items() if "(Tweet)" not in name}
    rows = [row(name, made, usual) for name, made in shown.items()]
    rows.append(row(FUTURE, SCENARIOS["deleted"], snowflake("2031-01-01T00:00:00Z")))
    return head + "\n".join(rows) + "\n"


def written(document: str) -> str:
    """``document`` with the table of now."""
    return re.sub(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", lambda _: table(), document, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
