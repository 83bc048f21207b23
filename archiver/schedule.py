"""When each thing is looked at next. Pure: bodies of documents in, bodies with their next look out.

::

    post, settled      1, 7, 30, 90 days after it was first seen so, then every year
    article            1, 3, 7, 30, 90 days after it was first read, or found edited; then no more
    what failed        by class: soon and ever later for the network, when it says so for a busy host,
                       rarely for what answers "no"

A change (gone, back, edited) begins the schedule of a post or article anew. Each look is up to a fifth of its interval
early, by an amount that its key decides, so that what was found in one night is not looked at again in one night.

The body carries ``due_at`` (when to look next, ``None``: never), ``watch_at`` (of a post that waits for a picture:
when to ask its services anew whatever becomes of that, else ``None``), ``watched_from`` (when the schedule began),
``tries`` (looks in a row that settled nothing) and ``changes`` (``at``, ``what``, ``from``, ``to``), written with the
capture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from archiver.model import ASTRAY, GONE, LIMITED, Moment

Body = Mapping[str, Any]
Json = dict[str, Any]
_DAY = timedelta(days=1)
_MOST_CHANGES = 200
_EARLY = 0.2
CERTAIN = frozenset((*GONE, *LIMITED, "public"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Days after which posts and articles are looked at again, ascending; then posts every so many days."""

    posts_days: tuple[float, ...] = (1, 7, 30, 90)
    posts_every_days: float = 365
    articles_days: tuple[float, ...] = (1, 3, 7, 30, 90)


SHIPPED = Rhythm()


def next_look(began: datetime, now: datetime, days: Sequence[float], every: float | None, key: str) -> datetime | None:
    """The first look after ``now`` of a schedule that began at ``began``; ``None`` when there is none left.

    Looks that were missed are not made up for: the next one comes when it would have come.
    """
    for step, after in enumerate(days):
        at = _early(began + after * _DAY, after - (days[step - 1] if step else 0), f"{key} {step}")
        if at > now:
            return at
    if not every:
        return None
    last = began + (days[-1] if days else 0) * _DAY
    turn = max(1, int((now - last) / (every * _DAY)))
    while (at := _early(last + turn * every * _DAY, every, f"{key} +{turn}")) <= now:
        turn += 1
    return at


def retry_at(word: str, tries: int, now: datetime, key: str, *, after_s: float | None = None) -> datetime:
    """When to try again what failed ``tries`` times in a row (1 or more), by its class (``FetchError.word``, or an
    availability); never before ``after_s`` seconds, which the host asked for."""
    first_s, most_s = _BACK_OFF.get(word, _BACK_OFF["failed"])
    wait_s = min(most_s, first_s * 2.0 ** min(tries - 1, 40))
    wait_s *= 1 - _EARLY * _fraction(f"{key} {word} {tries}")
    if word == "ambiguous" and tries <= 1:
        wait_s = first_s  # a second look counts as evidence only when it is a whole day later
    return now + timedelta(seconds=max(wait_s, after_s or 0))


_HOUR_S, _DAY_S = 3600.0, 86_400.0
_BACK_OFF = {  # seconds after the first failure, and at most
    "unreachable": (_HOUR_S, 14 * _DAY_S),
    "timed-out": (_HOUR_S, 14 * _DAY_S),
    "bad-reply": (_HOUR_S, 14 * _DAY_S),
    "rate-limited": (900.0, _DAY_S),
    "rate_limited": (900.0, _DAY_S),
    "overloaded": (900.0, _DAY_S),
    "ambiguous": (_DAY_S, 30 * _DAY_S),
    "public": (_HOUR_S, 30 * _DAY_S),  # there, but not all of it was had
    "error": (_DAY_S, 30 * _DAY_S),
    "unreadable": (_DAY_S, 30 * _DAY_S),
    "refused": (7 * _DAY_S, 90 * _DAY_S),
    "gone": (_DAY_S, 90 * _DAY_S),
    "failed": (_HOUR_S, 30 * _DAY_S),
}


