"""What a source says tonight, and which of its articles nobody knows yet."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urljoin

from archiver.errors import ArchiverError, FetchError, StoreError
from archiver.model import Request, WarcRef
from archiver.night.aside import aside
from archiver.night.report import EMPTY_TOO_OFTEN
from archiver.ports import Clock, Glimpse, Nights, Scout
from archiver.run import Announced, Run
from archiver.sources import Entry, Listing, identity, read_csv, read_feed, read_lines, read_sitemap
from archiver.subscriptions import Source

Json = dict[str, Any]
_MAX_HOPS = 5
_MAX_MAPS = 500
_MAX_DEPTH = 3
_AT_ONCE = 200
_ATTEMPTS = 2
_PAUSE_S = 3.0
_REST_AFTER = 5
_LONGEST_REST_DAYS = 7
_MOST_DECODED = 60_000_000
NOT_READ = "not read"
"""The state of a source that a limit or a signal left unread, or not read to its end."""
_log = logging.getLogger(__name__)
_ACCEPT = {
    "feed": "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5",
    "sitemap": "application/xml,text/xml;q=0.9,*/*;q=0.5",
    "list": "text/plain,text/csv,*/*;q=0.5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a source's document said: ``listing`` is ``None`` when it has not changed. ``held``: how many articles and
    maps it names, those too that are older than what is wanted of it."""

    listing: Listing | None
    validators: Json
    glimpse: Glimpse | None = None
    held: int = 0


@dataclass(slots=True)
class Reading:
    """A source tonight, as far as it has been read. ``said``: its row in the report; ``memory``: what to remember of
    it, always such that the next night goes on where this one was stopped."""

    source: Source
    said: Json
    memory: Json

    @classmethod
    def of(cls, source: Source, memory: Mapping[str, Any]) -> Reading:
        """Not begun."""
        return cls(source, {**_said(source, NOT_READ, "the night ended before it was read to its end")}, {**memory})


class _Stopped(Exception):
    """No more work is to be begun."""


