"""How long a host asks to be left alone, as its headers write it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 24 * 3600.0
# A number beyond this is no count of seconds but a Unix time.
_EPOCH = 1_000_000_000


def seconds_from(written: str, now: datetime) -> float | None:
    """The seconds from ``now`` that ``written`` means, at most 24 hours: a count of them (RFC 9110, 10.2.3), a Unix
    time (X's rate limit resets), or an HTTP date. ``None`` when it is past, negative or not understood."""
    number, _, fraction = written.partition(".")  # some write one, though none is allowed
    if number.isascii() and number.isdigit():
        seconds = float(number[:12]) + bool(fraction)
        seconds = seconds - now.timestamp() if seconds > _EPOCH else seconds
    else:
        try:
            at = parsedate_to_datetime(written)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(seconds, LONGEST_WAIT_S) if seconds > 0 else None
