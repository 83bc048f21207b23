"""``archiver save``: articles archived, and what came of each find."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console

from archiver import config, intake, printing, progress, run, terminal, tools
from archiver.cli import failure, logs, shared
from archiver.errors import ArchiverError, NoInput, NotText, UsageError

_WAIT_LOCK_S = 3600
"""A person who saves one thing while a night runs wants it saved; one who counts on it is told."""


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--url", metavar="URL", help="Where the one saved page or text comes from.")
@click.option("--again", is_flag=True, help="Fetch a known article anew: it may have been edited.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when everything is settled.")
@shared.as_json
@click.option(
    "--wait-lock", type=click.IntRange(0), default=_WAIT_LOCK_S, metavar="SECONDS", show_default=True,
    help="Wait for another run (a night, say) to end; 0: end at once with 75.",
)  # fmt: skip
@click.pass_context
def save(
    context: click.Context,
    targets: tuple[str, ...],
    url: str | None,
    again: bool,
    quiet: bool,
    as_json: bool,
    wait_lock: float,
) -> None:
    """Archive articles: a URL, an HTML or text file, or - for standard input.

    \b
    archiver save https://news.example/2021/06/strikes
    archiver save --url https://news.example/a saved-page.html
    pdftotext report.pdf - | archiver save -
    """
    if url and len(targets) != 1:
        raise UsageError("--url goes with one target", hint="call save once for each saved page")
    settings = shared.settings(context)
    wanted, missing = [], 0
    for name in targets:
        try:
            wanted.append(run.Target(**intake.document(name, url)._asdict()))
        except NoInput as error:
            if len(targets) == 1:
                raise
            missing = failure.say(error, debug=False)
    if not wanted:
        context.exit(missing)
    with logs.hushed(quiet):
        code = tools.run_async(
            _save(settings, wanted, again=again, quiet=quiet, as_json=as_json, wait_lock_s=wait_lock)
        )
    context.exit(missing or code)


async def _save(
    settings: config.Config,
    targets: Sequence[run.Target],
    *,
    again: bool,
    quiet: bool,
    as_json: bool,
    wait_lock_s: float,
) -> int:
    out = Console(highlight=False, emoji=False)
    saved: list[run.Saved] = []
    async with tools.writing(settings, wait_lock_s=wait_lock_s) as ready:
        with progress.Onlooker() as watcher:
            running = shared.run_of(settings, ready, watcher)
            async for result in running.save_all(targets, again=again):
                saved.append(result)
                with watcher.aside():
                    _tell(out, result, quiet=quiet, as_json=as_json)
    if not as_json and not quiet and len(saved) > 1:
        out.print(_sum(saved), soft_wrap=True)
    return _exit_code(saved)


def _tell(out: Console, result: run.Saved, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        for outcome in result.outcomes:
            click.echo(terminal.json_line(outcome.record))
    elif not (quiet and result.settled):
        _show(out, result)
    if result.error:
        failure.say(ArchiverError(result.error, hint=result.hint), debug=False)
    elif result.article.unread:
        failure.say(NotText(result.article.name, result.article.unread), debug=False)
    elif result.article.truncated:
        click.echo(terminal.harmless(f"archiver: {result.article.name}: not read to its end"), err=True)


def _show(out: Console, result: run.Saved) -> None:
    rows = [outcome.record for outcome in result.outcomes]
    out.print(
        terminal.harmless(result.article.title or result.article.name), style="bold", markup=False, soft_wrap=True
    )
    if rows:
        printing.finds(out, rows, outcome=True)
        printing.waiting(out, result.outcomes)
    out.print(_sum([result]), soft_wrap=True)
    if any(outcome.status == "pending" for outcome in result.outcomes):
        out.print("What the article says is kept; save it again, and only what waits is asked for.", soft_wrap=True)


def _sum(saved: Sequence[run.Saved]) -> str:
    counts: dict[str, int] = {}
    for result in saved:
        for outcome in result.outcomes:
            counts[outcome.status] = counts.get(outcome.status, 0) + 1
    nothing = "no embeds or short links" if all(one.looked for one in saved) else "nothing that could be looked through"
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or nothing
    fetched, failed = sum(one.traffic.fetched for one in saved), sum(one.traffic.failed for one in saved)
    network = f"{fetched} captured" if fetched else "nothing captured"
    known = all(one.traffic.reused or one.outcomes for one in saved) and not fetched and not failed
    return f"{said}; {network}{' anew: all of it was in the archive' if known else ''}" + (
        f", {failed} without an answer" if failed else ""
    )


def _exit_code(saved: Sequence[run.Saved]) -> int:
    if any(result.article.unread for result in saved):
        return NotText.exit_code
    if all(result.settled for result in saved):
        return 0
    reached = any(one.traffic.reached or one.traffic.reused for one in saved)
    waiting = any(one.retry or any(outcome.status == "pending" for outcome in one.outcomes) for one in saved)
    return 1 if reached or not waiting or not any(one.traffic.failed for one in saved) else 69
