"""``web.archive.org/cdx/search/cdx``, the index of captures, with the parameters of its README (``protocols.md`` 6.2).

Rows come in the index's order, the first one twice, as recorded listings have them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

from tests.loopback.answers import Answer, Headers, as_json
from tests.loopback.captures import NAMES, Capture, surt
from tests.loopback.server import Asked

Row = tuple[str, ...]
MOST_ROWS = 150_000
#: Rows of a block of the secondary index; really some 3,000.
BLOCK_ROWS = 3
_PAGE_BLOCKS = 50
_TEXT = "text/plain;charset=UTF-8"
_DUPES = "dupecount"
_REFUSALS = {
    "blocked": "AdministrativeAccessControlException: Blocked Site Error",
    "robots": "RobotAccessControlException: Blocked By Robots",
}


def listing(asked: Asked, captures: Sequence[Capture]) -> Answer:
    """The captures that were asked for, as plain rows or JSON; an empty answer for none."""
    told = parse_qsl(urlsplit(asked.target).query)
    query = dict(told)
    if "url" not in query:
        return Answer(status=400, body=b"Missing required param: url\n", content_type=_TEXT, headers=headers(400))
    names, rows = _counted(query, _resolved(query, [one.row for one in captures if _is_meant(one, query)]))
    rows = [row for row in rows if _in_time(row, query) and all(_passes(row, *one) for one in told)]
    for name, value in told:
        rows = list(_collapsed(rows, value)) if name == "collapse" else rows
    rows = _doubled(rows)
    blocks = int(query.get("pageSize", _PAGE_BLOCKS)) * BLOCK_ROWS
    if query.get("showNumPages") == "true":
        return Answer(status=200, body=b"%d\n" % -(-len(rows) // blocks), content_type=_TEXT, headers=headers())
    if (page := int(query.get("page", -1))) >= 0:
        rows = rows[page * blocks : (page + 1) * blocks]
    shown, resume = _limited(rows, query)
    fields = [name for name in query.get("fl", ",".join(names)).split(",") if name in names]
    cells = [tuple(row[names.index(name)] for name in fields) for row in shown]
    return _json(fields, cells, resume) if query.get("output") == "json" else _plain(cells, resume, query)


def refusal(trouble: str) -> Answer:
    """The answer for a site that is shown to nobody: ``blocked`` by its owner, or by its ``robots``.txt."""
    said = f"org.archive.util.io.RuntimeIOException: org.archive.wayback.exception.{_REFUSALS[trouble]}"
    error = ("X-Archive-Wayback-Runtime-Error", said)
    return Answer(status=403, body=f"{said}\n".encode(), content_type=_TEXT, headers=(error, *headers(403)))


def headers(status: int = 200) -> Headers:
    """What recorded answers of the index had beside their body."""
    return (
        ("Server", "nginx"), ("Permissions-Policy", "interest-cohort=()"),
        ("Referrer-Policy", "no-referrer-when-downgrade"), ("x-app-server", "wwwb-app52"), ("x-ts", str(status)),
        ("x-tr", "81"), ("X-location", "cdx"), ("X-RL", "0"), ("X-NA", "0"), ("X-NID", "-"), ("X-Page-Cache", "BYPASS"),
    )  # fmt: skip


def _is_meant(capture: Capture, query: dict[str, str]) -> bool:
    url, match = query["url"], query.get("matchType", "exact")
    if url.startswith("*."):
        url, match = url[2:], "domain"
    elif url.endswith("/*"):
        url, match = url[:-1], "prefix"
    key, host = surt(url), surt(url).partition(")")[0]
    match match:
        case "prefix":
            return capture.urlkey.startswith(key)
        case "host":
            return capture.urlkey.startswith(f"{host})")
        case "domain":
            return capture.urlkey.startswith((f"{host})", f"{host},"))
        case _:
            return capture.urlkey == key


def _resolved(query: dict[str, str], rows: list[Row]) -> list[Row]:
    """In order; with ``resolveRevisits`` (or counted), a revisit has the type and status of the same bytes' first."""
    rows = sorted(rows)
    if "true" not in (query.get("resolveRevisits"), query.get("showDupeCount")):
        return rows
    first = {row[5]: row for row in reversed(rows) if row[3] != "warc/revisit"}
    return [(*row[:3], *first.get(row[5], row)[3:5], *row[5:]) for row in rows]


def _counted(query: dict[str, str], rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
    """With ``showDupeCount``, how many rows of the same bytes stand before each."""
    if query.get("showDupeCount") != "true":
        return NAMES, rows
    seen: Counter[str] = Counter()
    counted = []
    for row in rows:
        counted.append((*row, str(seen[row[5]])))
        seen[row[5]] += 1
    return (*NAMES, _DUPES), counted


def _in_time(row: Row, query: dict[str, str]) -> bool:
    """Both ends are inclusive, and as short as one likes."""
    start, end = query.get("from", ""), query.get("to", "9")
    return row[1] >= start and row[1][: len(end)] <= end


def _passes(row: Row, name: str, condition: str) -> bool:
    if name != "filter":
        return True
    field, _, pattern = condition.removeprefix("!").partition(":")
    place = int(field) if field.isdigit() else NAMES.index(field)
    return bool(re.fullmatch(pattern, row[place])) != condition.startswith("!")


def _collapsed(rows: Sequence[Row], condition: str) -> Iterable[Row]:
    """Of neighbours that are alike in a field (``name``), or in its beginning (``name:N``), the first."""
    field, _, length = condition.partition(":")
    place = NAMES.index(field)
    most = int(length) if length else None
    yield from rows[:1]
    yield from (row for before, row in pairwise(rows) if before[place][:most] != row[place][:most])


def _doubled(rows: list[Row]) -> list[Row]:
    return rows[:1] + rows


def _limited(rows: list[Row], query: dict[str, str]) -> tuple[list[Row], str | None]:
    """The rows that are shown, and the key of what follows them, if it is wanted and something does."""
    if resume := query.get("resumeKey"):
        rows = _doubled([row for row in dict.fromkeys(rows) if " ".join(row[:2]) >= unquote_plus(resume)])
    rows = rows[int(query.get("offset", 0)) :]
    limit = int(query.get("limit", 1 if query.get("fastLatest") == "true" else MOST_ROWS))
    if limit < 0 or query.get("fastLatest") == "true":
        return rows[-abs(limit) :], None
    shown = rows[:limit]
    if query.get("showResumeKey") != "true" or len(shown) == len(rows):
        return shown, None
    key = " ".join(shown[-1][:2])
    return shown, quote_plus(key[:-1] + chr(ord(key[-1]) + 1))  # the least that comes behind it: "…1:" behind "…19"


def _json(names: list[str], rows: list[Row], resume: str | None) -> Answer:
    value = ([names, *map(list, rows)] if rows else []) + ([[], [resume]] if resume else [])
    return as_json(200, value, content_type="application/json", headers=headers())


def _plain(rows: list[Row], resume: str | None, query: dict[str, str]) -> Answer:
    lines = [*(" ".join(row) for row in rows), *(["", resume] if resume else [])]
    body = "".join(f"{line}\n" for line in lines).encode()
    form = "plain" if query.get("gzip") == "false" else "gzip"
    return Answer(status=200, body=body, content_type=_TEXT, form=form, headers=headers())
