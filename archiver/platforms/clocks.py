"""The instants that ids of other networks carry (``protocols`` 8), for the day a folder of their own joins this one.

Each takes an id as the network's addresses write it, and returns ``None`` for what is none. A Bluesky key is chosen by
the client, so it may lie; the others are given by the network.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from archiver.model import Moment, Precision

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_INSTAGRAM_EPOCH_MS = 1_314_220_021_721
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_PRIVATE_TAIL = 28
"""Letters that the shortcode of a private account's post has behind those of its id."""


def instagram(shortcode: str) -> Moment | None:
    """Of ``/p/CODE/`` (Threads gives the same): to the millisecond, a second before the post at most."""
    if not re.fullmatch(r"[\w-]{5,50}", shortcode, re.ASCII):
        return None
    code = shortcode[:-_PRIVATE_TAIL] if len(shortcode) > _PRIVATE_TAIL else shortcode
    number = _number(code, _BASE64)
    return _since_unix((number >> 23) + _INSTAGRAM_EPOCH_MS, "millisecond") if number < 1 << 64 else None


def bluesky(key: str) -> Moment | None:
    """Of ``/post/KEY``, a TID: microseconds, kept to the millisecond."""
    if not re.fullmatch(f"[234567a-j][{_TID}]{{12}}", key):
        return None
    return _since_unix((_number(key, _TID) >> 10) // 1_000, "millisecond")


def linkedin(urn: str) -> Moment | None:
    """Of ``urn:li:share:ID``, ``activity`` or ``ugcPost``: to the millisecond."""
    found = re.fullmatch(r"urn:li:(?:share|activity|ugcPost):([0-9]{15,19})", urn)
    return _since_unix(int(found[1]) >> 22, "millisecond") if found else None


def tiktok(post_id: str) -> Moment | None:
    """Of ``/video/ID``: to the second."""
    found = re.fullmatch(r"[0-9]{17,20}", post_id)
    return _since_unix((int(post_id) >> 32) * 1_000, "second") if found else None


def mastodon(post_id: str) -> Moment | None:
    """Of ``/@USER/ID`` on the server that made it; another server's copy carries when that got it."""
    found = re.fullmatch(r"[0-9]{16,19}", post_id)
    return _since_unix(int(post_id) >> 16, "millisecond") if found else None


def _number(code: str, alphabet: str) -> int:
    number = 0
    for letter in code:
        number = number * len(alphabet) + alphabet.index(letter)
    return number


def _since_unix(milliseconds: int, precision: Precision) -> Moment | None:
    if not 0 < milliseconds < 4_102_444_800_000:  # the year 2100
        return None
    return Moment(at=_UNIX + timedelta(milliseconds=milliseconds), precision=precision)
