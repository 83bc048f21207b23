"""FxTwitter's public API, version 2 (``protocols`` 4.4): a third party that asks X by its own ways. Off by default.

Its HTTP status is its ``code``; a post that can't be shown is a ``tombstone`` with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange, Fact, Moment
from archiver.platforms.x import media
from archiver.platforms.x.said import Said, Telling, json_object, post_value
from archiver.platforms.x.shapes import count, member, members, text

NAME = "fxtwitter"
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_REASONS: dict[str, Availability] = {
    "deleted": "deleted",
    "suspended": "suspended",
    "private": "protected",
    "unavailable": "unavailable",
}
_COUNTS = ("likes", "replies", "reposts", "quotes", "views", "bookmarks")
_SIZE = re.compile(r"\?name=\w+$")


def request_url(endpoint: str, post_id: str) -> str:
    """The URL that asks ``endpoint`` for ``post_id``."""
    return f"{endpoint}/{post_id}"


def said(exchange: Exchange, post_id: str) -> Said:
    """What the answer says about ``post_id``. Raises ``UnreadableCapture``."""
    if exchange.status not in (200, 401, 404):
        return Said(availability="rate_limited" if exchange.status == 429 else "error", how=f"{NAME}.{exchange.status}")
    status = member(json_object(exchange, NAME).get("status"))
    if status.get("type") == "tombstone":
        word = _REASONS.get(str(status.get("reason")), "ambiguous")
        return Said(availability=word, how=f"{NAME}.status.reason")
    if exchange.status != 200:
        return Said(availability="ambiguous", how=f"{NAME}.{exchange.status}")
    if status.get("id") != post_id:
        raise UnreadableCapture(f"{NAME}.status.id", "not the post that was asked for")
    telling = Telling(NAME, exchange)
    shown = tuple(_media(member(status.get("media"))))
    return Said(
        availability="public",
        how=NAME,
        facts=tuple(_facts(status, telling)),
        media=shown,
        media_how=f"{NAME}.status.media" if shown else None,
        avatar=text(member(status.get("author")).get("avatar_url")),
        avatar_how=f"{NAME}.status.author.avatar_url",
    )


def _facts(status: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    author = telling.need(status, "author", dict, "status.")
    yield "author", telling.fact(telling.need(author, "name", str, "status.author."), "status.author.name")
    handle = telling.handle(author, "screen_name", "status.author.")
    yield "handle", telling.fact(handle, "status.author.screen_name")
    if account := text(author.get("id")):
        yield "author_id", telling.fact(account, "status.author.id")
    seconds = count(status.get("created_timestamp"))
    if seconds is None or not 1_142_000_000 <= seconds < 253_000_000_000:  # X's first post is of March 2006
        raise telling.unreadable("status.created_timestamp", "no time of a post")
    created = Moment(at=_UNIX + timedelta(seconds=seconds), precision="second")
    yield "posted_at", telling.fact(str(created), "status.created_timestamp", created.precision)
    yield "text", telling.fact(telling.need(status, "text", str, "status."), "status.text")
    if lang := text(status.get("lang")):
        yield "lang", telling.fact(lang, "status.lang")
    replied, quote = member(status.get("replying_to")), member(status.get("quote"))
    if named := post_value(replied.get("status"), replied.get("screen_name")):
        yield "in_reply_to", telling.fact(named, "status.replying_to")
    if named := post_value(quote.get("id"), member(quote.get("author")).get("screen_name")):
        yield "quoted", telling.fact(named, "status.quote")
    if counts := {name: number for name in _COUNTS if (number := count(status.get(name))) is not None}:
        yield "counts", telling.fact(counts, "status")
    if poll := _poll(member(status.get("poll"))):
        yield "poll", telling.fact(poll, "status.poll")
    if note := text(member(status.get("community_note")).get("text")):
        yield "community_note", telling.fact({"title": None, "text": note, "url": None}, "status.community_note")
    if isinstance(status.get("possibly_sensitive"), bool):
        yield "sensitive", telling.fact(status["possibly_sensitive"], "status.possibly_sensitive")


def _poll(poll: Mapping[str, Any]) -> dict[str, object] | None:
    """The choices with their votes; this service does not say whether the counts are final."""
    choices = [
        {"label": choice["label"], "votes": count(choice.get("count"))}
        for choice in members(poll.get("choices"))
        if text(choice.get("label"))
    ]
    if not choices:
        return None
    return {"choices": choices, "ends_at": text(poll.get("ends_at")), "counted_at": None, "final": None}


def _media(named: Mapping[str, Any]) -> Iterator[media.Medium]:
    """Photos, then films, as ``media.media`` makes them: this service names the same files by other words."""
    for photo in members(named.get("photos")):
        yield from _medium("photo", photo, _SIZE.sub("", str(photo.get("url"))), photo.get("altText"))
    for film in members(named.get("videos")):
        kind = "animated_gif" if film.get("type") == "gif" else "video"
        yield from _medium(kind, film, film.get("thumbnail_url"), film.get("altText"))


def _medium(kind: str, entry: Mapping[str, Any], still: object, alt: object) -> Iterator[media.Medium]:
    variants = [
        {"content_type": "video/mp4", "url": each.get("url"), "bitrate": each.get("bitrate")}
        for each in members(entry.get("formats"))
        if each.get("container") == "mp4"
    ]
    seconds = entry.get("duration")
    millis = round(seconds * 1000) if isinstance(seconds, int | float) and 0 <= seconds < 1e9 else None
    renamed = {
        "type": kind,
        "media_url_https": still,
        "ext_alt_text": alt,
        "original_info": {"width": entry.get("width"), "height": entry.get("height")},
        "video_info": {"duration_millis": millis, "variants": variants},
    }
    yield from media.media({"mediaDetails": [renamed]})
