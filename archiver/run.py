"""The order of work: articles. What is done about each find of one is ``settle``'s.

::

    target ─► fetch ─► find ─► for each find: settle ─► Outcome ─► the article's document ─► catalog.add

What was kept before is not fetched again: the fetcher gives back a complete exchange of the same slot, and a post or
link whose document says ``settled`` is not asked for at all. So a ``save`` that was killed goes on where it stopped,
and a second ``save`` of the same article costs no request.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

from archiver import articles, record, schedule
from archiver.archives import Desk
from archiver.errors import BadReply, FetchError, RateLimited
from archiver.find import find
from archiver.model import Article, Exchange, Find, Outcome, PostRef, Request, Status, WarcRef
from archiver.page import Opened, Page, Pages, charset, looked_through
from archiver.ports import ArchivedPlatform, Catalog, Clock, Fetcher, Nights, Watcher
from archiver.settle import Reach, Settler
from archiver.sources import identity, same_site, tidy

__all__ = ["Reach", "Run", "Saved", "Target", "Traffic", "article_key", "kept", "look"]
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the user named. ``data``: a file's bytes, ``None`` for a URL. ``url``: where it is (or, for a saved page,
    was) on the web, ``None`` when nobody knows. ``media_type``, ``charset``: as a server named them, else ``None``."""

    name: str
    url: str | None = None
    data: bytes | None = None
    media_type: str | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An article that a source named, not asked for yet. ``content``: HTML or text of the source's own entry."""

    url: str
    title: str | None = None
    published: datetime | None = None
    content: str | None = None


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
    could; ``looked``: whether there was anything to look through; ``retry``: whether another try can help;
    ``same_as``: the key of the article that it turned out to be another address of; ``unchanged``: the server said
    that its page is as we hold it; ``word``: the class of ``error`` (``FetchError.word``, ``gone`` for 404 and 410);
    ``hint``: what can be done about it, or ``None``."""

    article: Article
    traffic: Traffic
    outcomes: tuple[Outcome, ...] = ()
    error: str | None = None
    looked: bool = True
    retry: bool = False
    same_as: str | None = None
    unchanged: bool = False
    word: str | None = None
    hint: str | None = None

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
        platforms: Sequence[ArchivedPlatform],
        *,
        reach: Reach,
        parallel: int,
        watcher: Watcher | None = None,
        rhythm: schedule.Rhythm = schedule.SHIPPED,
        desk: Desk | None = None,
        reread: bool = False,
    ) -> None:
        """``desk``: where web archives are asked, ``None`` when they are not. ``reread``: nobody is asked, and what is
        settled is read anew (``kept`` names the articles)."""
        self._fetcher = fetcher
        self._catalog = catalog
        self._clock = clock
        self._settler = Settler(catalog, clock, platforms, reach, rhythm=rhythm, desk=desk, reread=reread)
        self._pages = Pages(catalog, clock, reach.max_hops)
        self._watcher = watcher
        self._written = 0
        self._rhythm = rhythm
        self._articles = asyncio.Semaphore(parallel)
        self._finds = asyncio.Semaphore(4 * parallel)

    async def save_all(self, targets: Sequence[Target], *, again: bool = False) -> AsyncIterator[Saved]:
        """What came of each target, in their order, as they are done. ``again``: fetch known articles anew."""

        async def one(target: Target) -> Saved:
            async with self._articles:
                return await self.save(target, again=again)

        tasks = [asyncio.create_task(one(target)) for target in targets]
        try:
            for task in tasks:
                yield await task
            await self.finish()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self) -> None:
        """The end of a run that did more than to look: see ``Submissions.finish``. Raises ``StoreError``."""
        self._written += await self._settler.submissions.finish(self._fetcher, self._catalog)

    async def save(self, target: Target, *, again: bool = False, if_changed: bool = False) -> Saved:
        """Find, resolve, capture and record everything in one article; ``again`` and ``if_changed`` as in
        ``Pages.look``. Raises ``StoreError`` only."""
        fetcher = _Counting(self._fetcher)
        named = Article(key=article_key(target), name=target.name, kind="other", url=target.url)
        try:
            opened = await self._opened(target, named, fetcher, again=again, if_changed=if_changed)
        except FetchError as error:
            return await self._unavailable(named, error, fetcher)
        article, finds = looked_through(opened)
        page, broken = opened.page, opened.broken
        if twin := self._twin(article):
            await self._keep_article(article, (), None, page, same_as=twin)
            return Saved(article=article, traffic=fetcher.traffic, same_as=twin)
        if self._watcher:
            self._watcher.found(target.name, len(finds))
        settled = await asyncio.gather(*(self._bounded(item, article, fetcher) for item in finds))
        outcomes = [await self._settler.anew(one, article, fetcher) for one in settled]
        await self._keep_article(article, outcomes, broken, page)
        await self._settler.submissions.submit(fetcher)
        return Saved(
            article=article,
            traffic=fetcher.traffic,
            outcomes=tuple(outcomes),
            error=broken,
            looked=article.kind != "other",
            retry=broken is not None,
            unchanged=page is not None and page.unchanged is not None,
        )

    async def _opened(
        self, target: Target, article: Article, fetcher: Fetcher, *, again: bool, if_changed: bool
    ) -> Opened:
        """The target's bytes, safe in the archive. Raises ``FetchError`` when there is no page."""
        if target.data is not None:
            uri = f"urn:archiver:file:sha256:{hashlib.sha256(target.data).hexdigest()}"
            source = await self._catalog.add_file(uri, target.data, target.media_type or "application/octet-stream")
            held = replace(article, source=source)
            return Opened(article=held, data=target.data, media_type=target.media_type, charset=target.charset)
        page = await self._pages.look(article.key, fetcher, again=again, if_changed=if_changed)
        data, answer, broken = page.body(), page.answer, None
        if answer.cut in ("time", "disconnect"):
            broken = f"{answer.url}: the page broke off ({answer.cut}); what came of it was looked through"
        return Opened(
            article=replace(
                article,
                url=answer.url,
                source=answer.warc,
                fetched_at=answer.started_at,
                truncated=answer.cut is not None,
            ),
            data=data,
            media_type=answer.media_type,
            charset=charset(answer),
            page=page,
            broken=broken,
        )

    async def page(self, target: Target) -> Target:
        """``target`` with its page fetched, for looking without keeping. Raises ``FetchError``."""
        key = article_key(target)
        page = await self._pages.look(key, self._fetcher)
        data, exchange = page.body(), page.answer
        return replace(
            target,
            url=exchange.url,
            data=data,
            media_type=exchange.media_type or None,
            charset=charset(exchange),
        )

    @property
    def written(self) -> int:
        """Documents that this run wrote: what is known now and was not known before."""
        return self._written + self._settler.written

    async def look_again(self, post: PostRef) -> Body:
        """See ``Settler.post_again``."""
        return await self._settler.post_again(post, self._fetcher)

    async def follow(self, link: str) -> Body:
        """Where ``link`` leads, as its document's body; what was settled before is not followed again."""
        return await self._settler.link(link, self._fetcher)

    async def _unavailable(self, article: Article, error: FetchError, fetcher: _Counting) -> Saved:
        """The article could not be had. The archive remembers that it was asked for, and what an earlier look found."""
        known = self._catalog.article(article.key)
        if known is None or not known.get("source"):
            await self._keep_article(article, (), str(error), None, word=error.word)
        return Saved(
            article=article,
            traffic=fetcher.traffic,
            error=str(error),
            word=error.word,
            looked=False,
            retry=error.retry,
            hint=error.hint,
        )

    async def announce(
        self, found: Sequence[Announced], *, source: str, seen_in: WarcRef | None, due: datetime
    ) -> None:
        """Write down that there are these articles, so that they are fetched when their turn comes: in this run or a
        later one, whatever the source says then. ``seen_in``: the record that names them. ``due``: since when."""
        now = self._clock.now()
        documents = []
        for number, one in enumerate(found):
            target = Target(name=one.url, url=one.url)
            article = Article(key=article_key(target), name=one.url, kind="other", url=one.url, title=one.title)
            turn = due + timedelta(microseconds=number)  # in their order
            told = {"by": source, "at": now, "published": one.published, "content": one.content, "seen_in": seen_in}
            documents.append(articles.announcement(article, told, at=turn, aliases=(identity(one.url),)))
        await self._catalog.add(documents)

    def _twin(self, article: Article) -> str | None:
        """The known article that this one, which a source announced, is another address of: by where its redirects
        end, or by its canonical link, if that is on its own site."""
        known = self._catalog.article(article.key)
        if known is None or "announced" not in known or known.get("source"):
            return None
        others = self._catalog.known_as(_aliases(article))
        return next((key for key in others.values() if key != article.key and not self._is_twin(key)), None)

    def _is_twin(self, key: str) -> bool:
        known = self._catalog.article(key)
        return known is None or bool(known.get("same_as")) or not known.get("source")

    async def _keep_article(
        self,
        article: Article,
        outcomes: Sequence[Outcome],
        error: str | None,
        page: Page | None,
        *,
        word: str = "failed",
        same_as: str | None = None,
    ) -> None:
        """Write the article's document, unless the newest one already says the same."""
        records = [_to_be_kept(one) for one in outcomes]
        slot = page.slot if page else None
        document = articles.article_document(article, records, at=self._clock.now(), error=error, slot=slot)
        known = self._catalog.article(article.key)
        fresh = page is not None and (page.unchanged is not None or known is None or slot != known.get("slot"))
        body = schedule.of_article(document.body, known, self._rhythm, looked=error is not None or fresh, word=word)
        body |= articles.standing(page.unchanged if page else None, known, slot)
        if page and page.same_validators and schedule.newly_changed(body, known):
            body |= {"validators_lie": True}
        if same_as:
            body |= {"same_as": same_as, "due_at": None}
        document = replace(document, body=body | {"aliases": _aliases(article)})
        if known is None or _lasting(known) != _lasting(document.body):
            self._written += 1
            await self._catalog.add([document])

    async def _bounded(self, item: Find, article: Article, fetcher: Fetcher) -> Outcome:
        async with self._finds:
            settled = await self._settler.find(item, article, fetcher)
        if self._watcher:
            self._watcher.settled(article.name, settled)
        return settled


