"""What `show` prints of real records: saved by the real program from the loopback web, and read as a reporter would."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from archiver import sheet
from tests.loopback.gallery import KINDS
from tests.loopback.nouns import Post, snowflake
from tests.loopback.scenarios import SCENARIOS, Scenario, tombstone
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World
from tests.newsroom import Newsroom
from tests.test_whole_post import ANNA, TEXT, embed, post

AT, LATER = "2026-08-01T12:00:00.000Z", "2026-08-03T12:00:00.000Z"


def lines(row: dict[str, Any], width: int = 300, **more: Any) -> list[str]:
    """What is printed of ``row``, with the keys that every record has."""
    out = io.StringIO()
    sheet.record(
        Console(file=out, width=width), {"status": "archived", "url": "https://x.com/a/status/1", **row}, **more
    )
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({"handle": "jack", "author": "Jack"}, "@jack"),
        ({"handle": None, "author": "Jack"}, "Jack"),
        ({"handle": None, "author": None}, "?"),
        ({}, "?"),
    ],
)
def test_a_person_is_named_by_the_handle_first(known: dict[str, str | None], shown: str) -> None:
    """Else by name, else not at all."""
    assert sheet.who(known) == shown


def claim(field: str, verdict: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "value": field.upper(), "how": "blockquote", "verdict": verdict, "by": [], **more}


@pytest.mark.parametrize(
    ("claims", "differs", "said"),
    [
        ([], [], ""),
        ([claim("text", "confirmed")], [], "confirmed"),
        ([claim("text", "confirmed"), claim("handle", "confirmed")], [], "all 2 confirmed"),
        ([claim("text", "confirmed"), claim("handle", "contradicted")], [], "1 of 2 confirmed; contradicted: handle"),
        ([claim("text", "confirmed", against=["a"])], [], "0 of 1 confirmed; confirmed and contradicted: text"),
        ([claim("text", "confirmed", only=["beginning"])], [], "0 of 1 confirmed; confirmed in part: text"),
        ([claim("text", "unconfirmed")], [], "0 of 1 confirmed; unconfirmed: text"),
        ([claim("text", "unconfirmed", only=["beyond"])], [("text", "cut-text")],
         "0 of 1 confirmed; unconfirmed: text"),
        ([claim("text", "confirmed")], [("availability", "shown-and-gone")],
         "confirmed; sources differ about: availability (shown-and-gone)"),
        ([], [("post_id", "impossible-id")], "sources differ about: post_id (impossible-id)"),
    ],
)  # fmt: skip
def test_a_line_sums_up_how_the_claims_stand(claims: Any, differs: Any, said: str) -> None:
    """Before any of them is shown."""
    row = {"claims": claims, "disagreements": [{"field": field, "what": what, "values": []} for field, what in differs]}
    assert sheet.summary(row)[0] == said
    if said:
        assert f"  claims        {said}" in lines(row)


def test_what_was_edited_since_is_shown_as_confirmed_then_and_contradicted_now() -> None:
    """By whom, when, and what it says now."""
    values = [
        {"value": "New.", "how": "tweet-result.text", "at": LATER},
        {"value": "TEXT", "how": "tweet-result.text", "at": AT},
        {"value": "TEXT", "how": "blockquote", "at": None},
    ]
    told = claim("text", "confirmed", against=["tweet-result.text"], against_at=LATER, by_at=AT)
    told["by"] = ["tweet-result.text"]
    note = "tweet-result.text showed the other words on 2026-08-01T12:00Z"
    differs = {"field": "text", "what": "edited", "values": values, "note": note}
    shown = lines({"claims": [told], "disagreements": [differs]})
    at = shown.index("  confirmed     text: TEXT  by tweet-result.text on 2026-08-01T12:00Z")
    assert shown[at + 1 : at + 4] == [
        "  contradicted  text: since, by tweet-result.text on 2026-08-03T12:00Z",
        f"                text, edited: the post was edited ({note})",
        "                New.  [tweet-result.text 2026-08-03T12:00Z]",
    ]


def test_words_that_nobody_holds_are_said_to_be_unconfirmed() -> None:
    """By what the services have of a long post, and who they are."""
    told = {**claim("text", "unconfirmed", only=["beyond"]), "by": ["oembed.html"], "by_at": AT}
    note = "only the beginning is known, by oembed.html: nobody confirms what follows it"
    differs = {"field": "text", "what": "cut-text", "values": [], "note": note}
    shown = lines({"claims": [told], "disagreements": [differs]})
    assert f"  differs       text, cut-text: {note}" in shown
    assert (
        "  unconfirmed   text (known only as far as the answers go: they are cut): TEXT"
        "  as far as oembed.html on 2026-08-01T12:00Z"
    ) in shown


@pytest.mark.parametrize(
    ("confidence", "post_id", "said"),
    [
        ("same", "1", "  same words    https://x.com/a/status/1 (letter for letter, 71%)"),
        ("tail", "1", "  this post     https://x.com/a/status/1 (one is the other's end, 71%)"),
        ("cut", "1", "  this post     https://x.com/a/status/1 (one is the other's beginning, 71%)"),
        ("alike", None, "  resembles     https://x.com/a/status/1 (alike, 71%)"),
        ("short", None, "  resembles     https://x.com/a/status/1 (the same, but too short to prove anything, 71%)"),
    ],
)
def test_a_candidate_is_called_as_like_as_it_is(confidence: str, post_id: str | None, said: str) -> None:
    """Not every post that an embed turns out to be has its words, letter for letter."""
    memento = {"url": "https://web.archive.org/", "at": AT}
    one = {
        "post_id": "1",
        "url": "https://x.com/a/status/1",
        "confidence": confidence,
        "ratio": 0.71,
        "memento": memento,
    }
    shown = lines({"post_id": post_id, "identified": {"seen": "", "candidates": [one]}})
    assert any(line.startswith(said) for line in shown)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (["a"], "1 article"),
        (["a", "b"], "2 articles"),
        (["a", "a"], "2 places in 1 article"),
        (["a", "a", "b"], "3 places in 2 articles"),
    ],
)
def test_articles_are_counted_and_not_their_embeds(of: list[str], said: str) -> None:
    """One article may show a post twice."""
    out = io.StringIO()
    rows = [{"article": f"https://{name}.example/", "position": number} for number, name in enumerate(of)]
    sheet.articles(Console(file=out, width=300), rows)
    assert out.getvalue().splitlines()[0] == f"  shown by      {said}"


@pytest.mark.parametrize(("availability", "says"), [("impossible", "not found"), ("ambiguous", "deleted")])
def test_what_never_was_is_not_found_and_not_deleted(availability: str, says: str) -> None:
    """A 404 for an id of the future."""
    look = {"says": "deleted", "how": "tweet-result.404", "at": AT}
    shown = lines({"availability": availability, "evidence": [look]})
    assert shown[-1] == f"  seen          {says}, says tweet-result.404 on 2026-08-01T12:00Z"


def test_a_long_text_that_is_not_shown_in_full_says_so() -> None:
    """An ellipsis of ours is not the author's."""
    told = lines({"facts": {"text": [{"value": "a" * 5_000, "how": "api.data.note_tweet.text"}]}}, width=2_000)
    assert told[-1].startswith(f"  text          {'a' * 1_000}… (the first 1,000 letters; --json has all 5,000)")


