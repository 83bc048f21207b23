"""Other ways to a post: FxTwitter, vxTwitter, the mirrors for people, and the paid API v2.

``protocols.md`` 4.4 and 4.5. What they know of a post is its scenario's ``standing``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from time import time
from typing import Any

from tests.loopback.answers import Answer, Headers, as_json, html, redirect
from tests.loopback.nouns import Photo, Post, Video
from tests.loopback.server import Asked

MIRRORS = ("fxtwitter.com", "fixupx.com", "twittpr.com", "vxtwitter.com", "fixvx.com")
_FX = re.compile(r"(?P<v2>/2)?(?:/(?P<user>\w{1,20}))?/status/(?P<id>\d{2,20})(?:/\w{2,5})?", re.ASCII)
#: Standing → (code, message of v1, reason of v2's tombstone).
_FX_ERRORS = {
    "unknown": (404, "NOT_FOUND", "deleted"),
    "deleted": (404, "NOT_FOUND", "deleted"),
    "suspended": (404, "NOT_FOUND", "suspended"),
    "private": (401, "PRIVATE_TWEET", "private"),
    "broken": (503, "UPSTREAM_UNAVAILABLE", "unavailable"),
}
_DATE = "%a %b %d %H:%M:%S +0000 %Y"


def fxtwitter(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``api.fxtwitter.com`` answers: version 1, and version 2 under ``/2``. Its HTTP status is its ``code``."""

    def service(asked: Asked) -> Answer:
        found = _FX.fullmatch(asked.path)
        post = posts.get(found["id"]) if found else None
        standing = post.scenario.standing if post else "unknown"
        is_v2 = bool(found and found["v2"])
        if post and standing == "public":
            told = {"code": 200, "status": _fx_status(post)} if is_v2 else _fx_v1(post)
            return as_json(200, told)
        code, message, reason = _FX_ERRORS[standing]
        url = post.url() if post else f"https://x.com/i/status/{found['id'] if found else ''}"
        grave = {"type": "tombstone", "provider": "twitter", "reason": reason, "message": message, "url": url}
        return as_json(code, {"code": code, "status": grave} if is_v2 else {"code": code, "message": message})

    return service


