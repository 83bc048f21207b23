"""The miniature of the official API answers every row of ``protocols.md`` 4.5."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from archiver.platforms.x import api
from tests.loopback.api_v2 import ANSWERS, REFUSALS, api_v2
from tests.loopback.gallery import BY_SCENARIO, KINDS
from tests.loopback.nouns import Post
from tests.loopback.scenarios import Scenario
from tests.loopback.server import Asked
from tests.loopback.visitor import Visitor

VIDEO, LINKS = KINDS["video"], KINDS["links"]


def lookup(visitor: Visitor, ids: str, authorization: str = "Bearer none"):
    return visitor.ask(f"https://api.x.com/2/tweets?ids={ids}", Authorization=authorization)


def told(post: Post, row: str = "data") -> dict[str, Any]:
    """What the API says when it is asked as the program asks."""
    url = api.request_url("/2/tweets", post.post_id)
    request = Asked(raw=b"", method="GET", target=url, host="api.x.com", headers={"authorization": "Bearer x"},
                    scheme="https")  # fmt: skip
    there = replace(post, scenario=Scenario(api=row))
    value = json.loads(api_v2({there.post_id: there})(request).body)
    assert isinstance(value, dict)
    return value


def test_it_finds_some_and_misses_others(visitor: Visitor) -> None:
    """What is missing is an error beside the data, with 200 and the limits in the headers."""
    private = BY_SCENARIO["tombstone: protected"].post_id
    answer = lookup(visitor, f"{VIDEO.post_id},20,{private}")
    assert answer.status_code == 200
    assert answer.headers["x-rate-limit-limit"] == "300"
    assert [tweet["id"] for tweet in answer.json()["data"]] == [VIDEO.post_id]
    assert [(error["value"], error["title"]) for error in answer.json()["errors"]] == [
        ("20", "Not Found Error"),
        (private, "Authorization Error"),
    ]


def test_without_any_data(visitor: Visitor) -> None:
    """When every tweet is missing, the answer is 200 with errors and no data."""
    assert list(lookup(visitor, "1,2").json()) == ["errors"]


@pytest.mark.parametrize(
    ("ids", "authorization", "status"),
    [("1", "", 401), ("1", "Basic x", 401), ("", "Bearer x", 400), ("x", "Bearer x", 400),
     (",".join(["1"] * 101), "Bearer x", 400)],
)  # fmt: skip
def test_it_refuses(visitor: Visitor, ids: str, authorization: str, status: int) -> None:
    """Without a bearer token 401; without ids, with nonsense or with more than a hundred 400."""
    assert lookup(visitor, ids, authorization).status_code == status


def test_only_what_is_asked_for_is_told(visitor: Visitor) -> None:
    """An object has its id, text and versions; the rest is to be named."""
    assert set(lookup(visitor, VIDEO.post_id).json()["data"][0]) == {"id", "text", "edit_history_tweet_ids"}


def test_a_post_has_all_that_the_program_asks_for() -> None:
    """Author, time, language, counts, links with their ends; its media whole among what is included."""
    found = told(VIDEO)
    [post], includes = found["data"], found["includes"]
    assert {"author_id", "created_at", "lang", "public_metrics", "possibly_sensitive", "attachments"} <= set(post)
    assert set(post["public_metrics"]) == {
        "retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"
    }  # fmt: skip
    assert includes["users"][0]["username"] == VIDEO.by.handle
    [film] = includes["media"]
    assert [film["media_key"]] == post["attachments"]["media_keys"]
    assert {"preview_image_url", "variants", "duration_ms", "width", "height"} <= set(film)
    assert {variant.get("bit_rate") for variant in film["variants"]} == {
        each.bitrate for each in VIDEO.videos[0].variants
    }
    [link, *_] = told(LINKS)["data"][0]["entities"]["urls"]
    assert (link["url"], link["expanded_url"]) == (LINKS.links[0].url, LINKS.links[0].to)


@pytest.mark.parametrize(("kind", "relation"), [("quoting", "quoted"), ("reply", "replied_to")])
def test_the_posts_around_it_are_included(kind: str, relation: str) -> None:
    """By their kind and id, with their authors."""
    found = told(KINDS[kind])
    [reference] = found["data"][0]["referenced_tweets"]
    assert reference["type"] == relation
    [other] = found["includes"]["tweets"]
    assert other["id"] == reference["id"]
    assert other["author_id"] in {user["id"] for user in found["includes"]["users"]}


def test_a_poll_is_included() -> None:
    """Its options with their votes, and whether it is over."""
    found = told(KINDS["poll"])
    [poll] = found["includes"]["polls"]
    assert [poll["id"]] == found["data"][0]["attachments"]["poll_ids"]
    assert (poll["voting_status"], poll["options"][0]["position"]) == ("closed", 1)


def test_a_long_post_is_told_whole() -> None:
    """Beside its beginning."""
    long = replace(VIDEO, note_id="1", note_text="A very long story.")
    assert told(long)["data"][0]["note_tweet"]["text"] == "A very long story."


@pytest.mark.parametrize(
    ("row", "withheld"),
    [("withheld in a country", {"copyright": False, "country_codes": ["DE"], "scope": "tweet"}),
     ("withheld everywhere", {"copyright": False, "country_codes": ["XX"], "scope": "tweet"}),
     ("withheld for copyright", {"copyright": True, "country_codes": ["XY"], "scope": "tweet"})],
)  # fmt: skip
def test_a_withheld_post_says_where_and_why(row: str, withheld: dict[str, Any]) -> None:
    """Where nobody is shown it, a notice stands in its text's place."""
    [post] = told(VIDEO, row)["data"]
    assert post["withheld"] == withheld
    assert ("has been withheld" in post["text"]) == (row != "withheld in a country")


@pytest.mark.parametrize(
    ("row", "keys", "title"),
    [("not found", ["errors"], "Not Found Error"), ("not authorized", ["errors"], "Authorization Error"),
     ("suspended", ["errors"], "Forbidden"), ("another problem", ["errors"], "Operational Disconnect"),
     ("data, its quoted post not found", ["data", "includes", "errors"], "Not Found Error"), ("neither", [], None)],
)  # fmt: skip
def test_problems_stand_beside_the_data_or_alone(row: str, keys: list[str], title: str | None) -> None:
    """With 200 in every case."""
    found = told(VIDEO, row)
    assert list(found) == keys
    assert [error["title"] for error in found.get("errors", ())] == ([title] if title else [])


@pytest.mark.parametrize("row", REFUSALS)
def test_a_request_may_be_refused_whole(row: str) -> None:
    """By the number in its name; a limit says when it ends, the month's does not."""
    answer = REFUSALS[row]()
    named = row.split(" ", maxsplit=1)[0]
    assert answer.status == (int(named) if named.isdigit() else 200)
    headers = dict(answer.headers)
    assert headers.get("x-rate-limit-remaining") == ("0" if row == "429" else None)


def test_rows_have_names_of_their_own() -> None:
    """A scenario names one of either."""
    assert not set(ANSWERS) & set(REFUSALS)
