"""How results look to a person. Text of strangers is made harmless (``archiver.terminal``) wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from archiver import sheet
from archiver.model import Outcome, counted
from archiver.sheet import who
from archiver.terminal import harmless

Row = Mapping[str, Any]
_COLOURS = {
    "archived": "green",
    "already": "green",
    "unavailable": "yellow",
    "pending": "cyan",
    "refused": "yellow",
    "failed": "red",
}


def finds(
    console: Console, rows: Sequence[Row], *, outcome: bool, headings: Mapping[str, Sequence[str]] | None = None
) -> None:
    """A table of finds; with ``outcome`` also of what came of them. Below each row, in full, where it leads, and the
    beginning of what it says: links are never cut, so that they can be copied. ``headings``: the lines that stand above
    the first row of each article, by its key."""
    head = ("#", "kind", "form", "who", "when", *(("status",) if outcome else ()))
    table = [head, *(_cells(row, outcome=outcome) for row in rows)]
    widths = [min(max(cell_len(line[column]) for line in table), 40) for column in range(len(head))]
    for number, cells in enumerate(table):
        if number and headings and (number == 1 or rows[number - 1]["article"] != rows[number - 2]["article"]):
            for place, said in enumerate(headings.get(rows[number - 1]["article"], ())):
                console.print(Text(harmless(said), style="dim" if place else "bold"), soft_wrap=True)
        padded = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)]
        line = Text("  ".join(padded).rstrip(), style="bold" if number == 0 else "")
        if number and outcome:
            line.highlight_words([cells[-1]], style=_COLOURS.get(cells[-1], ""))
        console.print(line, soft_wrap=True)
        if number:
            _below(console, rows[number - 1], widths[0] + 2)


def _cells(row: Row, *, outcome: bool) -> tuple[str, ...]:
    when = (row["posted_at"] or "?")[:10]
    cells = (str(row["position"]), row["kind"], row["form"], who(row), when, *((row["status"],) if outcome else ()))
    return tuple(map(harmless, cells))


def _below(console: Console, row: Row, indent: int) -> None:
    text = " ".join((row.get("text") or "").split())
    if row.get("text_before"):
        text = f"(its beginning is not known) {text}"
    where = row.get("url") or ", ".join(row.get("short_links") or ())
    for line in (where, text[:100] + ("…" if text[100:] else ""), row.get("problem")):
        if line:
            console.print(Text(" " * indent + harmless(line), style="dim"), soft_wrap=True)
    found = (row.get("identified") or {}).get("candidates") or ()
    if found and not row.get("post_id"):
        said = f"{counted(len(found), 'post')} {'resembles' if len(found) == 1 else 'resemble'} it, none beyond doubt"
        console.print(Text(" " * indent + said, style="yellow"), soft_wrap=True)
    if differs := ", ".join(dict.fromkeys(item["what"] for item in row.get("disagreements") or ())):
        console.print(Text(" " * indent + harmless(f"differs: {differs}"), style="red"), soft_wrap=True)


def waiting(console: Console, outcomes: Iterable[Outcome]) -> None:
    """A line for every find that is not settled: what, why, and when it is tried again. Who saves the article again
    asks at once, but for what was to be left alone until then."""
    for one in outcomes:
        row = one.record
        if row["status"] in ("pending", "failed", "refused") or (row["status"] == "unavailable" and row["error"]):
            when = ""
            if row.get("try_again_at"):
                how = "not asked again before" if one.firm else "again when saved again, or by a night after"
                when = f" ({how} {row['try_again_at'][:16]}Z)"
            subject = row.get("url") or f"{who(row)}, {row['posted_at'] or 'no date'}"
            line = Text(f"  {row['status']}: ", style=_COLOURS[row["status"]])
            console.print(line + Text(harmless(f"{subject}: {row['error']}{when}")), soft_wrap=True)


def heading(row: Row) -> tuple[str, ...]:
    """How an article (a row of ``Catalog.articles``) is headed: its title or name and, where that is not said yet,
    which of several of that title it is."""
    key, head = str(row["key"]), str(row["title"] or row["name"])
    which = f"{row['name']} (a file: {key})" if row["title"] else f"(a file: {key})"
    return tuple(dict.fromkeys((head, which if key.startswith("urn:") else key)))


def article(console: Console, row: Row) -> None:
    """What is known of an article itself: when its page was had, where its bytes are, when it is looked at next, and
    how it changed."""
    source, counts = row["source"], f"{row['finds']} found, {row['waiting']} waiting"
    console.print(Text(harmless(row["title"] or row["name"]), style="bold"), soft_wrap=True)
    for label, value in (
        ("article", row["article"]),
        ("called", row["name"] if row["name"] != row["article"] else None),
        ("canonical", row["canonical_url"]),
        ("page of", row["fetched_at"] or ("not looked at yet" if source is None else None)),
        ("unchanged", row["unchanged_at"] and f"{row['unchanged_at']}, by its server's word"),
        ("bytes", f"{source['warc']} @{source['offset']}" if source else None),
        ("saved", f"{row['saved_at']}: {counts}{', not read to its end' if row['truncated'] else ''}"),
        ("same as", row["same_as"]),
        ("next look", row["due_at"]),
        ("failed", row["error"]),
    ):
        if value:
            console.print(Text(f"  {label:<14}", style="dim") + Text(harmless(value)), soft_wrap=True)
    sheet.changes(console, row)