def test_many_looks_are_a_line() -> None:
    """A post that was looked at every night for months."""
    looks = [
        {"says": "public", "how": how, "at": f"2026-08-{day:02}T12:00:00.000Z"}
        for day in range(1, 31)
        for how in ("tweet-result", "oembed")
    ]
    shown = lines({"evidence": looks})
    assert shown[-1] == (
        "  seen          public, says tweet-result, oembed 30 times, 2026-08-01T12:00Z to 2026-08-30T12:00Z"
    )
    captures = [
        {"url": "https://a.example/", "why": "post", "http_status": 200, "warc": f"{day}.warc.gz", "offset": day}
        for day in range(1, 31)
    ]
    shown = lines({"captures": captures}, folder="/archive")
    assert shown[-2:] == [
        "  post          200 https://a.example/  [1] @30, 29 earlier",
        "  [1]           /archive/30.warc.gz",
    ]


def test_a_file_is_named_by_its_path_and_its_bytes_by_their_place() -> None:
    """Not only by the digest that it is kept under."""
    key = f"urn:archiver:file:sha256:{'0' * 64}"
    source = {"warc": "a.warc.gz", "offset": 12, "length": 3, "record_id": "<urn:uuid:1>"}
    row = {
        "kind": "embed", "form": "plain-text", "position": 0,
        "article": key, "article_name": "desk/story.txt", "article_source": source,
    }  # fmt: skip
    shown = lines(row, folder="/archive")
    assert f"  article       desk/story.txt  {key}, [1] @12" in shown
    assert "  [1]           /archive/a.warc.gz" in shown
    shown = lines({**row, "article": "https://news.example/1"}, folder="/archive")
    assert "  article       https://news.example/1  [1] @12" in shown


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Callable[..., list[str]]:
    """Saves an embed of a post on a web of its own, and shows the post: its lines."""

    def show(of: Post, markup: str | None = None, x: str = "", **said: str) -> list[str]:
        folder: Path = tmp_path_factory.mktemp("sheet")
        with LoopbackWeb(World(posts=(of,)).hosts(), folder=folder) as web:
            room = Newsroom(folder, web, network=f"\n[x]\n{x}\n" if x else "")
            row = room.save(room.file("story.html", markup or embed(of, **said))).rows[0]
            return room.archiver("show", row["post_id"] or "story").out.splitlines()

    return show


