from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UnreadableCapture
from archiver.model import Exchange
from archiver.platforms.x import syndication
from archiver.platforms.x.tweet import facts as facts_of
from tests.answers import answer, in_json
from tests.loopback.recordings import needs_shared, recorded, recorded_json
from tests.platforms.x.posts import HANDLE, ID, POSTED_AT, TOMBSTONES, tombstone, tweet

RECORDED = ("1629262255744503809_card", "1641086480675225601_photo", "1641895049427550208_quote")
BY_WHEN = {  # the answer forms of answers.json, by how its "when" begins
    "public tweet": "public",
    "tombstone with text": "deleted",
    "tombstone without text": "ambiguous",
    "token absent": "ambiguous",
    "deleted or never existed": "deleted",
    "id out of range": "error",
    "too many requests": "rate_limited",
    "old form of not-found": "deleted",
    "suspended account": "ambiguous",
    "server trouble": "error",
}


def read_facts(exchange: Exchange) -> dict[str, object]:
    """The facts of a public post, by field."""
    found = syndication.read(exchange)
    assert found.tweet is not None
    return {field: fact.value for field, fact in facts_of(found.tweet, exchange)}


@needs_shared
def test_every_token_is_the_browsers() -> None:
    """200 vectors that node made from the widget's own formula."""
    vectors = recorded_json("fixtures/syndication/token_vectors.json")
    assert len(vectors) == 200
    assert {post_id: syndication.token(post_id) for post_id in vectors} == vectors


def test_the_request_names_the_post_its_token_and_english() -> None:
    """lang=en keeps tombstones in words that are known."""
    url = syndication.request_url("https://cdn.syndication.twimg.com/tweet-result", "20")
    assert url.startswith(
        "https://cdn.syndication.twimg.com/tweet-result?id=20&lang=en&features=tfw_timeline_list%3A%3B"
    )
    assert url.endswith("&token=6dq1a2xwd93")


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_any_id_has_a_token(number: int) -> None:
    """Letters and digits without zeros: what may stand in a query as it is."""
    assert set(syndication.token(str(number))) <= set("123456789abcdefghijklmnopqrstuvwxyz")
    assert syndication.token(str(number))


@needs_shared
def test_every_known_form_of_answer_means_what_the_reference_says() -> None:
    """{}, an empty tombstone and a tweet without user stay ambiguous; only a 404 or a text says gone."""
    forms = recorded_json("fixtures/syndication/answers.json")["answers"]
    bodies = {"public tweet": tweet(), "suspended account": tweet(user=...)}
    assert len(forms) == len(BY_WHEN)
    for form in forms:
        begins, wanted = next((begins, word) for begins, word in BY_WHEN.items() if form["when"].startswith(begins))
        body = bodies.get(begins, form["body"])
        content = body if isinstance(body, str) else json.dumps(body)
        status = 502 if form["status"] == "5xx" else form["status"]
        found = syndication.read(answer(status, body=content, why="post", kind=form["content_type"]))
        assert found.availability == wanted, form["when"]
        assert (found.tweet is not None) == (wanted == "public")


@needs_shared
def test_every_known_tombstone_text_is_understood() -> None:
    """The seven texts, as "Tweet" and as "Post"; none falls through to the general word."""
    texts = recorded_json("fixtures/syndication/answers.json")["tombstone_texts"]
    found = [syndication.read(in_json(tombstone(text))).availability for text in texts]
    wanted = ["deleted", "suspended", "account_gone", "protected", "unavailable", "violated_rules", "age_restricted"]
    assert found == [word for word in wanted for _ in range(2)]


@pytest.mark.parametrize("word", TOMBSTONES)
@pytest.mark.parametrize(("post", "brand"), [("Tweet", "Twitter"), ("Post", "X")])
def test_a_tombstones_text_says_why_a_post_is_gone(word: str, post: str, brand: str) -> None:
    """The words of both brands lead to the same availability, and the answer's part is named."""
    text = TOMBSTONES[word].format(post=post, brand=brand)
    found = syndication.read(in_json(tombstone(f"{text} Learn more")))
    assert (found.availability, found.how) == (word, "tweet-result.tombstone.text")


