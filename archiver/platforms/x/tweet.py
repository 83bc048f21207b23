"""The JSON object of a post, as ``tweet-result`` gives it, read into facts (``protocols`` 4.1).

Strict about what every post has (author, handle, account, time, text) and about the kind of what names its media;
calm about the rest, which is left out where it is not what it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.model import Exchange, Fact, Moment
from archiver.platforms.x import cards, media
from archiver.platforms.x.said import Said, Telling, post_value
from archiver.platforms.x.shapes import count, member, members, plain, text

NAME = "tweet-result"
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_EDITS = 100
_MOST_LINKS = 200


def said(tweet: Mapping[str, Any], exchange: Exchange, name: str = NAME) -> Said:
    """All that the answer says of a public post. ``name``: of the answer, or of the part of it that ``tweet`` is, as
    each ``how`` begins. Raises ``UnreadableCapture`` when a needed field is missing or of another type."""
    telling = Telling(name, exchange)
    if not isinstance(tweet.get("mediaDetails", []), list):
        raise telling.unreadable("mediaDetails", f"wanted list, found {type(tweet['mediaDetails']).__name__}")
    shown = tuple(media.media(tweet))
    return Said(
        availability="public",
        how=name,
        facts=tuple(facts(tweet, exchange, name)),
        media=shown,
        media_how=f"{name}.mediaDetails" if shown else None,
        avatar=text(member(tweet.get("user")).get("profile_image_url_https")),
        avatar_how=f"{name}.user.profile_image_url_https",
        card=cards.card(tweet.get("card")),
    )


def facts(tweet: Mapping[str, Any], exchange: Exchange, name: str = NAME) -> Iterator[tuple[str, Fact]]:
    """(field, fact) for everything that the record uses of a public post and that is no file. ``name``: as in
    ``said``."""
    telling = Telling(name, exchange)
    user = telling.need(tweet, "user", dict)
    yield "author", telling.fact(telling.need(user, "name", str, "user."), "user.name")
    yield "handle", telling.fact(telling.handle(user, "screen_name", "user."), "user.screen_name")
    yield "author_id", telling.fact(telling.need(user, "id_str", str, "user."), "user.id_str")
    created = instant(telling, "created_at", telling.need(tweet, "created_at", str))
    yield "posted_at", telling.fact(str(created), "created_at", created.precision)
    yield "text", telling.fact(plain(telling.need(tweet, "text", str)), "text")
    if lang := text(tweet.get("lang")):
        yield "lang", telling.fact(lang, "lang")
    if tweet.get("note_tweet") is not None:
        yield "text_cut", telling.fact(True, "note_tweet")
    yield from _others(tweet, telling)
    yield from _details(tweet, telling)


def _others(tweet: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    """The posts that this one answers, quotes and belongs to."""
    replied = post_value(tweet.get("in_reply_to_status_id_str"), tweet.get("in_reply_to_screen_name"))
    if replied:
        yield "in_reply_to", telling.fact(replied, "in_reply_to_status_id_str")
    quoted = member(tweet.get("quoted_tweet"))
    if quote := post_value(quoted.get("id_str"), member(quoted.get("user")).get("screen_name")):
        yield "quoted", telling.fact(quote, "quoted_tweet.id_str")


def _details(tweet: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    if links := links_of(member(tweet.get("entities"))):
        yield "links", telling.fact(links, "entities.urls")
    likes, replies = count(tweet.get("favorite_count")), count(tweet.get("conversation_count"))
    counted = {"likes": likes, "replies": replies}
    if known := {name: number for name, number in counted.items() if number is not None}:
        yield "counts", telling.fact(known, "favorite_count" if "likes" in known else "conversation_count")
    if poll := cards.poll(tweet.get("card")):
        yield "poll", telling.fact(poll, "card.binding_values")
    if note := _community_note(member(tweet.get("birdwatch_pivot"))):
        yield "community_note", telling.fact(note, "birdwatch_pivot")
    if edits := _edits(member(tweet.get("edit_control"))):
        yield "edits", telling.fact(edits, "edit_control")
    if isinstance(tweet.get("possibly_sensitive"), bool):
        yield "sensitive", telling.fact(tweet["possibly_sensitive"], "possibly_sensitive")


def links_of(entities: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each t.co link of the text, and where it leads: known here without asking t.co."""
    return [
        {"short": link["url"], "to": link["expanded_url"]}
        for link in members(entities.get("urls"))[:_MOST_LINKS]
        if text(link.get("url")) and text(link.get("expanded_url"))
    ]


def _edits(control: Mapping[str, Any]) -> dict[str, object] | None:
    """Every version's id, first to last, of a post that has more than one; ``None`` of a post never edited."""
    named = control.get("edit_tweet_ids")
    ids = [each for each in named if isinstance(each, str) and each.isdigit()] if isinstance(named, list) else []
    if len(ids) < 2:
        return None
    return {"post_ids": ids[:_MOST_EDITS], "until": _milliseconds(control.get("editable_until_msecs"))}


def _milliseconds(value: object) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{12,14}", value):
        return None
    return str(Moment(at=_UNIX + timedelta(milliseconds=int(value)), precision="millisecond"))


def _community_note(pivot: Mapping[str, Any]) -> dict[str, str | None] | None:
    """The readers' note below the post: its words, and where it is discussed.

    The shape (``subtitle``, ``title``, ``destinationUrl``) is that of two published typings of this very answer, and of
    FxEmbed's and nitter's readers of the same object in GraphQL; FxEmbed undoes HTML escapes too. No recording of one
    was found."""
    words = text(member(pivot.get("subtitle")).get("text"))
    if words is None:
        return None
    return {"title": text(pivot.get("title")), "text": plain(words), "url": text(pivot.get("destinationUrl"))}


def instant(telling: Telling, field: str, written: str) -> Moment:
    """An ISO 8601 time with zone, to the second. Raises ``UnreadableCapture`` for what can't be a post's."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise telling.unreadable(field, f"not an ISO time: {written!r:.40}") from error
    if at.tzinfo is None:
        raise telling.unreadable(field, f"no time zone: {written!r:.40}")
    if not 2006 <= at.year < 9999:  # X's first post is of March 2006
        raise telling.unreadable(field, f"no time of a post: {written!r:.40}")
    return Moment(at=at, precision="second")
