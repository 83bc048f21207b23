"""Addresses of X: which post or short link an address means, in every form that articles have used.

Hosts are matched whole: ``evilx.com``, ``twitter.com.evil.example`` and ``netflix.com`` are nobody here. The id alone
identifies a post; the user in the path is decoration and may be stale (``protocols`` 0.6, 1.3, 1.4, 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from archiver.model import PostRef
from archiver.platforms.base import Address, take_apart
from archiver.platforms.x import snowflake

NAME = "x"
CODE_CHARS = 10
"""Length of every t.co code since 2013; earlier ones have 7 or 8 characters. What is shorter than three is the path of
a counting pixel (``t.co/i/adsct``)."""

Door = Literal["page", "intent", "widget"]

_OWN = re.compile(r"(?:(?:www|mobile|m|[a-z]{2}|[a-z]{2}-[a-z]{2})\.)?(?:twitter|x)\.com")
_MIRROR = re.compile(  # people who want a preview, or no script, post these in place of twitter.com
    r"(?:(?:www|api|d|g|t|m)\.)?(?:fxtwitter\.com|vxtwitter\.com|fixupx\.com|fixvx\.com|twittpr\.com)"
    r"|xcancel\.com|(?:[a-z0-9-]+\.)?nitter(?:\.[a-z0-9-]+)+|twiiit\.com|lightbrd\.com"
)
_WIDGETS = {
    "platform.twitter.com": "/embed/",
    "platform.x.com": "/embed/",
    "cdn.syndication.twimg.com": "/tweet-result",
    "publish.twitter.com": "/oembed",
    "publish.x.com": "/oembed",
    "api.twitter.com": "/1",
}
_PROXIES = {  # services whose address carries another in a parameter: embedders, then link shims
    "cdn.embedly.com": ("url", "src"),
    "cdn.iframe.ly": ("url",),
    "iframe.ly": ("url",),
    "www.google.com": ("q", "url"),
    "l.facebook.com": ("u",),
    "lm.facebook.com": ("u",),
    "out.reddit.com": ("url",),
    "vk.com": ("to",),
}
_ARCHIVES = re.compile(r"(?:web\.|www\.)?archive\.org|archive\.(?:today|is|ph|li|fo|md|vn)|ghostarchive\.org")
_ARCHIVED = re.compile(
    r"/(?:[^/:]*/){0,4}?(?P<url>(?:https?:/{1,2}|(?:www\.|mobile\.)?(?:twitter|x|t)\.com?/).*)", re.I
)

_STATUS = re.compile(
    r"/(?:@?(?P<user>\w{1,20})/|i/web/)?"
    r"(?:status(?:es)?|article|i/status|i/web/status|i/article)/(?P<id>[0-9]+)(?P<tail>.{0,9})",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_INTENT = re.compile(r"/intent/[a-z]+/?", re.IGNORECASE)
_RESERVED = frozenset("i home explore intent messages notifications privacy search tos hashtag settings share".split())
_ID = re.compile(r"[1-9][0-9]{1,18}")
_DIGITS = re.compile(r"[1-9][0-9]{1,39}")
_MOST_DIGITS = 40
_HASHBANG = re.compile(r"(?:!|%21)(?=/)")
_CUT = ("…", "...", "%E2%80%A6", "%e2%80%a6", "&hellip;")

_CODE = re.compile(r"/(?P<code>[A-Za-z0-9]{3,})(?P<rest>.*)", re.DOTALL)
_GLUED = re.compile(r"([A-Za-z0-9]{10})(?:pic\.(?:twitter|x)\.com|https?(?::|$))", re.IGNORECASE)
_IN_TEXT = re.compile(
    r"(?:(?P<t>(?:https?://|(?<![A-Za-z0-9@./:=%_-])(?://)?)(?:www\.)?t\.co)|(?P<pic>(?:https?://)?pic\.(?:twitter|x)\.com))"
    r"/(?P<code>[A-Za-z0-9]{3,40})",
    re.IGNORECASE | re.DOTALL,
)
_PARAMETER = re.compile(r"://[^\s<>\"']*[?#&][^\s<>\"']*(?:=|%3D)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatusUrl:
    """A post's address. ``door``: ``page`` (the post itself), ``intent`` (a button that acts on it), ``widget`` (what
    the embed's frame or service asks)."""

    post: PostRef
    door: Door


@dataclass(frozen=True, slots=True)
class Impossible:
    """An address of a post that no post can have. ``url``: in canonical form. ``problem``: why, in words."""

    post_id: str
    url: str
    handle: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class _Named:
    """What an address names as a post, whether or not there can be one."""

    post_id: str
    user: str | None
    door: Door


def match(url: str) -> PostRef | None:
    """The post that ``url`` shows, in any of its forms, or ``None``."""
    status = read(url)
    return status.post if status else None


def own_page(url: str) -> PostRef | None:
    """The post whose page on X itself ``url`` is; ``None`` for mirrors, frames, buttons, copies, and any other host."""
    address = take_apart(url)
    if address is None or not _OWN.fullmatch(address.host) or "/." in address.path:
        return None
    named = _own(address)
    return post_of(named.post_id, named.user) if named and named.door == "page" else None


def canonical(post: PostRef) -> str:
    """``https://x.com/HANDLE/status/ID``, or ``https://x.com/i/web/status/ID`` without a handle."""
    return f"https://x.com/{post.handle or 'i/web'}/status/{post.post_id}"


