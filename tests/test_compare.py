from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import compare

TEXT = "Talks have failed, the port workers’ union says. More at noon."
DAY, MOMENT = "2021-06-28", "2021-06-28T05:58:41.562Z"


def facts(how: str, **values: Any) -> dict[str, list[dict[str, Any]]]:
    """One fact for each field."""
    return {field: [{"value": value, "how": how}] for field, value in values.items() if value is not None}


def dated(how: str, value: str, precision: str) -> dict[str, list[dict[str, Any]]]:
    return {"posted_at": [{"value": value, "how": how, "precision": precision}]}


def differ(answered: dict[str, Any], claimed: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, what) of each disagreement."""
    return [(item["field"], item["what"]) for item in compare.disagreements(answered, claimed)]


@pytest.mark.parametrize(
    ("shown", "what"),
    [
        (TEXT, None),
        (TEXT + " https://t.co/rQd6FIwZ0U", None),
        (TEXT + " pic.twitter.com/rQd6FIwZ0U", None),
        (TEXT + " https://t.co/6HDggoMSi2pic.twitter.com/zv3zKmt2mB", None),
        (TEXT + " beta.reactjs.org/learn/tutorial…", None),
        (TEXT + " buff.ly/2uSOHDs", None),
        (TEXT.replace("’", "'"), None),
        (TEXT.replace(" ", "\u00a0"), None),
        (TEXT.replace(". ", ".\n\n"), None),
        (TEXT.replace("failed", "fai\u00adled"), None),
        ("Talks have failed, the port workers’ union says…", None),
        ("Talks have failed, the port workers’ union...", None),
        ("Talks have failed, the port workers’ union says.", "cut-text"),
        ("More at noon.", "changed-text"),
        (TEXT.replace("failed", "succeeded"), "changed-text"),
        (TEXT.replace("union", "mayor"), "changed-text"),
        ("Talks…", None),
        ("Talks", "changed-text"),
        (TEXT.upper(), "changed-text"),
    ],
)
def test_texts_differ_only_when_the_words_do(shown: str, what: str | None) -> None:
    """Links, white space, typography and a cut that is shown are nobody's words."""
    found = differ(facts("tweet-result.text", text=TEXT), facts("blockquote", text=shown))
    assert found == ([("text", what)] if what else [])


@pytest.mark.parametrize(
    ("before", "value", "verdict"),
    [
        ("It was night. Talks have failed, the port workers’ union says.", "More at noon.", "confirmed"),
        ("Talks have failed,", "the port workers’ union says…", "confirmed"),
        ("Talks have succeeded, the port workers’ union says.", "More at noon.", "contradicted"),
        ("Talks have failed, the port workers’ union says.", "More at night.", "contradicted"),
    ],
)
def test_a_text_that_may_begin_earlier_begins_where_the_services_does(before: str, value: str, verdict: str) -> None:
    """What stands before it in the article is the post's as far as the post says so, and nobody's otherwise."""
    claimed = {"text": [{"value": value, "how": "plain-text", "before": before}]}
    answered = facts("tweet-result.text", text=TEXT)
    assert [one["verdict"] for one in compare.claims(answered, claimed)] == [verdict]
    assert (differ(answered, claimed) == []) == (verdict == "confirmed")


def test_the_rest_of_a_long_post_is_no_contradiction() -> None:
    """The service gives only the beginning, and says so; an article may have had the whole."""
    answered = {**facts("tweet-result.text", text="Talks have failed, the port"), "text_cut": [{"value": True}]}
    assert differ(answered, facts("blockquote", text=TEXT)) == []
    assert differ(answered, facts("blockquote", text="Something else altogether")) == [("text", "changed-text")]


def test_an_edited_post_may_well_have_said_what_the_article_says() -> None:
    """Its other versions are known by id, so the word is milder."""
    answered = {**facts("tweet-result.text", text=TEXT), "edits": [{"value": {"post_ids": ["1", "2"]}}]}
    assert differ(answered, facts("blockquote", text="Talks go on.")) == [("text", "edited")]


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        ({"handle": "old_name", "text": TEXT}, [("handle", "renamed")]),
        ({"handle": "old_name"}, [("handle", "wrong-handle")]),
        (
            {"handle": "old_name", "text": "Nothing of the kind."},
            [("handle", "wrong-handle"), ("text", "changed-text")],
        ),
        ({"handle": "ANNA", "author": "Anna E."}, [("author", "renamed")]),
        ({"handle": "mayor", "author": "The Mayor"}, [("author", "wrong-author"), ("handle", "wrong-handle")]),
        (
            {"handle": "mayor", "author": "The Mayor", "text": TEXT},
            [("author", "wrong-author"), ("handle", "wrong-handle")],
        ),
        ({"handle": "old_name", "author": "Anna Example", "text": TEXT}, [("handle", "renamed")]),
        ({"handle": "Anna", "author": "Anna  Example", "text": TEXT}, []),
    ],
)
def test_an_older_name_is_told_from_a_wrong_one(claim: dict[str, str], what: list[tuple[str, str]]) -> None:
    """By what else the article says of the post: its text, its account."""
    answered = facts("tweet-result", handle="anna", author="Anna Example", text=TEXT)
    assert differ(answered, facts("blockquote", **claim)) == what


