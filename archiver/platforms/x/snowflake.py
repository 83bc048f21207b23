"""The instant that an id of X carries (twitter-archive/snowflake; ``protocols`` 3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archiver.model import Moment

EPOCH_MS = 1_288_834_974_657
FIRST_SNOWFLAKE = 300_000_000_000_000
"""Ids below were counted one by one until 2010-11-04, or never given: none of them holds a time."""
LAST_COUNTED = 29_700_859_247
"""The last id that was counted, 2010-11-04T21:02:48Z."""
FIRST_GIVEN = 291_900_000_000_000
"""A little below the snowflake of that instant: ids between the two were never given."""
_SKEW = timedelta(minutes=10)
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def is_possible(post_id: str) -> bool:
    """Whether a post may have ``post_id`` (digits): one of the counted ids, or a snowflake within 63 bits."""
    number = int(post_id)
    return number <= LAST_COUNTED or FIRST_GIVEN <= number < 1 << 63


def first_id(at: datetime) -> int:
    """The lowest id that can have been made at ``at`` (aware) or later; negative for instants before the epoch."""
    return ((at - _UNIX) // timedelta(milliseconds=1) - EPOCH_MS) << 22


def problem(post_id: str) -> str | None:
    """Why no post can have ``post_id`` (digits), in words; ``None`` where one may."""
    if len(post_id) < 2:
        return f"no post can have its id: {post_id} is a single digit, and ids have at least two"
    if post_id.startswith("0"):
        return f"no post can have its id: {post_id[:40]} begins with 0, and no id does"
    if len(post_id) > 19 or int(post_id) >= 1 << 63:
        return f"no post can have its id: {post_id[:40]} is beyond 63 bits"
    if not is_possible(post_id):
        return (
            f"no post can have its id: {post_id} lies between the counted ids and the snowflakes, and was never given"
        )
    return None


def moment(post_id: str, now: datetime | None = None) -> Moment | None:
    """When ``post_id`` was made, to the millisecond.

    ``None`` when the id says nothing: not 2 to 19 ASCII digits, a leading zero, above 63 bits, from before snowflakes
    (sequential until November 2010) or from the band that was never used, or, with ``now`` (aware), from the future.
    """
    if not (2 <= len(post_id) <= 19 and post_id.isascii() and post_id.isdigit()) or post_id.startswith("0"):
        return None
    number = int(post_id)
    if not FIRST_SNOWFLAKE <= number < 1 << 63:
        return None
    at = _UNIX + timedelta(milliseconds=(number >> 22) + EPOCH_MS)
    if now is not None and at > now + _SKEW:
        return None
    return Moment(at=at, precision="millisecond")
