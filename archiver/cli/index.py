"""``archiver index``: CDXJ beside the WARCs, for pywb and other players."""

from __future__ import annotations

import click

from archiver import terminal, tools
from archiver.cli import shared
from archiver.model import counted


@click.command()
@click.option("--anew", is_flag=True, help="Make every index again, not only those that are missing.")
@shared.as_json
@click.pass_context
def index(context: click.Context, anew: bool, as_json: bool) -> None:
    """Make the CDXJ of each closed WARC that has none: indexes/NAME.cdxj in the archive folder.

    With archive.cdxj = true in config.toml, the default, every run does so as files are closed; this makes what is
    missing from an older archive, or everything again.

    \b
    archiver index --anew
    """
    made = tools.index(shared.settings(context), anew=anew)
    click.echo(terminal.json_line({"made": made}) if as_json else f"{counted(made, 'index', 'indexes')} made")
