"""Parquet, through pyarrow, which is large and therefore an extra."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from archiver.errors import UsageError
from archiver.export.tables import COLUMNS, Value, flat

ROWS_A_GROUP = 5_000


def write(kind: str, rows: Iterable[Mapping[str, Any]], out: BinaryIO, *, rows_a_group: int = ROWS_A_GROUP) -> None:
    """Write the table to ``out``, ``rows_a_group`` in memory at a time. Raises ``UsageError`` without pyarrow."""
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra: looked for only when it is needed
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow", hint="pip install 'archiver[parquet]'") from error
    types = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, types[column.kind]) for column in COLUMNS[kind]])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in _groups(kind, rows, rows_a_group):
            by_column = zip(zip(*group, strict=True), schema, strict=True)
            columns = [pa.array(values, field.type) for values, field in by_column]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _groups(kind: str, rows: Iterable[Mapping[str, Any]], rows_a_group: int) -> Iterator[list[list[Value]]]:
    flattened = ([_storable(value) for value in flat(kind, row)] for row in rows)
    while group := list(itertools.islice(flattened, rows_a_group)):
        yield group


def _storable(value: Value) -> Value:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return value if value is None or -(2**63) <= value < 2**63 else None