def vxtwitter(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``api.vxtwitter.com`` answers: one flat object, or an error page."""

    def service(asked: Asked) -> Answer:
        found = _FX.fullmatch(asked.path)
        post = posts.get(found["id"]) if found else None
        if post is None or post.scenario.standing != "public":
            return html(500, "Failed to scan your link")
        return as_json(200, _vx(post))

    return service


def mirror(asked: Asked) -> Answer:
    """What a mirror answers a person: the post on x.com."""
    return redirect(302, f"https://x.com{asked.target}")


def api_v2(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``api.x.com/2/tweets`` answers: 200 even when nothing was found; 401 without a bearer token."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/2/tweets":
            return as_json(404, _problem("Not Found", "about:blank", 404))
        if not asked.headers.get("authorization", "").startswith("Bearer "):
            return as_json(401, _problem("Unauthorized", "about:blank", 401))
        ids = [each for each in asked.query.get("ids", "").split(",") if each]
        if not 0 < len(ids) <= 100 or not all(each.isascii() and each.isdigit() for each in ids):
            invalid = "https://api.twitter.com/2/problems/invalid-request"
            return as_json(400, _problem("Invalid Request", invalid, 400))
        return as_json(200, _lookup(ids, posts), headers=_rate_headers())

    return service


def _lookup(ids: list[str], posts: Mapping[str, Post]) -> dict[str, Any]:
    found = [posts[each] for each in ids if each in posts and posts[each].scenario.standing == "public"]
    missing = [each for each in ids if each not in {post.post_id for post in found}]
    data = {"data": [_v2_tweet(post) for post in found]} if found else {}
    errors = {"errors": [_v2_error(each, posts.get(each)) for each in missing]} if missing else {}
    return {**data, **errors}


def _v2_tweet(post: Post) -> dict[str, Any]:
    at = post.posted_at
    return {
        "id": post.post_id,
        "text": post.full_text,
        "author_id": post.by.user_id,
        "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lang": post.lang,
        "edit_history_tweet_ids": list(post.edit_ids or (post.post_id,)),
    }


def _v2_error(post_id: str, post: Post | None) -> dict[str, str]:
    private = post is not None and post.scenario.standing == "private"
    title, problem = (
        ("Authorization Error", "not-authorized-for-resource") if private else ("Not Found Error", "resource-not-found")
    )
    detail = (
        f"Sorry, you are not authorized to see the Tweet with ids: [{post_id}]."
        if private
        else f"Could not find tweet with ids: [{post_id}]."
    )
    return {
        "value": post_id,
        "detail": detail,
        "title": title,
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "type": f"https://api.twitter.com/2/problems/{problem}",
    }


def _problem(title: str, kind: str, status: int) -> dict[str, Any]:
    return {"title": title, "type": kind, "status": status, "detail": title}


def _rate_headers() -> Headers:
    reset = str(int(time()) + 900)
    return (("x-rate-limit-limit", "300"), ("x-rate-limit-remaining", "299"), ("x-rate-limit-reset", reset))


def _fx_v1(post: Post) -> dict[str, Any]:
    status = _fx_status(post)
    media = status.pop("media")
    quoted = {"quote": _fx_v1(post.quotes)["tweet"]} if post.quotes else {}
    author = {"name": post.by.name, "screen_name": post.by.handle, "avatar_url": post.by.avatar}
    return {"code": 200, "message": "OK", "tweet": {**status, "author": author, "media": media, **quoted}}


def _fx_status(post: Post) -> dict[str, Any]:
    at = post.posted_at
    replying = (
        {"screen_name": post.replies_to.by.handle, "status": post.replies_to.post_id} if post.replies_to else None
    )
    return {
        "type": "status",
        "id": post.post_id,
        "url": post.url(),
        "text": post.text,
        "created_at": at.strftime(_DATE),
        "created_timestamp": int(at.timestamp()),
        "likes": post.count("likes"),
        "reposts": post.count("reposts"),
        "quotes": post.count("quotes", 100),
        "replies": post.count("replies", 300),
        "author": {"type": "profile", "id": post.by.user_id, "name": post.by.name, "screen_name": post.by.handle,
                   "avatar_url": post.by.avatar},
        "media": {"photos": [_fx_photo(photo) for photo in post.photos],
                  "videos": [_fx_video(video) for video in post.videos]},
        "lang": post.lang,
        "possibly_sensitive": bool(post.sensitive),
        "replying_to": replying,
        "is_note_tweet": post.note_id is not None,
        "community_note": None,
        "source": "X for the web",
        "provider": "twitter",
    }  # fmt: skip


def _fx_photo(photo: Photo) -> dict[str, Any]:
    alt = {"altText": photo.alt} if photo.alt else {}
    size = {"width": photo.width, "height": photo.height}
    return {"type": "photo", "id": photo.media_id, "url": f"{photo.url}?name=orig", **size, **alt}


def _fx_video(video: Video) -> dict[str, Any]:
    best = max((each for each in video.variants if each.bitrate is not None), key=lambda each: each.bitrate or 0)
    formats = [
        {"container": "mp4", "codec": "h264", "bitrate": each.bitrate, "url": each.url}
        for each in video.variants
        if each.bitrate is not None
    ]
    return {
        "type": "gif" if video.is_gif else "video",
        "url": best.url,
        "thumbnail_url": video.poster,
        "duration": video.duration_ms / 1000,
        "formats": formats,
    }


def _vx(post: Post) -> dict[str, Any]:
    extended = [_vx_media(media) for media in post.media]
    return {
        "date": post.posted_at.strftime(_DATE),
        "date_epoch": int(post.posted_at.timestamp()),
        "hashtags": [tag[1] for tag in post.find(r"#(\w+)")],
        "likes": post.count("likes"),
        "mediaURLs": [media["url"] for media in extended],
        "media_extended": extended,
        "replies": post.count("replies", 300),
        "retweets": post.count("reposts"),
        "text": post.full_text,
        "tweetID": post.post_id,
        "tweetURL": post.url("twitter.com"),
        "user_name": post.by.name,
        "user_screen_name": post.by.handle,
    }


def _vx_media(media: Photo | Video) -> dict[str, Any]:
    size = {"size": {"height": media.height, "width": media.width}}
    alt = {"altText": media.alt} if media.alt else {}
    if isinstance(media, Photo):
        return {**alt, **size, "thumbnail_url": media.url, "type": "image", "url": media.url}
    film = {"thumbnail_url": media.poster, "type": "video", "url": _fx_video(media)["url"]}
    return {**alt, "duration_millis": 0 if media.is_gif else media.duration_ms, **size, **film}
