"""The nouns as JSON: how documents and the public record (``docs/record.md``) write them down. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from archiver import archived
from archiver.model import Evidence, Exchange, Fact, Failure, Moment, PostRef, Resolution, WarcRef

Json = dict[str, Any]


def fact_json(fact: Fact) -> Json:
    """A fact as JSON: value, how, precision where it is a time, when it was said, and the record that says so."""
    shown: Json = {"value": fact.value, "how": fact.how}
    if fact.before:
        shown["before"] = fact.before
    if fact.precision:
        shown["precision"] = fact.precision
    if fact.at:
        shown["at"] = time_json(fact.at)
    if fact.memento:
        shown["memento"] = archived.memento_json(fact.memento)
    if fact.shown_in:
        shown["shown_in"] = {"platform": fact.shown_in.platform, "post_id": fact.shown_in.post_id}
    source = fact.source
    return {**shown, "warc": source.file if source else None, "record_id": source.record_id if source else None}


def evidence_json(evidence: Evidence) -> Json:
    """What one answer says about whether the post can be seen, as JSON."""
    said: Json = {"source": evidence.source, "says": evidence.says, "how": evidence.how, "at": time_json(evidence.at)}
    return {**said, "warc": evidence.warc.file, "record_id": evidence.warc.record_id}


def failure_json(failure: Failure) -> Json:
    """A question without a usable answer, as the public record lists it."""
    request = failure.request
    return {"url": request.url, "why": request.why, "word": failure.word, "reason": failure.reason}


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
        "captured_at": time_json(exchange.started_at),
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


def time_json(at: datetime | None) -> str | None:
    """An instant to the millisecond, ``None`` for none."""
    return str(Moment(at=at, precision="millisecond")) if at else None
