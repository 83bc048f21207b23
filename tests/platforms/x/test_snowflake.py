from datetime import UTC, datetime

import pytest

from archiver.platforms.x.snowflake import is_possible, moment
from tests.shared import needs_shared, shared_json


def test_an_id_holds_the_millisecond_it_was_made():
    """The upper bits count milliseconds since X's own epoch."""
    made = moment("1409390776546258944")
    assert made is not None
    assert str(made) == "2021-06-28T05:58:41.000Z"
    assert made.precision == "millisecond"


@pytest.mark.parametrize(
    "post_id",
    [
        "",
        "2",
        "20",
        "29700859247",
        "299999999999999",
        "0409390776546258944",
        "-1409390776546258944",
        "+1409390776546258944",
        "1409390776546258944 ",
        "1_409_390_776",
        "١٤٠٩٣٩٠٧٧٦٥٤٦٢٥٨٩٤٤",
        "9223372036854775808",
        "14093907765462589440",
    ],
)
def test_what_is_no_snowflake_says_nothing(post_id):
    """Sequential ids, ids of the unused band, and texts that only look like numbers."""
    assert moment(post_id) is None


def test_a_time_to_come_is_no_time():
    """An id from the future was invented; a clock that is minutes slow is forgiven."""
    now = datetime(2021, 6, 28, 5, 58, tzinfo=UTC)
    assert moment("1409390776546258944", now=now) is not None
    assert moment("1409390776546258944", now=now.replace(hour=4)) is None
    assert moment("9223372036854775807", now=now) is None


@needs_shared
@pytest.mark.parametrize("pair", shared_json("fixtures/snowflake/legacy_html_pairs.json"), ids=lambda pair: pair["id"])
def test_ids_agree_with_the_times_that_x_printed(pair):
    """Saved permalink pages carry the id and ``data-time``, to the second."""
    made = moment(pair["id"])
    assert made is not None
    assert pair["data_time"] == int(made.at.timestamp())
    assert pair["snowflake_ms"] == round(made.at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("post_id", "possible"),
    [
        ("20", True),
        ("29700859247", True),
        ("29700859248", False),
        ("100000000000000", False),
        ("291899999999999", False),
        ("291900000000000", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
    ],
)
def test_the_band_between_counted_ids_and_snowflakes_was_never_given(post_id, possible):
    """``protocols`` 3: nobody has such a post, whatever an address says; nor one beyond 63 bits."""
    assert possible is is_possible(post_id)