def test_a_simple_post_fits_on_a_screen(shown) -> None:
    """Thirty lines of a terminal; every claim, source and file is there."""
    told = shown(post(6))
    assert len([line for line in told if line]) <= 24
    assert "  claims        all 4 confirmed" in told
    assert sum(line.startswith("  confirmed ") for line in told) == 4
    assert any(line.startswith("  avatar ") and "bytes in [1] @" in line for line in told)


CHANGED = "text, changed-text: not the words of this post"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ({"handle": "anna_before"},
         ["handle, other-handle: an earlier or later handle of the account, or forged: nobody showed it"]),
        ({"name": "President of France"},
         ["author, other-name: an earlier or later name of the account, or forged: nobody showed it"]),
        ({"handle": "the_mayor", "text": "I resign."},
         ["handle, wrong-handle: not known as the account of this post", CHANGED]),
        ({"text": TEXT.replace("failed", "succeeded")}, [CHANGED]),
        ({"text": f"{TEXT} vote.now"}, [CHANGED]),
        ({"date": "March 1, 2019"}, ["posted_at, impossible-date: days away from the time in the id"]),
    ],
)  # fmt: skip
def test_what_is_forged_is_red_and_comes_first(shown, markup, expected) -> None:
    """Beside the claim stands what those say who know."""
    told = shown(post(6), **markup)
    first = next(number for number, line in enumerate(told) if line.startswith("  contradicted "))
    assert told[first - 1].startswith("  claims ")
    assert all(f"                {line}" in told for line in expected)
    assert len(expected) == sum(line.startswith("  contradicted ") for line in told)


@pytest.mark.parametrize(
    ("post_id", "expected"),
    [
        (snowflake("2079-01-01T00:00:00Z"), "  differs       post_id, future-id: the id is of a time to come"),
        ("290000000000000", "  differs       post_id, impossible-id: no post ever got this id"),
    ],
)
def test_what_is_wrong_with_the_id_comes_before_the_claims(shown, post_id, expected) -> None:
    """Nobody can have made such a post."""
    told = shown(post(6), embed(post(6), id=post_id))
    at = told.index(expected)
    assert at < next(number for number, line in enumerate(told) if line.startswith("  unconfirmed "))
    assert not any(line.startswith("  confirmed ") for line in told)


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        (tombstone("protected"), "unavailable — protected (tweet-result.tombstone.text)"),
        (tombstone("withheld"), "unavailable — withheld (tweet-result.tombstone.text)"),
        (tombstone("age-restricted"), "unavailable — age_restricted (tweet-result.tombstone.text)"),
        (SCENARIOS["empty object"], "pending — ambiguous (tweet-result.{})"),
        (SCENARIOS["rate limited for a day"], "pending — post rate-limited; oembed rate-limited"),
    ],
)
def test_a_post_that_nobody_shows_says_why_and_confirms_nothing(shown, scenario: Scenario, status: str) -> None:
    """And when it is asked for again, where that can help."""
    told = shown(Post(post_id=snowflake("2024-03-01T06:00:00.250Z"), by=ANNA, text=TEXT, scenario=scenario))
    assert f"  status        {status}" in told
    assert any(line.startswith("  try again ") for line in told) == status.startswith("pending")
    assert sum(line.startswith("  unconfirmed ") for line in told) == 4
    assert not any(line.startswith("  differs ") for line in told)


