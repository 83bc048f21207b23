"""FxTwitter, vxTwitter, the mirrors and the API v2 answer as ``protocols.md`` 4.4 and 4.5 says."""

import pytest

from tests.loopback.gallery import BY_SCENARIO, KINDS, QUOTED
from tests.loopback.third_parties import MIRRORS
from tests.loopback.visitor import Visitor

FX = "https://api.fxtwitter.com"
VIDEO = KINDS["video"]

#: Scenario → status (also its ``code``), message of version 1, reason of version 2.
SAYING_NO = {
    "deleted": (404, "NOT_FOUND", "deleted"),
    "tombstone: suspended": (404, "NOT_FOUND", "suspended"),
    "tombstone: protected": (401, "PRIVATE_TWEET", "private"),
    "server trouble": (503, "UPSTREAM_UNAVAILABLE", "unavailable"),
}


@pytest.mark.parametrize("path", ["/status/{}", "/ada_wren_eg/status/{}", "/ada_wren_eg/status/{}/de"])
def test_fxtwitter_knows_a_post(visitor: Visitor, path: str) -> None:
    """With or without a user and a language, the answer is 200, "OK" and the tweet with its media."""
    value = visitor.ask(FX + path.format(VIDEO.post_id)).json()
    assert (value["code"], value["message"], value["tweet"]["id"]) == (200, "OK", VIDEO.post_id)
    assert value["tweet"]["created_at"] == "Fri Feb 03 12:00:00 +0000 2023"
    assert value["tweet"]["media"]["videos"][0]["url"] == VIDEO.videos[0].variants[2].url


@pytest.mark.parametrize("scenario", SAYING_NO)
def test_fxtwitter_says_no(visitor: Visitor, scenario: str) -> None:
    """Its HTTP status is its code; version 2 has a tombstone with a reason."""
    status, message, reason = SAYING_NO[scenario]
    post_id = BY_SCENARIO[scenario].post_id
    first, second = visitor.ask(f"{FX}/status/{post_id}"), visitor.ask(f"{FX}/2/status/{post_id}")
    assert (first.status_code, first.json()) == (status, {"code": status, "message": message})
    assert (second.status_code, second.json()["status"]["reason"]) == (status, reason)


def test_fxtwitter_2_has_quote_and_poll_fields(visitor: Visitor) -> None:
    """Version 2 names the status with its author, numbers and what it replies to."""
    status = visitor.ask(f"{FX}/2/status/{KINDS['reply'].post_id}").json()["status"]
    assert status["author"]["screen_name"] == "ada_wren_eg"
    assert status["replying_to"]["screen_name"] == "ben_okoye_eg"
    assert visitor.ask(f"{FX}/status/{KINDS['quoting'].post_id}").json()["tweet"]["quote"]["text"] == QUOTED.text


def test_vxtwitter_is_flat(visitor: Visitor) -> None:
    """One flat object with times, links and media; an error page for what it cannot see."""
    post = KINDS["photos"]
    value = visitor.ask(f"https://api.vxtwitter.com/ada_wren_eg/status/{post.post_id}").json()
    assert (value["tweetID"], value["date_epoch"]) == (post.post_id, int(post.posted_at.timestamp()))
    assert value["mediaURLs"] == [photo.url for photo in post.photos]
    assert value["media_extended"][0]["altText"] == 'A "gull", seen from below'
    gone = BY_SCENARIO["deleted"].post_id
    assert visitor.ask(f"https://api.vxtwitter.com/a/status/{gone}").status_code == 500


@pytest.mark.parametrize("host", MIRRORS)
def test_a_mirror_sends_people_to_x_com(visitor: Visitor, host: str) -> None:
    """A person is redirected to the post."""
    assert visitor.ask(VIDEO.url(host)).headers["location"] == VIDEO.url()


def lookup(visitor: Visitor, ids: str, authorization: str = "Bearer none"):
    return visitor.ask(f"https://api.x.com/2/tweets?ids={ids}", Authorization=authorization)


def test_the_api_finds_some_and_misses_others(visitor: Visitor) -> None:
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


def test_the_api_without_any_data(visitor: Visitor) -> None:
    """When every tweet is missing, the answer is 200 with errors and no data."""
    assert list(lookup(visitor, "1,2").json()) == ["errors"]


@pytest.mark.parametrize(
    ("ids", "authorization", "status"),
    [("1", "", 401), ("1", "Basic x", 401), ("", "Bearer x", 400), ("x", "Bearer x", 400),
     (",".join(["1"] * 101), "Bearer x", 400)],
)  # fmt: skip
def test_the_api_refuses(visitor: Visitor, ids: str, authorization: str, status: int) -> None:
    """Without a bearer token 401; without ids, with nonsense or with more than a hundred 400."""
    assert lookup(visitor, ids, authorization).status_code == status
