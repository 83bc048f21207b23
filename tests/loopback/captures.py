"""What the Wayback Machine of the miniature holds: the nouns that its services answer from."""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tests.loopback.legacy import legacy_page
from tests.loopback.nouns import Post

#: The columns of the index (``wayback-cdx-server/README.md``).
NAMES = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")


@dataclass(frozen=True, kw_only=True)
class Capture:
    """What the archive got for ``url`` at ``stamp`` (``YYYYMMDDhhmmss``). ``to``: where an archived redirect led.
    ``revisit``: listed as one, without a status."""

    url: str
    stamp: str
    body: bytes = b""
    status: int = 200
    media_type: str = "text/html"
    to: str | None = None
    revisit: bool = False

    @property
    def urlkey(self) -> str:
        return surt(self.url)

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def row(self) -> tuple[str, ...]:
        digest = b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()
        kind, status = ("warc/revisit", "-") if self.revisit else (self.media_type, str(self.status))
        return (self.urlkey, self.stamp, self.url, kind, status, digest, str(len(self.body) // 4 + 400))


def of_post(
    post: Post, stamp: str, *, host: str = "twitter.com", tail: str = "", answers: Sequence[Post] = ()
) -> Capture:
    """The rendered page of ``post``, captured at ``stamp``."""
    return Capture(url=post.url(host) + tail, stamp=stamp, body=legacy_page(post, answers=answers).encode())


def in_json(post: Post, stamp: str, value: object) -> Capture:
    """The status address of ``post``, where the archive was given JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Capture(url=post.url("twitter.com"), stamp=stamp, body=body, media_type="application/json")


def surt(url: str) -> str:
    """``https://www.twitter.com/A/b?c=D`` → ``com,twitter)/a/b?c=d``."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}){parts.path or '/'}{query}".lower()


def of_key(captures: Sequence[Capture], key: str) -> list[Capture]:
    """The captures of one address that can be replayed, oldest first."""
    held = [capture for capture in captures if capture.urlkey == key and not capture.revisit]
    return sorted(held, key=lambda capture: capture.stamp)


def nearest(held: Sequence[Capture], wanted: datetime) -> Capture | None:
    """The one nearest to ``wanted`` (aware), ``None`` of none."""
    return min(held, key=lambda capture: abs(capture.at - wanted), default=None)


def instant(stamp: str) -> datetime:
    """1 to 14 digits as an instant: what is missing is as early as can be."""
    return datetime.strptime(f"{stamp}{'20000101000000'[len(stamp) :]}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
