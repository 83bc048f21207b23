"""The order of a night's work: oldest due first, by many hands, until there is none left or somebody says stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from archiver import schedule
from archiver.errors import ArchiverError, NoInput
from archiver.model import Due, PostRef
from archiver.night.aside import aside
from archiver.night.budget import Budget
from archiver.night.discovery import NOT_READ, Discovery, Reading
from archiver.night.notes import ABOUT, Notes
from archiver.night.report import Tally
from archiver.ports import Clock, Nights
from archiver.run import Run, Target, article_key
from archiver.subscriptions import Source

Body = Mapping[str, Any]
_SOURCES_AT_ONCE = 4
_REMEMBER_EVERY_S = 20.0
# A night begins at the same hour as the one before, but comes to a post sooner or later than that did.
SAME_NIGHT = timedelta(minutes=10)
MOST_IDLE = timedelta(seconds=15)
"""What comes due within it is waited for, when nothing else is left to do."""
# What a look wrote is dated by several readings of the clock: a moment later all of it is due.
_A_MOMENT = timedelta(seconds=1)
_log = logging.getLogger(__name__)


class Night:
    """One night over an archive that is open for writing. ``documents``: the articles in a folder or crawl, told what
    can't be read; ``fingerprint``: what is the same as long as such a place did not change; ``remember``: keeps what is
    known of the hosts."""

    def __init__(
        self,
        run: Run,
        catalog: Nights,
        clock: Clock,
        discovery: Discovery,
        budget: Budget,
        *,
        hands: int,
        documents: Callable[[str, Callable[[ArchiverError], None]], Iterator[Target]],
        fingerprint: Callable[[str], str],
        remember: Callable[[], None],
    ) -> None:
        self._run = run
        self._catalog = catalog
        self._clock = clock
        self._discovery = discovery
        self._budget = budget
        self._hands = hands
        self._documents = documents
        self._fingerprint = fingerprint
        self._remember = remember
        self.tally = Tally()
        self._readings: dict[str, Reading] = {}
        self._announced = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._comes_next: datetime | None = None
        self._notes = Notes(self.tally)
        # What comes due later is another night's: so it is known beforehand what this one will do.
        self._began = clock.now()
        self._until = self._began + SAME_NIGHT

    async def work(self, sources: Sequence[Source], *, grace_s: float, stop: asyncio.Event) -> None:
        """Do what is to be done tonight. What is under way when the budget is spent, or ``stop`` is set, has
        ``grace_s`` to end; nothing that is finished is ever lost. Raises ``StoreError``."""
        working = asyncio.create_task(self._work(sources))
        ending = asyncio.create_task(self._ending(stop))
        remembering = asyncio.create_task(self._remembering())
        try:
            await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                _log.info("stopping (%s): what is under way has %g s", self._budget.over(), grace_s)
                await asyncio.wait((working,), timeout=grace_s)
            if not working.done():
                working.cancel()
                await asyncio.wait((working,))
            if not working.cancelled():
                working.result()
        finally:
            for task in (working, ending, remembering):
                task.cancel()
            await asyncio.gather(working, ending, remembering, return_exceptions=True)
            self._remember_all()
            self._notes.count()
            self._count_left()

    async def _work(self, sources: Sequence[Source]) -> None:
        self._catalog.set_right(self._clock.now())
        memories = self._catalog.recall_all("source")
        # Those first that were read longest ago, so that none is left out for ever.
        longest_ago = sorted(sources, key=lambda one: str((memories.get(one.name) or {}).get("looked_at") or ""))
        for source in sources:
            self._readings[source.name] = reading = Reading.of(source, memories.get(source.name) or {})
            self.tally.sources[source.name] = reading.said
        listing = [one for one in longest_ago if one.kind not in ("folder", "crawl")]
        discovering = asyncio.create_task(self._discover(listing))
        try:
            await self._do_what_is_due(discovering)
            await discovering
        finally:
            discovering.cancel()
            await asyncio.gather(discovering, return_exceptions=True)
        for source in longest_ago:
            if source.kind in ("folder", "crawl") and not self._budget.over():
                await self._local(self._readings[source.name])
        await self._run.finish()

    async def _do_what_is_due(self, discovering: asyncio.Task[None]) -> None:
        """Until nothing is left, and the sources name nothing new."""
        while not self._budget.over():
            self._announced.clear()
            self._comes_next = None
            all_announced = discovering.done()
            due = self._catalog.due(self._until)
            await _together([self._hand(due) for _ in range(self._hands)])
            if not all_announced:
                news = asyncio.create_task(self._announced.wait())
                await asyncio.wait((discovering, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
            elif self._comes_next is None or self._comes_next > self._clock.now() + MOST_IDLE:
                return

    async def _ending(self, stop: asyncio.Event) -> None:
        """Return once no more work is to be taken."""
        while not self._budget.over():
            try:
                await asyncio.wait_for(stop.wait(), 1.0)
            except TimeoutError:
                continue
            return

    async def _remembering(self) -> None:
        while True:
            await asyncio.sleep(_REMEMBER_EVERY_S)
            self._remember_all()

    def _remember_all(self) -> None:
        """What is known of hosts and sources, of those too that are not read to their end."""
        self._remember()
        self._catalog.remember("source", {name: one.memory for name, one in self._readings.items() if one.memory})

    # Sources

    async def _discover(self, sources: Sequence[Source]) -> None:
        room = asyncio.Semaphore(_SOURCES_AT_ONCE)

        async def one(reading: Reading) -> None:
            async with room:
                if self._budget.over():
                    return
                await self._discovery.read(reading, self._hear)
            name, said = reading.source.name, reading.said
            _log.info("source %s: %s, %d new articles", name, said["state"], said["new"])
            self._catalog.remember("source", {name: reading.memory})

        await _together([one(self._readings[source.name]) for source in sources])
        self.tally.articles["announced"] += 0

    def _hear(self, count: int) -> None:
        self.tally.articles["announced"] += count
        self._announced.set()

    async def _local(self, reading: Reading) -> None:
        """The articles of a folder or crawl that are not known, saved as they are read. What was wrong with one that
        has not changed since is said again, and nothing of it is read."""
        said, memory, where = reading.said, reading.memory, reading.source.where
        problems: list[str] = []

        def tell(error: ArchiverError) -> None:
            problems.append(str(error))

        try:
            seen = await aside(partial(self._fingerprint, where))
            if seen != memory.get("seen"):
                said["entries"] = 0
                targets = self._documents(where, tell)
                await _together([self._take(targets, said) for _ in range(self._hands)])
            else:
                said["entries"] = memory.get("entries")
                problems += [str(memory["problem"])] if memory.get("problem") else []
        except NoInput as error:
            tell(error)
            seen = ""
        if self._budget.over():
            return
        said |= {"state": "broken" if problems else "well", "said": problems[-1] if problems else ""}
        problem = problems[-1] if problems else None
        memory |= {"seen": seen, "problem": problem, "entries": said.get("entries")}
        memory["looked_at"] = self._clock.now().isoformat()
        self._catalog.remember("source", {reading.source.name: memory})

    async def _take(self, targets: Iterator[Target], said: dict[str, Any]) -> None:
        """Save those that are not known, one after the other."""
        while not self._budget.over():
            async with self._one_at_a_time:
                target = await aside(partial(next, targets, None))
            if target is None:
                return
            said["entries"] += 1
            if self._catalog.article(article_key(target)) is not None:
                continue
            async with self._budget.piece() as may:
                if may:
                    said["new"] += 1
                    ABOUT.set({"article": article_key(target)})
                    self._notes.saved(await self._run.save(target), "new")

    # What is due

    async def _hand(self, due: Iterator[Due]) -> None:
        work: dict[str, Callable[[Due, Body], Awaitable[str | None]]] = {
            "article": self._article, "post": self._post, "link": self._link,
        }  # fmt: skip
        while not self._budget.over() and (one := next(due, None)) is not None:
            ABOUT.set({one.kind: one.key})
            if not self._is_for_tonight(self._known(one)):
                continue
            if not await self._comes_due(one):
                return
            async with self._budget.piece() as may:
                known = self._known(one)
                if may and known is not None and self._is_for_tonight(known):
                    await self._move_on(one, await work[one.kind](one, known))

    async def _comes_due(self, due: Due) -> bool:
        """Wait until it is due, for ``MOST_IDLE`` at most: a second look is evidence only when it is a whole day later.
        ``False`` when that is too long, or the night ended before."""
        at = datetime.fromisoformat(due.at) + _A_MOMENT
        if at > self._clock.now() + MOST_IDLE:
            self._comes_next = min(at, self._comes_next or at)
            return False
        while (left_s := (at - self._clock.now()).total_seconds()) > 0 and not self._budget.over():
            await self._clock.sleep(min(left_s, 1.0))
        return not self._budget.over()

    def _known(self, due: Due) -> Body | None:
        if due.kind == "post":
            return self._catalog.post(_ref(due.key))
        return self._catalog.article(due.key) if due.kind == "article" else self._catalog.link(due.key)

    def _is_for_tonight(self, known: Body | None) -> bool:
        """Whether it is due, and nothing was learnt of it tonight."""
        if known is None or not self._still_due(known):
            return False
        at = datetime.fromisoformat(str(known.get("at") or known.get("saved_at")))
        unread = "announced" in known and not known.get("source") and not known.get("error")
        return unread or at < self._began or schedule.is_astray(known, self._clock.now())

    def _still_due(self, known: Body) -> bool:
        at = known.get("due_at") or known.get("try_again_at")
        due = isinstance(at, str) and datetime.fromisoformat(at) <= self._until
        return due or schedule.is_astray(known, self._clock.now())

    async def _move_on(self, due: Due, word: str | None) -> None:
        """What left no document rests, ever longer; so nothing is asked for twice a night, and nothing is forgotten.
        ``word``: the class of what failed, where its document does not say."""
        known = self._known(due)
        if known is None or not self._still_due(known):
            return
        words = [str(one.get("word")) for one in known.get("failures") or ()]
        word = words[0] if words else word or "failed"
        until = schedule.retry_at(word, due.tries + 1, self._clock.now(), due.key)
        await self._catalog.postpone(due, until, due.tries + 1, word)

    async def _article(self, due: Due, known: Body) -> str | None:
        seen = bool(known.get("source") or known.get("error"))
        target = Target(name=str(known.get("name") or due.key), url=due.key)
        saved = await self._run.save(target, again=seen, if_changed=True)
        content = (known.get("announced") or {}).get("content")
        if saved.error and content and not known.get("source"):
            # The page can't be had, but its source shows something of it.
            data = str(content).encode()
            entry = await self._run.save(Target(name=due.key, url=due.key, data=data, media_type="text/html"))
            self._notes.saved(entry, None)
            self.tally.articles["from the feed"] += 1
        self._notes.saved(saved, "checked" if known.get("source") else "new")
        if saved.unchanged:
            self.tally.articles["unchanged"] += 1
        for change in schedule.newly_changed(self._catalog.article(due.key) or {}, known):
            self.tally.changed("article", due.key, change)
        return saved.word

    async def _post(self, due: Due, known: Body) -> None:
        ref = _ref(due.key)
        if not known.get("settled"):
            await self._refresh(due)
            body = self._catalog.post(ref) or {}
            if not self._still_due(body):
                self.tally.posts["tried again"] += 1
                self._tell_changes(due, known, body)
                return
        body = await self._run.look_again(ref)
        if body.get("at") == known.get("at"):
            failure: Body = next(iter(body.get("failures") or ()), {})
            word, said = str(failure.get("word") or "failed"), str(failure.get("reason") or "no answer")
            self.tally.problem("post", due.key, word, said)
            _log.warning("post %s: %s: %s", due.key, word, said)
            return
        self.tally.posts["checked"] += 1
        _log.info("post %s: checked, %s", due.key, body.get("availability"))
        if self._tell_changes(due, known, body):
            await self._refresh(due)

    def _tell_changes(self, due: Due, known: Body, body: Body) -> bool:
        """Whether ``body`` has changes that ``known`` had not; the report and the log hear of them."""
        changes = schedule.newly_changed(body, known)
        articles = list(self._catalog.quoting("post", due.key)) if changes else []
        for change in changes:
            self.tally.changed("post", due.key, {**change, "url": body.get("url"), "articles": articles})
            _log.info("post %s: %s (%s → %s)", due.key, change["what"], change["from"], change["to"])
        return bool(changes)

    async def _link(self, due: Due, known: Body) -> None:
        await self._refresh(due)
        self.tally.links["tried again"] += 1

    async def _refresh(self, due: Due) -> None:
        """Bring the articles that quote it up to date, from what is stored; what waits in them is tried again."""
        for key in self._catalog.quoting(due.kind, due.key):
            known = self._catalog.article(key)
            target = self._stored(key, known) if known else None
            if target is not None:
                self._notes.saved(await self._run.save(target), None)

    def _stored(self, key: str, known: Body) -> Target | None:
        """The article as it is in the archive; ``None`` when its bytes are not."""
        name, url = str(known.get("name") or key), None if key.startswith("urn:") else key
        source = known.get("source") or {}
        if known.get("slot"):
            return Target(name=name, url=key)
        local = self._catalog.local(str(source.get("record_id"))) if source else None
        return Target(name=name, url=url, data=local[0], media_type=local[1]) if local else None

    def _count_left(self) -> None:
        """What a limit left."""
        if self._budget.reason:
            waits = self._catalog.waiting(self._clock.now())
            unread = sum(one["state"] == NOT_READ for one in self.tally.sources.values())
            self.tally.left = unread + sum(waits[kind] for kind in ("article", "post", "link"))


async def _together(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """All of it at once; the first error ends the rest, and is raised as it is."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ref(key: str) -> PostRef:
    platform, _, post_id = key.partition(":")
    return PostRef(platform=platform, post_id=post_id)
