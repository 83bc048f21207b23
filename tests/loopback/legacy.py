"""Status pages as twitter.com rendered them until 2020, and the JSON and shells that archives hold instead.

Our own writing, in the markup of ``protocols.md`` 6.6: the post that the page is about, above it the one that it
answers, below it the answers, all in the same elements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from tests.loopback.nouns import Photo, Post, Video

_LINKED = re.compile(r"https?://t\.co/\w{1,10}|(?<!\w)@\w{1,15}|(?<![\w&])#\w+")


def legacy_page(post: Post, *, answers: Sequence[Post] = ()) -> str:
    """The page of ``post``, as its visitor in California saw it."""
    text = escape(post.full_text)
    parent = post.replies_to
    above = f'<div class="permalink-in-reply-tos">{_tweet(parent, "li")}</div>' if parent else ""
    below = "".join(_tweet(answer, "li") for answer in answers)
    image = f'<meta property="og:image" content="{post.photos[0].url}:large">' if post.photos else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(post.by.name)} on Twitter: &quot;{text}&quot;</title>"
        f'<meta  property="og:url" content="{post.url("twitter.com")}">'
        f'<meta  property="og:title" content="{escape(post.by.name)} on Twitter">{image}'
        f'<meta  property="og:description" content="“{text}”"></head>\n'
        '<body class="three-col logged-out"><button class="js-login">Log in</button>'
        f'<div class="permalink-container">{above}'
        f'<div class="permalink-inner permalink-tweet-container">{_tweet(post, "div", own=True)}</div>'
        f'<div class="replies-to"><ol class="stream-items">{below}</ol></div></div></body></html>\n'
    )


def mobile_page(post: Post, *, answers: Sequence[Post] = ()) -> str:
    """The page of ``post`` for old telephones, as mobile.twitter.com rendered it; below it the answers."""
    below = "".join(
        f'<table class="tweet  " href="/{one.by.handle}/status/{one.post_id}?p=v">{_for_telephones(one)}</table>'
        for one in answers
    )
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Twitter</title></head><body>'
        '<div id="main_content"><div class="main-tweet-container"><table class="main-tweet">'
        f'{_for_telephones(post)}</table></div><div class="timeline replies">{below}</div></div></body></html>\n'
    )


def _for_telephones(post: Post) -> str:
    """Links show a cut address and lead to t.co; the printed time is the visitor's."""
    targets = {link.url: link for link in post.links}
    words = _LINKED.sub(
        lambda found: (
            f'<a href="{found[0]}" class="tco-link" data-url="{targets[found[0]].display}">'
            f"{targets[found[0]].display}…</a>"
            if found[0] in targets
            else f'<a href="/x" class="dir-ltr">{found[0]}</a>'
        ),
        escape(post.text),
    ).replace("\n", "<br />")
    photos = "".join(f'<div class="media"><img src="{photo.url}:small" /></div>' for photo in post.photos)
    return (
        f'<tr><td class="avatar" rowspan="3"><img alt="{escape(post.by.name)}" src="{post.by.avatar}" /></td>\n'
        f'<td class="user-info"><div class="fullname"><a href="/{post.by.handle}?p=i"><strong>{escape(post.by.name)}'
        f'</strong></a></div>\n<span class="username"><span>@</span>{post.by.handle}</span></td></tr>\n'
        f'<tr><td class="tweet-content" colspan="3"><div class="tweet-text" data-id="{post.post_id}">\n'
        f'<div class="dir-ltr" dir="ltr">  {words}\n</div></div>{photos}'
        f'<div class="metadata"><a href="/{post.by.handle}/status/{post.post_id}?p=p">'
        f"{post.posted_at.strftime('%-I:%M %p - %-d %b %Y')}</a></div></td></tr>"
    )


def _tweet(post: Post, tag: str, *, own: bool = False) -> str:
    classes = "tweet permalink-tweet js-original-tweet opened-tweet" if own else "tweet js-stream-tweet"
    parent = ' data-has-parent-tweet="true"' if post.replies_to else ""
    stamp = post.posted_at
    local = stamp.strftime("%-I:%M %p - %-d %b %Y")  # a visitor's own zone: nobody may read this
    return (
        f'<{tag} class="{classes}"\n data-tweet-id="{post.post_id}"\ndata-item-id="{post.post_id}" '
        f'data-permalink-path="/{post.by.handle}/status/{post.post_id}"{parent} '
        f'data-screen-name="{post.by.handle}" data-name="{escape(post.by.name)}" data-user-id="{post.by.user_id}">'
        f'<a class="account-group" href="/{post.by.handle}">'
        f'<img class="avatar js-action-profile-avatar" src="{post.by.avatar}" alt="">'
        f'<strong class="fullname show-popup-with-id">'
        f'{escape(post.by.name)}</strong><span>&rlm;</span><span class="username"><s>@</s>'
        f"<b>{post.by.handle}</b></span></a>"
        f'<small class="time"><a href="/{post.by.handle}/status/{post.post_id}" class="tweet-timestamp js-permalink" '
        f'title="{local}"><span class="_timestamp js-short-timestamp" data-time="{int(stamp.timestamp())}" '
        f'data-time-ms="{int(stamp.timestamp())}000" data-long-form="true">long ago</span></a></small>'
        f'<div class="js-tweet-text-container"><p class="TweetTextSize js-tweet-text tweet-text" lang="{post.lang}" '
        f'data-aria-label-part="0">{_text(post)}</p></div>{"".join(map(_photo, post.photos))}'
        f"{''.join(map(_film, post.videos))}{_quote(post)}</{tag}>\n"
    )


