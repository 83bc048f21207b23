"""``archiver config``: what is in effect."""

from __future__ import annotations

import click

from archiver import effective, terminal
from archiver.cli import shared


@click.command(name="config")
@shared.as_json
@click.pass_context
def config_(context: click.Context, as_json: bool) -> None:
    """Print the effective configuration, as a config.toml that says the same, or every problem in it.

    \b
    archiver config
    archiver --config nightly.toml config --json
    """
    settings = shared.settings(context)
    if as_json:
        path = str(settings.path) if settings.path else None
        click.echo(terminal.json_line({"path": path, **effective.data(settings)}))
        return
    click.echo(terminal.harmless(f"# {settings.path or 'built-in defaults (no config.toml here)'}"))
    click.echo(effective.toml(settings), nl=False)
