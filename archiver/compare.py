"""What an article claims, set beside what the services answered: confirmed, contradicted, and how they differ. Pure.

Facts are JSON values here, as ``as_json.fact_json`` writes them, so that a record made today and one read back from the
archive are compared alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from archiver import texts
from archiver.model import GONE, LIMITED
from archiver.texts import Likeness

Fact = Mapping[str, Any]
Facts = Mapping[str, Sequence[Fact]]
Json = dict[str, Any]

_NEITHER: texts.Targets = {}
_TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00ad": None})
_A_LOOK_S = 86_400.0
"""Answers further apart belong to different looks, between which a post may well have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is held against each other. ``answered`` and ``claimed``: facts by field, those of one source newest first.
    ``post_id``: the post that the article names, ``None`` when it names none. ``versions``: of an edited post, each
    version's id and its time, first to last. ``followed``: bodies of documents of the links in the article's embed."""

    answered: Facts
    claimed: Facts
    post_id: str | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    followed: Sequence[Mapping[str, Any]] = ()

    def answers(self, name: str) -> list[Fact]:
        """What the services say of a field; the beginning of a long post is marked as ``cut``."""
        facts = list(self.answered.get(name) or ())
        return list(texts.beginnings(facts)) if name == "text" and self.answered.get("text_cut") else facts

    def targets(self) -> texts.Targets:
        """Where the short links of the texts lead."""
        told = (item for fact in self.answered.get("links") or () for item in fact["value"])
        return texts.targets(told, self.followed)


def from_its_words(case: Case) -> Case:
    """Of an embed that was told by its end: what stands before the post's words may be the article's own."""
    told = [str(fact["value"]) for fact in case.answered.get("text") or ()]
    claims: list[Fact] = []
    for fact in case.claimed.get("text") or ():
        if ways := next(filter(None, (texts.parted(str(fact["value"]), text) for text in told)), None):
            before = "\n".join(filter(None, (fact.get("before"), ways[0])))
            claims.append({**fact, "value": ways[1], "before": before})
        else:
            claims.append(fact)
    return replace(case, claimed={**case.claimed, "text": claims}) if claims else case


def claims(case: Case) -> list[Json]:
    """Each claim of the article with its verdict, by field.

    ``confirmed``: an answer says the same; ``contradicted``: answers speak of it, and none says the same;
    ``unconfirmed``: none does, or (``only``: ``beyond``) those that do are cut where the article goes on. ``by``: the
    answers that the verdict rests on; ``against``: of a confirmed claim, those that say otherwise, but for such as the
    same source has since corrected. ``by_at``, ``against_at``: when the newest of them said so. ``only``: how far an
    answer goes (``texts.Likeness``), nothing where one confirms it in full. The time within the id contradicts a date,
    but confirms none as long as no service ever showed the post: both are then the article's own words.
    """
    shown: list[Json] = []
    targets = case.targets()
    for name in _SAME:
        answers = case.answers(name)
        for claim in case.claimed.get(name) or ():
            told = [(one, _alike(name, claim, one, targets)) for one in answers]
            if name == "posted_at" and not _is_known(case.answered):
                told = [(one, how) for one, how in told if one["how"] != "snowflake" or not how.same]
            shown.append(_judged(name, claim, told))
    return shown


def _judged(name: str, claim: Fact, told: Sequence[tuple[Fact, Likeness]]) -> Json:
    newest = {one["how"]: one for one, _ in reversed(told)}
    agree = [(one, how) for one, how in told if how.sure]
    against = [one for one, how in told if not how.same and (newest[one["how"]] is one or not agree)]
    reach = agree or ([] if against else [(one, how) for one, how in told if how.same])
    by = [one for one, _ in reach] or against
    return {
        "field": name,
        "value": claim["value"],
        "how": claim["how"],
        "verdict": "confirmed" if agree else "contradicted" if against else "unconfirmed",
        "by": _hows(by),
        "by_at": _newest(by),
        "against": _hows(against) if agree else [],
        "against_at": _newest(against) if agree else None,
        "only": list(min((how for _, how in reach), key=lambda how: len(how.only), default=Likeness(same=True)).only),
    }


def _hows(facts: Sequence[Fact]) -> list[str]:
    return list(dict.fromkeys(one["how"] for one in facts))


def said_at(fact: Fact) -> str | None:
    """When the source said so: a web archive's page when it was captured. ``None``: not known, or it means nothing."""
    at = (fact.get("memento") or {}).get("at") or fact.get("at")
    return str(at) if at else None


def _newest(facts: Sequence[Fact]) -> str | None:
    return max(filter(None, map(said_at, facts)), default=None)


