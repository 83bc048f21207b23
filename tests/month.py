"""A month of nights in seconds: a clock that is moved, and a loopback web that changes between the nights.

What happens is written in ``Month`` once, night by night; ``world`` is the web of a night, and ``expected`` what its
report must say, worked out from the script and from what the catalog says is due, not from the program's own doings.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archiver import config, night
from archiver.cli.tonight import tonight
from archiver.errors import ArchiverError
from archiver.model import PostRef
from archiver.night.order import MOST_IDLE
from archiver.store.archive import Archive
from archiver.tools import run_async
from tests.faults.zygote import WHATS
from tests.loopback.nouns import Account, Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS, Scenario
from tests.loopback.server import Asked, Host, Line, LoopbackWeb, reply
from tests.loopback.x_world import World
from tests.stories import Feed, rss, story

FIRST = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
NIGHTS = 30
RATE = 10.0
OUTAGE = 18
BUSY = 5
ANNA = Account(handle="anna_example", name="Anna Example")
BERT = Account(handle="bert_example", name="Bert Example")
NOWHERE = '{ "*:443" = "127.0.0.1:9", "*:80" = "127.0.0.1:9" }'
SETTINGS = """
[archive]
dir = "archive"
[network]
ca_bundle = "{ca}"
connect_to = {connect_to}
tries = 2
max_wait_s = 0.05
[politeness]
requests_per_second = {rate}
[archives]
wayback = false
[nightly]
min_free_bytes = 0
[[sources]]
name = "front"
feed = "https://feeds.example/front"
[[sources]]
name = "sport"
feed = "https://sport.example/feed"
"""

_GONE, _SUSPENDED = SCENARIOS["deleted"], SCENARIOS["tombstone: suspended"]
# Night → the articles that the front page's feed names from then on, and the posts in each.
ARTICLES = {1: (1, 2, 3), 2: (4,), 3: (5,), 5: (6,), 8: (7,), 13: (8,), 18: (9,), 21: (10,)}
HOLDS = {1: (0, 1), 2: (2,), 3: (3, 4), 4: (5,), 5: (0, 6), 6: (7,), 7: (8,), 8: (9,), 9: (10,), 10: (11,)}
# Post → from which night on each scenario holds.
FATES: dict[int, dict[int, Scenario]] = {
    1: {2: _GONE},
    2: {2: _SUSPENDED, 9: SCENARIOS["public"] if "public" in SCENARIOS else Scenario()},
    4: {20: _GONE},
    6: {4: _GONE, 6: Scenario()},
    8: {10: _GONE},
    9: {15: _SUSPENDED},
}
STUCK_POST = 8
"""Its picture never comes: the host says 503 whenever it is asked."""
EDITED_POST, EDITED_ON = 3, 6
EDITED_ARTICLE, REWRITTEN_ON = 2, 4
LYING_ARTICLE, LIES_FROM = 3, 5
"""Its posts change, and its ETag does not: the page says 304 until it is had in full."""


def post(number: int, on: int) -> Post:
    """Post ``number`` as it is on night ``on``."""
    photo = Photo(media_id=snowflake(f"2026-02-{number + 1:02}T09:00:00Z"))
    made = Post(
        post_id=snowflake(f"2026-02-{number + 1:02}T10:00:00.250Z"),
        by=BERT if number % 2 else ANNA,
        text=f"Post number {number}.",
        photos=(photo,) if number in (3, 7, STUCK_POST) else (),
        pic=f"Pic{number:07}" if number in (3, 7, STUCK_POST) else None,
    )
    if number == EDITED_POST and on >= EDITED_ON:
        made = replace(made, text=f"Post number {number}, corrected.")
    fate = [scenario for since, scenario in sorted(FATES.get(number, {}).items()) if since <= on]
    return replace(made, scenario=fate[-1]) if fate else made


def held(article: int, on: int) -> tuple[int, ...]:
    """The numbers of the posts in an article on night ``on``."""
    rewritten = {EDITED_ARTICLE: REWRITTEN_ON, LYING_ARTICLE: LIES_FROM}.get(article)
    return HOLDS[article] + ((11,) if rewritten and on >= rewritten else ())


def world(on: int) -> World:
    """Everything that exists on night ``on``, but for the feeds."""
    posts = tuple(post(number, on) for number in range(12))
    named = [article for since, articles in ARTICLES.items() if since <= on for article in articles]
    tags = {LYING_ARTICLE: '"never new"'}
    return World(
        posts=posts, pages=tuple(story(one, *(posts[n] for n in held(one, on)), tag=tags.get(one)) for one in named)
    )


class MovedClock:
    """The night's hour, and from there real time; what is slept for longer than half a second is skipped."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._began = time.monotonic()
        self._skipped_s = 0.0

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self.monotonic_s() - self._began)

    def monotonic_s(self) -> float:
        return time.monotonic() + self._skipped_s

    async def sleep(self, seconds: float) -> None:
        if seconds > 0.5:
            self._skipped_s += seconds
            seconds = 0.0
        await asyncio.sleep(seconds)


