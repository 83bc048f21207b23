"""What earlier looks at a post left, beside what this one says: nothing that was seen once is forgotten. Pure.

Everything here is JSON as a post's document keeps it (``record.post_document``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from archiver.model import PostRef

Body = Mapping[str, Any]
Json = dict[str, Any]
Facts = dict[str, list[Json]]
# Facts of which a newer reading replaces the older one: the same picture, held better.
_REPLACED = frozenset(("media", "avatar", "card"))
_MOST_FACTS = 50
_MOST = {"captures": 1_000, "evidence": 200}


def availability(word: str | None, how: str, known: Body) -> Json:
    """What is known of it; a look that nobody answered (``None``) changes nothing."""
    if word is None and known.get("availability"):
        return {key: known[key] for key in ("availability", "availability_how")}
    return {"availability": word, "availability_how": how}


def with_earlier(now: Mapping[str, Sequence[Json]], earlier: Mapping[str, Sequence[Json]]) -> dict[str, list[Json]]:
    """Every fact by field: this look's first, then what only earlier looks saw (a name before it was changed)."""
    kept = {field: list(facts) for field, facts in now.items()}
    for field, facts in earlier.items():
        said = {_told(field, fact) for fact in kept.get(field, ())}
        kept.setdefault(field, []).extend(fact for fact in facts if _told(field, fact) not in said)
        del kept[field][_MOST_FACTS:]
    return kept


def with_told(known: Mapping[str, Sequence[Json]], told: Mapping[str, Sequence[Json]], record_id: str) -> Facts:
    """``known``, and behind it what ``record_id``, an answer about another post, tells and nothing before it does; in
    place of what was read from it earlier."""
    kept: Facts = {
        field: [fact for fact in facts if "shown_in" not in fact or fact["record_id"] != record_id]
        for field, facts in known.items()
    }
    for field, facts in told.items():
        said = {_told(field, fact) for fact in kept.get(field, ())}
        kept.setdefault(field, []).extend(fact for fact in facts if _told(field, fact) not in said)
        del kept[field][_MOST_FACTS:]
    kept = {field: facts for field, facts in kept.items() if facts}
    as_sets = [{field: sorted(map(_written, facts)) for field, facts in each.items()} for each in (kept, known)]
    return {field: list(facts) for field, facts in known.items()} if as_sets[0] == as_sets[1] else kept


def _written(fact: Json) -> str:
    return json.dumps(fact, sort_keys=True)


def _told(field: str, fact: Body) -> tuple[str, str | None]:
    return fact["how"], None if field in _REPLACED else json.dumps(fact["value"], sort_keys=True)


def joined(known: Body, key: str, now: Sequence[Json]) -> list[Json]:
    """What earlier looks left under ``key`` and this one did not see again, then what it saw."""
    seen = {one["record_id"] for one in now}
    return [*(one for one in known.get(key) or () if one["record_id"] not in seen), *now][-_MOST[key] :]


def reread(body: Body, known: Body) -> Json:
    """A post's document made anew (``body``), with what no reading can change as it is ``known``: how often it was
    looked at, when it is next, what failed for want of an answer; and what web archives told, where their answers are
    not at hand."""
    stays = {key: known[key] for key in ("looks", "failures")}
    due = None if body["settled"] else known.get("try_again_at") or body["try_again_at"]
    again = {**known, **body, **stays, "try_again_at": due}
    if shown := _those("shown_in", known["facts"]):
        again |= {"facts": with_earlier(body["facts"], shown), "captures": _all_captures(body, known)}
        again["url"] = (body if body["facts"].get("handle") else known)["url"]
    if not known.get("recovered") or (body.get("recovered") or {}).get("url"):
        return again
    return {
        **again,
        "facts": with_earlier(again["facts"], _those("memento", known["facts"])),
        "captures": _all_captures(body, known),
        "recovered": known["recovered"],
    }


def asked_as(known: Body, match: Callable[[str], PostRef | None]) -> tuple[str | None, ...]:
    """The handles under which a post was asked for, ``None`` for a question without one: those of the addresses that
    its questions name. Nothing when no question names one."""
    asked: dict[str | None, None] = {}
    for capture in known.get("captures") or ():
        for value in parse_qs(urlsplit(str(capture["url"])).query).get("url", ()):
            named = match(value)
            if named and named.post_id == known["post_id"]:
                asked[named.handle] = None
    return tuple(asked)


def has_all(body: Body, known: Body) -> bool:
    """Whether all that ``known`` takes for evidence was read again for ``body``: without one of them a reading says
    less than is known, and puts nothing right."""
    read = {one["record_id"] for one in body["captures"]}
    return read >= {one["record_id"] for one in known.get("evidence") or ()}


def _all_captures(body: Body, known: Body) -> list[Json]:
    """Those of ``body`` and those that only ``known`` names; as they are known, where these are the same."""
    again = {one["record_id"]: one for one in (*body["captures"], *known["captures"])}
    same = again.keys() == {one["record_id"] for one in known["captures"]}
    return list(known["captures"]) if same else list(again.values())[-_MOST["captures"] :]


def _those(mark: str, facts: Mapping[str, Sequence[Json]]) -> Facts:
    """The facts that have ``mark``, by field."""
    found = {field: [fact for fact in known if mark in fact] for field, known in facts.items()}
    return {field: marked for field, marked in found.items() if marked}
