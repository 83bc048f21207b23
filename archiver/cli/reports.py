"""The reports that nights left, whatever lies there by now."""

from __future__ import annotations

from typing import Any

from archiver import config, night, upkeep
from archiver.errors import NoInput

Json = dict[str, Any]
_TRIED = 30


def read(settings: config.Config, run: str | None = None) -> tuple[Json, list[str]]:
    """(the report of ``run``, or the latest; the same for a person). Raises ``NoInput`` when there is none that says
    how a night went."""
    report = upkeep.read_report(settings, run)
    try:
        return report, night.shown(report)
    except ValueError as error:
        raise NoInput(f"reports/{run or 'latest'}.json: {error}") from error


def newest(settings: config.Config) -> tuple[Json | None, str | None]:
    """(the latest report that can be read, ``None`` without one; what is wrong with ``latest.json``, if it is)."""
    names, problem = upkeep.all_reports(settings)[:_TRIED], None
    for name in (None, *names):
        try:
            return read(settings, name)[0], problem
        except NoInput as error:
            problem = problem or (str(error) if names or upkeep.latest_report(settings) is not None else None)
    return None, problem
