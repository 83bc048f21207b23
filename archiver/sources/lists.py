"""Lists of addresses: one a line, or a column of a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from archiver.sources.address import tidy
from archiver.sources.entry import Entry, Listing, line

MAX_ENTRIES = 200_000
_MOST_NAMED = 3
_MOST_LINES = 100
"""Lines of one row: a title of more is a quotation mark that was forgotten."""
_SEPARATOR = re.compile(r"sep=([,;\t|])\r?\n?$", re.IGNORECASE)
_NOT_IN_AN_ADDRESS = re.compile(r"[\r\n\t\ufffd]")
"""What is dropped from addresses silently, and what stands for bytes that are not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """``line``: its first, from 1. ``broken``: it is no CSV, and has no cells."""

    line: int = 0
    cells: tuple[str, ...] = ()
    broken: bool = False

    def cell(self, at: int) -> str:
        """What stands in the column ``at``, empty when there is none."""
        return self.cells[at].strip() if 0 <= at < len(self.cells) else ""


_NO_ROW = _Row()


def read_lines(data: bytes) -> Listing:
    """The addresses in ``data``, one a line; blank lines and those that begin with ``#`` are passed over, any line
    ending will do. ``problem`` names the first lines that are no address."""
    numbered = enumerate(_text(data).splitlines(), start=1)
    wanted = ((number, text.strip()) for number, text in numbered)
    return _listing(((n, text, None) for n, text in wanted if text and not text.startswith("#")))


def read_csv(data: bytes, column: str) -> Listing:
    """The addresses in the column of that name, or of that number (the first is 1; then there is no heading line).

    Comma, semicolon or tab: what splits the first line into most cells, or what Excel's ``sep=`` line says. A column
    ``title`` is taken along. A row that is no CSV costs itself alone, and is named in ``problem``.
    """
    lines = io.StringIO(_text(data), newline="").readlines()
    told = _SEPARATOR.match(lines[0]) if lines else None
    rows = _rows(lines[1:] if told else lines, told[1] if told else _delimiter(lines), 2 if told else 1)
    names: list[str] = []
    if not column.isascii() or not column.isdigit():
        names = [name.strip().lower() for name in next(rows, _NO_ROW).cells]
        if column.strip().lower() not in names:
            return Listing(problem=f"no column {column!r}; there are {', '.join(map(repr, names[:20])) or 'none'}")
    at = names.index(column.strip().lower()) if names else int(column) - 1
    title = names.index("title") if "title" in names else -1
    held = [(row.line, row.cell(at), row.cell(title) or None) for row in rows if row.broken or row.cell(at)]
    if not held and not names and lines:
        return Listing(problem=f"no column {column} in any line")
    return _listing(held)


def _delimiter(lines: Sequence[str]) -> str:
    first = [line for line in lines if line.strip()][:1]
    return max(",;\t", key=lambda one: len(next(_rows(first, one), _NO_ROW).cells))


def _rows(lines: Sequence[str], delimiter: str, number: int = 1) -> Iterator[_Row]:
    """Every row that is not blank. ``number``: of the first line. One that is no CSV (a quotation mark that is never
    closed, or closed in the middle) ends with its line, so that it swallows no other."""
    at = 0
    while at < len(lines):
        reader = csv.reader(lines[at : at + _MOST_LINES], delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            yield _Row(line=at + number, broken=True)
            at += 1
            continue
        if cells:
            yield _Row(line=at + number, cells=tuple(cells))
        at += reader.line_num


def _listing(rows: Iterable[tuple[int, str, str | None]]) -> Listing:
    entries: dict[str, Entry] = {}
    wrong: list[str] = []
    count = 0
    for number, text, title in rows:
        url = None if _NOT_IN_AN_ADDRESS.search(text) else tidy(text)
        if url is None:
            count += 1
            wrong += [f"line {number}"] if len(wrong) < _MOST_NAMED else []
        elif len(entries) >= MAX_ENTRIES:
            return Listing(entries=tuple(entries.values()), problem=f"more than {MAX_ENTRIES:,} addresses")
        else:
            entries.setdefault(url, Entry(url=url, title=line(title)))
    if not count:
        return Listing(entries=tuple(entries.values()))
    named = f"{', '.join(wrong)}{'…' * (count > len(wrong))}"
    problem = f"{count:,} {'line is' if count == 1 else 'lines are'} no web address: {named}"
    return Listing(entries=tuple(entries.values()), problem=problem)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
