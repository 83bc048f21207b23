"""Parquet, read back with pyarrow."""

from __future__ import annotations

import io

import pytest

from archiver import export

pq = pytest.importorskip("pyarrow.parquet", reason="the extra archiver[parquet] is not installed")


def table(kind, rows, **options):
    """The table as another program reads it."""
    out = io.BytesIO()
    export.write_parquet(kind, rows, out, **options)
    return pq.read_table(io.BytesIO(out.getvalue()))


def test_columns_have_types_and_unknown_is_null():
    """Numbers are numbers; what does not fit is not known; a lone surrogate does no harm."""
    read = table("hops", [{"short": "https://t.co/a", "position": 0, "http_status": 301},
                          {"short": "\ud800", "position": 2**70, "http_status": None}])  # fmt: skip
    assert [str(field.type) for field in read.schema][:4] == ["string", "int64", "string", "int64"]
    assert read["http_status"].to_pylist() == [301, None]
    assert read["position"].to_pylist() == [0, None]


def test_an_empty_table_has_its_columns():
    """So that whoever reads it every day need not ask."""
    read = table("posts", [])
    assert (read.num_rows, read.column_names) == (0, [column.name for column in export.COLUMNS["posts"]])


def test_rows_are_written_in_groups():
    """However many there are, only a group of them is held."""
    rows = ({"post_id": str(number)} for number in range(5))
    read = table("availability", rows, rows_a_group=2)
    assert read["post_id"].to_pylist() == ["0", "1", "2", "3", "4"]
