"""Asking an archive: pages of listings, ways to a capture, and when to stop asking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.archives import Desk
from archiver.consult import Consultation, Patience, chosen
from archiver.errors import BadReply, FetchError, RateLimited, TimedOut, Unreachable
from archiver.model import Exchange
from archiver.platforms.x.post import X
from tests.answers import answer
from tests.loopback.desk import Counter
from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.wayback import Capture, of_post
from tests.loopback.x_world import World

POST = Post(
    post_id=snowflake("2018-03-01T10:00:00.250Z"), by=Account("anna_eg", "Anna"), text="Something that was said"
)
URL = POST.url("twitter.com")
STAMPS = [f"2018030{day}0000{second:02}" for day in range(2, 6) for second in range(30)]


def asking(fetcher, desk=None, patience=None):
    """A consultation; its patience is that of a run."""
    desk = desk or Desk()
    return Consultation(desk, fetcher, patience or Patience(desk.failures), "archives:test")


async def test_a_listing_is_read_to_its_end():
    """Page by page, each row once."""
    fetcher = Counter(World(captures=tuple(of_post(POST, stamp) for stamp in STAMPS)))
    listed = await asking(fetcher, Desk(page=50)).listed(URL, prefix=True)
    assert [row.stamp for row in listed.rows] == STAMPS
    assert (listed.whole, len(fetcher.asked)) == (True, 3)


async def test_a_listing_without_end_is_left():
    """After so many rows no further page is asked for, and it is said."""
    captures = tuple(of_post(POST, stamp) for stamp in STAMPS)
    listed = await asking(Counter(World(captures=captures)), Desk(rows=40)).listed(URL, prefix=True)
    assert (len(listed.rows), listed.whole) == (40, False)
    assert listed.problem == "only the first 40 captures were looked through"


async def test_a_key_that_leads_nowhere_is_not_followed_for_ever():
    """A page that brings nothing new ends the listing."""
    page = answer(body='[["timestamp","original"],["20180302000000","https://x.com/a/status/20"],[],["same+key"]]')
    fetcher = Counter(World(), lambda _: page)
    listed = await asking(fetcher).listed(URL, prefix=False)
    assert (len(listed.rows), listed.whole, len(fetcher.asked)) == (1, False, 2)


async def test_the_nearest_capture_is_where_it_landed():
    """The archive leads to the capture that it has; that one's instant and address are the memento's."""
    archive = asking(Counter(World(captures=(of_post(POST, "20190101000000"),))))
    found = await archive.memento("20180301000000", URL)
    assert found is not None
    exchange, memento = found
    assert memento.url == exchange.url == f"https://web.archive.org/web/20190101000000id_/{URL}"
    assert str(memento.at) == "2019-01-01 00:00:00+00:00"
    assert len(archive.exchanges) == 2


async def test_an_archived_redirect_is_followed_within_the_archive():
    """A renamed account's old address once led to the new one."""
    new = replace(POST, by=Account("anna_new_eg", "Anna"))
    moved = Capture(url=URL, stamp="20190101000000", status=301, to=new.url("twitter.com"))
    found = await asking(Counter(World(captures=(moved, of_post(new, "20190101000500"))))).memento(
        "20190101000000", URL
    )
    assert found is not None
    assert found[1].url.endswith(new.url("twitter.com"))


async def test_redirects_in_a_ring_end():
    """The archive once saw a site that sent its visitors in circles."""
    there = "https://twitter.com/anna_eg/status/1"
    ring = (
        Capture(url=URL, stamp="20190101000000", status=302, to=there),
        Capture(url=there, stamp="20190101000000", status=302, to=URL),
    )
    fetcher = Counter(World(captures=ring))
    assert await asking(fetcher).memento("20190101000000", URL) is None
    assert len(fetcher.asked) == 4


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (Unreachable("u", "no route"), 3),
        (TimedOut("u", "late"), 3),
        (BadReply("u", "junk"), 3),
        (RateLimited("u", "the host answers 503"), 3),
        (RateLimited("u", "wants to be left alone", retry_after_s=60), 9),
    ],
)
async def test_a_host_that_fails_three_times_is_left_alone_for_the_run(error, asked):
    """Whoever asks afterwards is told so at once; a host that says when to come back is left to the pace instead."""
    fetcher, patience = Counter(World(), lambda _: error), Patience(3)
    for _ in range(9):
        archive = asking(fetcher, patience=patience)
        assert (await archive.listed(URL, prefix=True)).whole is False
        assert [(failure.request.why, failure.retry) for failure in archive.failures] == [("listing", True)]
        assert archive.troubles
    assert len(fetcher.asked) == asked


async def test_an_answer_makes_good_for_failures():
    """Only failures in a row count, and an archived 503 is none."""
    bad, said = Unreachable("u", "no route"), iter(["", "bad", "bad", "", "bad", "bad", "memento", "bad", "bad", ""])
    memento = answer(503, ("Memento-Datetime", "Thu, 29 Jan 2015 03:49:04 GMT"))
    instead: dict[str, Exchange | FetchError | None] = {"bad": bad, "memento": memento, "": None}
    fetcher = Counter(World(), lambda _: instead[next(said)])
    patience = Patience(3)
    for _ in range(10):
        await asking(fetcher, patience=patience).memento("20190101000000", URL)
    assert len(fetcher.asked) == 10


async def test_captures_are_stored_under_themselves_and_listings_under_the_question():
    """A capture never changes, so it is fetched once for whoever wants it."""
    fetcher = Counter(World(captures=(of_post(POST, "20190101000000"),)))
    archive = asking(fetcher)
    await archive.listed(URL, prefix=True)
    await archive.memento("20190101000000", URL)
    assert fetcher.slots == ["archives:test", f"memento:{fetcher.asked[1]}"]


async def test_the_likeliest_captures_come_first_and_the_same_bytes_once():
    """Rendered pages and JSON before the shells of later years, the oldest first."""
    captures = (
        Capture(url=URL, stamp="20230801000000", body=b"shell"),
        Capture(url=URL, stamp="20220801000000", body=b"{}", media_type="application/json"),
        of_post(POST, "20190101000000"),
        of_post(POST, "20180302000000"),
        Capture(url=URL, stamp="20180303000000", body=b"image", media_type="image/png"),
    )
    listed = await asking(Counter(World(captures=captures))).listed(URL, prefix=True)
    stamps = [row.stamp for row in chosen(listed.rows, X())]
    assert stamps == ["20180302000000", "20220801000000", "20230801000000", "20180303000000"]
