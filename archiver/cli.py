"""Words typed → one call; results printed; exit code."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from typing import get_args

import click
from rich.console import Console

from archiver import __version__, config, printing, run, tools, view
from archiver.errors import ArchiverError, NoInput, StoreError, UsageError
from archiver.model import Availability, Status

# Of files and archive such an error is an ArchiverError already; without a file's name it is of our own output.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_KEPT = [status for status in get_args(Status) if status != "already"]
_EXIT = """
\b
Exit codes: 0 everything settled (a post that is gone is settled) · 1 some finds failed or wait for another try ·
2 usage · 65 damaged data · 66 no such input · 69 nothing could be reached · 70 our bug · 73, 74 cannot create, cannot
write · 75 the archive is locked by another run · 78 configuration · 130, 143 stopped.
"""


@click.group(epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", "config_file", metavar="FILE", help="Configuration (else $ARCHIVER_CONFIG, else ./config.toml)."
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="archiver")
@click.pass_context
def cli(context: click.Context, config_file: str | None, debug: bool) -> None:
    """Keep the social posts that news articles quote: find embeds, resolve links, capture, record."""
    context.obj = {"config": config_file, "debug": debug}


def _config(context: click.Context) -> config.Config:
    return config.load(config.locate(context.find_root().obj["config"]))


_json = click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output.")
_wait = click.option(
    "--wait-lock", type=click.IntRange(0), default=0, metavar="SECONDS", help="Wait for another run to end."
)


@cli.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--url", metavar="URL", help="Where the one saved page or text comes from.")
@click.option("--again", is_flag=True, help="Fetch a known article anew: it may have been edited.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when everything is settled.")
@_json
@_wait
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
    settings = _config(context)
    wanted, missing = [], 0
    for name in targets:
        try:
            wanted.append(run.Target(**tools.document(name, url)._asdict()))
        except NoInput as error:
            if len(targets) == 1:
                raise
            missing = _say(error, debug=False)
    if not wanted:
        context.exit(missing)
    code = tools.run_async(_save(settings, wanted, again=again, quiet=quiet, as_json=as_json, wait_lock_s=wait_lock))
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
        with printing.Onlooker() as watcher:
            running = _run(settings, ready, watcher)
            async for result in running.save_all(targets, again=again):
                saved.append(result)
                if as_json:
                    for outcome in result.outcomes:
                        click.echo(printing.json_line(outcome.record))
                elif not (quiet and result.settled):
                    watcher.pause()
                    _tell(out, result)
                if result.error:
                    click.echo(printing.harmless(f"archiver: {result.error}"), err=True)
                elif result.article.truncated:
                    click.echo(printing.harmless(f"archiver: {result.article.name}: not read to its end"), err=True)
    if not as_json and not quiet and len(saved) > 1:
        out.print(_sum(saved), soft_wrap=True)
    return _exit_code(saved)


def _run(settings: config.Config, ready: tools.Tools, watcher: printing.Onlooker | None = None) -> run.Run:
    network = settings.network
    stages = (ready.fetcher, ready.catalog, ready.clock, ready.platforms)
    return run.Run(*stages, max_hops=network.max_hops, parallel=network.parallel, watcher=watcher)


def _tell(out: Console, result: run.Saved) -> None:
    rows = [outcome.record for outcome in result.outcomes]
    out.print(
        printing.harmless(result.article.title or result.article.name), style="bold", markup=False, soft_wrap=True
    )
    if rows:
        printing.finds(out, rows, outcome=True)
        printing.waiting(out, rows)
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
    if all(result.settled for result in saved):
        return 0
    reached = any(one.traffic.reached or one.traffic.reused for one in saved)
    waiting = any(one.retry or any(outcome.status == "pending" for outcome in one.outcomes) for one in saved)
    return 1 if reached or not waiting or not any(one.traffic.failed for one in saved) else 69


@cli.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--url", metavar="URL", help="Where the one saved page or text comes from.")
@_json
@click.pass_context
def find(context: click.Context, targets: tuple[str, ...], url: str | None, as_json: bool) -> None:
    """Print what is embedded in articles; nothing is kept, and for a file no network is used.

    A target is a web address, a file, a folder (its *.html, *.htm, *.txt, *.md, *.xml, *.json, *.rss and *.atom files),
    a WARC or WACZ file of any crawler (its 200 responses that hold text), or - for standard input.

    \b
    archiver find page.html
    archiver find saved-pages/ old-crawl.warc.gz
    archiver find --json - < article.txt
    """
    out, settings, worst = Console(highlight=False, emoji=False), _config(context), 0

    def tell(error: ArchiverError) -> None:
        nonlocal worst
        worst = max(worst, _say(error, debug=False))

    for name in targets:
        read = 0
        try:
            for one in tools.documents(name, url, tell):
                read += 1
                target = run.Target(**one._asdict())
                if target.data is None:
                    target = tools.run_async(_page(settings, target))
                _show(out, target, as_json=as_json, part=one.name != name)
        except NoInput as error:
            if len(targets) == 1:
                raise
            tell(error)
        if read > 1 and not as_json:
            out.print(printing.harmless(f"{name}: {read:,} articles looked through"), markup=False, soft_wrap=True)
    context.exit(worst)


def _show(out: Console, target: run.Target, *, as_json: bool, part: bool) -> None:
    """``part``: of a folder or crawl, where only what holds something is worth a line."""
    article, rows = run.look(target)
    for row in rows if as_json else ():
        click.echo(printing.json_line(row))
    if as_json or (part and not rows and not article.truncated):
        return
    name = f"{article.title}  {target.name}" if part and article.title else article.title or target.name
    out.print(printing.harmless(name), style="bold", markup=False, soft_wrap=True)
    printing.finds(out, rows, outcome=False)
    out.print(f"{len(rows)} found" + (" (the page could not be read to its end)" if article.truncated else ""))


async def _page(settings: config.Config, target: run.Target) -> run.Target:
    async with tools.passing(settings) as ready:
        return await _run(settings, ready).page(target)


@cli.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@_json
@_wait
@click.pass_context
def resolve(context: click.Context, urls: tuple[str, ...], as_json: bool, wait_lock: float) -> None:
    """Follow links hop by hop, and keep every hop.

    \b
    archiver resolve https://t.co/X9DJa7awAM pic.twitter.com/X9DJa7awAM
    """
    links = [tools.link(url) for url in urls]
    context.exit(tools.run_async(_resolve(_config(context), links, as_json=as_json, wait_lock_s=wait_lock)))


async def _resolve(settings: config.Config, urls: Sequence[str], *, as_json: bool, wait_lock_s: float) -> int:
    out = Console(highlight=False, emoji=False)
    async with tools.writing(settings, wait_lock_s=wait_lock_s) as ready:
        running = _run(settings, ready)
        links = await asyncio.gather(*(running.follow(url) for url in urls))
    for link in links:
        if as_json:
            click.echo(printing.json_line({key: link.get(key) for key in ("short", "end", "ended", "hops", "error")}))
        else:
            printing.chain(out, link)
            if link.get("error"):
                out.print(printing.harmless(f"    {link['error']}"), markup=False, soft_wrap=True)
    if all(link["ended"] in ("post", "page", "gone", "unsafe") for link in links):
        return 0
    return (
        69
        if all(link["ended"] == "pending" and not any(hop["http_status"] for hop in link["hops"]) for link in links)
        else 1
    )


@cli.command(name="list")
@click.option("--articles", is_flag=True, help="Articles instead of posts and links.")
@click.option("--handle", metavar="NAME", help="Only posts of this handle.")
@click.option("--status", type=click.Choice(_KEPT), metavar="WORD", help=f"Only this status: {', '.join(_KEPT)}.")
@click.option(
    "--availability",
    type=click.Choice(get_args(Availability)),
    metavar="WORD",
    help="Only this availability (public, deleted, suspended, …).",
)
@click.option("--article", metavar="TEXT", help="Only articles whose URL or name contains the text.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N rows.")
@_json
@click.pass_context
def list_(
    context: click.Context,
    articles: bool,
    as_json: bool,
    limit: int | None,
    handle: str | None,
    status: str | None,
    availability: str | None,
    article: str | None,
) -> None:
    """List what the archive holds.

    \b
    archiver list --status pending
    archiver list --json --handle samya_kullab
    """
    out = Console(highlight=False, emoji=False)
    with tools.reading(_config(context)) as catalog:
        if articles:
            rows = list(view.articles(catalog, limit=limit))
        else:
            wanted = {"handle": handle, "status": status, "availability": availability, "article": article}
            rows = list(view.listing(catalog, limit=limit, **{key: value for key, value in wanted.items() if value}))
    if as_json:
        for row in rows:
            click.echo(printing.json_line(row))
    elif articles:
        for row in rows:
            counts = f"{row['finds']:>4} finds, {row['waiting']} waiting"
            line = f"{str(row['saved_at'])[:16]}  {counts}  {row['title'] or row['name']}"
            out.print(printing.harmless(line), markup=False, soft_wrap=True)
    else:
        printing.finds(out, rows, outcome=True)


@cli.command()
@click.argument("what")
@_json
@click.pass_context
def show(context: click.Context, what: str, as_json: bool) -> None:
    """Show everything known about one post, link or article, each fact with its source.

    \b
    archiver show 1409390776546258944
    archiver show https://t.co/X9DJa7awAM
    """
    out = Console(highlight=False, emoji=False)
    with tools.reading(_config(context)) as catalog:
        rows = view.show(catalog, what)
    for row in rows:
        if as_json:
            click.echo(printing.json_line(row))
        else:
            printing.record(out, row)


@cli.command(name="config")
@_json
@click.pass_context
def config_(context: click.Context, as_json: bool) -> None:
    """Print the effective configuration, or every problem in it."""
    settings = _config(context)
    shown = {section: asdict(getattr(settings, section)) for section in config.KEYS}
    if as_json:
        click.echo(printing.json_line({"path": str(settings.path) if settings.path else None, **printing.plain(shown)}))
        return
    click.echo(f"# {settings.path or 'built-in defaults (no config.toml here)'}")
    for section, values in printing.plain(shown).items():
        click.echo(f"\n[{section}]")
        for key, value in values.items():
            click.echo(f"{key} = {printing.json_line(value)}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command ``archiver``: runs, prints errors as one line with what to do next, and exits."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale says: names and texts are of all scripts
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = cli.main(args=words, prog_name="archiver", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()  # what is still held back, while there is somebody to tell that it can't be written
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except asyncio.CancelledError:
        code = 128 + signal.SIGTERM
    except ArchiverError as error:
        code = _say(error, debug)
    except Exception as error:  # the one place where our own bugs become exit code 70
        if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is held back would fail again at exit
            code = _say(StoreError(f"standard output can't be written: {error.strerror}"), debug)
        else:
            code = _bug(error, debug)
    sys.exit(code or 0)


def _say(error: ArchiverError, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    problems = getattr(error, "problems", (str(error),))
    for problem in problems:
        click.echo(printing.harmless(f"archiver: {problem}"), err=True)
    if error.hint:
        click.echo(printing.harmless(f"  → {error.hint}"), err=True)
    return error.exit_code


def _bug(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    click.echo(printing.harmless(f"archiver: a bug of ours: {type(error).__name__}: {error}"), err=True)
    if not debug:
        click.echo("  → run it again with --debug and report what it prints", err=True)
    return 70
