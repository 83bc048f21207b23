"""``archiver nightly`` and ``archiver report``: the unattended run, and what it left to read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from archiver import night, terminal, tools, upkeep
from archiver.cli import reports, shared
from archiver.cli.tonight import tonight
from archiver.errors import NoInput

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
    is done, also when a limit ended the run; 1: something failed or waits; 69: nothing could be reached; 74: no room on
    the disk, or no report could be kept; 75: another run holds the archive.

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
        _put(list(night.page(ended)), err=False)
    elif ended["exit_code"]:
        _put(list(night.page(ended))[:_MOST_LINES], err=True)
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
    if run is None and (later := upkeep.unreported(settings)):
        where = "a later run" if every or upkeep.latest_report(settings) else "a run"
        said = f"{where} began, {later}, and has left no report: it is under way, was killed, or could not write one"
        click.echo(said, err=as_json)  # before the report of an earlier night, which is not that of the last
    shown = 0
    for name in names:
        try:
            told, lines = reports.read(settings, name)
        except NoInput as error:
            if not every:
                raise
            _say(str(error))
            continue
        shown += 1
        if as_json:
            click.echo(terminal.json_line(told))
        else:
            _put(lines[: 1 if every else None], err=False)
    if not shown:
        raise NoInput("there is no report that can be read", hint="`archiver nightly` writes one")


def _say(sentence: str) -> None:
    click.echo(terminal.harmless(f"archiver: {sentence}"), err=True)


def _put(lines: Sequence[str], *, err: bool) -> None:
    out = Console(highlight=False, emoji=False, stderr=err)
    for line in lines:
        out.print(terminal.harmless(line), markup=False, soft_wrap=True)