def _text(post: Post) -> str:
    """Links show their target in pieces and name it whole; the media link is hidden behind the picture."""
    targets = {link.url: link for link in post.links}

    def anchor(found: re.Match[str]) -> str:
        word = found[0]
        if word[0] in "@#":
            return f'<a href="/{word[1:]}" class="pretty-link" dir="ltr"><s>{word[0]}</s><b>{word[1:]}</b></a>'
        link = targets.get(word)
        if link is None:
            return word
        return (
            f'<a href="{word}" rel="nofollow" data-expanded-url="{escape(link.to)}" class="twitter-timeline-link">'
            f'<span class="invisible">https://</span><span class="js-display-url">{escape(link.display)}</span>'
            '<span class="tco-ellipsis"><span class="invisible">&nbsp;</span>…</span></a>'
        )

    shown = _LINKED.sub(anchor, escape(post.text))
    if post.media_link:
        code = post.media_link.code
        shown += f'<a href="https://t.co/{code}" class="twitter-timeline-link u-hidden">pic.twitter.com/{code}</a>'
    return shown


def _photo(photo: Photo) -> str:
    return (
        f'<div class="AdaptiveMedia-photoContainer js-adaptive-photo" data-image-url="{photo.url}">'
        f'<img src="{photo.url}" alt="{escape(photo.alt or "")}"></div>'
    )


def _film(video: Video) -> str:
    """A film leaves its still; where it plays from the page does not say."""
    kind = "gif" if video.is_gif else "video"
    return (
        f'<div class="AdaptiveMedia-videoContainer"><div class="PlayableMedia PlayableMedia--{kind}">'
        '<div class="PlayableMedia-player" data-playable-media-url=""\n '
        f"style=\"padding-bottom: 56.25%; background-image:url('{video.poster}')\"></div></div></div>"
    )


def _quote(post: Post) -> str:
    quoted = post.quotes
    if quoted is None:
        return ""
    return (
        f'<div class="QuoteTweet"><div class="QuoteTweet-innerContainer" data-item-id="{quoted.post_id}" '
        f'data-screen-name="{quoted.by.handle}"><b class="QuoteTweet-fullname">{escape(quoted.by.name)}</b>'
        f'<p class="QuoteTweet-text tweet-text" lang="{quoted.lang}">{escape(quoted.text)}</p></div></div>'
    )


def shell(kind: str) -> str:
    """A page without its post: ``react`` (since 2020), ``wrong`` (its error), ``login``, ``migrate``."""
    body = {
        "react": '<div id="react-root"></div>',
        "wrong": '<div id="react-root"><span>Something went wrong. Try reloading.</span></div>',
        "login": '<a href="/i/flow/login">Log in</a><h1>Log in to Twitter</h1>',
        "migrate": '<meta http-equiv="refresh" content="0; url = https://twitter.com/x/migrate?tok=abc" />',
    }[kind]
    return f"<!DOCTYPE html><html><head><title>X</title></head><body>{body}</body></html>\n"


def version_1(post: Post) -> dict[str, Any]:
    """The post as version 1.1 of the API tells it."""
    text = post.full_text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    media: list[dict[str, Any]] = [
        {"type": "photo", "media_url_https": photo.url, "ext_alt_text": photo.alt} for photo in post.photos
    ]
    media += [{"type": "animated_gif" if film.is_gif else "video", "media_url_https": film.poster,
               "video_info": {"duration_millis": film.duration_ms, "variants": _variants(film, "bitrate")}}
              for film in post.videos]  # fmt: skip
    return {
        "created_at": post.posted_at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "id": int(post.post_id),
        "id_str": post.post_id,
        "full_text": text,
        "user": {"id_str": post.by.user_id, "name": post.by.name, "screen_name": post.by.handle,
                 "profile_image_url_https": post.by.avatar},
        "lang": post.lang,
        **({"extended_entities": {"media": media}} if media else {}),
        **({"quoted_status_id_str": post.quotes.post_id} if post.quotes else {}),
        **({"in_reply_to_status_id_str": post.replies_to.post_id,
            "in_reply_to_screen_name": post.replies_to.by.handle} if post.replies_to else {}),
    }  # fmt: skip


def _variants(film: Video, rate: str) -> list[dict[str, Any]]:
    return [
        {**({} if one.bitrate is None else {rate: one.bitrate}), "content_type": one.content_type, "url": one.url}
        for one in film.variants
    ]


def version_2(post: Post) -> dict[str, Any]:
    """The post as version 2 of the API tells it."""
    others = {"quoted": post.quotes, "replied_to": post.replies_to}
    keys = [*(f"3_{photo.media_id}" for photo in post.photos), *(f"7_{film.media_id}" for film in post.videos)]
    return {
        "data": {
            "id": post.post_id,
            "text": post.full_text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "created_at": post.posted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "author_id": post.by.user_id,
            "lang": post.lang,
            "attachments": {"media_keys": keys},
            "referenced_tweets": [{"type": kind, "id": other.post_id} for kind, other in others.items() if other],
        },
        "includes": {
            "users": [{"id": post.by.user_id, "name": post.by.name, "username": post.by.handle,
                       "profile_image_url": post.by.avatar}],
            "media": [
                {"media_key": key, "type": "photo", "url": photo.url, "alt_text": photo.alt,
                 "width": photo.width, "height": photo.height}
                for key, photo in zip(keys, post.photos, strict=False)
            ] + [
                {"media_key": f"7_{film.media_id}", "type": "animated_gif" if film.is_gif else "video",
                 "preview_image_url": film.poster, "width": film.width, "height": film.height,
                 "duration_ms": film.duration_ms, "variants": _variants(film, "bit_rate")}
                for film in post.videos
            ],
        },
    }  # fmt: skip
