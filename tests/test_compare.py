from __future__ import annotations

from typing import Any

import pytest

from archiver import compare

TEXT = "Talks have failed, the port workers’ union says. More at noon."
DAY, MOMENT = "2021-06-28", "2021-06-28T05:58:41.562Z"


def facts(how: str, **values: Any) -> dict[str, list[dict[str, Any]]]:
    """One fact for each field."""
    return {field: [{"value": value, "how": how}] for field, value in values.items() if value is not None}


def dated(how: str, value: str, precision: str) -> dict[str, list[dict[str, Any]]]:
    return {"posted_at": [{"value": value, "how": how, "precision": precision}]}


def differ(answered: dict[str, Any], claimed: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    """(field, what) of each disagreement."""
    case = compare.Case(answered=answered, claimed=claimed, **more)
    return [(item["field"], item["what"]) for item in compare.disagreements(case)]


def judged(answered: dict[str, Any], claimed: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Every claim with its verdict."""
    return compare.claims(compare.Case(answered=answered, claimed=claimed, **more))


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
    assert [one["verdict"] for one in judged(answered, claimed)] == [verdict]
    assert (differ(answered, claimed) == []) == (verdict == "confirmed")


def test_the_rest_of_a_long_post_is_no_contradiction() -> None:
    """The service gives only the beginning, and says so; an article may have had the whole, or have added to it."""
    answered = {**facts("tweet-result.text", text="Talks have failed, the port"), "text_cut": [{"value": True}]}
    (said,) = compare.disagreements(compare.Case(answered=answered, claimed=facts("blockquote", text=TEXT)))
    assert said["what"] == "cut-text"
    assert said["note"] == "only the beginning is known, by tweet-result.text: nobody confirms what follows it"
    assert differ(answered, facts("blockquote", text="Something else altogether")) == [("text", "changed-text")]


OTHER = "Talks go on."
OLD, NEW = "2021-06-28T06:00:00.000Z", "2021-06-29T06:00:00.000Z"


def look(how: str, value: str, at: str) -> dict[str, str]:
    return {"value": value, "how": how, "at": at}


VERSIONS = {"101": "2021-06-28T05:58:41.562Z", "102": "2021-06-28T06:10:00.000Z"}


@pytest.mark.parametrize(
    ("answers", "claim", "more", "what", "note"),
    [
        # the history explains it: an earlier look, or another source, showed the article's words
        ([look("a", TEXT, NEW), look("a", OTHER, OLD)], OTHER, {}, "edited",
         "a showed the other words on 2021-06-28T06:00Z"),
        ([look("a", TEXT, NEW), look("a", OTHER, OLD)], TEXT, {}, "edited",
         "a showed the other words on 2021-06-28T06:00Z"),
        ([look("a", TEXT, NEW), look("b", OTHER, OLD)], OTHER, {"versions": VERSIONS}, "edited",
         "b showed the other words on 2021-06-28T06:00Z"),
        # the article names an earlier version
        ([look("a", TEXT, NEW)], OTHER, {"versions": VERSIONS, "post_id": "101"}, "edited",
         "the article names version 1 of 2"),
        # it does not
        ([look("a", TEXT, NEW)], OTHER, {"versions": VERSIONS, "post_id": "102"}, "changed-text",
         "the post has 2 versions: these may be the words of another"),
        ([look("a", TEXT, NEW)], OTHER, {"versions": VERSIONS}, "changed-text",
         "the post has 2 versions: these may be the words of another"),
        ([look("a", TEXT, NEW), look("b", TEXT, NEW)], "I resign.", {}, "changed-text", None),
        ([look("a", TEXT, NEW), look("b", OTHER, NEW)], OTHER, {}, "changed-text", None),
    ],
)  # fmt: skip
def test_a_text_is_called_edited_only_where_the_history_explains_it(answers, claim, more, what, note) -> None:
    """That a post was edited is no excuse for any text."""
    case = compare.Case(answered={"text": answers}, claimed=facts("blockquote", text=claim), **more)
    (said,) = compare.disagreements(case)
    assert (said["what"], said["note"]) == (what, note)


def test_an_exact_time_may_be_that_of_an_earlier_version() -> None:
    """Embeds of 2011 to 2013 print the second."""
    claimed = {**facts("blockquote", text=OTHER), **dated("blockquote", "2021-06-28T05:58:41.000Z", "second")}
    said = compare.disagreements(
        compare.Case(answered=facts("a", text=TEXT), claimed=claimed, post_id="102", versions=VERSIONS)
    )
    assert said[0]["note"] == "the article prints the time of version 1 of 2"


@pytest.mark.parametrize(
    ("answers", "claim", "verdict", "by", "against"),
    [
        # edited between two looks
        ([look("a", TEXT, NEW), look("a", OTHER, OLD)], OTHER, "confirmed", (["a"], OLD), (["a"], NEW)),
        ([look("a", TEXT, NEW), look("a", OTHER, OLD)], TEXT, "confirmed", (["a"], NEW), ([], None)),
        ([look("a", TEXT, NEW), look("a", OTHER, OLD)], "I.", "contradicted", (["a"], NEW), ([], None)),
        # two sources in one look
        ([look("a", TEXT, NEW), look("b", OTHER, NEW)], TEXT, "confirmed", (["a"], NEW), (["b"], NEW)),
        ([look("a", TEXT, NEW), look("b", OTHER, OLD)], OTHER, "confirmed", (["b"], OLD), (["a"], NEW)),
        ([look("a", TEXT, NEW), look("b", TEXT, OLD)], TEXT, "confirmed", (["a", "b"], NEW), ([], None)),
    ],
)  # fmt: skip
def test_who_confirms_and_who_contradicts_is_said_together(answers, claim, verdict, by, against) -> None:
    """With the day of either; what the same source has since corrected is held against nobody."""
    (said,) = judged({"text": answers}, facts("blockquote", text=claim))
    assert (said["verdict"], (said["by"], said["by_at"])) == (verdict, by)
    assert (said["against"], said["against_at"]) == against


def test_a_web_archives_answer_is_of_the_day_of_its_capture() -> None:
    """Not of the day on which the archive was asked."""
    memento = {"at": "2021-07-01T00:00:00.000Z", "url": "https://web.archive.org/"}
    answered = {"text": [{"value": TEXT, "how": "wayback.api.text", "at": NEW, "memento": memento}]}
    assert judged(answered, facts("blockquote", text=TEXT))[0]["by_at"] == memento["at"]


def seen(source: str, says: str, how: str = "", at: str = NEW) -> dict[str, str]:
    return {"source": source, "says": says, "how": how or source, "at": at}


@pytest.mark.parametrize(
    ("evidence", "what", "values"),
    [
        ([], None, []),
        ([seen("tweet-result", "public"), seen("oembed", "public")], None, []),
        ([seen("tweet-result", "public"), seen("oembed", "error")], None, []),
        ([seen("tweet-result", "deleted", "tweet-result.404"), seen("oembed", "deleted", "oembed.404")], None, []),
        ([seen("tweet-result", "suspended"), seen("oembed", "deleted", "oembed.404")], None, []),
        ([seen("tweet-result", "public"), seen("api", "deleted")], "shown-and-gone", ["public", "deleted"]),
        ([seen("tweet-result", "deleted"), seen("fxtwitter", "public")], "shown-and-gone", ["public", "deleted"]),
        ([seen("tweet-result", "age_restricted"), seen("oembed", "public")], "shown-and-hidden",
         ["public", "age_restricted"]),
        ([seen("tweet-result", "deleted", "tweet-result.404"), seen("api", "protected")], "other-reason",
         ["deleted", "protected"]),
        ([seen("tweet-result", "withheld"), seen("oembed", "deleted", "oembed.404")], None, []),
        ([seen("tweet-result", "suspended"), seen("api", "deleted")], "other-reason", ["suspended", "deleted"]),
        # another look is no contradiction, but a change
        ([seen("tweet-result", "public", at=OLD), seen("tweet-result", "deleted")], None, []),
        ([seen("api", "public", at=OLD), seen("tweet-result", "deleted")], None, []),
    ],
)  # fmt: skip
def test_sources_that_differ_about_what_became_of_a_post_are_named(evidence, what, values) -> None:
    """Whoever shows it first; a bare "not found" goes with every reason for being gone."""
    found = compare.standings(evidence)
    assert [(one["field"], one["what"]) for one in found] == ([("availability", what)] if what else [])
    assert sorted(value["value"] for one in found for value in one["values"]) == sorted(values)


def test_an_answer_that_may_be_an_old_one_is_said_to_be() -> None:
    """oEmbed's are cached for a century."""
    (said,) = compare.standings([seen("tweet-result", "deleted"), seen("oembed", "public")])
    assert "kept from earlier" in said["note"]
    assert compare.standings([seen("oembed", "deleted"), seen("tweet-result", "public")])[0]["note"] is None


@pytest.mark.parametrize(
    ("claim", "only"),
    [
        ("Talks have failed, the port…", []),
        (TEXT, ["beyond"]),
        ("Talks have failed, the po…", ["beginning"]),
    ],
)
def test_what_only_a_beginning_confirms_says_so(claim: str, only: list[str]) -> None:
    """A long post of which tweet-result gives the beginning; in full by whoever gives the whole."""
    answered = {**facts("tweet-result.text", text="Talks have failed, the port"), "text_cut": [{"value": True}]}
    (said,) = judged(answered, facts("blockquote", text=claim))
    verdict = "unconfirmed" if only == ["beyond"] else "confirmed"
    assert (said["verdict"], said["by"], said["only"]) == (verdict, ["tweet-result.text"], only or ["beginning"])
    answered["text"] += facts("api.data.note_tweet.text", text=TEXT)["text"]
    (said,) = judged(answered, facts("blockquote", text=claim))
    assert (said["verdict"], said["only"]) == ("confirmed", [] if claim == TEXT else ["beginning"])
    assert ("text", "cut-text") not in differ(answered, facts("blockquote", text=claim))


def test_words_added_to_a_long_post_are_found_by_whoever_has_the_whole() -> None:
    """However far the service that has only the beginning goes along."""
    answered = {**facts("tweet-result.text", text="Talks have failed, the port"), "text_cut": [{"value": True}]}
    answered["text"] += facts("api.data.note_tweet.text", text=TEXT)["text"]
    claimed = facts("blockquote", text="Talks have failed, the port burns, and I resign.")
    (said,) = judged(answered, claimed)
    assert (said["verdict"], said["by"]) == ("contradicted", ["api.data.note_tweet.text"])
    assert differ(answered, claimed) == [("text", "changed-text")]


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        ({"handle": "old_name", "text": TEXT}, [("handle", "other-handle")]),
        ({"handle": "old_name"}, [("handle", "wrong-handle")]),
        (
            {"handle": "old_name", "text": "Nothing of the kind."},
            [("handle", "wrong-handle"), ("text", "changed-text")],
        ),
        ({"handle": "ANNA", "author": "Anna E."}, [("author", "other-name")]),
        ({"handle": "anna", "author": "President of France", "text": TEXT}, [("author", "other-name")]),
        (
            {"handle": "anna", "author": "President of France", "text": "I resign."},
            [("author", "wrong-author"), ("text", "changed-text")],
        ),
        ({"handle": "mayor", "author": "The Mayor"}, [("author", "wrong-author"), ("handle", "wrong-handle")]),
        (
            {"handle": "mayor", "author": "The Mayor", "text": TEXT},
            [("author", "wrong-author"), ("handle", "wrong-handle")],
        ),
        ({"handle": "old_name", "author": "Anna Example", "text": TEXT}, [("handle", "other-handle")]),
        ({"handle": "Anna", "author": "Anna  Example", "text": TEXT}, []),
    ],
)
def test_an_older_name_is_told_from_a_wrong_one(claim: dict[str, str], what: list[tuple[str, str]]) -> None:
    """By what else the article says of the post: its text, its account; nobody showed it, so that it may be forged."""
    answered = facts("tweet-result", handle="anna", author="Anna Example", text=TEXT)
    assert differ(answered, facts("blockquote", **claim)) == what


