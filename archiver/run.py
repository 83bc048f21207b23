"""The order of work. Nothing else knows it.

::

    target ─► fetch ─► find ─► for each find: resolve its links ─► match ─► capture ─► record ─► catalog.add
                                                                                              └─► Outcome

What was kept before is not fetched again: the fetcher gives back a complete exchange of the same slot, and a post or
link whose document says ``settled`` is not asked for at all. So a ``save`` that was killed goes on where it stopped,
and a second ``save`` of the same article costs no request.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

from archiver import capture, hops, outcome, record, resolve
from archiver.errors import BadReply, FetchError, RateLimited, UnreadableCapture
from archiver.find import find
from archiver.model import Article, Exchange, Find, Outcome, PostRef, Request, Status
from archiver.ports import Catalog, Clock, Fetcher, Platform, Watcher

Body = Mapping[str, Any]
# Without another word from the service: an answer that says nothing is asked for again after a day, the rest sooner.
_AMBIGUOUS_WAIT_S, _FAILURE_WAIT_S = 86_400.0, 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the user named. ``data``: a file's bytes, ``None`` for a URL. ``url``: where it is (or, for a saved page,
    was) on the web, ``None`` when nobody knows."""

    name: str
    url: str | None = None
    data: bytes | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """``fetched``: exchanges that came from the network; ``reused``: those that the archive already held; ``failed``:
    requests without a usable answer; ``reached``: whether anybody answered at all."""

    fetched: int = 0
    reused: int = 0
    failed: int = 0
    reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What came of one target. ``error``: why the article itself could not be had, or not to its end, ``None`` when it
    could; ``looked``: whether there was anything to look through; ``retry``: whether another try can help."""

    article: Article
    traffic: Traffic
    outcomes: tuple[Outcome, ...] = ()
    error: str | None = None
    looked: bool = True
    retry: bool = False

    @property
    def settled(self) -> bool:
        """Nothing is left that another try could add."""
        return self.error is None and all(one.settled for one in self.outcomes)


class _Counting:
    """A ``Fetcher`` that counts what came of each request; one for each article."""

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner
        self.traffic = Traffic()

    async def fetch(self, request: Request) -> Exchange:
        try:
            exchange = await self._inner.fetch(request)
        except FetchError as error:
            heard = isinstance(error, RateLimited | BadReply)
            self.traffic = replace(self.traffic, failed=self.traffic.failed + 1, reached=self.traffic.reached or heard)
            raise
        if exchange.replayed:
            self.traffic = replace(self.traffic, reused=self.traffic.reused + 1)
        else:
            self.traffic = replace(self.traffic, fetched=self.traffic.fetched + 1, reached=True)
        return exchange


class Run:
    """One run over any number of articles; what two of them share is looked up once."""

    def __init__(
        self,
        fetcher: Fetcher,
        catalog: Catalog,
        clock: Clock,
        platforms: Sequence[Platform],
        *,
        max_hops: int,
        parallel: int,
        watcher: Watcher | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._catalog = catalog
        self._clock = clock
        self._platforms = {platform.name: platform for platform in platforms}
        self._max_hops = max_hops
        self._watcher = watcher
        self._articles = asyncio.Semaphore(parallel)
        self._finds = asyncio.Semaphore(4 * parallel)
        self._underway: dict[str, asyncio.Task[tuple[Body, bool]]] = {}

    async def save_all(self, targets: Sequence[Target], *, again: bool = False) -> AsyncIterator[Saved]:
        """What came of each target, in their order, as they are done. ``again``: fetch known articles anew."""

        async def one(target: Target) -> Saved:
            async with self._articles:
                return await self.save(target, again=again)

        tasks = [asyncio.create_task(one(target)) for target in targets]
        try:
            for task in tasks:
                yield await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def save(self, target: Target, *, again: bool = False) -> Saved:
        """Find, resolve, capture and record everything in one article. Raises ``StoreError`` only."""
        fetcher = _Counting(self._fetcher)
        article, data = Article(key=article_key(target), name=target.name, kind="other", url=target.url), target.data
        media_type, charset = target.media_type, None
        slot, broken = None, None
        if data is None:
            slot = self._slot(article.key, again)
            try:
                exchange = await self._page(article.key, fetcher, slot)
            except FetchError as error:
                return await self._unavailable(article, str(error), error.retry, fetcher)
            if exchange.status != 200 or exchange.body is None:
                problem = exchange.body_problem if exchange.status == 200 else f"answered {exchange.status}"
                return await self._unavailable(article, f"{exchange.url}: {problem}", exchange.status >= 500, fetcher)
            data, media_type, charset = exchange.body, exchange.media_type, _charset(exchange)
            article = replace(article, url=exchange.url, source=exchange.warc, fetched_at=exchange.started_at)
            article = replace(article, truncated=exchange.cut is not None)
            if exchange.cut in ("time", "disconnect"):
                broken = f"{exchange.url}: the page broke off ({exchange.cut}); what came of it was looked through"
        else:
            uri = f"urn:archiver:file:sha256:{hashlib.sha256(data).hexdigest()}"
            source = await self._catalog.add_file(uri, data, media_type or "application/octet-stream")
            article = replace(article, source=source)
        finds: tuple[Find, ...] = ()
        if _is_text(media_type):
            found = find(
                data, key=article.key, name=target.name, url=article.url, media_type=media_type, charset=charset
            )
            truncated = article.truncated or found.article.truncated
            article = replace(
                found.article,
                url=article.url,
                source=article.source,
                fetched_at=article.fetched_at,
                truncated=truncated,
            )
            finds = found.finds
        if self._watcher:
            self._watcher.found(target.name, len(finds))
        outcomes = await asyncio.gather(*(self._bounded(item, article, fetcher) for item in finds))
        await self._keep_article(article, outcomes, broken, slot)
        return Saved(
            article=article,
            traffic=fetcher.traffic,
            outcomes=tuple(outcomes),
            error=broken,
            looked=article.kind != "other",
            retry=broken is not None,
        )

    async def page(self, target: Target) -> Target:
        """``target`` with its page fetched, for looking without keeping. Raises ``FetchError``."""
        key = article_key(target)
        exchange = await self._page(key, self._fetcher, f"article:{key}")
        if exchange.status != 200 or exchange.body is None:
            raise FetchError(exchange.url, exchange.body_problem or f"answered {exchange.status}")
        return replace(target, url=exchange.url, data=exchange.body, media_type=exchange.media_type or None)

    async def follow(self, link: str) -> Body:
        """Where ``link`` leads, as its document's body; what was settled before is not followed again."""
        start = self._short_link(link) or link
        body, _ = await self._once(f"link:{start}", self._link(start, self._fetcher))
        return body

    def _slot(self, key: str, again: bool) -> str:
        """Where the article's page is looked for: the newest look at it that went well, or a new one when there is none
        or ``again`` asks for one."""
        known = self._catalog.article(key)
        if known is None:
            return f"article:{key}"
        if again or known.get("error"):
            return f"article:{key}@{self._clock.now():%Y%m%dT%H%M%S.%fZ}"
        return str(known.get("slot") or f"article:{key}")

    async def _page(self, url: str, fetcher: Fetcher, slot: str) -> Exchange:
        """The article's page, over at most ``max_hops`` redirects, each of them kept."""
        here, via = url, None
        for _ in range(self._max_hops):
            accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
            exchange = await fetcher.fetch(Request(url=here, why="article", slot=slot, via=via, accept=accept))
            said = exchange.header("location")
            if exchange.status not in (301, 302, 303, 307, 308) or not said:
                return exchange
            here, via = urldefrag(hops.join(here, said)).url, here
        raise FetchError(url, f"more than {self._max_hops} redirects")

    async def _unavailable(self, article: Article, error: str, retry: bool, fetcher: _Counting) -> Saved:
        """The article could not be had. The archive remembers that it was asked for, and what an earlier look found."""
        known = self._catalog.article(article.key)
        if known is None or not known.get("source"):
            await self._keep_article(article, (), error, None)
        return Saved(article=article, traffic=fetcher.traffic, error=error, looked=False, retry=retry)

    async def _keep_article(
        self, article: Article, outcomes: Sequence[Outcome], error: str | None, slot: str | None
    ) -> None:
        """Write the article's document, unless the newest one already says the same."""
        records = [{**one.record, "status": _held(one.status)} for one in outcomes]
        document = record.article_document(article, records, at=self._clock.now(), error=error, slot=slot)
        known = self._catalog.article(article.key)
        if known is None or _lasting(known) != _lasting(document.body):
            await self._catalog.add([document])

    async def _bounded(self, item: Find, article: Article, fetcher: Fetcher) -> Outcome:
        async with self._finds:
            settled = await self._settle(item, article, fetcher)
        if self._watcher:
            self._watcher.settled(article.name, settled)
        return settled

    async def _settle(self, item: Find, article: Article, fetcher: Fetcher) -> Outcome:
        """One find, to its outcome. What goes wrong about it is in the documents of its post and links."""
        shorts = item.short_links or tuple(filter(None, [self._short(item)]))
        links = await asyncio.gather(*(self._once(f"link:{short}", self._link(short, fetcher)) for short in shorts))
        bodies = [body for body, _ in links]
        fresh = any(is_fresh for _, is_fresh in links)
        post = item.post or outcome.matched(item, bodies)
        if post is None:
            return self._outcome(item, article, None, None, bodies, outcome.of_links(item, bodies, fresh))
        post_body, is_fresh = await self._once(post.key, self._post(post, fetcher))
        verdict = outcome.of_post(post_body, bodies, fresh or is_fresh)
        return self._outcome(item, article, post, post_body, bodies, verdict)

    @staticmethod
    def _outcome(
        item: Find,
        article: Article,
        post: PostRef | None,
        post_body: Body | None,
        links: Sequence[Body],
        verdict: outcome.Verdict,
    ) -> Outcome:
        shown = record.public(
            item,
            article,
            post=post,
            post_body=post_body,
            links=links,
            status=verdict.status,
            error=verdict.error,
            try_again_at=verdict.due,
        )
        return Outcome(find=item, status=verdict.status, record=shown, error=verdict.error, try_again_at=verdict.due)

    async def _once(self, key: str, work: Any) -> tuple[Body, bool]:
        """The result of ``work``, shared by everybody who asks for the same ``key`` meanwhile or later in this run."""
        if key in self._underway:
            work.close()
            body, _ = await self._underway[key]
            return body, False
        task = self._underway[key] = asyncio.ensure_future(work)
        return await task

    def _short(self, item: Find) -> str | None:
        return None if item.post is not None or item.url is None else self._short_link(item.url)

    def _short_link(self, url: str) -> str | None:
        return next(filter(None, (platform.short_link(url) for platform in self._platforms.values())), None)

    def _match(self, url: str) -> PostRef | None:
        return next(filter(None, (platform.match(url) for platform in self._platforms.values())), None)

    async def _link(self, short: str, fetcher: Fetcher) -> tuple[Body, bool]:
        """(the link's document body, whether this run followed it)."""
        known = self._catalog.link(short)
        if known is not None and (known.get("settled") or self._must_wait(known)):
            return known, False
        resolution = await resolve.resolve(short, fetcher, self._match, max_hops=self._max_hops)
        wait = resolution.try_again_after_s
        due = self._clock.now() + timedelta(seconds=wait) if wait is not None else None
        document = record.link_document(resolution, at=self._clock.now(), settled=due is None, try_again_at=due)
        if (
            known is None
            or due is None
            or outcome.answered(resolution) > len([hop for hop in known["hops"] if hop["http_status"]])
        ):
            await self._catalog.add([document])
        return document.body, True

    async def _post(self, post: PostRef, fetcher: Fetcher) -> tuple[Body, bool]:
        """(the post's document body, whether this run asked for it)."""
        known = self._catalog.post(post)
        if known is not None and (known.get("settled") or self._must_wait(known)):
            return known, False
        looks = int(known["looks"]) if known else 0
        slot = f"{post.key}#{looks + 1}" if looks else post.key
        platform = self._platforms[post.platform]
        got = await capture.capture(post, platform, fetcher, slot=slot)
        try:
            seen, problem = record.read(got, platform, looks=looks), None
        except UnreadableCapture as unreadable:
            seen, problem = record.unread(got, str(unreadable)), str(unreadable)
        failed = any(failure.retry for failure in got.failures)
        answered = seen.availability in ("ambiguous", "error") or not (seen.settled or failed)
        wait = max((failure.retry_after_s or 0 for failure in got.failures if failure.retry), default=0)
        wait = wait or (_AMBIGUOUS_WAIT_S if answered else _FAILURE_WAIT_S)
        due = None if seen.settled else self._clock.now() + timedelta(seconds=wait)
        document = record.post_document(
            seen, at=self._clock.now(), looks=looks + answered, try_again_at=due, error=problem
        )
        if known is None or got.exchanges:
            await self._catalog.add([document])
        return document.body, True

    def _must_wait(self, body: Body) -> bool:
        """Whether the service itself gave an answer that forbids, or makes pointless, another try before its time.

        What failed for want of a network is tried again whenever somebody asks.
        """
        due = body.get("try_again_at")
        if not isinstance(due, str) or datetime.fromisoformat(due) <= self._clock.now():
            return False
        words = {failure.get("word") for failure in body.get("failures") or ()}
        if "rate-limited" in words or str(body.get("error") or "").startswith("rate-limited"):
            return True
        unreached = words & {"unreachable", "timed-out", "bad-reply"}
        return body.get("availability") in ("ambiguous", "rate_limited", "public") and not unreached


