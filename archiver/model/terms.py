"""The words of the vocabulary, an instant, and what a post is known by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Precision = Literal["estimated", "day", "minute", "second", "millisecond"]
Why = Literal[
    "article", "source", "robots", "hop", "post", "oembed", "api", "fxtwitter", "media", "avatar", "card", "listing",
    "memento", "submit", "import",
]  # fmt: skip
Cut = Literal["length", "time", "disconnect"]
Kind = Literal["embed", "link"]
Decision = Literal["keep", "restrict", "purge"]
Availability = Literal[
    "public", "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "withheld",
    "unavailable", "impossible", "ambiguous", "rate_limited", "error",
]  # fmt: skip
GONE: tuple[Availability, ...] = ("deleted", "suspended", "account_gone", "violated_rules", "unavailable")
LIMITED: tuple[Availability, ...] = ("protected", "age_restricted", "withheld")
"""Not gone but not for everybody."""
ASTRAY = timedelta(days=1)
"""What is dated so much later than now was written down while a clock was wrong."""
Status = Literal["archived", "already", "unavailable", "pending", "refused", "failed"]
Ended = Literal["post", "page", "gone", "unsafe", "loop", "too-many-hops", "refused", "pending", "error"]


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 article``, ``2,000 articles``; ``plural``: where it is not the noun and an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def instant(written: object) -> datetime | None:
    """An ISO 8601 instant; ``None`` for anything else, also for one without a time zone."""
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant, no finer than ``precision``. ``at`` is aware UTC; for ``day`` it is that UTC day's midnight.
    ``estimated``: the UTC day, give or take one."""

    at: datetime
    precision: Precision

    def __str__(self) -> str:
        """``2021-06-28`` (day and estimated), ``…T05:58Z``, ``…T05:58:41.000Z`` (second and millisecond)."""
        at = self.at.astimezone(UTC)
        match self.precision:
            case "day" | "estimated":
                return at.strftime("%Y-%m-%d")
            case "minute":
                return at.strftime("%Y-%m-%dT%H:%MZ")
            case _:
                return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"

    @classmethod
    def of_day(cls, day: date) -> Moment:
        return cls(at=datetime(day.year, day.month, day.day, tzinfo=UTC), precision="day")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """A post's identity (platform and id); the handle is decoration and may be stale or ``None``."""

    platform: str
    post_id: str
    handle: str | None = None

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.post_id}"
