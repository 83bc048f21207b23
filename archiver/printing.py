"""How results look to a person. Text of strangers is made harmless (``archiver.terminal``) wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from archiver.model import Outcome
from archiver.terminal import harmless

Row = Mapping[str, Any]
_SHOWN_URL = 120  # of a service's address with its twenty switches; --json has the whole
_COLOURS = {
    "archived": "green",
    "already": "green",
    "unavailable": "yellow",
    "pending": "cyan",
    "refused": "yellow",
    "failed": "red",
}

_VERDICTS = {"confirmed": "green", "contradicted": "red", "unconfirmed": "yellow"}


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
    if differs := ", ".join(dict.fromkeys(item["what"] for item in row.get("disagreements") or ())):
        console.print(Text(" " * indent + harmless(f"differs: {differs}"), style="red"), soft_wrap=True)


def who(row: Row) -> str:
    """``@handle``, else the author's name, else ``?``."""
    return f"@{row['handle']}" if row.get("handle") else row.get("author") or "?"


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
    _changes(console, row)


def _changes(console: Console, row: Row) -> None:
    """What changed, oldest first."""
    for one in row.get("changes") or ():
        was = f": {_value(one['from'])} → {_value(one['to'])}" if one.get("from") or one.get("to") else ""
        parts = [f"{word} {_value(one[word])}" for word in ("added", "removed") if one.get(word)]
        said = "; ".join([f"{one['at'][:16]}Z {one['what']}{was}", *parts])
        console.print(Text(f"  {'changed':<14}", style="yellow") + Text(harmless(said)), soft_wrap=True)


def record(console: Console, row: Row) -> None:
    """One public record in full: what is claimed, what was answered, where they differ, and where the bytes are."""
    console.print(Text(harmless(row.get("url") or who(row)), style="bold"))
    for label, value in (
        ("article", row.get("article")),
        ("found as", f"{row['kind']}, {row['form']}, position {row['position']}" if row.get("article") else None),
        ("kept", None if row.get("article") else "because another post quotes or answers it"),
        ("status", " — ".join(filter(None, (row["status"], row.get("availability"), row.get("error"))))),
        ("recovered", _archived(row.get("recovered"))),
        ("identified", (row.get("identified") or {}).get("seen")),
        ("try again", row.get("try_again_at")),
        ("next look", row.get("due_at")),
    ):
        if value:
            console.print(Text(f"  {label:<14}", style="dim") + Text(harmless(value)), soft_wrap=True)
    _changes(console, row)
    _judgement(console, row)
    for field, facts in (row.get("facts") or {}).items():
        for number, fact in enumerate(facts):
            label = field if number == 0 else ""
            line = Text(f"  {label:<13} ", style="dim") + Text(harmless(_value(fact["value"])))
            memento = fact.get("memento")
            seen = f", archived {memento['at'][:10]}" if memento else f", {fact['at'][:16]}Z" if fact.get("at") else ""
            how = f"  [{fact['how']}{seen}]"
            console.print(line + Text(harmless(how), style="dim"), soft_wrap=True)
    for link in row.get("links") or ():
        chain(console, link)
    for capture in row.get("captures") or ():
        url = capture["url"] if len(capture["url"]) <= _SHOWN_URL else capture["url"][:_SHOWN_URL] + "…"
        cut = f" (cut: {capture['cut']})" if capture.get("cut") else ""
        cells = f"{capture['http_status']} {url}{cut}  {capture['warc']} @{capture['offset']}"
        console.print(Text(f"  {capture['why']:<14}", style="dim") + Text(harmless(cells)), soft_wrap=True)


def _archived(memento: Row | None) -> str | None:
    return f"{memento['url']} of {memento['at'][:16]}Z" if memento else None


def _judgement(console: Console, row: Row) -> None:
    """The article's claims, and where sources differ, so that a person sees at once what to believe."""
    for claim in row.get("claims") or ():
        by = f" by {', '.join(claim['by'])}" if claim["by"] else ""
        verdict = Text(f"  {claim['verdict']:<14}", style=_VERDICTS[claim["verdict"]])
        said = f"{claim['field']}: {_value(claim['value'])}"
        console.print(verdict + Text(harmless(said)) + Text(harmless(by), style="dim"), soft_wrap=True)
    for item in row.get("disagreements") or ():
        said = "; ".join(f"{_value(value['value'])} ({value['how']})" for value in item["values"])
        what = Text(harmless(f"  {'differs':<14}{item['field']}, {item['what']}: "), style="red")
        console.print(what + Text(harmless(said)), soft_wrap=True)
    for one in (row.get("identified") or {}).get("candidates", ()):
        sure = one["post_id"] == row.get("post_id")
        said = f"{one['url']} ({one['confidence']}, {one['ratio']:.0%}) {_archived(one['memento'])}"
        label = Text(f"  {'same words' if sure else 'resembles':<14}", style="green" if sure else "yellow")
        console.print(label + Text(harmless(said)), soft_wrap=True)
    for one in row.get("related") or ():
        shown = f"{one['relation']} {one['url']}: {one['availability']}; {one['text'] or 'no text'}"
        console.print(Text("  related       ", style="dim") + Text(harmless(shown)), soft_wrap=True)
    for item in row.get("evidence") or ():
        said = f"{item['says']}, says {item['how']} on {item['at'][:16]}Z"
        console.print(Text("  seen          ", style="dim") + Text(harmless(said)), soft_wrap=True)


def chain(console: Console, link: Row) -> None:
    """Where a link leads, a line for each hop."""
    console.print(
        Text("  link          ", style="dim") + Text(harmless(f"{link['short']} → {link['ended']}: {link['end']}")),
        soft_wrap=True,
    )
    for hop in link.get("hops") or ():
        status = hop["http_status"] if hop["http_status"] is not None else "—"
        where = f"  {hop['warc']}" if hop.get("warc") else ""
        console.print(
            Text(f"    {status!s:>4}        ", style="dim") + Text(harmless(f"{hop['url']}{where}")), soft_wrap=True
        )


def _value(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_value(item) for item in value)
    if not isinstance(value, Mapping):
        return str(value)
    if "bytes" in value:  # a file that is held
        return f"{value['bytes']:,} bytes in {value['warc']}"
    if "type" in value:
        held = _value(value["file"]) if value.get("file") else "not held"
        alt = f", described as “{value['alt']}”" if value.get("alt") else ""
        return f"{value['type']} {value['url']} ({held}){alt}"
    return ", ".join(f"{key} {_value(item)}" for key, item in value.items() if item is not None)
