"""Addresses of posts and short links, wherever they stand in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.find.layers import SLASH, peel_address
from archiver.find.sighting import Sighting
from archiver.find.source import Source
from archiver.model import PostRef
from archiver.platforms import canonical, match, short_links_in, shows_post

_STATUS = re.compile(rf"status(?:es)?{SLASH}\d{{2,20}}(?!\d)")
_DELIMITER = re.compile(r"[\s\"'<>|{}`^]")
_ADDRESS_CHARS = 400
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/", re.IGNORECASE)
_SHORT = re.compile(rf"(?:t\.co|pic\.(?:twitter|x)\.com){SLASH}[a-z0-9]{{3}}")
_SHORT_NEEDLES = ("t.co", "pic.twitter.com", "pic.x.com")
_CHROME_TAGS = frozenset(("meta", "link", "base", "form", "script"))


def status_links(source: Source) -> Iterator[Sighting]:
    """Every address of a post, as a link. Those of ``meta`` and ``link`` elements speak about the page, and those
    inside another address (a share button's) about the button: neither is one."""
    for found in _STATUS.finditer(source.low):
        place = found.start()
        zone = source.zone(place)
        if zone in ("comment", "style"):
            continue
        tag = source.tag_at(place) if source.markup and zone == "body" else None
        if tag and tag.name in _CHROME_TAGS:
            continue
        post = _post_at(source, place, found.end())
        if post is None:
            continue
        yield Sighting(
            start=tag.start if tag else place,
            end=tag.end if tag else found.end(),
            kind="link",
            form="url",
            post=post,
            url=canonical(post),
        )


def _post_at(source: Source, place: int, end: int) -> PostRef | None:
    """The post whose address has its ``status/ID`` at ``place``."""
    window = source.text[max(0, place - _ADDRESS_CHARS) : place]
    cut = max((found.end() for found in _DELIMITER.finditer(window)), default=0)
    before = peel_address(window[cut:])
    rest = peel_address(source.text[place : end + 9])
    hosts = list(_HOST.finditer(before))
    if not hosts:
        return None
    address = "https://" + before[hosts[-1].start() :] + rest
    return match(address) if shows_post(address) else None


def short_links(source: Source) -> Iterator[Sighting]:
    """Every t.co, pic.twitter.com and pic.x.com link, normalised."""
    for needle in _SHORT_NEEDLES:
        place = source.low.find(needle)
        while place >= 0:
            if sighting := _short_at(source, place, place + len(needle)):
                yield sighting
            place = source.low.find(needle, place + len(needle))


def _short_at(source: Source, place: int, end: int) -> Sighting | None:
    if not _SHORT.match(source.low, place) or source.zone(place) == "style":
        return None
    window = source.text[max(0, place - _ADDRESS_CHARS) : place]
    cut = max((found.end() for found in _DELIMITER.finditer(window)), default=0)
    before = peel_address(window[cut:])
    printed = before + peel_address(source.text[place : end + 60])
    for start, _, link in short_links_in(printed):
        if start <= len(before) < start + 12:
            return Sighting(start=place, end=end, kind="link", form="short-link", url=link, short_links=(link,))
    return None
