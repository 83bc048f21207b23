"""A world read by the program, look after look, to the words of a table: what is recorded, and from whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver import capture, outcome, record
from archiver.archives import Desk
from archiver.archivist import Archivist
from archiver.errors import UnreadableCapture
from archiver.model import PostRef
from archiver.platforms.x.post import X
from tests.loopback.miniature import Miniature
from tests.loopback.nouns import Account, Photo, Post, snowflake
from tests.loopback.x_world import World

FIRST = datetime(2026, 8, 1, 12, tzinfo=UTC)
USUAL = snowflake("2024-03-01T10:00:00.250Z")
DEFAULT = ("tweet-result", "oembed")
POST = Post(
    post_id=USUAL,
    by=Account("anna_example", "Anna Example"),
    text="A post by Anna.",
    photos=(Photo(media_id=snowflake("2024-03-01T09:59:00Z")),),
    pic="AnnasPic01",
)
_SOURCES = ("tweet-result", "oembed", "api", "fxtwitter", "wayback", "snowflake")


def looked(
    world: World, *, sources: tuple[str, ...] = DEFAULT, post_id: str = USUAL, looks: int = 1, desk: Desk | None = None
) -> dict[str, Any]:
    """The post's document after so many looks, a day apart. ``desk``: where web archives are asked, if they are."""
    services, platform = world.services(), X(sources=sources, bearer="token")
    asked = PostRef(platform="x", post_id=post_id, handle=POST.by.handle)
    body: dict[str, Any] | None = None
    for look in range(looks):
        now = FIRST + look * timedelta(days=1)
        web = Miniature(services, now)
        got = asyncio.run(capture.capture(asked, platform, web))
        try:
            seen, problem = record.read(got, platform, looks=look, before=body), None
        except UnreadableCapture as unreadable:
            seen, problem = record.unread(got, str(unreadable)), str(unreadable)
        seen = asyncio.run(Archivist(desk).recovered(seen, platform, web))
        due = None if seen.settled else now + timedelta(days=1)
        document = record.post_document(seen, at=now, looks=look + 1, try_again_at=due, error=problem, before=body)
        body = dict(document.body)
    assert body
    return body


def verdict(body: dict[str, Any]) -> str:
    """Availability and status. Where nobody answered, what became of the questions instead."""
    words = dict.fromkeys(failure["word"] for failure in body["failures"] if not body["availability"])
    said = body["availability"] or f"no answer ({', '.join(words)})"
    return f"{said}, {outcome.of_post(body, (), True).status}"


def told(body: dict[str, Any]) -> str:
    """Which sources its facts come from."""
    facts = {fact["how"].split(".")[0] for known in body["facts"].values() for fact in known}
    return ", ".join(source for source in _SOURCES if source in facts)


def later(world: World, first: str, **how: Any) -> str:
    """What is recorded a day later, in the words of ``first`` if nothing is new."""
    second = verdict(looked(world, looks=2, **how))
    return "the same" if second == first else second


def drawn(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
