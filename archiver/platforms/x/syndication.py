"""``cdn.syndication.twimg.com/tweet-result``: the request, its token, and what the answer says.

The shapes are those of react-tweet's types and of recorded answers (``docs/sources.md``). Reading is strict about
what it uses (a needed field of another type is ``UnreadableCapture``) and calm about the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange
from archiver.platforms.x import tweet
from archiver.platforms.x.said import Said, json_object

FEATURES = (
    "tfw_timeline_list:;tfw_follower_count_sunset:true;tfw_tweet_edit_backend:on;tfw_refsrc_session:on;"
    "tfw_fosnr_soft_interventions_enabled:on;tfw_show_birdwatch_pivots_enabled:on;"
    "tfw_show_business_verified_badge:on;tfw_duplicate_scribes_to_settings:on;"
    "tfw_use_profile_image_shape_enabled:on;tfw_show_blue_verified_badge:on;tfw_legacy_timeline_sunset:true;"
    "tfw_show_gov_verified_badge:on;tfw_show_business_affiliate_badge:on;tfw_tweet_edit_frontend:on"
)
NAME = "tweet-result"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# Tombstone texts since 2020, in English because we ask with lang=en; "Tweet" became "Post" and "Twitter" "X" in 2023.
_TOMBSTONES: tuple[tuple[str, Availability], ...] = (
    (r"was deleted by the (?:Tweet|Post) author", "deleted"),
    (r"from a suspended account", "suspended"),
    (r"from an account that no longer exists", "account_gone"),
    (r"account owner limits who can (?:view|see) their", "protected"),
    (r"violated the (?:Twitter|X) Rules", "violated_rules"),
    (r"^Age-restricted adult content|may include sensitive content", "age_restricted"),
    (r"has been withheld in|local laws|not available in your country", "withheld"),
    (r"^Please log in|^Log in to", "ambiguous"),  # says something of who asks, and nothing of the post
    (r"(?:Tweet|Post) is unavailable", "unavailable"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one tweet-result answer says. ``tweet``: the JSON object of a public post, else ``None``. ``how``: the part
    of the answer that says so, for instance ``tweet-result.tombstone.text``."""

    availability: Availability
    how: str
    tweet: Mapping[str, Any] | None = None


def said(exchange: Exchange, post_id: str) -> Said:
    """What the answer says about ``post_id``. Raises ``UnreadableCapture``."""
    answer = read(exchange)
    if answer.tweet is None:
        return Said(availability=answer.availability, how=answer.how)
    if answer.tweet.get("id_str") != post_id:
        raise UnreadableCapture("tweet-result.id_str", "not the post that was asked for")
    return tweet.said(answer.tweet, exchange)


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
