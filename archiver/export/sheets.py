"""CSV, safe to open in a spreadsheet, as UTF-8 pieces that can be written as they come."""

from __future__ import annotations

import csv as csv_
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archiver.export.tables import COLUMNS, Value, flat

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), the full-width forms among them.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv(kind: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """RFC 4180, with a line of column names. A text that a spreadsheet could take for a formula has an apostrophe in
    front; NUL is left out. What is not known is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv_.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS[kind]])
    for row in rows:
        yield _taken(out)
        writer.writerow([_cell(value) for value in flat(kind, row)])
    yield _taken(out)


def _cell(value: Value) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value.replace("\0", "")
        return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
    return "" if value is None else value


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode(errors="replace")
