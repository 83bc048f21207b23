"""``archiver pack``: a part of the archive as one file that others can open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from archiver import terminal, tools
from archiver.cli import shared
from archiver.errors import UsageError
from archiver.model import counted
from archiver.packages import desk


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--night", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Articles saved on that day (UTC).")
@click.option("--query", metavar="WORDS", help="Articles with such a find: 'handle=NAME availability=deleted'.")
@click.option("--all", "everything", is_flag=True, help="The whole archive.")
@click.option("--output", "-o", required=True, metavar="FILE", help="The package, a new file: out.wacz.")
@click.option("--title", metavar="TEXT", help="What players show above it.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@shared.as_json
@click.pass_context
def pack(
    context: click.Context,
    targets: tuple[str, ...],
    night: datetime | None,
    query: str | None,
    everything: bool,
    output: str,
    title: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make a WACZ of articles and all that belongs to them: posts, links, media, records; signed.

    A target is an article (its URL, name, or a part of one), or a post or short link that articles show.

    \b
    archiver pack https://news.example/story -o story.wacz
    archiver pack --night 2026-07-05 -o night.wacz

    The first package makes the key that signs (pack.key in config.toml), and says where it is.
    """
    if sum(map(bool, (targets, night, query, everything))) != 1:
        raise UsageError("name articles, or one of --night, --query, --all", hint="archiver pack --help has examples")
    choice = desk.Choice(targets=targets, night=night.date() if night else None, query=query)
    settings = shared.settings(context)
    ask = tools.timestamps(settings)
    packed = desk.pack(settings, choice, Path(output), ask, _key_made, title=title, replace=force)
    if as_json:
        click.echo(terminal.json_line(packed))
        return
    counts = ("article", "post", "capture", "document")
    click.echo(terminal.harmless(f"{output}: {', '.join(counted(packed[name + 's'], name) for name in counts)}; "
                                 f"{counted(packed['bytes'], 'byte')}"))  # fmt: skip
    if packed["resolved"]:
        click.echo(f"  {counted(packed['resolved'], 'record')} taken along since others only refer to them")
    if packed["missing"]:
        click.echo(f"  {counted(len(packed['missing']), 'record')} cited and not in this archive")
    click.echo(f"  signed by {packed['key']}" if packed["key"] else "  not signed")
    if packed["stamped_at"]:
        click.echo(terminal.harmless(f"  timestamped {packed['stamped_at']}: {output}.tsr"))


def _key_made(path: Path, fingerprint: str) -> None:
    """On standard error, whatever else is printed: who loses the key, or never heard of it, can't prove anything."""
    click.echo(terminal.harmless(f"archiver: a new signing key was made: {path}"), err=True)
    click.echo(
        f"  → its fingerprint is {fingerprint}: publish it, and keep a copy of the file in a safe place", err=True
    )