def _is_known(answered: Facts) -> bool:
    """Whether anybody who was asked told more of the post than its id does."""
    return any(answered.get(field) for field in ("author", "handle", "text", "author_id"))


def disagreements(case: Case) -> list[Json]:
    """Fields about which the sources differ, with every value and a word for what it looks like (``docs/record.md``);
    ``note``: a sentence on what may explain it, or ``None``.

    Handles are compared whatever their case, times to the coarser precision of the two, texts as ``texts`` does.
    """
    found: list[Json] = []
    targets = case.targets()
    for name in _SAME:
        known = [*case.answers(name), *(case.claimed.get(name) or ())]
        what: What | None = None
        if any(not _alike(name, one, other, targets).same for one, other in _pairs(case, name)):
            what = _WHAT[name](case)
        elif name == "text" and (cut := _cut_before(case, targets)):
            what = "cut-text", f"only the beginning is known, by {', '.join(cut)}: nobody confirms what follows it"
        if what:
            found.append({"field": name, "what": what[0], "values": list(_values(known)), "note": what[1]})
    return found


def _pairs(case: Case, name: str) -> list[tuple[Fact, Fact]]:
    """What is held against each other: the other answers and the first, the claims and the first that is whole."""
    answers, claimed = case.answers(name), case.claimed.get(name) or ()
    if not answers:
        return [(one, claimed[0]) for one in claimed[1:]]
    whole = next((one for one in answers if not one.get("cut")), answers[0])
    return [*((one, answers[0]) for one in answers[1:]), *((one, whole) for one in claimed)]


def _cut_before(case: Case, targets: texts.Targets) -> list[str]:
    """Those whose text ends where the article's goes on, when nobody has the rest."""
    for claim in case.claimed.get("text") or ():
        told = [(one, texts.alike(claim, one, targets)) for one in case.answers("text")]
        if told and not any(how.sure for _, how in told):
            return _hows([one for one, how in told if how.same])
    return []


