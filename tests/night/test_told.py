"""Up to when what changed is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archiver import night

NOW = datetime(2026, 7, 5, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
YESTERDAY = (NOW - DAY).isoformat()


@pytest.mark.parametrize(
    ("kept", "latest", "reported", "told"),
    [
        ({}, None, NOW, NOW),
        ({}, {"ended_at": YESTERDAY}, NOW - DAY, NOW - DAY),
        ({"reported_until": YESTERDAY}, None, NOW - DAY, NOW - DAY),
        ({"reported_until": YESTERDAY, "told_until": (NOW - 9 * DAY).isoformat()}, None, NOW - DAY, NOW - 9 * DAY),
        ({"reported_until": "2036-01-01T00:00:00+00:00", "told_until": YESTERDAY}, None, NOW, NOW - DAY),
        ({"reported_until": 7, "told_until": "2026-07-01T00:00:00"}, {"ended_at": None}, NOW, NOW),
    ],
)
def test_a_night_tells_what_changed_since_it_was_last_told(kept, latest, reported, told):
    """A wrong clock's mark in the future is now; without any, nothing older than this night is news."""
    assert night.marks(kept, latest, NOW) == night.Marks(reported=reported, told=told)
    assert night.marks(night.Marks(reported=reported, told=told).as_json(), None, NOW).reported == reported


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("archiver-20260705020000000-00001-news-7.warc.gz", True),
        ("archiver-20260704020000000-00001-news-7.warc.gz", False),
        ("archiver-20360705020000000-00001-news-7.warc.gz", False),
        ("other.warc.gz", False),
    ],
)
def test_a_file_says_by_its_name_when_it_was_begun(name, new):
    """After the last report, and not in the future."""
    assert night.begun_between(name, NOW - DAY, NOW) is new
