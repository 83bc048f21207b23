"""Which post an embed without an id is: the same words, and only one post that has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archiver.archives import Desk
from archiver.consult import Consultation, Patience
from archiver.errors import RateLimited, Unreachable
from archiver.identify import identify
from archiver.model import Find, Identification, Moment
from archiver.platforms.x.post import X
from tests.loopback.desk import Counter
from tests.loopback.legacy import shell
from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.wayback import Capture, of_post
from tests.loopback.x_world import World

ANNA = Account("anna_eg", "Anna")
WORDS = "Something that was said about the gulls of the harbour"
POST = Post(post_id=snowflake("2018-03-01T10:00:00.250Z"), by=ANNA, text=WORDS)
EMBED = Find(
    article="urn:archiver:file:sha256:0",
    position=0,
    kind="embed",
    form="plain-text",
    platform="x",
    handle="Anna_EG",
    date=Moment.of_day(date(2018, 3, 1)),
    text=WORDS,
)


def at(time, **more):
    """Another post of the day."""
    return replace(POST, post_id=snowflake(f"2018-03-01T{time}Z"), **more)


async def told(*captures, item=EMBED, desk=None, instead=lambda _: None, before=None, anew=False):
    """What archives tell about ``item``."""
    desk = desk or Desk()
    fetcher = Counter(World(captures=captures), instead)
    return await identify(
        item, X(), Consultation(desk, fetcher, Patience(desk.failures), "archives:test"), before, anew=anew
    )


def page(post, **more):
    """Its capture."""
    return of_post(post, "20180401000000", **more)


@pytest.mark.parametrize("time", ["00:00:00.000", "23:59:59.999"])
async def test_the_first_and_last_millisecond_belong_to_the_day(time):
    """The printed day is the whole UTC day."""
    found = await told(page(at(time)))
    assert found is not None
    assert found.post is not None
    assert (found.post.post_id, found.found and found.found.confidence) == (at(time).post_id, "same")


@pytest.mark.parametrize(
    ("others", "sure"),
    [
        ([at("11:00:00", text="Nothing of the kind, and nothing about birds either")], True),
        ([at("11:00:00", text=f"{WORDS[:-3]}xyz")], True),
        ([at("11:00:00")], False),
        ([at("11:00:00", text=f"{WORDS}, and so on")], True),
        ([at("11:00:00", by=Account("bert_eg", "Bert"))], True),
    ],
    ids=["others", "nearly the same", "the same", "longer", "somebody else's"],
)
async def test_only_a_second_post_that_proves_as_much_makes_it_unsure(others, sure):
    """What is merely alike is listed, and does not shake what agrees letter for letter."""
    found = await told(page(POST), *map(page, others))
    assert found is not None
    assert (found.post is not None) == sure
    assert found.candidates[0].ratio == 1.0


async def test_a_part_proves_nothing_beside_others_like_it():
    """The end of a text is proof only while nothing else resembles it."""
    item = replace(EMBED, text=f"So they say in the pubs. {WORDS}")
    alone = await told(page(POST), item=item)
    beside = await told(page(POST), page(at("11:00:00", text=f"So they say in the pubs. {WORDS}!?")), item=item)
    assert alone is not None
    assert beside is not None
    assert (alone.found and alone.found.confidence) == "tail"
    assert beside.found is None or beside.found.confidence == "same"


async def test_the_second_capture_is_read_where_the_first_shows_nothing():
    """A shell under the likelier name does not hide the post."""
    early = Capture(url=POST.url("twitter.com"), stamp="20180302000000", body=shell("login").encode())
    found = await told(early, page(POST))
    assert found is not None
    assert found.post is not None


async def test_a_repost_under_the_accounts_address_is_not_its_own_word():
    """The page shows another author: no candidate."""
    shown = page(replace(POST, by=Account("bert_eg", "Bert")))
    found = await told(replace(shown, url=POST.url("twitter.com")))
    assert found is not None
    assert (found.post, found.candidates, found.read) == (None, (), 1)


CROWD = [page(at(f"10:{minute:02}:00", text=f"Number {minute} of many")) for minute in range(20)]


@pytest.mark.parametrize("minute", [0, 7, 30])
async def test_a_crowded_day_is_read_part_by_part(minute):
    """Whoever posts without end is not read without end: each look goes on where the last one stopped, until all is
    read; before that nothing is sure, since another post may have the same words."""
    crowd = [*CROWD[:minute], page(at(f"10:{minute:02}:30", text=WORDS)), *CROWD[minute:]]
    seen: list[Identification | None] = [None]
    for part in range(1, 6):
        found = await told(*crowd, desk=Desk(candidates=5), before=seen[-1])
        assert found is not None
        seen.append(found)
        assert (found.listed, found.read, found.whole) == (21, min(5 * part, 21), part == 5)
        assert (found.settled, found.post is not None) == (part == 5, part == 5)
    halfway = seen[2]
    assert halfway is not None
    assert halfway.rest is not None
    assert (halfway.rest.count, halfway.rest.read) == (11, 10)
    assert "11 posts of them left for the next look" in halfway.seen


async def test_two_posts_in_two_parts_prove_nothing():
    """What the first look found is held beside what the last one finds."""
    desk, first = Desk(candidates=12), None
    twins = [page(at("09:00:00", text=WORDS)), *CROWD, page(at("11:00:00", text=WORDS))]
    for _ in range(2):
        first = await told(*twins, desk=desk, before=first)
    assert first is not None
    assert (first.settled, first.post, len(first.candidates)) == (True, None, 2)


async def test_a_part_that_could_not_be_read_is_read_again():
    """The archive fell silent: the next look begins where this one began."""
    desk = Desk(candidates=5, failures=99)
    silent = lambda url: Unreachable(url, "no route") if "/web/2" in url else None  # noqa: E731
    first = await told(*CROWD, desk=desk, instead=silent)
    assert first is not None
    assert (first.rest, first.settled, first.read) == (None, False, 0)
    part = await told(*CROWD, desk=desk)
    again = await told(*CROWD, desk=desk, before=part, instead=silent)
    assert part is not None
    assert again is not None
    assert part.rest is not None
    assert again.rest == part.rest
    assert (await told(*CROWD, desk=desk, before=again)) == (await told(*CROWD, desk=desk, before=part))


async def test_reading_anew_reads_what_was_read_and_no_more():
    """What later looks are for is left to them."""
    desk = Desk(candidates=5)
    part = await told(*CROWD, desk=desk, before=await told(*CROWD, desk=desk))
    assert await told(*CROWD, desk=desk, before=part, anew=True) == part


@pytest.mark.parametrize(
    "lacking", [{"handle": None}, {"date": None}, {"text": None}, {"text": "https://t.co/X9DJa7awAM"}]
)
async def test_an_embed_that_says_too_little_is_not_looked_for(lacking):
    """Account, day and words: without one of them nobody is asked."""
    assert await told(item=replace(EMBED, **lacking)) is None


async def test_a_day_before_ids_told_time_is_said_to_be_one():
    """No listing is asked for that could not be narrowed to the day."""
    found = await told(item=replace(EMBED, date=Moment.of_day(date(2009, 3, 1))))
    assert found is not None
    assert (found.post, found.settled) == (None, True)
    assert "do not tell the day" in found.seen


async def test_an_archive_that_wants_a_pause_leaves_the_matter_open():
    """It is asked again when it said."""
    found = await told(instead=lambda url: RateLimited(url, "wants to be left alone", retry_after_s=60))
    assert found is not None
    assert (found.settled, found.retry_after_s) == (False, 60)
