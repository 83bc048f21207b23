"""Posts of X in web archives: under which addresses they are kept, and what an archived answer shows of one.

Captures of status pages are of four kinds: rendered pages and those for telephones (to mid-2020), JSON answers, and
shells without the post (``protocols`` 6.3, 6.6). What shows no post is nothing: a shell, a login wall or the
``x/migrate`` page says nothing about the post, and nothing is learnt from it but that it was looked at.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from archiver.errors import UnreadableCapture
from archiver.model import Exchange, Fact, Kept, Memento, Picture, PostRef
from archiver.platforms.x import answers, holdings, media, mobile, permalink, snowflake, urls
from archiver.platforms.x.said import json_object
from archiver.platforms.x.shown import Shown

RENDERED_UNTIL = datetime(2020, 8, 1, tzinfo=UTC)
"""Captures up to here are mostly whole pages; later ones of ``text/html`` mostly shells."""

MOST_NAMES = 4
"""Handles under which a post is looked for: each costs three or four questions to an index that bears few."""
_ID_STEP = 10**15
"""A day is 3.6e14 ids long, so that the ids of a day begin with one number of this step, or two."""
NONE_HELD: Mapping[str, Exchange] = {}
_HANDLE = re.compile(r"\w{1,20}", re.ASCII)
_CLOCKS_DIFFER = timedelta(minutes=1)
_MOST_PICTURES = 8
_STATUSES_UNTIL = date(2013, 1, 1)
_SHELLS = (
    ("/x/migrate", "the x/migrate page"),
    ("Something went wrong", "“Something went wrong”"),
    ("JavaScript is not available", "a shell that wants JavaScript"),
    ("JavaScript is disabled", "a shell that wants JavaScript"),
    ("/i/flow/login", "a login wall"),
    ("Log in to ", "a login wall"),
    ('id="react-root"', "a shell without the post"),
)


def addresses(post: PostRef, names: Sequence[str] = ()) -> Iterator[tuple[str, bool]]:
    """(address, whether it is the beginning of others) under which archives keep ``post``, the likeliest first.

    The beginning of a status address stands for its query variants (``?s=20``) and its ``/photo/1`` too. Handles
    change, so a post is looked for under every one of ``names``, of ``MOST_NAMES`` in all, and under none.
    """
    handles = _handles((post.handle, *names))
    for host in ("twitter.com", "mobile.twitter.com", "x.com"):
        for handle in handles:
            yield f"https://{host}/{handle}/status/{post.post_id}", True
    if (moment := snowflake.moment(post.post_id)) is None or moment.at.date() < _STATUSES_UNTIL:
        for handle in handles:
            yield f"https://twitter.com/{handle}/statuses/{post.post_id}", True
    for host in ("twitter.com", "x.com"):
        yield f"https://{host}/i/web/status/{post.post_id}", False


def _handles(names: Iterable[str | None]) -> list[str]:
    """Each once, whatever its case: the archive's index knows none."""
    known: dict[str, str] = {}
    for name in names:
        if name and _HANDLE.fullmatch(name):
            known.setdefault(name.lower(), name)
    return list(known.values())[:MOST_NAMES]


