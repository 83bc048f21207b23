"""The JSON object of a tweet as ``tweet-result`` gives it (fields: ``protocols.md`` 4.1)."""

from __future__ import annotations

from typing import Any

from tests.loopback.nouns import Account, Card, Photo, Poll, Post, Video, minted_at
from tests.loopback.pictures import fitted


def tweet(post: Post) -> dict[str, Any]:
    """The object of a public post, its keys in the order of the recorded ones."""
    before = post.replies_to
    thread = {"self_thread": {"id_str": before.post_id}} if before and before.by == post.by else {}
    value: dict[str, Any] = {
        "__typename": "Tweet",
        "lang": post.lang,
        "favorite_count": post.count("likes"),
        **thread,
        **_base(post),
        "conversation_count": post.count("replies", 300),
        "news_action_type": "conversation",
    }
    if post.card or post.poll:
        value["card"] = _card(post.card) if post.card else _poll(post)
    if post.note_id:
        value["note_tweet"] = {"id": post.note_id}
    if post.readers_note:
        value["birdwatch_pivot"] = _readers_note(post, post.readers_note)
    if post.quotes:
        value["quoted_tweet"] = _inner(post.quotes)
    if before:
        value["in_reply_to_screen_name"] = before.by.handle
        value["in_reply_to_status_id_str"] = before.post_id
        value["in_reply_to_user_id_str"] = before.by.user_id
        value["parent"] = _inner(before)
    return without({**value, "isEdited": len(post.edit_ids) > 1, "isStaleEdit": _is_stale(post)}, post.without)


