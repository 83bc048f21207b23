"""What the answers add up to for one find: which post it is, and how it stands with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver import archived
from archiver.missing import broken, in_words
from archiver.model import Find, Identification, PostRef, Resolution, Status
from archiver.platforms import moment

Body = Mapping[str, Any]
_SEARCH_WAIT_S = 3_600.0
_BY_END: dict[str, Status] = {
    "page": "archived",
    "gone": "unavailable",
    "unsafe": "refused",
    "refused": "refused",
}

_FILES = ("media", "avatar", "card")
_PICTURE = re.compile(r"/status(?:es)?/\d+/(?:photo|video)/\d")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``status`` as in the public record; ``error``: a sentence, or ``None``; ``due``: when to try again, aware UTC,
    ``None`` when there is nothing left to try."""

    status: Status
    error: str | None = None
    due: datetime | None = None


def matched(item: Find, links: Sequence[Body]) -> PostRef | None:
    """The post that an embed without an id is, if one of its links leads to it.

    A link in prose is the post that it leads to. A link inside an embed may lead to any post. Its picture link leads
    to the post that owns the picture, nearly always the embed itself (92 of 94 recorded answers): there the handle or
    the day must be the embed's, give or take a day for a zone, so that a renamed account is still found; what differs
    is then listed as a disagreement. Any other link may as well be a quotation: there both must be the embed's.
    """
    for link in links:
        led = link.get("post")
        if not led:
            continue
        post = PostRef(platform=led["platform"], post_id=led["post_id"], handle=led["handle"])
        if item.kind == "link" or _is_of(item, post, picture=bool(_PICTURE.search(str(link.get("end"))))):
            return post
    return None


def _is_of(item: Find, post: PostRef, *, picture: bool) -> bool:
    at = moment(post)
    days_off = abs((item.date.at.date() - at.at.date()).days) if item.date and at else None
    same_author = item.handle and post.handle and item.handle.lower() == post.handle.lower()
    if picture:
        return bool(same_author) or (days_off is not None and days_off <= 1)
    return bool(same_author) and days_off in (0, None)


def of_links(item: Find, links: Sequence[Body], fresh: bool) -> Verdict:
    """The verdict on a find that is no known post. ``fresh``: whether this run followed one of its links."""
    waiting, due = _waiting(links)
    if waiting:
        return Verdict("pending", waiting, due)
    if item.problem:
        return Verdict("unavailable", item.problem)
    if item.kind == "embed":
        elsewhere = next((link.get("end") for link in links if link.get("post")), None)
        led = f"its link leads to another account or day: {elsewhere}" if elsewhere else "none of its links leads to it"
        return Verdict("unavailable", f"no id: the article keeps only the post's text, and {led}")
    if not links:
        return Verdict("failed", "no link that can be followed")
    status = "already" if links[0].get("ended") == "page" and not fresh else _BY_END.get(links[0]["ended"], "failed")
    return Verdict(status, links[0].get("error"))


def of_search(verdict: Verdict, search: Identification, now: datetime) -> Verdict:
    """The verdict on an embed without an id that web archives were asked about, and did not tell."""
    said = f"{verdict.error}; web archives: {search.seen}"
    if search.candidates:
        said += f"; {len(search.candidates)} resemble it, none beyond doubt"
    if search.settled:
        return Verdict(verdict.status, said)
    return Verdict("pending", said, now + timedelta(seconds=search.retry_after_s or _SEARCH_WAIT_S))


Late = tuple[Sequence[str], datetime | None]


def of_post(body: Body, links: Sequence[Body], fresh: bool, late: Late = ((), None)) -> Verdict:
    """The verdict on a find whose post is known. ``fresh``: whether this run asked for it. ``late``: what of the posts
    around it waits (``relatives.waiting``)."""
    waiting, link_due = _waiting(links)
    waiting = "; ".join(filter(None, [waiting, *late[0]]))
    link_due = min(filter(None, [link_due, late[1]]), default=None)
    if body.get("settled") and not waiting:
        if body.get("availability") == "public":
            return Verdict("archived" if fresh else "already")
        if body.get("availability") == "error":
            return Verdict("failed", f"the service refuses this id ({body.get('availability_how')})")
        if archived.is_had_elsewhere(body):
            return Verdict("archived" if fresh else "already")
        return Verdict("unavailable", f"{body.get('availability')} ({body.get('availability_how')})")
    if body.get("error"):
        return Verdict("failed", str(body["error"]), None)
    due = [link_due] if link_due else []
    if body.get("try_again_at"):
        due.append(datetime.fromisoformat(str(body["try_again_at"])))
    failures = list(_unanswered(body))
    unclear = body.get("availability") not in (None, "public") and not body.get("settled")
    said = [f"{body['availability']} ({body['availability_how']})"] if unclear else []
    if body.get("availability_how") == "oembed" and not body.get("settled") and not failures:
        said = ["shown by oEmbed alone, so its media are not known yet"]
    reason = "; ".join(filter(None, [*said, *dict.fromkeys(failures), waiting])) or "the last answer was not whole"
    return Verdict("pending", reason, min(due, default=None))


def _unanswered(body: Body) -> Iterator[str]:
    """What of a post is still to come, and why: services without a usable answer, files that are asked for again."""
    files = in_words(body)
    for failure in body.get("failures") or ():
        if not (files and failure["why"] in _FILES):
            yield f"{failure['why']} {failure['word']}"
    yield from (f"incomplete: {one}" for one in (*broken(body), *files))


def _waiting(links: Sequence[Body]) -> tuple[str | None, datetime | None]:
    """(which links wait for another try and why, when the first is due); ``(None, None)`` when none does."""
    unsettled = [link for link in links if not link.get("settled")]
    due = [datetime.fromisoformat(str(link["try_again_at"])) for link in unsettled if link.get("try_again_at")]
    words = [f"{link['short']} waits: {link.get('error') or 'not followed yet'}" for link in unsettled]
    return "; ".join(words) or None, min(due, default=None)


def answered(resolution: Resolution) -> int:
    return len([hop for hop in resolution.hops if hop.http_status])
