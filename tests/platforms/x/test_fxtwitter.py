"""What is read from each answer of FxTwitter (``protocols`` 4.4), as the miniature gives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.errors import UnreadableCapture
from archiver.model import Exchange
from archiver.platforms.x import fxtwitter
from tests.answers import answer
from tests.loopback.nouns import Account, Poll, Post, snowflake
from tests.loopback.scenarios import Scenario
from tests.loopback.server import Asked
from tests.loopback.x_world import World

POST = Post(
    post_id=snowflake("2024-03-01T10:00:00.250Z"),
    by=Account("anna_example", "Anna Example"),
    text="Gulls & chips",
    readers_note="Those are terns & not gulls.",
)


def told(row: str, post: Post = POST) -> Exchange:
    """The answer of that row, to the program's own question."""
    there = replace(post, scenario=Scenario(fxtwitter=row))
    service = World(posts=(there,)).services()["api.fxtwitter.com"]
    url = fxtwitter.request_url("https://api.fxtwitter.com/2/status", POST.post_id)
    target = url.removeprefix("https://api.fxtwitter.com")
    said = service(Asked(raw=b"", method="GET", target=target, host="", headers={}, scheme="https"))
    return answer(said.status, *said.headers, body=said.body, url=url, why="fxtwitter", kind=said.content_type)


def test_all_of_a_post_is_read() -> None:
    """The texts come unescaped; a readers' note is one."""
    known = {name: fact.value for name, fact in fxtwitter.said(told("public"), POST.post_id).facts}
    assert (known["handle"], known["text"]) == ("anna_example", "Gulls & chips")
    assert known["posted_at"] == "2024-03-01T10:00:00.000Z"
    assert known["community_note"] == {"title": None, "text": "Those are terns & not gulls.", "url": None}


def test_a_poll_is_read() -> None:
    """Its choices with their votes; whether it is over is not told."""
    poll = Poll(choices=(("Gulls", 3), ("Terns", 0)), ends_at="2024-03-02T10:00:00Z")
    known = {
        name: fact.value for name, fact in fxtwitter.said(told("public", replace(POST, poll=poll)), POST.post_id).facts
    }
    assert known["poll"] == {
        "choices": [{"label": "Gulls", "votes": 3}, {"label": "Terns", "votes": 0}],
        "ends_at": "2024-03-02T10:00:00Z",
        "counted_at": None,
        "final": None,
    }


@pytest.mark.parametrize(
    ("row", "says", "how"),
    [
        ("public", "public", "fxtwitter"),
        ("deleted", "deleted", "fxtwitter.status.reason"),
        ("suspended", "suspended", "fxtwitter.status.reason"),
        ("unavailable", "unavailable", "fxtwitter.status.reason"),
        ("private", "protected", "fxtwitter.status.reason"),
        ("blocked", "ambiguous", "fxtwitter.status.reason"),
        ("404 without reason", "ambiguous", "fxtwitter.404"),
        ("429", "rate_limited", "fxtwitter.429"),
        ("500", "error", "fxtwitter.500"),
        ("503", "error", "fxtwitter.503"),
    ],
)
def test_each_answer_says_one_thing(row: str, says: str, how: str) -> None:
    """Its own trouble, and X's with it, say nothing about the post; that it is blocked, only something about it."""
    said = fxtwitter.said(told(row), POST.post_id)
    assert (said.availability, said.how) == (says, how)


def test_a_page_instead_of_an_answer_is_unreadable() -> None:
    """A wall of some kind."""
    with pytest.raises(UnreadableCapture, match="not JSON"):
        fxtwitter.said(told("not json"), POST.post_id)


def test_another_post_than_the_one_asked_for_is_not_believed() -> None:
    """Its facts would be those of somebody else."""
    with pytest.raises(UnreadableCapture, match="not the post"):
        fxtwitter.said(told("public"), "20")
