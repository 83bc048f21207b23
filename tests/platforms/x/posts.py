"""A post on X as its two services answer: written by us, in the shapes of ``protocols.md`` 4."""

from __future__ import annotations

from typing import Any

from archiver.platforms.x import oembed, syndication

ID = "1641086480675225601"
HANDLE = "jack"
POSTED_AT = "2023-03-29T14:34:41"
TWEET_RESULT = syndication.request_url("https://cdn.syndication.twimg.com/tweet-result", ID)
OEMBED = oembed.request_url("https://publish.twitter.com/oembed", ID, HANDLE)
TOMBSTONES = {
    "deleted": "This {post} was deleted by the {post} author.",
    "suspended": "This {post} is from a suspended account.",
    "account_gone": "This {post} is from an account that no longer exists.",
    "protected": "You’re unable to view this {post} because this account owner limits who can view their {post}s.",
    "violated_rules": "This {post} violated the {brand} Rules.",
    "age_restricted": "Age-restricted adult content. To view this media, you’ll need to log in to {brand}.",
    "unavailable": "This {post} is unavailable.",
    "withheld": "@jack’s {post} has been withheld in Germany in response to a legal demand.",
}


def tweet(
    *, photos: list[str] | None = None, videos: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    """A public post's JSON; ``more`` replaces fields, and removes those set to ``...``."""
    details = [{"type": "photo", "media_url_https": url} for url in photos or ()]
    value: dict[str, Any] = {
        "__typename": "Tweet",
        "lang": "en",
        "created_at": f"{POSTED_AT}.000Z",
        "id_str": ID,
        "text": "just setting up my &lt;twttr&gt; https://t.co/rQd6FIwZ0U",
        "user": {
            "id_str": "12",
            "name": "jack",
            "screen_name": HANDLE,
            "profile_image_url_https": "https://pbs.twimg.com/profile_images/1/f_normal.jpg",
        },
        "mediaDetails": [*details, *(videos or ())],
        **more,
    }
    return {key: kept for key, kept in value.items() if kept is not ...}


def video(kind: str = "video", **more: Any) -> dict[str, Any]:
    """One entry of ``mediaDetails``: a film in three qualities and a playlist."""
    at = "https://video.twimg.com/ext_tw_video/1/pu"
    variants = [
        {"content_type": "video/mp4", "bitrate": 256_000, "url": f"{at}/vid/480x270/a.mp4?tag=12"},
        {"content_type": "application/x-mpegURL", "url": f"{at}/pl/a.m3u8?tag=12"},
        {"content_type": "video/mp4", "bitrate": 2_176_000, "url": f"{at}/vid/1280x720/b.mp4?tag=12"},
        {"content_type": "video/mp4", "bitrate": 832_000, "url": f"{at}/vid/640x360/c.mp4?tag=12"},
    ]
    return {
        "type": kind,
        "media_url_https": "https://pbs.twimg.com/ext_tw_video_thumb/1/pu/img/p.jpg",
        "original_info": {"width": 1280, "height": 720},
        "video_info": {"duration_millis": 12_345, "variants": variants},
        **more,
    }


def tombstone(text: str | None) -> dict[str, Any]:
    """A post that is gone; ``None`` for the tombstone that does not say why."""
    return {"__typename": "TweetTombstone", "tombstone": {"text": {"rtl": False, "text": text}} if text else {}}


def oembed_answer(**more: Any) -> dict[str, Any]:
    """An oEmbed answer's JSON; ``more`` as in ``tweet``."""
    link = f"https://twitter.com/{HANDLE}/status/{ID}?ref_src=twsrc%5Etfw"
    markup = (
        '<blockquote class="twitter-tweet" data-lang="en" data-dnt="true"><p lang="en" dir="ltr">just setting up my '
        '&lt;twttr&gt;<br><a href="https://t.co/rQd6FIwZ0U">pic.twitter.com/rQd6FIwZ0U</a></p>&mdash; jack (@jack) '
        f'<a href="{link}">March 29, 2023</a></blockquote>\n\n'
    )
    value = {
        "author_name": "jack",
        "author_url": f"https://twitter.com/{HANDLE}",
        "html": markup,
        "type": "rich",
        **more,
    }
    return {key: kept for key, kept in value.items() if kept is not ...}
