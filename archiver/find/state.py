"""JSON about posts: the state that a page carries in scripts and attributes, and the answers of content systems.

An address in such data shows the post when the object that holds it says so: by its type (``TweetBlockElement``,
``oembed_response``, ``DocumentBlockExternalContent``), by its provider (``"provider_name": "Twitter"``), by the key
of the address itself (``iframeSrc``, ``embedUrl``), or by being a post (a text and a screen name: Substack, the API of
X). In linked data (schema.org), an address is a claim, a source or an identity, and stays a link.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from archiver.find.dates import DateReader
from archiver.find.flat import flatten
from archiver.find.layers import undo_json
from archiver.find.plain import attributions
from archiver.find.source import Source
from archiver.platforms import short_links_in

_BACK_CHARS, _AHEAD_CHARS = 6_000, 30_000
_MAX_BRACES = 400
MAX_OBJECTS = 3_000

_BRACE = re.compile(r"[{}]")
_QUOTE = r"(?:\\*[\"']|&(?:amp;)*(?:quot|#0*34|#x0*22|#0*39);|\\+u0022)"
_KEY = re.compile(rf"(?P<key>[\w@$-]{{1,60}}){_QUOTE}?\s*:\s*{_QUOTE}$", re.IGNORECASE)
_EMBED_KEY = re.compile(
    r"iframe_?(?:src|url)|embed|oembed|tweet|twitter_?(?:post|status)_?(?:url|link)?$", re.IGNORECASE
)
_KIND_KEYS = re.compile(
    r"type|kind|provider|service|component|block|network|platform|subtype|resolver|widget|source_?name$", re.IGNORECASE
)
_KINDS = re.compile(r"tweet|twitter|embed|external_?-?content|social_?-?(?:post|media)(?!posting)|^x$", re.IGNORECASE)
_LINKED_DATA = "@context"
_IDS = re.compile(r"[1-9]\d{14,18}")
_ID_KEYS = (
    "id_str", "tweetid", "tweet_id", "statusid", "status_id", "embedid", "embed_id", "postid", "post_id",
    "externalid", "external_id", "sourceid", "source_id", "mediaid", "media_id", "id", "code", "value", "data",
)  # fmt: skip


def shown(source: Source, place: int, dates: DateReader) -> dict[str, Any] | None:
    """What the object around the address at ``place`` tells of the post that it shows (fields of a sighting), or
    ``None`` where it shows none."""
    key = _KEY.search(source.text, max(0, place - 90), place)
    name = key["key"] if key else ""
    value = object_at(source, place)
    if value is None:
        return {"form": "script"} if key and _EMBED_KEY.search(name) else None
    if _LINKED_DATA in value or value.get("@type") in ("CreativeWork", "SocialMediaPosting", "WebPage", "Claim"):
        return None
    kinds = [text for label, text in value.items() if isinstance(text, str) and _KIND_KEYS.search(label)]
    keyed = key is not None and (_EMBED_KEY.search(name) is not None or _is_post(value))
    if not keyed and not any(_KINDS.search(text[:80]) for text in kinds):
        return None
    return {"form": "script", **facts(value, dates)}


def _is_post(value: Mapping[str, Any]) -> bool:
    keys = {label.lower() for label in value}
    return bool(keys & {"full_text", "tweet_text"}) or bool(
        keys & {"text", "html"} and keys & {"username", "screen_name"}
    )


def object_at(source: Source, place: int) -> Mapping[str, Any] | None:
    """The innermost JSON object around ``place``, its carrier's escapes undone, or ``None``."""
    bounds = _bounds(source, place)
    if bounds is None:
        return None
    return read(source.words(*bounds))


def read(raw: str) -> Mapping[str, Any] | None:
    """``raw`` as a JSON object, its carrier's escapes undone; of JavaScript and of damaged JSON the plain pairs."""
    for _ in range(4):
        head = re.match(r"\s*(?:\{\s*)?(?P<sign>[\\&{]?)", raw)
        sign = head["sign"] if head else ""
        if not head or "{" not in raw[: head.end() + 6]:
            return None
        try:
            value = json.loads(raw, strict=False)
        except (ValueError, RecursionError):
            undone = html.unescape(raw) if sign == "&" else undo_json(raw) if sign == "\\" else raw
            if undone == raw:
                return _loose(raw)
            raw = undone
        else:
            return value if isinstance(value, dict) else None
    return None


