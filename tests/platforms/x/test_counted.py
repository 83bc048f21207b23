from datetime import UTC, datetime

import pytest

from archiver.platforms.x.counted import estimate
from tests.shared import SHARED, needs_shared

TESTSET = SHARED / "fixtures" / "snowflake" / "tweetedat_testset.txt"


@pytest.mark.parametrize(
    ("post_id", "day"),
    [
        ("20", "2006-03-21"),
        ("5552", "2006-05-29"),
        ("1003264503", "2008-11-13"),
        ("29700859247", "2010-11-04"),
    ],
)
def test_a_counted_id_has_a_day(post_id, day):
    """Give or take one, which its precision says."""
    made = estimate(post_id)
    assert made is not None
    assert (str(made), made.precision) == (day, "estimated")


@pytest.mark.parametrize(
    "post_id", ["", "1", "19", "020", "29700859248", "1409390776546258944", "٢٠٢٠", "99999999999999"]
)
def test_what_was_not_counted_has_none(post_id):
    """Snowflakes, the band between, and what is no id."""
    assert estimate(post_id) is None


@needs_shared
def test_the_day_is_right_give_or_take_one():
    """On 1,949 posts whose time is known, none of which the estimate rests on."""
    lines = [line.split(",") for line in TESTSET.read_text().split()]
    known = [(post_id, datetime.fromtimestamp(int(seconds), UTC)) for post_id, seconds in lines if int(post_id) >= 20]
    made = [(estimate(post_id), at) for post_id, at in known]
    assert all(one is not None and abs((one.at.date() - at.date()).days) <= 1 for one, at in made)
    hours = sorted(abs((one.at - at).total_seconds()) / 3600 for one, at in made if one)
    assert (len(hours) > 1900, round(hours[len(hours) // 2], 1), round(hours[-1], 1)) == (True, 4.3, 22.1)
