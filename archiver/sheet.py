"""One public record, for people, on one screen: what the article claims and what became of it come first, then what is
known and held, and where the bytes are. Text of strangers is made harmless (``archiver.terminal``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from archiver.model import GONE, counted
from archiver.terminal import harmless

Row = Mapping[str, Any]
_SHOWN_URL = 90  # of a service's address with its twenty switches; --json has the whole
_MOST_SHOWN = 1_000
_VERDICTS = {"confirmed": "green", "contradicted": "red", "unconfirmed": "yellow"}
_NOUNS = {"photo": "photo", "video": "film", "animated_gif": "GIF"}
_ONLY = {
    "beginning": "only its beginning: the rest is cut",
    "middle": "only its middle: beginning and end are cut",
    "end": "only its end: the beginning is cut",
    "beyond": "known only as far as the answers go: they are cut",
    "words": "its words, not its link",
}
_CONFIDENCE = {
    "same": "letter for letter",
    "cut": "one is the other's beginning",
    "tail": "one is the other's end",
    "short": "the same, but too short to prove anything",
}
_UNCLEAR = ("changed-text", "cut-text", "other-link", "wrong-handle", "wrong-author", "other-handle", "other-name")
_WHAT = {
    "renamed": "the account was renamed",
    "other-name": "an earlier or later name of the account, or forged: nobody showed it",
    "other-handle": "an earlier or later handle of the account, or forged: nobody showed it",
    "wrong-handle": "not known as the account of this post",
    "wrong-author": "not known as the author of this post",
    "other-account": "services name different accounts",
    "changed-text": "not the words of this post",
    "edited": "the post was edited",
    "other-link": "the same words with another link",
    "cut-text": "a part of it that does not show that it is cut",
    "impossible-date": "days away from the time in the id",
    "other-day": "a day away from the time in the id",
    "other-time": "not the time in the id",
    "future-id": "the id is of a time to come",
    "impossible-id": "no post ever got this id",
    "shown-and-gone": "one source shows the post, another says that it is gone",
    "shown-and-hidden": "one source shows the post, another says that it is not for everybody",
    "other-reason": "sources differ about why it can't be seen",
}


def articles(console: Console, rows: Sequence[Row]) -> None:
    """How the claims of each of several articles that show one post stand, a line each."""
    count = len({row["article"] for row in rows})
    _line(console, "shown by", (f"{len(rows)} places in " if count < len(rows) else "") + counted(count, "article"))
    for row in rows:
        said, style = summary(row)
        _line(console, "", f"{_name(row)}, position {row['position']}: {said or 'claims nothing'}", style=style)


def record(console: Console, row: Row, folder: str = "", *, again: bool = False) -> None:
    """One public record in full: what is claimed, what was answered, where they differ, and where the bytes are: which
    WARC (each has a number; its name stands at the end, below ``folder``), and at which offset. ``again``: what is
    known and held of the post was shown just before, and is left out."""
    console.print(Text(harmless(row.get("url") or who(row)), style="bold"), soft_wrap=True)
    places = _Places(row)
    _head(console, row, places)
    if again:
        _judgement(console, row)
        for link in row.get("links") or ():
            chain(console, link, places)
        _line(console, "known", "what is known and held of the post: as above")
        places.tell(console, folder)
        return
    changes(console, row)
    _judgement(console, row)
    _evidence(console, row)
    _candidates(console, row)
    _facts(console, row)
    _files(console, row, places)
    for one in row.get("related") or ():
        _line(console, "related", f"{one['relation']} {one['url']}: {one['availability']}; {one['text'] or 'no text'}")
    for link in row.get("links") or ():
        chain(console, link, places)
    _captures(console, row, places)
    places.tell(console, folder)


class _Places:
    """Where bytes are, in short. ``names``: of the WARCs that were mentioned, in the order of their numbers."""

    def __init__(self, row: Row) -> None:
        self.names: list[str] = []
        self._offsets = {one["record_id"]: one["offset"] for one in row.get("captures") or () if one.get("record_id")}

    def of(self, held: Row) -> str:
        """``[1] @479``: the number of the WARC, and the offset in it where that is known."""
        if held["warc"] not in self.names:
            self.names.append(held["warc"])
        offset = held.get("offset", self._offsets.get(held.get("record_id") or ""))
        return f"[{self.names.index(held['warc']) + 1}]" + (f" @{offset}" if offset is not None else "")

    def tell(self, console: Console, folder: str) -> None:
        """The names of the WARCs, by number."""
        for number, name in enumerate(self.names, 1):
            _line(console, f"[{number}]", f"{folder}/{name}" if folder else name)


def who(row: Row) -> str:
    """``@handle``, else the author's name, else ``?``."""
    return f"@{row['handle']}" if row.get("handle") else row.get("author") or "?"


