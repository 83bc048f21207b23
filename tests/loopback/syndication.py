"""``cdn.syndication.twimg.com/tweet-result``: the tweet as JSON, and every way in which it says no.

``protocols.md`` 4.1. ``ANSWERS`` is its table of answers, row by row. A request without a token is refused with ``{}``;
the token's value is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.loopback.answers import Answer, Tries, as_json, html, with_retry_after
from tests.loopback.nouns import Post
from tests.loopback.scenarios import TOMBSTONES, tombstone_text
from tests.loopback.server import Asked
from tests.loopback.tweets import tweet, without

Row = Callable[[Post], Answer]
_GONE = html(404, "X / ?", "Nothing to see here.")


def syndication(posts: Mapping[str, Post], tries: Tries) -> Callable[[Asked], Answer]:
    """What ``cdn.syndication.twimg.com`` answers."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/tweet-result":
            return html(404, "404")
        post_id, token = asked.query.get("id", ""), asked.query.get("token", "")
        if not re.fullmatch(r"\d{1,19}", post_id, re.ASCII) or int(post_id) >= 2**63:
            return as_json(400, {"error": "Bad request."})
        if not token:
            return as_json(200, {})
        if post_id not in posts:
            return _GONE
        post = posts[post_id]
        scenario = post.scenario
        if tries.within_first(scenario.refusals, f"tweet-result {post_id}"):
            return with_retry_after(ANSWERS[scenario.refusal](post), scenario.retry_after)
        return replace(ANSWERS[scenario.tweet_result](post), form=scenario.form)

    return service


def tombstone(text: str | None) -> Answer:
    """A tombstone; ``None`` for the empty one, which means several different things."""
    grave = {"text": {"rtl": False, "text": text}} if text else {}
    return as_json(200, {"__typename": "TweetTombstone", "tombstone": grave})


def _in_words(why: str, *, new_words: bool) -> Row:
    return lambda _: tombstone(tombstone_text(why, new_words=new_words))


def _cut_json(post: Post) -> Answer:
    whole = as_json(200, tweet(post))
    return replace(whole, body=whole.body[: len(whole.body) * 2 // 3])


#: The rows of 4.1, by the words that ``Scenario.tweet_result`` and ``Scenario.refusal`` use.
ANSWERS: dict[str, Row] = {
    "tweet": lambda post: as_json(200, tweet(post)),
    "tweet without user": lambda post: as_json(200, without(tweet(post), ("user",))),
    **{f"tombstone: {why}": _in_words(why, new_words=True) for why in TOMBSTONES},
    **{f"tombstone (Tweet): {why}": _in_words(why, new_words=False) for why in TOMBSTONES},
    "empty tombstone": lambda _: tombstone(None),
    "empty object": lambda _: as_json(200, {}),
    "404 html": lambda _: _GONE,
    "404 json": lambda _: as_json(404, {"errors": [{"message": "Couldn't find Tweet"}]}),
    "400": lambda _: as_json(400, {"error": "Bad request."}),
    "429": lambda _: Answer(status=429, body=b"Rate limit exceeded", content_type="text/plain;charset=utf-8"),
    "500 html": lambda _: html(500, "Something went wrong"),
    "503 html": lambda _: html(503, "Over capacity"),
    "not json": lambda _: html(200, "X", "JavaScript is not available."),
    "cut json": _cut_json,
}
