"""``archiver nightly`` and ``archiver report``: the unattended run, and what it left to read."""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console

from archiver import __version__, config, intake, night, terminal, tools, upkeep
from archiver.cli import logs, shared
from archiver.errors import AlreadyRunning, ArchiverError, NoInput
from archiver.night.discovery import Discovery
from archiver.ports import Clock
from archiver.run import Target

Json = dict[str, Any]
_MOST_LINES = 20
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)", re.IGNORECASE)
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Duration(click.ParamType[float]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = _TIME.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is no time such as 90s, 30m, 4h", param, ctx)
        return float(found[1]) * _SECONDS[(found[2] or "s").lower()]


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _SIZE.fullmatch(str(value).strip())
        if not found or found[2].lower().removesuffix("b") not in _BYTES:
            self.fail(f"{value!r} is no size such as 500MB, 2GB", param, ctx)
        return int(float(found[1]) * _BYTES[found[2].lower().removesuffix("b")])


@click.command()
@click.option("--max-time", type=_Duration(), metavar="TIME", help="Take no more work after so long (90s, 30m, 4h).")
@click.option("--max-requests", type=click.IntRange(1), metavar="N", help="… after so many requests.")
@click.option("--max-bytes", type=_Size(), metavar="SIZE", help="… after so many bytes of answers (500MB, 2GB).")
@click.option("--min-free", type=_Size(), metavar="SIZE", help="… when less is free on the archive's disk.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing when all went well, and few lines when not.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Of the log on standard error.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on standard output.")
@shared.wait_lock
@click.pass_context
def nightly(
    context: click.Context,
    max_time: float | None,
    max_requests: int | None,
    max_bytes: int | None,
    min_free: int | None,
    quiet: bool,
    log_format: str,
    as_json: bool,
    wait_lock: float,
) -> None:
    """Archive what is new in the configured sources, try again what failed, look again at what is due.

    What did not fit into a limit is done in the next run; nothing finished is ever lost. Exit code 0: all that was due
    is done, also when a limit ended the run; 1: something failed or waits; 69: nothing could be reached.

    \b
    archiver nightly
    archiver nightly --quiet --max-time 4h
    """
    settings = shared.settings(context)
    written = settings.nightly
    limits = night.Limits(
        max_time_s=written.max_time_s if max_time is None else max_time,
        max_requests=written.max_requests if max_requests is None else max_requests,
        max_bytes=written.max_bytes if max_bytes is None else max_bytes,
        min_free_bytes=written.min_free_bytes if min_free is None else min_free,
    )
    ended = tools.run_async(tonight(settings, limits, wait_lock_s=wait_lock, log_format=log_format, quiet=quiet))
    if as_json:
        click.echo(terminal.json_line(ended))
    elif not quiet:
        _print(ended, most=None, err=False)
    elif ended["exit_code"]:
        _print(ended, most=_MOST_LINES, err=True)
    context.exit(ended["exit_code"])


@click.command(name="report")
@click.argument("run", required=False)
@click.option("--all", "every", is_flag=True, help="One line for each night, newest first.")
@shared.as_json
@click.pass_context
def report_(context: click.Context, run: str | None, every: bool, as_json: bool) -> None:
    """Say how the last night went, or another one.

    \b
    archiver report
    archiver report --all
    """
    settings = shared.settings(context)
    names = upkeep.all_reports(settings) if every else [run]
    if every and not names:
        raise NoInput("there is no report yet", hint="`archiver nightly` writes one")
    for name in names:
        told = upkeep.read_report(settings, name)
        if as_json:
            click.echo(terminal.json_line(told))
        else:
            _print(told, most=1 if every else None, err=False)


def _print(report: Json, *, most: int | None, err: bool) -> None:
    out = Console(highlight=False, emoji=False, stderr=err)
    lines = list(night.page(report))
    for line in lines[:most]:
        out.print(terminal.harmless(line), markup=False, soft_wrap=True)


@dataclass(slots=True)
class _Ending:
    """How the night ends; filled while it lasts."""

    error: ArchiverError | None = None
    stopped_by: str | None = None
    hosts: Json | None = None
    resting: tuple[str, ...] = ()
    waiting: Json | None = None
    later: Json | None = None


async def tonight(
    settings: config.Config,
    limits: night.Limits,
    *,
    wait_lock_s: float = 0,
    log_format: str = "text",
    quiet: bool = False,
    clock: Clock | None = None,
) -> Json:
    """One night, from the lock to the last notice: its report. Raises ``ArchiverError`` when it could not begin, or
    could not be kept."""
    clock = clock or tools.SystemClock()
    if not settings.sources and not settings.archive.dir.is_dir():
        raise NoInput("there are no [[sources]] and no archive yet", hint="config.toml shows how to name a source")
    began, began_s = clock.now(), time.monotonic()
    run = f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    handler = logs.to_stderr(run, style=log_format, quiet=quiet)
    try:
        tally, ending, before = await _worked(settings, limits, run, clock, wait_lock_s)
        ended = _report(settings, run, tally, ending, (began, clock.now(), time.monotonic() - began_s), before)
        upkeep.write_report(settings, run, ended)
        await _tell(settings, ended, clock)
    finally:
        logs.silence(handler)
    if ending.error is not None:
        raise ending.error
    return ended


async def _worked(
    settings: config.Config, limits: night.Limits, run: str, clock: Clock, wait_lock_s: float
) -> tuple[night.Tally, _Ending, frozenset[str]]:
    """The work itself: (what happened, how it ended, the WARC files that there were before)."""
    ending, tally, before = _Ending(), night.Tally(), frozenset[str]()
    locked = False
    try:
        async with tools.writing(settings, wait_lock_s=wait_lock_s, clock=clock, breaking=True) as ready:
            locked = True
            before = frozenset(ready.catalog.files())
            await upkeep.ping(settings, run, None, "", clock)
            budget = night.Budget(limits, clock, ready.manners, lambda: upkeep.free_bytes(settings))
            working = _night(settings, ready, budget)
            tally = working.tally
            try:
                with _signals(budget) as stop:
                    await working.work(settings.sources, grace_s=settings.nightly.grace_s, stop=stop)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if budget.reason not in ("SIGTERM", "SIGINT") or task is None:
                    raise
                task.uncancel()  # the second signal: stopped at once, and told like any other end
            finally:
                ending.stopped_by = budget.reason
                ending.hosts, ending.resting = dict(ready.manners.counted()), tuple(ready.manners.resting())
                now = clock.now()
                ending.waiting, ending.later = dict(ready.catalog.waiting(now)), dict(ready.catalog.later(now))
    except AlreadyRunning:
        raise
    except ArchiverError as error:
        ending.error = error
        if not locked:
            await upkeep.ping(settings, run, error.exit_code, str(error), clock)
            raise
    return tally, ending, before


def _night(settings: config.Config, ready: tools.Tools, budget: night.Budget) -> night.Night:
    running = shared.run_of(settings, ready)
    return night.Night(
        running,
        ready.catalog,
        ready.clock,
        Discovery(ready.scout, ready.catalog, ready.clock, running, upkeep.read_list),
        budget,
        hands=settings.network.parallel,
        documents=lambda where, tell: (Target(**one._asdict()) for one in intake.documents(where, None, tell)),
        fingerprint=upkeep.fingerprint,
        remember=lambda: tools.keep_manners(ready.catalog, ready.manners),
    )


class _signals:  # a context manager, spoken as a word
    """The first SIGTERM or SIGINT lets what is under way end, a second one stops at once."""

    def __init__(self, budget: night.Budget) -> None:
        self._budget = budget
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> asyncio.Event:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._set(number, lambda number=number: self._heard(number))  # type: ignore[misc]
        return self._stop

    def __exit__(self, *_: object) -> None:
        """What is heard from now on is heard too late: the report is written, and whoever wants to know is told."""

    def _set(self, number: signal.Signals, heard: Callable[[], None]) -> None:
        self._loop.add_signal_handler(number, heard)

    def _heard(self, number: signal.Signals) -> None:
        if self._stop.is_set() and self._task is not None:
            self._task.cancel()
        self._budget.stop("SIGTERM" if number == signal.SIGTERM else "SIGINT")
        self._stop.set()


def _report(
    settings: config.Config,
    run: str,
    tally: night.Tally,
    ending: _Ending,
    times: tuple[datetime, datetime, float],
    before: frozenset[str],
) -> Json:
    hosts = ending.hosts or {}
    code = ending.error.exit_code if ending.error else night.exit_code(tally, hosts, ending.stopped_by)
    began, ended, elapsed_s = times
    last = upkeep.last_success(settings)
    made = night.report(
        tally,
        run=run,
        began_at=began.isoformat(timespec="seconds"),
        ended_at=ended.isoformat(timespec="seconds"),
        elapsed_s=elapsed_s,
        stopped_by=ending.stopped_by,
        error=str(ending.error) if ending.error else None,
        code=code,
        version=__version__,
        robots=settings.politeness.robots,
        hosts=hosts,
        resting=ending.resting,
        waiting=ending.waiting or {},
        later=ending.later or {},
        warcs=[one for one in upkeep.warc_files(settings) if one["file"] not in before],
        free_bytes=upkeep.free_bytes(settings),
    )
    return {**made, "last_success_at": made["ended_at"] if code in (0, 1) else last}


async def _tell(settings: config.Config, ended: Json, clock: Clock) -> None:
    """Everybody who wants to hear of it; nobody's deafness matters."""
    text = "\n".join(night.page(ended))
    last = ended["last_success_at"]
    upkeep.write_metrics(
        settings,
        night.metrics(
            ended,
            ended_s=datetime.fromisoformat(ended["ended_at"]).timestamp(),
            last_success_s=datetime.fromisoformat(last).timestamp() if last else None,
        ),
    )
    await upkeep.ping(settings, ended["run"], ended["exit_code"], text, clock, count=len(ended["changes"]))
    if ended["changes"]:
        await upkeep.tell_news(settings, "\n".join(night.news(ended["changes"])) + "\n")
