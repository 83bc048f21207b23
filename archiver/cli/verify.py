"""``archiver verify``: whether everything is what it was."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archiver import printing, tools
from archiver.cli import shared
from archiver.errors import Damaged, UsageError
from archiver.findings import Checked, Finding


class _Share(click.ParamType[int]):
    """``5%`` or ``0.05`` → one part of how many."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = 0
        if not 0 < share <= 1:
            self.fail(f"{text!r}: wants a share such as 5%", param, ctx)
        return max(1, round(1 / share))


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path(path_type=Path))
@click.option("--sample", "parts", type=_Share(), metavar="SHARE", help="Read only a share of the records, say 5%.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when there is no defect.")
@shared.as_json
@click.pass_context
def verify(context: click.Context, files: tuple[Path, ...], parts: int | None, quiet: bool, as_json: bool) -> None:
    """Check the whole archive, or the WARC files named: every byte, every record, the catalog, the manifest.

    Nothing is changed. A line for each defect; exit code 65 when there is any. Notes are differences that harm nobody,
    most of them in files of other programs. --sample reads another part of the archive each day: with 5%, all of it in
    20 days.

    \b
    archiver verify
    archiver verify --sample 5%
    archiver verify somebody-elses.warc.gz
    """
    if files and parts:
        raise UsageError("--sample is for the whole archive", hint="leave out the files, or the share")
    settings = shared.settings(context)

    def tell(found: Finding) -> None:
        if as_json:
            click.echo(printing.json_line(asdict(found)))
        elif not (quiet and found.level == "note"):
            click.echo(printing.harmless(_line(found), limit=4_000))

    with printing.Meter() as meter:
        if parts:
            checked = tools.sample(settings, tell, parts=parts)
        else:
            checked = tools.verify(settings, files, tell, meter.advance)
    if as_json:
        click.echo(printing.json_line({"level": "summary", **asdict(checked)}))
    elif checked.defects or not quiet:
        click.echo(_sum(checked))
    context.exit(Damaged.exit_code if checked.defects else 0)


def _line(found: Finding) -> str:
    at = "" if found.offset_bytes is None else f" @{found.offset_bytes}"
    of = f" {found.record_id}" if found.record_id else ""
    return f"{found.level} {found.code} {found.file}{at}{of}: {found.problem} → {found.advice}"


def _sum(checked: Checked) -> str:
    share = "" if checked.sampled == 1 else f" ({checked.sampled:.1%} of the archive)"
    size = f"{checked.files:,} files, {checked.records:,} records, {checked.data_bytes:,} bytes{share}"
    defects = f"{checked.defects:,} defect{'s' * (checked.defects != 1)}" if checked.defects else "no defect"
    notes = f", {checked.notes:,} note{'s' * (checked.notes != 1)}" if checked.notes else ""
    return f"{size}: {defects}{notes}"
