"""Lists of addresses."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.sources import Listing, read_csv, read_lines

A, B = "https://news.example/a", "https://news.example/b"


@pytest.mark.parametrize(
    "data",
    [
        f"{A}\n{B}\n",
        f"\ufeff{A}\r\n\r\n# a comment\r\n{B}",
        f"{A}\r{B}",
        f"  {A}  \n{A}?utm_source=x\n{B}#top\n",
    ],
)
def test_a_list_has_one_address_a_line(data):
    """Whatever the line ends; blank lines, comments and repetitions are passed over."""
    assert [entry.url for entry in read_lines(data.encode()).entries] == [A, B]
    assert read_lines(data.encode("utf-16") if "\ufeff" not in data else data.encode()).problem is None


def test_what_is_no_address_is_counted_and_the_first_are_named():
    """By their line numbers."""
    listing = read_lines(f"x\n{A}\nftp://y\nz\nw\n".encode())
    assert [entry.url for entry in listing.entries] == [A]
    assert listing.problem == "4 lines are no web address: line 1, line 3, line 4…"


@pytest.mark.parametrize(
    ("data", "column", "found"),
    [
        (f"id,URL,title\n1,{A},An a\n2,{B},\n", "url", [(A, "An a"), (B, None)]),
        (f'id;link\n1;{A}\n2;"{B}"\n', "link", [(A, None), (B, None)]),
        (f"{A}\tx\n{B}\ty\n", "1", [(A, None), (B, None)]),
        (f'n,url\n"two\nlines",{A}\nshort\n', "url", [(A, None)]),
        (f"sep=;\nn;url\n1;{A}\n", "url", [(A, None)]),
        (f"\n\nn,url\n1,{A}\n", "url", [(A, None)]),
        (f'"a;b;c;d",url\n1,{A}\n', "url", [(A, None)]),
    ],
)
def test_a_column_of_a_csv_file_is_a_list(data, column, found):
    """By its heading or its number; the delimiter is what splits the first line most."""
    assert [(entry.url, entry.title) for entry in read_csv(data.encode(), column).entries] == found


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"a,b\n1,2\n", "no column 'url'; there are 'a', 'b'"), (b"", "no column 'url'; there are none")],
)
def test_a_column_that_is_missing_is_said(data, problem):
    """With those that there are."""
    assert read_csv(data, "url") == Listing(problem=problem)


@pytest.mark.parametrize("column", ["0", "9"])
def test_a_number_that_no_line_has_is_said(column):
    """It is not taken for an empty list."""
    assert read_csv(f"{A},b\n".encode(), column) == Listing(problem=f"no column {column} in any line")


@pytest.mark.parametrize(
    ("data", "found", "wrong"),
    [
        (f'n,url\n1,"{A}\n2,{B}\n'.encode(), [B], "line 2"),
        (f'n,url\n1,"{A}"x\n2,{B}\n'.encode(), [B], "line 2"),
        (f'n,url\n1,"{A}\n{A}"\n2,{B}\n'.encode(), [B], "line 2"),
        (f"n,url\n{'x' * 200_000},{A}\n2,{B}\n".encode(), [B], "line 2"),
        (f"n,url\n1,{A}/caf\xe9\n2,{B}\n".encode("latin-1"), [B], "line 2"),
        (f"sep=,\nn,url\n1,x\n2,{B}\n".encode(), [B], "line 3"),
    ],
    ids=["never closed", "closed in the middle", "an address of two lines", "too long", "not UTF-8", "behind sep="],
)
def test_a_row_that_is_wrong_costs_itself_alone(data, found, wrong):
    """And is named by its number."""
    listing = read_csv(data, "url")
    assert [entry.url for entry in listing.entries] == found
    assert listing.problem == f"1 line is no web address: {wrong}"


def test_a_list_that_is_not_utf8_says_where():
    """An address that nobody can ask for is not announced."""
    assert read_lines(f"{A}/caf\xe9\n{A}".encode("latin-1")).problem == "1 line is no web address: line 1"


def test_a_thousand_forgotten_quotation_marks_cost_little():
    """Each could swallow the rest of the list."""
    began = time.process_time()
    assert not read_csv(b"url\n" + b'"x\n' * 20_001, "url").entries
    assert time.process_time() - began < 5


@given(st.binary(max_size=200))
def test_any_bytes_are_a_listing(data):
    """Also as CSV, by name and by number."""
    assert all(isinstance(one, Listing) for one in (read_lines(data), read_csv(data, "url"), read_csv(data, "2")))
