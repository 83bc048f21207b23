"""Times and titles as sources write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.sources.entry import line, moment

TIMES = {
    "2026-11-22": datetime(2026, 11, 22, tzinfo=UTC),
    "2026-11-22T10:00:00Z": datetime(2026, 11, 22, 10, tzinfo=UTC),
    "2026-11-22T10:00:00.5+02:00": datetime(2026, 11, 22, 8, 0, 0, 500_000, tzinfo=UTC),
    "Sun, 22 Nov 2026 10:00:00 GMT": datetime(2026, 11, 22, 10, tzinfo=UTC),
    "22 Nov 2026 10:00:00 -0500": datetime(2026, 11, 22, 15, tzinfo=UTC),
    "Sun, 22 Nov 2026 10:00:00 -0000": datetime(2026, 11, 22, 10, tzinfo=UTC),
    "2026-11-22T10:00:00": None,
    "yesterday": None,
    "": None,
    "0001-01-01T00:00:00+14:00": None,
    None: None,
    7: None,
}


@pytest.mark.parametrize("written", TIMES)
def test_a_time_is_utc_or_unknown(written):
    """A time without a zone could be any of a day's, so it is none."""
    assert moment(written) == TIMES[written]


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-22T10:00:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("9999-12", None),
        ("0000-01", None),
        ("2026-13", None),
    ],
)
def test_a_window_wants_a_time_even_if_it_is_not_exact(written, at):
    """A month is over when the next one begins."""
    assert moment(written, loosely=True) == at
    assert moment(written) is None


def test_a_title_is_one_printable_line():
    """Bounded, whoever wrote it."""
    assert line("  a\n\tb\x1b[31m\u202e ") == "a b[31m"
    assert len(line("x" * 10_000) or "") == 500
    assert (line(" \n"), line(None), line(7)) == (None, None, None)
