"""The order of work for one find: its links, its post, its outcome.

::

    find ─► resolve its links ─► match ─► capture ─► record ─► catalog.add ─► Outcome
                                   └► identify ┘ └► recover ┘   (web archives: without an id; gone)

A post or link that several finds share is settled once in a run, and not at all when its document says ``settled``.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from archiver import archived, capture, history, outcome, quotation, record, relatives, schedule
from archiver.archives import Desk
from archiver.archivist import Archivist
from archiver.budget import Budget
from archiver.errors import UnreadableCapture
from archiver.following import Links
from archiver.model import (
    Article,
    Document,
    Find,
    Identification,
    Outcome,
    PostRef,
)
from archiver.ports import ArchivedPlatform, Catalog, Clock, Fetcher
from archiver.submissions import Submissions

Body = Mapping[str, Any]
# Without another word from the service: an answer that says nothing is asked for again after a day, the rest sooner.
_AMBIGUOUS_WAIT_S, _FAILURE_WAIT_S = 86_400.0, 3_600.0
# Results that a run keeps at hand; a night may see a hundred thousand.
_MOST_HELD = 2_000
_MOST_RELATIVES = 100
_FILES = frozenset(("media", "avatar", "card"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a run goes. ``max_hops``: redirects of one link; ``depth``: steps to quoted and answered posts;
    ``thread``: posts above one in its author's thread; ``max_post_bytes``, ``max_run_bytes``: of media."""

    max_hops: int
    depth: int = 1
    thread: int = 20
    max_post_bytes: int = 500_000_000
    max_run_bytes: int = 20_000_000_000


