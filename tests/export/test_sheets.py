"""CSV that a spreadsheet opens and does not obey."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given

from archiver import export
from tests.store.test_fields import ANY_TEXT


def sheet(*rows):
    """The rows of an availability table, written and read again."""
    return list(csv.reader(io.StringIO(b"".join(export.csv("availability", rows)).decode(), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＠x"])
def test_what_could_be_a_formula_is_a_text(text):
    """An apostrophe stands in front of it."""
    assert sheet({"availability_how": text})[1][4] == f"'{text}"


@pytest.mark.parametrize("text", ["a=b", "1", "'", 'say "hi", twice', "two\nlines", "é\u2028ü"])
def test_what_is_no_formula_stays_as_it_is(text):
    """Quotes, commas and line ends included."""
    assert sheet({"availability_how": text})[1][4] == text


def test_an_empty_table_has_its_column_names():
    """And nothing else; what is not known is an empty cell."""
    assert sheet() == [[column.name for column in export.COLUMNS["availability"]]]
    assert sheet({"post_id": "20"})[1] == ["", "20", "", "", "", "", ""]


@given(ANY_TEXT)
def test_no_text_breaks_the_sheet(text):
    """One row in, one row out, and no cell that begins a formula."""
    rows = sheet({"availability_how": text, "record_id": "last"})
    assert len(rows) == 2
    assert rows[1][-1] == "last"
    assert not rows[1][4].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
