"""The forms of answers change. Whatever an answer becomes, reading it ends in facts that stand in it, or in an error
that names the field; nothing crashes, and nothing is made up."""

from __future__ import annotations

import copy
import html
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import UnreadableCapture
from archiver.model import Capture, Exchange, PostRef, Reading, Why
from archiver.platforms.x import api
from archiver.platforms.x.post import X
from tests.answers import NOW, in_json
from tests.loopback import oembed as oembed_service
from tests.loopback.api_v2 import api_v2
from tests.loopback.nouns import Account, Card, Link, Photo, Poll, Post, Video, snowflake
from tests.loopback.scenarios import Scenario
from tests.loopback.server import Asked
from tests.loopback.third_parties import _fx_status
from tests.loopback.tweets import tweet

ANNA = Account(handle="anna_example", name="Anna & Example", verified_type="Business")
LINK = Link(code="GullPoint1", to="https://gulls.example/a?b=1&c=2")
BEFORE = Post(post_id=snowflake("2024-03-01T07:00:00Z"), by=ANNA, text="Before.")
POST = Post(
    post_id=snowflake("2024-03-01T10:00:00.250Z"),
    by=ANNA,
    text=f"Gulls <3 chips & more {LINK.url} #gulls @ben_example",
    links=(LINK,),
    pic="ManyPics12",
    photos=(Photo(media_id=snowflake("2024-03-01T05:59:00Z"), alt="A gull"),),
    videos=(Video(media_id=snowflake("2024-03-01T05:58:00Z")),),
    quotes=Post(post_id=snowflake("2024-03-01T06:00:00Z"), by=ANNA, text="Quoted."),
    replies_to=BEFORE,
    card=Card(link=LINK, title="Gulls", description="Birds", domain="gulls.example", image_id="1639232954701594625"),
    note_id="1700000000000000000",
    note_text="Gulls <3 chips & more, and then some",
    readers_note="Readers added context & more",
    edit_ids=(snowflake("2024-03-01T09:59:00Z"), snowflake("2024-03-01T10:00:00.250Z")),
    sensitive=False,
)
POLL = Post(
    post_id=POST.post_id,
    by=ANNA,
    text="Which?",
    poll=Poll(choices=(("Gulls", 3), ("Terns", 0)), ends_at="2024-03-02T10:00:00Z"),
)
API_QUESTION = Asked(
    raw=b"", method="GET", target=api.request_url("/2/tweets", POST.post_id), host="api.x.com",
    headers={"authorization": "Bearer x"}, scheme="https",
)  # fmt: skip


def by_api(post: Post, row: str) -> dict[str, Any]:
    """What the official API says of it."""
    there = replace(post, scenario=Scenario(api=row))
    value = json.loads(api_v2({there.post_id: there})(API_QUESTION).body)
    assert isinstance(value, dict)
    return value


