"""Read a capture into facts, each with its source, and set them beside what the article claims. Pure.

::

    Capture ──read──► PostRecord ──post_document──► Document (kept in the WARC)
                                                        │ body
    Find + Article + link bodies ───────────────────► public ──► the public record (docs/record.md)

A post that was kept earlier comes back as the body of its document, so the public record is made from that one form
whether the post was captured a second or a year ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from archiver.model import (
    Article,
    Availability,
    Capture,
    Disagreement,
    Document,
    Exchange,
    Fact,
    Find,
    Moment,
    PostRecord,
    PostRef,
    Resolution,
    WarcRef,
)
from archiver.platforms import canonical
from archiver.platforms import moment as moment_of_id
from archiver.ports import Platform

Json = dict[str, Any]
_CONCLUSIVE: frozenset[Availability] = frozenset(
    ("public", "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "unavailable")
)
# How often tweet-result is asked for a post that oEmbed shows, before its media are given up.
_LOOKS = 2
# Shown at the top of a public record, from the first fact there is; what the article claims comes last.
_HEADLINES = ("author", "handle", "text", "lang")


def read(capture: Capture, platform: Platform, *, looks: int = 0) -> PostRecord:
    """What the answers say about the post. ``looks``: how many were answered before this one.

    Raises ``UnreadableCapture`` when a needed field has another shape.
    """
    availability, how, facts = platform.read(capture)
    answered = any(exchange.request.why in ("post", "oembed") for exchange in capture.exchanges)
    return PostRecord(
        post=capture.post,
        availability=availability if answered else None,
        availability_how=how,
        facts=facts,
        captures=capture.exchanges,
        failures=capture.failures,
        settled=answered
        and _settled(availability, capture)
        and not (looks < _LOOKS and _by_oembed_alone(how, capture)),
    )


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
    essential = ("post", "media") if availability == "public" else ("post", "media", "oembed")
    answers = [exchange for exchange in capture.exchanges if exchange.request.why in essential]
    refused = availability == "error" and any(answer.status == 400 for answer in answers)
    waiting = any(failure.retry and failure.request.why in essential for failure in capture.failures)
    broken = any(answer.status >= 500 or answer.cut in ("time", "disconnect") for answer in answers)
    return (refused or availability in _CONCLUSIVE) and not waiting and not broken


def post_document(
    record: PostRecord, *, at: datetime, looks: int, try_again_at: datetime | None, error: str | None = None
) -> Document:
    """The document that keeps ``record``. ``looks``: how many looks at this post have been answered so far.
    ``error``: what is wrong with the answers, ``None`` when they could be read."""
    handle = next((str(fact.value) for fact in record.facts.get("handle", ())), record.post.handle)
    body: Json = {
        "platform": record.post.platform,
        "post_id": record.post.post_id,
        "url": canonical(PostRef(platform=record.post.platform, post_id=record.post.post_id, handle=handle)),
        "availability": record.availability,
        "availability_how": record.availability_how,
        "settled": record.settled,
        "error": error,
        "looks": looks,
        "try_again_at": _time(try_again_at),
        "facts": {field: [fact_json(fact) for fact in facts] for field, facts in record.facts.items()},
        "captures": [capture_json(exchange) for exchange in record.captures],
        "failures": [
            {"url": failure.request.url, "why": failure.request.why, "word": failure.word, "reason": failure.reason}
            for failure in record.failures
        ],
        "at": _time(at),
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
        "try_again_at": _time(try_again_at),
        "at": _time(at),
    }
    first = next((hop.warc for hop in resolution.hops if hop.warc), None)
    return Document(kind="link", key=resolution.short, at=at, body=body, refers_to=first)


def article_document(
    article: Article,
    outcomes: Iterable[Mapping[str, object]],
    *,
    at: datetime,
    error: str | None = None,
    slot: str | None = None,
) -> Document:
    """The document that keeps what an article contains and what came of it. ``slot``: in which its page was fetched,
    ``None`` for a file."""
    body: Json = {
        "key": article.key,
        "name": article.name,
        "kind": article.kind,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "lang": article.lang,
        "truncated": article.truncated,
        "source": ref_json(article.source) if article.source else None,
        "fetched_at": _time(article.fetched_at),
        "slot": slot,
        "saved_at": _time(at),
        "error": error,
        "outcomes": list(outcomes),
    }
    return Document(kind="article", key=article.key, at=at, body=body, refers_to=article.source)


def found(find: Find) -> Json:
    """The public record of a find alone: what ``find --json`` prints. Nothing in it was asked of any service."""
    moment = (moment_of_id(find.post) if find.post else None) or find.date
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
        "lang": find.lang,
        "short_links": list(find.short_links),
    }


def public(
    find: Find,
    article: Article,
    *,
    post: PostRef | None,
    post_body: Mapping[str, Any] | None,
    links: Sequence[Mapping[str, Any]],
    status: str,
    error: str | None,
    try_again_at: datetime | None,
) -> Json:
    """The public record (``docs/record.md``): the find, what came of it, and every fact with its source.

    ``post``: the post that the find turned out to be, ``None`` when no id is known. ``post_body`` and ``links``:
    bodies of the documents that were kept.
    """
    kept: Mapping[str, Any] = post_body or {}
    facts: dict[str, list[Json]] = {field: list(known) for field, known in (kept.get("facts") or {}).items()}
    for field, fact in _claims(find, article, post):
        facts.setdefault(field, []).append(fact_json(fact))
    headline = {field: facts[field][0]["value"] if facts.get(field) else None for field in _HEADLINES}
    posted = facts["posted_at"][0] if facts.get("posted_at") else {}
    url = canonical(replace(post, handle=headline["handle"])) if post else find.url
    return {
        **found(find),
        "platform": post.platform if post else find.platform,
        "post_id": post.post_id if post else None,
        "url": url,
        **headline,
        "posted_at": posted.get("value"),
        "posted_at_precision": posted.get("precision"),
        "status": status,
        "availability": kept.get("availability"),
        "try_again_at": _time(try_again_at),
        "error": error,
        "links": [{key: link.get(key) for key in ("short", "end", "ended", "hops")} for link in links],
        "facts": facts,
        "disagreements": [_disagreement_json(item) for item in disagreements(facts)],
        "captures": list(kept.get("captures") or ()),
    }


def _claims(find: Find, article: Article, post: PostRef | None) -> Iterable[tuple[str, Fact]]:
    """What the article itself says, as facts whose source is the article's own bytes."""
    claims: list[tuple[str, object]] = [
        ("author", find.author),
        ("handle", find.handle),
        ("text", find.text),
        ("lang", find.lang),
    ]
    if post is not None and (moment := moment_of_id(post)):
        yield "posted_at", Fact(value=str(moment), how="snowflake", source=article.source, precision=moment.precision)
    for field, value in claims:
        if value is not None:
            yield field, Fact(value=value, how=find.form, source=article.source)
    if find.date is not None:
        yield (
            "posted_at",
            Fact(value=str(find.date), how=find.form, source=article.source, precision=find.date.precision),
        )


