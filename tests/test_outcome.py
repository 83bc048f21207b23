from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest

from archiver import outcome
from archiver.model import Find, Hop, Moment, PostRef, Resolution
from archiver.outcome import Verdict

ID = "1409390776546258944"  # 2021-06-28T05:58:41Z
SOON, LATER = "2026-08-01T13:00:00.000Z", "2026-08-02T12:00:00.000Z"
EMBED = Find(
    article="a",
    position=0,
    kind="embed",
    form="plain-text",
    handle="GlobalTelevsion",
    date=Moment.of_day(date(2021, 6, 28)),
)
LINK = Find(article="a", position=1, kind="link", form="short-link", url="https://t.co/X9DJa7awAM")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def link(ended: str = "page", *, settled: bool = True, **more: Any) -> Mapping[str, Any]:
    """The body of a link's document."""
    known: dict[str, Any] = {
        "short": "https://t.co/X9DJa7awAM",
        "ended": ended,
        "settled": settled,
        "post": None,
        "error": None,
    }
    return {**known, "try_again_at": None if settled else SOON, **more}


def leads_to(post_id: str = ID, handle: str | None = "GlobalTelevsion") -> Mapping[str, Any]:
    return link("post", post={"platform": "x", "post_id": post_id, "handle": handle})


def picture() -> Mapping[str, Any]:
    return {**leads_to(), "end": f"https://twitter.com/GlobalTelevsion/status/{ID}/video/1"}


def embed(handle: str | None = "GlobalTelevsion", day: date | None = date(2021, 6, 28)) -> Find:
    """The remains of a post as an article shows it."""
    printed = Moment.of_day(day) if day else None
    return Find(article="a", position=0, kind="embed", form="plain-text", handle=handle, date=printed)


class TestMatched:
    @pytest.mark.parametrize(
        ("find", "links", "is_it"),
        [
            (EMBED, [leads_to()], True),
            (embed("globaltelevsion"), [leads_to()], True),
            (embed(day=None), [leads_to()], True),
            (EMBED, [link(), leads_to()], True),
            (EMBED, [leads_to("20")], True),  # an id of 2006 tells no day
            (embed("AnotherOne"), [leads_to()], False),
            (embed(None), [leads_to()], False),
            (EMBED, [leads_to(handle=None)], False),
            (embed(day=date(2021, 6, 27)), [leads_to()], False),
            (EMBED, [link()], False),
            (EMBED, [], False),
            # Its picture link leads to the post that owns the picture: one of handle and day is enough.
            (embed("NameBeforeTheChange"), [picture()], True),
            (embed(day=date(2021, 6, 27)), [picture()], True),
            (embed(day=date(2021, 3, 1)), [picture()], True),
            (embed("SomebodyElse", date(2021, 3, 1)), [picture()], False),
            (embed("SomebodyElse", None), [picture()], False),
            (LINK, [leads_to()], True),
            (LINK, [leads_to(handle=None)], True),
            (LINK, [link()], False),
        ],
    )
    def test_an_embed_is_the_post_of_its_author_and_its_day(self, find: Find, links: list[Any], is_it: bool) -> None:
        """A link in its text may lead to any post; a link in prose is the post that it leads to."""
        found = outcome.matched(find, links)
        assert (found is not None) == is_it

    def test_the_first_link_that_fits_decides(self) -> None:
        """The quoted post's link may stand before the film's."""
        other = leads_to("1409390776546258945", handle="SomebodyElse")
        assert outcome.matched(EMBED, [other, leads_to()]) == PostRef(
            platform="x", post_id=ID, handle="GlobalTelevsion"
        )


class TestOfLinks:
    @pytest.mark.parametrize(
        ("ended", "error", "fresh", "status"),
        [
            ("page", None, True, "archived"),
            ("page", None, False, "already"),
            ("gone", "t.co says that there is no such page (404)", True, "unavailable"),
            ("gone", "t.co says that there is no such page (404)", False, "unavailable"),
            ("unsafe", "X warns", True, "refused"),
            ("refused", "refused: private address", True, "refused"),
            ("loop", "the chain comes back", True, "failed"),
            ("too-many-hops", "more than 10 hops", True, "failed"),
            ("error", "t.co answered 403", True, "failed"),
        ],
    )
    def test_a_links_end_is_its_status(self, ended: str, error: str | None, fresh: bool, status: str) -> None:
        """With the sentence that says why it ended badly."""
        assert outcome.of_links(LINK, [link(ended, error=error)], fresh) == Verdict(status, error)  # type: ignore[arg-type]

    def test_a_link_that_waits_is_pending_until_it_is_due(self) -> None:
        """What was not reached is no verdict."""
        found = outcome.of_links(LINK, [link("pending", settled=False, error="unreachable: no such host")], True)
        assert found == Verdict("pending", "https://t.co/X9DJa7awAM waits: unreachable: no such host", at(SOON))

    def test_the_first_to_be_due_decides_when_to_try_again(self) -> None:
        """Both are named."""
        links = [
            link("pending", settled=False, try_again_at=LATER),
            link("error", settled=False, error="t.co answered 500"),
        ]
        found = outcome.of_links(EMBED, links, True)
        assert (found.status, found.due) == ("pending", at(SOON))
        assert (found.error or "").count("waits: ") == 2

    @pytest.mark.parametrize("links", [[], [link()], [leads_to(handle="SomebodyElse")]])
    def test_an_embed_that_no_link_identifies_is_unavailable(self, links: list[Any]) -> None:
        """Everything was tried; what the article tells is kept."""
        found = outcome.of_links(EMBED, links, True)
        assert (found.status, found.due) == ("unavailable", None)
        assert (found.error or "").startswith("no id: ")

    def test_a_link_that_nobody_can_follow_has_failed(self) -> None:
        """No platform knew it for a short link."""
        assert outcome.of_links(LINK, [], True).status == "failed"


