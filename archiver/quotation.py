"""What is known of a post from an answer about another: whoever quotes or answers a post has its words, also when it
shows them to nobody any more.

::

    the other's document ──► the stored answer that names the post ──► what it shows of it, and its pictures
                                                                            │ only where its own answers show no words
    the post's document ◄───────────────────────────────────────────────────┘ facts with ``shown_in``, behind all others

They say nothing about whether the post can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver import capture, history, relatives
from archiver.archived import memento
from archiver.as_json import capture_json, fact_json, failure_json, time_json
from archiver.budget import Budget
from archiver.model import Document, Exchange, Failure, Kept, Memento, Picture, PostRef, WarcRef
from archiver.platforms import canonical
from archiver.ports import ArchivedPlatform, Catalog, Fetcher

Body = Mapping[str, Any]
_WAIT_S = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who reads answers about ``parent`` for what they show of ``post``. ``budgets``: what its pictures may cost."""

    parent: Body
    post: PostRef
    platform: ArchivedPlatform
    catalog: Catalog
    fetcher: Fetcher
    budgets: Sequence[Budget]

    async def told(self, known: Body, now: datetime) -> Document | None:
        """The post's document, ``known`` so far, with what the answers about the other show of it; ``None`` when that
        is nothing new."""
        body = known
        for record_id, named in relatives.told_by(self.parent, self.post).items():
            if relatives.wants_words(body) and not relatives.has_all_of(body, record_id):
                body = await self._with(body, record_id, memento(named) if named else None, now)
        if body == known:
            return None
        handle = next((str(fact["value"]) for fact in body["facts"].get("handle", ())), self.post.handle)
        url = canonical(PostRef(platform=self.post.platform, post_id=self.post.post_id, handle=handle))
        body = {**body, "url": url, "at": time_json(now)}
        return Document(kind="post", key=self.post.key, at=now, body=body, refers_to=_first_capture(body))

    async def _with(self, body: Body, record_id: str, captured: Memento | None, now: datetime) -> Body:
        """``body``, with what one stored answer shows; ``captured``: the web archive's capture that it is."""
        answer = await self.catalog.answer(record_id)
        other = PostRef(platform=self.post.platform, post_id=self.parent["post_id"])
        shown = self.platform.beside(answer, self.post, other, captured) if answer else Kept()
        if answer is None or not shown.facts:
            return body
        got = [each for one in shown.wanted for each in await self._file(one)]
        held = {one.ladder[0]: file for one in shown.wanted if (file := _of(one, got))}
        facts: dict[str, list[dict[str, Any]]] = {}
        for field, fact in self.platform.beside(answer, self.post, other, captured, held).facts:
            facts.setdefault(field, []).append(fact_json(fact))
        files = [capture_json(one) for one in got if isinstance(one, Exchange)]
        again = {**body, "facts": history.with_told(body["facts"], facts, record_id)}
        again["captures"] = history.joined(body, "captures", files)
        late = [one for one in got if isinstance(one, Failure) and one.retry]
        return _waiting(again, late, now) if late else again

    async def _file(self, wanted: Picture) -> list[Exchange | Failure]:
        return await capture.picture(wanted, self.fetcher, self.budgets)


def _of(wanted: Picture, got: Sequence[Exchange | Failure]) -> Exchange | None:
    files = [one for one in got if isinstance(one, Exchange) and capture.is_file(one)]
    return next((one for one in files if one.request.url in wanted.ladder), None)


def _waiting(body: Body, late: Sequence[Failure], now: datetime) -> Body:
    """``body``, whose pictures could not be had now and may be later."""
    wait = max([one.retry_after_s or 0 for one in late]) or _WAIT_S
    due = time_json(now + timedelta(seconds=wait))
    failed = {one.request.url: failure_json(one) for one in late}
    failures = [*(one for one in body.get("failures") or () if one["url"] not in failed), *failed.values()]
    return {**body, "failures": failures, "settled": False, "try_again_at": due, "due_at": due}


def _first_capture(body: Body) -> WarcRef | None:
    first = next(iter(body.get("captures") or ()), None)
    if first is None:
        return None
    return WarcRef(
        file=first["warc"], record_id=first["record_id"], offset_bytes=first["offset"], length_bytes=first["length"]
    )
