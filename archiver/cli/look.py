"""``archiver list`` and ``show``: what is there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import get_args

import click
from rich.console import Console

from archiver import printing, sheet, terminal, tools, view
from archiver.cli import shared
from archiver.errors import NoInput, UsageError
from archiver.model import Availability, Status, counted

_KEPT = [status for status in get_args(Status) if status != "already"]


@click.command(name="list")
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
@click.option("--due", is_flag=True, help="Only what the next night looks at again; what has waited longest first.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N rows.")
@shared.as_json
@click.pass_context
def list_(
    context: click.Context,
    articles: bool,
    as_json: bool,
    due: bool,
    limit: int | None,
    handle: str | None,
    status: str | None,
    availability: str | None,
    article: str | None,
) -> None:
    """List what the archive holds: posts and links under the articles that show them, or the articles alone.

    \b
    archiver list --status pending
    archiver list --articles --article news.example/2026
    archiver list --json --handle samya_kullab
    """
    wanted = {"handle": handle, "status": status, "availability": availability, "article": article}
    chosen = {key: value for key, value in wanted.items() if value}
    if articles and (of_posts := [f"--{name}" for name in chosen if name != "article"]):
        raise UsageError(f"{', '.join(of_posts)}: of posts, not of articles", hint="leave out --articles")
    out = Console(highlight=False, emoji=False)
    due_by = tools.SystemClock().now() if due else None
    with tools.reading(shared.settings(context)) as catalog:
        if article and not next(iter(catalog.articles(named=article, limit=1)), None):
            raise NoInput(f"no article matches {article}", hint="`archiver list --articles` shows what is there")
        if articles:
            rows = list(view.articles(catalog, limit=limit, due_by=due_by, named=article))
        else:
            rows = list(view.listing(catalog, limit=limit, due_by=due_by, **chosen))
        of = {} if articles or as_json else view.named(catalog, dict.fromkeys(row["article"] for row in rows))
    if as_json:
        for row in rows:
            click.echo(terminal.json_line(row))
    elif articles:
        _articles(out, rows, due=due)
    elif rows:
        printing.finds(out, rows, outcome=True, headings={key: printing.heading(row) for key, row in of.items()})
    if not rows:
        click.echo("archiver: nothing of that is in the archive", err=True)


def _articles(out: Console, rows: Sequence[view.Row], *, due: bool) -> None:
    for row in rows:
        counts = f"{counted(row['finds'], 'find'):>10}, {row['waiting']} waiting"
        why = f" ({row['error']})" if row["error"] else ""
        when = f", due {row['due_at'][:16]}Z" if due else ""
        title, *which = printing.heading(row)
        line = f"{str(row['saved_at'])[:16]}  {counts}{when}  {title}{why}"
        out.print(terminal.harmless(line), markup=False, soft_wrap=True)
        for said in which:
            out.print(" " * 18 + terminal.harmless(said), style="dim", markup=False, soft_wrap=True)


@click.command()
@click.argument("what")
@shared.as_json
@click.pass_context
def show(context: click.Context, what: str, as_json: bool) -> None:
    """Show everything known about one post, link or article, each fact with its source. An article comes before its
    finds: its page, where that lies, and when it is looked at next.

    \b
    archiver show 1409390776546258944
    archiver show https://t.co/X9DJa7awAM
    archiver show https://news.example/story --json
    """
    out = Console(highlight=False, emoji=False)
    with tools.reading(shared.settings(context)) as catalog:
        articles, rows = view.show(catalog, what)
    if as_json:
        for row in (*articles, *rows):
            click.echo(terminal.json_line(row))
        return
    of = {article["article"]: article for article in articles}
    folder, shown = str(shared.settings(context).archive.dir), set[str]()
    if not articles and len(rows) > 1 and len({row.get("post_id") for row in rows}) == 1 and rows[0].get("post_id"):
        sheet.articles(out, rows)
    for key, finds in groupby(rows, key=lambda row: row["article"]):
        if key in of:
            printing.article(out, of.pop(key))
        for row in finds:
            sheet.record(out, row, folder, again=row.get("post_id") in shown)
            shown |= {row["post_id"]} if row.get("post_id") else set()
    for article in of.values():  # what shows nothing
        printing.article(out, article)
