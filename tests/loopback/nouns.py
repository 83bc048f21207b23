"""What the miniature of X is made of. Every answer of every service is generated from these values.

Ids are snowflakes (``snowflake("2024-05-18T22:14:07.512Z")``), so dates, ids and media names always agree. What nobody
cares about (user ids, counters, hashes) follows from the names: the same world gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from tests.loopback.scenarios import PUBLIC, Scenario

SNOWFLAKE_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)


def snowflake(at: str, *, worker: int = 1, sequence: int = 0) -> str:
    """The id minted at ``at`` (ISO 8601 with zone), to the millisecond."""
    elapsed = datetime.fromisoformat(at) - SNOWFLAKE_EPOCH
    return str((elapsed // timedelta(milliseconds=1)) << 22 | worker << 12 | sequence)


def minted_at(snowflake_id: str) -> datetime:
    """When ``snowflake_id`` was minted: aware UTC, to the millisecond."""
    return SNOWFLAKE_EPOCH + timedelta(milliseconds=int(snowflake_id) >> 22)


def number_from(text: str, below: int) -> int:
    """A number that looks arbitrary and is always the same for ``text``."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % below


def word_from(text: str, length: int = 16) -> str:
    """Base64url letters that look arbitrary and are always the same for ``text``."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


@dataclass(frozen=True)
class Account:
    """``verified_type``: ``Business`` or ``Government``, or ``None``. ``avatar_gone``: its picture answers 404."""

    handle: str
    name: str
    blue: bool = False
    verified_type: str | None = None
    avatar_gone: bool = False

    @property
    def user_id(self) -> str:
        return str(10**9 + number_from(f"user {self.handle}", 10**9))

    @property
    def avatar(self) -> str:
        """As the services print it: with ``_normal``. Without that suffix it is the original."""
        picture_id = snowflake("2019-01-01T00:00:00Z", sequence=number_from(f"avatar {self.handle}", 4096))
        return f"https://pbs.twimg.com/profile_images/{picture_id}/{word_from(self.handle, 8)}_normal.jpg"

    @property
    def banner(self) -> str:
        """The picture above the profile; its sizes (``1500x500`` …) stand behind it, and its name is a second."""
        return f"https://pbs.twimg.com/profile_banners/{self.user_id}/{1_546_300_800 + number_from(self.handle, 10**6)}"


@dataclass(frozen=True, kw_only=True)
class Photo:
    """``lacks``: names of sizes that answer 404 (``all`` for every one). ``forbidden``: every size answers 403."""

    media_id: str
    width: int = 1280
    height: int = 853
    alt: str | None = None
    extension: Literal["jpg", "png"] = "jpg"
    lacks: frozenset[str] = frozenset()
    forbidden: bool = False

    @property
    def name(self) -> str:
        """Fifteen letters: the media id (eight bytes) and three more, in base64url (``protocols.md`` 3)."""
        return base64.urlsafe_b64encode(int(self.media_id).to_bytes(8) + b"eg\x01").decode().rstrip("=")

    @property
    def url(self) -> str:
        return f"https://pbs.twimg.com/media/{self.name}.{self.extension}"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One rendition of a video. ``bitrate``: bits per second, ``None`` for a playlist."""

    url: str
    content_type: str
    bitrate: int | None
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Video:
    """``kind``: ``ext_tw_video`` (uploaded with a post), ``amplify_video`` (from a media studio) or ``tweet_video``
    (a GIF: one variant of bitrate 0, no playlist). ``lacks``: bitrates whose file answers 404."""

    media_id: str
    kind: Literal["ext_tw_video", "amplify_video", "tweet_video"] = "ext_tw_video"
    duration_ms: int = 9_000
    alt: str | None = None
    sizes: tuple[tuple[int, int, int], ...] = ((256_000, 480, 270), (2_176_000, 1280, 720), (832_000, 640, 360))
    lacks: frozenset[int] = frozenset()

    @property
    def is_gif(self) -> bool:
        return self.kind == "tweet_video"

    @property
    def width(self) -> int:
        return max(width for _, width, _ in self.sizes)

    @property
    def height(self) -> int:
        return max(height for _, _, height in self.sizes)

    @property
    def _folder(self) -> str:
        return f"{self.kind}/{self.media_id}" + ("/pu" if self.kind == "ext_tw_video" else "")

    @property
    def name(self) -> str:
        return Photo(media_id=self.media_id).name

    @property
    def poster(self) -> str:
        if self.is_gif:
            return f"https://pbs.twimg.com/tweet_video_thumb/{self.name}.jpg"
        folder = self._folder.replace(self.kind, f"{self.kind}_thumb", 1)
        return f"https://pbs.twimg.com/{folder}/img/{word_from(self.media_id)}.jpg"

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The playlist first, then the mp4 files in no useful order, as the real answers have them."""
        root = "https://video.twimg.com"
        if self.is_gif:
            url = f"{root}/tweet_video/{self.name}.mp4"
            return (Variant(url=url, content_type="video/mp4", bitrate=0, width=self.width, height=self.height),)
        tag = 12 if self.kind == "ext_tw_video" else 14
        return (
            Variant(url=f"{root}/{self._folder}/pl/{word_from(self.media_id)}.m3u8?tag={tag}&container=fmp4",
                    content_type="application/x-mpegURL", bitrate=None, width=self.width, height=self.height),
            *(Variant(url=f"{root}/{self._folder}/vid/avc1/{width}x{height}/{word_from(f'{self.media_id} {bitrate}')}"
                          f".mp4?tag={tag}",
                      content_type="video/mp4", bitrate=bitrate, width=width, height=height)
              for bitrate, width, height in self.sizes),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Link:
    """``https://t.co/CODE``. ``how``: ``redirect``, ``blocked`` (to the warning page, target raw), ``blocked encoded``
    (target percent-encoded) or ``gone`` (404). ``era``: the year whose page and headers it shows (2012, 2013, 2016,
    2018). ``refusals``: how often it answers 429 before it answers; ``retry_after`` goes with them."""

    code: str
    to: str
    how: Literal["redirect", "blocked", "blocked encoded", "gone"] = "redirect"
    era: Literal[2012, 2013, 2016, 2018] = 2018
    refusals: int = 0
    retry_after: str | None = None

    @property
    def url(self) -> str:
        return f"https://t.co/{self.code}"

    @property
    def display(self) -> str:
        """What a post shows in its place: no scheme, no ``www.``, at most fifteen letters behind the host."""
        parts = urlsplit(self.to)
        rest = (parts.path + (f"?{parts.query}" if parts.query else "")).rstrip("/")
        return parts.netloc.removeprefix("www.") + (rest if len(rest) <= 15 else rest[:15] + "…")


@dataclass(frozen=True, kw_only=True)
class ShortLink:
    """A link of another shortener. ``how`` overrides the host's own manner (``shorteners.HABITS``)."""

    url: str
    to: str
    how: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """The preview of a linked page."""

    link: Link
    title: str
    description: str
    domain: str
    image_id: str
    name: str = "summary_large_image"

    @property
    def image(self) -> str:
        """Without its query: ``?format=png&name=orig`` asks for the largest."""
        return f"https://pbs.twimg.com/card_img/{self.image_id}/{word_from(self.image_id, 8)}"