class Settler:
    """What is known of finds, posts and links, each looked up once. ``desk``: where web archives are asked, ``None``
    when they are not."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        platforms: Sequence[ArchivedPlatform],
        reach: Reach,
        *,
        rhythm: schedule.Rhythm = schedule.SHIPPED,
        desk: Desk | None = None,
        reread: bool = False,
    ) -> None:
        """``reread``: read anew what was stored, whether it is settled or not; the fetcher asks nobody."""
        self.written = 0
        self._reread = reread
        self._catalog = catalog
        self._clock = clock
        self._platforms = {platform.name: platform for platform in platforms}
        self._reach = reach
        self._budget = Budget(reach.max_run_bytes)
        self._rhythm = rhythm
        self._underway: dict[str, asyncio.Task[tuple[Body, bool]]] = {}
        self._learnt: set[str] = set()  # posts of which answers about others told more in this run
        self._archivist = Archivist(desk)
        self.submissions = Submissions(desk, clock)
        self._links = Links(
            catalog=catalog,
            clock=clock,
            match=self._match,
            keep=self._keep,
            submissions=self.submissions,
            max_hops=reach.max_hops,
            reread=reread,
        )

    async def link(self, link: str, fetcher: Fetcher) -> Body:
        """Where ``link`` leads, as its document's body; what was settled before is not followed again."""
        start = self._short_link(link) or link
        body, _ = await self._once(f"link:{start}", self._links.follow(start, fetcher))
        return body

    async def post_again(self, post: PostRef, fetcher: Fetcher) -> Body:
        """A new look at ``post``, settled or not, and the body of its document afterwards. When nobody answered that is
        the one that was there (its ``at`` tells), with this look's ``failures``."""
        held = self._underway.get(post.key)
        if held is not None:
            body, asked = await held
            if asked:
                return body
            if self._underway.get(post.key) is held:  # an article that quotes it was content with what was known
                del self._underway[post.key]
        body, _ = await self._once(post.key, self._post(post, fetcher, again=True))
        return body

    async def find(self, item: Find, article: Article, fetcher: Fetcher) -> Outcome:
        """One find, to its outcome. What goes wrong about it is in the documents of its post and links."""
        shorts = item.short_links or tuple(filter(None, [self._short(item)]))
        links = await asyncio.gather(
            *(self._once(f"link:{short}", self._links.follow(short, fetcher)) for short in shorts)
        )
        bodies = [body for body, _ in links]
        fresh = any(is_fresh for _, is_fresh in links)
        post, search = item.post or outcome.matched(item, bodies), None
        if post is None:
            verdict = outcome.of_links(item, bodies, fresh)
            if item.kind == "embed" and verdict.status == "unavailable":
                before = self._last_search(item, article)
                platform = self._platform_of(item)
                search = await self._archivist.search(item, platform, fetcher, before, anew=self._reread)
            post = search.post if search else None
            if post is None:
                verdict = outcome.of_search(verdict, search, self._clock.now()) if search else verdict
                return self._outcome(item, article, None, None, bodies, verdict, search=search)
        said = self._catalog.policy(replace(post, handle=post.handle or item.handle))
        if said and said["policy"] == "purge":
            verdict = outcome.Verdict("refused", purged(said))
            return self._outcome(item, article, post, None, bodies, verdict)
        names = (item.handle, item.post.handle if item.post else None, *relatives.names_of(post, *bodies))
        post_body, is_fresh = await self._once(post.key, self._post(post, fetcher, names))
        kin = await self._relatives(post_body, fetcher)
        verdict = outcome.of_post(post_body, bodies, fresh or is_fresh, relatives.waiting(kin))
        return self._outcome(item, article, post, post_body, bodies, verdict, kin, search=search)

    def _last_search(self, item: Find, article: Article) -> Identification | None:
        """What web archives told of the same embed at the last look, as the article's document has it."""
        known = self._catalog.article(article.key) or {}
        said = {("handle", item.handle), ("text", item.text), ("posted_at", str(item.date))}
        for one in known.get("outcomes") or ():
            if one.get("identified") and said <= {(claim["field"], claim["value"]) for claim in one["claims"]}:
                return archived.identification(one["identified"], str(item.platform or one["platform"]), item.handle)
        return None

    async def _relatives(self, body: Body, fetcher: Fetcher) -> tuple[relatives.Relative, ...]:
        """The posts that a post quotes and answers, theirs too as far as ``depth`` goes, and its author's own thread
        upwards; each a post of its own, captured and kept like any other."""
        found: dict[str, relatives.Relative] = {}
        edge = [(body, 0, True)]  # (a post, its distance, whether it stands in the thread)
        threaded = 0
        while edge and len(found) < _MOST_RELATIVES:
            wanted: list[tuple[relatives.Relation, Body, PostRef, int, bool]] = []
            for parent, distance, in_thread in edge:
                for relation, post in relatives.named_by(parent):
                    own = in_thread and relation == "thread" and threaded < self._reach.thread
                    threaded += own
                    known = post.key in found or post.platform not in self._platforms
                    known = known or self._purged(post)
                    if not known and (own or distance < self._reach.depth):
                        wanted.append((relation, parent, post, distance + 1, own))
            got = await asyncio.gather(
                *(
                    self._once(post.key, self._post(post, fetcher, relatives.names_of(post, parent)))
                    for _, parent, post, _, _ in wanted
                )
            )
            edge = []
            for (relation, parent, post, distance, own), (held, _) in zip(wanted, got, strict=True):
                child = await self._told(held, parent, post, fetcher)
                found[post.key] = relatives.Relative(relation, parent["post_id"], post, child)
                edge.append((child, distance, own))
        found.pop(f"{body['platform']}:{body['post_id']}", None)
        return tuple(found.values())

    async def _told(self, child: Body, parent: Body, post: PostRef, fetcher: Fetcher) -> Body:
        """``child``, the document of ``post``, with what the answers about ``parent`` show of it; one answer after the
        other, since several posts may quote it."""
        if not (relatives.wants_words(child) and relatives.told_by(parent, post)):
            return child
        body, _ = await self._once(
            post.key, self._quotation(self._underway.pop(post.key, None), child, parent, post, fetcher)
        )
        return body

    async def _quotation(
        self,
        before: asyncio.Task[tuple[Body, bool]] | None,
        child: Body,
        parent: Body,
        post: PostRef,
        fetcher: Fetcher,
    ) -> tuple[Body, bool]:
        known, fresh = await before if before else (child, False)
        desk = quotation.Desk(
            parent=parent,
            post=post,
            platform=self._platforms[post.platform],
            catalog=self._catalog,
            fetcher=fetcher,
            budgets=(self._budget, Budget(self._reach.max_post_bytes)),
        )
        document = await desk.told(known, self._clock.now())
        if document is None:
            return known, fresh
        if self._reread:  # what was given up then is not wanted now
            stays = {key: known.get(key) for key in ("settled", "failures", "try_again_at", "due_at")}
            document = replace(document, body={**document.body, **stays})
            if {**document.body, "at": None} == {**known, "at": None}:
                return known, fresh
        await self._keep(document)
        self._learnt.add(post.key)
        return document.body, fresh

    async def anew(self, settled: Outcome, article: Article, fetcher: Fetcher) -> Outcome:
        """``settled``, or what is to be said instead since other finds of the article told more of its post."""
        shown = settled.record
        if f"{shown['platform']}:{shown['post_id']}" not in self._learnt or relatives.is_told(shown):
            return settled
        again = await self.find(settled.find, article, fetcher)
        if again.status != "already":
            return again
        return replace(again, status="archived", record={**again.record, "status": "archived"})

    def _purged(self, post: PostRef) -> bool:
        said = self._catalog.policy(post)
        return said is not None and said["policy"] == "purge"

    def _outcome(
        self,
        item: Find,
        article: Article,
        post: PostRef | None,
        post_body: Body | None,
        links: Sequence[Body],
        verdict: outcome.Verdict,
        kin: Sequence[relatives.Relative] = (),
        search: Identification | None = None,
    ) -> Outcome:
        shown = record.public(
            item,
            article,
            post=post,
            post_body=post_body,
            links=links,
            related=[relatives.as_json(one) for one in kin],
            status=verdict.status,
            error=verdict.error,
            try_again_at=verdict.due,
            search=search,
        )
        open_ones = [body for body in (post_body or {}, *links) if not body.get("settled")]
        return Outcome(
            find=item,
            status=verdict.status,
            record=shown,
            error=verdict.error,
            try_again_at=verdict.due,
            firm=verdict.due is not None and any(schedule.must_wait(body, self._clock.now()) for body in open_ones),
        )

    async def _once(self, key: str, work: Any) -> tuple[Body, bool]:
        """The result of ``work``, shared by everybody who asks for the same ``key`` meanwhile or soon in this run.
        Later the catalog knows it."""
        if key in self._underway:
            work.close()
            body, _ = await self._underway[key]
            return body, False
        for old in list(itertools.islice(self._underway, max(0, len(self._underway) - _MOST_HELD))):
            if self._underway[old].done():
                del self._underway[old]
        task = self._underway[key] = asyncio.ensure_future(work)
        return await task

    def _platform_of(self, item: Find) -> ArchivedPlatform:
        return self._platforms.get(item.platform or "") or next(iter(self._platforms.values()))

    def _short(self, item: Find) -> str | None:
        return None if item.post is not None or item.url is None else self._short_link(item.url)

    def _short_link(self, url: str) -> str | None:
        return next(filter(None, (platform.short_link(url) for platform in self._platforms.values())), None)

    def _match(self, url: str) -> PostRef | None:
        return next(filter(None, (platform.match(url) for platform in self._platforms.values())), None)

    async def _post(
        self, post: PostRef, fetcher: Fetcher, names: Sequence[str | None] = (), *, again: bool = False
    ) -> tuple[Body, bool]:
        """(the post's document body, whether this run asked for it). ``names``: handles that its author is known by."""
        known = self._catalog.post(post)
        if self._reread:
            return await self._post_reread(post, fetcher, known), False
        handles = [name for name in (*names, *relatives.names_of(post, known or {})) if name]
        platform = self._platforms[post.platform]
        unasked = known is not None and self._archivist.has_not_been_asked(known, platform, handles)
        done = known is not None and (
            (known.get("settled") and not unasked) or schedule.must_wait(known, self._clock.now())
        )
        if known is not None and done and not again:
            return known, False
        looks = int(known["looks"]) if known else 0
        if known is not None and schedule.is_wanted(known, self._clock.now()):
            if {failure["why"] for failure in known["failures"]} <= _FILES:
                # They are tried once more first: if the post is gone now, no answer names them any more.
                known, _ = await self._looked(post, fetcher, known, handles, looks, anew=False)
            looks = int(known["looks"]) + (not known.get("settled"))
            return await self._looked(post, fetcher, known, handles, looks)
        anew = known is None or bool(known.get("settled")) or not known.get("watch_at")
        return await self._looked(post, fetcher, known, handles, looks, anew=anew)

    async def _looked(
        self,
        post: PostRef,
        fetcher: Fetcher,
        known: Body | None,
        names: Sequence[str],
        looks: int,
        *,
        anew: bool = True,
    ) -> tuple[Body, bool]:
        """The look after so many: its document, kept unless nobody answered. ``anew`` as in ``schedule.of_post``."""
        document = await self._look(post, fetcher, known, looks, names)
        stands = document.body["looks"] == looks
        body = schedule.of_post(document.body, known, self._rhythm, anew=anew, stands=stands)
        document = replace(document, body=body)
        if known is None or document.refers_to:
            await self._keep(document)
            if document.body["availability"] == "public":
                self.submissions.captured("post", post.key, document.body["url"])
        elif known.get("settled"):
            return {**known, "failures": document.body["failures"]}, False
        return document.body, True

    async def _look(
        self, post: PostRef, fetcher: Fetcher, known: Body | None, looks: int, names: Sequence[str]
    ) -> Document:
        """What the services answer in the look after so many, and the archives where that is nothing, beside what the
        looks before it left. ``names``: further handles under which archives may have it."""
        platform = self._platforms[post.platform]
        slot = f"{post.key}#{looks + 1}" if looks else post.key
        budgets = (self._budget, Budget(self._reach.max_post_bytes))
        got = await capture.capture(post, platform, fetcher, slot=slot, budgets=budgets)
        if self._reread and (self._catalog.post(post) or {}).get("settled"):
            got = replace(got, failures=())  # what was given up then is not wanted now
        try:
            seen = record.read(got, platform, looks=looks, before=known)
            problem = seen.unread
        except UnreadableCapture as unreadable:
            seen, problem = record.unread(got, str(unreadable)), str(unreadable)
        seen = await self._archivist.recovered(seen, platform, fetcher, budgets, names)
        failed = any(failure.retry for failure in seen.failures)
        answered = seen.availability in ("ambiguous", "error") or not (seen.settled or failed)
        wait = max((failure.retry_after_s or 0 for failure in seen.failures if failure.retry), default=0)
        wait = wait or (_AMBIGUOUS_WAIT_S if answered else _FAILURE_WAIT_S)
        due = None if seen.settled else self._clock.now() + timedelta(seconds=wait)
        return record.post_document(
            seen, at=self._clock.now(), looks=looks + answered, try_again_at=due, error=problem, before=known
        )

    async def _post_reread(self, post: PostRef, fetcher: Fetcher, known: Body | None) -> Body:
        """The post's document, made anew from all that was answered in all looks; written when it says otherwise.

        What no reading can change (when to look again, what failed for want of an answer) stays as it is.
        """
        body: Body | None = None
        names = ((known or {}).get("recovered") or {}).get("handles") or ()
        asked = history.asked_as(known or {}, self._match) or (post.handle,)
        for looks in range(int(known["looks"]) + 1 if known else 1):
            # under whichever handle it was asked for in that look: the one whose answers are all there
            tried = [await self._look(replace(post, handle=one), fetcher, body, looks, names) for one in asked]
            document = max(tried, key=lambda one: len(one.body["captures"]))
            if document.refers_to or known is None:
                body = document.body
        if body is None or known is None or not history.has_all(body, known):
            return known or body or {}
        again = history.reread(body, known)
        if {**again, "at": None} == {**known, "at": None}:
            return known
        await self._keep(replace(document, body=again))
        return again

    async def _keep(self, document: Document) -> None:
        self.written += 1
        await self._catalog.add([document])


def purged(decision: Body) -> str:
    """Why a post is not kept, in a sentence."""
    return f"removed from the archive on {str(decision['at'])[:10]}: {decision['reason']}"