def test_services_that_differ_show_that_an_account_was_renamed() -> None:
    """oEmbed is cached for a century: its handle is an older one, and so is the article's."""
    answered = {"handle": [{"value": "anna", "how": "tweet-result"}, {"value": "old_name", "how": "oembed"}]}
    assert differ(answered, facts("blockquote", handle="old_name")) == [("handle", "renamed")]
    assert differ(answered, facts("blockquote", handle="mayor")) == [("handle", "wrong-handle")]
    answered = {"author": [look("a", "Anna", NEW), look("a", "Anna E.", OLD)], **facts("a", handle="anna")}
    assert differ(answered, facts("blockquote", handle="anna", author="Anna E.")) == [("author", "renamed")]
    assert differ(answered, facts("blockquote", handle="anna", author="Mayor")) == [("author", "other-name")]


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
    verdicts = {one["field"]: (one["verdict"], one["by"]) for one in judged(answered, claimed)}
    assert verdicts == {
        "handle": ("confirmed", ["tweet-result.user"]),
        "author": ("contradicted", ["tweet-result.user"]),
        "text": ("unconfirmed", []),
    }


@pytest.mark.parametrize(("shown", "verdict"), [("…", "contradicted"), ("T…", "contradicted"), ("Talks…", "confirmed")])
def test_a_beginning_must_say_something(shown: str, verdict: str) -> None:
    """An ellipsis alone confirms nothing."""
    (said,) = judged(facts("tweet-result.text", text=TEXT), facts("blockquote", text=shown))
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
    (said,) = judged(answered, dated("blockquote", day, "day"))
    assert said["verdict"] == verdict


def test_nothing_claimed_is_nothing_judged() -> None:
    """A bare link says nothing about the post."""
    assert judged(facts("tweet-result.user", handle="anna"), {}) == []


def test_what_stands_before_the_words_of_a_post_told_by_its_end_is_no_forgery() -> None:
    """The article's own words may lead up to those of the post; other words are as wrong as ever."""
    answered = facts("wayback.permalink.text", text=TEXT)
    case = compare.Case(answered=answered, claimed=facts("plain-text", text=f"The president writes: {TEXT}"))
    assert [one["what"] for one in compare.disagreements(case)] == ["changed-text"]
    told = compare.from_its_words(case)
    assert told.claimed["text"] == [{"value": TEXT, "how": "plain-text", "before": "The president writes:"}]
    assert compare.disagreements(told) == []
    assert [one["verdict"] for one in compare.claims(told)] == ["confirmed"]
    other = compare.Case(answered=answered, claimed=facts("plain-text", text="The president writes: I resign."))
    assert compare.from_its_words(other).claimed == other.claimed
