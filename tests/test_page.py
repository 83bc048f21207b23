"""An article's page on later looks: asked only whether it has changed, and what a 304 leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from archiver import config, night
from archiver.cli.tonight import tonight
from archiver.store.archive import Archive
from archiver.store.records import SERVER_NOT_MODIFIED
from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.server import Asked, Host, Line, LoopbackWeb, reply
from tests.loopback.x_world import World
from tests.month import FIRST, MovedClock
from tests.newsroom import Newsroom
from tests.stories import Feed, story

ANNA = Account(handle="anna_example", name="Anna Example")
POST = Post(post_id=snowflake("2024-03-01T10:00:00.250Z"), by=ANNA, text="A post.")
KEY = "https://news.example/1"
DATED = "Sat, 28 Feb 2026 10:00:00 GMT"


class Site:
    """``news.example``: one page with ``headers``, a 304 for whoever sends one of their values back."""

    def __init__(self) -> None:
        self.headers: tuple[tuple[str, str], ...] = ()
        self.conditions: list[dict[str, str]] = []

    async def __call__(self, asked: Asked, line: Line) -> None:
        names = ("if-none-match", "if-modified-since")
        sent = {name: asked.headers[name] for name in names if name in asked.headers}
        self.conditions.append(sent)
        if {value for _, value in self.headers} & set(sent.values()):
            await line.send(reply(304, b"", *self.headers))
        else:
            await line.send(reply(200, story(1, POST).body, *self.headers, content_type="text/html"))


@pytest.fixture
def room(tmp_path) -> Iterator[tuple[Newsroom, Site]]:
    site = Site()
    hosts: dict[str, Host] = {**World(posts=(POST,)).hosts(), "news.example": site, "feeds.example": Feed(KEY)}
    with LoopbackWeb(hosts, folder=tmp_path) as web:
        made = Newsroom(tmp_path, web)
        with made.config.open("a") as file:
            file.write('[nightly]\nmin_free_bytes = 0\n[[sources]]\nname = "f"\nfeed = "https://feeds.example/f"\n')
        yield made, site


def nights(room: Newsroom, *days: float) -> list[dict[str, Any]]:
    """The reports of the nights so many days after the first."""
    made = []
    for day in days:
        clock = MovedClock(FIRST + timedelta(days=day))
        made.append(asyncio.run(tonight(config.load(room.config), night.Limits(), clock=clock, quiet=True)))
    return made


def document(room: Newsroom) -> dict[str, Any]:
    with Archive.reading(room.archive) as archive:
        return dict(archive.article(KEY) or {})


def test_a_304_is_kept_as_a_revisit_of_the_page_and_named(room):
    """The document goes on naming the page that is held, and says by which record it was found unchanged, and when."""
    newsroom, site = room
    site.headers = (("ETag", '"1"'), ("Last-Modified", DATED))
    (first, second) = nights(newsroom, 0, 1)
    assert (first["articles"], second["articles"]) == (
        {"announced": 1, "new": 1},
        {"announced": 0, "checked": 1, "unchanged": 1},
    )
    assert site.conditions == [{}, {"if-none-match": '"1"', "if-modified-since": DATED}]
    known = document(newsroom)
    told = known["not_modified"]
    revisits = {headers["WARC-Record-ID"]: headers for headers, _ in newsroom.records("revisit")}
    revisit = revisits[told["record_id"]]
    assert revisit["WARC-Profile"] == SERVER_NOT_MODIFIED
    assert revisit["WARC-Refers-To"] == known["source"]["record_id"]
    assert told["at"].startswith("2026-03-02T")
    assert known["fetched_at"].startswith("2026-03-01T")
    assert datetime.fromisoformat(known["due_at"]) > FIRST + timedelta(days=2)
    assert newsroom.archiver("verify").code == 0
    asked = len(newsroom.web.log)
    assert newsroom.save(KEY).rows[0]["status"] == "already"
    assert (len(newsroom.web.log), document(newsroom)["not_modified"]) == (asked, told)


@pytest.mark.parametrize(
    ("headers", "days", "conditions"),
    [
        ((("ETag", 'W/"a"'),), 1, {"if-none-match": 'W/"a"'}),
        ((("Last-Modified", DATED),), 1, {"if-modified-since": DATED}),
        ((), 1, {}),  # nothing to know it by: our own time is none of its words
        ((("ETag", '"' + "x" * 600 + '"'),), 1, {}),
        ((("ETag", '"a"'),), 13.9, {"if-none-match": '"a"'}),
        ((("ETag", '"a"'),), 14.1, {}),  # now and then it is had in full, whatever it says of itself
    ],
)
def test_what_a_known_page_is_asked_by(room, headers, days, conditions):
    """The server's own validators, bounded, for a fortnight after the page was had in full."""
    newsroom, site = room
    site.headers = headers
    nights(newsroom, 0, days)
    assert site.conditions == [{}, conditions]


def test_a_person_who_asks_again_gets_the_page(room):
    """``save --again`` is not content with a 304."""
    newsroom, site = room
    site.headers = (("ETag", '"1"'),)
    nights(newsroom, 0)
    newsroom.save("--again", KEY)
    assert site.conditions == [{}, {}]


def test_a_304_that_nobody_asked_for_is_no_page(room):
    """It is reported, and what is known of the article stays."""
    newsroom, _ = room
    nights(newsroom, 0)
    newsroom.web.hosts = {**newsroom.web.hosts, "news.example": _not_modified}
    (report,) = nights(newsroom, 1)
    assert "answered 304" in report["problems"][0]["said"]
    assert len(document(newsroom)["outcomes"]) == 1


@pytest.mark.parametrize(
    ("status", "known", "word", "days"),
    [
        (404, False, "gone", 1),
        (404, True, "gone", 1),
        (403, False, "refused", 7),
        (451, True, "refused", 7),
        (500, False, "failed", 1 / 24),
    ],
)
def test_what_failed_waits_by_its_class(room, status, known, word, days):
    """Whether the article was ever had or not; up to a fifth sooner."""
    newsroom, _ = room
    if known:
        nights(newsroom, 0)

    async def fails(asked: Asked, line: Line) -> None:
        await line.send(reply(status, b"no"))

    newsroom.web.hosts = {**newsroom.web.hosts, "news.example": fails}
    (report,) = nights(newsroom, 1)
    assert report["failed"] == {word: 1}
    (row,) = newsroom.archiver("list", "--articles", "--json").rows
    left = datetime.fromisoformat(row["due_at"]) - FIRST - timedelta(days=1)
    assert 0.8 * days <= left / timedelta(days=1) <= days + 0.01


async def _not_modified(asked: Asked, line: Line) -> None:
    await line.send(reply(304, b""))