def without(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """``value`` less the fields of the dotted ``names`` (``user.screen_name``)."""
    for name in names:
        first, _, rest = name.partition(".")
        inner = without(value[first], (rest,)) if rest else None
        value = {**value, first: inner} if rest else {key: kept for key, kept in value.items() if key != first}
    return value


def created_at(post: Post) -> str:
    """As the services print it: to the second, though milliseconds are written."""
    return post.posted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _base(post: Post) -> dict[str, Any]:
    """What main, quoted and parent posts have in common."""
    value: dict[str, Any] = {
        **({} if post.sensitive is None else {"possibly_sensitive": post.sensitive}),
        "created_at": created_at(post),
        "display_text_range": [0, len(post.text)],
        "entities": _entities(post),
        "id_str": post.post_id,
        "text": _escaped(post.full_text),
        "user": _user(post.by),
        "edit_control": _edit_control(post),
    }
    if post.media:
        value["mediaDetails"] = [_media_detail(post, media) for media in post.media]
    if post.photos:
        value["photos"] = [_photo(post, photo) for photo in post.photos]
    if post.videos:
        value["video"] = _video(post.videos[0])
    return value


def _inner(post: Post) -> dict[str, Any]:
    """A quoted or parent post as it stands inside another's answer."""
    counts = {f"{what}_count": post.count(what, 900) for what in ("reply", "retweet", "favorite")}
    return {"lang": post.lang, **counts, **_base(post), "isEdited": False, "isStaleEdit": False}


def _readers_note(post: Post, words: str) -> dict[str, Any]:
    """A community note, in the shape of published typings of these answers; its links, which only its entities name,
    are left out."""
    link = f"https://x.com/i/birdwatch/n/{post.post_id}"
    footer = "Context is written by people who use X, and appears when rated helpful by others. Find out more."
    return {
        "destinationUrl": link,
        "title": "Readers added context they thought people might want to know",
        "shorttitle": "Readers added context",
        "visualStyle": "Default",
        "subtitle": {"text": _escaped(words), "entities": []},
        "iconType": "BirdwatchV1Icon",
        "footer": {"text": footer, "entities": []},
        "noteId": post.post_id,
    }


def _is_stale(post: Post) -> bool:
    return bool(post.edit_ids) and post.edit_ids[-1] != post.post_id


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _user(account: Account) -> dict[str, Any]:
    verified = {"verified_type": account.verified_type} if account.verified_type else {}
    return {
        "id_str": account.user_id,
        "name": account.name,
        "profile_image_url_https": account.avatar,
        "screen_name": account.handle,
        "verified": False,
        **verified,
        "is_blue_verified": account.blue,
        "profile_image_shape": "Square" if account.verified_type == "Business" else "Circle",
    }


def _edit_control(post: Post) -> dict[str, Any]:
    """The window of half an hour starts with the first version."""
    versions = post.edit_ids or (post.post_id,)
    until = minted_at(versions[0]).timestamp() + 1800
    return {
        "edit_tweet_ids": list(versions),
        "editable_until_msecs": f"{int(until)}000",
        "is_edit_eligible": post.replies_to is None,
        "edits_remaining": str(6 - len(versions)),
    }


def _entities(post: Post) -> dict[str, Any]:
    """Indices count code points of the unescaped text, as in the recorded answers without characters beyond the BMP."""
    by_url = {link.url: link for link in post.links}
    entities: dict[str, Any] = {
        "hashtags": [{"indices": list(tag.span()), "text": tag[1]} for tag in post.find(r"#(\w+)")],
        "urls": [
            {"display_url": link.display, "expanded_url": link.to, "indices": list(found.span()), "url": link.url}
            for found in post.find(r"https://t\.co/\w{1,10}")
            if (link := by_url.get(found[0]))
        ],
        "user_mentions": [
            {"id_str": Account(at[1], at[1]).user_id, "indices": list(at.span()), "name": at[1], "screen_name": at[1]}
            for at in post.find(r"@(\w{1,15})")
        ],
        "symbols": [],
    }
    if post.media_link:
        entities["media"] = [_media_link(post)]
    return entities


def _media_link(post: Post) -> dict[str, Any]:
    link = post.media_link
    assert link, "only a post with media has a media link"
    start = len(post.full_text) - len(link.url)
    return {
        "display_url": f"pic.twitter.com/{link.code}",
        "expanded_url": link.to,
        "indices": [start, start + len(link.url)],
        "url": link.url,
    }


def _media_detail(post: Post, media: Photo | Video) -> dict[str, Any]:
    return {
        **_media_link(post),
        **({"ext_alt_text": media.alt} if media.alt else {}),
        "ext_media_availability": {"status": "Available"},
        "original_info": {"height": media.height, "width": media.width, "focus_rects": _crops(media)},
        "sizes": _sizes(media),
        **_own_fields(media),
    }


def _own_fields(media: Photo | Video) -> dict[str, Any]:
    if isinstance(media, Photo):
        return {"media_url_https": media.url, "type": "photo"}
    kind = "animated_gif" if media.is_gif else "video"
    return {"media_url_https": media.poster, "type": kind, "video_info": _video_info(media)}


def _sizes(media: Photo | Video) -> dict[str, Any]:
    longest = {"large": 2048, "medium": 1200, "small": 680}
    fits = {name: fitted(media.width, media.height, most) for name, most in longest.items()}
    sizes: dict[str, Any] = {name: {"h": high, "resize": "fit", "w": wide} for name, (wide, high) in fits.items()}
    return {**sizes, "thumb": {"h": 150, "resize": "crop", "w": 150}}


def _crops(media: Photo | Video) -> list[dict[str, int]]:
    """Five crops, each as large as fits: 16:9, square, 7:8, 1:2 and the whole."""
    wide, high = media.width, media.height
    shapes = ((wide, wide * 9 // 16), (high, high), (high * 7 // 8, high), (high // 2, high), (wide, high))
    return [{"x": 0, "y": 0, "w": min(wide, w), "h": min(high, h)} for w, h in shapes]


def _photo(post: Post, photo: Photo) -> dict[str, Any]:
    link = post.media_link
    return {
        "backgroundColor": {"red": 204, "green": 214, "blue": 221},
        "cropCandidates": _crops(photo),
        "expandedUrl": link.to if link else post.url("twitter.com"),
        "url": photo.url,
        "width": photo.width,
        "height": photo.height,
    }


def _video_info(video: Video) -> dict[str, Any]:
    variants = [
        {**({} if variant.bitrate is None else {"bitrate": variant.bitrate}), "content_type": variant.content_type,
         "url": variant.url}
        for variant in video.variants
    ]  # fmt: skip
    duration = {} if video.is_gif else {"duration_millis": video.duration_ms}
    return {"aspect_ratio": [16, 9], **duration, "variants": variants}


def _video(video: Video) -> dict[str, Any]:
    return {
        "aspectRatio": [16, 9],
        "contentType": "gif" if video.is_gif else "media_entity",
        "durationMs": 0 if video.is_gif else video.duration_ms,
        "mediaAvailability": {"status": "available"},
        "poster": video.poster,
        "variants": [{"type": variant.content_type, "src": variant.url} for variant in video.variants],
        "videoId": {"type": "tweet", "id": video.media_id},
        "viewCount": 0,
    }


_PLATFORM = {"platform": {"audience": {"name": "production"}, "device": {"name": "Swift", "version": "12"}}}


def _words(**values: str) -> dict[str, Any]:
    return {name: {"string_value": value, "type": "STRING"} for name, value in values.items()}


def _card(card: Card) -> dict[str, Any]:
    sizes = {"thumbnail_image_original": (1200, 630, "orig"), "thumbnail_image": (280, 147, "280x150")}
    images = {
        key: {"image_value": {"height": high, "width": wide, "url": f"{card.image}?format=png&name={name}"},
              "type": "IMAGE"}
        for key, (wide, high, name) in sizes.items()
    }  # fmt: skip
    words = _words(
        description=card.description,
        domain=card.domain,
        title=card.title,
        vanity_url=card.domain,
        card_url=card.link.url,
    )
    return {
        "card_platform": _PLATFORM,
        "name": card.name,
        "url": card.link.url,
        "binding_values": {**images, **words},
    }


def _poll(post: Post) -> dict[str, Any]:
    poll = post.poll
    assert poll, "only a post with a poll has its card"
    return {
        "card_platform": _PLATFORM,
        "name": f"poll{len(poll.choices)}choice_text_only",
        "url": f"card://{post.post_id}",
        "binding_values": _poll_values(poll),
    }


def _poll_values(poll: Poll) -> dict[str, Any]:
    labels = {f"choice{n}_label": label for n, (label, _) in enumerate(poll.choices, 1)}
    counts = {f"choice{n}_count": str(votes) for n, (_, votes) in enumerate(poll.choices, 1)}
    times = _words(
        end_datetime_utc=poll.ends_at,
        last_updated_datetime_utc=poll.ends_at,
        duration_minutes=str(poll.minutes),
    )
    final = {"counts_are_final": {"boolean_value": poll.final, "type": "BOOLEAN"}}
    return {**_words(**labels), **_words(**counts), **times, **final}