class Discovery:
    """Reads sources that list articles, and announces those that are new. ``read_file``: the bytes of a local list;
    ``over``: whether no more work is to be begun."""

    def __init__(
        self,
        scout: Scout,
        catalog: Nights,
        clock: Clock,
        run: Run,
        read_file: Callable[[str], bytes],
        over: Callable[[], object],
    ) -> None:
        self._scout = scout
        self._catalog = catalog
        self._clock = clock
        self._run = run
        self._read_file = read_file
        self._over = over
        self._began = clock.now()
        self._one_at_a_time = asyncio.Lock()  # what two sources name at once is new once

    async def read(self, reading: Reading, announced: Callable[[int], None]) -> None:
        """Read a source, and say in ``reading`` what came of it. ``announced`` hears of new articles as they are
        written down. Raises ``StoreError`` alone: whatever is wrong with a source costs that source."""
        source, now = reading.source, self._clock.now()
        until = reading.memory.get("rests_until")
        if isinstance(until, str) and now < datetime.fromisoformat(until) <= now + timedelta(days=_LONGEST_REST_DAYS):
            failures = reading.memory["failures"]
            said = f"failed {failures} times; left alone until {until[:16]}Z"
            reading.said |= {"state": "resting", "said": said}
            return
        try:
            problem = await self._read(reading, announced)
        except StoreError:
            raise
        except _Stopped:
            return
        except FetchError as error:
            self._broken(reading, error.reason if error.url == source.name else str(error))
            return
        except ArchiverError as error:
            self._broken(reading, str(error))
            return
        memory = reading.memory
        if problem and not memory.get("entries"):
            self._broken(reading, problem)
            return
        memory |= {"failures": 0, "looked_at": now.isoformat()}
        memory.pop("rests_until", None)
        state, said = ("broken", problem) if problem else ("well", "")
        if memory.get("empty", 0) >= EMPTY_TOO_OFTEN:
            state, said = "empty", f"empty {memory['empty']} times in a row"
        reading.said |= {"state": state, "said": said, "entries": memory.get("entries")}

    async def _read(self, reading: Reading, announced: Callable[[int], None]) -> str | None:
        """What was wrong; what was learnt is in ``reading``."""
        source, memory = reading.source, reading.memory
        if not source.remote:
            return await self._local(reading, announced)
        if source.kind == "sitemap":
            return await self._maps(reading, announced)
        async with AsyncExitStack() as held:
            answer = await self._ask(source, source.where, memory.get("validators") or {}, held)
            if answer.listing is None:
                return None
            await self._announce(reading, answer.listing.entries, answer.glimpse, announced)
        memory |= _learnt(answer.listing, answer.validators, memory)
        return answer.listing.problem

    async def _local(self, reading: Reading, announced: Callable[[int], None]) -> str | None:
        source, memory = reading.source, reading.memory
        data = await aside(partial(self._read_file, source.where))
        digest = hashlib.sha256(data).hexdigest()
        if digest == (memory.get("validators") or {}).get("digest"):
            return None
        listing = await asyncio.to_thread(_parse, source, data, source.where, None, None)
        await self._announce(reading, listing.entries, None, announced)
        # What is wrong in it is said every night until it is well.
        memory |= _learnt(listing, {} if listing.problem else {"digest": digest}, memory)
        return listing.problem

    async def _maps(self, reading: Reading, announced: Callable[[int], None]) -> str | None:
        """A sitemap and, of an index, the maps that may hold something new: those that changed since, or don't say;
        what was never read comes first, then what was read longest ago."""
        source, memory = reading.source, reading.memory
        since = self._clock.now() - timedelta(days=source.days) if source.days else None
        known: dict[str, Any] = dict(memory.get("maps") or {})
        memory["maps"] = known
        pending: list[tuple[str, str | None, int]] = [(source.where, None, 0)]
        seen, problem = {source.where}, None
        while pending:
            if self._over():
                reading.said["said"] = f"the night ended before {len(pending)} of its {len(seen)} maps were read"
                raise _Stopped
            url, modified, depth = pending.pop(0)
            if modified and known.get(url, {}).get("modified") == modified:
                continue
            try:
                wrong = await self._map(reading, url, modified, since, announced)
            except FetchError as error:
                if depth == 0:
                    raise
                wrong = str(error)
            problem = problem or wrong
            below = [one for one in known.get(url, {}).get("below") or () if one[0] not in seen]
            below = below[: _MAX_MAPS + 1 - len(seen)] if depth < _MAX_DEPTH else []
            seen.update(one for one, _ in below)
            pending += sorted(
                ((one, at, depth + 1) for one, at in below), key=lambda one: known.get(one[0], {}).get("at") or ""
            )
        memory["maps"] = {url: told for url, told in known.items() if url in seen}
        memory["entries"] = sum(told.get("entries") or 0 for told in memory["maps"].values())
        memory["empty"] = 0 if memory["entries"] or problem else int(memory.get("empty") or 0) + 1
        return problem

    async def _map(
        self,
        reading: Reading,
        url: str,
        modified: str | None,
        since: datetime | None,
        announced: Callable[[int], None],
    ) -> str | None:
        """Read one map: what was wrong. It is remembered by itself, as it is read."""
        maps = reading.memory["maps"]
        before = maps.get(url) or {}
        async with AsyncExitStack() as held:
            # One of which it is not known how much it held is had in full.
            validators = before.get("validators") if "entries" in before else None
            answer = await self._ask(reading.source, url, validators or {}, held, since)
            at = self._clock.now().isoformat()
            if answer.listing is None:
                maps[url] = {**before, "modified": modified, "at": at}
                return None
            await self._announce(reading, answer.listing.entries, answer.glimpse, announced)
        below = [[one, str(moment) if moment else None] for one, moment in answer.listing.maps][:_MAX_MAPS]
        maps[url] = {
            "validators": answer.validators,
            "modified": None if answer.listing.problem else modified,
            "below": below,
            "entries": answer.held,
            "at": at,
        }
        return answer.listing.problem

    async def _ask(
        self,
        source: Source,
        url: str,
        validators: Mapping[str, Any],
        held: AsyncExitStack,
        since: datetime | None = None,
    ) -> _Answer:
        """The document at ``url``, held open until ``held`` is left. Raises ``FetchError``, also for an answer that is
        no document."""
        glimpse = await self._fetched(source, url, validators, held)
        if glimpse.status == 304:
            return _Answer(listing=None, validators={**validators})
        if glimpse.status != 200 or glimpse.body is None:
            raise FetchError(glimpse.url, glimpse.problem or f"answered {glimpse.status}")
        digest = hashlib.sha256(glimpse.body).hexdigest()
        found = {
            name: value for name in ("etag", "last-modified") if (value := glimpse.header(name)) and len(value) < 500
        }
        if digest == validators.get("digest") and not glimpse.cut:
            return _Answer(listing=None, validators={**found, "digest": digest})
        media_type, charset = _content_type(glimpse.header("content-type"))
        listing = await asyncio.to_thread(_parse, source, glimpse.body, glimpse.url, (media_type, charset), since)
        whole = {**found, "digest": digest} if not glimpse.cut and not listing.problem else {}
        everything = listing
        if since and not listing.entries and not listing.maps:
            everything = await asyncio.to_thread(_parse, source, glimpse.body, glimpse.url, (media_type, charset), None)
        held_there = len(everything.entries) + (0 if listing.maps else len(everything.maps))
        return _Answer(listing=listing, validators=whole, glimpse=glimpse, held=held_there)

    async def _fetched(self, source: Source, url: str, validators: Mapping[str, Any], held: AsyncExitStack) -> Glimpse:
        conditions = [("If-None-Match", validators.get("etag")), ("If-Modified-Since", validators.get("last-modified"))]
        request = Request(
            url=url,
            why="source",
            slot=f"source:{url}@{self._clock.now():%Y%m%dT%H%M%S.%fZ}",
            accept=_ACCEPT[source.kind],
            max_body_bytes=_MOST_DECODED,
            max_decoded_bytes=_MOST_DECODED,
            conditions=tuple((name, str(value)) for name, value in conditions if value),
        )
        for attempt in range(_ATTEMPTS):
            try:
                return await self._followed(request, held)
            except FetchError as error:
                if not error.retry or attempt + 1 == _ATTEMPTS:
                    raise
                await self._clock.sleep(max(_PAUSE_S, min(error.retry_after_s or 0, 30.0)))
        raise AssertionError("the last attempt returns or raises")

    async def _followed(self, request: Request, held: AsyncExitStack) -> Glimpse:
        here = request.url
        for _ in range(_MAX_HOPS):
            glimpse = await held.enter_async_context(self._scout.look(replace(request, url=here)))
            said = glimpse.header("location")
            if glimpse.status not in (301, 302, 303, 307, 308) or not said:
                return glimpse
            try:
                here = urljoin(here, said)
            except ValueError as error:
                raise FetchError(request.url, f"leads to no address: {error}") from error
        raise FetchError(request.url, f"more than {_MAX_HOPS} redirects")

    async def _announce(
        self, reading: Reading, entries: Sequence[Entry], glimpse: Glimpse | None, announced: Callable[[int], None]
    ) -> None:
        """Write down those that nobody knows. The oldest come first, so that they are fetched first. Raises
        ``_Stopped``; what is written down by then is known to the next night."""
        by_identity = await asyncio.to_thread(_by_identity, entries)
        names = list(by_identity)
        seen_in: WarcRef | None = None
        for start in range(0, len(names), _AT_ONCE):
            async with self._one_at_a_time:
                piece = names[start : start + _AT_ONCE]
                known = self._catalog.known_as(piece)
                new = [by_identity[name] for name in piece if name not in known]
                if not new:
                    continue
                if self._over():
                    raise _Stopped
                seen_in = seen_in or (await glimpse.keep() if glimpse else None)
                told = [
                    Announced(url=one.url, title=one.title, published=one.published, content=one.content) for one in new
                ]
                due = self._began + timedelta(microseconds=start)
                await self._run.announce(told, source=reading.source.name, seen_in=seen_in, due=due)
            reading.said["new"] += len(new)
            announced(len(new))

    def _broken(self, reading: Reading, problem: str) -> None:
        """After some failures in a row it rests: a night, two, four, a week at most."""
        memory = reading.memory
        failures = memory["failures"] = int(memory.get("failures") or 0) + 1
        memory.pop("rests_until", None)
        if failures >= _REST_AFTER:
            days = min(_LONGEST_REST_DAYS, 2 ** (failures - _REST_AFTER))
            memory["rests_until"] = (self._clock.now() + timedelta(days=days, hours=-2)).isoformat()
        _log.warning("source %s: %s", reading.source.name, problem)
        reading.said |= {"state": "broken", "said": problem, "failures": failures}


