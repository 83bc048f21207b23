"""FxTwitter, vxTwitter and the mirrors answer as ``protocols.md`` 4.4 says."""

import json
from dataclasses import replace

import pytest

from tests.loopback.gallery import BY_SCENARIO, KINDS, QUOTED
from tests.loopback.scenarios import Scenario
from tests.loopback.server import Asked
from tests.loopback.third_parties import FX_ANSWERS, MIRRORS, fxtwitter
from tests.loopback.visitor import Visitor

FX = "https://api.fxtwitter.com"
VIDEO = KINDS["video"]

#: Scenario → status (also its ``code``), message of version 1, reason of version 2.
SAYING_NO = {
    "deleted": (404, "NOT_FOUND", "deleted"),
    "tombstone: suspended": (404, "NOT_FOUND", "suspended"),
    "tombstone: protected": (401, "PRIVATE_TWEET", "private"),
    "server trouble": (503, "UPSTREAM_UNAVAILABLE", None),
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
    """Its HTTP status is its code; version 2 has a tombstone with a reason for a post, and none for trouble."""
    status, message, reason = SAYING_NO[scenario]
    post_id = BY_SCENARIO[scenario].post_id
    first, second = visitor.ask(f"{FX}/status/{post_id}"), visitor.ask(f"{FX}/2/status/{post_id}")
    assert (first.status_code, first.json()) == (status, {"code": status, "message": message})
    assert second.status_code == status
    if reason is None:
        assert second.json() == first.json()
    else:
        assert (second.json()["status"]["reason"], second.json()["status"]["id"]) == (reason, post_id)


@pytest.mark.parametrize("row", FX_ANSWERS)
def test_every_row_of_fxtwitter(row: str) -> None:
    """What its source says: PRIVATE_TWEET 401, NOT_FOUND 404, API_FAIL 500, UPSTREAM_UNAVAILABLE 503; tombstones name
    the post."""
    post = replace(VIDEO, scenario=Scenario(fxtwitter=row))
    code, message, reason = FX_ANSWERS[row]
    ask = [Asked(raw=b"", method="GET", target=f"{path}/status/{post.post_id}", host="api.fxtwitter.com", headers={},
                 scheme="https") for path in ("", "/2")]  # fmt: skip
    first, second = (fxtwitter({post.post_id: post})(one) for one in ask)
    assert (first.status, json.loads(first.body)) == (code, {"code": code, "message": message})
    told = json.loads(second.body)
    assert (second.status, told["code"]) == (code, code)
    assert told.get("status", {}).get("reason") == reason


def test_versions_call_things_otherwise(visitor: Visitor) -> None:
    """Reposts were retweets, and the post that is answered was named in two fields."""
    reply = KINDS["reply"].post_id
    first, second = (visitor.ask(f"{FX}{path}/status/{reply}").json() for path in ("", "/2"))
    assert first["tweet"]["retweets"] == second["status"]["reposts"]
    told = second["status"]["replying_to"]
    assert (first["tweet"]["replying_to"], first["tweet"]["replying_to_status"]) == (
        told["screen_name"],
        told["status"],
    )


def test_fxtwitter_2_tells_polls_and_quotes(visitor: Visitor) -> None:
    """The poll with its counts, and the quoted post whole."""
    asked = KINDS["poll"]
    poll = visitor.ask(f"{FX}/2/status/{asked.post_id}").json()["status"]["poll"]
    assert asked.poll
    assert [(one["label"], one["count"]) for one in poll["choices"]] == list(asked.poll.choices)
    quote = visitor.ask(f"{FX}/2/status/{KINDS['quoting'].post_id}").json()["status"]["quote"]
    assert quote["author"]["screen_name"] == QUOTED.by.handle


def test_fxtwitter_shows_the_readers_note() -> None:
    """Under its own name."""
    post = replace(VIDEO, readers_note="It was a tern.")
    ask = Asked(raw=b"", method="GET", target=f"/2/status/{post.post_id}", host="", headers={}, scheme="https")
    told = json.loads(fxtwitter({post.post_id: post})(ask).body)
    assert told["status"]["community_note"]["text"] == "It was a tern."


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
