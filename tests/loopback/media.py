"""pbs.twimg.com, video.twimg.com and abs.twimg.com: pictures, avatars, films and playlists (``protocols.md`` 5).

A *shelf* is everything that one host has, by path and size name. What a deleted or withheld picture really answers is
not known: 404 and 403 are both offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate

from tests.loopback.answers import Answer
from tests.loopback.nouns import Account, Card, Photo, Post, Video, number_from
from tests.loopback.pictures import fitted, jpeg, mp4, png
from tests.loopback.server import Asked

#: Size name → longest side in pixels.
SIZES = {"orig": 1 << 16, "4096x4096": 4096, "large": 2048, "medium": 1200, "900x900": 900, "small": 680,
         "360x360": 360, "thumb": 150, "tiny": 64}  # fmt: skip
BANNER_SIZES = {"1500x500": (1500, 500), "600x200": (600, 200), "300x100": (300, 100)}
AVATAR_SIZES = {"": 400, "_400x400": 400, "_200x200": 200, "_bigger": 73, "_normal": 48, "_mini": 24}
DEFAULT_AVATAR = "/sticky/default_profile_images/default_profile_normal.png"
_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_GONE = Answer(status=404, content_type="text/plain", body=b"")
_FORBIDDEN = Answer(status=403, content_type="text/plain", body=b"")


@dataclass(frozen=True)
class Picture:
    """One picture in all its sizes. ``extension``: the format that it can be had in."""

    seed: str
    width: int
    height: int
    extension: str = "jpg"
    lacks: frozenset[str] = frozenset()
    forbidden: bool = False

    def sized(self, name: str) -> Answer:
        """The answer for the size ``name``: the picture scaled down to fit, 404 when that size is missing."""
        if self.forbidden:
            return _FORBIDDEN
        if name not in SIZES or name in self.lacks or "all" in self.lacks:
            return _GONE
        paint = png if self.extension == "png" else jpeg
        return _file(paint(self.seed, *fitted(self.width, self.height, SIZES[name])), _TYPES[self.extension])


def pictures(posts: Iterable[Post]) -> Callable[[Asked], Answer]:
    """What ``pbs.twimg.com`` answers, for the media, posters, cards and avatars of ``posts``."""
    shelf = dict(entry for post in posts for entry in _pictures_of(post))

    def service(asked: Asked) -> Answer:
        path, colon, legacy_size = asked.path.partition(":")
        path, dot, extension = path.partition(".")
        asked_format = asked.query.get("format", extension)
        size = asked.query.get("name", legacy_size or "medium")
        picture = shelf.get(path)
        if asked.path.startswith("/profile_banners/"):
            return _banner(shelf, asked.path)
        if picture is None or asked_format != picture.extension or (colon and not dot):
            return _avatar(shelf, path, extension)
        return picture.sized(size)

    return service


def films(posts: Iterable[Post]) -> Callable[[Asked], Answer]:
    """What ``video.twimg.com`` answers: mp4 files, and a master playlist with one media playlist a rendition."""
    shelf = {path: answer for post in posts for video in post.videos for path, answer in _films_of(video)}
    return lambda asked: shelf.get(asked.path, _GONE)


def abs_twimg(asked: Asked) -> Answer:
    """What ``abs.twimg.com`` answers: the picture of accounts that never chose one."""
    return _file(png("default", 48, 48), "image/png") if asked.path == DEFAULT_AVATAR else _GONE


def _file(body: bytes, content_type: str) -> Answer:
    headers = (("Last-Modified", formatdate(0, usegmt=True)), ("Cache-Control", "max-age=604800, must-revalidate"))
    return Answer(status=200, body=body, content_type=content_type, headers=headers)


def _path(url: str) -> str:
    """The path without its extension; the shelf knows the format."""
    return "/" + url.split("/", 3)[3].partition("?")[0].rpartition(".")[0]


def _pictures_of(post: Post) -> Iterator[tuple[str, Picture]]:
    for photo in post.photos:
        yield _path(photo.url), _of_photo(photo)
    for video in post.videos:
        yield _path(video.poster), Picture(video.poster, video.width, video.height)
    if post.card:
        yield _card_path(post.card), Picture(post.card.image, 1200, 630, "png")
    yield "/" + post.by.banner.split("/", 3)[3], Picture(post.by.banner, 1500, 500)
    yield _avatar_path(post.by), Picture(post.by.avatar, 400, 400, lacks=_lacks(post.by))


def _of_photo(photo: Photo) -> Picture:
    return Picture(photo.url, photo.width, photo.height, photo.extension, photo.lacks, photo.forbidden)


def _lacks(account: Account) -> frozenset[str]:
    return frozenset({"all"}) if account.avatar_gone else frozenset()


def _card_path(card: Card) -> str:
    return "/" + card.image.split("/", 3)[3]


def _avatar_path(account: Account) -> str:
    return _path(account.avatar).removesuffix("_normal")


def _banner(shelf: dict[str, Picture], path: str) -> Answer:
    """A banner in the size that stands behind it."""
    address, _, size = path.rpartition("/")
    picture = shelf.get(address)
    if picture is None or size not in BANNER_SIZES:
        return _GONE
    width, height = BANNER_SIZES[size]
    return replace(picture, width=width, height=height).sized("orig")


def _avatar(shelf: dict[str, Picture], path: str, extension: str) -> Answer:
    """An avatar in the size that its suffix names; without a suffix, the original."""
    for suffix, longest in AVATAR_SIZES.items():
        picture = shelf.get(path.removesuffix(suffix)) if path.endswith(suffix) else None
        if picture and path.startswith("/profile_images/") and extension == picture.extension:
            return replace(picture, width=longest, height=longest).sized("orig")
    return _GONE


def _films_of(video: Video) -> Iterator[tuple[str, Answer]]:
    for variant in video.variants:
        path = "/" + variant.url.split("/", 3)[3].partition("?")[0]
        if variant.bitrate is None:
            yield from _playlists(video, path)
        elif variant.bitrate not in video.lacks:
            length = 20_000 + variant.bitrate // 50 + number_from(variant.url, 1000)
            yield path, _file(mp4(variant.url, length), "video/mp4")


def _playlists(video: Video, master: str) -> Iterator[tuple[str, Answer]]:
    """Playlists after RFC 8216; no real body was found to compare them with."""
    folder, _, file = master.rpartition("/")
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for bitrate, width, height in video.sizes:
        path = f"{folder}/avc1/{width}x{height}/{file}"
        segment = path.replace("/pl/", "/vid/").replace("/avc1/", f"/avc1/0/{video.duration_ms}/")
        segment = segment.removesuffix("m3u8") + "m4s"
        lines += [f'#EXT-X-STREAM-INF:BANDWIDTH={bitrate},RESOLUTION={width}x{height},CODECS="avc1.64001f"', path]
        seconds = f"{video.duration_ms / 1000:.3f}"
        part = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:10", f"#EXTINF:{seconds},", segment]
        yield path, _playlist([*part, "#EXT-X-ENDLIST"])
        yield segment, _file(mp4(segment, 10_000), "video/mp4")
    yield master, _playlist(lines)


def _playlist(lines: list[str]) -> Answer:
    return _file(("\n".join(lines) + "\n").encode(), "application/x-mpegURL")
