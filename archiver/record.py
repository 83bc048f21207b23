"""Read a capture into facts, each with its source, and set them beside what the article claims. Pure.

::

    Capture ──read──► PostRecord ──post_document──► Document (kept in the WARC)
                                                        │ body
    Find + Article + link bodies ───────────────────► public ──► the public record (docs/record.md)

A post that was kept earlier comes back as the body of its document, so the public record is made from that one form
whether the post was captured a second or a year ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from archiver import archived, compare, history
from archiver.as_json import (
    capture_json,
    evidence_json,
    fact_json,
    failure_json,
    link_json,
    post_json,
    ref_json,
    time_json,
)
from archiver.missing import missing
from archiver.model import (
    Article,
    Availability,
    Capture,
    Document,
    Evidence,
    Fact,
    Find,
    Identification,
    PostRecord,
    PostRef,
    Resolution,
    WarcRef,
)
from archiver.platforms import canonical, estimate
from archiver.platforms import moment as moment_of_id
from archiver.ports import Platform

Json = dict[str, Any]
_CONCLUSIVE: frozenset[Availability] = frozenset(
    (
        "public", "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "withheld",
        "unavailable", "impossible",
    )
)  # fmt: skip
# How often tweet-result is asked for a post that oEmbed shows, before its media are given up.
_LOOKS = 2
# Shown at the top of a public record, from the first fact there is; what the article claims comes last.
_HEADLINES = ("author", "handle", "text", "lang")


def read(
    capture: Capture, platform: Platform, *, looks: int = 0, before: Mapping[str, Any] | None = None
) -> PostRecord:
    """What the answers say about the post. ``looks``: how many were answered before this one. ``before``: the body of
    the document that those left, ``None`` when there is none: what they saw counts as evidence.

    Raises ``UnreadableCapture`` when a needed field has another shape.
    """
    earlier = tuple(_evidence(item) for item in (before or {}).get("evidence") or ())
    reading = platform.read(capture, earlier=earlier)
    return PostRecord(
        post=capture.post,
        availability=reading.availability if reading.evidence else None,
        availability_how=reading.how,
        facts=reading.facts,
        captures=capture.exchanges,
        failures=capture.failures,
        settled=bool(reading.evidence)
        and not reading.unread
        and _settled(reading.availability, capture)
        and not (looks < _LOOKS and _by_oembed_alone(reading.how, capture)),
        evidence=reading.evidence,
        unread=reading.unread,
    )


def _evidence(item: Mapping[str, Any]) -> Evidence:
    ref = WarcRef(file=item["warc"], record_id=item["record_id"], offset_bytes=0, length_bytes=0)
    at = datetime.fromisoformat(item["at"])
    return Evidence(source=item["source"], says=item["says"], how=item["how"], at=at, warc=ref)


def _by_oembed_alone(how: str, capture: Capture) -> bool:
    """Whether tweet-result, which alone names the media, was asked and said nothing about a post that oEmbed shows."""
    asked = {one.request.why for one in capture.exchanges} | {one.request.why for one in capture.failures}
    return how == "oembed" and "post" in asked


def unread(capture: Capture, problem: str) -> PostRecord:
    """The record of a capture that ``read`` can't read: its answers, and why nothing could be learnt from them."""
    return PostRecord(
        post=capture.post,
        availability="error",
        availability_how=problem,
        facts={},
        captures=capture.exchanges,
        failures=capture.failures,
        settled=False,
    )


def _settled(availability: Availability, capture: Capture) -> bool:
    """Whether another try could add nothing: a clear answer, and every medium either held or refused for good.

    A second source that fails beside a clear first one adds nothing that is worth another night.
    """
    essential = ("post", "media") if availability in _CONCLUSIVE else ("post", "media", "oembed")
    answers = [exchange for exchange in capture.exchanges if exchange.request.why in essential]
    refused = availability == "error" and any(answer.status == 400 for answer in answers)
    waiting = any(failure.retry and failure.request.why in essential for failure in capture.failures)
    broken = any(answer.status >= 500 or answer.cut in ("time", "disconnect") for answer in answers)
    return (refused or availability in _CONCLUSIVE) and not waiting and not broken