def standings(evidence: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Whether sources differ, at one look, about what has become of the post: one shows it and another says that it is
    gone or hidden, or they name different reasons. Of each source its newest answer, none older than a day."""
    at = [datetime.fromisoformat(one["at"]) for one in evidence]
    newest = {
        one["source"]: one
        for one, when in zip(evidence, at, strict=True)
        if (max(at) - when).total_seconds() < _A_LOOK_S
    }
    by_sense: dict[str, list[Mapping[str, Any]]] = {}
    for one in newest.values():
        sense = "public" if one["says"] == "public" else "gone" if one["says"] in GONE else "limited"
        bare = one["how"] == "oembed.404" and any(other["says"] in LIMITED for other in newest.values())
        if one["says"] in ("public", *GONE, *LIMITED) and not bare:  # it says 404 of all that it does not embed
            by_sense.setdefault(sense, []).append(one)
    said = [one for group in by_sense.values() for one in group]
    reasons = {one["says"] for one in by_sense.get("gone", ()) if not _is_bare(one)}
    if len(by_sense) < 2 and len(reasons) < 2:
        return []
    what = "shown-and-gone" if {"public", "gone"} <= set(by_sense) else "shown-and-hidden"
    what = what if "public" in by_sense else "other-reason"
    cached = "public" in by_sense and all(one["source"] == "oembed" for one in by_sense["public"])
    note = "oEmbed may show what it kept from earlier: its answers are cached for years" if cached else None
    values = [{"value": one["says"], "how": one["how"], "at": one["at"]} for one in said]
    return [{"field": "availability", "what": what, "values": values, "note": note}]


def _is_bare(evidence: Mapping[str, Any]) -> bool:
    """Whether it only says that there is no such post, and not why."""
    return str(evidence["how"]).endswith((".404", "resource_not_found"))


def _values(facts: Sequence[Fact]) -> Iterator[Json]:
    seen: set[tuple[str, str]] = set()
    for fact in facts:
        if (said := (str(fact["value"]), fact["how"])) not in seen:
            seen.add(said)
            yield {"value": fact["value"], "how": fact["how"], "at": said_at(fact)}


def _alike(name: str, claim: Fact, answer: Fact, targets: texts.Targets) -> Likeness:
    if name == "text":
        return texts.alike(claim, answer, targets)
    return Likeness(same=_SAME[name](claim, answer))


def _same_words(one: Fact, other: Fact) -> bool:
    return _letters(one) == _letters(other)


def _letters(fact: Fact) -> str:
    return "".join(unicodedata.normalize("NFC", str(fact["value"])).translate(_TYPOGRAPHY).split())


def _same_handle(one: Fact, other: Fact) -> bool:
    return str(one["value"]).lower() == str(other["value"]).lower()


def _same_time(one: Fact, other: Fact) -> bool:
    length = min(_WRITTEN.get(item.get("precision") or "", len("2021-06-28T05:58:41")) for item in (one, other))
    return bool(str(one["value"])[:length] == str(other["value"])[:length])


def _same_text(one: Fact, other: Fact) -> bool:
    return texts.alike(one, other, _NEITHER).same


What = tuple[str, str | None]


def _what_of_handle(case: Case) -> What:
    answers, claim = case.answers("handle"), case.claimed.get("handle") or ()
    agreed = all(any(_same_handle(one, other) for other in answers) for one in claim)
    named = any(_same_words(one, other) for one in case.answers("author") for other in case.claimed.get("author") or ())
    older = _is_the_post(case) and (named or not case.claimed.get("author"))
    return ("renamed" if agreed else "other-handle" if older else "wrong-handle"), None


def _what_of_author(case: Case) -> What:
    answers, claim = case.answers("author"), case.claimed.get("author") or ()
    agreed = all(any(_same_words(one, other) for other in answers) for one in claim)
    same_account = any(
        _same_handle(one, other) for one in case.answers("handle") for other in case.claimed.get("handle") or ()
    )
    other_words = bool(case.claimed.get("text") and case.answers("text")) and not _is_the_post(case)
    return ("renamed" if agreed else "other-name" if same_account and not other_words else "wrong-author"), None


def _is_the_post(case: Case) -> bool:
    """Whether the article's text is that of the id: under the same name, another handle may be an older one; under
    another name it is somebody's words put into another's mouth."""
    targets = case.targets()
    return any(
        texts.alike(one, other, targets).same
        for one in case.claimed.get("text") or ()
        for other in case.answers("text")
    )


def _what_of_text(case: Case) -> What:
    answers, claimed, targets = case.answers("text"), case.claimed.get("text") or (), case.targets()
    whats = {how.what for one, other in _pairs(case, "text") if not (how := texts.alike(one, other, targets)).same}
    if why := _edited(case, answers, claimed, targets):
        return "edited", why
    if whats == {"other-link"}:
        return "other-link", None
    if whats <= {"cut-text", "other-link"}:
        return "cut-text", None
    count = len(case.versions)
    return "changed-text", f"the post has {count} versions: these may be the words of another" if count > 1 else None


def _edited(case: Case, answers: Sequence[Fact], claimed: Sequence[Fact], targets: texts.Targets) -> str | None:
    """What shows that the words differ because the post was edited; ``None`` when nothing does."""
    newest = {one["how"]: one for one in reversed(answers)}
    now, *others = answers or [{}]
    for one in others:
        if texts.alike(one, now, targets).same:
            continue
        mine = any(texts.alike(claim, one, targets).same for claim in claimed)
        new = all(texts.alike(claim, now, targets).same for claim in claimed)
        if (newest[one["how"]] is not one and (mine or new)) or (len(case.versions) > 1 and mine):
            return f"{one['how']} showed the other words on {(said_at(one) or '?')[:16]}Z"
    ids = list(case.versions)
    if case.post_id in ids[:-1]:
        return f"the article names version {ids.index(case.post_id) + 1} of {len(ids)}"
    printed = [one for one in case.claimed.get("posted_at") or () if one.get("precision") in _EXACT]
    for number, at in enumerate(list(case.versions.values())[:-1]):
        if at and any(_same_time(one, {"value": at, "precision": "millisecond"}) for one in printed):
            return f"the article prints the time of version {number + 1} of {len(ids)}"
    return None


def _what_of_time(case: Case) -> What:
    written = [str(one["value"])[:10] for one in (*case.answers("posted_at"), *(case.claimed.get("posted_at") or ()))]
    days = [date.fromisoformat(day) for day in written]
    apart = (max(days) - min(days)).days
    return ("impossible-date" if apart > 1 else "other-day" if apart else "other-time"), None


_EXACT = ("minute", "second", "millisecond")
_WRITTEN = {"day": len("2021-06-28"), "minute": len("2021-06-28T05:58")}
_SAME: dict[str, Callable[[Fact, Fact], bool]] = {
    "author": _same_words,
    "handle": _same_handle,
    "author_id": _same_words,
    "text": _same_text,
    "posted_at": _same_time,
}
_WHAT: dict[str, Callable[[Case], What]] = {
    "author": _what_of_author,
    "handle": _what_of_handle,
    "author_id": lambda _: ("other-account", None),
    "text": _what_of_text,
    "posted_at": _what_of_time,
}
