"""When web archives are asked, and what comes of it: for a post that its service did not show, and for an embed without
an id. One for a run, so that an archive which does not answer is given up once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archiver import archived, capture
from archiver.archives import Desk, cdx
from archiver.budget import Budget
from archiver.consult import Consultation, Patience
from archiver.identify import identify
from archiver.model import (
    Availability,
    Exchange,
    Fact,
    Failure,
    Find,
    Identification,
    Picture,
    PostRecord,
    PostRef,
)
from archiver.ports import ArchivedPlatform, Fetcher
from archiver.recover import recover

RECOVERABLE: frozenset[Availability | None] = frozenset(
    (
        "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "withheld",
        "unavailable", "ambiguous",
    )
)  # fmt: skip
"""Posts that their service was asked for, and did not show. One that nobody answered for, or that a rate limit hides,
is likely to be had from the service itself another time."""

_MOST_HELD = 1_000


class Archivist:
    """Asks the archives at ``desk``; nobody when that is ``None``."""

    def __init__(self, desk: Desk | None) -> None:
        self._desk = desk
        self._patience = Patience(desk.failures if desk else 0)
        self._searches: dict[str, asyncio.Task[Identification | None]] = {}

    def has_not_been_asked(self, body: Mapping[str, Any], platform: ArchivedPlatform, names: Sequence[str]) -> bool:
        """Whether a post that archives may have was never looked for there, or not found, and not looked for under one
        of ``names``; ``body``: its document."""
        if self._desk is None or body.get("availability") not in RECOVERABLE:
            return False
        known = body.get("recovered")
        if not known or known.get("url") or "handles" not in known:
            return not known
        post = PostRef(platform=body["platform"], post_id=body["post_id"])
        asked = platform.addresses(post, known["handles"])
        return set(platform.addresses(post, [*known["handles"], *names])) > set(asked)

    async def recovered(
        self,
        seen: PostRecord,
        platform: ArchivedPlatform,
        fetcher: Fetcher,
        budgets: Sequence[Budget] = (),
        names: Sequence[str] = (),
    ) -> PostRecord:
        """``seen``, with what archives hold of a post that its service does not show, and the pictures that those name.
        ``budgets``: what media may cost; ``names``: its author's handles beside those that the services answered."""
        if self._desk is None or seen.availability not in RECOVERABLE:
            return seen
        archive = Consultation(self._desk, fetcher, self._patience, f"archives:{seen.post.key}")
        answered = [str(fact.value) for fact in seen.facts.get("handle", ())]
        recovery = await recover(seen.post, platform.moment(seen.post), platform, archive, [*answered, *names])
        if recovery.shown and recovery.memento and recovery.wanted:
            held = await _pictures(recovery.wanted, cdx.stamp(recovery.memento.at), archive, budgets)
            kept = platform.kept(recovery.shown, seen.post, recovery.memento, held)
            facts: dict[str, tuple[Fact, ...]] = {name: (fact,) for name, fact in kept.facts}
            late = any(failure.retry for failure in archive.failures[len(recovery.failures) :])
            failures = tuple(archive.failures)
            asked = sorted(archive.exchanges, key=lambda one: (one.started_at, one.url))  # not as answers came in
            recovery = replace(recovery, facts=facts, settled=not late, exchanges=tuple(asked), failures=failures)
        return archived.recovered(seen, recovery)

    async def search(
        self,
        item: Find,
        platform: ArchivedPlatform,
        fetcher: Fetcher,
        before: Identification | None = None,
        *,
        anew: bool = False,
    ) -> Identification | None:
        """Which post an embed without an id is, as far as archives tell; looked for once for the same words. ``None``
        when they are not asked, or the embed does not say enough. ``before``: what the last look left; what is settled
        is not looked for again, unless it is to be read ``anew``."""
        if self._desk is None or (before and before.settled and not anew):
            return before if self._desk else None
        day = f"{item.handle}@{item.date}".lower()
        key = f"{day}:{before.rest if before else None}:{item.text_before}:{item.text}"
        if key not in self._searches:
            if len(self._searches) >= _MOST_HELD:
                self._searches = {name: one for name, one in self._searches.items() if not one.done()}
            archive = Consultation(self._desk, fetcher, self._patience, f"archives:{day}")
            self._searches[key] = asyncio.ensure_future(identify(item, platform, archive, before, anew=anew))
        return await self._searches[key]


async def _pictures(
    wanted: Sequence[Picture], stamp: str, archive: Consultation, budgets: Sequence[Budget]
) -> dict[str, Exchange]:
    """The pictures and films that could be had, by the first rung of their ladders."""
    found = await asyncio.gather(*(_picture(one, stamp, archive, budgets) for one in wanted))
    return {one.ladder[0]: file for one, file in zip(wanted, found, strict=True) if file}


async def _picture(wanted: Picture, stamp: str, archive: Consultation, budgets: Sequence[Budget]) -> Exchange | None:
    """The file from its own host, which often keeps it when its post is gone, else as archived around ``stamp``;
    ``None`` when neither has it."""
    got = await capture.picture(wanted, archive.fetcher, budgets)
    archive.exchanges += [one for one in got if isinstance(one, Exchange)]
    archive.failures += [one for one in got if isinstance(one, Failure)]
    if got and isinstance(last := got[-1], Exchange) and capture.is_file(last):
        return last
    return await archive.file(wanted, stamp, budgets)
