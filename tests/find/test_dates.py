import re
import time
from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from archiver.find.dates import DateReader, month_named
from archiver.find.months import TABLE
from archiver.platforms.x.snowflake import moment
from tests.shared import needs_shared, shared_json

LANGUAGES = [*re.findall(r"(?m)^([a-z]{2,3}):", TABLE), "ja", "ko", "zh", "vi"]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("June 28, 2021", "2021-06-28"),
        ("28. Juni 2021", "2021-06-28"),
        ("23 Avril 2014", "2014-04-23"),
        ("28 de junio de 2021", "2021-06-28"),
        ("22 ноября 2017 г.", "2017-11-22"),
        ("٢٥ مارس ٢٠٢٠", "2020-03-25"),
        ("9 בפברואר 2018", "2018-02-09"),
        ("2021年6月28日", "2021-06-28"),
        ("9 月 16 日, 2018", "2018-09-16"),
        ("8월 7, 2012", "2012-08-07"),
        ("28 tháng 6, 2021", "2021-06-28"),
        ("28 มิถุนายน 2564", "2021-06-28"),
        ("2021(e)ko ekainaren 28(a)", "2021-06-28"),
        ("2021. június 28.", "2021-06-28"),
        ("2018-05-28", "2018-05-28"),
        ("4:01 PM · Jun 28, 2021", "2021-06-28"),
        ("8:02 AM - 28 Jun 2021", "2021-06-28"),
        ("June 28, 2021 at 8:02 AM", "2021-06-28"),
        ("Mon, June 28, 2021", "2021-06-28"),
        ("June\u00a028,\n 2021", "2021-06-28"),
    ],
)
def test_a_date_line_is_a_day(line, day):
    """X's own long form in its languages, older forms, and lines with a time whose zone is the viewer's."""
    assert day == str(DateReader(patience=0).line(line))


@pytest.mark.parametrize(
    ("line", "instant"),
    [
        ("2012-07-03T04:41:33+00:00", "2012-07-03T04:41:33.000Z"),
        ("2012-07-03T06:41:33+02:00", "2012-07-03T04:41:33.000Z"),
        ("Sat Sep 19 05:18:23 +0000 2020", "2020-09-19T05:18:23.000Z"),
        ("Fri Sep 30 15:13:45 UTC+0000 2016", "2016-09-30T15:13:45.000Z"),
    ],
)
def test_a_line_with_its_zone_is_a_second(line, instant):
    """``data-datetime`` and the API's own form are exact."""
    assert instant == str(DateReader(patience=0).line(line))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "View on Twitter",
        "Tweet may have been deleted",
        "06/07/2021",
        "February 30, 2021",
        "June 28",
        "May 1, 1999",
        "1" * 70,
    ],
)
def test_what_is_no_whole_date_is_none(line):
    """Words, days that do not exist, dates without a year, and orders that nobody can tell."""
    assert DateReader().line(line) is None


def test_the_page_language_decides_between_months_of_one_name():
    """Listopad is November in Polish and October in Croatian."""
    assert (month_named("listopada", "pl"), month_named("listopada", "hr")) == (11, 10)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_of_the_table_reads_its_cldr_long_dates(lang):
    """The form that X printed in 21 of the 22 languages observed."""
    reader = DateReader(lang, patience=0)
    days = [date(2019, month, 17) for month in range(1, 13)]
    assert [str(day) for day in days] == [str(reader.line(format_date(day, "long", locale=lang))) for day in days]


@needs_shared
@pytest.mark.parametrize("row", shared_json("fixtures/embeds/localized_dates.json"), ids=lambda row: row["date_text"])
def test_every_observed_date_is_the_utc_day_of_its_id(row):
    """Real embeds in 22 languages, read without dateparser; the ids say the day where they are snowflakes."""
    read = DateReader(patience=0).line(row["date_text"])
    assert read is not None
    made = moment((row["status"] or "").rpartition("/")[2])
    assert made is None or str(made)[:10] == str(read)


@pytest.mark.parametrize(
    ("text", "day", "rest"),
    [
        ("June 28, 2021In the next", "2021-06-28", "In the next"),
        ("28. Juni 2018 Danach", "2018-06-28", " Danach"),
        ("2016年5月28日と", "2016-05-28", "と"),
        ("December 14, 201", "None", ", 201"),
        ("October 03, 19", "None", ", 19"),
        ("October *NUMBER*, *NUMBER*", "None", " *NUMBER*, *NUMBER*"),
        ("may I add", None, None),
        ("who met 3 people in 2019", None, None),
    ],
)
def test_a_date_in_running_text_ends_where_the_next_words_begin(text, day, rest):
    """The text behind a date is the article's again; a date whose year is cut off is still an attribution's date."""
    found = DateReader(patience=0).at("xx " + text, 3)
    assert (day, rest) == ((None, None) if found is None else (str(found[0]), ("xx " + text)[found[1] :]))


def test_dateparser_is_asked_a_few_times_only():
    """A page with a thousand unknown lines costs no more than one with eight."""
    reader = DateReader("en", patience=2)
    for number in range(50):
        reader.line(f"the {number} of Smarch 2021")
    assert reader.patience == 0


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_none(text):
    """Reading never fails."""
    reader = DateReader(patience=0)
    found = reader.at(text, 0)
    assert reader.line(text) is None or any(char.isdigit() for char in text)
    assert found is None or 0 < found[1] <= len(text)


def test_reading_is_fast():
    """A page of date lines, each another, takes no time to speak of."""
    reader = DateReader(patience=0)
    began = time.process_time()
    for number in range(2_000):
        reader.line(f"June {number % 28 + 1}, {2007 + number % 15}")
    assert time.process_time() - began < 5