@dataclass(frozen=True, kw_only=True)
class Poll:
    """``choices``: (label, votes), two to four. ``ends_at``: ISO 8601."""

    choices: tuple[tuple[str, int], ...]
    ends_at: str
    minutes: int = 1440
    final: bool = True


@dataclass(frozen=True, kw_only=True)
class Post:
    """``text``: what the author typed, links as ``https://t.co/CODE`` (each in ``links``), without the media link.

    ``pic``: the code of the media link that the services append. ``pic_of``: the post that owns the media, when it is
    another one. ``note_id``: a long post, of which ``text`` is only the beginning; ``note_text``: all of it.
    ``readers_note``: the community note below it. ``edit_ids``: every version's id, first to last, this one included.
    ``without``: dotted names of fields that ``tweet-result`` leaves out. ``scenario``: how each service answers for it.
    """

    post_id: str
    by: Account
    text: str
    lang: str = "en"
    links: tuple[Link, ...] = ()
    pic: str | None = None
    pic_of: Post | None = None
    photos: tuple[Photo, ...] = ()
    videos: tuple[Video, ...] = ()
    quotes: Post | None = None
    replies_to: Post | None = None
    card: Card | None = None
    poll: Poll | None = None
    note_id: str | None = None
    note_text: str | None = None
    readers_note: str | None = None
    edit_ids: tuple[str, ...] = ()
    sensitive: bool | None = None
    without: tuple[str, ...] = ()
    scenario: Scenario = PUBLIC

    @property
    def posted_at(self) -> datetime:
        return minted_at(self.post_id)

    @property
    def media(self) -> tuple[Photo | Video, ...]:
        return (*self.photos, *self.videos)

    def url(self, host: str = "x.com") -> str:
        return f"https://{host}/{self.by.handle}/status/{self.post_id}"

    @property
    def media_link(self) -> Link | None:
        """The t.co link of its photos or video, to the page of the post that owns them."""
        if not self.pic:
            return None
        owner = self.pic_of or self
        return Link(code=self.pic, to=f"{owner.url('twitter.com')}/{'video' if owner.videos else 'photo'}/1")

    @property
    def full_text(self) -> str:
        """With the media link at its end, where the services put it."""
        return f"{self.text} {self.media_link.url}".strip() if self.media_link else self.text

    def count(self, what: str, below: int = 5_000) -> int:
        """A counter (likes, replies …) that is always the same."""
        return number_from(f"{what} {self.post_id}", below)

    def family(self) -> Iterator[Post]:
        """The post itself, and every post that its own answer shows."""
        yield self
        for other in (self.quotes, self.replies_to, self.pic_of):
            if other:
                yield from other.family()

    def find(self, pattern: str) -> list[re.Match[str]]:
        return list(re.finditer(pattern, self.text))


@dataclass(frozen=True, kw_only=True)
class Page:
    """Any other page of the miniature web. ``wait_s``: seconds before it answers. ``refusals``: how often it answers
    503 first. ``form``: how its bytes cross the wire (``answers.FORMS``)."""

    url: str
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    wait_s: float = 0
    refusals: int = 0
    form: str = "plain"
