"""What the archive knows, as tables for others: whole JSON objects, CSV, Parquet. Pure.

::

    Catalog ──► tables.rows(kind)                                      objects, as the documents have them
                      └─► tables.flat ──► sheets.csv, parquet.write     one value a cell
"""

from archiver.export.parquet import write as write_parquet
from archiver.export.sheets import csv
from archiver.export.tables import COLUMNS, KINDS, Row, rows

__all__ = ["COLUMNS", "KINDS", "Row", "csv", "rows", "write_parquet"]
