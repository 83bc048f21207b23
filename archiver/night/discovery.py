"""What a source says tonight, and which of its articles nobody knows yet."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from archiver.errors import ArchiverError, FetchError, StoreError
from archiver.model import Request, WarcRef
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
_log = logging.getLogger(__name__)
_ACCEPT = {
    "feed": "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5",
    "sitemap": "application/xml,text/xml;q=0.9,*/*;q=0.5",
    "list": "text/plain,text/csv,*/*;q=0.5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a source's document said: ``listing`` is ``None`` when it has not changed."""

    listing: Listing | None
    validators: Json
    glimpse: Glimpse | None = None


class Discovery:
    """Reads sources that list articles, and announces those that are new. ``read_file``: the bytes of a local list."""

    def __init__(
        self, scout: Scout, catalog: Nights, clock: Clock, run: Run, read_file: Callable[[str], bytes]
    ) -> None:
        self._scout = scout
        self._catalog = catalog
        self._clock = clock
        self._run = run
        self._read_file = read_file
        self._began = clock.now()
        self._one_at_a_time = asyncio.Lock()  # what two sources name at once is new once

    async def source(self, source: Source, memory: Mapping[str, Any]) -> tuple[Json, Json]:
        """(what came of it, for the report; what to remember of it). Raises ``StoreError`` alone: whatever is wrong
        with a source costs that source."""
        rests_until = memory.get("rests_until")
        now = self._clock.now()
        if isinstance(rests_until, str) and datetime.fromisoformat(rests_until) > now:
            return _said(
                source, "resting", f"failed {memory['failures']} times; left alone until {rests_until[:16]}Z"
            ), {**memory}
        try:
            new, problem, learnt = await self._read(source, memory)
        except StoreError:
            raise
        except FetchError as error:
            return self._broken(source, memory, error.reason if error.url == source.name else str(error))
        except ArchiverError as error:
            return self._broken(source, memory, str(error))
        if problem and not learnt.get("entries"):
            return self._broken(source, memory, problem)
        remembered = {**learnt, "failures": 0, "looked_at": now.isoformat()}
        state, said = ("broken", problem) if problem else ("well", "")
        if learnt.get("empty", 0) >= EMPTY_TOO_OFTEN:
            state, said = "empty", f"empty {learnt['empty']} times in a row"
        return {**_said(source, state, said), "new": new, "entries": learnt.get("entries")}, remembered

    async def _read(self, source: Source, memory: Mapping[str, Any]) -> tuple[int, str | None, Json]:
        """(how many articles are new, what was wrong, what was learnt)."""
        if not source.remote:
            return await self._local(source, memory)
        if source.kind == "sitemap":
            return await self._maps(source, memory)
        async with AsyncExitStack() as held:
            answer = await self._ask(source, source.where, memory.get("validators") or {}, held)
            if answer.listing is None:
                return 0, None, {**memory}
            new = await self._announce(source, answer.listing.entries, answer.glimpse)
        return new, answer.listing.problem, _learnt(answer.listing, answer.validators, memory)

    async def _local(self, source: Source, memory: Mapping[str, Any]) -> tuple[int, str | None, Json]:
        data = await asyncio.to_thread(self._read_file, source.where)
        digest = hashlib.sha256(data).hexdigest()
        if digest == (memory.get("validators") or {}).get("digest"):
            return 0, None, {**memory}
        listing = await asyncio.to_thread(_parse, source, data, source.where, None, None)
        new = await self._announce(source, listing.entries, None)
        return new, listing.problem, _learnt(listing, {"digest": digest}, memory)

    async def _maps(self, source: Source, memory: Mapping[str, Any]) -> tuple[int, str | None, Json]:
        """A sitemap and, of an index, the maps that may hold something new: those that changed since, or don't say."""
        since = self._clock.now() - timedelta(days=source.days) if source.days else None
        known: dict[str, Any] = dict(memory.get("maps") or {})
        asked: dict[str, Any] = {}
        pending: list[tuple[str, str | None, int]] = [(source.where, None, 0)]
        seen, new, entries, problem = {source.where}, 0, 0, None
        while pending:
            url, modified, depth = pending.pop(0)
            before = known.get(url) or {}
            asked[url] = before
            if modified and before.get("modified") == modified:
                continue
            async with AsyncExitStack() as held:
                try:
                    answer = await self._ask(source, url, before.get("validators") or {}, held, since)
                except FetchError as error:
                    if depth == 0:
                        raise
                    problem = problem or str(error)
                    continue
                below = before.get("below") or []
                if answer.listing is not None:
                    new += await self._announce(source, answer.listing.entries, answer.glimpse)
                    entries += len(answer.listing.entries)
                    problem = problem or answer.listing.problem
                    below = [[one, str(at) if at else None] for one, at in answer.listing.maps]
                    asked[url] = {"validators": answer.validators, "modified": modified, "below": below[:_MAX_MAPS]}
            for one, at in below if depth < _MAX_DEPTH else ():
                if one not in seen and len(seen) <= _MAX_MAPS:
                    seen.add(one)
                    pending.append((one, at, depth + 1))
        learnt = {"maps": asked, "entries": entries or memory.get("entries") or 0}
        empty = 0 if learnt["entries"] or problem else int(memory.get("empty") or 0) + 1
        return new, problem, {**learnt, "empty": empty}

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
        return _Answer(listing=listing, validators=whole, glimpse=glimpse)

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

    async def _announce(self, source: Source, entries: Sequence[Entry], glimpse: Glimpse | None) -> int:
        """Write down those that nobody knows; how many. The oldest come first, so that they are fetched first."""
        by_identity: dict[str, Entry] = {}
        for entry in entries:
            by_identity.setdefault(identity(entry.url), entry)
        async with self._one_at_a_time:
            known = self._catalog.known_as(list(by_identity))
            new = [entry for name, entry in by_identity.items() if name not in known]
            new.sort(key=lambda entry: entry.dated.timestamp() if entry.dated else float("inf"))
            seen_in: WarcRef | None = await glimpse.keep() if new and glimpse else None
            for start in range(0, len(new), _AT_ONCE):
                piece = [
                    Announced(url=one.url, title=one.title, published=one.published, content=one.content)
                    for one in new[start : start + _AT_ONCE]
                ]
                await self._run.announce(piece, source=source.name, seen_in=seen_in, due=self._began)
        return len(new)

    def _broken(self, source: Source, memory: Mapping[str, Any], problem: str) -> tuple[Json, Json]:
        """After some failures in a row it rests: a night, two, four, a week at most."""
        failures = int(memory.get("failures") or 0) + 1
        remembered: Json = {**memory, "failures": failures}
        remembered.pop("rests_until", None)
        if failures >= _REST_AFTER:
            days = min(_LONGEST_REST_DAYS, 2 ** (failures - _REST_AFTER))
            remembered["rests_until"] = (self._clock.now() + timedelta(days=days, hours=-2)).isoformat()
        _log.warning("source %s: %s", source.name, problem)
        return {**_said(source, "broken", problem), "failures": failures}, remembered


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
