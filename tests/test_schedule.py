"""When each thing is looked at next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import schedule

DAY = timedelta(days=1)
BEGAN = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def post(at: datetime = BEGAN, **more) -> dict[str, Any]:
    facts: dict[str, Any] = {"text": [{"value": "A post.", "how": "tweet-result.text"}]}
    base: dict[str, Any] = {
        "platform": "x",
        "post_id": "20",
        "availability": "public",
        "settled": True,
        "facts": facts,
        "looks": 0,
    }
    return {**base, "captures": [{}], "failures": [], "try_again_at": None, "at": at.isoformat(), **more}


def watched(*bodies: dict[str, Any]) -> dict[str, Any]:
    """The last of these bodies, each following the one before."""
    known = None
    for body in bodies:
        known = schedule.of_post(body, known, schedule.SHIPPED)
    assert known
    return known


def due(body: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(body["due_at"])


def looks(count: int, key: str = "x:20") -> list[datetime]:
    """When the first ``count`` looks come, each done when it is due."""
    now, times = BEGAN, []
    for _ in range(count):
        after = schedule.next_look(BEGAN, now, (1, 7, 30, 90), 365, key)
        assert after is not None
        times.append(now := after)
    return times


def test_a_post_is_looked_at_after_1_7_30_and_90_days_and_then_every_year():
    """Each look at most a fifth of its interval early, and never late."""
    for at, after, interval in zip(looks(6), (1, 7, 30, 90, 455, 820), (1, 6, 23, 60, 365, 365), strict=True):
        assert timedelta(0) <= BEGAN + after * DAY - at <= 0.2 * interval * DAY


def test_what_was_found_in_one_night_is_spread():
    """Two posts have other times; one has always the same."""
    assert looks(6, "x:20") == looks(6, "x:20") != looks(6, "x:21")
    assert len({looks(5, f"x:{n}")[4].date() for n in range(100)}) > 30


def test_missed_looks_are_not_made_up_for():
    """A machine that was off for a year looks once, and goes on."""
    after = schedule.next_look(BEGAN, BEGAN + 400 * DAY, (1, 7, 30, 90), 365, "x:20")
    assert after is not None
    assert timedelta(0) < after - (BEGAN + 400 * DAY) < 366 * DAY


def test_a_schedule_without_a_year_ends():
    """An article's last look is its last."""
    assert schedule.next_look(BEGAN, BEGAN + 91 * DAY, (1, 3, 7, 30, 90), None, "a") is None


@given(st.integers(0, 20_000), st.text(max_size=5))
def test_the_next_look_is_always_later(days, key):
    """Whenever it is asked for."""
    now = BEGAN + days * DAY
    after = schedule.next_look(BEGAN, now, (1, 7, 30, 90), 365, key)
    assert after is not None
    assert now < after <= now + 2 * 365 * DAY


@pytest.mark.parametrize(
    "word", ["unreachable", "rate-limited", "overloaded", "gone", "ambiguous", "refused", "what is this"]
)
def test_a_failure_waits_ever_longer_up_to_a_bound(word):
    """And never for ever."""
    waits = [schedule.retry_at(word, tries, BEGAN, "k") - BEGAN for tries in (1, 2, 5, 10, 1000)]
    assert timedelta(0) < waits[0] < waits[1] < waits[2] <= waits[-1] * 1.25 <= 113 * DAY


def test_a_host_that_says_when_is_believed():
    """Retry-After is the least that is waited."""
    assert schedule.retry_at("rate-limited", 1, BEGAN, "k", after_s=7200) == BEGAN + timedelta(hours=2)


def test_the_second_look_at_what_may_be_gone_is_a_whole_day_later():
    """Sooner it would be no evidence."""
    assert schedule.retry_at("ambiguous", 1, BEGAN, "k") == BEGAN + DAY


@pytest.mark.parametrize(
    ("later", "changes"),
    [
        ({}, []),
        ({"availability": "deleted"}, [("gone", "public", "deleted")]),
        ({"availability": "protected"}, [("changed", "public", "protected")]),
        ({"availability": "ambiguous", "settled": False}, []),
        ({"availability": None, "settled": False}, []),
        ({"facts": {"text": [{"value": "Other.", "how": "tweet-result.text"}]}}, [("edited", "A post.", "Other.")]),
        ({"facts": {"text": [{"value": "A po…", "how": "oembed.html"}]}}, []),
    ],
)
def test_a_change_is_what_two_clear_answers_say(later, changes):
    """A look that learnt nothing changes nothing, and two services' ways of writing are no edit."""
    body = watched(post(), post(BEGAN + DAY, **later))
    assert [(one["what"], one["from"], one["to"]) for one in body["changes"]] == changes


