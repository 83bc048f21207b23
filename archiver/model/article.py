"""What an article shows, and where its links lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archiver.model.exchange import WarcRef
from archiver.model.terms import Ended, Kind, Moment, PostRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One embed or link as the article itself shows it; a claim of the article, not a fact about the post.

    ``article``: the article's key. ``position``: 0-based, document order. ``form``: how it was written (``blockquote``,
    ``plain-text``, ``iframe``, ``url``, …). ``post``: ``None`` without an id. ``url``: canonical post URL, or the link
    as normalised, ``None`` when only text is left. ``date``: as printed (a UTC day) or exact (``data-datetime``).
    ``text``: words that are surely the post's; ``text_before``: those before them that may be its beginning, or the
    article's, ``None`` where the post is known to begin with ``text``. ``problem``: why no post can be what is shown
    (an id that was never given), ``None`` when there is nothing wrong; ``post`` is ``None`` then, and ``url`` the
    address as it is written. ``short_links``: ``https://t.co/…`` links inside the embed, in order. ``snippet``: the
    source text or markup that it was read from, at most 4,000 characters.
    """

    article: str
    position: int
    kind: Kind
    form: str
    platform: str | None = None
    post: PostRef | None = None
    url: str | None = None
    author: str | None = None
    handle: str | None = None
    date: Moment | None = None
    text: str | None = None
    text_before: str | None = None
    lang: str | None = None
    short_links: tuple[str, ...] = ()
    problem: str | None = None
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The document that finds are read from.

    ``key``: its identity in the archive: the normalised URL, or ``urn:archiver:file:sha256:<hex>`` for a file
    without one. ``name``: what the user called it (URL, file name, ``-``). ``kind``: ``html`` or ``text``.
    ``base_url``: what relative links are resolved against. ``charset``: as what its bytes were read (Python's name),
    ``charset_by``: what said so (``find.charset.Reading``), ``None`` when they were not. ``unread``: what it is
    instead of a text that could be looked through (``a PDF``), ``None`` when it was. ``source``: the record that
    holds its bytes; ``None`` when nothing is stored (``find``). ``truncated``: the page could not be read to its
    end.
    """

    key: str
    name: str
    kind: Literal["html", "text", "other"]
    url: str | None = None
    canonical_url: str | None = None
    base_url: str | None = None
    title: str | None = None
    lang: str | None = None
    charset: str | None = None
    charset_by: str | None = None
    unread: str | None = None
    source: WarcRef | None = None
    fetched_at: datetime | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of a chain. ``location``: where it leads next (absolute), ``None`` at the end."""

    url: str
    http_status: int | None
    location: str | None
    warc: WarcRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a link leads. ``end``: the last URL known. ``ended``: how. ``post``: set when ``ended`` is ``post``.
    ``error``: a sentence when it ended badly. ``try_again_after_s``: when a further try can help, else ``None``."""

    short: str
    end: str
    ended: Ended
    hops: tuple[Hop, ...]
    post: PostRef | None = None
    error: str | None = None
    try_again_after_s: float | None = None
