"""Addresses of posts and short links, wherever they stand in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from archiver.find import carriers
from archiver.find.dates import DateReader
from archiver.find.layers import SLASH, peel_address
from archiver.find.sighting import Sighting
from archiver.find.source import Source, Tag
from archiver.model import PostRef
from archiver.platforms import (
    Impossible,
    canonical,
    impossible,
    impossible_post,
    match,
    post_of,
    short_links_in,
    shows_post,
)
from archiver.platforms.base import take_apart

MAX_ADDRESSES = 20_000
"""How many addresses of each sort are read in one document; the most in a real one is some hundreds."""

_STATUS = re.compile(rf"status(?:es)?{SLASH}\d{{2,40}}(?!\d)")
_DELIMITER = re.compile(r"[\s\"'<>|{}`^]")
_ADDRESS_CHARS = 400
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/", re.IGNORECASE)
_SCHEME = re.compile(rf"https?(?::|%(?:25)*3a|&#0*58;){SLASH}{{1,2}}$", re.IGNORECASE)
_NO_CODE = r"(?=[a-z0-9]{3})(?!https?[^a-z0-9])"
_SHORT = (
    ("t.co", re.compile(rf"t\.co{SLASH}{_NO_CODE}")),
    ("pic.", re.compile(rf"pic\.(?:twitter|x)\.com{SLASH}{_NO_CODE}")),
)
_PLAIN_STATUS = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(?P<user>\w{1,20})/", re.ASCII | re.IGNORECASE
)
_PLAIN_CHARS = 60
_PLAIN_BEFORE = frozenset(" \t\r\n\f\v\"'>")
_PLAIN_ID = re.compile(r"status/(?P<id>[1-9]\d{2,39})(?=[\s\"'<?])", re.ASCII)
_PLAIN_SHORT = re.compile(r"(?:(?<=[\s\"'>]https://)|(?<=[\s\"'>]http://))t\.co/([A-Za-z0-9]{10})(?=[\s\"'<])")
_PLAIN_PIC = re.compile(r"(?<=[\s\"'>])pic\.(?:twitter|x)\.com/([A-Za-z0-9]{10})(?=[\s\"'<])")
_CHROME_TAGS = frozenset(("meta", "link", "base", "form", "script"))


def status_links(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """Every address of a post: an embed where its carrier shows the post, else a link. Those of ``meta`` and ``link``
    elements speak about the page, and those inside another address (a share button's) about the button: neither is
    one."""
    for count, found in enumerate(source.matches("status", _STATUS)):
        if count >= MAX_ADDRESSES:
            source.cut.add("addresses of posts")
            return
        place = found.start()
        zone = source.zone(place)
        if zone == "style":
            continue
        tag = source.tag_at(place) if zone != "script" else None
        if tag and tag.name in _CHROME_TAGS:
            continue
        start, named = _named_at(source, place, found.end(), tag)
        if named is None:
            continue
        post = named if isinstance(named, PostRef) else None
        seen = Sighting(
            start=tag.start if tag else start,
            end=tag.end if tag else found.end(),
            kind="link",
            form="url",
            post=post,
            url=canonical(named) if isinstance(named, PostRef) else named.url,
            handle=None if isinstance(named, PostRef) else named.handle,
            problem=None if isinstance(named, PostRef) else named.problem,
        )
        inside = source.is_taken(place)  # of an embed that was read already: what it quotes
        shown = None if inside else carriers.shown(source, start, found.end(), zone, tag, dates)
        if shown:
            yield replace(seen, kind="embed", **shown)
        elif zone != "comment" and post:
            yield seen


def _named_at(source: Source, place: int, end: int, tag: Tag | None) -> tuple[int, PostRef | Impossible | None]:
    """(where the address begins, the post that it names) of the address that has its ``status/ID`` at ``place``."""
    simple = _PLAIN_ID.match(source.text, place)
    begin = source.low.rfind("http", max(0, place - _PLAIN_CHARS), place) if simple else -1
    if simple and begin >= 0 and (not begin or source.text[begin - 1] in _PLAIN_BEFORE):
        plain = _PLAIN_STATUS.fullmatch(source.text, begin, place)
        if plain:
            return begin, post_of(simple["id"], plain["user"]) or impossible_post(simple["id"], plain["user"])
    window = source.words(place - _ADDRESS_CHARS, place)
    raw = _DELIMITER.split(window)[-1]
    before = peel_address(raw)
    rest = peel_address(_DELIMITER.split(source.text[place : end + 9], maxsplit=1)[0].rstrip("\\"))
    hosts = list(_HOST.finditer(before))
    if not hosts:
        base = take_apart(source.base) if tag and source.base and before.startswith("/") else None
        address = f"https://{base.host}{before}{rest}" if base and before[1:2] != "/" else ""
        return place, match(address) if shows_post(address) else None
    address = "https://" + before[hosts[-1].start() :] + rest
    named = match(address) if shows_post(address) else impossible(address)
    return place - _length(raw, hosts[-1][0], source), named


def _length(raw: str, host: str, source: Source) -> int:
    """How much of ``raw``, an address up to its path's ``status``, belongs to it: from its scheme on, not what is
    glued before (a JSON key in entities)."""
    if raw[:4].lower() == "http":
        return len(raw.encode()) if source.markup else len(raw)
    cut = max(raw.lower().rfind(host.lower().rstrip("/")), 0)
    scheme = _SCHEME.search(raw, 0, cut)
    own = raw[scheme.start() if scheme else cut :]
    return len(own.encode()) if source.markup else len(own)


def short_links(source: Source) -> Iterator[Sighting]:
    """Every t.co, pic.twitter.com and pic.x.com link, normalised."""
    for (word, pattern), plain in zip(_SHORT, (_PLAIN_SHORT, _PLAIN_PIC), strict=True):
        for count, found in enumerate(source.matches(word, pattern)):
            if count >= MAX_ADDRESSES:
                source.cut.add("short links")
                break
            place = found.start()
            if source.zone(place) == "style" or _is_about_page(source, place):
                continue
            simple = plain.match(source.text, place)
            link = f"https://t.co/{simple[1]}" if simple else _short_at(source, place)
            if link:
                yield Sighting(
                    start=place, end=found.end(), kind="link", form="short-link", url=link, short_links=(link,)
                )


def _is_about_page(source: Source, place: int) -> bool:
    """Whether ``place`` lies in an element that speaks about the page."""
    tag = source.tag_at(place)
    return tag is not None and tag.name in ("meta", "link", "base")


def _short_at(source: Source, place: int) -> str | None:
    raw = _DELIMITER.split(source.words(place - _ADDRESS_CHARS, place))[-1]
    before = peel_address(raw)
    printed = before + peel_address(source.words(place, place + 60 + 18))
    for start, _, link in short_links_in(printed):
        if start <= len(before) < start + 12:
            return link
        if start > len(before):
            break
    return None
