"""Up to when what changed is reported and told: what a run found that could not tell it, the next one tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.model import instant

_NAMED = re.compile(r"archiver-([0-9]{17})-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What changed after ``reported`` is in no report, what changed after ``told`` the newsroom has not heard."""

    reported: datetime
    told: datetime

    def as_json(self) -> dict[str, str]:
        """See ``marks``."""
        return {"reported_until": self.reported.isoformat(), "told_until": self.told.isoformat()}


def marks(kept: Mapping[str, Any], latest: Mapping[str, Any] | None, now: datetime) -> Marks:
    """What ``Marks.as_json`` ``kept``; without that, from when the ``latest`` report ended; without any, from ``now``.
    A mark in the future was made by a wrong clock, and is ``now``."""
    reported = instant(kept.get("reported_until")) or instant((latest or {}).get("ended_at")) or now
    told = instant(kept.get("told_until")) or reported
    return Marks(reported=min(reported, now), told=min(told, now))


def begun_between(file: str, since: datetime, until: datetime) -> bool:
    """Whether the WARC ``file`` was begun after ``since``, and not after ``until``, by its name."""
    found = _NAMED.match(file)
    return found is not None and _digits(since) < found[1] <= _digits(until)


def _digits(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S%f}"[:17]
