"""``archiver list`` and ``show``: what is there."""

from __future__ import annotations

from typing import get_args

import click
from rich.console import Console

from archiver import printing, terminal, tools, view
from archiver.cli import shared
from archiver.model import Availability, Status

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
    """List what the archive holds.

    \b
    archiver list --status pending
    archiver list --json --handle samya_kullab
    """
    out = Console(highlight=False, emoji=False)
    due_by = tools.SystemClock().now() if due else None
    with tools.reading(shared.settings(context)) as catalog:
        if articles:
            rows = list(view.articles(catalog, limit=limit, due_by=due_by))
        else:
            wanted = {"handle": handle, "status": status, "availability": availability, "article": article}
            named = {key: value for key, value in wanted.items() if value}
            rows = list(view.listing(catalog, limit=limit, due_by=due_by, **named))
    if as_json:
        for row in rows:
            click.echo(terminal.json_line(row))
    elif articles:
        for row in rows:
            counts = f"{row['finds']:>4} finds, {row['waiting']} waiting"
            why = f" ({row['error']})" if row["error"] else ""
            when = f", due {row['due_at'][:16]}Z" if due else ""
            line = f"{str(row['saved_at'])[:16]}  {counts}{when}  {row['title'] or row['name']}{why}"
            out.print(terminal.harmless(line), markup=False, soft_wrap=True)
    else:
        printing.finds(out, rows, outcome=True)


@click.command()
@click.argument("what")
@shared.as_json
@click.pass_context
def show(context: click.Context, what: str, as_json: bool) -> None:
    """Show everything known about one post, link or article, each fact with its source.

    \b
    archiver show 1409390776546258944
    archiver show https://t.co/X9DJa7awAM
    """
    out = Console(highlight=False, emoji=False)
    with tools.reading(shared.settings(context)) as catalog:
        articles, rows = view.show(catalog, what)
    for article in () if as_json else articles:
        printing.article(out, article)
    for row in rows:
        if as_json:
            click.echo(terminal.json_line(row))
        else:
            printing.record(out, row)
