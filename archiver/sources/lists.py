"""Lists of addresses: one a line, or a column of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from archiver.sources.address import tidy
from archiver.sources.entry import Entry, Listing, line

MAX_ENTRIES = 200_000
_MOST_NAMED = 3


def read_lines(data: bytes) -> Listing:
    """The addresses in ``data``, one a line; blank lines and those that begin with ``#`` are passed over, any line
    ending will do. ``problem`` names the first lines that are no address."""
    numbered = enumerate(_text(data).splitlines(), start=1)
    wanted = ((number, text.strip()) for number, text in numbered)
    return _listing(((n, text, None) for n, text in wanted if text and not text.startswith("#")))


def read_csv(data: bytes, column: str) -> Listing:
    """The addresses in the column of that name, or of that number (the first is 1; then there is no heading line).

    Comma, semicolon or tab: what the first line holds most of. A column ``title`` is taken along.
    """
    text = _text(data)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    names: list[str] = []
    try:
        if not column.isascii() or not column.isdigit():
            names = [name.strip().lower() for name in next(rows, [])]
            if column.strip().lower() not in names:
                return Listing(problem=f"no column {column!r}; there are {', '.join(map(repr, names[:20])) or 'none'}")
        at = names.index(column.strip().lower()) if names else int(column) - 1
        title = names.index("title") if "title" in names else None
        filled = [
            (rows.line_num, row[at].strip(), row[title] if title is not None and title < len(row) else None)
            for row in rows
            if 0 <= at < len(row) and row[at].strip()
        ]
    except csv.Error as error:
        return Listing(problem=f"line {rows.line_num}: {error}")
    return _listing(filled)


def _listing(rows: Iterable[tuple[int, str, str | None]]) -> Listing:
    entries: dict[str, Entry] = {}
    wrong: list[str] = []
    count = 0
    for number, text, title in rows:
        url = tidy(text)
        if url is None:
            count += 1
            wrong += [f"line {number}"] if len(wrong) < _MOST_NAMED else []
        elif len(entries) >= MAX_ENTRIES:
            return Listing(entries=tuple(entries.values()), problem=f"more than {MAX_ENTRIES:,} addresses")
        else:
            entries.setdefault(url, Entry(url=url, title=line(title)))
    problem = f"{count:,} lines are no web address: {', '.join(wrong)}{'…' * (count > len(wrong))}" if count else None
    return Listing(entries=tuple(entries.values()), problem=problem)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
