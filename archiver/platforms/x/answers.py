"""JSON answers of X's own interfaces, read back from an archive: version 1.1 and version 2.

Archives hold some status pages as the JSON that a crawler was given instead (``application/json``): of version 1.1 the
post itself (``id_str``, ``full_text`` or ``text``, ``user``), of version 2 an envelope (``data`` and ``includes``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from archiver.model import Moment, PostRef
from archiver.platforms.x import media, urls
from archiver.platforms.x.shown import Shown

_HANDLE = re.compile(r"\w{1,20}", re.ASCII)


def read(data: object, post_id: str) -> Shown | None:
    """The post with ``post_id`` as the decoded JSON ``data`` shows it, in either version, also where another one that
    quotes or answers it is what the answer is about; ``None`` when it does not."""
    if not isinstance(data, dict):
        return None
    return _version_2(data, post_id) if "data" in data else _version_1(data, post_id)


def _version_1(tweet: Mapping[str, Any], post_id: str) -> Shown | None:
    if _id(tweet) != post_id:
        tweet = _dict(tweet.get("quoted_status"))
        if _id(tweet) != post_id:
            return None
    longer = _dict(tweet.get("extended_tweet"))
    text = _text(longer.get("full_text")) or _text(tweet.get("full_text")) or _text(tweet.get("text"))
    user = _dict(tweet.get("user"))
    entities = _dict(tweet.get("extended_entities")) or _dict(longer.get("extended_entities"))
    pictures = tuple(media.media({"mediaDetails": entities.get("media")}))
    return _shown(
        post_id,
        text,
        author=_text(user.get("name")),
        handle=_handle(user.get("screen_name")),
        author_id=_text(user.get("id_str")),
        posted_at=_moment(tweet.get("created_at")),
        lang=_text(tweet.get("lang")),
        avatar=_text(user.get("profile_image_url_https")),
        media=pictures,
        quoted=_post(tweet.get("quoted_status_id_str")),
        in_reply_to=_post(tweet.get("in_reply_to_status_id_str"), tweet.get("in_reply_to_screen_name")),
    )


def _version_2(envelope: Mapping[str, Any], post_id: str) -> Shown | None:
    data = envelope["data"]
    tweets = [item for item in (data if isinstance(data, list) else [data]) if isinstance(item, dict)]
    includes = _dict(envelope.get("includes"))
    tweet = next((item for item in (*tweets, *_dicts(includes.get("tweets"))) if _id(item) == post_id), None)
    if tweet is None:
        return None
    author_id = _text(tweet.get("author_id"))
    user = next((user for user in _dicts(includes.get("users")) if author_id and user.get("id") == author_id), {})
    longer = _dict(tweet.get("note_tweet"))
    named = {kind: _post(other) for kind, other in _references(tweet)}
    return _shown(
        post_id,
        _text(longer.get("text")) or _text(tweet.get("text")),
        author=_text(user.get("name")),
        handle=_handle(user.get("username")),
        author_id=author_id,
        posted_at=_moment(tweet.get("created_at")),
        lang=_text(tweet.get("lang")),
        avatar=_text(user.get("profile_image_url")),
        media=tuple(_media(tweet, includes)),
        quoted=named.get("quoted"),
        in_reply_to=named.get("replied_to"),
    )


def _shown(post_id: str, text: str | None, **told: Any) -> Shown | None:
    return Shown(form="api", post_id=post_id, text=html.unescape(text), **told) if text else None


def _references(tweet: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for other in _dicts(tweet.get("referenced_tweets")):
        if isinstance(other.get("type"), str) and isinstance(other.get("id"), str):
            yield other["type"], other["id"]


def _media(tweet: Mapping[str, Any], includes: Mapping[str, Any]) -> Iterator[media.Medium]:
    """The media that the post names by key, in its order, in the shape in which other answers tell them."""
    keys = _dict(tweet.get("attachments")).get("media_keys")
    known = {str(item.get("media_key")): item for item in _dicts(includes.get("media"))}
    told = [known[key] for key in keys if isinstance(key, str) and key in known] if isinstance(keys, list) else []
    entries = [
        {
            "type": item.get("type"),
            "media_url_https": item.get("url") or item.get("preview_image_url"),
            "ext_alt_text": item.get("alt_text"),
            "original_info": {"width": item.get("width"), "height": item.get("height")},
            "video_info": {
                "duration_millis": item.get("duration_ms"),
                "variants": [
                    {**variant, "bitrate": variant.get("bit_rate")} for variant in _dicts(item.get("variants"))
                ],
            },
        }
        for item in told
    ]
    yield from media.media({"mediaDetails": entries})


def _moment(value: object) -> Moment | None:
    """``Wed Nov 13 14:50:42 +0000 2015`` or ISO 8601, whole seconds; ``None`` for anything else."""
    if not isinstance(value, str):
        return None
    for read_time in (_classic, datetime.fromisoformat):
        try:
            at = read_time(value)
        except ValueError:
            continue
        if at.tzinfo is not None and 2006 <= at.year < 9999:
            return Moment(at=at.astimezone(UTC), precision="second")
    return None


def _classic(value: str) -> datetime:
    return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")


def _post(post_id: object, handle: object = None) -> PostRef | None:
    return urls.post_of(post_id, _handle(handle)) if isinstance(post_id, str) else None


def _id(tweet: Mapping[str, Any]) -> str | None:
    """As text: the number beside it is read wrongly by half of the world's programs, but not by this one."""
    named = tweet.get("id_str", tweet.get("id"))
    return str(named) if isinstance(named, str | int) and not isinstance(named, bool) else None


def _handle(value: object) -> str | None:
    return value if isinstance(value, str) and _HANDLE.fullmatch(value) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