@pytest.mark.parametrize(
    ("body", "availability"),
    [
        (tombstone("Something new that nobody has seen yet. Learn more"), "unavailable"),
        (tombstone("Please log in to see this post."), "ambiguous"),
        (tombstone("This Post may include sensitive content. Log in to view it."), "age_restricted"),
        (tombstone("Due to local laws, we are temporarily restricting access to this Post."), "withheld"),
        (tombstone("This Post is not available in your country."), "withheld"),
        (tombstone("  "), "ambiguous"),
        ({"__typename": "TweetTombstone"}, "ambiguous"),
        ({"__typename": "TweetTombstone", "tombstone": {"text": "odd"}}, "ambiguous"),
        ({"__typename": "TweetTombstone", "tombstone": {"text": {"text": 7}}}, "ambiguous"),
        ({"id_str": ID, "text": "a post whose account is gone"}, "ambiguous"),
    ],
)
def test_an_answer_that_does_not_say_why_is_never_called_deleted(body: object, availability: str) -> None:
    """An unknown text says at least that the post can't be seen; no text says nothing."""
    assert syndication.read(in_json(body)).availability == availability


@pytest.mark.parametrize(
    ("exchange", "field"),
    [
        (in_json([1, 2]), "tweet-result"),
        (in_json("Tweet"), "tweet-result"),
        (answer(body="<html>Something went wrong</html>", why="post"), "tweet-result"),
        (answer(body=b"", why="post"), "tweet-result"),
        (answer(body=b"\xff\xfe{", why="post"), "tweet-result"),
        (answer(body="[" * 100_000, why="post"), "tweet-result"),
        (answer(body="1" * 10_000, why="post"), "tweet-result"),
        (answer(body=json.dumps(tweet()), why="post", cut="disconnect"), "tweet-result"),
        (in_json({"__typename": "TweetUnavailable"}), "tweet-result.__typename"),
        (in_json({"error": "odd"}), "tweet-result.__typename"),
        (in_json({"__typename": ["Tweet"]}), "tweet-result.__typename"),
    ],
)
def test_a_200_of_no_known_form_is_unreadable(exchange: Exchange, field: str) -> None:
    """The error names the part of the answer that changed."""
    with pytest.raises(UnreadableCapture) as caught:
        syndication.read(exchange)
    assert caught.value.field == field


def test_a_body_that_could_not_be_decoded_says_so() -> None:
    """The reason of the transport is passed on."""
    no_body = Exchange(
        **{
            **{name: getattr(answer(), name) for name in Exchange.__slots__},
            "body": None,
            "body_problem": "decodes to more than 5 bytes",
        }
    )
    with pytest.raises(UnreadableCapture, match="decodes to more than 5 bytes"):
        syndication.read(no_body)


def test_a_public_post_tells_its_facts_with_the_field_each_was_read_from() -> None:
    """Author, handle, author's id, time to the second, text as people read it, language."""
    exchange = in_json(tweet())
    found = syndication.read(exchange)
    assert found.tweet is not None
    facts = list(facts_of(found.tweet, exchange))
    assert [(field, fact.value, fact.how, fact.precision) for field, fact in facts] == [
        ("author", "jack", "tweet-result.user.name", None),
        ("handle", HANDLE, "tweet-result.user.screen_name", None),
        ("author_id", "12", "tweet-result.user.id_str", None),
        ("posted_at", f"{POSTED_AT}.000Z", "tweet-result.created_at", "second"),
        ("text", "just setting up my <twttr> https://t.co/rQd6FIwZ0U", "tweet-result.text", None),
        ("lang", "en", "tweet-result.lang", None),
    ]
    assert {fact.source for _, fact in facts} == {exchange.warc}


def test_a_long_post_a_reply_and_a_quote_are_recorded() -> None:
    """note_tweet says that the text is cut; the other posts are named by their ids."""
    inner = {"id_str": "20", "user": {"screen_name": "biz"}}
    body = tweet(
        note_tweet={"id": "x"}, in_reply_to_status_id_str="21", in_reply_to_screen_name="ev", quoted_tweet=inner
    )
    facts = read_facts(in_json(body))
    assert facts["text_cut"] is True
    assert facts["in_reply_to"] == {"platform": "x", "post_id": "21", "handle": "ev"}
    assert facts["quoted"] == {"platform": "x", "post_id": "20", "handle": "biz"}