def of_post(body: Body, known: Body | None, rhythm: Rhythm, *, anew: bool = True, stands: bool = False) -> Json:
    """``body``, a post's new document, with its next look and what changed since ``known``, its document so far.

    ``anew``: whether the services were asked, ``False`` when only what had failed beside their stored answers was tried
    again. ``stands``: whether the next try is of that kind; a certain answer then has a look of its own to come
    (``watch_at``), whatever becomes of a picture: the next look is the earlier of both.

    A look that learnt nothing certain about a post of which something was does not unsettle it: the answers are kept as
    evidence, and it is asked again soon.
    """
    at, before = _instant(body["at"]), known or {}
    found, clear = _post_changes(body, before), bool(body.get("settled"))
    key, availability = f"{body['platform']}:{body['post_id']}", body.get("availability")
    certain = availability if availability in CERTAIN else before.get("certain")
    began = _written(at) if found or _is_unset(before.get("watched_from"), at) else before["watched_from"]
    tries = 0 if clear else int(before.get("tries") or 0) + 1
    if tries and anew and before.get("watch_at"):  # the picture's own try went before; a doubt is a new matter
        tries = tries - 1 if availability in CERTAIN else 1
    watch: datetime | None = next_look(_instant(began), at, rhythm.posts_days, rhythm.posts_every_days, key)
    if not anew and not found and before.get("watch_at") and not is_astray(before, at):
        watch = _instant(before["watch_at"])
    due, waits = watch, None
    if not clear:
        due = retry_at(_word(body), tries, at, key, after_s=_seconds_until(body.get("try_again_at"), at))
        waits = watch if stands and availability in CERTAIN else None
        due = min(filter(None, (due, waits)))
    looks = max(int(body.get("looks") or 0), int(before.get("looks") or 0) + bool(clear and body.get("captures")))
    watched = {"due_at": _written(due), "watched_from": began, "tries": tries, "certain": certain, "looks": looks}
    watched |= {"watch_at": _written(waits)}
    unsure = availability not in CERTAIN or (availability in GONE and availability == before.get("availability"))
    if before.get("settled") and not clear and unsure and not body.get("error"):
        watched |= {name: before.get(name) for name in ("settled", "availability", "availability_how")}
        watched |= {
            "try_again_at": None,
            "watch_at": None,
            "looks": int(before.get("looks") or 0) + bool(body.get("captures")),
        }
    return {**body, **watched, "changes": _joined(before, found)}


def is_wanted(known: Body, now: datetime) -> bool:
    """Whether a post that waits for something beside its services' answers (``of_post``) is to be looked at anew."""
    at = known.get("watch_at")
    return not known.get("settled") and isinstance(at, str) and (_instant(at) <= now or is_astray(known, now))


def is_astray(known: Body, now: datetime) -> bool:
    """Whether a document was written while a clock was wrong (``ASTRAY``): whatever it says of later is nothing."""
    at = known.get("at") or known.get("saved_at")
    return isinstance(at, str) and _instant(at) > now + ASTRAY


def of_link(body: Body, known: Body | None) -> Json:
    """``body``, a link's new document, with its next look: none once it is settled."""
    if body.get("settled"):
        return {**body, "due_at": None, "tries": 0}
    at, tries = _instant(body["at"]), int((known or {}).get("tries") or 0) + 1
    word = str(body.get("error") or "failed").partition(":")[0]
    due = retry_at(word, tries, at, str(body["short"]), after_s=_seconds_until(body.get("try_again_at"), at))
    return {**body, "due_at": _written(due), "tries": tries}


def of_article(body: Body, known: Body | None, rhythm: Rhythm, *, looked: bool, word: str = "failed") -> Json:
    """``body``, an article's new document, with its next look and what changed since ``known``. ``looked``: whether its
    page was asked for now; otherwise the next look stays as it was. ``word``: the class of what failed, where something
    did. A file is never looked at again."""
    before, at = known or {}, _instant(body["saved_at"])
    kept = {name: before[name] for name in ("announced", "due_at", "watched_from", "tries") if name in before}
    if not looked or str(body["key"]).startswith("urn:"):
        return {"due_at": None, "tries": 0, **body, **kept, "changes": _joined(before, [])}
    if "announced" in kept and not body.get("error"):
        kept["announced"] = {**kept["announced"], "content": None}  # the page says it itself
    found = _article_changes(body, before)
    began = before.get("watched_from")
    if found or not before.get("source") or _is_unset(began, at):
        began = _written(at)
    tries = int(before.get("tries") or 0) + 1 if body.get("error") else 0
    if tries:
        due: datetime | None = retry_at(word, tries, at, str(body["key"]))
    else:
        due = next_look(_instant(began), at, rhythm.articles_days, None, str(body["key"]))
    watched = {"due_at": _written(due), "watched_from": began, "tries": tries}
    return {**body, **kept, **watched, "changes": _joined(before, found)}


