"""Reports of nights: ``reports/RUN.json`` in the archive folder, ``latest.json`` beside them, a metrics file anywhere.

Each is written beside its place and renamed, so that whoever reads sees the old one or the new one, whole.
``told.json`` says up to when changes are told; ``begun``, which run began last: written over in place, as a full disk
allows.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.errors import NoInput
from archiver.store import warc

FOLDER, LATEST, TOLD, BEGUN = "reports", "latest.json", "told.json", "begun"
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_MAX_BYTES = 50_000_000


def place(folder: Path) -> Path:
    """Where an archive's reports are."""
    return folder / FOLDER


def begin(folder: Path, run: str) -> None:
    """Note that ``run`` began, where that is possible: a run without a report is known by it."""
    with contextlib.suppress(OSError):
        place(folder).mkdir(exist_ok=True)
        fd = os.open(place(folder) / BEGUN, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(fd, f"{run}\n".encode(), 0)  # all names of runs are of one length
        finally:
            os.close(fd)


def begun(folder: Path) -> str | None:
    """The run that began last, ``None`` when that is not known."""
    try:
        with (place(folder) / BEGUN).open("rb") as file:
            said = file.read(100).decode("ascii", "replace").strip()
    except OSError:
        return None
    return said if _RUN.fullmatch(said) else None


def told(folder: Path) -> dict[str, Any]:
    """What ``keep_told`` kept; empty without anything that can be read."""
    try:
        said = json.loads((place(folder) / TOLD).read_bytes()[:10_000])
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def keep_told(folder: Path, said: Mapping[str, Any]) -> None:
    """Keep JSON values about what was told. Raises ``OSError``."""
    place(folder).mkdir(exist_ok=True)
    put(place(folder) / TOLD, json.dumps(said).encode() + b"\n")


def write(folder: Path, run: str, report: Mapping[str, Any]) -> Path:
    """Keep ``report`` under its run's name, and as the latest. Returns where. Raises ``StoreError``."""
    where = place(folder)
    text = json.dumps(report, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace") + b"\n"
    try:
        where.mkdir(exist_ok=True)
        for name in (f"{run}.json", LATEST):
            put(where / name, text)
    except OSError as error:
        raise warc.not_written(where, error) from error
    return where / f"{run}.json"


def read(folder: Path, run: str | None = None) -> dict[str, Any]:
    """The report of ``run``, or the latest. Raises ``NoInput`` when there is none that can be read."""
    if run is not None and not _RUN.fullmatch(run):
        raise NoInput(f"{run}: not the name of a run", hint="`archiver report --all` lists them")
    path = place(folder) / (f"{run}.json" if run else LATEST)
    try:
        with path.open("rb") as file:
            report = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        raise NoInput(f"there is no report {path} yet", hint="`archiver nightly` writes one") from None
    except (OSError, ValueError, RecursionError) as error:
        raise NoInput(f"{path} can't be read: {error}") from error
    if not isinstance(report, dict):
        raise NoInput(f"{path} is no report")
    return report


def there(folder: Path, run: str) -> bool:
    """Whether ``run`` left a report."""
    return (place(folder) / f"{run}.json").is_file()


def runs(folder: Path) -> list[str]:
    """The names of the runs that left a report, newest first."""
    where = place(folder)
    if not where.is_dir():
        return []
    names = (entry.name.removesuffix(".json") for entry in os.scandir(where) if entry.name.endswith(".json"))
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
