"""tweet-result answers as ``protocols.md`` 4.1 says, row by row."""

import json
from typing import Any

import pytest

from tests.loopback.gallery import BY_SCENARIO, KINDS, QUOTED
from tests.loopback.scenarios import TOMBSTONES, tombstone_text
from tests.loopback.visitor import Visitor

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"


def result_url(post_id: str, token: str = "any") -> str:
    return f"https://cdn.syndication.twimg.com/tweet-result?id={post_id}&lang=en&token={token}"


def tweet_of(visitor: Visitor, kind: str) -> dict[str, Any]:
    answer = visitor.ask(result_url(KINDS[kind].post_id))
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    return dict(answer.json())


#: Scenario → status, content type, and the body if it is always the same.
ROWS: dict[str, tuple[int, str, bytes | None]] = {
    "deleted": (404, HTML, None),
    "deleted, told in JSON": (404, JSON, b'{"errors":[{"message":"Couldn\'t find Tweet"}]}'),
    "empty tombstone": (200, JSON, b'{"__typename":"TweetTombstone","tombstone":{}}'),
    "empty tombstone of a public post": (200, JSON, b'{"__typename":"TweetTombstone","tombstone":{}}'),
    "empty object": (200, JSON, b"{}"),
    "bad request": (400, JSON, b'{"error":"Bad request."}'),
    "rate limited": (429, "text/plain;charset=utf-8", b"Rate limit exceeded"),
    "server trouble": (503, HTML, None),
    "server error": (500, HTML, None),
    "not JSON": (200, HTML, None),
}


@pytest.mark.parametrize("scenario", ROWS)
def test_each_row_of_the_table(visitor: Visitor, scenario: str) -> None:
    """Status, content type and body are those of the row."""
    answer = visitor.ask(result_url(BY_SCENARIO[scenario].post_id))
    status, content_type, body = ROWS[scenario]
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert body is None or answer.content == body


@pytest.mark.parametrize("why", TOMBSTONES)
@pytest.mark.parametrize("words", ["tombstone", "tombstone (Tweet)"])
def test_a_tombstone_says_why(visitor: Visitor, why: str, words: str) -> None:
    """Each reason has its text, with "Post" and "X" or with the words of before 2023."""
    answer = visitor.ask(result_url(BY_SCENARIO[f"{words}: {why}"].post_id))
    text = tombstone_text(why, new_words=words == "tombstone")
    assert answer.status_code == 200
    assert answer.json() == {"__typename": "TweetTombstone", "tombstone": {"text": {"rtl": False, "text": text}}}
    assert text.endswith(" Learn more")
    assert ("Tweet" in text or "Twitter" in text) == (words == "tombstone (Tweet)")


def test_a_missing_token_is_refused_and_a_wrong_one_is_not(visitor: Visitor) -> None:
    """Without a token, or with an empty one, the answer is ``{}``; its value is not checked."""
    post_id = KINDS["plain"].post_id
    without = visitor.ask(f"https://cdn.syndication.twimg.com/tweet-result?id={post_id}&lang=en")
    assert (without.status_code, without.content) == (200, b"{}")
    assert visitor.ask(result_url(post_id, token="")).content == b"{}"
    assert visitor.ask(result_url(post_id, token="wrong")).json()["id_str"] == post_id


@pytest.mark.parametrize("post_id", ["", "x", "-1", "1e9", "9223372036854775808", "9" * 5000, "١٢٣"])
def test_an_id_out_of_range_is_a_bad_request(visitor: Visitor, post_id: str) -> None:
    """An id that is no number, or more than 63 bits hold, is 400."""
    assert visitor.ask(result_url(post_id)).status_code == 400


def test_an_unknown_id_is_404(visitor: Visitor) -> None:
    """An id that never existed is 404 in HTML, as a deleted one is."""
    answer = visitor.ask(result_url("20"))
    assert (answer.status_code, answer.headers["content-type"]) == (404, HTML)


def test_a_cut_answer_is_no_json(visitor: Visitor) -> None:
    """ "cut JSON" ends in the middle, though its length is right."""
    answer = visitor.ask(result_url(BY_SCENARIO["cut JSON"].post_id))
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_suspended_account_is_a_tweet_without_user(visitor: Visitor) -> None:
    """The tweet is there; who wrote it is not."""
    value = visitor.ask(result_url(BY_SCENARIO["tweet without user"].post_id)).json()
    assert value["__typename"] == "Tweet"
    assert "user" not in value


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [("rate limited at first, says when", [429, 200, 200]), ("server trouble at first", [503, 200, 200])],
)
def test_patience_is_rewarded(visitor: Visitor, scenario: str, statuses: list[int]) -> None:
    """What is refused once is answered the second time."""
    answers = [visitor.ask(result_url(BY_SCENARIO[scenario].post_id)) for _ in statuses]
    assert [answer.status_code for answer in answers] == statuses
    assert answers[0].headers.get("retry-after") == BY_SCENARIO[scenario].scenario.retry_after


