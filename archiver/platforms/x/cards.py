"""The card below a post: the preview of a linked page, or a poll. Binding values are texts, pictures and flags by key
(``protocols`` 4.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from archiver.platforms.x import media
from archiver.platforms.x.said import Card
from archiver.platforms.x.shapes import member, text

_POLL = re.compile(r"poll[2-4]choice_")
_DIGITS = re.compile(r"[0-9]{1,15}")
_NAME = re.compile(r"[\x20-\x7e]{1,100}")


def card(value: object) -> Card | None:
    """The preview of a linked page; ``None`` without a card, or with one that is a poll."""
    found = member(value)
    name = found.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _POLL.match(name):
        return None
    bound = member(found.get("binding_values"))
    shown: dict[str, object] = {"name": name, "url": _string(bound, "card_url") or text(found.get("url"))}
    shown |= {key: _string(bound, key) for key in ("title", "description", "domain")}
    return Card(value=shown, how="tweet-result.card", picture=_picture(bound))


def poll(value: object) -> dict[str, object] | None:
    """A poll's choices with their votes; ``None`` without one. ``votes`` and ``final`` are ``None`` where not told."""
    found = member(value)
    if not _POLL.match(str(found.get("name"))):
        return None
    bound = member(found.get("binding_values"))
    choices = [
        {"label": label, "votes": _number(bound, f"choice{number}_count")}
        for number in range(1, 5)
        if (label := _string(bound, f"choice{number}_label")) is not None
    ]
    final = member(bound.get("counts_are_final")).get("boolean_value")
    return {
        "choices": choices,
        "ends_at": _string(bound, "end_datetime_utc"),
        "counted_at": _string(bound, "last_updated_datetime_utc"),
        "final": final if isinstance(final, bool) else None,
    }


def _picture(bound: Mapping[str, Any]) -> tuple[str, ...]:
    """The largest picture, then the next smaller ones that we may fetch."""
    sized: dict[str, int] = {}
    for key, value in bound.items():
        image = member(member(value).get("image_value"))
        url, wide, high = image.get("url"), image.get("width"), image.get("height")
        if isinstance(url, str) and media.ours(url):
            area = wide * high if isinstance(wide, int) and isinstance(high, int) else 0
            sized[url] = max(sized.get(url, 0), area + key.endswith("_original"))
    return tuple(sorted(sized, key=lambda url: -sized[url]))[:5]


def _string(bound: Mapping[str, Any], key: str) -> str | None:
    return text(member(bound.get(key)).get("string_value"))


def _number(bound: Mapping[str, Any], key: str) -> int | None:
    written = _string(bound, key) or ""
    return int(written) if _DIGITS.fullmatch(written) else None