def test_services_that_differ_show_that_an_account_was_renamed() -> None:
    """oEmbed is cached for a century: its handle is an older one, and so is the article's."""
    answered = {"handle": [{"value": "anna", "how": "tweet-result"}, {"value": "old_name", "how": "oembed"}]}
    assert differ(answered, facts("blockquote", handle="old_name")) == [("handle", "renamed")]
    assert differ(answered, facts("blockquote", handle="mayor")) == [("handle", "wrong-handle")]


@pytest.mark.parametrize(
    ("value", "precision", "what"),
    [
        (DAY, "day", None),
        ("2021-06-27", "day", "other-day"),
        ("2021-06-29", "day", "other-day"),
        ("2019-06-28", "day", "impossible-date"),
        ("2021-06-28T05:58Z", "minute", None),
        ("2021-06-28T07:58Z", "minute", "other-time"),
        ("2021-06-28T05:58:41.000Z", "second", None),
        ("2021-06-28T05:58:40.000Z", "second", "other-time"),
    ],
)
def test_a_printed_date_is_held_against_the_ids_own_time(value: str, precision: str, what: str | None) -> None:
    """X prints the UTC day, so even one day off is worth a look; more is impossible."""
    found = differ(dated("snowflake", MOMENT, "millisecond"), dated("blockquote", value, precision))
    assert found == ([("posted_at", what)] if what else [])


def test_every_claim_has_its_verdict_and_says_by_whom() -> None:
    """Confirmed by whoever says the same; contradicted when everybody says otherwise; else nobody knows."""
    answered = facts("tweet-result.user", handle="anna", author="Anna Example")
    claimed = facts("blockquote", handle="anna", author="The Mayor", text=TEXT)
    verdicts = {one["field"]: (one["verdict"], one["by"]) for one in compare.claims(answered, claimed)}
    assert verdicts == {
        "handle": ("confirmed", ["tweet-result.user"]),
        "author": ("contradicted", ["tweet-result.user"]),
        "text": ("unconfirmed", []),
    }


@pytest.mark.parametrize(("shown", "verdict"), [("…", "contradicted"), ("T…", "contradicted"), ("Talks…", "confirmed")])
def test_a_beginning_must_say_something(shown: str, verdict: str) -> None:
    """An ellipsis alone confirms nothing."""
    (said,) = compare.claims(facts("tweet-result.text", text=TEXT), facts("blockquote", text=shown))
    assert said["verdict"] == verdict


@pytest.mark.parametrize(
    ("known", "day", "verdict"),
    [
        ({}, DAY, "unconfirmed"),
        ({}, "2021-07-30", "contradicted"),
        ({"handle": "anna"}, DAY, "confirmed"),
    ],
)
def test_an_id_alone_confirms_no_date(known: dict[str, str], day: str, verdict: str) -> None:
    """It is the article's own word as long as nobody showed the post; contradict it can."""
    answered = {**facts("tweet-result", **known), **dated("snowflake", MOMENT, "millisecond")}
    (said,) = compare.claims(answered, dated("blockquote", day, "day"))
    assert said["verdict"] == verdict


def test_nothing_claimed_is_nothing_judged() -> None:
    """A bare link says nothing about the post."""
    assert compare.claims(facts("tweet-result.user", handle="anna"), {}) == []


@given(st.text(max_size=300))
def test_a_text_is_bare_once_and_for_all(text: str) -> None:
    """Whatever it holds; and it is the same as itself, with or without a link behind it."""
    answered, claimed = facts("a", text=text), facts("b", text=f"{text} https://t.co/rQd6FIwZ0U")
    assert differ(answered, facts("b", text=text)) == []
    assert differ(answered, claimed) == []


def test_a_hostile_text_takes_no_longer_than_its_length() -> None:
    """A hundred thousand characters of what looks like a link."""
    for piece in ("a.", "http://", "t.co/", "…", "a-", "&amp;"):
        began = time.process_time()
        compare.bare(piece * 30_000)
        assert time.process_time() - began < 5, piece
