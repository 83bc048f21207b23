"""An article's bytes, and what is found in them: a page over its redirects, on later looks only if it has changed.

::

    known document ─► the slot of its last good look ─► what is held there ─► its validators ─► 200, or 304: held still

A 304 says that the page is what we hold, so what we hold is what was seen. That is the server's word: it is believed
for ``BELIEVED`` after the page was last had in full, and no more once the validators of a page were seen to stay while
its posts changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urldefrag

from archiver import hops
from archiver.errors import Damaged, FetchError
from archiver.find import find
from archiver.model import Article, Exchange, Find, Request
from archiver.ports import Catalog, Clock, Fetcher

BELIEVED = timedelta(days=14)
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_MOST_CHARACTERS = 500


_WORDS = {404: "gone", 410: "gone", 401: "refused", 403: "refused", 451: "refused"}


class NoPage(FetchError):
    """Something was answered, and it is no page that can be looked through. ``word``: its class, by the status."""

    def __init__(self, answer: Exchange) -> None:
        said = answer.body_problem if answer.status == 200 else f"answered {answer.status}"
        super().__init__(answer.url, said or "answered without a body")
        self.word = _WORDS.get(answer.status, "failed")
        self.retry = answer.status >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a look at an article's page brought. ``answer``: the page, or what was answered instead of it. ``slot``:
    where ``answer`` lies. ``unchanged``: the 304 by which the server said that it is ``answer`` still, else ``None``.
    ``same_validators``: ``answer`` is new, and claims to be what was held before."""

    answer: Exchange
    slot: str
    unchanged: Exchange | None = None
    same_validators: bool = False

    def body(self) -> bytes:
        """The page's bytes, decoded. Raises ``NoPage``."""
        if self.answer.status != 200 or self.answer.body is None:
            raise NoPage(self.answer)
        return self.answer.body


class Pages:
    """Asks for the pages of articles, each redirect kept, at most ``max_hops`` of them."""

    def __init__(self, catalog: Catalog, clock: Clock, max_hops: int) -> None:
        self._catalog = catalog
        self._clock = clock
        self._max_hops = max_hops

    async def look(self, key: str, fetcher: Fetcher, *, again: bool = False, if_changed: bool = False) -> Page:
        """The page of the article ``key``: as it is held, or asked for when it is not, or when ``again``; with
        ``if_changed`` asked only whether it has changed, where that can be known. Raises ``FetchError``."""
        known = self._catalog.article(key)
        slot = self._slot(key, known, again)
        before = str(known["slot"]) if known and known.get("slot") and again else None
        lies = bool(known and known.get("validators_lie"))
        here, via = key, None
        for _ in range(self._max_hops):
            held = await self._held(here, before) if before else None
            ask = Request(url=here, why="article", slot=slot, via=via, accept=_ACCEPT)
            if held and if_changed and not lies and self._clock.now() - held.started_at < BELIEVED:
                ask = Request(
                    url=here, why="article", slot=slot, via=via, accept=_ACCEPT,
                    conditions=_conditions(held), held=held.warc.record_id,
                )  # fmt: skip
            answer = await fetcher.fetch(ask)
            if answer.status == 304 and held and before and ask.conditions:
                return Page(answer=held, slot=before, unchanged=answer)
            said = answer.header("location")
            if answer.status not in (301, 302, 303, 307, 308) or not said:
                same = bool(held and _conditions(held) and _conditions(held) == _conditions(answer))
                return Page(answer=answer, slot=slot, same_validators=same)
            here, via = urldefrag(hops.join(here, said)).url, here
        raise FetchError(key, f"more than {self._max_hops} redirects")

    def _slot(self, key: str, known: Mapping[str, Any] | None, again: bool) -> str:
        """Where the page is looked for: the newest look at it that went well, or a new one when there is none or
        ``again`` asks for one."""
        if known is None:
            return f"article:{key}"
        if again or known.get("error"):
            return f"article:{key}@{self._clock.now():%Y%m%dT%H%M%S.%fZ}"
        return str(known.get("slot") or f"article:{key}")

    async def _held(self, url: str, slot: str) -> Exchange | None:
        """The whole page that an earlier look got there; ``None`` when it can't stand for a new one."""
        try:
            held = await self._catalog.recall(Request(url=url, why="article", slot=slot))
        except Damaged:
            return None  # `verify` finds it; here it is a reason to have the page once more
        if held is None or held.status != 200 or held.body is None or held.cut is not None:
            return None
        return held


def _conditions(held: Exchange) -> tuple[tuple[str, str], ...]:
    """What the server itself gave to know this answer by; its own words only, so never our time."""
    given = {name: held.header(name) or "" for name in _CONDITIONS}
    return tuple((_CONDITIONS[name], value) for name, value in given.items() if 0 < len(value) < _MOST_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A target's bytes. ``article``: what is known of it without looking into them. ``page``: how its page was had,
    ``None`` for a file. ``broken``: why not to its end."""

    article: Article
    data: bytes
    media_type: str | None
    charset: str | None
    page: Page | None = None
    broken: str | None = None


def looked_through(opened: Opened) -> tuple[Article, tuple[Find, ...]]:
    """What the bytes say of the article, and what is found in them; nothing of what is no text."""
    held = opened.article
    if not _is_text(opened.media_type):
        return replace(held, unread=opened.media_type), ()
    found = find(
        opened.data,
        key=held.key,
        name=held.name,
        url=held.url,
        media_type=opened.media_type,
        charset=opened.charset,
    )
    article = replace(
        found.article,
        url=held.url,
        source=held.source,
        fetched_at=held.fetched_at,
        truncated=held.truncated or found.article.truncated,
    )
    return article, found.finds


def charset(exchange: Exchange) -> str | None:
    """The charset that the Content-Type header names, ``None`` without one."""
    parameters = (exchange.header("content-type") or "").split(";")[1:]
    named = (parameter.partition("=") for parameter in parameters)
    return next((value.strip(" \"'") for name, _, value in named if name.strip().lower() == "charset"), None)


def _is_text(media_type: str | None) -> bool:
    """Whether an article can be read from such a document; ``None`` or an unknown type may well be one."""
    return not (media_type or "").startswith(
        ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")
    )
