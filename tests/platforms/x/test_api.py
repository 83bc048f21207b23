"""What is read from each answer of the official API (``protocols`` 4.5), as the miniature gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archiver.errors import UnreadableCapture
from archiver.model import Exchange, PostRef
from archiver.platforms.x import api
from archiver.platforms.x.post import X
from tests.answers import answer
from tests.loopback.desk import Counter
from tests.loopback.nouns import Account, Link, Photo, Poll, Post, snowflake
from tests.loopback.scenarios import Scenario
from tests.loopback.server import Asked
from tests.loopback.x_world import World

ANNA = Account("anna_example", "Anna Example")
BEN = Account("ben_example", "Ben Example")
LINK = Link(code="GullPoint1", to="https://gulls.example/a?b=1")
QUOTED = Post(post_id=snowflake("2024-02-29T06:00:00Z"), by=BEN, text="Quoted.")
POST = Post(
    post_id=snowflake("2024-03-01T10:00:00.250Z"),
    by=ANNA,
    text=f"Gulls & chips {LINK.url}",
    links=(LINK,),
    photos=(Photo(media_id=snowflake("2024-03-01T09:59:00Z"), alt="A gull"),),
    pic="AnnasPic01",
    quotes=QUOTED,
    poll=Poll(choices=(("Gulls", 3), ("Terns", 0)), ends_at="2024-03-02T10:00:00Z"),
)


def told(row: str, post: Post = POST) -> Exchange:
    """The answer of that row, to the program's own question."""
    there = replace(post, scenario=Scenario(api=row))
    service = World(posts=(there,)).services()["api.x.com"]
    url = api.request_url("https://api.x.com/2/tweets", post.post_id)
    asked = Asked(raw=b"", method="GET", target=url.removeprefix("https://api.x.com"), host="api.x.com",
                  headers={"authorization": "Bearer x"}, scheme="https")  # fmt: skip
    said = service(asked)
    return answer(said.status, *said.headers, body=said.body, url=url, why="api", kind=said.content_type)


def facts(exchange: Exchange) -> dict[str, Any]:
    return {name: fact.value for name, fact in api.said(exchange, POST.post_id).facts}


def test_all_of_a_post_is_read() -> None:
    """Everything that the question asks for, each under the record's own name."""
    known = facts(told("data"))
    assert (known["author"], known["handle"], known["author_id"]) == ("Anna Example", "anna_example", ANNA.user_id)
    assert known["text"] == f"Gulls & chips {LINK.url} https://t.co/AnnasPic01"
    assert known["links"][0] == {"short": LINK.url, "to": LINK.to}
    assert known["quoted"] == {"platform": "x", "post_id": QUOTED.post_id, "handle": "ben_example"}
    assert set(known["counts"]) == {"likes", "replies", "reposts", "quotes", "bookmarks", "views"}
    assert [choice["votes"] for choice in known["poll"]["choices"]] == [3, 0]
    assert api.said(told("data"), POST.post_id).media[0].alt == "A gull"


def test_a_long_post_is_read_whole() -> None:
    """``note_tweet`` comes before the beginning that stands in ``text``."""
    long = replace(POST, note_id="1", note_text="A very long story &c.")
    assert facts(told("data", long))["text"] == "A very long story &c."


def test_the_poll_of_another_post_is_not_this_ones() -> None:
    """What is included belongs to whom names it."""
    exchange = told("data")
    other = replace(exchange, body=(exchange.body or b"").replace(b'"poll_ids":["', b'"poll_ids":["9'))
    assert "poll" not in facts(other)


@pytest.mark.parametrize(
    ("row", "says", "how"),
    [
        ("data", "public", "api"),
        ("data, its quoted post not found", "public", "api"),
        ("withheld in a country", "public", "api"),
        ("withheld everywhere", "withheld", "api.data.withheld"),
        ("withheld for copyright", "withheld", "api.data.withheld"),
        ("not found", "deleted", "api.errors.resource_not_found"),
        ("not authorized", "protected", "api.errors.not_authorized_for_resource"),
        ("suspended", "suspended", "api.errors.detail"),
        ("another problem", "ambiguous", "api.errors"),
        ("400", "error", "api.400"),
        ("401", "error", "api.401"),
        ("403", "error", "api.403"),
        ("429", "rate_limited", "api.429"),
        ("429 for the month", "rate_limited", "api.429"),
        ("500", "error", "api.500"),
        ("503", "error", "api.503"),
    ],
)
def test_each_answer_says_one_thing(row: str, says: str, how: str) -> None:
    """A service's own trouble is no finding about the post, and only 429 is a limit."""
    said = api.said(told(row), POST.post_id)
    assert (said.availability, said.how) == (says, how)


@pytest.mark.parametrize("row", ["neither", "not json", "cut json"])
def test_what_is_no_answer_is_unreadable(row: str) -> None:
    """The field is named; nothing is guessed."""
    with pytest.raises(UnreadableCapture, match=r"^api"):
        api.said(told(row), POST.post_id)


@pytest.mark.parametrize("row", ["withheld everywhere", "withheld for copyright"])
def test_a_notice_is_not_taken_for_the_posts_text(row: str) -> None:
    """Where nobody is shown the post, its author and time are still told, and the codes that say so."""
    known = facts(told(row))
    assert not {"text", "links", "lang"} & set(known)
    assert {"author", "handle", "posted_at", "withheld_in"} <= set(known)


def test_what_is_withheld_somewhere_is_public_elsewhere() -> None:
    """With the countries named."""
    known = facts(told("withheld in a country"))
    assert (known["withheld_in"], known["text"].split(" ")[0]) == (["DE"], "Gulls")


async def test_the_token_opens_and_is_never_part_of_the_address() -> None:
    """The question is asked with a secret header, which the store masks."""
    platform = X(sources=("api",), bearer="secret-token")
    [request] = platform.plan(PostRef(platform="x", post_id=POST.post_id), ())
    assert request.secret_headers == (("Authorization", "Bearer secret-token"),)
    assert "secret-token" not in request.url
    assert (await Counter(World(posts=(POST,))).fetch(request)).status == 200
