"""``archiver find`` and ``archiver resolve``: what is in an article, and where a link leads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click
from rich.console import Console

from archiver import config, intake, printing, run, sheet, terminal, tools
from archiver.cli import failure, shared
from archiver.errors import ArchiverError, FetchError, NoInput, NotText
from archiver.model import counted

_TOLD = ("short", "end", "ended", "hops", "error", "source")


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--url", metavar="URL", help="Where the one saved page or text comes from.")
@shared.as_json
@click.pass_context
def find(context: click.Context, targets: tuple[str, ...], url: str | None, as_json: bool) -> None:
    """Print what is embedded in articles; nothing is kept, and for a file no network is used.

    A target is a web address, a file, a folder (its *.html, *.htm, *.txt, *.md, *.xml, *.json, *.rss, *.atom, WARC and
    WACZ files), a WARC or WACZ file of any crawler (its 200 responses, resources and conversions that hold text), or -
    for standard input, which may be a WARC or WACZ, too.

    \b
    archiver find page.html
    archiver find saved-pages/ old-crawl.warc.gz
    archiver find --json - < article.txt
    zstdcat old-crawl.warc.zst | archiver find -
    """
    out, settings, worst = Console(highlight=False, emoji=False), shared.settings(context), 0

    def tell(error: ArchiverError) -> None:
        nonlocal worst
        worst = max(worst, failure.say(error, debug=False))

    for name in targets:
        read = 0
        try:
            for one in intake.documents(name, url, tell):
                read += 1
                target = run.Target(**one._asdict())
                if target.data is None:
                    target = tools.run_async(_page(settings, target))
                unread = _show(out, target, as_json=as_json, part=one.name != name)
                if unread and not (one.name != name and one.url):  # of a crawl, nobody asked for this one
                    tell(NotText(one.name, unread))
        except (NoInput, FetchError) as error:
            if len(targets) == 1:
                raise
            tell(error)
        if read > 1 and not as_json:
            out.print(
                terminal.harmless(f"{name}: {counted(read, 'article')} looked through"), markup=False, soft_wrap=True
            )
    context.exit(worst)


def _show(out: Console, target: run.Target, *, as_json: bool, part: bool) -> str | None:
    """Print what ``target`` holds; what it is instead of a text, if it is none. ``part``: of a folder or crawl, where
    only what holds something is worth a line."""
    article, rows = run.look(target)
    for row in rows if as_json else ():
        click.echo(terminal.json_line(row))
    if as_json or article.unread or (part and not rows and not article.truncated):
        return article.unread
    name = f"{article.title}  {target.name}" if part and article.title else article.title or target.name
    out.print(terminal.harmless(name), style="bold", markup=False, soft_wrap=True)
    printing.finds(out, rows, outcome=False)
    out.print(f"{len(rows)} found" + (" (the page could not be read to its end)" if article.truncated else ""))
    return None


async def _page(settings: config.Config, target: run.Target) -> run.Target:
    async with tools.passing(settings) as ready:
        return await shared.run_of(settings, ready).page(target)


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@shared.as_json
@shared.wait_lock
@click.pass_context
def resolve(context: click.Context, urls: tuple[str, ...], as_json: bool, wait_lock: float) -> None:
    """Follow links hop by hop, and keep every hop.

    \b
    archiver resolve https://t.co/X9DJa7awAM pic.twitter.com/X9DJa7awAM
    """
    links = [intake.link(url) for url in urls]
    context.exit(tools.run_async(_resolve(shared.settings(context), links, as_json=as_json, wait_lock_s=wait_lock)))


async def _resolve(settings: config.Config, urls: Sequence[str], *, as_json: bool, wait_lock_s: float) -> int:
    out = Console(highlight=False, emoji=False)
    async with tools.writing(settings, wait_lock_s=wait_lock_s) as ready:
        running = shared.run_of(settings, ready)
        links = await asyncio.gather(*(running.follow(url) for url in urls))
    for link in links:
        if as_json:
            click.echo(
                terminal.json_line({key: link.get(key) for key in ("short", "end", "ended", "hops", "error", "source")})
            )
        else:
            sheet.chain(out, link)
            if link.get("error"):
                out.print(terminal.harmless(f"    {link['error']}"), markup=False, soft_wrap=True)
    if all(link["ended"] in ("post", "page", "gone", "unsafe") for link in links):
        return 0
    return (
        69
        if all(link["ended"] == "pending" and not any(hop["http_status"] for hop in link["hops"]) for link in links)
        else 1
    )