def newly_changed(body: Body, known: Body | None) -> list[Json]:
    """The changes of ``body`` that ``known``, the document before it, does not have."""
    old = list((known or {}).get("changes") or ())
    return [one for one in body.get("changes") or () if one not in old]


def _post_changes(body: Body, before: Body) -> list[Json]:
    was, now = before.get("certain"), body.get("availability")
    found: list[Json] = []
    if was and now in CERTAIN and now != was:
        what = "gone" if now in GONE and was not in GONE else "returned" if now == "public" else "changed"
        found.append({"at": body["at"], "what": what, "from": was, "to": now})
    for field, what in (("text", "edited"), ("handle", "renamed")):
        old, new = _first(before, field), _first(body, field)
        if now == "public" and old and new and old.get("how") == new.get("how") and old["value"] != new["value"]:
            found.append({"at": body["at"], "what": what, "from": old["value"], "to": new["value"]})
    return found


def _article_changes(body: Body, before: Body) -> list[Json]:
    """What an edited article holds that it did not hold before, and the reverse. Nothing for a first or failed look."""
    if not before.get("source") or body.get("error") or before.get("error"):
        return []
    old, new = _holds(before), _holds(body)
    added, removed = [one for one in new if one not in old], [one for one in old if one not in new]
    renamed = before.get("title") != body.get("title")
    if not added and not removed and not renamed:
        return []
    titles = {"from": before.get("title"), "to": body.get("title")} if renamed else {"from": None, "to": None}
    return [{"at": body["saved_at"], "what": "edited", **titles, "added": added, "removed": removed}]


def _holds(body: Body) -> list[str]:
    """What the article's finds are, in a word each: the post as the page names it, else the link, else who and when."""
    return list(dict.fromkeys(map(_name, body.get("outcomes") or ())))


def _name(one: Body) -> str:
    return str(one.get("url") or next(iter(one.get("short_links") or ()), None) or one.get("handle") or one.get("form"))


def _is_unset(began: object, at: datetime) -> bool:
    return not began or _instant(began) > at + ASTRAY


def _first(body: Body, field: str) -> Body | None:
    facts = (body.get("facts") or {}).get(field) or ()
    return facts[0] if facts else None


def _word(body: Body) -> str:
    """The class of what keeps a post unsettled."""
    words = [str(one.get("word")) for one in body.get("failures") or ()]
    if body.get("error"):
        return "unreadable"
    return next((word for word in words if word in _BACK_OFF), str(body.get("availability") or "failed"))


def _joined(before: Body, found: Iterable[Json]) -> list[Json]:
    return [*(before.get("changes") or ()), *found][-_MOST_CHANGES:]


def _early(at: datetime, interval_days: float, key: str) -> datetime:
    """To the second: what is written down and read again is the same instant."""
    return (at - interval_days * _DAY * (_EARLY * _fraction(key))).replace(microsecond=0)


def _fraction(text: str) -> float:
    """A number from 0 to 1 that looks arbitrary and is always the same for ``text``."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4]) / 0xFFFFFFFF


def _seconds_until(written: object, now: datetime) -> float | None:
    return max(0.0, (_instant(written) - now).total_seconds()) if isinstance(written, str) else None


def _instant(written: object) -> datetime:
    return datetime.fromisoformat(str(written)).astimezone(UTC)


def _written(at: datetime | None) -> str | None:
    return str(Moment(at=at, precision="millisecond")) if at else None


def must_wait(body: Body, now: datetime) -> bool:
    """Whether the service itself gave an answer that forbids, or makes pointless, another try before its time.

    What failed for want of a network is tried again whenever somebody asks.
    """
    due = body.get("try_again_at")
    if not isinstance(due, str) or datetime.fromisoformat(due) <= now or is_astray(body, now):
        return False
    words = {failure.get("word") for failure in body.get("failures") or ()}
    if words & {"rate-limited", "overloaded"} or str(body.get("error") or "").startswith(
        ("rate-limited", "overloaded")
    ):
        return True
    unreached = words & {"unreachable", "timed-out", "bad-reply"}
    return body.get("availability") in ("ambiguous", "rate_limited", "public") and not unreached