def post_document(
    record: PostRecord,
    *,
    at: datetime,
    looks: int,
    try_again_at: datetime | None,
    error: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> Document:
    """The document that keeps ``record``. ``looks``: how many looks at this post have been answered so far.
    ``error``: what is wrong with the answers, ``None`` when they could be read. ``before``: the body of the document
    that this one supersedes; what earlier looks saw stays, behind what this one did."""
    known = before or {}
    said = {field: [fact_json(fact) for fact in facts] for field, facts in record.facts.items()}
    facts = history.with_earlier(said, known.get("facts") or {})
    handle = next((str(fact["value"]) for fact in facts.get("handle", ())), record.post.handle)
    captures = [capture_json(exchange) for exchange in record.captures]
    evidence = [evidence_json(one) for one in record.evidence]
    body: Json = {
        "platform": record.post.platform,
        "post_id": record.post.post_id,
        "url": canonical(PostRef(platform=record.post.platform, post_id=record.post.post_id, handle=handle)),
        **history.availability(record.availability, record.availability_how, known),
        "settled": record.settled,
        "error": error,
        "looks": looks,
        "try_again_at": time_json(try_again_at),
        "recovered": archived.recovered_json(record.recovery) if record.recovery else known.get("recovered"),
        **({"submitted": known["submitted"]} if known.get("submitted") else {}),
        "facts": facts,
        "evidence": history.joined(known, "evidence", evidence),
        "captures": history.joined(known, "captures", captures),
        "failures": [failure_json(failure) for failure in record.failures],
        "at": time_json(at),
    }
    refers_to = record.captures[0].warc if record.captures else None
    return Document(kind="post", key=record.post.key, at=at, body=body, refers_to=refers_to)


def link_document(resolution: Resolution, *, at: datetime, settled: bool, try_again_at: datetime | None) -> Document:
    """The document that keeps where a link leads."""
    body: Json = {
        **link_json(resolution),
        "post": post_json(resolution.post),
        "error": resolution.error,
        "settled": settled,
        "try_again_at": time_json(try_again_at),
        "at": time_json(at),
    }
    first = next((hop.warc for hop in resolution.hops if hop.warc), None)
    return Document(kind="link", key=resolution.short, at=at, body=body, refers_to=first)


def found(find: Find) -> Json:
    """The public record of a find alone: what ``find --json`` prints. Nothing in it was asked of any service."""
    post = find.post
    moment = (moment_of_id(post) if post else None) or find.date or (estimate(post) if post else None)
    return {
        "article": find.article,
        "position": find.position,
        "kind": find.kind,
        "form": find.form,
        "platform": find.platform,
        "post_id": find.post.post_id if find.post else None,
        "url": find.url,
        "author": find.author,
        "handle": find.handle,
        "posted_at": str(moment) if moment else None,
        "posted_at_precision": moment.precision if moment else None,
        "text": find.text,
        "text_before": find.text_before,
        "lang": find.lang,
        "short_links": list(find.short_links),
        "problem": find.problem,
    }


def public(
    find: Find,
    article: Article,
    *,
    post: PostRef | None,
    post_body: Mapping[str, Any] | None,
    links: Sequence[Mapping[str, Any]],
    related: Sequence[Mapping[str, Any]] = (),
    status: str,
    error: str | None,
    try_again_at: datetime | None,
    search: Identification | None = None,
) -> Json:
    """The public record (``docs/record.md``): the find, what came of it, and every fact with its source.

    ``post``: the post that the find turned out to be, ``None`` when no id is known. ``post_body`` and ``links``:
    bodies of the documents that were kept; ``related``: the posts around it (``relatives.as_json``).
    ``search``: what web archives told about an embed without an id.
    """
    kept: Mapping[str, Any] = post_body or {}
    case = _case(find, article, post, kept, links)
    if search and search.found and search.found.confidence == "tail":
        case = compare.from_its_words(case)
    fields = {**case.answered, **case.claimed}
    facts = {field: [*case.answered.get(field, ()), *case.claimed.get(field, ())] for field in fields}
    standings = compare.standings(kept.get("evidence") or ())
    return {
        **found(find),
        "article_name": article.name,
        "article_source": ref_json(article.source) if article.source else None,
        **_headlines(find, post, facts),
        "status": status,
        "availability": kept.get("availability"),
        "try_again_at": time_json(try_again_at),
        "due_at": kept.get("due_at") if post_body else next((link.get("due_at") for link in links), None),
        "error": error,
        "identified": archived.identified_json(search) if search else None,
        "recovered": archived.found_json(kept),
        "submitted": kept.get("submitted") if post_body else next((link.get("submitted") for link in links), None),
        "links": [{key: link.get(key) for key in ("short", "end", "ended", "hops", "source")} for link in links],
        "facts": facts,
        "claims": compare.claims(case),
        "disagreements": [*_of_the_id(find, kept), *standings, *compare.disagreements(case)],
        "related": list(related),
        **{name: list(kept.get(name) or ()) for name in ("changes", "evidence", "captures", "failures")},
        "missing": missing(kept),
    }


def _case(
    find: Find, article: Article, post: PostRef | None, kept: Mapping[str, Any], links: Sequence[Mapping[str, Any]]
) -> compare.Case:
    """What the article claims, and what is answered; the time in an id is nobody's claim."""
    answered: dict[str, list[Json]] = {field: list(known) for field, known in (kept.get("facts") or {}).items()}
    claimed: dict[str, list[Json]] = {}
    for field, fact in _claims(find, article, post):
        side = answered if fact.how in ("snowflake", "counted-id") else claimed
        if not (side is answered and answered.get("posted_at")):
            side.setdefault(field, []).append(fact_json(fact))
    named = find.post.post_id if find.post else None
    versions = _versions(answered, post)
    return compare.Case(answered=answered, claimed=claimed, post_id=named, versions=versions, followed=links)


def _headlines(find: Find, post: PostRef | None, facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> Json:
    """What stands at the top: which post it is, and the preferred value of each of its chief facts."""
    first = {name: known[0] for name, known in facts.items() if known}
    headline = {name: first[name]["value"] if name in first else None for name in _HEADLINES}
    posted = first.get("posted_at", {})
    return {
        "platform": post.platform if post else find.platform,
        "post_id": post.post_id if post else None,
        "url": canonical(replace(post, handle=headline["handle"])) if post else find.url,
        **headline,
        "text_before": first.get("text", {}).get("before"),
        "posted_at": posted.get("value"),
        "posted_at_precision": posted.get("precision"),
    }


def _claims(find: Find, article: Article, post: PostRef | None) -> Iterable[tuple[str, Fact]]:
    """What the article itself says, as facts whose source is the article's own bytes."""
    claims: list[tuple[str, object]] = [
        ("author", find.author),
        ("handle", find.handle),
        *_in_address(find),
        ("text", find.text),
        ("lang", find.lang),
    ]
    if post is not None and (moment := moment_of_id(post)):
        yield "posted_at", Fact(value=str(moment), how="snowflake", source=article.source, precision=moment.precision)
    for field, value in claims:
        if value is not None:
            before = find.text_before if field == "text" else None
            yield field, Fact(value=value, how=find.form, source=article.source, before=before)
    if told := find.date or (estimate(post) if post else None):
        how = find.form if find.date else "counted-id"
        yield "posted_at", Fact(value=str(told), how=how, source=article.source, precision=told.precision)


def _versions(answered: Mapping[str, Sequence[Json]], post: PostRef | None) -> dict[str, str | None]:
    """The id and the time of every version of an edited post, first to last; of any other none."""
    ids = [post_id for fact in answered.get("edits", ())[:1] for post_id in fact["value"]["post_ids"]] if post else []
    moments = {post_id: moment_of_id(replace(post, post_id=post_id)) for post_id in ids if post}
    return {post_id: str(moment) if moment else None for post_id, moment in moments.items()}


def _in_address(find: Find) -> Iterable[tuple[str, object]]:
    """The handle in the embed's own link, where it is not the one that the embed prints: X looks at the id alone, so
    that an old handle, or anybody's, leads to the post."""
    linked = find.post.handle if find.post else None
    if linked and find.handle and linked.lower() != find.handle.lower():
        yield "handle", linked


def _of_the_id(find: Find, kept: Mapping[str, Any]) -> Iterable[Json]:
    """What is wrong with the id itself."""
    day = estimate(find.post) if find.post else None
    if day and find.date and abs((day.at - find.date.at).days) > 2:  # each may be a day off
        yield _differ("posted_at", "impossible-date", (str(find.date), find.form), (str(day), "counted-id"))
    if find.problem:
        yield _differ("post_id", "impossible-id", (find.url or "", find.form), (find.problem, "snowflake"))
    if kept.get("availability") == "impossible" and find.post and (made := moment_of_id(find.post)):
        yield _differ("post_id", "future-id", (find.post.post_id, find.form), (str(made), "snowflake"))


def _differ(field: str, what: str, *values: tuple[str, str]) -> Json:
    told = [{"value": value, "how": how, "at": None} for value, how in values]
    return {"field": field, "what": what, "values": told, "note": None}
