"""What the commands ask for, over the configured archive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.config import Config
from archiver.packages import choice as choosing
from archiver.packages import pack as packing
from archiver.packages import seal
from archiver.store import keys
from archiver.store.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a package is to be of: ``targets``, or a ``night``, or a ``query``, or (none of them) everything."""

    targets: Sequence[str] = ()
    night: date | None = None
    query: str | None = None


def pack(
    config: Config, choice: Choice, path: Path, *, title: str | None = None, replace: bool = False
) -> dict[str, Any]:
    """Make the package; what it holds, as JSON values (``packages.pack.Packed``), and ``stamped_at``.

    Raises what ``packages.pack.pack`` does, and ``FetchError`` when the timestamp authority can't be had: the package
    is there then, without a timestamp.
    """
    terms = packing.Terms(
        created=_created(),
        software=f"archiver/{__version__}",
        title=title or path.stem,
        description=" ".join([*choice.targets, *filter(None, (str(choice.night or ""), choice.query))]),
        key=keys.private_key(config.pack.key, seal.new_key) if config.pack.sign else None,
    )
    with Archive.reading(config.archive.dir) as archive:
        packed = packing.pack(archive, _chosen(archive, choice), path, terms, replace=replace)
    return {**asdict(packed), "stamped_at": None}


def _chosen(archive: Archive, choice: Choice) -> list[str] | None:
    if choice.targets:
        return [key for target in choice.targets for key in choosing.of_target(archive, target)]
    if choice.night:
        return choosing.of_night(archive, choice.night)
    return choosing.of_query(archive, choice.query) if choice.query else None


def _created() -> datetime:
    """Now, or the time that reproducible builds agree on (``SOURCE_DATE_EPOCH``, seconds)."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(said), UTC) if said.isascii() and said.isdigit() else datetime.now(UTC)
