"""Short links, each to its document: what was settled before is not followed again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from archiver import outcome, record, resolve, schedule
from archiver.model import Document, PostRef, Resolution
from archiver.ports import Catalog, Clock, Fetcher
from archiver.submissions import Submissions

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """``match``: the post that an address is of, ``None`` when it is none's. ``keep``: keeps a document. ``reread``:
    read anew what was stored; the fetcher asks nobody."""

    catalog: Catalog
    clock: Clock
    match: Callable[[str], PostRef | None]
    keep: Callable[[Document], Awaitable[None]]
    submissions: Submissions
    max_hops: int
    reread: bool

    async def follow(self, short: str, fetcher: Fetcher) -> tuple[Body, bool]:
        """(the link's document body, whether this run followed it)."""
        known = self.catalog.link(short)
        is_done = known is not None and (known.get("settled") or schedule.must_wait(known, self.clock.now()))
        if known is not None and is_done and not self.reread:
            return known, False
        resolution = await resolve.resolve(short, fetcher, self.match, max_hops=self.max_hops)
        if self.reread and known is not None:
            return await self._reread(resolution, known), False
        if known is not None and known.get("source") and resolution.ended not in ("post", "page", "unsafe"):
            return known, True  # what a ledger tells, which we could not find better ourselves
        wait = resolution.try_again_after_s
        due = self.clock.now() + timedelta(seconds=wait) if wait is not None else None
        document = record.link_document(resolution, at=self.clock.now(), settled=due is None, try_again_at=due)
        document = replace(document, body=schedule.of_link(document.body, known))
        if (
            known is None
            or due is None
            or outcome.answered(resolution) > len([hop for hop in known["hops"] if hop["http_status"]])
        ):
            await self.keep(document)
        if resolution.ended == "page":
            self.submissions.captured("link", short, resolution.end)
        return document.body, True

    async def _reread(self, resolution: Resolution, known: Body) -> Body:
        """The link's document as it reads now; where its chain leads beyond what is held, as it was."""
        if resolution.ended == "pending":
            return known
        document = record.link_document(resolution, at=self.clock.now(), settled=True, try_again_at=None)
        again = {**known, **document.body}
        again |= {} if again["ended"] != "error" else {key: known.get(key) for key in ("settled", "try_again_at")}
        if {**again, "at": None} == {**known, "at": None}:
            return known
        await self.keep(replace(document, body=again))
        return again