def _by_identity(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Each article once, the oldest first."""
    named: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: one.dated.timestamp() if one.dated else float("inf")):
        named.setdefault(identity(entry.url), entry)
    return named


def _parse(
    source: Source, data: bytes, url: str, said: tuple[str | None, str | None] | None, since: datetime | None
) -> Listing:
    media_type, charset = said or (None, None)
    if source.kind == "feed":
        return read_feed(data, url=url, media_type=media_type, charset=charset)
    if source.kind == "sitemap":
        return read_sitemap(data, url=url, since=since)
    return read_csv(data, source.column) if source.column else read_lines(data)


def _learnt(listing: Listing, validators: Json, memory: Mapping[str, Any]) -> Json:
    """What to remember of a document. One that is empty is asked for in full again, so that it is noticed when that
    happens too often."""
    if listing.entries:
        return {"validators": validators, "entries": len(listing.entries), "empty": 0}
    return {"validators": {}, "entries": 0, "empty": int(memory.get("empty") or 0) + 1}


def _said(source: Source, state: str, said: str) -> Json:
    return {"kind": source.kind, "where": source.where, "state": state, "said": said, "new": 0}


def _content_type(header: str | None) -> tuple[str | None, str | None]:
    """(media type, charset) of a Content-Type header."""
    media_type, *parameters = (header or "").split(";")
    named = (one.partition("=") for one in parameters)
    charset = next((value.strip(" \"'") for name, _, value in named if name.strip().lower() == "charset"), None)
    return media_type.strip().lower() or None, charset
