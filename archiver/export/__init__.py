"""What the archive knows, as tables for others: JSON Lines, CSV, Parquet. Pure.

::

    Catalog ──► tables.rows(kind) ──► texts.jsonl     whole objects, as `list --json` and the documents have them
                      │
                      └─► tables.flat ──► texts.csv, parquet.write     one value a cell
"""

from archiver.export.parquet import write as write_parquet
from archiver.export.tables import COLUMNS, KINDS, rows
from archiver.export.texts import csv, jsonl

__all__ = ["COLUMNS", "KINDS", "csv", "jsonl", "rows", "write_parquet"]
