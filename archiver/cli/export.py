"""``archiver export``: what the archive knows, as a table for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from archiver import export, terminal, tools
from archiver.cli import shared
from archiver.errors import UsageError

_FORMATS = ("jsonl", "csv", "parquet")
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}


@click.command(name="export")
@click.argument("table", type=click.Choice(export.KINDS), metavar="TABLE")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="jsonl (default), csv or parquet.")
@click.option(
    "--output", "-o", metavar="FILE", help="A new file instead of standard output; its ending names a format."
)
@click.option("--force", is_flag=True, help="Replace FILE.")
@click.pass_context
def export_(context: click.Context, table: str, form: str | None, output: str | None, force: bool) -> None:
    """Write a table of everything in the archive: posts, sightings, hops, availability or ledger.

    \b
    archiver export posts --format csv -o posts.csv
    archiver export ledger > ledger.jsonl

    ledger: where each short link leads, with every hop; another archive takes it with `archiver import`.
    """
    form = _form(form, output)
    if form == "parquet" and not output:
        raise UsageError("Parquet is no text", hint=f"archiver export {table} -o {table}.parquet")
    with tools.reading(shared.settings(context)) as catalog:
        rows = export.rows(table, catalog)
        if output:
            counted = _Counted(rows)
            with tools.new_file(Path(output), replace=force) as file:
                if form == "parquet":
                    export.write_parquet(table, counted, file)
                else:
                    _write(file, _lines(table, counted, form))
            said = f"{output}: {counted.rows:,} row{'s' * (counted.rows != 1)}, {form}"
            click.echo(terminal.harmless(said), err=True)
            return
        for piece in _lines(table, rows, form):
            text = piece.decode()
            sys.stdout.write(_harmless(text) if sys.stdout.isatty() else text)


class _Counted:
    """Passes rows on. ``rows``: how many there were until now."""

    def __init__(self, rows: Iterable[export.Row]) -> None:
        self._given = rows
        self.rows = 0

    def __iter__(self) -> Iterator[export.Row]:
        for row in self._given:
            self.rows += 1
            yield row


def _form(form: str | None, output: str | None) -> str:
    """The format that option and file name agree on. Raises ``UsageError`` when they don't, or the name's ending is of
    none: a file that is called p.xlsx should be one."""
    ending = Path(output).suffix.lower() if output else ""
    named, known = _ENDINGS.get(ending), f"known: {', '.join(_ENDINGS)}"
    if ending and not named:
        raise UsageError(f"{output}: {ending} is the ending of no format ({known})", hint="or no ending, with --format")
    if form and named and form != named:
        raise UsageError(f"{output}: {ending} is not the ending of {form} ({known})", hint=f"--format {named}")
    if output and not (form or named):
        raise UsageError(f"{output}: in which format? ({known})", hint=f"--format {'|'.join(_FORMATS)}")
    return form or named or "jsonl"


def _lines(table: str, rows: Iterable[export.Row], form: str) -> Iterator[bytes]:
    if form == "csv":
        yield from export.csv(table, rows)
    else:
        yield from (f"{terminal.json_line(row)}\n".encode() for row in rows)


def _write(file: BinaryIO, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        file.write(piece)


def _harmless(text: str) -> str:
    return "".join(terminal.harmless(line, len(line)) + "\n" for line in text.splitlines())