def post(availability: str | None = "public", *, settled: bool = True, **more: Any) -> Mapping[str, Any]:
    """The body of a post's document."""
    known: dict[str, Any] = {
        "availability": availability,
        "availability_how": "how",
        "settled": settled,
        "failures": [],
    }
    return {**known, "try_again_at": None if settled else SOON, **more}


def failure(why: str, word: str) -> Mapping[str, str]:
    return {"why": why, "word": word}


PHOTO_URL, PICTURE = "https://pbs.twimg.com/media/A.jpg", "https://pbs.twimg.com/media/A?format=jpg&name=orig"
PHOTO = {"media": [{"value": [{"type": "photo", "url": PHOTO_URL, "file": None}]}]}
SLOW = {"url": PICTURE, "reason": "too slow"}


def captured(why: str, url: str, status: int) -> Mapping[str, Any]:
    return {"why": why, "url": url, "http_status": status, "cut": None}


class TestOfPost:
    @pytest.mark.parametrize(
        ("body", "fresh", "verdict"),
        [
            (post(), True, Verdict("archived")),
            (post(), False, Verdict("already")),
            (post("deleted"), True, Verdict("unavailable", "deleted (how)")),
            (post("deleted"), False, Verdict("unavailable", "deleted (how)")),
            (post("suspended"), True, Verdict("unavailable", "suspended (how)")),
            (post("error"), True, Verdict("failed", "the service refuses this id (how)")),
            (post("ambiguous", settled=False), True, Verdict("pending", "ambiguous (how)", at(SOON))),
            (post("ambiguous", settled=False), False, Verdict("pending", "ambiguous (how)", at(SOON))),
            (post(settled=False), True, Verdict("pending", "the last answer was not whole", at(SOON))),
            (
                post(settled=False, facts=PHOTO, captures=[captured("media", PICTURE, 500)]),
                True,
                Verdict("pending", f"incomplete: photo {PHOTO_URL}: pbs.twimg.com answered 500", at(SOON)),
            ),
            (
                post(settled=False, facts=PHOTO, failures=[{**failure("media", "timed-out"), **SLOW}]),
                True,
                Verdict("pending", f"incomplete: photo {PHOTO_URL}: timed-out: too slow", at(SOON)),
            ),
            (
                post(settled=False, captures=[captured("oembed", "https://publish.twitter.com/oembed", 500)]),
                True,
                Verdict("pending", "incomplete: oembed: publish.twitter.com answered 500", at(SOON)),
            ),
            (
                post(settled=False, failures=[failure("media", "timed-out"), failure("media", "timed-out")]),
                True,
                Verdict("pending", "media timed-out", at(SOON)),
            ),
            (
                post(None, settled=False, failures=[failure("post", "unreachable"), failure("oembed", "unreachable")]),
                True,
                Verdict("pending", "post unreachable; oembed unreachable", at(SOON)),
            ),
            (
                post("rate_limited", settled=False, failures=[failure("post", "rate-limited")]),
                True,
                Verdict("pending", "rate_limited (how); post rate-limited", at(SOON)),
            ),
        ],
    )
    def test_a_posts_document_is_its_verdict(self, body: Mapping[str, Any], fresh: bool, verdict: Verdict) -> None:
        """Settled is archived, already there, or gone; all else waits, and says for what."""
        assert outcome.of_post(body, [link()], fresh) == verdict

    def test_a_post_whose_link_waits_is_pending(self) -> None:
        """The post is held, its quoted link is not."""
        found = outcome.of_post(post(), [link("pending", settled=False, error="no network")], True)
        assert found == Verdict("pending", "https://t.co/X9DJa7awAM waits: no network", at(SOON))

    def test_the_earlier_of_post_and_link_decides_when_to_try_again(self) -> None:
        """One try serves both."""
        waiting = link("pending", settled=False, try_again_at=LATER)
        assert outcome.of_post(post("ambiguous", settled=False), [waiting], True).due == at(SOON)


def test_only_hops_with_an_answer_count() -> None:
    """A hop that nobody answered is no progress."""
    hops = tuple(Hop(url="https://t.co/a", http_status=status, location=None, warc=None) for status in (301, 200, None))
    assert outcome.answered(Resolution(short="https://t.co/a", end="", ended="pending", hops=hops)) == 2
