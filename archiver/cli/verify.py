"""``archiver verify`` and ``archiver repair``: whether everything is what it was, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from archiver import progress, terminal, tools
from archiver.cli import shared
from archiver.config import Config
from archiver.errors import Damaged, UsageError
from archiver.findings import Checked, Finding, Repaired
from archiver.model import counted
from archiver.packages import desk
from archiver.packages.proof import is_package


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
@click.option("--rebuild", is_flag=True, help="Make the catalog anew from the WARCs.")
@click.option(
    "--key", metavar="KEY", help="A package must be signed with this one: SHA256:… or a file with a public key (PEM)."
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing when there is no defect.")
@shared.as_json
@click.pass_context
def verify(
    context: click.Context,
    files: tuple[Path, ...],
    parts: int | None,
    rebuild: bool,
    key: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Check the whole archive, or the WARC files named: every byte, every record, the catalog, the manifest.

    Nothing is changed. A line for each defect; exit code 65 when there is any. Notes are differences that harm nobody,
    most of them in files of other programs. --sample reads another part of the archive each day: with 5%, all of it in
    20 days.

    \b
    archiver verify
    archiver verify --sample 5%
    archiver verify --rebuild
    archiver verify somebody-elses.warc.gz
    archiver verify story.wacz --key SHA256:5e9c…
    """
    if bool(files) + bool(parts) + rebuild > 1:
        raise UsageError("files, --sample and --rebuild exclude each other", hint="call verify once for each")
    if key is not None and not (files and all(is_package(file) for file in files)):
        raise UsageError("--key is about packages", hint="archiver verify story.wacz --key SHA256:…")
    settings = shared.settings(context)
    wanted = None if key is None else desk.named_key(key)

    def tell(found: Finding) -> None:
        if quiet and found.level == "note" and not as_json:
            return
        with meter.aside():
            click.echo(terminal.json_line(asdict(found)) if as_json else terminal.harmless(_line(found), limit=4_000))

    with progress.Meter() as meter:
        if rebuild:
            checked, kept = tools.run_async(tools.rebuild(settings, tell, meter.advance))
        elif parts:
            checked = tools.sample(settings, tell, parts=parts)
        elif files and all(is_package(file) for file in files):
            checked = _packages(settings, files, tell, wanted, meter, quiet=quiet, as_json=as_json)
        elif any(is_package(file) for file in files):
            raise UsageError(
                "packages (*.wacz) and WARCs are checked by themselves", hint="call verify once for each kind"
            )
        else:
            checked = tools.verify(settings, files, tell, meter.advance)
    if as_json:
        click.echo(terminal.json_line({"level": "summary", **asdict(checked)}))
    elif checked.defects or not quiet:
        click.echo(_sum(checked))
    if rebuild and not (quiet or as_json):
        where = f"; the old one is kept as {kept.name}" if kept else ""
        click.echo(terminal.harmless(f"the catalog was made anew{where}"))
    context.exit(Damaged.exit_code if checked.defects else 0)


def _packages(
    settings: Config,
    paths: Sequence[Path],
    tell: Callable[[Finding], None],
    key: str | None,
    meter: progress.Meter,
    *,
    quiet: bool,
    as_json: bool,
) -> Checked:
    """Check WACZ files, and say what each proves and what it does not."""
    results = []
    for path in paths:
        proof = desk.prove(settings, path, tell, key)
        results.append(proof.checked)
        with meter.aside():
            if as_json:
                said = {"level": "proof", "file": str(path), "key": proof.key}
                click.echo(terminal.json_line({**said, "statements": [asdict(one) for one in proof.statements]}))
            for one in () if as_json or quiet else proof.statements:
                mark = "proven    " if one.proven else "not proven"
                click.echo(terminal.harmless(f"{mark} {path.name}: {one.text}"))
    numbers = ("files", "records", "data_bytes", "defects", "notes")
    return Checked(**{name: sum(getattr(one, name) for one in results) for name in numbers})


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@shared.as_json
@click.pass_context
def repair(context: click.Context, file: Path, as_json: bool) -> None:
    """Salvage every whole record of a damaged WARC into a new one. The old file keeps every byte.

    In the archive, the new file takes the old one's place, the old one goes to quarantine/, the catalog is made anew,
    and what was lost is asked for again by the next run. Elsewhere, FILE.repaired.warc.gz is made beside it; of a
    damaged WACZ, too. Exit code 65 when nothing in it is whole.

    \b
    archiver repair warcs/archiver-20260705123456789-00001-desk-4711.warc.gz
    """
    settings = shared.settings(context)
    if is_package(file) and not desk.prove(settings, file, lambda _: None).checked.defects:
        done = Repaired(made=None, kept=str(file))
    else:
        done = tools.run_async(tools.repair(settings, file))
    if as_json:
        click.echo(terminal.json_line(asdict(done)))
    for line in () if as_json else _repaired(done):
        click.echo(terminal.harmless(line))
    context.exit(Damaged.exit_code if done.orphans and not done.made else 0)


def _repaired(done: Repaired) -> Iterator[str]:
    if done.made is None and done.orphans is None:
        yield f"{done.kept}: nothing to repair"
        return
    lost = f"{counted(done.lost_bytes, 'byte')} of {done.kept} in no whole record"
    records = counted(done.records, "record")
    yield f"{done.made}: {records}; {lost}" if done.made else f"{done.kept}: no exchange is whole; {lost}"
    if done.orphans:
        yield (
            f"{done.orphans}: records that are whole, but whose exchange is not (a response without its request, say); "
            "no archive can use them, and they are kept apart"
        )
    for slot in done.lost:
        yield f"lost: {slot}"
    if done.again:
        yield f"asked for again when their articles are saved again: {done.again:,} of articles, posts and links"


def _line(found: Finding) -> str:
    at = "" if found.offset_bytes is None else f" @{found.offset_bytes}"
    of = f" {found.record_id}" if found.record_id else ""
    return f"{found.level} {found.code} {found.file}{at}{of}: {found.problem} → {found.advice}"


def _sum(checked: Checked) -> str:
    share = "" if checked.sampled == 1 else f" ({checked.sampled:.1%} of the archive)"
    files, records = counted(checked.files, "file"), counted(checked.records, "record")
    size = f"{files}, {records}, {counted(checked.data_bytes, 'byte')}{share}"
    notes = f", {counted(checked.notes, 'note')}" if checked.notes else ""
    return f"{size}: {counted(checked.defects, 'defect') if checked.defects else 'no defect'}{notes}"
