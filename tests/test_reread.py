"""``archiver reread``: what is stored is read anew, and nobody is asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver import config, tools
from archiver.model import Document, PostRef
from tests import test_archives as archives
from tests.loopback.nouns import Account, Link, Page, Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import LoopbackWeb
from tests.loopback.wayback import of_post
from tests.loopback.x_world import World
from tests.newsroom import Newsroom

ANNA = Account(handle="anna_example", name="Anna Example")
LINK = Link(code="GullPoint1", to="https://gulls.example/a")
ARTICLE = "https://news.example/strikes"


def post(hour: int, scenario: str = "public", **more: Any) -> Post:
    text = f"At {hour} o'clock."
    return Post(post_id=snowflake(f"2024-03-01T{hour:02}:00:00.250Z"), by=ANNA, text=text,
                scenario=SCENARIOS[scenario], **more)  # fmt: skip


PHOTO = Photo(media_id=snowflake("2024-03-01T05:59:00Z"))
POSTS = (
    post(6, photos=(PHOTO,), pic="ManyPics12", quotes=post(5)),
    post(7, "deleted"),
    post(8, "empty object"),
    post(9, "server error"),
    post(10, "not JSON"),
    post(11, "rate limited"),
    post(12, "only oEmbed knows it"),
)


def embeds(*shown: Post) -> str:
    links = "".join(f'<blockquote class="twitter-tweet"><a href="{one.url()}"></a></blockquote>' for one in shown)
    return f'<p>{links} and <a href="{LINK.url}">more</a></p>'


@pytest.fixture
def room(tmp_path):
    """A newsroom that has saved an article of the web, with posts of every standing, and is offline since."""
    pages = (Page(url=ARTICLE, body=embeds(*POSTS).encode()), Page(url=LINK.to, body=b"<p>Gulls</p>"))
    world = World(posts=POSTS, links=(LINK,), pages=pages)
    with LoopbackWeb(world.hosts(), folder=tmp_path) as web:
        made = Newsroom(tmp_path, web)
        made.save(ARTICLE)
        made.save(made.file("saved.html", embeds(*POSTS[:2])))
        made.unplug()
        asked = len(web.log)
        yield made
        assert len(web.log) == asked, "reread asks nobody"


def documents(room: Newsroom) -> int:
    return sum(b'"kind":' in block for _, block in room.records("metadata"))


def test_nothing_changes_when_everything_reads_as_before(room) -> None:
    """Public, gone, ambiguous, failing, unreadable, limited: the same record, and no document is written."""
    before, shown = documents(room), room.archiver("list", "--json").rows
    said = room.archiver("reread")
    assert (said.code, said.out) == (0, "2 articles read again, 0 documents with something new\n")
    assert documents(room) == before
    assert room.archiver("list", "--json").rows == shown


def older_reading(room: Newsroom, of: Post, **wrong: Any) -> None:
    """Leave the document that an older version might have made of ``of``."""

    async def write() -> None:
        async with tools.writing(config.load(Path(room.config))) as ready:
            known = ready.catalog.post(PostRef(platform="x", post_id=of.post_id))
            assert known is not None
            document = Document(kind="post", key=f"x:{of.post_id}", at=datetime.now(UTC), body={**known, **wrong})
            await ready.catalog.add([document])

    asyncio.run(write())


def test_what_could_not_be_read_becomes_a_record_after_a_fix(room) -> None:
    """The answer is in the archive; so are the picture, the quoted post, and every fact's source."""
    (whole,) = [row for row in room.archiver("show", "--json", POSTS[0].post_id).rows if row["article"] == ARTICLE]
    older_reading(room, POSTS[0], availability="error", error="tweet-result.text: wanted str", settled=False,
                  facts={}, evidence=[], looks=0)  # fmt: skip
    said = room.archiver("reread")
    assert (said.code, "1 document with something new" in said.out) == (0, True)
    (again,) = [row for row in room.archiver("show", "--json", POSTS[0].post_id).rows if row["article"] == ARTICLE]
    assert again == whole
    assert again["facts"]["media"][0]["value"][0]["file"]["bytes"] > 100


def test_a_fact_that_was_misread_is_put_right(room) -> None:
    """What no stored answer says is no longer said, and the articles that show it say so too."""
    known = room.archiver("show", "--json", POSTS[0].post_id).rows[0]["facts"]
    wrong = {**known, "text": [{**known["text"][0], "value": "Something else"}]}
    older_reading(room, POSTS[0], facts=wrong)
    room.archiver("reread")
    texts = {row["text"] for row in room.archiver("show", "--json", POSTS[0].post_id).rows}
    assert texts == {POSTS[0].full_text}


def test_without_an_archive_there_is_nothing_to_read(tmp_path) -> None:
    """And none is made."""
    with LoopbackWeb(World().hosts(), folder=tmp_path) as web:
        made = Newsroom(tmp_path, web)
        said = made.archiver("reread")
    assert said.code == 66
    assert not made.archive.exists()


def test_what_web_archives_told_is_read_again_too(tmp_path) -> None:
    """A recovered post, and an embed of text alone that was found among an author's captures: nothing changes."""
    pages = {"page.html": archives.EMBED, "page.txt": archives.TEXT.replace(" pic.twitter.com/AnnasPic01", "")}
    crowd = [of_post(other, "20180401000000") for other in archives.others(5)]
    captures = (*crowd, of_post(archives.GONE, "20180302000000"))
    with LoopbackWeb(World(posts=(archives.GONE,), captures=captures).hosts(), folder=tmp_path) as web:
        made = Newsroom(tmp_path, web, wayback=True)
        for name, text in pages.items():
            (row,) = made.save(made.file(name, text)).rows
            assert row["status"] in ("archived", "already")
        shown = made.archiver("list", "--json").rows
        made.unplug()
        said = made.archiver("reread")
        assert said.out == "2 articles read again, 0 documents with something new\n"
        assert made.archiver("list", "--json").rows == shown


@pytest.mark.parametrize("other", ["@the_mayor", "@ANNA_EXAMPLE", "/i/web/status/"])
@pytest.mark.parametrize("wayback", [False, True])
def test_a_post_that_articles_know_by_different_handles_stays_as_it_was(tmp_path, other, wayback) -> None:
    """It was asked for under one of them, and it is that question's answers that are read again."""
    gone = archives.GONE
    link = f"https://twitter.com/i/web/status/{gone.post_id}"
    again = (
        archives.EMBED.replace("anna_example", other.lstrip("@")) if "@" in other else f'<a href="{link}">{link}</a>'
    )
    assert again != archives.EMBED
    captures = (of_post(gone, "20180302000000"),) if wayback else ()
    with LoopbackWeb(World(posts=(gone,), captures=captures).hosts(), folder=tmp_path) as web:
        made = Newsroom(tmp_path, web, wayback=wayback)
        for name, text in {"z.html": archives.EMBED, "a.html": again}.items():
            made.save(made.file(name, text))
        shown = made.archiver("show", "--json", gone.post_id).rows
        assert {row["availability"] for row in shown} == {"deleted"}
        assert {len(row["evidence"]) for row in shown} == {2}
        made.unplug()
        assert made.archiver("reread").code == 0
        rows = {row["article_name"]: row for row in made.archiver("show", "--json", gone.post_id).rows}
        for row in shown:
            now = rows[row["article_name"]]
            assert {key: now[key] for key in ("availability", "evidence", "captures", "facts", "url")} == {
                key: row[key] for key in ("availability", "evidence", "captures", "facts", "url")
            }
