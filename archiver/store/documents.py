"""Our JSON records as rows of the catalog, and back: the documents alone are enough to make those tables anew. Pure.

Bodies are read calmly: what is missing or of another type is left empty, since an archive outlives the program that
wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from archiver.model import Document
from archiver.store import fields
from archiver.store.records import json_text, warc_date

Row = dict[str, Any]
_KINDS = ("article", "post", "link", "policy")


def read(block: bytes) -> Document:
    """The document in a metadata record's block. Raises ``ValueError`` when it is none of ours."""
    data = json.loads(block)
    if not isinstance(data, dict) or data.get("kind") not in _KINDS or not isinstance(data.get("body"), dict):
        raise ValueError("not a document of this program")
    if not isinstance(data.get("key"), str):
        raise ValueError("a document without a key")
    at = datetime.fromisoformat(str(data.get("at")))
    if at.tzinfo is None:
        raise ValueError("a document without a time zone")
    return Document(kind=data["kind"], key=data["key"], at=at, body=data["body"])


def row(document: Document) -> Row:
    """The document's row in the table of its kind, without its place."""
    body = document.body
    common = {"at": warc_date(document.at), "body": json_text(body)}
    match document.kind:
        case "article":
            outcomes = _outcomes(body)
            columns = ("name", "kind", "url", "canonical_url", "title", "lang", "saved_at", "error")
            counts = {"finds": len(outcomes), "waiting": sum(one.get("status") == "pending" for one in outcomes)}
            due = {"due_at": _due(body)}
            return {"key": clean(document.key), **_texts(body, columns), **counts, **due, **common}
        case "post":
            platform, _, post_id = document.key.partition(":")
            facts = body.get("facts")
            known = {name: _first(facts, name) for name in ("handle", "author", "posted_at", "text", "lang")}
            return {
                "platform": clean(platform),
                "post_id": clean(post_id),
                **_texts(body, ("url", "availability")),
                **{name: _text(fact.get("value")) for name, fact in known.items()},
                "posted_at_precision": _text(known["posted_at"].get("precision")),
                "settled": body.get("settled") is True,
                "due_at": _due(body),
                **common,
            }
        case "link":
            settled = {"settled": body.get("settled") is True, "due_at": _due(body)}
            return {"short": clean(document.key), **_texts(body, ("end", "ended")), **settled, **common}
        case "policy":
            said = {"word": _text(body.get("policy")), **_texts(body, ("reason", "state"))}
            return {"key": clean(document.key), **said, **common}


def entry(document: Document) -> Row:
    """The document's row in the table of all that were ever written, without its place."""
    word, how = {"post": ("availability", "availability_how"), "link": ("ended", "error")}.get(document.kind, ("", ""))
    said = {"word": _text(document.body.get(word)), "how": _text(document.body.get(how))}
    return {"kind": document.kind, "key": clean(document.key), "at": warc_date(document.at), **said}


def sightings(document: Document) -> tuple[list[Row], list[Row]]:
    """An article document's outcomes as rows of ``sighting`` and ``sighting_link``."""
    rows, links = [], []
    for index, outcome in enumerate(_outcomes(document.body)):
        key = {"article": clean(document.key), "position": index}
        columns = ("kind", "form", "platform", "post_id", "url", "handle", "status", "availability", "try_again_at")
        rows.append({**key, **_texts(outcome, columns), "record": json_text(outcome)})
        shorts = outcome.get("short_links")
        urls = [outcome.get("url"), *(shorts if isinstance(shorts, list | tuple) else ())]
        links += [{**key, "url": url} for url in dict.fromkeys(filter(None, map(_text, urls)))]
    return rows, links


def aliases(document: Document) -> list[Row]:
    """Under which identities an article document's article is known, as rows of ``article_alias``."""
    named = document.body.get("aliases")
    texts = map(_text, named if isinstance(named, list | tuple) else ())
    return [{"identity": one, "article": clean(document.key)} for one in dict.fromkeys(filter(None, texts))]


def _due(body: Mapping[str, object]) -> str | None:
    """When to look next, as a WARC date, so that it compares as text; what an older program wrote is due at its next
    try, if it has one."""
    written = body.get("due_at", body.get("try_again_at"))
    try:
        return warc_date(datetime.fromisoformat(written)) if isinstance(written, str) else None
    except ValueError:
        return None


def clean(value: str) -> str:
    """``value`` as every database can hold it; for keys, too."""
    return fields.unicode(value).replace("\0", "")  # PostgreSQL's text can't hold NUL; the body keeps it, escaped


def _outcomes(body: Mapping[str, object]) -> list[Mapping[str, Any]]:
    outcomes = body.get("outcomes")
    return [one for one in outcomes if isinstance(one, Mapping)] if isinstance(outcomes, list | tuple) else []


def _first(facts: object, name: str) -> Mapping[str, object]:
    """The preferred fact of a field; empty when there is none."""
    values = facts.get(name) if isinstance(facts, Mapping) else None
    first = values[0] if isinstance(values, list | tuple) and values else None
    return first if isinstance(first, Mapping) else {}


def _texts(body: Mapping[str, object], names: tuple[str, ...]) -> Row:
    return {name: _text(body.get(name)) for name in names}


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) else None
