"""What a source says about articles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from email.utils import parsedate_to_datetime

MAX_TEXT = 500
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article that a source names.

    ``url``: absolute, as ``address.tidy`` leaves it. ``published`` and ``modified``: aware UTC, ``None`` when the
    source does not say, or not with a zone (``modified`` of a sitemap is only for its window, and read loosely).
    ``content``: HTML or text of the entry itself, ``None`` without any.
    """

    url: str
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    content: str | None = None

    @property
    def dated(self) -> datetime | None:
        """The later of both times, ``None`` when neither is known."""
        return max(filter(None, (self.published, self.modified)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``entries``: in the source's order, each address once. ``maps``: further sitemaps to read, with the time of their
    last change. ``problem``: a sentence when the document could not be read, or not to its end."""

    entries: tuple[Entry, ...] = ()
    maps: tuple[tuple[str, datetime | None], ...] = ()
    problem: str | None = None


def moment(text: object, *, loosely: bool = False) -> datetime | None:
    """An instant as feeds and sitemaps write it (W3C/ISO 8601, RFC 822), aware UTC; a bare day is its midnight UTC, and
    ``None`` what has a time but no zone, or is none.

    ``loosely``: for what need not be exact. A time without a zone is taken for UTC, a month for the first of the next.
    """
    if not isinstance(text, str) or not (written := text.strip()[:64]):
        return None
    if loosely and (month := _MONTH.fullmatch(written)):
        year, number = divmod(12 * int(month[1]) + int(month[2]), 12)
        return datetime(year, number + 1, 1, tzinfo=UTC) if MINYEAR <= year <= MAXYEAR else None
    try:
        at = datetime.fromisoformat(written)
        if at.tzinfo is None and len(written) > len("2026-11-22") and not loosely:
            return None
    except ValueError:
        try:
            at = parsedate_to_datetime(written)
        except ValueError:
            return None
        if at.tzinfo is None:  # "-0000": the time is UTC, the place is not said (RFC 5322, 3.3)
            at = at.replace(tzinfo=UTC)
    try:
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None


def line(text: object) -> str | None:
    """A title as one line without controls, at most ``MAX_TEXT`` letters; ``None`` for nothing, or no text."""
    if not isinstance(text, str):
        return None
    return "".join(c for c in " ".join(text[: 4 * MAX_TEXT].split()) if c.isprintable())[:MAX_TEXT] or None
