"""``archiver doctor``: what would keep a night from going well."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click
from rich.console import Console

from archiver import config, doctor, terminal, tools, upkeep
from archiver.cli import reports, shared

_MARKS = {"well": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "trouble": "[red]✗[/red]"}


@click.command(name="doctor")
@click.option("--offline", is_flag=True, help="Ask no service.")
@shared.as_json
@click.pass_context
def doctor_(context: click.Context, as_json: bool, offline: bool) -> None:
    """Look for whatever would keep a run from going well: folder, disk, lock, catalog, contact, sources, whom a night
    tells, services, clock.

    Changes nothing, and takes no lock. Each service is asked once, for its robots.txt, and each source on the web for
    itself. Exit code 1 when there is trouble; warnings are 0.

    \b
    archiver doctor
    archiver doctor --offline --json
    """
    settings = shared.settings(context)
    now = datetime.now(UTC)
    wanted, installed = upkeep.indexed(settings)
    health, (latest, spoilt) = upkeep.health(settings), reports.newest(settings)
    findings = [
        *doctor.of_folder(health, min_free_bytes=settings.nightly.min_free_bytes),
        *doctor.of_indexes(wanted=wanted, installed=installed),
        *doctor.of_settings(
            contact=settings.network.contact, user_agent=upkeep.called(settings), secrets=upkeep.secrets(settings)
        ),
        *doctor.of_errands(upkeep.errands(settings)),
        *doctor.of_reports(
            latest, now, spoilt=spoilt, unreported=None if health.holder else upkeep.unreported(settings)
        ),
    ]
    if not offline:
        findings += tools.run_async(_of_the_web(settings))
    out = Console(highlight=False, emoji=False)
    for finding in findings:
        if as_json:
            click.echo(terminal.json_line(asdict(finding)))
            continue
        line = terminal.harmless(f"{finding.name}: {finding.said}")
        out.print(_MARKS[finding.state], end=" ")
        out.print(line, markup=False, soft_wrap=True)
        if finding.hint:
            out.print(terminal.harmless(f"  → {finding.hint}"), markup=False, soft_wrap=True)
    context.exit(1 if doctor.worst(findings) == "trouble" else 0)


async def _of_the_web(settings: config.Config) -> list[doctor.Finding]:
    services, sources = await upkeep.heard(settings, tools.SystemClock())
    pinged = await upkeep.listening(settings)
    return [
        *doctor.of_errands([pinged] if pinged else []),
        *doctor.of_sources(sources),
        *doctor.of_network(services),
    ]
