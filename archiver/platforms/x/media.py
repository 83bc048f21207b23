"""A post's pictures and films: which addresses to ask for, best first.

Each medium is a *ladder*: addresses in falling quality, of which the first that answers 200 is kept. The sizes and
their order are those that gallery-dl asks for; variants of a film are the mp4 files by falling bitrate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from archiver.model import Picture
from archiver.platforms.x.shapes import count, member, members, text

PICTURE_BYTES = 50_000_000
_COPIES_OF_A_FILM = 3
"""Qualities of a film that web archives are asked for, best first: seldom do they have any."""
SIZES = ("orig", "4096x4096", "large", "medium", "small")
_OURS = re.compile(r"https://(?:pbs|video)\.twimg\.com/[\x21-\x7e]{1,900}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One picture or film. ``url``: as the answer names it. ``ladder``: what to ask for, best first; empty when there
    is nothing that we fetch. ``poster``: the still of a film, a ladder of its own."""

    type: Literal["photo", "video", "animated_gif"]
    url: str
    ladder: tuple[str, ...]
    poster: tuple[str, ...] = ()
    alt: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    playlists: tuple[str, ...] = ()


def media(tweet: Mapping[str, Any]) -> Iterator[Medium]:
    """The media of a tweet-result, in its order; entries of an unknown kind or host are passed over."""
    for entry in members(tweet.get("mediaDetails")):
        still = entry.get("media_url_https")
        if not isinstance(still, str) or not ours(still):
            continue
        size = member(entry.get("original_info"))
        common: dict[str, Any] = {
            "url": still,
            "alt": text(entry.get("ext_alt_text")),
            "width": count(size.get("width")),
            "height": count(size.get("height")),
        }
        match entry.get("type"):
            case "photo":
                yield Medium(type="photo", ladder=photo_ladder(still), **common)
            case "video" | "animated_gif" as kind:
                info = member(entry.get("video_info"))
                millis = count(info.get("duration_millis"))
                yield Medium(
                    type=kind,
                    ladder=_films(info),
                    poster=photo_ladder(still),
                    duration_s=millis / 1000 if millis else None,
                    playlists=_playlists(info),
                    **common,
                )


def photo_ladder(url: str) -> tuple[str, ...]:
    """``https://pbs.twimg.com/media/NAME.jpg`` → the same in every size, original first.

    >>> photo_ladder("https://pbs.twimg.com/media/FsZNOgcWAAEQtrd.jpg")[0]
    'https://pbs.twimg.com/media/FsZNOgcWAAEQtrd?format=jpg&name=orig'
    """
    match = re.fullmatch(r"(https://pbs\.twimg\.com/[\w/-]{1,900})\.(jpg|jpeg|png|webp)(?::\w+)?", url, re.ASCII)
    if not match:
        return (url,) if ours(url) else ()
    return tuple(f"{match[1]}?format={match[2]}&name={size}" for size in SIZES)


def avatar_ladder(url: str) -> tuple[str, ...]:
    """The picture as uploaded (no ``_normal``), then as named.

    >>> avatar_ladder("https://pbs.twimg.com/profile_images/1/abc_normal.jpg")[0]
    'https://pbs.twimg.com/profile_images/1/abc.jpg'
    """
    if not ours(url):
        return ()
    full = re.sub(r"_(?:normal|bigger|mini|\d+x\d+)(\.\w+)$", r"\1", url)
    return (full, url) if full != url else (url,)


def pictures(medium: Medium) -> Iterator[Picture]:
    """What is to be kept of a medium: the picture; of a film its still, and then the film itself."""
    if still := medium.poster or (medium.ladder if medium.type == "photo" else ()):
        plain = medium.url.partition("?")[0]
        copies = (f"{plain}:large", plain, f"{plain}:orig") if "." in plain.rpartition("/")[2] else (medium.url,)
        yield Picture(ladder=still, archived=copies, max_bytes=PICTURE_BYTES)
    if medium.type != "photo" and medium.ladder:
        yield Picture(ladder=medium.ladder, archived=medium.ladder[:_COPIES_OF_A_FILM], kind="video")


def avatar_picture(url: str) -> Picture | None:
    """The author's picture, ``None`` where it is not X's."""
    ladder = avatar_ladder(url)
    return (
        Picture(ladder=ladder, archived=(url, *ladder[:-1]), why="avatar", max_bytes=PICTURE_BYTES) if ladder else None
    )


def ours(url: str) -> bool:
    """Whether ``url`` is https on one of the media hosts; nothing else is fetched because a post says so."""
    return _OURS.fullmatch(url) is not None


def _films(info: Mapping[str, Any]) -> tuple[str, ...]:
    films = [
        (count(variant.get("bitrate")) or 0, variant["url"])
        for variant in members(info.get("variants"))
        if variant.get("content_type") == "video/mp4" and isinstance(variant.get("url"), str) and ours(variant["url"])
    ]
    return tuple(url for _, url in sorted(films, key=lambda film: -film[0]))


def _playlists(info: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        variant["url"]
        for variant in members(info.get("variants"))
        if variant.get("content_type") == "application/x-mpegURL" and isinstance(variant.get("url"), str)
    )
