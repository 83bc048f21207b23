"""What was captured, handed on to Save Page Now: one request for each page, ever, and at the end of a run what came of
those that it made. Nothing here changes what is known of a post or a link; a refusal is written down, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from archiver import capture
from archiver.archived import memento_json
from archiver.archives import Desk, spn
from archiver.consult import Patience
from archiver.model import Document, Exchange, Moment, PostRef, Request, WarcRef
from archiver.ports import Catalog, Clock, Fetcher

Kind = Literal["post", "link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A page that was submitted. ``kind`` and ``key``: the document that it belongs to. ``at``: when; ``source``: the
    record of the newest answer about it."""

    kind: Kind
    key: str
    url: str
    at: datetime
    source: WarcRef
    standing: spn.Standing

    def as_json(self) -> dict[str, Any]:
        """As the public record shows it."""
        memento = self.standing.memento
        return {
            "at": str(Moment(at=self.at, precision="second")),
            "state": self.standing.state,
            "memento": memento_json(memento) if memento else None,
            "error": self.standing.error,
            "warc": self.source.file,
            "record_id": self.source.record_id,
        }

    def document(self, known: Mapping[str, Any], now: datetime) -> Document:
        """``known``, the body of the document that it belongs to, with what came of it, as written ``now``."""
        body = {**known, "submitted": self.as_json()}
        return Document(kind=self.kind, key=self.key, at=now, body=body, refers_to=self.source)


class Submissions:
    """Those of one run to the archive at ``desk``; none when that is ``None``, or takes none."""

    def __init__(self, desk: Desk | None, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._patience = Patience(desk.failures if desk else 0)
        self._waiting: list[tuple[Kind, str, str]] = []
        self._known: set[str] = set()
        self._made: dict[str, Submission] = {}

    def captured(self, kind: Kind, key: str, url: str) -> None:
        """``url`` was public and is in our archive, as the document says: it is submitted with the next ``submit``."""
        if self._desk and self._desk.save_url and len(self._known) < self._desk.submissions and url not in self._known:
            self._known.add(url)
            self._waiting.append((kind, key, url))

    async def submit(self, fetcher: Fetcher) -> None:
        """Submit what was captured since. Nobody waits for the archive's own capture."""
        while self._desk and self._desk.save_url and self._waiting:
            kind, key, url = self._waiting.pop(0)
            answer = await self._ask(spn.request(self._desk.save_url, url, self._desk.keys), fetcher)
            if answer and not answer.replayed:  # an earlier run has done it, and written down what came of it
                self._made[url] = Submission(
                    kind=kind, key=key, url=url, at=answer.started_at, source=answer.warc,
                    standing=spn.read_submission(answer),
                )  # fmt: skip

    async def finish(self, fetcher: Fetcher, catalog: Catalog) -> int:
        """The end of a run: what came of every submission goes into the document that it belongs to. How many did."""
        told = [(one, _known(one, catalog)) for one in await self.ended(fetcher)]
        now = self._clock.now()
        documents = [one.document(body, now) for one, body in told if body is not None]
        if documents:
            await catalog.add(documents)
        return len(documents)

    async def ended(self, fetcher: Fetcher) -> tuple[Submission, ...]:
        """Every submission since, with what came of it: their jobs are asked for up to ``desk.save_looks`` times, with
        pauses of ``desk.save_wait_s``. What is pending after that stays so."""
        for _ in range(self._desk.save_looks if self._desk else 0):
            pending = list(self._pending())
            if not pending:
                break
            await self._clock.sleep(self._desk.save_wait_s if self._desk else 0)
            for one, job in pending:
                self._made[one.url] = await self._looked(one, job, fetcher)
        made, self._made = tuple(self._made.values()), {}
        return made

    def _pending(self) -> Iterator[tuple[Submission, str]]:
        for one in self._made.values():
            if one.standing.state == "pending" and one.standing.job:
                yield one, one.standing.job

    async def _looked(self, one: Submission, job: str, fetcher: Fetcher) -> Submission:
        assert self._desk
        assert self._desk.save_url
        now = self._clock.now()
        answer = await self._ask(spn.status_request(self._desk.save_url, one.url, job, self._desk.keys, now), fetcher)
        if answer is None:
            return one
        return replace(one, source=answer.warc, standing=spn.read_status(answer, job, self._desk.replay_url))

    async def _ask(self, request: Request, fetcher: Fetcher) -> Exchange | None:
        """The answer; ``None`` without one, or when the service is left alone for the rest of the run."""
        if self._patience.lost(request.url):
            return None
        answer = await capture.ask(request, fetcher, ())
        self._patience.heard(request.url, well=isinstance(answer, Exchange) and answer.status < 500)
        return answer if isinstance(answer, Exchange) else None


def _known(one: Submission, catalog: Catalog) -> Mapping[str, Any] | None:
    if one.kind == "link":
        return catalog.link(one.key)
    platform, _, post_id = one.key.partition(":")
    return catalog.post(PostRef(platform=platform, post_id=post_id))