def _line(console: Console, label: str, said: object, more: str = "", style: str = "dim") -> None:
    line = Text(f"  {harmless(label):<14}", style=style) + Text(harmless(said, _MOST_SHOWN))
    if len(str(said)) > _MOST_SHOWN:  # so that nobody takes our ellipsis for the author's
        line += Text(f" (the first {_MOST_SHOWN:,} letters; --json has all {len(str(said)):,})", style="dim")
    console.print(line + Text(harmless(f"  {more}"), style="dim") if more else line, soft_wrap=True)


def _head(console: Console, row: Row, places: _Places) -> None:
    if row.get("article"):
        place = places.of(row["article_source"]) if row.get("article_source") else ""
        name, key = _name(row), str(row["article"])
        _line(console, "article", name, ", ".join(filter(None, [key if key != name else "", place])))
    again, due = row.get("try_again_at"), row.get("due_at")
    for label, value in (
        ("found as", f"{row['kind']}, {row['form']}, position {row['position']}" if row.get("article") else None),
        ("kept", None if row.get("article") else "because another post quotes or answers it"),
        ("status", _status(row)),
        ("recovered", _archived(row.get("recovered"))),
        ("shown in", _shown_in(row)),
        ("submitted", _submitted(row.get("submitted"))),
        ("identified", (row.get("identified") or {}).get("seen")),
        ("try again", again and f"{again[:16]}Z, when it is saved again or by a night"),
        ("next look", due and due != again and f"{due[:16]}Z, by a night"),
    ):
        if value:
            _line(console, label, value)


def _name(row: Row) -> str:
    """The article's address; of a file, what it was called."""
    key = str(row["article"])
    return str(row.get("article_name") or key) if key.startswith("urn:") else key


def _status(row: Row) -> str:
    """In a sentence; an error that begins with the availability says that, too."""
    availability, error = row.get("availability") or "", str(row.get("error") or "")
    return " — ".join(filter(None, (row["status"], "" if error.startswith(availability) else availability, error)))


def _submitted(handed_on: Row | None) -> str | None:
    """What came of a submission to Save Page Now."""
    if not handed_on:
        return None
    return ", ".join(filter(None, (handed_on["state"], _archived(handed_on["memento"]), handed_on["error"])))


def _shown_in(row: Row) -> str | None:
    """In the answers about which other posts its words stand."""
    texts = (row.get("facts") or {}).get("text") or ()
    others = dict.fromkeys(fact["shown_in"]["post_id"] for fact in texts if "shown_in" in fact)
    return f"X's answer about {', '.join(others)}, which quotes or answers it" if others else None


def _archived(memento: Row | None) -> str | None:
    return f"{memento['url']} of {memento['at'][:16]}Z" if memento else None


def changes(console: Console, row: Row) -> None:
    """What changed, oldest first."""
    for one in row.get("changes") or ():
        was = f": {_value(one['from'])} → {_value(one['to'])}" if one.get("from") or one.get("to") else ""
        parts = [f"{word} {_value(one[word])}" for word in ("added", "removed") if one.get(word)]
        _line(console, "changed", "; ".join([f"{one['at'][:16]}Z {one['what']}{was}", *parts]), style="yellow")


def _judgement(console: Console, row: Row) -> None:
    """The article's claims, the contradicted ones first, and where sources differ, so that a person sees at once what
    to believe."""
    told, differs = row.get("claims") or (), {item["field"]: item for item in row.get("disagreements") or ()}
    if told or differs:
        text, style = summary(row)
        _line(console, "claims", text, style=style)
    claimed = {one["field"] for one in told if one["verdict"] == "contradicted" or one.get("against")}
    for field, item in differs.items():
        if field not in claimed:
            _line(console, "differs", _said_of(item), style="red")
            _values(console, item["values"])
    for claim in sorted(told, key=lambda one: (one["verdict"] != "contradicted", not one.get("against"))):
        _claim(console, claim, differs.get(claim["field"]))


def _said_of(item: Row, *, disputed: bool = False) -> str:
    """``disputed``: some answers say the same as the article."""
    note = f" ({item['note']})" if item.get("note") else ""
    if item["what"] == "cut-text" and item.get("note"):  # not the article's text is cut, but the answers
        return f"{item['field']}, cut-text: {item['note']}"
    why = "the answers differ" if disputed and item["what"] in _UNCLEAR else _WHAT.get(item["what"], "sources differ")
    return f"{item['field']}, {item['what']}: {why}{note}"


def _values(console: Console, values: Sequence[Row], *, but: object = None) -> None:
    for value, facts in _by_value(values):
        if value != but:
            _line(console, "", value, f"[{_told_by(facts)}]")


