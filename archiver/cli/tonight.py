"""One night: its work, and then telling everybody who wants to hear of it, however the work ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

from archiver import __version__, config, intake, night, tools, upkeep
from archiver.cli import logs, reports, shared
from archiver.errors import AlreadyRunning, ArchiverError, NoInput, StoreError
from archiver.model import instant
from archiver.night.budget import Reason
from archiver.night.discovery import Discovery
from archiver.ports import Clock, Nights
from archiver.run import Target

Json = dict[str, Any]
T = TypeVar("T")
_OUR_BUG = 70
_log = logging.getLogger(__name__)


async def tonight(
    settings: config.Config,
    limits: night.Limits,
    *,
    wait_lock_s: float = 0,
    log_format: str = "text",
    quiet: bool = False,
    clock: Clock | None = None,
) -> Json:
    """One night, from the lock to the last notice: its report. Raises what ended it, after that was reported and told;
    only ``AlreadyRunning`` and ``NoInput`` before it began are told nobody."""
    clock = clock or tools.SystemClock()
    if not settings.sources and not settings.archive.dir.is_dir():
        raise NoInput("there are no [[sources]] and no archive yet", hint="config.toml shows how to name a source")
    began, began_s = clock.now(), time.monotonic()
    course = _Course(run=f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", began=began)
    handler = logs.to_stderr(course.run, style=log_format, quiet=quiet)
    _log.info("the night begins: %d sources", len(settings.sources))
    try:
        with _Kept(course):
            await _worked(settings, limits, course, clock, wait_lock_s)
        course.ended, course.elapsed_s = clock.now(), time.monotonic() - began_s
        report = await _told(settings, course, clock)
        _log.info("%s", next(night.page(report)))
    finally:
        logs.silence(handler)
    if course.error is not None:
        raise course.error
    return report


@dataclass(slots=True)
class _Course:
    """How the night goes; filled while it lasts. ``marks``: up to when earlier runs told what changed; ``until``: up to
    when this one knows it, ``None`` when it does not; ``news``: what the newsroom has not heard; ``told``: how many of
    them it heard now; ``untold``: problems with telling. ``warcs``: files that no report names yet: not there
    ``before``, or begun after ``since``, when the last report was made."""

    run: str
    began: datetime
    marks: night.Marks | None = None
    ended: datetime | None = None
    elapsed_s: float = 0.0
    error: Exception | None = None
    stopped_by: str | None = None
    hosts: Json = field(default_factory=dict)
    resting: tuple[str, ...] = ()
    waiting: Json = field(default_factory=dict)
    later: Json = field(default_factory=dict)
    since: datetime | None = None
    before: frozenset[str] = frozenset()
    warcs: Sequence[Json] = ()
    last_success: str | None = None
    tally: night.Tally = field(default_factory=night.Tally)
    news: list[Json] = field(default_factory=list)
    told: int = 0
    news_failed: bool = False
    untold: list[str] = field(default_factory=list)
    until: datetime | None = None
    signals: _Signals | None = None


class _Kept:
    """Whatever ends the work within, a bug of ours too, is kept: it is told like any other end, and raised then."""

    def __init__(self, course: _Course) -> None:
        self._course = course

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, AlreadyRunning):
            return False
        self._course.error = error
        return True


class _Signals:
    """SIGTERM and SIGINT. The first lets what is under way end, a second one stops it at once. ``heard``: the first;
    ``stop``: set by it."""

    def __init__(self, work: asyncio.Task[Any] | None, told: Callable[[Reason], None]) -> None:
        self._work = work
        self._told = told
        self.heard: Reason | None = None
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._hear, "SIGTERM" if number == signal.SIGTERM else "SIGINT")

    def anew(self) -> None:
        """The work is over: from now on a signal only ends what ``stop`` is watched for."""
        self._work = None
        self.stop = asyncio.Event()

    def _hear(self, name: Reason) -> None:
        if self.stop.is_set() and self._work is not None:
            self._work.cancel()
        self.heard = self.heard or name
        self._told(name)
        self.stop.set()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What ``work`` returns; ``None`` when ``stop`` was set before, and the work cancelled."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


# The work


async def _worked(
    settings: config.Config, limits: night.Limits, course: _Course, clock: Clock, wait_lock_s: float
) -> None:
    async with tools.writing(settings, wait_lock_s=wait_lock_s, clock=clock, breaking=True) as ready:
        budget = night.Budget(limits, clock, ready.manners, lambda: upkeep.free_bytes(settings))
        course.signals = signals = _Signals(asyncio.current_task(), budget.stop)
        course.marks = night.marks(upkeep.told(settings), reports.newest(settings)[0], course.began)
        course.since, course.before = course.marks.reported, frozenset(ready.catalog.files())
        upkeep.begin(settings, course.run)
        upkeep.keep_told(settings, course.marks.as_json())
        working = _night(settings, ready, budget)
        course.tally = working.tally
        try:
            if said := await _unless(signals.stop, upkeep.ping(settings, course.run, None, "", clock)):
                course.untold.append(f"at the start: {said}")
                _log.warning("%s", said)
            await working.work(settings.sources, grace_s=settings.nightly.grace_s, stop=signals.stop)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if signals.heard is None or task is None:
                raise
            task.uncancel()  # the second signal: stopped at once, and told like any other end
        finally:
            signals.anew()
            course.stopped_by = signals.heard or budget.reason
            course.hosts, course.resting = dict(ready.manners.counted()), tuple(ready.manners.resting())
            now = clock.now()
            course.waiting, course.later = dict(ready.catalog.waiting(now)), dict(ready.catalog.later(now))
            _look_up(course, ready.catalog, course.marks, now)


def _look_up(course: _Course, catalog: Nights, marks: night.Marks, now: datetime) -> None:
    """What changed since it was last told, by the catalog: a run that was killed could not say what it found."""
    course.tally.forget_changes()
    for change in catalog.changes(min(marks.reported, marks.told), now):
        at = instant(change["at"]) or now
        if at > marks.reported:
            course.tally.changed(change["kind"], change["key"], change)
        if at > marks.told and len(course.news) < night.MOST_NAMED:
            course.news.append(dict(change))
    course.until = now


def _night(settings: config.Config, ready: tools.Tools, budget: night.Budget) -> night.Night:
    running = shared.run_of(settings, ready)
    return night.Night(
        running,
        ready.catalog,
        ready.clock,
        Discovery(ready.scout, ready.catalog, ready.clock, running, upkeep.read_list, budget.over),
        budget,
        hands=settings.network.parallel,
        documents=lambda where, tell: (Target(**one._asdict()) for one in intake.documents(where, None, tell)),
        fingerprint=upkeep.fingerprint,
        remember=lambda: tools.keep_manners(ready.catalog, ready.manners),
    )


# The telling


async def _told(settings: config.Config, course: _Course, clock: Clock) -> Json:
    """The report, kept, after everybody who wants to know of it was told."""
    signals = course.signals or _Signals(None, lambda _: None)
    if course.signals is None:  # it could not be opened
        upkeep.begin(settings, course.run)
    course.last_success = (reports.newest(settings)[0] or {}).get("last_success_at")
    course.warcs = _new_warcs(settings, course)
    first = _kept(settings, course)  # before anybody is told: that may take long, and be stopped
    await _tell_news(settings, course, signals)
    course.stopped_by = signals.heard or course.stopped_by
    signals.anew()  # how it ended is settled; another signal can only hurry
    report = _report(settings, course)
    text, count = "\n".join(night.page(report)), len(report["changes"])
    pinging = upkeep.ping(settings, course.run, report["exit_code"], text, clock, count=count)
    said = await _unless(signals.stop, pinging)
    _problem(course, "stopped before the ping was heard" if signals.stop.is_set() else said, "at the end: ")
    last = instant(report["last_success_at"])
    told = night.metrics(
        _report(settings, course),
        ended_s=(course.ended or course.began).timestamp(),
        last_success_s=last.timestamp() if last else None,
    )
    _problem(course, upkeep.write_metrics(settings, told))
    return report if first is None else _kept(settings, course) or first


def _new_warcs(settings: config.Config, course: _Course) -> list[Json]:
    if course.since is None:
        return []
    return [
        one
        for one in upkeep.warc_files(settings)
        if one["file"] not in course.before or night.begun_between(one["file"], course.since, course.began)
    ]


def _kept(settings: config.Config, course: _Course) -> Json | None:
    """The report as it is now, written down; ``None`` when it could not be, which is an error of the night."""
    report = _report(settings, course)
    try:
        upkeep.write_report(settings, course.run, report)
    except StoreError as error:
        _log.error("no report: %s", error)
        course.error = course.error or error
        return None
    if course.until and course.marks:
        course.marks = replace(course.marks, reported=course.until)
        upkeep.keep_told(settings, course.marks.as_json())
    return report


async def _tell_news(settings: config.Config, course: _Course, signals: _Signals) -> None:
    """What was told, or is to be told to nobody, is not told again; anything else is, the next night."""
    if course.until is None or course.marks is None:
        return
    if course.news and settings.nightly.news_command:
        text = "\n".join(night.news(course.news)) + "\n"
        problem = await _unless(signals.stop, upkeep.tell_news(settings, text))
        if signals.stop.is_set():
            problem = f"stopped by {signals.heard} while the news command ran"
        if problem:
            course.news_failed = True
            _problem(course, problem, "the news are told the next night: ")
            return
        course.told = len(course.news)
    course.marks = replace(course.marks, told=course.until)
    _problem(course, upkeep.keep_told(settings, course.marks.as_json()))


def _problem(course: _Course, said: str | None, where: str = "") -> None:
    if said:
        _log.error("%s%s", where, said)
        course.untold.append(f"{where}{said}")


def _report(settings: config.Config, course: _Course) -> Json:
    code = night.exit_code(course.tally, course.hosts, course.stopped_by, untold=course.news_failed)
    said = None
    if course.error is not None:
        ours = isinstance(course.error, ArchiverError)
        code = course.error.exit_code if isinstance(course.error, ArchiverError) else _OUR_BUG
        said = str(course.error) if ours else f"a bug of ours: {type(course.error).__name__}: {course.error}"
    ended = course.ended or course.began
    made = night.report(
        course.tally,
        run=course.run,
        began_at=course.began.isoformat(timespec="seconds"),
        ended_at=ended.isoformat(timespec="seconds"),
        elapsed_s=course.elapsed_s,
        stopped_by=course.stopped_by,
        error=said,
        code=code,
        version=__version__,
        robots=settings.politeness.robots,
        hosts=course.hosts,
        resting=course.resting,
        waiting=course.waiting,
        later=course.later,
        warcs=course.warcs,
        free_bytes=upkeep.free_bytes(settings),
        told={
            "until": course.marks.told.isoformat(timespec="milliseconds") if course.marks else None,
            "changes": course.told,
            "problems": list(course.untold),
        },
    )
    return {**made, "last_success_at": made["ended_at"] if code in (0, 1) else course.last_success}