def kept(catalog: Nights) -> Iterator[Target]:
    """Every article whose bytes the archive holds, to be looked through again. Raises ``Damaged``."""
    for key in [row["key"] for row in catalog.articles()]:
        known = catalog.article(key)
        if known is None or not known.get("source"):
            continue
        url = None if key.startswith("urn:") else key
        if known.get("slot"):
            yield Target(name=known["name"], url=url)
        elif held := catalog.local(known["source"]["record_id"]):
            yield Target(name=known["name"], url=url, data=held[0], media_type=held[1])


def look(target: Target) -> tuple[Article, tuple[Mapping[str, Any], ...]]:
    """The article and the public records of its finds, read from ``target.data`` alone; nothing is asked or kept."""
    found = find(
        target.data or b"",
        key=article_key(target),
        name=target.name,
        url=target.url,
        media_type=target.media_type,
        charset=target.charset,
    )
    return found.article, tuple(record.found(item) for item in found.finds)


def article_key(target: Target) -> str:
    """The article's identity: its URL without fragment, scheme and host in lower case; for a file without a URL,
    ``urn:archiver:file:sha256:<hex>`` of its bytes."""
    if target.url is None:
        return f"urn:archiver:file:sha256:{hashlib.sha256(target.data or b'').hexdigest()}"
    parts = urlsplit(urldefrag(target.url).url)
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def _aliases(article: Article) -> list[str]:
    """The identities under which the article is known: its address, where redirects led, and its canonical link."""
    addresses = [article.key, article.url]
    if article.url and article.canonical_url and (canonical := tidy(article.canonical_url, article.url)):
        addresses.append(canonical if same_site(article.url, canonical) else None)
    tidied = (tidy(one) for one in addresses if one)
    return list(dict.fromkeys(identity(one) for one in tidied if one))


def _held(status: Status) -> Status:
    """``status`` as the archive keeps it: whether this run or an earlier one captured a post is news, not knowledge."""
    return "archived" if status == "already" else status


def _to_be_kept(outcome: Outcome) -> dict[str, Any]:
    """Its public record without what the post's own document will say better at any later time."""
    passing = ("due_at", "changes", "submitted")
    return {key: value for key, value in outcome.record.items() if key not in passing} | {
        "status": _held(outcome.status)
    }


def _lasting(body: Body) -> dict[str, Any]:
    """An article document without what changes on every look though nothing happened."""
    outcomes = [{**one, "try_again_at": None, "status": _held(one["status"])} for one in body["outcomes"]]
    slot = None if body.get("error") else body.get("slot")
    passing = dict.fromkeys(("saved_at", "fetched_at", "not_modified"))
    return {"validators_lie": False, **body, **passing, "slot": slot, "outcomes": outcomes}