def test_a_change_begins_the_schedule_anew():
    """What was just deleted may be back tomorrow."""
    body = watched(post(), post(BEGAN + 30 * DAY, availability="deleted"))
    assert due(body) <= BEGAN + 31 * DAY
    back = watched(post(), post(BEGAN + 30 * DAY, availability="deleted"), post(BEGAN + 31 * DAY))
    assert [one["what"] for one in back["changes"]] == ["gone", "returned"]


def test_an_unclear_look_between_does_not_hide_a_change():
    """Public, then unclear, then gone: gone."""
    unclear = post(BEGAN + DAY, availability="ambiguous", settled=False)
    body = watched(post(), unclear, post(BEGAN + 2 * DAY, availability="deleted"))
    assert [one["what"] for one in body["changes"]] == ["gone"]


def test_every_answered_look_is_counted():
    """So that the next one is a slot of its own, which the archive can't answer."""
    assert watched(post())["looks"] == 1
    assert watched(post(), post(BEGAN + DAY))["looks"] == 2


def test_a_picture_that_fails_keeps_no_look_from_its_time():
    """It is tried again soon and ever later, the post is asked for anew when its schedule says so, and a retry between
    two looks moves that no further."""
    missing: dict[str, Any] = {"settled": False, "failures": [{"word": "refused"}]}
    known, at = None, BEGAN
    for first, *_ in (looks(1), looks(2)[1:]):
        known = schedule.of_post(post(at, **missing), known, schedule.SHIPPED, stands=True)
        assert due(known) == datetime.fromisoformat(known["watch_at"]) == first
        between = schedule.of_post(post(first - DAY / 10, **missing), known, schedule.SHIPPED, anew=False, stands=True)
        assert (due(between), schedule.is_wanted(between, first - DAY / 10)) == (first, False)
        late = schedule.of_post(post(first + DAY, **missing), between, schedule.SHIPPED, anew=False, stands=True)
        assert schedule.is_wanted(late, first + DAY)
        known, at = late, first


def article(at: datetime = BEGAN, outcomes: tuple[str, ...] = ("https://x.com/a/status/1",), **more) -> dict[str, Any]:
    base: dict[str, Any] = {
        "key": "https://news.example/a",
        "title": "A",
        "source": {"warc": "a.warc.gz"},
        "error": None,
        "saved_at": at.isoformat(),
    }
    return {**base, "outcomes": [{"url": url} for url in outcomes], **more}


def read(body: dict[str, Any], known: dict[str, Any] | None, *, looked: bool = True) -> dict[str, Any]:
    return schedule.of_article(body, known, schedule.SHIPPED, looked=looked)


def test_an_article_is_looked_at_ever_more_rarely():
    """Until it is left alone."""
    known, now, gaps = read(article(), None), BEGAN, []
    while known["due_at"]:
        gaps.append(due(known) - now)
        now = due(known)
        known = read(article(now), known)
    assert len(gaps) == 5
    assert now <= BEGAN + 90 * DAY


def test_an_edited_article_says_what_came_and_what_went():
    """And is watched from the beginning."""
    later = article(BEGAN + 30 * DAY, ("https://x.com/a/status/2",), title="B")
    known = read(later, read(article(), None))
    (change,) = known["changes"]
    assert (change["what"], change["from"], change["to"]) == ("edited", "A", "B")
    assert (change["added"], change["removed"]) == (["https://x.com/a/status/2"], ["https://x.com/a/status/1"])
    assert due(known) <= BEGAN + 31 * DAY


def test_looking_through_what_is_stored_moves_nothing():
    """The next look stays when it was."""
    known = read(article(), None)
    assert read(article(BEGAN + DAY), known, looked=False)["due_at"] == known["due_at"]


def test_a_file_is_never_looked_at_again():
    """Its bytes are its name."""
    assert read(article(key="urn:archiver:file:sha256:00"), None)["due_at"] is None


def test_an_article_that_can_not_be_had_is_tried_ever_more_rarely():
    """Its page may come back."""
    failed = article(outcomes=(), source=None, error="answered 404")
    once = read(failed, None)
    twice = read({**failed, "saved_at": due(once).isoformat()}, once)
    assert (once["tries"], twice["tries"]) == (1, 2)
    assert due(twice) - due(once) > due(once) - BEGAN


@pytest.mark.parametrize(
    ("known", "seen", "kept"),
    [
        ("public", "ambiguous", ("public", True)),
        ("public", None, ("public", True)),
        ("public", "rate_limited", ("public", True)),
        ("deleted", "deleted", ("deleted", True)),
        ("deleted", "public", ("public", False)),
        ("public", "public", ("public", False)),
    ],
)
def test_a_look_that_learnt_nothing_does_not_unsettle_what_is_known(known, seen, kept):
    """The post is asked for again soon; one that is back, or whose new picture is missing, waits for the rest."""
    body = watched(post(availability=known), post(BEGAN + DAY, availability=seen, settled=False))
    assert (body["availability"], body["settled"]) == kept
    assert due(body) <= BEGAN + 2 * DAY