def beginnings(handle: str, day: date) -> tuple[str, ...]:
    """The beginnings of the addresses of everything that ``handle`` posted on the UTC ``day``, as few as there can be.

    Ids count time, so those of a day begin alike, and the archive need not list years of posts. They hold posts of
    neighbouring days too. Empty before November 2010, when ids did not count time.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    first, last = snowflake.first_id(start), snowflake.first_id(start + timedelta(days=1)) - 1
    if last < snowflake.FIRST_SNOWFLAKE:
        return ()
    steps = [str(step) for step in range(max(first, snowflake.FIRST_SNOWFLAKE) // _ID_STEP, last // _ID_STEP + 1)]
    paths = [f"{handle}/status/"] if "0" in steps else [f"{handle}/status/{step}" for step in steps]
    old = [path.replace("/status/", "/statuses/") for path in paths] if day < _STATUSES_UNTIL else []
    return tuple(
        [f"https://twitter.com/{path}" for path in (*paths, *old)]
        + [f"https://{host}/{path}" for host in ("mobile.twitter.com", "x.com") for path in paths]
    )


def keen(media_type: str, at: datetime) -> int:
    """How likely a capture shows its post, 0 the likeliest: rendered pages and JSON before shells, other files last."""
    if media_type == "text/html":
        return 0 if at < RENDERED_UNTIL else 2
    return 1 if media_type == "application/json" else 3


def read(exchange: Exchange, post: PostRef, memento: Memento, held: Mapping[str, Exchange] = NONE_HELD) -> Kept:
    """What the archived answer, got from X at ``memento.at``, shows of ``post``. ``held``: the pictures and films
    that are held, by the first rung of their ladders."""
    if exchange.status != 200:
        return Kept(nothing=f"X answered {exchange.status}")
    try:
        shown, nothing = _shown(exchange, post)
    except UnreadableCapture as problem:
        return Kept(nothing=str(problem))
    if shown is None:
        return Kept(nothing=nothing)
    made = snowflake.moment(post.post_id)
    if made and shown.posted_at and abs(shown.posted_at.at - made.at) > _CLOCKS_DIFFER:
        return Kept(nothing=f"another post under its id, of {shown.posted_at}")
    facts = (*_facts(shown, exchange, memento), *_files(shown, exchange, memento, holdings.Held(held)))
    return Kept(facts=facts, wanted=tuple(_wanted(shown)))


def _wanted(shown: Shown) -> Iterator[Picture]:
    yield from itertools.islice((one for medium in shown.media for one in media.pictures(medium)), _MOST_PICTURES)
    if shown.avatar and (avatar := media.avatar_picture(shown.avatar)):
        yield avatar


def _files(shown: Shown, exchange: Exchange, memento: Memento, held: holdings.Held) -> Iterator[tuple[str, Fact]]:
    def fact(field: str, value: object) -> tuple[str, Fact]:
        how = f"wayback.{shown.form}.{field}"
        return field, Fact(value=value, how=how, source=exchange.warc, at=memento.at, memento=memento)

    if shown.media:
        yield fact("media", [holdings.item(medium, held) for medium in shown.media])
    if shown.avatar and media.ours(shown.avatar):
        yield fact("avatar", {"url": shown.avatar, "file": held.file(media.avatar_ladder(shown.avatar))})


def _shown(exchange: Exchange, post: PostRef) -> tuple[Shown | None, str]:
    if exchange.body is None:
        raise UnreadableCapture("wayback", f"no readable body: {exchange.body_problem or 'empty'}")
    if exchange.media_type == "application/json" or exchange.body.lstrip()[:1] in (b"{", b"["):
        return answers.read(json_object(exchange, "wayback"), post.post_id), "JSON without the post"
    page = exchange.body.decode("utf-8", "replace")
    shown = permalink.read(page, post.post_id) or mobile.read(page, post.post_id)
    return shown, next((said for mark, said in _SHELLS if mark in page), "a page without the post")


def _facts(shown: Shown, exchange: Exchange, memento: Memento) -> Iterator[tuple[str, Fact]]:
    def fact(field: str, value: object) -> tuple[str, Fact]:
        how = f"wayback.{shown.form}.{field}"
        return field, Fact(value=value, how=how, source=exchange.warc, at=memento.at, memento=memento)

    for field, value in (
        ("author", shown.author),
        ("handle", shown.handle),
        ("author_id", shown.author_id),
        ("text", shown.text),
        ("lang", shown.lang),
    ):
        if value:
            yield fact(field, value)
    if shown.posted_at:
        how = f"wayback.{shown.form}.posted_at"
        at = shown.posted_at
        yield (
            "posted_at",
            Fact(value=str(at), how=how, source=exchange.warc, precision=at.precision, at=memento.at, memento=memento),
        )
    for field, other in (("quoted", shown.quoted), ("in_reply_to", shown.in_reply_to)):
        if other:
            yield fact(field, {"platform": urls.NAME, "post_id": other.post_id, "handle": other.handle})
