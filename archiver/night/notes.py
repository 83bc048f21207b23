"""What came of the articles of a night and of their finds, for its report and its log."""

from __future__ import annotations

import contextlib
import contextvars
import logging
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from archiver.model import Outcome, Status
from archiver.night.report import Tally
from archiver.run import Saved

_log = logging.getLogger(__name__)
ABOUT: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("about", default=MappingProxyType({}))
"""What a line of the log is about: keys by ``article``, ``post`` and ``link``."""


class _Found(NamedTuple):
    """What came of a find; ``key`` and ``said`` of one that failed or waits."""

    status: Status
    key: str | None = None
    said: str = ""


class Notes:
    """What is noted of a night in its ``tally``: an article each time, each of its finds once."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._finds: dict[str, tuple[_Found, ...]] = {}

    def saved(self, saved: Saved, word: str | None) -> None:
        """``word``: what to count the article as, ``None`` when it is counted elsewhere or not at all."""
        if saved.same_as:
            self._tally.articles["known by another address"] += 1
            return
        if saved.error:
            self._tally.problem("article", saved.article.key, saved.word or "failed", saved.error)
        elif word:
            self._tally.articles[word] += 1
        key = saved.article.key
        with about(article=key):
            if saved.looked:
                self._finds[key] = tuple(self._found(key, number, one) for number, one in enumerate(saved.outcomes))
            why = f"; {saved.error}" if saved.error else ""
            _log.info("%s: %d finds%s", key, len(saved.outcomes), why)

    def count(self) -> None:
        """The night is over: what came of each find is counted by what came of it last."""
        for one in (found for finds in self._finds.values() for found in finds):
            self._tally.embeds[one.status] += 1
            if one.key is not None:
                self._tally.problem("find", one.key, one.status, one.said)
        self._finds.clear()

    def _found(self, article: str, number: int, one: Outcome) -> _Found:
        """What is said of a find tonight: what came of it last, but captured anew is captured anew."""
        before = self._finds.get(article, ())[number : number + 1]
        if one.status == "already" and before and before[0].status == "archived":
            return before[0]
        row, said = one.record, one.error or one.status
        post = f"{row['platform']}:{row['post_id']}" if row.get("post_id") else None
        key = str(row.get("url") or one.find.snippet[:80])
        well = one.status not in ("pending", "failed")
        with about(**({"post": post} if post else {})):
            if not well:
                _log.warning("%s: %s: %s", key, one.status, said)
            elif post:
                _log.info("post %s: %s", post, one.status)
        return _Found(one.status) if well else _Found(one.status, key, said)


@contextlib.contextmanager
def about(**more: str) -> Iterator[None]:
    """What is logged within is about this, too."""
    token = ABOUT.set({**ABOUT.get(), **more})
    try:
        yield
    finally:
        ABOUT.reset(token)