def look(target: Target) -> tuple[Article, tuple[Mapping[str, Any], ...]]:
    """The article and the public records of its finds, read from ``target.data`` alone; nothing is asked or kept."""
    found = find(
        target.data or b"", key=article_key(target), name=target.name, url=target.url, media_type=target.media_type
    )
    return found.article, tuple(record.found(item) for item in found.finds)


def article_key(target: Target) -> str:
    """The article's identity: its URL without fragment, scheme and host in lower case; for a file without a URL,
    ``urn:archiver:file:sha256:<hex>`` of its bytes."""
    if target.url is None:
        return f"urn:archiver:file:sha256:{hashlib.sha256(target.data or b'').hexdigest()}"
    parts = urlsplit(urldefrag(target.url).url)
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def _is_text(media_type: str | None) -> bool:
    """Whether an article can be read from such a document; ``None`` or an unknown type may well be one."""
    return not (media_type or "").startswith(
        ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")
    )


def _charset(exchange: Exchange) -> str | None:
    """The charset that the Content-Type header names, ``None`` without one."""
    parameters = (exchange.header("content-type") or "").split(";")[1:]
    named = (parameter.partition("=") for parameter in parameters)
    return next((value.strip(" \"'") for name, _, value in named if name.strip().lower() == "charset"), None)


def _held(status: Status) -> Status:
    """``status`` as the archive keeps it: whether this run or an earlier one captured a post is news, not knowledge."""
    return "archived" if status == "already" else status


def _lasting(body: Body) -> dict[str, Any]:
    """An article document without what changes on every look though nothing happened."""
    outcomes = [{**one, "try_again_at": None, "status": _held(one["status"])} for one in body["outcomes"]]
    slot = None if body.get("error") else body.get("slot")
    return {**body, "saved_at": None, "fetched_at": None, "slot": slot, "outcomes": outcomes}
