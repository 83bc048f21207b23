"""``archiver reread``: what is stored, read anew."""

from __future__ import annotations

import click

from archiver import config, run, terminal, tools
from archiver.cli import shared
from archiver.model import counted


@click.command()
@shared.wait_lock
@click.pass_context
def reread(context: click.Context, wait_lock: float) -> None:
    """Read everything that is stored again, without the network: articles, links, posts.

    For after an update: an answer whose form had changed, and that only the new version can read, becomes a record; a
    mistake of an older reading is put right. No byte that was captured is touched.

    \b
    archiver reread --wait-lock 600
    """
    context.exit(tools.run_async(_reread(shared.settings(context), wait_lock)))


async def _reread(settings: config.Config, wait_lock_s: float) -> int:
    articles, failed = 0, 0
    with tools.reading(settings):  # nothing is made where nothing is
        pass
    async with tools.writing(settings, wait_lock_s=wait_lock_s, offline=True) as ready:
        running = shared.run_of(settings, ready, reread=True)
        for target in run.kept(ready.catalog):
            saved = await running.save(target)
            articles += 1
            if saved.error:
                failed += 1
                click.echo(terminal.harmless(f"archiver: {target.name}: {saved.error}"), err=True)
        click.echo(
            f"{counted(articles, 'article')} read again, {counted(running.written, 'document')} with something new"
        )
    return 1 if failed else 0
