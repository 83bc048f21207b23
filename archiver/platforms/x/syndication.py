"""``cdn.syndication.twimg.com/tweet-result``: the request, its token, and what the answer says.

The shapes are those of react-tweet's types and of recorded answers (``docs/sources.md``). Reading is strict about
what it uses (a needed field of another type is ``UnreadableCapture``) and calm about the rest.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange, Fact, Moment

FEATURES = (
    "tfw_timeline_list:;tfw_follower_count_sunset:true;tfw_tweet_edit_backend:on;tfw_refsrc_session:on;"
    "tfw_fosnr_soft_interventions_enabled:on;tfw_show_birdwatch_pivots_enabled:on;"
    "tfw_show_business_verified_badge:on;tfw_duplicate_scribes_to_settings:on;"
    "tfw_use_profile_image_shape_enabled:on;tfw_show_blue_verified_badge:on;tfw_legacy_timeline_sunset:true;"
    "tfw_show_gov_verified_badge:on;tfw_show_business_affiliate_badge:on;tfw_tweet_edit_frontend:on"
)
T = TypeVar("T")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# Tombstone texts since 2020, in English because we ask with lang=en; "Tweet" became "Post" and "Twitter" "X" in 2023.
_TOMBSTONES: tuple[tuple[str, Availability], ...] = (
    (r"was deleted by the (?:Tweet|Post) author", "deleted"),
    (r"from a suspended account", "suspended"),
    (r"from an account that no longer exists", "account_gone"),
    (r"account owner limits who can (?:view|see) their", "protected"),
    (r"violated the (?:Twitter|X) Rules", "violated_rules"),
    (r"^Age-restricted adult content", "age_restricted"),
    (r"(?:Tweet|Post) is unavailable", "unavailable"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one tweet-result answer says. ``tweet``: the JSON object of a public post, else ``None``. ``how``: the part
    of the answer that says so, for instance ``tweet-result.tombstone.text``."""

    availability: Availability
    how: str
    tweet: Mapping[str, Any] | None = None


def request_url(endpoint: str, post_id: str) -> str:
    """The URL that asks ``endpoint`` for ``post_id``."""
    query = {"id": post_id, "lang": "en", "features": FEATURES, "token": token(post_id)}
    return f"{endpoint}?{urlencode(query)}"


def token(post_id: str) -> str:
    """The ``token`` that the widget sends: ``(id / 1e15 * π).toString(36)`` without zeros and the point.

    The service seems not to check its value, but wants one. Follows V8's shortest-digits rule for a radix, so that
    it equals what a browser sends.

    >>> token("20")
    '6dq1a2xwd93'
    """
    return re.sub(r"0+|\.", "", _radix36(float(post_id) / 1e15 * math.pi))


def _radix36(value: float) -> str:
    """``Number.prototype.toString(36)`` for a positive number (V8, DoubleToRadixCString)."""
    whole, fraction = math.floor(value), value - math.floor(value)
    delta = max(0.5 * (math.nextafter(value, math.inf) - value), math.nextafter(0.0, 1.0))
    digits: list[int] = []
    while fraction >= delta:
        fraction, delta = fraction * 36, delta * 36
        digit = int(fraction)
        digits.append(digit)
        fraction -= digit
        if (fraction > 0.5 or (fraction == 0.5 and digit & 1)) and fraction + delta > 1:
            while digits and digits[-1] == 35:
                digits.pop()
            if digits:
                digits[-1] += 1
            else:
                whole += 1
            break
    text = ""
    while whole:
        whole, rest = divmod(whole, 36)
        text = _DIGITS[rest] + text
    return (text or "0") + ("." + "".join(_DIGITS[digit] for digit in digits) if digits else "")


def read(exchange: Exchange) -> Answer:
    """What the answer says about the post.

    ``{}``, an empty tombstone and a tweet without its user have several reasons, so they are ``ambiguous``; only a
    404 or a tombstone's text says that a post is gone. Raises ``UnreadableCapture`` for a 200 that is none of the
    known forms.
    """
    status = exchange.status
    if status == 404:
        return Answer("deleted", "tweet-result.404")
    if status == 429:
        return Answer("rate_limited", "tweet-result.429")
    if status != 200:
        return Answer("error", f"tweet-result.{status}")
    data = json_object(exchange, "tweet-result")
    if not data:
        return Answer("ambiguous", "tweet-result.{}")
    match data.get("__typename"):
        case "TweetTombstone":
            return _tombstone(data)
        case "Tweet" if "user" not in data:
            return Answer("ambiguous", "tweet-result without user")
        case "Tweet":
            return Answer("public", "tweet-result", data)
        case None if "id_str" in data and "user" not in data:
            return Answer("ambiguous", "tweet-result without user")
        case other:
            raise UnreadableCapture("tweet-result.__typename", f"neither Tweet nor TweetTombstone but {other!r:.60}")


