"""The id of an embed of which only text is left, found through web archives.

The embed tells whose post it was, on which UTC day, and its words. Ids count time, so the archives' captures of that
account's posts of that day can be listed and read, and their words compared. One post whose words are the embed's is
the embed's; several, or words that are merely alike, are candidates for a person to judge, and never a fact.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from archiver.archives import wording
from archiver.archives.cdx import Row
from archiver.consult import Consultation, chosen, shows
from archiver.model import Candidate, Exchange, Find, Identification, Memento, Moment, PostRef, Rest, counted
from archiver.ports import ArchivedPlatform

_AT_ONCE = 8
_LOOKS = 2
"""Captures looked at for one candidate: where the likeliest shows nothing, seldom any does."""
_SHOWN = 10
_PROOF = ("same", "cut", "tail")


async def identify(
    item: Find, platform: ArchivedPlatform, archive: Consultation, before: Identification | None = None, *, anew: bool
) -> Identification | None:
    """Which post ``item`` is, as far as the archive can tell. ``None`` when it does not say enough to be looked for: a
    handle, a day and a text.

    Of a crowded day one look reads ``desk.candidates`` posts, the oldest first, and the next one goes on behind them:
    ``before``, what the last look left. Until all are read there are candidates, and no result. ``anew``: read once
    more what was read ``before``, and no further.
    """
    if not (item.handle and item.date and item.text and wording.essence(item.text)):
        return None
    posts, notes, whole = await _listed(item.handle, item.date.at.date(), platform, archive)
    asked = len(archive.troubles)
    known = before.rest if before and not anew else None
    now, left = _slice(sorted(posts, key=int), archive.desk.candidates, before, anew=anew)
    search = _Search(item.text, item.text_before, platform, archive)
    await search.read({key: posts[key] for key in now}, item.handle)
    read = (known.read if known else 0) + search.shown
    rest = Rest(after=now[-1], count=left, read=read) if left and now else None
    if len(archive.troubles) > asked and not anew:  # the next look begins where this one began
        rest = replace(known, count=len(now) + left) if known else None
    told = _together(before.candidates if known and before else (), search.candidates)
    found = None if left else _proved(told)
    notes += [f"{counted(left, 'post')} of them left for the next look"] if left else []
    seen = f"{counted(len(posts), 'post')} of that account and day in the archive, {read} of them readable"
    return Identification(
        post=PostRef(platform=platform.name, post_id=found.post_id, handle=item.handle) if found else None,
        found=found,
        candidates=told[:_SHOWN],
        listed=len(posts),
        read=read,
        whole=whole and not left,
        seen="; ".join([seen, *dict.fromkeys([*notes, *archive.troubles])]),
        settled=found is not None or not (archive.troubles or left),
        rest=None if found else rest,
        retry_after_s=max((failure.retry_after_s or 0 for failure in archive.failures), default=0) or None,
    )


def _slice(ids: Sequence[str], most: int, before: Identification | None, *, anew: bool) -> tuple[Sequence[str], int]:
    """(the posts to be read now, how many are left after them)."""
    after = int(before.rest.after) if before and before.rest else 0
    behind = [one for one in ids if int(one) > after]
    if before and anew:
        return (ids[: len(ids) - len(behind)], len(behind)) if after else (ids, 0)
    return behind[:most], max(0, len(behind) - most)


def _together(earlier: Sequence[Candidate], now: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those that resemble the embed, the likest first, and before them those that would prove it."""
    told = {one.post_id: one for one in (*earlier, *now) if one.confidence != "other"}
    return tuple(sorted(told.values(), key=lambda one: (one.confidence not in _PROOF, -one.ratio, int(one.post_id))))


def _proved(told: Sequence[Candidate]) -> Candidate | None:
    """The one whose words are the embed's. Words that agree in part prove nothing beside others that resemble it."""
    proved = [one for one in told if one.confidence in _PROOF]
    return proved[0] if len(proved) == 1 and (proved[0].confidence == "same" or len(told) == 1) else None


async def _listed(
    handle: str, day: date, platform: ArchivedPlatform, archive: Consultation
) -> tuple[Mapping[str, Sequence[Row]], list[str], bool]:
    """(captures by post id of what ``handle`` posted on ``day``, what stood in the way, whether none is missing)."""
    posts: dict[str, list[Row]] = {}
    notes: list[str] = []
    whole = True
    beginnings = platform.beginnings(handle, day)
    if not beginnings:
        return {}, ["ids of that time do not tell the day"], False
    for beginning in beginnings:
        listed = await archive.listed(beginning, prefix=True)
        whole = whole and listed.whole
        notes += [listed.problem] if listed.problem else []
        for row in listed.rows:
            post = platform.own_page(row.original)
            if post and (post.handle or "").lower() == handle.lower() and _made_on(platform.moment(post), day):
                posts.setdefault(post.post_id, []).append(row)
    return posts, notes, whole


def _made_on(made: Moment | None, day: date) -> bool:
    return made is not None and made.at.date() == day


class _Search:
    """Candidates, each read once and held against the text."""

    def __init__(self, text: str, before: str | None, platform: ArchivedPlatform, archive: Consultation) -> None:
        self._text, self._before, self._platform, self._archive = text, before, platform, archive
        self._room = asyncio.Semaphore(_AT_ONCE)
        self.candidates: list[Candidate] = []
        self.shown = 0

    async def read(self, posts: Mapping[str, Sequence[Row]], handle: str) -> None:
        """Read every one of ``posts``; those that the archive shows are counted in ``shown``."""
        refs = [PostRef(platform=self._platform.name, post_id=post_id, handle=handle) for post_id in posts]
        await asyncio.gather(*(self._one(ref, posts[ref.post_id]) for ref in refs))

    async def _one(self, post: PostRef, rows: Sequence[Row]) -> None:
        async with self._room:
            for row in list(chosen(rows, self._platform))[:_LOOKS]:
                found = await self._archive.memento(row.stamp, row.original)
                if found and self._judged(post, *found):
                    return

    def _judged(self, post: PostRef, exchange: Exchange, memento: Memento) -> bool:
        """Whether the capture shows the post, which is then judged."""
        facts = dict(shows((exchange, memento), post, self._platform.moment(post), self._platform).facts)
        text, handle = facts.get("text"), facts.get("handle")
        if text is None:
            return False
        self.shown += 1
        if handle is not None and str(handle.value).lower() != (post.handle or "").lower():
            return True  # a repost, or somebody else under an address that names this account
        likeness = wording.compare(self._text, str(text.value), before=self._before)
        self.candidates.append(
            Candidate(
                post_id=post.post_id,
                url=self._platform.canonical(post),
                confidence=likeness.kind,
                ratio=likeness.ratio,
                memento=memento,
                source=exchange.warc,
            )
        )
        return True
