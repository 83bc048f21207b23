"""What web archives told, joined to what a post's services said, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from archiver.model import Candidate, Identification, Memento, Moment, PostRecord, PostRef, Recovery, Rest, WarcRef


def recovered(record: PostRecord, recovery: Recovery) -> PostRecord:
    """``record`` with what web archives hold of the post, behind what its services said."""
    facts = {field: tuple(known) for field, known in record.facts.items()}
    for field, found in recovery.facts.items():
        facts[field] = (*facts.get(field, ()), *found)
    return replace(
        record,
        facts=facts,
        captures=(*record.captures, *recovery.exchanges),
        failures=(*record.failures, *recovery.failures),
        settled=record.settled and recovery.settled,
        recovery=recovery,
    )


def memento_json(capture: Memento) -> dict[str, Any]:
    """A web archive's capture as the public record names it."""
    return {"at": str(Moment(at=capture.at, precision="second")), "url": capture.url}


def memento(told: Mapping[str, Any]) -> Memento:
    """What ``memento_json`` wrote down, read back."""
    return Memento(at=datetime.fromisoformat(told["at"]), url=told["url"])


def recovered_json(recovery: Recovery) -> dict[str, Any]:
    """What came of asking web archives for a post, as its document keeps it."""
    found = memento_json(recovery.memento) if recovery.memento else {"at": None, "url": None}
    return {**found, "seen": recovery.seen, "settled": recovery.settled, "handles": list(recovery.handles)}


def found_json(kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """The capture that shows the post, ``None`` when none does or was looked for."""
    found = kept.get("recovered") or {}
    return {"at": found["at"], "url": found["url"]} if found.get("url") else None


def is_had_elsewhere(kept: Mapping[str, Any]) -> bool:
    """Whether a post that its service does not show is held all the same: as a web archive has it, or as an answer
    about another post does. ``kept``: the body of its document."""
    texts = (kept.get("facts") or {}).get("text") or ()
    return found_json(kept) is not None or any("shown_in" in fact for fact in texts)


def identified_json(search: Identification) -> dict[str, Any]:
    """What web archives told about an embed without an id, and by what evidence."""
    return {
        "post_id": search.post.post_id if search.post else None,
        "how": "web archives: account, day and words",
        "seen": search.seen,
        "listed": search.listed,
        "read": search.read,
        "whole": search.whole,
        "settled": search.settled,
        "rest": {"after": rest.after, "count": rest.count, "read": rest.read} if (rest := search.rest) else None,
        "candidates": [
            {
                "post_id": one.post_id,
                "url": one.url,
                "confidence": one.confidence,
                "ratio": one.ratio,
                "memento": memento_json(one.memento),
                "warc": one.source.file,
                "record_id": one.source.record_id,
            }
            for one in search.candidates
        ],
    }


def identification(told: Mapping[str, Any], platform: str, handle: str | None) -> Identification | None:
    """What ``identified_json`` wrote down, read back; ``None`` of what an older version wrote, which knew no rest."""
    if "rest" not in told:
        return None
    candidates = tuple(_candidate(one) for one in told["candidates"])
    found = next((one for one in candidates if one.post_id == told["post_id"]), None)
    return Identification(
        post=PostRef(platform=platform, post_id=found.post_id, handle=handle) if found else None,
        found=found,
        candidates=candidates,
        listed=told["listed"],
        read=told["read"],
        whole=told["whole"],
        seen=told["seen"],
        settled=told["settled"],
        rest=Rest(**told["rest"]) if told["rest"] else None,
    )


def _candidate(told: Mapping[str, Any]) -> Candidate:
    source = WarcRef(file=told["warc"], record_id=told["record_id"], offset_bytes=0, length_bytes=0)
    kept = {name: told[name] for name in ("post_id", "url", "confidence", "ratio")}
    return Candidate(**kept, memento=memento(told["memento"]), source=source)
