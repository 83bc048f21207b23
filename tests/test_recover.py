"""What archives hold of one post: which captures are looked at, and when it is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.archives import Desk
from archiver.consult import Consultation, Patience
from archiver.errors import Unreachable
from archiver.model import PostRef
from archiver.platforms.x.post import X
from archiver.recover import recover
from tests.loopback.desk import Counter
from tests.loopback.legacy import shell
from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.wayback import Capture, of_post
from tests.loopback.x_world import World

POST = Post(
    post_id=snowflake("2018-03-01T10:00:00.250Z"), by=Account("anna_eg", "Anna"), text="Something that was said"
)
REF = PostRef(platform="x", post_id=POST.post_id, handle="anna_eg")


async def recovery(*captures, post=REF, names=(), desk=None, instead=lambda _: None, **more):
    """(what is recovered, what was asked)."""
    desk = desk or Desk()
    fetcher = Counter(World(captures=captures, **more), instead)
    archive = Consultation(desk, fetcher, Patience(desk.failures), "archives:test")
    return await recover(post, X().moment(post), X(), archive, names), fetcher.asked


async def test_a_capture_named_by_availability_saves_the_index_its_questions():
    """Two questions when the nearest capture shows the post."""
    found, asked = await recovery(of_post(POST, "20180302000000"))
    assert [url.partition("?")[0].partition("/web/")[0] for url in asked] == [
        "https://archive.org/wayback/available",
        "https://web.archive.org",
    ]
    assert {name: fact.value for name, (fact,) in found.facts.items()}["text"] == POST.text
    assert found.settled
    assert found.seen == "1 capture looked at (20180302: shows the post)"


@pytest.mark.parametrize("host", ["twitter.com", "mobile.twitter.com", "x.com"])
async def test_every_form_of_the_address_is_looked_for(host):
    """Captures lie under the address that their crawler was given."""
    found, _ = await recovery(of_post(POST, "20180302000000", host=host), trouble="empty availability")
    assert found.facts
    assert found.memento is not None
    assert found.memento.url.endswith(POST.url(host))


async def test_an_address_without_a_handle_is_looked_for_too():
    """Where the article knows no handle, or an old one."""
    capture = of_post(POST, "20180302000000")
    nameless = replace(capture, url=f"https://twitter.com/i/web/status/{POST.post_id}")
    found, _ = await recovery(nameless, post=replace(REF, handle=None))
    assert found.facts


async def test_every_handle_of_the_author_is_looked_for():
    """The article knows the one of that day; captures lie under the one of the day when they were made."""
    before = replace(POST, by=Account("Anna_Before", "Anna"))
    found, asked = await recovery(of_post(before, "20180302000000"), names=("ANNA_EG", None, "anna_before"))
    assert found.facts["handle"][0].value == "Anna_Before"
    assert len(asked) == 3, "availability under both names, and the capture"
    assert found.handles == ("anna_eg", "anna_before")


async def test_handles_are_asked_for_once_and_not_without_end():
    """Whoever is named in twenty ways, or in ways that no handle is written, costs the index no hundred questions."""
    names = ["anna_eg", "Anna_EG", "a/b", "", *(f"anna_{number}" for number in range(20))]
    found, asked = await recovery(names=names)
    assert found.handles == ("anna_eg", "anna_0", "anna_1", "anna_2")
    assert len(asked) == len(set(asked)) == 4 + 3 * 4 + 2


async def test_another_posts_capture_is_not_looked_at():
    """An address that begins with the id may be a longer id's."""
    longer = Capture(url=f"{POST.url('twitter.com')}7", stamp="20180302000000", body=b"<p>Another</p>")
    found, asked = await recovery(longer)
    assert not found.facts
    assert not [url for url in asked if "/web/2" in url]
    assert (found.seen, found.settled) == ("no capture found", True)


async def test_no_more_captures_are_looked_at_than_allowed():
    """Shells by the dozen end the search; it is said what they were."""
    wall, url = shell("login").encode(), POST.url("twitter.com")
    shells = [Capture(url=url, stamp=f"202308{day:02}000000", body=wall + b" " * day) for day in range(1, 20)]
    found, asked = await recovery(*shells, desk=Desk(mementos=3))
    assert len([url for url in asked if "/web/2" in url]) == 3
    assert found.seen.startswith("3 captures looked at (20230801: a login wall, ")
    assert found.settled


async def test_an_archive_that_is_away_leaves_the_matter_open():
    """Nothing is recovered, nothing concluded; the failures say why."""
    found, asked = await recovery(instead=lambda url: Unreachable(url, "no route"))
    assert (dict(found.facts), found.settled) == ({}, False)
    assert {failure.word for failure in found.failures} == {"unreachable"}
    assert len(asked) == 4
    assert "archive.org unreachable: no route" in found.seen


async def test_a_capture_from_before_the_post_shows_another():
    """Whatever it shows; an archive's date or the id is wrong, and neither is believed."""
    found, _ = await recovery(of_post(POST, "20170302000000"))
    assert not found.facts
    assert "captured before the post was made" in found.seen