def summary(row: Row) -> tuple[str, str]:
    """How the article's claims stand, in a line, and its colour."""
    told = row.get("claims") or ()
    by = {word: [one["field"] for one in told if one["verdict"] == word] for word in _VERDICTS}
    against = [one["field"] for one in told if one.get("against")]
    parts = [one["field"] for one in told if one.get("only") and one["verdict"] == "confirmed"]
    claimed = {one["field"] for one in told}
    differs = [one for one in row.get("disagreements") or () if one["field"] not in claimed]
    others = [f"{one['field']} ({one['what']})" for one in differs]
    groups = (
        ("contradicted", by["contradicted"]),
        ("confirmed and contradicted", against),
        ("unconfirmed", by["unconfirmed"]),
        ("confirmed in part", parts),
        ("sources differ about", others),
    )
    said = [f"{word}: {', '.join(dict.fromkeys(fields))}" for word, fields in groups if fields]
    whole = sum(one["verdict"] == "confirmed" and not (one.get("against") or one.get("only")) for one in told)
    every = "confirmed" if len(told) == 1 else f"all {len(told)} confirmed"
    count = every if whole == len(told) else f"{whole} of {len(told)} confirmed"
    style = "red" if by["contradicted"] or against or others else "yellow" if said else "green"
    return "; ".join([*([count] if told else []), *said]), style


def _claim(console: Console, claim: Row, differs: Row | None) -> None:
    """A claim with its verdict, and what those say who say otherwise."""
    verdict, by_at, against = claim["verdict"], claim.get("by_at"), claim.get("against") or ()
    only = "".join(f" ({_ONLY[one]})" for one in claim.get("only") or ())
    said = f"{claim['field']}{only}: {_value(claim['value'])}"
    if verdict == "contradicted" and differs:
        _line(console, verdict, said, f"[{claim['how']}]", style="red")
        _line(console, "", _said_of(differs), style="red")
        _values(console, differs["values"], but=_value(claim["value"]))
        return
    so_far = "as far as" if verdict == "unconfirmed" else "by"
    by = f"{so_far} {', '.join(claim['by'])}{_on(by_at)}" if claim["by"] else "nobody else speaks of it"
    _line(console, verdict, said, by, style=_VERDICTS[verdict])
    if against:
        since = "since, " if by_at and (claim.get("against_at") or "") > by_at else ""
        said = f"{claim['field']}: {since}by {', '.join(against)}{_on(claim.get('against_at'))}"
        _line(console, "contradicted", said, style="red")
        if differs:
            _line(console, "", _said_of(differs, disputed=True), style="red")
            _values(console, differs["values"], but=_value(claim["value"]))


def _on(at: str | None) -> str:
    return f" on {at[:16]}Z" if at else ""