@needs_shared
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_posts_are_readable(name: str) -> None:
    """Three answers of 2023 as the service gave them."""
    facts = read_facts(answer(body=recorded(f"fixtures/syndication/tweet_{name}.json"), why="post"))
    assert {"author", "handle", "author_id", "posted_at", "text", "lang"} <= set(facts)
    assert ("quoted" in facts) == name.endswith("quote")
    assert "&amp;" not in str(facts["text"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user": None}, "user"),
        ({"user": []}, "user"),
        ({"user": {"name": "jack", "screen_name": "jack"}}, "user.id_str"),
        ({"user": {"id_str": 12, "name": "jack", "screen_name": "jack"}}, "user.id_str"),
        ({"user": {"id_str": "12", "screen_name": "jack"}}, "user.name"),
        ({"user": {"id_str": "12", "name": "jack"}}, "user.screen_name"),
        ({"user": {"id_str": "12", "name": "jack", "screen_name": "../../evil?"}}, "user.screen_name"),
        ({"user": {"id_str": "12", "name": "jack", "screen_name": ""}}, "user.screen_name"),
        ({"text": ...}, "text"),
        ({"text": None}, "text"),
        ({"created_at": ...}, "created_at"),
        ({"created_at": 1680100481}, "created_at"),
        ({"created_at": "Wed Mar 29 14:34:41 +0000 2023"}, "created_at"),
        ({"created_at": "2023-03-29T14:34:41"}, "created_at"),
        ({"created_at": "0001-01-01T00:00:00+23:59"}, "created_at"),
        ({"created_at": "9999-12-31T23:59:59-23:59"}, "created_at"),
        ({"created_at": "2023-02-30T00:00:00Z"}, "created_at"),
    ],
)
def test_a_missing_or_mistyped_field_is_named(change: dict[str, Any], field: str) -> None:
    """A platform that changed shape is noticed, not guessed at."""
    with pytest.raises(UnreadableCapture) as caught:
        read_facts(in_json(tweet(**change)))
    assert caught.value.field == f"tweet-result.{field}"


def test_half_a_character_becomes_a_replacement_mark() -> None:
    """JSON can write a lone surrogate, UTF-8 can't; whole pairs stay what they are."""
    body = json.dumps(tweet(text="TEXT")).replace("TEXT", "a\\ud83d b\\ud83d\\ude00 \\\\ud800")
    assert read_facts(answer(body=body, why="post"))["text"] == "a\ufffd b\U0001f600 \\ud800"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A public post's JSON in which up to three values, at any depth, were replaced or removed."""
    body = copy.deepcopy(tweet(photos=["https://pbs.twimg.com/media/A.jpg"], quoted_tweet={"id_str": "20"}))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = body
        while True:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
                at = at[key]
                continue
            break
        if draw(st.booleans()):
            at[key] = draw(JSON_VALUES)
        elif len(at) > 1:
            del at[key]
    return body


@given(mutated())
def test_a_changed_answer_is_unreadable_or_says_what_is_there(body: dict[str, Any]) -> None:
    """Whatever changes, no other error is raised, and no text comes out that does not stand in the answer."""
    exchange = in_json(body)
    try:
        found = syndication.read(exchange)
        facts = dict(facts_of(found.tweet, exchange)) if found.tweet is not None else {}
    except UnreadableCapture:
        return
    for field in set(facts) & {"author", "handle", "author_id", "lang"}:
        assert json.dumps(facts[field].value) in json.dumps(body)


@given(st.binary(max_size=200))
def test_an_answer_of_any_bytes_is_unreadable_at_worst(body: bytes) -> None:
    """Not JSON, not an object, not a known form: always the one error."""
    try:
        said: str = syndication.read(answer(body=body, why="post")).availability
    except UnreadableCapture as unreadable:
        said = unreadable.field
    assert said in ("tweet-result", "tweet-result.__typename", "ambiguous")  # the last of "{}"


@pytest.mark.parametrize("body", [b'{"text": "\xed\xa0\x80"}', '{"text": "a"}'.encode("utf-16")])
def test_json_is_utf_8_and_nothing_else(body: bytes) -> None:
    """RFC 8259, 8.1; half of a surrogate pair has no place in it."""
    with pytest.raises(UnreadableCapture, match="not JSON"):
        syndication.read(answer(body=body))
