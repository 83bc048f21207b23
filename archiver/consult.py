"""Ask a web archive: which captures it has, and what one holds. Over the ``Fetcher`` port, so that every answer is in
our own WARC before it is read.

An archive that does not answer is left alone for the rest of the run after a few failures (``Patience``); one that asks
to be left alone (429) is, by the fetcher's own pace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from archiver import capture
from archiver.archives import Desk, cdx, wayback
from archiver.budget import Budget
from archiver.model import Exchange, Failure, Kept, Memento, Moment, Picture, PostRef, Request, Why
from archiver.ports import ArchivedPlatform, Fetcher

_CLOCKS_DIFFER = timedelta(days=1)
_DATES_DIFFER = timedelta(minutes=1)
"""What an archive calls a capture by and what its header says are the same second in every recorded answer."""
_MOST_HOPS = 4
"""Redirects within the archive: to the nearest capture, along archived redirects, to their nearest captures."""


class Patience:
    """Which hosts are still asked in this run: after ``most`` failures in a row, no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: Counter[str] = Counter()

    def lost(self, url: str) -> bool:
        """Whether its host has failed too often."""
        return self._failures[urlsplit(url).netloc] >= self._most

    def heard(self, url: str, *, well: bool) -> None:
        """An answer of its host, or none (not ``well``)."""
        host = urlsplit(url).netloc
        self._failures[host] = 0 if well else self._failures[host] + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Captures of what was asked for, each once. ``whole``: none is missing; else ``problem`` says why."""

    rows: tuple[cdx.Row, ...] = ()
    whole: bool = True
    problem: str | None = None


@dataclass(slots=True)
class Consultation:
    """One piece of work with the archive. ``slot``: what its questions belong to. ``exchanges`` (without their bodies)
    and ``failures``: what came of them, in order; ``troubles``: in words, what stood in the way and may be gone another
    time."""

    desk: Desk
    fetcher: Fetcher
    patience: Patience
    slot: str
    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    async def nearest(self, url: str, at: datetime | None) -> wayback.Snapshot | None:
        """The capture of ``url`` nearest to ``at`` that the archive names; ``None`` proves nothing."""
        asked = wayback.availability_url(self.desk.availability_url, url, at)
        exchange = await self._ask(asked, "listing", max_bytes=1_000_000)
        return wayback.read_availability(exchange) if exchange else None

    async def listed(self, url: str, *, prefix: bool) -> Listed:
        """The captures of ``url`` (``prefix``: of what begins so), page by page, at most ``desk.rows`` of them."""
        rows: dict[tuple[str, str], cdx.Row] = {}
        resume: str | None = None
        while True:
            limit = min(self.desk.page, self.desk.rows - len(rows))
            asked = cdx.query_url(self.desk.cdx_url, url, prefix=prefix, limit=limit, resume=resume)
            exchange = await self._ask(asked, "listing", max_bytes=cdx.MAX_BYTES)
            if exchange is None:
                return Listed(rows=tuple(rows.values()), whole=False, problem=self.troubles[-1])
            listing = cdx.read(exchange)
            if listing.problem:
                if exchange.status == 200 or exchange.status >= 500:
                    self.troubles.append(listing.problem)
                return Listed(rows=tuple(rows.values()), whole=False, problem=listing.problem)
            known = len(rows)
            rows |= {(row.stamp, row.original): row for row in listing.rows}
            if listing.resume is None:
                return Listed(rows=tuple(rows.values()))
            if len(rows) == known or len(rows) >= self.desk.rows or listing.resume == resume:
                problem = f"only the first {len(rows)} captures were looked through"
                return Listed(rows=tuple(rows.values()), whole=False, problem=problem)
            resume = listing.resume

    async def file(self, wanted: Picture, stamp: str, budgets: Sequence[Budget]) -> Exchange | None:
        """A picture or film as archived around ``stamp``; ``None`` when the archive has it under none of its names.
        ``budgets``: what it may cost."""
        for url in wanted.archived:
            found = await self.memento(stamp, url, max_bytes=0, budgets=budgets, most=wanted.max_bytes)
            if found is None or found[0].status != 200 or not found[0].media_type.startswith(f"{wanted.kind}/"):
                continue
            there = wayback.landed(found[1].url)
            if there and _name(there.original) == _name(url) and _doubt(*found, None) is None:
                return found[0]
        return None

    async def memento(
        self,
        stamp: str,
        url: str,
        *,
        max_bytes: int = wayback.MAX_PAGE_BYTES,
        budgets: Sequence[Budget] = (),
        most: int | None = None,
    ) -> tuple[Exchange, Memento] | None:
        """The archived answer for ``url`` at ``stamp``, or the nearest one that there is; ``None`` when it has none.
        ``max_bytes``: what its body may be long to be read, 0 when nobody reads it; ``most``: what it may be long at
        all, ``budgets``: what it may cost."""
        asked = wayback.replay_url(self.desk.replay_url, stamp, url)
        for _ in range(_MOST_HOPS):
            exchange = await self._ask(asked, "memento", max_bytes=max_bytes, budgets=budgets, most=most)
            if exchange is None:
                return None
            replay = wayback.read_replay(exchange)
            if replay.kind == "memento" and replay.at:
                return exchange, Memento(at=replay.at, url=asked)
            if replay.problem and exchange.status >= 500:
                self.troubles.append(replay.problem)
            if not replay.next or replay.next == asked:
                return None
            asked = replay.next
        return None

    async def _ask(
        self, url: str, why: Why, *, max_bytes: int, budgets: Sequence[Budget] = (), most: int | None = None
    ) -> Exchange | None:
        """The answer, whatever it says; ``None`` when there is none, which is then among the failures."""
        # a capture never changes, so whoever wants it once has it for good; a listing belongs to its question
        slot = f"memento:{url}" if why == "memento" else self.slot
        request = Request(url=url, why=why, slot=slot, max_body_bytes=most, max_decoded_bytes=max_bytes)
        if self.patience.lost(url):
            reason = "left alone for the rest of this run"
            self._fail(Failure(request=request, word="unreachable", reason=reason, retry=True))
            return None
        exchange = await capture.within(request, self.fetcher, budgets)
        if isinstance(exchange, Failure):
            # a host that says when to come back is left to the pace; what we may not spend is no fault of anybody's
            if exchange.retry_after_s is None and exchange.word != "over-budget":
                self.patience.heard(url, well=False)
            self._fail(exchange)
            return None
        self.patience.heard(url, well=exchange.status < 500 or wayback.is_memento(exchange))
        self.exchanges.append(replace(exchange, body=None))  # hundreds of pages are read for one embed
        return exchange

    def _fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.troubles.append(f"{urlsplit(failure.request.url).hostname} {failure.word}: {failure.reason}")


def shows(found: tuple[Exchange, Memento], post: PostRef, made: Moment | None, platform: ArchivedPlatform) -> Kept:
    """What a capture shows of ``post``, which was made at ``made`` (``None``: nobody knows). Nothing where it can't be
    what it is said to be: archives lead elsewhere, and may say anything."""
    exchange, memento = found
    why = _doubt(exchange, memento, made)
    there = wayback.landed(memento.url)
    page = platform.own_page(there.original) if there else None
    if why is None and (page is None or page.post_id != post.post_id):
        why = "leads to another page"
    return Kept(nothing=why) if why else platform.kept(exchange, post, memento)


def _doubt(exchange: Exchange, memento: Memento, made: Moment | None) -> str | None:
    """What is wrong with a capture's date, in words."""
    there = wayback.landed(memento.url)
    if there is None or abs(there.at - memento.at) > _DATES_DIFFER:
        return "dated otherwise by the archive itself"
    if made and memento.at < made.at - _CLOCKS_DIFFER:
        return "captured before the post was made"
    return "dated in the future" if memento.at > exchange.started_at + _CLOCKS_DIFFER else None


def _name(url: str) -> str:
    """A file's address as archives spell it in many ways: without scheme and port."""
    return url.partition("://")[2].replace(":80/", "/", 1).replace(":443/", "/", 1)


def chosen(rows: Sequence[cdx.Row], platform: ArchivedPlatform) -> Iterator[cdx.Row]:
    """The captures worth looking at, the likeliest to show the post first, of the same bytes only one."""
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: (platform.keen(row.media_type, row.at), row.stamp)):
        if not row.digest or row.digest not in seen:
            seen.add(row.digest)
            yield row
