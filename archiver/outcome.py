"""What the answers add up to for one find: which post it is, and how it stands with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.model import Find, PostRef, Resolution, Status
from archiver.platforms import moment

Body = Mapping[str, Any]
_BY_END: dict[str, Status] = {
    "page": "archived",
    "gone": "unavailable",
    "unsafe": "refused",
    "refused": "refused",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``status`` as in the public record; ``error``: a sentence, or ``None``; ``due``: when to try again, aware UTC,
    ``None`` when there is nothing left to try."""

    status: Status
    error: str | None = None
    due: datetime | None = None


def matched(item: Find, links: Sequence[Body]) -> PostRef | None:
    """The post that an embed without an id is, if one of its links leads to it.

    A link in prose is the post that it leads to. A link inside an embed's text may lead to any post (a quoted one, the
    owner of a re-used film), so there the handle must be the embed's, and the day of the id the day that is printed.
    """
    for link in links:
        led = link.get("post")
        if not led:
            continue
        post = PostRef(platform=led["platform"], post_id=led["post_id"], handle=led["handle"])
        if item.kind == "link":
            return post
        same_author = item.handle is not None and post.handle is not None and item.handle.lower() == post.handle.lower()
        at = moment(post)
        same_day = item.date is None or at is None or item.date.at.date() == at.at.date()
        if same_author and same_day:
            return post
    return None


def of_links(item: Find, links: Sequence[Body], fresh: bool) -> Verdict:
    """The verdict on a find that is no known post. ``fresh``: whether this run followed one of its links."""
    waiting, due = _waiting(links)
    if waiting:
        return Verdict("pending", waiting, due)
    if item.kind == "embed":
        elsewhere = next((link.get("end") for link in links if link.get("post")), None)
        led = f"its link leads to another account or day: {elsewhere}" if elsewhere else "none of its links leads to it"
        return Verdict("unavailable", f"no id: the article keeps only the post's text, and {led}")
    if not links:
        return Verdict("failed", "no link that can be followed")
    status = "already" if links[0].get("ended") == "page" and not fresh else _BY_END.get(links[0]["ended"], "failed")
    return Verdict(status, links[0].get("error"))


def of_post(body: Body, links: Sequence[Body], fresh: bool) -> Verdict:
    """The verdict on a find whose post is known. ``fresh``: whether this run asked for it."""
    waiting, link_due = _waiting(links)
    if body.get("settled") and not waiting:
        if body.get("availability") == "public":
            return Verdict("archived" if fresh else "already")
        if body.get("availability") == "error":
            return Verdict("failed", f"the service refuses this id ({body.get('availability_how')})")
        return Verdict("unavailable", f"{body.get('availability')} ({body.get('availability_how')})")
    if body.get("error"):
        return Verdict("failed", str(body["error"]), None)
    due = [link_due] if link_due else []
    if body.get("try_again_at"):
        due.append(datetime.fromisoformat(str(body["try_again_at"])))
    failures = [f"{failure['why']} {failure['word']}" for failure in body.get("failures") or ()]
    unclear = body.get("availability") not in (None, "public") and not body.get("settled")
    said = [f"{body['availability']} ({body['availability_how']})"] if unclear else []
    reason = "; ".join(filter(None, [*said, *dict.fromkeys(failures), waiting])) or "incomplete"
    return Verdict("pending", reason, min(due, default=None))


def _waiting(links: Sequence[Body]) -> tuple[str | None, datetime | None]:
    """(which links wait for another try and why, when the first is due); ``(None, None)`` when none does."""
    unsettled = [link for link in links if not link.get("settled")]
    due = [datetime.fromisoformat(str(link["try_again_at"])) for link in unsettled if link.get("try_again_at")]
    words = [f"{link['short']} waits: {link.get('error') or 'not followed yet'}" for link in unsettled]
    return "; ".join(words) or None, min(due, default=None)


def answered(resolution: Resolution) -> int:
    return len([hop for hop in resolution.hops if hop.http_status])