ANSWERS: dict[Why, tuple[Any, ...]] = {
    "post": (tweet(POST), tweet(POLL)),
    "oembed": (json.loads(oembed_service.embed(POST, {})),),
    "api": (
        by_api(POST, "withheld in a country"),
        by_api(POLL, "data"),
    ),
    "fxtwitter": ({"code": 200, "status": _fx_status(POST)},),
}
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20), st.just([]), st.just({}),
    st.just([None]), st.just([{}]), st.just({"": None}), st.just("9" * 5_000), st.just("\ud800"), st.just("a b"),
    st.just("https://evil.example/x.jpg"), st.just("0000-00-00T00:00:00Z"), st.just("9999-12-31T23:59:59-14:00"),
)  # fmt: skip
OURS = ("x", "photo", "video", "animated_gif")  # words of the record, for what services call otherwise
DERIVED = ("posted_at", "edits", "text", "community_note")  # rewritten, unescaped, or cut out of markup


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value inside ``value``."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def leaves(value: Any) -> Iterator[Any]:
    """Every text, number and flag inside ``value``."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def change(answer: Any, path: tuple[Any, ...], junk: Any) -> None:
    """Put ``junk`` at ``path``; ``...`` removes what is there. A path that is gone is passed over."""
    *way, last = path
    for key in way:
        if not (isinstance(answer, dict) and key in answer) and not is_in_list(answer, key):
            return
        answer = answer[key]
    if isinstance(answer, dict) or is_in_list(answer, last):
        if junk is ...:
            answer.pop(last, None) if isinstance(answer, dict) else answer.pop(last)
        else:
            answer[last] = junk


def is_in_list(answer: Any, key: Any) -> bool:
    """Whether ``answer`` is a list, also by what was put in its place, and has a place of that number."""
    return isinstance(answer, list) and isinstance(key, int) and key < len(answer)


def read(exchange: Exchange, platform: X) -> Reading | None:
    """What is read; ``None`` when the error names a field of the answer."""
    post = PostRef(platform="x", post_id=POST.post_id, handle=ANNA.handle)
    for request in platform.plan(post, [exchange]):
        assert request.url.startswith(("https://cdn.syndication.twimg.com/", "https://publish.twitter.com/",
                                       "https://pbs.twimg.com/", "https://video.twimg.com/",
                                       "https://api."))  # fmt: skip
    try:
        return platform.read(Capture(post=post, exchanges=(exchange,)))
    except UnreadableCapture as unreadable:
        named = unreadable.field.split(".")[0]
    assert named in platform.sources
    return None


PLATFORM = X(sources=("tweet-result", "oembed", "api", "fxtwitter"), bearer="secret-token")


@pytest.mark.parametrize("why", ANSWERS)
def test_each_answer_as_it_is_says_everything(why: Why) -> None:
    """Before anything is changed, all of it is read: the test below would prove nothing with less."""
    fields = set()
    for whole in ANSWERS[why]:
        found = read(in_json(whole, why=why), PLATFORM)
        assert found
        fields |= set(found.facts)
        assert found.availability == "public"
    assert {"author", "handle", "text", "posted_at"} <= fields
    if why == "post":
        assert fields >= set(
            "author_id lang text_cut media avatar card poll links counts edits sensitive quoted in_reply_to "
            "community_note".split()
        )


@pytest.mark.parametrize("why", ANSWERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_change_crashes_the_reader_or_makes_it_invent(why: Why, data: st.DataObject) -> None:
    """Up to four fields removed, or of another type; whatever is still said stands in the answer."""
    answer = copy.deepcopy(data.draw(st.sampled_from(ANSWERS[why])))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(answer)) or [("",)]))
        change(answer, path, copy.deepcopy(data.draw(st.one_of(st.just(...), JUNK))))
    exchange = in_json(answer, why=why)
    found = read(exchange, PLATFORM)
    if found is None:
        return
    assert found.availability in ("public", "withheld") or not set(found.facts) - {"posted_at"}
    said = {leaf for leaf in leaves(answer) if isinstance(leaf, str)}
    said |= {leaf.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for leaf in said}
    for field, facts in found.facts.items():
        assert all(fact.source == exchange.warc and fact.at in (NOW, None) for fact in facts)
        for fact in facts if field not in DERIVED else ():
            for leaf in leaves(fact.value):
                if isinstance(leaf, str) and leaf not in OURS:
                    assert any(leaf in text for text in said), (field, leaf)
    notes = [leaf for fact in found.facts.get("community_note", ()) for leaf in leaves(fact.value)]
    for value in (*(fact.value for fact in found.facts.get("text", ())), *filter(None, notes)):
        whole = html.unescape(" ".join(said))
        assert all(word in whole or word in html.unescape(whole) for word in str(value).split()), value


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("user",), None),
        (("user", "name"), "tweet-result.user.name"),
        (("user", "screen_name"), "tweet-result.user.screen_name"),
        (("user", "id_str"), "tweet-result.user.id_str"),
        (("created_at",), "tweet-result.created_at"),
        (("text",), "tweet-result.text"),
        (("id_str",), "tweet-result.id_str"),
        (("lang",), None),
        (("mediaDetails",), None),
        (("card", "binding_values"), None),
    ],
)
def test_a_needed_field_that_is_missing_is_named(path: tuple[str, ...], field: str | None) -> None:
    """What every post has is needed; what some have is simply not there. Without a user it is another form."""
    answer = copy.deepcopy(ANSWERS["post"][0])
    change(answer, path, ...)
    exchange = in_json(answer)
    if field is None:
        assert X().read(Capture(post=PostRef(platform="x", post_id=POST.post_id), exchanges=(exchange,))).how
        return
    with pytest.raises(UnreadableCapture) as caught:
        X().read(Capture(post=PostRef(platform="x", post_id=POST.post_id), exchanges=(exchange,)))
    assert caught.value.field == field