def disagreements(facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Disagreement, ...]:
    """Fields about which sources differ: handles whatever their case, times to the coarser precision of the two.

    Texts are left out: an embed shows a text other than the service's for many honest reasons.
    """
    found: list[Disagreement] = []
    for field, same in _COMPARED.items():
        known = list(facts.get(field) or ())
        if any(not same(known[0], other) for other in known[1:]):
            found.append(Disagreement(field=field, facts=tuple(_fact(item) for item in known)))
    return tuple(found)


def _same_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return " ".join(str(one["value"]).split()) == " ".join(str(other["value"]).split())


def _same_handle(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return str(one["value"]).lower() == str(other["value"]).lower()


def _same_time(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    length = min(_WRITTEN.get(item.get("precision") or "", len("2021-06-28T05:58:41")) for item in (one, other))
    return bool(str(one["value"])[:length] == str(other["value"])[:length])


_WRITTEN = {"day": len("2021-06-28"), "minute": len("2021-06-28T05:58")}
_COMPARED: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    "author": _same_text,
    "handle": _same_handle,
    "author_id": _same_text,
    "posted_at": _same_time,
}


def fact_json(fact: Fact) -> Json:
    """A fact as JSON: value, how, precision where it is a time, and the record that says so."""
    shown: Json = {"value": fact.value, "how": fact.how}
    if fact.precision:
        shown["precision"] = fact.precision
    source = fact.source
    return {**shown, "warc": source.file if source else None, "record_id": source.record_id if source else None}


def _fact(item: Mapping[str, Any]) -> Fact:
    source = None
    if item.get("record_id"):
        source = WarcRef(file=item["warc"], record_id=item["record_id"], offset_bytes=0, length_bytes=0)
    return Fact(value=item["value"], how=item["how"], source=source, precision=item.get("precision"))


def _disagreement_json(item: Disagreement) -> Json:
    return {"field": item.field, "values": [{"value": fact.value, "how": fact.how} for fact in item.facts]}


def capture_json(exchange: Exchange) -> Json:
    """An exchange as the public record lists it."""
    return {
        "url": exchange.url,
        "why": exchange.request.why,
        **ref_json(exchange.warc),
        "http_status": exchange.status,
        "media_type": exchange.media_type or None,
        "payload_digest": exchange.payload_digest,
        "bytes": exchange.payload_bytes,
        "cut": exchange.cut,
        "captured_at": _time(exchange.started_at),
        "peer": exchange.peer,
    }


def link_json(resolution: Resolution) -> Json:
    """A resolution as the public record and ``resolve --json`` show it."""
    return {
        "short": resolution.short,
        "end": resolution.end,
        "ended": resolution.ended,
        "hops": [
            {
                "url": hop.url,
                "http_status": hop.http_status,
                "location": hop.location,
                "warc": hop.warc.file if hop.warc else None,
                "record_id": hop.warc.record_id if hop.warc else None,
            }
            for hop in resolution.hops
        ],
    }


def ref_json(ref: WarcRef) -> Json:
    """``{"warc", "offset", "length", "record_id"}``."""
    return {"warc": ref.file, "offset": ref.offset_bytes, "length": ref.length_bytes, "record_id": ref.record_id}


def post_json(post: PostRef | None) -> Json | None:
    """``{"platform", "post_id", "handle"}`` or ``None``."""
    return {"platform": post.platform, "post_id": post.post_id, "handle": post.handle} if post else None


def _time(at: datetime | None) -> str | None:
    return str(Moment(at=at, precision="millisecond")) if at else None