def _by_value(facts: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Facts of one field that say the same, in the order of the first of each."""
    grouped: dict[str, list[Row]] = {}
    for fact in facts:
        grouped.setdefault(_value(fact["value"]), []).append(fact)
    yield from grouped.items()


def _told_by(facts: Sequence[Row]) -> str:
    """Who says so, and when: those who said it at the same time together."""
    by_time: dict[str, list[str]] = {}
    for fact in facts:
        memento = fact.get("memento")
        at = f" archived {memento['at'][:10]}" if memento else f" {fact['at'][:16]}Z" if fact.get("at") else ""
        at += f", beside {fact['shown_in']['post_id']}" if fact.get("shown_in") else ""
        by_time.setdefault(at, []).append(fact["how"])
    return "; ".join(f"{', '.join(dict.fromkeys(hows))}{at}" for at, hows in by_time.items())


def _evidence(console: Console, row: Row) -> None:
    """What each source said of whether the post can be seen: how often, and when. What never was is not deleted."""
    looks: dict[tuple[str, str], list[str]] = {}
    for item in row.get("evidence") or ():
        says = "not found" if item["says"] in GONE and row.get("availability") == "impossible" else item["says"]
        looks.setdefault((says, item["how"]), []).append(item["at"][:16])
    told = [(says, min(at), max(at), len(at), how) for (says, how), at in looks.items()]
    for (says, first, last, count), group in groupby(told, key=lambda one: one[:4]):
        when = f"on {last}Z" if count == 1 else f"{count} times, {first}Z to {last}Z"
        _line(console, "seen", f"{says}, says {', '.join(one[4] for one in group)} {when}")


def _candidates(console: Console, row: Row) -> None:
    for one in (row.get("identified") or {}).get("candidates", ()):
        sure, how = one["post_id"] == row.get("post_id"), one["confidence"]
        said = f"{one['url']} ({_CONFIDENCE.get(how, how)}, {one['ratio']:.0%}) {_archived(one['memento'])}"
        label = "resembles" if not sure else "same words" if how == "same" else "this post"
        _line(console, label, said, style="green" if sure else "yellow")


def _facts(console: Console, row: Row) -> None:
    """What is known, each value with all of its sources; but for what the claims and differences say already."""
    claims = {(one["field"], _value(one["value"])): {*one["by"], one["how"]} for one in row.get("claims") or ()}
    differs = {item["field"] for item in row.get("disagreements") or ()}
    for field, facts in (row.get("facts") or {}).items():
        if field in differs or field in ("media", "avatar"):
            continue
        label = field
        for value, same in _by_value([fact for fact in facts if fact["value"] is not None]):
            if not {fact["how"] for fact in same} <= claims.get((field, value), set()):
                _line(console, label, value, f"[{_told_by(same)}]")
                label = ""


def _files(console: Console, row: Row, places: _Places) -> None:
    """The files of the post, a line each, and what is missing of them."""
    facts, seen = row.get("facts") or {}, set()
    for fact in facts.get("media") or ():
        for medium in fact["value"]:
            if medium["url"] not in seen:
                seen.add(medium["url"])
                _medium(console, medium, places, fact["how"])
    for fact in (facts.get("avatar") or ())[:1]:
        held = _held(fact["value"].get("file"), places)
        _line(console, "avatar", fact["value"]["url"], f"{held}  [{_told_by([fact])}]")
    later = row.get("try_again_at") or row.get("due_at")
    when = f"asked for again with the next look{f', {later[:16]}Z' if later else ''}"
    for one in row.get("missing") or ():
        again = when if one["again"] else "not asked for again"
        _line(console, "missing", f"{one['what']} {one['url']}: {one['why']}; {again}", style="yellow")


def _medium(console: Console, medium: Row, places: _Places, how: str) -> None:
    size = f"{medium['width']}×{medium['height']}" if medium.get("width") and medium.get("height") else ""
    seconds = f"{medium['duration_s']:g} s" if medium.get("duration_s") else ""
    alt = f"described as “{medium['alt']}”" if medium.get("alt") else ""
    file = medium.get("file")
    told = ", ".join(filter(None, [size, seconds, _held(file, places), alt]))
    is_film = medium["type"] != "photo"
    url = str((file or {}).get("url") or "none held") if is_film else str(medium["url"])
    _line(console, _NOUNS.get(str(medium["type"]), str(medium["type"])), url, f"{told}  [{how}]")
    if is_film:
        _line(console, "still", medium["url"], _held(medium.get("poster"), places))
    for playlist in medium.get("playlists") or ():
        _line(console, "playlist", playlist, "noted, not fetched")


def _held(file: Row | None, places: _Places) -> str:
    if not file:
        return "not held"
    cut = f" (cut: {file['cut']})" if file.get("cut") else ""
    return f"{file['bytes']:,} bytes{cut} in {places.of(file)}"


def chain(console: Console, link: Row, places: _Places | None = None) -> None:
    """Where a link leads, a line for each hop."""
    _line(console, "link", f"{link['short']} → {link['ended']}: {link['end']}")
    for hop in link.get("hops") or ():
        status = hop["http_status"] if hop["http_status"] is not None else "—"
        place = (places.of(hop) if places else str(hop["warc"])) if hop.get("warc") else ""
        _line(console, f"  {status!s:>4}", hop["url"], place)


def _captures(console: Console, row: Row, places: _Places) -> None:
    """The newest stored answer of each address, and the questions that got none."""
    by_url: dict[str, list[Row]] = {}
    for capture in row.get("captures") or ():
        by_url.setdefault(capture["url"], []).append(capture)
    for url, captures in by_url.items():
        last = captures[-1]
        cut = f" (cut: {last['cut']})" if last.get("cut") else ""
        earlier = f", {len(captures) - 1} earlier" if len(captures) > 1 else ""
        _line(console, last["why"], f"{last['http_status']} {_short(url)}{cut}", f"{places.of(last)}{earlier}")
    for one in row.get("failures") or ():
        if one["why"] not in ("media", "avatar", "card"):
            said = f"{one['why']} {_short(one['url'])}: {one['word']}: {one['reason']}"
            _line(console, "no answer", said, style="yellow")


def _short(url: str) -> str:
    return url if len(url) <= _SHOWN_URL else url[:_SHOWN_URL] + "…"


def _value(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_value(item) for item in value)
    if not isinstance(value, Mapping):
        return str(value)
    if "bytes" in value:  # a file that is held
        return f"{value['bytes']:,} bytes in {value['warc']}"
    if value.keys() == {"platform", "post_id", "handle"}:
        return f"{value['post_id']}" + (f" of @{value['handle']}" if value["handle"] else "")
    if value.keys() == {"short", "to"}:
        return f"{value['short']} → {value['to']}"
    return ", ".join(f"{key} {_value(item)}" for key, item in value.items() if item is not None)
