"""``archiver policy``: what to do when somebody asks for a post, or all of a handle's, to be hidden or removed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from archiver import config, terminal, tools, view
from archiver.cli import shared
from archiver.errors import UsageError
from archiver.model import Decision, counted

_reason = click.option("--reason", required=True, metavar="TEXT", help="Who asked for it, and why; kept for good.")


@click.group()
def policy() -> None:
    """Keep, hide or remove a post, or all posts of a handle, when somebody asks for it.

    What is decided about a post goes before what is decided about its handle. Every decision is kept with its date and
    reason.

    \b
    archiver policy restrict @handle --reason "asked by mail, 3 July"
    archiver policy purge https://x.com/handle/status/1409390776546258944 --reason "court order 12/26"
    archiver policy list
    """


@policy.command()
@click.argument("what", metavar="POST|@HANDLE")
@_reason
@shared.wait_lock
@click.pass_context
def keep(context: click.Context, what: str, reason: str, wait_lock: float) -> None:
    """Show it, and capture it again; an exception where its handle is restricted or purged.

    \b
    archiver policy keep 1409390776546258944 --reason "permission by mail, 5 July"
    """
    _decide(context, what, "keep", reason, wait_lock)


@policy.command()
@click.argument("what", metavar="POST|@HANDLE")
@_reason
@shared.wait_lock
@click.pass_context
def restrict(context: click.Context, what: str, reason: str, wait_lock: float) -> None:
    """Leave it out of list, show, export and pack; its bytes stay, and so do further captures.

    \b
    archiver policy restrict @handle --reason "asked by mail, 3 July"
    """
    _decide(context, what, "restrict", reason, wait_lock)


@policy.command()
@click.argument("what", metavar="POST|@HANDLE")
@_reason
@click.option("--quotations", is_flag=True, help="Also remove other posts' answers that repeat it.")
@click.option("--pages", is_flag=True, help="Also remove the captured pages of articles that show it.")
@click.option("--yes", is_flag=True, help="Do not ask: it can't be undone.")
@shared.wait_lock
@click.pass_context
def purge(
    context: click.Context, what: str, reason: str, quotations: bool, pages: bool, yes: bool, wait_lock: float
) -> None:
    """Remove its captures and documents from every WARC and the catalog, for good, and never capture it again.

    A tombstone stands where each record was. Before it asks, and at the end, it names what is left: every text in the
    archive that names the post or has its words. Answers about other posts go with --quotations, pages of articles with
    --pages. Copies of the archive elsewhere, and packages that were made of it, nobody can know of.

    \b
    archiver policy purge https://x.com/handle/status/1409390776546258944 --reason "court order 12/26"
    """
    also = [*(["answer"] if quotations else []), *(["page"] if pages else [])]
    if not yes:
        if not (sys.stdin and sys.stdin.isatty()):
            raise UsageError("a purge can't be undone", hint="say --yes, or run it on a terminal")
        with tools.reading(shared.settings(context)) as catalog:
            for line in _left(one for one in catalog.traces(view.policy_key(what)) if one["what"] not in also):
                click.echo(line, err=True)
        click.confirm(f"Remove {what} from the archive, for good?", abort=True, err=True)
    said = _decide(context, what, "purge", reason, wait_lock, also)
    files = {one["warc"] for one in said["removed"]}
    click.echo(
        f"{counted(len(said['removed']), 'record')} of {counted(len(said['posts']), 'post')} "
        f"removed from {counted(len(files), 'file')}"
    )
    if said["shared"]:
        click.echo(f"stays, since other posts or captures need it: {counted(len(said['shared']), 'capture')}")
    for line in _left(said["left"]):
        click.echo(line)


_SAID = {
    "answer": "answers about {of} repeat it or name it (--quotations removes them)",
    "page": "the page of {of} shows it or links to it (--pages removes it)",
    "link": "{of} leads to it: its address, not its words",
    "record": "what we wrote of {of} names it",
    "report": "the file {of} tells of it: delete it if it must go",
    "leftover": "look at {of}, too: it holds what an accident left, and was not looked through",
    "unread": "{of} holds captures that can't be read, and were not looked through",
    "other": "what was kept as {of} names it",
}


def _left(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each thing that is left."""
    for one in found:
        line = f"left: {_SAID[one['what']].format(of=one['of'])}"
        yield terminal.harmless(": ".join([line, *filter(None, [", ".join(one["records"])])]), limit=4_000)


@policy.command(name="list")
@shared.as_json
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """Every decision that holds, newest first.

    \b
    archiver policy list --json
    """
    out = Console(highlight=False, emoji=False)
    with tools.reading(shared.settings(context)) as catalog:
        for one in catalog.policies():
            if as_json:
                click.echo(terminal.json_line(one))
            else:
                line = f"{one['at'][:16]}  {one['policy']:<8}  {one['key']}  {one['reason']}"
                out.print(terminal.harmless(line), markup=False, soft_wrap=True)


def _decide(
    context: click.Context,
    what: str,
    decision: Decision,
    reason: str,
    wait_lock_s: float,
    also: Sequence[str] = (),
) -> Mapping[str, Any]:
    if not reason.strip():
        raise UsageError("--reason is empty", hint="say who asked for it, and why")
    key = view.policy_key(what)
    said = tools.run_async(_write(shared.settings(context), key, decision, reason.strip(), wait_lock_s, also))
    click.echo(terminal.harmless(f"{key}: {decision}"))
    return said


async def _write(
    settings: config.Config, key: str, decision: Decision, reason: str, wait_lock_s: float, also: Sequence[str]
) -> Mapping[str, Any]:
    async with tools.writing(settings, wait_lock_s=wait_lock_s) as ready:
        return await ready.catalog.decide(key, decision, reason, also=also)