def _tombstone(data: Mapping[str, Any]) -> Answer:
    tombstone = data.get("tombstone")
    text = tombstone.get("text") if isinstance(tombstone, dict) else None
    words = text.get("text") if isinstance(text, dict) else None
    if not isinstance(words, str) or not words.strip():
        return Answer("ambiguous", "tweet-result.tombstone without text")
    for pattern, word in _TOMBSTONES:
        if re.search(pattern, words, re.IGNORECASE):
            return Answer(word, "tweet-result.tombstone.text")
    return Answer("unavailable", "tweet-result.tombstone.text")


def json_object(exchange: Exchange, source: str) -> dict[str, Any]:
    """The JSON object in an answer's body; ``UnreadableCapture`` when there is none."""
    if exchange.body is None:
        raise UnreadableCapture(source, f"no readable body: {exchange.body_problem or 'empty'}")
    if exchange.cut:
        raise UnreadableCapture(source, f"the answer was cut ({exchange.cut})")
    try:
        data = json.loads(exchange.body)
        if b"\\ud" in exchange.body.lower():  # half of a pair can be written in JSON, but in no UTF-8 text of ours
            data = json.loads(_whole_characters(json.dumps(data, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise UnreadableCapture(source, "not JSON") from error
    if not isinstance(data, dict):
        raise UnreadableCapture(source, "not a JSON object")
    return data


def facts(tweet: Mapping[str, Any], exchange: Exchange) -> Iterator[tuple[str, Fact]]:
    """(field, fact) for everything that the record uses of a public post."""

    def fact(value: object, path: str, **more: Any) -> Fact:
        return Fact(value=value, how=f"tweet-result.{path}", source=exchange.warc, **more)

    user = _need(tweet, "user", dict)
    yield "author", fact(_need(user, "name", str, "user."), "user.name")
    handle = _need(user, "screen_name", str, "user.")
    if not re.fullmatch(r"\w{1,20}", handle, re.ASCII):  # it becomes part of an address
        raise UnreadableCapture("tweet-result.user.screen_name", f"no handle: {handle!r:.60}")
    yield "handle", fact(handle, "user.screen_name")
    yield "author_id", fact(_need(user, "id_str", str, "user."), "user.id_str")
    created = _instant(_need(tweet, "created_at", str))
    yield "posted_at", fact(str(created), "created_at", precision=created.precision)
    yield "text", fact(plain(_need(tweet, "text", str)), "text")
    if isinstance(tweet.get("lang"), str):
        yield "lang", fact(tweet["lang"], "lang")
    if tweet.get("note_tweet") is not None:
        yield "text_cut", fact(True, "note_tweet")
    if isinstance(reply := tweet.get("in_reply_to_status_id_str"), str):
        yield "in_reply_to", fact(_other(reply, tweet.get("in_reply_to_screen_name")), "in_reply_to_status_id_str")
    quoted = tweet.get("quoted_tweet")
    if isinstance(quoted, dict) and isinstance(quoted.get("id_str"), str):
        author = quoted.get("user")
        name = author.get("screen_name") if isinstance(author, dict) else None
        yield "quoted", fact(_other(quoted["id_str"], name), "quoted_tweet.id_str")


def _other(post_id: str, handle: object) -> dict[str, str | None]:
    return {"platform": "x", "post_id": post_id, "handle": handle if isinstance(handle, str) else None}


def plain(text: str) -> str:
    """``text`` as people read it: the service escapes ``& < >`` as HTML."""
    return html.unescape(text)


def _whole_characters(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _instant(text: str) -> Moment:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableCapture("tweet-result.created_at", f"not an ISO time: {text!r:.40}") from error
    if at.tzinfo is None:
        raise UnreadableCapture("tweet-result.created_at", f"no time zone: {text!r:.40}")
    if not 2006 <= at.year < 9999:  # X's first post is of March 2006
        raise UnreadableCapture("tweet-result.created_at", f"no time of a post: {text!r:.40}")
    return Moment(at=at, precision="second")


def _need(data: Mapping[str, Any], field: str, kind: type[T], prefix: str = "") -> T:
    value = data.get(field)
    if not isinstance(value, kind):
        raise UnreadableCapture(
            f"tweet-result.{prefix}{field}", f"wanted {kind.__name__}, found {type(value).__name__}"
        )
    return value