def read(url: str) -> StatusUrl | None:
    """The post that ``url`` means and by which door, or ``None``."""
    named = _named(url)
    post = post_of(named.post_id, named.user) if named else None
    return StatusUrl(post, named.door) if named and post else None


def impossible(url: str) -> Impossible | None:
    """What ``url`` names, if it is the address of a post whose id no post can have; else ``None``."""
    named = _named(url)
    return _impossible(named.post_id, named.user) if named and named.door != "intent" else None


def impossible_post(post_id: str, user: str | None = None) -> Impossible | None:
    """As ``impossible``, of an id and the user beside it. In data a 0 stands for "none", and a number that begins with
    one, or has one digit, is no id that somebody wrote down wrongly: only in an address it is."""
    return _impossible(post_id, user) if _DIGITS.fullmatch(post_id) else None


def _impossible(post_id: str, user: str | None) -> Impossible | None:
    problem = snowflake.problem(post_id) if len(post_id) <= _MOST_DIGITS else None
    if problem is None:
        return None
    handle = _handle(user)
    url = canonical(PostRef(platform=NAME, post_id=post_id, handle=handle))
    return Impossible(post_id, url, handle, problem)


@lru_cache(maxsize=256)
def _named(url: str, depth: int = 2) -> _Named | None:
    """``depth``: how many wrappings (an archive's copy, an embedder's frame) are opened."""
    address = take_apart(url)
    if address is None:
        return None
    if _OWN.fullmatch(address.host):
        return _own(address)
    if _MIRROR.fullmatch(address.host):
        return _status(address.path.removeprefix("/2"), "page")
    if address.path.startswith(_WIDGETS.get(address.host, "\0")):
        asked = address.parameter("url")
        if asked and depth:
            inner = _named(asked, depth - 1)
            return _Named(inner.post_id, inner.user, "widget") if inner else None
        return _by_id(address.parameter("id"), None, "widget")
    wrapped = unwrap(address) if depth else None
    return _named(wrapped, depth - 1) if wrapped else None


def unwrap(address: Address) -> str | None:
    """The address that an archive's copy, an embedder's frame or a link shim carries, or ``None``."""
    if _ARCHIVES.fullmatch(address.host):
        whole = address.path + (f"?{address.query}" if address.query else "")
        whole += f"#{address.fragment}" if address.fragment else ""
        inner = _ARCHIVED.fullmatch(whole)
        return re.sub(r"^(https?:)/(?!/)", r"\1//", inner["url"], flags=re.IGNORECASE) if inner else None
    names = _PROXIES.get(address.host)
    return address.parameter(*names) if names else None


def short_link(url: str) -> str | None:
    """``https://t.co/CODE`` for a t.co, pic.twitter.com or pic.x.com address; ``None`` for any other, and for one cut
    off by an ellipsis, which nobody can resolve. A code keeps its case; whatever is glued behind it is dropped."""
    return _short(url, 2)


def _short(url: str, depth: int) -> str | None:
    address = take_apart(url)
    if address is None:
        return None
    if address.host in ("t.co", "www.t.co", "pic.twitter.com", "pic.x.com"):
        code = _CODE.match(address.path)
        return _link(code["code"], code["rest"]) if code else None
    wrapped = unwrap(address) if depth else None
    return _short(wrapped, depth - 1) if wrapped else None


def short_links_in(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, ``https://t.co/CODE``) of each short link printed in ``text``, in order, without repetition of a
    place. Rendered posts lose the blanks between their words, so a code ends after its tenth character."""
    place = 0 if ".co" in text.lower() else len(text)
    while found := _IN_TEXT.search(text, place):
        code = found["code"][:CODE_CHARS]
        place = found.start("code") + len(code)
        before = text[max(0, found.start() - 500) : found.start()]
        link = _link(code, text[place : place + 9])
        if link and not (before.endswith(("=", "%3D", "%3d")) and _PARAMETER.search(before)):
            yield found.start(), place, link


def _link(code: str, rest: str) -> str | None:
    glued = _GLUED.match(code + rest)
    code = glued[1] if glued else code
    cut_off = rest.startswith(_CUT) and len(code) < CODE_CHARS
    return None if cut_off or len(code) > 40 else f"https://t.co/{code}"


def _own(address: Address) -> _Named | None:
    hashbang = _HASHBANG.match(address.fragment)
    path = address.fragment[hashbang.end() :] if hashbang else address.path
    if _INTENT.fullmatch(path):
        return _by_id(address.parameter("tweet_id", "in_reply_to"), None, "intent")
    return _status(path, "page")


def _status(path: str, door: Door) -> _Named | None:
    status = _STATUS.match(path)
    if status is None or (status["tail"].startswith(_CUT) and len(status["id"]) < 18):
        return None
    return _by_id(status["id"], status["user"], door)


def _by_id(post_id: str | None, user: str | None, door: Door) -> _Named | None:
    return _Named(post_id, user, door) if post_id else None


def post_of(post_id: str, user: str | None = None) -> PostRef | None:
    """The post with ``post_id``; ``None`` where no post can have it: not 2 to 19 digits, above 63 bits, or of the band
    between the last counted id and the first snowflake (``protocols`` 3). ``user``: as an address names it."""
    if not _ID.fullmatch(post_id) or not snowflake.is_possible(post_id):
        return None
    return PostRef(platform=NAME, post_id=post_id, handle=_handle(user))


def _handle(user: str | None) -> str | None:
    return None if user is None or user.lower() in _RESERVED else user
