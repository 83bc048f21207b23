"""``archiver import``: what other archives hold or know, taken into this one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archiver import terminal, tools
from archiver.cli import shared
from archiver.config import Config
from archiver.model import counted
from archiver.packages import ledger


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@shared.as_json
@shared.wait_lock
@click.pass_context
def import_(context: click.Context, files: tuple[Path, ...], as_json: bool, wait_lock: float) -> None:
    """Take in WACZ and WARC files, of ours or of others, and ledgers of short links (*.jsonl).

    Of another archive of ours everything that is new: captures, records, articles, posts, links. Of another program's
    WARC its answers (with requests, where there are any), revisits whose original is known, and resources, in slots
    of their own; what is left out is counted, with the reason. Of a ledger where links lead that we followed in vain
    or never; it is named as the source. Nothing that is here is changed, and a second time changes nothing.

    \b
    archiver import story.wacz
    archiver import ledger.jsonl old-crawl.warc.gz
    """
    settings = shared.settings(context)
    for path in files:
        done = tools.run_async(_import(settings, path, wait_lock_s=wait_lock))
        if as_json:
            click.echo(terminal.json_line({"file": str(path), **done}))
            continue
        counts = [counted(done[f"{name}s"], name) for name in ("capture", "document", "link") if done.get(f"{name}s")]
        said = f"{', '.join(counts) or 'nothing new'}; {done['known']:,} known already, {done['skipped']:,} skipped"
        click.echo(terminal.harmless(f"{path}: {said}"))
        for reason, count in done.get("reasons", {}).items():
            click.echo(terminal.harmless(f"  skipped {count:,}: {reason}"))


async def _import(settings: Config, path: Path, *, wait_lock_s: float) -> dict[str, Any]:
    if path.name.lower().endswith((".jsonl", ".ndjson")):
        data = tools.read_file(path)
        async with tools.writing(settings, wait_lock_s=wait_lock_s) as ready:
            return asdict(await ledger.take_in(ready.catalog, data, ready.clock.now()))
    return asdict(await tools.take_in(settings, path, wait_lock_s=wait_lock_s))
