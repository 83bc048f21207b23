"""Which rows a table has, and which columns where a row must be flat."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from archiver.ports import Catalog

Row = Mapping[str, Any]
Value = str | int | bool | None


class Column(NamedTuple):
    """``kind``: the type of its values, each of which may be ``None``. Times are text: their precision differs."""

    name: str
    kind: type[str] | type[int] | type[bool] = str


def _columns(text: str) -> tuple[Column, ...]:
    kinds = {"int": int, "bool": bool}
    named = (word.partition(":") for word in text.split())
    return tuple(Column(name, kinds.get(kind, str)) for name, _, kind in named)


# A list or an object in a cell is its JSON.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "posts": _columns(
        "platform post_id url availability availability_how handle author author_id posted_at posted_at_precision text "
        "text_cut:bool lang in_reply_to quoted media:int settled:bool looks:int try_again_at at warc record_id"
    ),
    "sightings": _columns(
        "article position:int kind form platform post_id url handle author posted_at posted_at_precision text "
        "text_before lang status availability error try_again_at short_links captures:int disagreements"
    ),
    "hops": _columns("short position:int url http_status:int location captured_at warc record_id end ended"),
    "availability": _columns("platform post_id at availability availability_how warc record_id"),
    "ledger": _columns("short end ended platform post_id handle hops first_seen last_seen archive source"),
}
KINDS = tuple(COLUMNS)
# How a chain may end such that its end is worth telling to another archive.
_TOLD = ("post", "page", "gone", "unsafe", "loop", "too-many-hops")


def rows(kind: str, catalog: Catalog) -> Iterator[Row]:
    """The rows of a table (one of ``KINDS``) as JSON values, read as they are asked for."""
    making: dict[str, Callable[[Catalog], Iterable[Row]]] = {
        "posts": lambda catalog: catalog.posts(),
        "sightings": lambda catalog: catalog.sightings(),
        "hops": _hops,
        "availability": lambda catalog: catalog.looks(),
        "ledger": _ledger,
    }
    yield from making[kind](catalog)


def flat(kind: str, row: Row) -> list[Value]:
    """``row``, one value for each of the table's columns; ``None`` where it says nothing."""
    shown: Mapping[str, Any] = _post(row) if kind == "posts" else row
    return [_value(column, shown.get(column.name)) for column in COLUMNS[kind]]


def _hops(catalog: Catalog) -> Iterator[Row]:
    for link in catalog.links():
        for position, hop in enumerate(link["hops"]):
            yield {"short": link["short"], "position": position, **hop, "end": link["end"], "ended": link["ended"]}


def _ledger(catalog: Catalog) -> Iterator[Row]:
    """Where each short link leads. ``source``: ``None`` for what this archive asked itself."""
    for link in catalog.links():
        if link.get("ended") in _TOLD:
            post = link.get("post") or {}
            yield {
                **{name: link.get(name) for name in ("short", "end", "ended")},
                **{name: post.get(name) for name in ("platform", "post_id", "handle")},
                **{name: link.get(name) for name in ("hops", "first_seen", "last_seen")},
                "archive": catalog.archive_id,
                "source": link.get("source"),
            }


def _post(body: Row) -> Row:
    """A post's document with the preferred value of each fact, and the number of its media."""
    facts: Mapping[str, Any] = body.get("facts") or {}
    first = {name: known[0] for name, known in facts.items() if known}
    values = {name: fact.get("value") for name, fact in first.items()}
    media = values.get("media")
    return {
        **values,
        "media": len(media) if isinstance(media, list) else None,
        "posted_at_precision": first.get("posted_at", {}).get("precision"),
        **{name: value for name, value in body.items() if name != "facts"},
    }


def _value(column: Column, value: object) -> Value:
    if column.kind is int and isinstance(value, list):
        return len(value)
    if value is None or isinstance(value, column.kind):
        return value
    if column.kind is str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return None
