"""Other ways to a post: FxTwitter, vxTwitter, and the mirrors for people (``protocols.md`` 4.4).

What they know of a post is its scenario's ``standing``, or for FxTwitter a row of ``FX_ANSWERS``
(``Scenario.fxtwitter``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.loopback.answers import Answer, as_json, html, redirect
from tests.loopback.nouns import Account, Photo, Poll, Post, Video
from tests.loopback.server import Asked

MIRRORS = ("fxtwitter.com", "fixupx.com", "twittpr.com", "vxtwitter.com", "fixvx.com")
_FX = re.compile(r"(?P<v2>/2)?(?:/(?P<user>\w{1,20}))?/status/(?P<id>\d{2,20})(?:/\w{2,5})?", re.ASCII)
#: Row → (code, message of v1, reason of v2's tombstone, ``None`` where v2 has none).
FX_ANSWERS: dict[str, tuple[int, str, str | None]] = {
    "deleted": (404, "NOT_FOUND", "deleted"),
    "suspended": (404, "NOT_FOUND", "suspended"),
    "unavailable": (404, "NOT_FOUND", "unavailable"),
    "blocked": (404, "NOT_FOUND", "blocked"),
    "private": (401, "PRIVATE_TWEET", "private"),
    "404 without reason": (404, "NOT_FOUND", None),
    "429": (429, "RATE_LIMITED", None),
    "500": (500, "API_FAIL", None),
    "503": (503, "UPSTREAM_UNAVAILABLE", None),
}
_ROW_OF_STANDING = {"broken": "503"}
_DATE = "%a %b %d %H:%M:%S +0000 %Y"


def fxtwitter(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``api.fxtwitter.com`` answers: version 1, and version 2 under ``/2``. Its HTTP status is its ``code``."""

    def service(asked: Asked) -> Answer:
        found = _FX.fullmatch(asked.path)
        post = posts.get(found["id"]) if found else None
        is_v2 = bool(found and found["v2"])
        row = _fx_row(post)
        if post and row == "public":
            return as_json(200, {"code": 200, "status": _fx_status(post)} if is_v2 else _fx_v1(post))
        if row == "not json":
            return html(200, "FxTwitter", "Just a moment...")
        return _fx_refusal(row, post, found["id"] if found else "", is_v2=is_v2)

    return service


def _fx_row(post: Post | None) -> str:
    if post is None:
        return "deleted"
    return post.scenario.fxtwitter or _ROW_OF_STANDING.get(post.scenario.standing, post.scenario.standing)


def _fx_refusal(row: str, post: Post | None, post_id: str, *, is_v2: bool) -> Answer:
    code, message, reason = FX_ANSWERS[row]
    if not is_v2 or reason is None:
        return as_json(code, {"code": code, "message": message})
    url = post.url() if post else f"https://x.com/i/status/{post_id}"
    grave = {
        "type": "tombstone",
        "provider": "twitter",
        "reason": reason,
        "message": message,
        "id": post_id,
        "url": url,
    }
    return as_json(code, {"code": code, "status": grave})


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


def _fx_v1(post: Post) -> dict[str, Any]:
    """Version 1 calls some things otherwise, and names the post that is answered in two fields."""
    status = _fx_status(post)
    renamed = {"retweets": status.pop("reposts"), "tweets": 5}
    before = status.pop("replying_to") or {"screen_name": None, "status": None}
    quote = {"quote": _fx_v1(post.quotes)["tweet"]} if post.quotes else {}
    answers = {"replying_to": before["screen_name"], "replying_to_status": before["status"]}
    author = {**status["author"], "tweets": renamed.pop("tweets")}
    tweet = {**status, **renamed, **answers, "author": author, **quote}
    return {"code": 200, "message": "OK", "tweet": tweet}


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
        "views": post.count("views", 90_000),
        "bookmarks": post.count("bookmarks", 50),
        "author": _fx_author(post.by),
        "media": {"photos": [_fx_photo(photo) for photo in post.photos],
                  "videos": [_fx_video(video) for video in post.videos]},
        "raw_text": {"text": post.full_text, "display_text_range": [0, len(post.text)], "facets": _fx_facets(post)},
        "lang": post.lang,
        "possibly_sensitive": bool(post.sensitive),
        "replying_to": replying,
        **({"quote": _fx_status(post.quotes)} if post.quotes else {}),
        **({"poll": _fx_poll(post.poll)} if post.poll else {}),
        "is_note_tweet": post.note_id is not None,
        "community_note": {"text": post.readers_note, "facets": []} if post.readers_note else None,
        "reposted_by": None,
        "source": "X for the web",
        "embed_card": "player" if post.videos else "summary_large_image" if post.photos else "tweet",
        "provider": "twitter",
    }  # fmt: skip


def _fx_author(account: Account) -> dict[str, Any]:
    return {
        "type": "profile",
        "id": account.user_id,
        "name": account.name,
        "screen_name": account.handle,
        "avatar_url": account.avatar,
        "banner_url": account.banner,
        "description": "",
        "location": "",
        "protected": False,
        "followers": 100,
        "following": 50,
        "statuses": 5,
        "joined": "Tue Jan 01 00:00:00 +0000 2019",
        "verification": {"verified": account.blue, "type": "individual" if account.blue else None},
    }


def _fx_facets(post: Post) -> list[dict[str, Any]]:
    """Where the links of the text stand, and lead."""
    places = [(post.full_text.find(link.url), link) for link in post.links]
    return [
        {"type": "url", "indices": [start, start + len(link.url)], "original": link.url, "replacement": link.to,
         "display": link.display}
        for start, link in places
    ]  # fmt: skip


def _fx_poll(poll: Poll) -> dict[str, Any]:
    total = sum(votes for _, votes in poll.choices)
    choices = [
        {"label": label, "count": votes, "percentage": round(100 * votes / total, 1) if total else 0}
        for label, votes in poll.choices
    ]
    return {"choices": choices, "total_votes": total, "ends_at": poll.ends_at, "time_left_en": "Final results"}


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
