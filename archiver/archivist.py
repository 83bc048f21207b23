"""When web archives are asked, and what comes of it: for a post that its service did not show, and for an embed without
an id. One for a run, so that an archive which does not answer is given up once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from archiver import archived
from archiver.archives import Desk
from archiver.consult import Consultation, Patience
from archiver.identify import identify
from archiver.model import Availability, Find, Identification, PostRecord
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


class Archivist:
    """Asks the archives at ``desk``; nobody when that is ``None``."""

    def __init__(self, desk: Desk | None) -> None:
        self._desk = desk
        self._patience = Patience(desk.failures if desk else 0)
        self._searches: dict[str, asyncio.Task[Identification | None]] = {}

    def has_not_been_asked(self, body: Mapping[str, Any]) -> bool:
        """Whether a post that archives may have was never looked for there; ``body``: its document."""
        return self._desk is not None and body.get("availability") in RECOVERABLE and not body.get("recovered")

    async def recovered(self, seen: PostRecord, platform: ArchivedPlatform, fetcher: Fetcher) -> PostRecord:
        """``seen``, with what archives hold of a post that its service does not show."""
        if self._desk is None or seen.availability not in RECOVERABLE:
            return seen
        archive = Consultation(self._desk, fetcher, self._patience, f"archives:{seen.post.key}")
        return archived.recovered(seen, await recover(seen.post, platform.moment(seen.post), platform, archive))

    async def search(self, item: Find, platform: ArchivedPlatform, fetcher: Fetcher) -> Identification | None:
        """Which post an embed without an id is, as far as archives tell; looked for once for the same words. ``None``
        when they are not asked, or the embed does not say enough."""
        if self._desk is None:
            return None
        day = f"{item.handle}@{item.date}".lower()
        key = f"{day}:{item.text}"
        if key not in self._searches:
            archive = Consultation(self._desk, fetcher, self._patience, f"archives:{day}")
            self._searches[key] = asyncio.ensure_future(identify(item, platform, archive))
        return await self._searches[key]