def test_a_plain_tweet(visitor: Visitor) -> None:
    """A tweet has its id, text, author and second; the milliseconds are written but always zero."""
    post, value = KINDS["plain"], tweet_of(visitor, "plain")
    assert list(value)[:3] == ["__typename", "lang", "favorite_count"]
    assert (value["id_str"], value["text"], value["lang"]) == (post.post_id, "Happy new year", "en")
    assert value["created_at"] == "2023-01-01T00:00:00.000Z"
    assert value["user"]["screen_name"] == "ada_wren_eg"
    assert value["user"]["profile_image_url_https"].endswith("_normal.jpg")
    assert value["edit_control"]["edit_tweet_ids"] == [post.post_id]
    assert value["edit_control"]["editable_until_msecs"] == "1672533000000"


def test_text_is_escaped_and_ends_with_the_media_link(visitor: Visitor) -> None:
    """``& < >`` are escaped, quotation marks not; the media link stands behind the range that is displayed."""
    assert tweet_of(visitor, "escapes")["text"] == '1 &lt; 2 &amp;&amp; "3" &gt; 2, said @ada_wren_eg #maths'
    value = tweet_of(visitor, "photos")
    assert value["text"] == "Four of them https://t.co/FourPhotos"
    assert value["display_text_range"] == [0, 12]
    assert value["entities"]["media"][0]["indices"] == [13, 36]
    assert tweet_of(visitor, "photo only")["text"] == "https://t.co/OnePhoto01"


def test_links_are_expanded(visitor: Visitor) -> None:
    """Each t.co link comes with where it leads and what is shown in its place."""
    urls = tweet_of(visitor, "links")["entities"]["urls"]
    assert [(url["url"], url["expanded_url"], url["display_url"]) for url in urls] == [
        ("https://t.co/LinkOne001", "https://www.pages.example/one", "pages.example/one"),
        ("https://t.co/CardLink01", KINDS["card"].links[0].to, "pages.example/a-very-long-pa…"),
    ]


def test_photos_and_their_words(visitor: Visitor) -> None:
    """Photos are listed twice, with their alternative texts where they have one."""
    post, value = KINDS["photos"], tweet_of(visitor, "photos")
    assert [photo["url"] for photo in value["photos"]] == [photo.url for photo in post.photos]
    details = value["mediaDetails"]
    assert [detail.get("ext_alt_text") for detail in details] == ['A "gull", seen from below', None, None, None]
    assert {detail["type"] for detail in details} == {"photo"}
    assert details[2]["sizes"]["large"] == {"h": 1365, "resize": "fit", "w": 2048}


def test_videos_have_a_playlist_without_bitrate_and_mp4_files(visitor: Visitor) -> None:
    """Only mp4 variants have a bitrate, and the best is not the first."""
    detail = tweet_of(visitor, "video")["mediaDetails"][0]
    variants = detail["video_info"]["variants"]
    assert [variant.get("bitrate") for variant in variants] == [None, 256_000, 2_176_000, 832_000]
    assert [variant["content_type"] for variant in variants] == ["application/x-mpegURL"] + ["video/mp4"] * 3
    assert "/ext_tw_video_thumb/" in detail["media_url_https"]
    gif = tweet_of(visitor, "gif")["mediaDetails"][0]
    assert (gif["type"], [variant["bitrate"] for variant in gif["video_info"]["variants"]]) == ("animated_gif", [0])


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("quoting", ("quoted_tweet", "text"), "Look at this: https://t.co/LinkOne001 https://t.co/QuotedPic1"),
        ("quoting", ("quoted_tweet", "photos", 0, "width"), 1280),
        ("reply", ("in_reply_to_screen_name",), "ben_okoye_eg"),
        ("reply", ("parent", "text"), "Who wants to go?"),
        ("card", ("card", "binding_values", "title", "string_value"), "A long path"),
        ("poll", ("card", "name"), "poll2choice_text_only"),
        ("poll", ("card", "binding_values", "choice2_count", "string_value"), "7"),
        ("long", ("note_tweet", "id"), KINDS["long"].note_id),
        ("edited", ("edit_control", "edit_tweet_ids"), list(KINDS["edited"].edit_ids)),
        ("edited", ("isEdited",), True),
        ("sensitive", ("possibly_sensitive",), True),
        ("somebody else's photo", ("mediaDetails", 0, "expanded_url"), f"{QUOTED.url('twitter.com')}/photo/1"),
    ],
)  # fmt: skip
def test_special_tweets(visitor: Visitor, kind: str, path: tuple[str | int, ...], expected: object) -> None:
    """Quotes, replies, cards, polls, long, edited and sensitive posts show it in their own fields."""
    value: Any = tweet_of(visitor, kind)
    for step in path:
        value = value[step]
    assert value == expected


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("without")])
def test_fields_fall_off(visitor: Visitor, kind: str) -> None:
    """What a post is to be without is not in its answer."""
    for name in KINDS[kind].without:
        value: Any = tweet_of(visitor, kind)
        *outer, last = name.split(".")
        for step in outer:
            value = value[step]
        assert last not in value
