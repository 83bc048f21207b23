"""``archiver list``, ``show``, ``resolve`` and ``find``, on what a save left."""

from __future__ import annotations

from tests.loopback import sample_world as sample
from tests.loopback.nouns import Account, Post, snowflake
from tests.saving import world


def test_text_of_strangers_cannot_move_the_cursor(newsroom):
    """Escape sequences in a post's author arrive on the terminal as visible letters."""
    author = Account(handle="esc_example", name="\x1b[31mRed\x1b]8;;x\x07")
    shown = Post(post_id=snowflake("2024-03-01T10:00:00Z"), by=author, text="\x1b[2JBoo [bold]not bold[/bold]")
    room = newsroom(world(shown))
    said = room.archiver("save", room.file("a.txt", shown.url()))
    shown_again = room.archiver("show", shown.post_id)
    assert "\x1b" not in said.out + shown_again.out
    assert "[bold]not bold[/bold]" in shown_again.out


def test_list_and_show_find_their_way(newsroom):
    """By status, handle, article, post id, URL and short link."""
    room = newsroom(sample.sample_world())
    room.save(sample.ARTICLE_URL)
    gone = room.archiver("list", "--json", "--availability", "deleted").rows
    assert [r["post_id"] for r in gone] == [sample.CONFESSION.post_id]
    assert room.archiver("list", "--json", "--handle", "@ELLERYLIVE_eg").rows[0]["post_id"] == sample.BEAM.post_id
    assert len(room.archiver("list", "--json", "--limit", "3").rows) == 3
    assert room.archiver("list", "--articles", "--json").rows[0]["key"] == sample.ARTICLE_URL
    for what in (sample.BEAM.post_id, sample.BEAM.url(), sample.PAGE_LINKS["a chain"].url, sample.ARTICLE_URL):
        assert room.archiver("show", what).code == 0
    assert "ow.ly" in room.archiver("show", sample.PAGE_LINKS["a chain"].url).out


def test_resolve_prints_and_keeps_every_hop(newsroom):
    """A pic.twitter.com code is its t.co link; the chain is in the archive, and asked for once."""
    room = newsroom(sample.sample_world())
    said = room.archiver("resolve", "--json", "pic.twitter.com/GullPoint1", sample.PAGE_LINKS["a chain"].url)
    first, second = said.rows
    assert (said.code, first["ended"], first["short"]) == (0, "post", "https://t.co/GullPoint1")
    assert [hop["http_status"] for hop in second["hops"]] == [301, 301, 301, 301, 200]
    asked = len(room.web.log)
    assert room.archiver("resolve", sample.PAGE_LINKS["a chain"].url).code == 0
    assert len(room.web.log) == asked


def test_find_keeps_nothing(newsroom):
    """For a file no request is made; for an address, the page is asked for and no archive appears."""
    room = newsroom(sample.sample_world())
    assert len(room.archiver("find", "--json", sample.ARTICLE_TXT).rows) == 3
    assert not room.web.log
    found = room.archiver("find", "--json", sample.ARTICLE_URL).rows
    assert len(found) == len(sample.PAGE_FINDS)
    assert [crossing.url for crossing in room.web.log] == [sample.ARTICLE_URL]
    assert not room.archive.exists()