def test_sources_that_differ_about_what_became_of_it_are_named(shown, monkeypatch) -> None:
    """tweet-result shows it, the API says that it is gone."""
    monkeypatch.setenv("ARCHIVER_X_BEARER", "A" * 40)
    told = shown(post(6, scenario=Scenario(standing="deleted")), x='sources = ["tweet-result", "oembed", "api"]')
    at = next(
        number for number, line in enumerate(told) if line.startswith("  differs       availability, shown-and-gone")
    )
    assert told[at + 1].split("  [")[0].strip() == "public"
    assert told[at + 2].split("  [")[0].strip() == "deleted"
    assert "api.errors.resource_not_found" in told[at + 2]


def test_the_truncated_long_post_confirms_as_far_as_it_goes(shown) -> None:
    """What the article goes on to say is nobody's word but its own."""
    long = KINDS["long"]
    told = shown(long, text=f"{long.text} it ends with a confession.", date="April 4, 2023")
    assert "  claims        3 of 4 confirmed; unconfirmed: text" in told
    said = "  unconfirmed   text (known only as far as the answers go: they are cut): "
    assert any(line.startswith(said) for line in told)
    assert any(line.startswith("  differs       text, cut-text: only the beginning is known, by ") for line in told)


def test_films_stills_playlists_and_what_is_missing_have_their_lines(shown) -> None:
    """Each with where it is, or why not and whether it is asked for again."""
    told = shown(KINDS["video"], date="February 3, 2023")
    assert any(
        line.startswith("  film          https://video.twimg.com/") and "1280×720, 9 s, " in line for line in told
    )
    assert any(line.startswith("  still         https://pbs.twimg.com/") and "bytes in [1] @" in line for line in told)
    assert any(line.startswith("  playlist ") and line.endswith("noted, not fetched") for line in told)
    told = shown(KINDS["video"], x='media = "images"', date="February 3, 2023")
    assert any(line.startswith("  film          none held") for line in told)
    assert any(line.startswith("  missing       film ") and line.endswith("; not asked for again") for line in told)
    told = shown(KINDS["photo only"], date="February 2, 2023")
    for what in ("photo", "avatar"):
        assert any(line.startswith(f"  missing       {what} ") and "answered 404" in line for line in told), what


def test_a_gone_post_whose_words_stand_in_another_ones_answer_says_so(tmp_path) -> None:
    """Deleted, and yet its words are confirmed: by what X showed of it beside the post that quotes it."""
    gone = post(7, text="The quoted one.", scenario=SCENARIOS["deleted"])
    quoting = post(10, quotes=gone)
    with LoopbackWeb(World(posts=(quoting,)).hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        room.save(room.file("story.html", embed(quoting) + embed(gone)))
        told = room.archiver("show", gone.post_id).out.splitlines()
    assert f"  shown in      X's answer about {quoting.post_id}, which quotes or answers it" in told
    assert any(
        line.startswith("  confirmed     text: The quoted one.  by tweet-result.quoted_tweet.text") for line in told
    )


def test_services_that_differ_about_a_post_that_no_article_shows_are_named(tmp_path) -> None:
    """It claims nothing, so only the sources can differ."""
    quoted = post(7, text="The quoted one.", scenario=SCENARIOS["only oEmbed knows it"])
    with LoopbackWeb(World(posts=(post(10, quotes=quoted),)).hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        room.save(room.file("story.html", embed(post(10))))
        told = room.archiver("show", quoted.post_id).out.splitlines()
        (row,) = room.archiver("show", "--json", quoted.post_id).rows
    assert "  kept          because another post quotes or answers it" in told
    assert any(line.startswith("  differs       availability, shown-and-gone: ") for line in told)
    assert [one["what"] for one in row["disagreements"]] == ["shown-and-gone"]


def test_two_articles_that_claim_different_things_of_one_post_are_summed_up_first(tmp_path) -> None:
    """Which of them is wrong is seen at once; what is known of the post is shown once."""
    with LoopbackWeb(World(posts=(post(6),)).hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        for name, text in (("honest", TEXT), ("forged", "I resign.")):
            room.save(room.file(f"{name}.html", embed(post(6), text=text)))
        told = room.archiver("show", post(6).post_id).out.splitlines()
    assert told[0] == "  shown by      2 articles"
    assert sorted(line.rpartition("/")[2] for line in told[1:3]) == [
        "forged.html, position 0: 3 of 4 confirmed; contradicted: text",
        "honest.html, position 0: all 4 confirmed",
    ]
    assert sum(line.startswith("  avatar ") for line in told) == 2  # the file and its capture
    assert "  known         what is known and held of the post: as above" in told