_PAIR = re.compile(r"(?P<key>[\w@$-]{1,40})[\"']?\s*:\s*(?P<quote>[\"'])(?P<value>[^\"'\\]{0,300})(?P=quote)")


def _loose(raw: str) -> Mapping[str, Any] | None:
    """The plain pairs of an object that is JavaScript rather than JSON, or that was damaged on the way."""
    return {pair["key"]: pair["value"] for pair in _PAIR.finditer(raw[:8_000])} or None


def _bounds(source: Source, place: int) -> tuple[int, int] | None:
    low = max(0, place - _BACK_CHARS)
    if source.text.rfind("{", low, place) < 0:
        return None
    backwards = _BRACE.finditer(source.text[low:place][::-1])
    opened = _unmatched(islice(backwards, _MAX_BRACES))
    if opened is None:
        return None
    start = place - opened.end()
    depth = 1
    ahead = min(len(source.text), place + _AHEAD_CHARS)
    for count, brace in enumerate(_BRACE.finditer(source.text, place, ahead)):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return start, brace.end()
        if count > _MAX_BRACES:
            break
    return None


def _unmatched(braces: Iterable[re.Match[str]]) -> re.Match[str] | None:
    """The first opening brace of ``braces``, which come last first, that none of them closes."""
    depth = 0
    for brace in braces:
        depth += -1 if brace[0] == "{" else 1
        if depth < 0:
            return brace
    return None


def facts(value: Mapping[str, Any], dates: DateReader) -> dict[str, Any]:
    """Author, handle, moment, text and short links of a post as JSON tells them: X's API of any version, oEmbed, and
    what content systems keep of them."""
    flat = {key.lower(): item for key, item in _flattened(value)}
    handle = _first(flat, "username", "screen_name", "author_screen_name", "user.screen_name", "user.username")
    handle = (handle or "").lstrip("@")
    said = _first(flat, "created_at", "date", "createdat", "datetime", "published_at", "timestamp")
    text = _first(flat, "full_text", "tweet_text", "text")
    told: dict[str, Any] = {
        "handle": handle if re.fullmatch(r"[A-Za-z0-9_]{1,20}", handle) else None,
        "author": " ".join((_first(flat, "author_name", "name", "user.name", "fullname") or "").split()) or None,
        "date": dates.line(said) if said else None,
        "text": text.strip() or None if text else None,
    }
    if text:
        told["short_links"] = tuple(dict.fromkeys(link for _, _, link in short_links_in(text)))
    told = {key: item for key, item in told.items() if item}
    markup = _first(flat, "html")
    return _quoted(markup, dates, told) if markup and "<blockquote" not in markup else told


def _quoted(markup: str, dates: DateReader, told: dict[str, Any]) -> dict[str, Any]:
    """``told``, and what an oEmbed answer's markup adds where it was damaged (whole, it is found as markup)."""
    flat = flatten(markup)
    for seen in attributions(flat.text, dates, flat.links, alone=True):
        said = {"author": seen.author, "handle": seen.handle, "date": seen.date, "text": seen.text}
        return {**told, **{key: item for key, item in said.items() if item}}
    return told


def _flattened(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Its own pairs, and those of the user that it names."""
    pairs = [(key, item) for key, item in value.items() if isinstance(item, str)]
    for outer in ("data", "tweet"):  # the API's version 2, and wrappers of a post
        inner = value.get(outer)
        if isinstance(inner, dict):
            pairs += [(key, item) for key, item in inner.items() if isinstance(item, str)]
    included = value.get("includes")
    users = included.get("users") if isinstance(included, dict) else None
    for inner in (value.get("user"), value.get("author"), users[0] if isinstance(users, list) and users else None):
        if isinstance(inner, dict):
            pairs += [(f"user.{key}", item) for key, item in inner.items() if isinstance(item, str)]
    return pairs


def _first(flat: Mapping[str, str], *names: str) -> str | None:
    return next((flat[name] for name in names if flat.get(name)), None)


def id_of(value: Mapping[str, Any]) -> str | None:
    """The snowflake that an object about a post names as its id, or ``None``."""
    flat = {key.lower(): str(item) for key, item in value.items() if isinstance(item, str | int)}
    return next((flat[name] for name in _ID_KEYS if _IDS.fullmatch(flat.get(name, ""))), None)