@dataclass
class Month:
    """The newsroom's ``folder``, its ``web``, and the two feeds."""

    folder: Path
    web: LoopbackWeb

    def __post_init__(self) -> None:
        self.front, self.sport = Feed(), Feed()
        self.sport.body = rss(["https://news.example/3"])

    def begin(self, on: int) -> MovedClock:
        """Make the web that of night ``on``; the night's clock."""
        names = [one for since, articles in sorted(ARTICLES.items()) if since <= on for one in articles]
        self.front.body = rss(f"https://news.example/{one}?utm_source=rss" for one in reversed(names))
        self.sport.answer = reply(500, b"oops") if 6 <= on <= 8 else None
        self.sport.body = rss(() if 15 <= on <= 17 else ["https://news.example/3"])
        hosts: dict[str, Host] = {**world(on).hosts(), "feeds.example": self.front, "sport.example": self.sport}
        hosts["pbs.twimg.com"] = _without(post(STUCK_POST, 1).photos[0].name, hosts["pbs.twimg.com"])
        if on == BUSY:
            hosts["cdn.syndication.twimg.com"] = _busy
        self.web.hosts = hosts
        connect = NOWHERE if on == OUTAGE else self.web.connect_to_toml
        text = SETTINGS.format(ca=self.web.ca_bundle, connect_to=connect, rate=RATE)
        (self.folder / "config.toml").write_text(text)
        return MovedClock(FIRST + timedelta(days=on - 1))

    def night(self, on: int, **limits: Any) -> dict[str, Any]:
        """Night ``on``, in this process: its report."""
        clock = self.begin(on)
        return asyncio.run(
            tonight(config.load(self.folder / "config.toml"), night.Limits(**limits), clock=clock, quiet=True)
        )

    def due(self, on: int) -> dict[str, Mapping[str, Any]]:
        """Key → body of the posts and articles that are due when night ``on`` begins; nothing before the first."""
        if not (self.folder / "archive" / "catalog.sqlite").exists():
            return {}
        at = FIRST + timedelta(days=on - 1)
        with Archive.reading(self.folder / "archive") as archive:
            posts = {f"x:{post(n, on).post_id}": archive.post(_ref(post(n, on))) for n in range(12)}
            articles = {f"https://news.example/{n}": archive.article(f"https://news.example/{n}") for n in range(1, 11)}
        known = {key: body for key, body in {**posts, **articles}.items() if body}
        return {
            key: body for key, body in known.items() if body["due_at"] and _instant(body["due_at"]) <= at + MOST_IDLE
        }

    def knowledge(self) -> dict[str, Any]:
        """What the archive knows in the end, without what depends on when exactly it was learnt."""
        with Archive.reading(self.folder / "archive") as archive:
            bodies = [archive.post(_ref(post(n, NIGHTS))) for n in range(12)]
            pages = [archive.article(f"https://news.example/{n}") for n in range(1, 11)]
        return {
            "posts": [_lasting_post(body) for body in bodies if body],
            "articles": [_lasting_article(body) for body in pages if body],
        }


def _lasting_post(body: Mapping[str, Any]) -> dict[str, Any]:
    changes = [(one["what"], one["from"], one["to"], one["at"][:10]) for one in body["changes"]]
    facts = {field: sorted({str(one["value"]) for one in known}) for field, known in body["facts"].items()}
    return {"id": body["post_id"], "availability": body["availability"], "changes": changes, "text": facts.get("text")}


def _lasting_article(body: Mapping[str, Any]) -> dict[str, Any]:
    changes = [(one["what"], one["added"], one["removed"], one["at"][:10]) for one in body["changes"]]
    outcomes = [(one["post_id"], one["status"], one["availability"]) for one in body["outcomes"]]
    return {"key": body["key"], "changes": changes, "outcomes": outcomes, "lies": body.get("validators_lie", False)}


def _without(name: str, pictures: Host) -> Host:
    """``pictures``, but for one that its host can't give."""

    async def host(asked: Asked, line: Line) -> None:
        await (line.send(reply(503, b"")) if name in asked.path else pictures(asked, line))

    return host


async def _busy(asked: Any, line: Any) -> None:
    await line.send(reply(429, b"", ("Retry-After", "3600")))


def _ref(one: Post) -> PostRef:
    return PostRef(platform="x", post_id=one.post_id)


def _instant(written: Any) -> datetime:
    return datetime.fromisoformat(str(written))


def main(arguments: Sequence[str]) -> int:
    """One night as a process of its own, over the web that the folder's configuration names: its exit code.

    ``python -m tests.month FOLDER NIGHT MINUTES [CHANGE]``: so many minutes after the night's hour. With ``CHANGE``,
    ``faults/shim.c`` is preloaded: the change to the archive's folder of that number (from 1; 0: none) finds the disk
    full, and so does all that follows; a line for each change is added to ``FOLDER/changes``.
    """
    folder, on, minutes = Path(arguments[0]), int(arguments[1]), float(arguments[2])
    if arguments[3:]:
        what, code = WHATS["full"]
        log = os.open(folder / "changes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        ctypes.CDLL(None).arm(bytes(folder / "archive"), b"", log, b"", int(arguments[3]), what, code)
    clock = MovedClock(FIRST + timedelta(days=on - 1, minutes=minutes))
    work = tonight(config.load(folder / "config.toml"), night.Limits(), clock=clock, quiet=True)
    try:
        return int(run_async(work)["exit_code"])
    except ArchiverError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
