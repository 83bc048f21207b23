"""Reports of nights: ``reports/RUN.json`` in the archive folder, ``latest.json`` beside them, a metrics file anywhere.

Each is written beside its place and renamed, so that whoever reads sees the old one or the new one, whole.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.errors import NoInput
from archiver.store import warc

FOLDER, LATEST = "reports", "latest.json"
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_MAX_BYTES = 50_000_000


def write(folder: Path, run: str, report: Mapping[str, Any]) -> Path:
    """Keep ``report`` under its run's name, and as the latest. Returns where. Raises ``StoreError``."""
    place = folder / FOLDER
    text = json.dumps(report, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace") + b"\n"
    try:
        place.mkdir(exist_ok=True)
        for name in (f"{run}.json", LATEST):
            put(place / name, text)
    except OSError as error:
        raise warc.not_written(place, error) from error
    return place / f"{run}.json"


def read(folder: Path, run: str | None = None) -> dict[str, Any]:
    """The report of ``run``, or the latest. Raises ``NoInput`` when there is none that can be read."""
    if run is not None and not _RUN.fullmatch(run):
        raise NoInput(f"{run}: not the name of a run", hint="`archiver report --all` lists them")
    path = folder / FOLDER / (f"{run}.json" if run else LATEST)
    try:
        with path.open("rb") as file:
            report = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        raise NoInput(f"there is no report {path} yet", hint="`archiver nightly` writes one") from None
    except (OSError, ValueError) as error:
        raise NoInput(f"{path} can't be read: {error}") from error
    if not isinstance(report, dict):
        raise NoInput(f"{path} is no report")
    return report


def runs(folder: Path) -> list[str]:
    """The names of the runs that left a report, newest first."""
    place = folder / FOLDER
    if not place.is_dir():
        return []
    names = (entry.name.removesuffix(".json") for entry in os.scandir(place) if entry.name.endswith(".json"))
    return sorted(filter(_RUN.fullmatch, names), reverse=True)


def put(path: Path, data: bytes) -> None:
    """Write ``path`` in one piece. Raises ``OSError``."""
    fd, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
