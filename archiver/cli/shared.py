"""What commands share: their options, the configuration, a run over tools, an error said in one line."""

from __future__ import annotations

import click

from archiver import config, progress, run, tools
from archiver.schedule import Rhythm

as_json = click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output.")
wait_lock = click.option(
    "--wait-lock", type=click.IntRange(0), default=0, metavar="SECONDS", help="Wait for another run to end."
)


def settings(context: click.Context) -> config.Config:
    """The configuration that the command is to use. Raises ``ConfigError``."""
    return config.load(config.locate(context.find_root().obj["config"]))


def run_of(
    settings: config.Config, ready: tools.Tools, watcher: progress.Onlooker | None = None, *, reread: bool = False
) -> run.Run:
    """A run over ``ready`` tools, as configured. ``reread``: of what is stored (``tools.rereading``)."""
    network, x = settings.network, settings.x
    stages = (ready.fetcher, ready.catalog, ready.clock, ready.platforms)
    reach = run.Reach(
        max_hops=network.max_hops,
        depth=x.depth,
        thread=x.thread,
        max_post_bytes=x.max_post_bytes,
        max_run_bytes=x.max_run_bytes,
    )
    return run.Run(
        *stages,
        reach=reach,
        parallel=network.parallel,
        watcher=watcher,
        desk=ready.desk,
        rhythm=rhythm(settings),
        reread=reread,
    )


def rhythm(settings: config.Config) -> Rhythm:
    """When posts and articles are looked at again, as configured."""
    nightly = settings.nightly
    return Rhythm(
        posts_days=nightly.posts_days, posts_every_days=nightly.posts_every_days, articles_days=nightly.articles_days
    )
