"""The Wayback Machine's replay: the nearest capture, and what one holds.

``archive.org/wayback/available`` names the capture nearest to an instant; that it names none proves nothing.
``web.archive.org/web/STAMPid_/URL`` gives a capture's own bytes. An answer with ``Memento-Datetime`` is what the
archive once got, whatever its status (RFC 7089, 4.5.3: an archived 404 is a memento too); one without speaks for the
archive itself: a redirect to the nearest capture, a 404 for a URL that it has not, or trouble.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlencode, urljoin, urlsplit

from archiver.archives.cdx import moment, stamp
from archiver.model import Exchange

MAX_PAGE_BYTES = 5_000_000
"""What an archived status page may be long; those of 2015 are 100 to 250 KB."""

_REPLAY = re.compile(r"/web/(?P<stamp>\d{14})(?P<mode>[a-z]{2}_)?/(?P<url>.+)", re.ASCII | re.DOTALL)
_MAX_URL_CHARS = 8_192
_REDIRECTS = (301, 302, 303, 307, 308)
Kind = Literal["memento", "elsewhere", "missing", "trouble"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A capture by name: ``stamp`` (14 digits), ``at`` (the same, aware UTC) and the ``original`` URL."""

    stamp: str
    at: datetime
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What an answer of the replay is.

    ``memento``: the archived answer, got at ``at``, with the archived site's status. ``elsewhere``: go on to ``next``:
    the nearest capture that there is, or, when ``at`` is set, where the archived site itself sent its visitors.
    ``missing``: not archived. ``trouble``: the archive has it not for us now; ``problem`` says why in a sentence.
    """

    kind: Kind
    at: datetime | None = None
    next: str | None = None
    problem: str | None = None


def availability_url(endpoint: str, url: str, at: datetime | None) -> str:
    """The URL that asks ``endpoint`` which capture of ``url`` lies nearest to ``at``. Without scheme, and with an
    instant: both are reported to turn hits into misses otherwise."""
    near = {"timestamp": stamp(at)} if at else {}
    return f"{endpoint}?{urlencode({'url': url.partition('://')[2] or url, **near})}"


def read_availability(exchange: Exchange) -> Snapshot | None:
    """The capture that the answer names, if it was answered 200; ``None`` for every other answer, none of which proves
    that there is no capture."""
    try:
        data = json.loads(exchange.body or b"")
    except (ValueError, RecursionError):
        return None
    held = data.get("archived_snapshots") if isinstance(data, dict) and exchange.status == 200 else None
    closest = held.get("closest") if isinstance(held, dict) else None
    if not isinstance(closest, dict) or closest.get("available") is not True or closest.get("status") != "200":
        return None
    return landed(str(closest.get("url")))


def replay_url(root: str, when: str, url: str) -> str:
    """The URL under which ``root`` (``https://web.archive.org/web``) gives the bytes of ``url`` as they were at
    ``when`` (14 digits), without the archive's additions."""
    return f"{root}/{when}id_/{url}"


def landed(url: str) -> Snapshot | None:
    """Which capture a replay URL shows, ``None`` when it is no replay URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    whole = parts.path + (f"?{parts.query}" if parts.query else "")
    found = _REPLAY.fullmatch(whole) if len(whole) <= _MAX_URL_CHARS else None
    at = moment(found["stamp"]) if found else None
    return Snapshot(stamp=found["stamp"], at=at, original=found["url"]) if found and at else None


def read_replay(exchange: Exchange) -> Replay:
    """What the answer to a replay URL is."""
    at = _memento_at(exchange)
    location = exchange.header("location") if exchange.status in _REDIRECTS else None
    led = _within(exchange.url, location) if location else None
    if led:
        return Replay(kind="elsewhere", at=at, next=led)
    if at is not None:
        return Replay(kind="memento", at=at)
    if exchange.status == 404:
        return Replay(kind="missing")
    reason = exchange.header("x-archive-wayback-runtime-error")
    said = f": {reason.rpartition(': ')[2][:100]}" if reason else ""
    return Replay(kind="trouble", problem=f"the archive itself answered {exchange.status}{said}")


def is_memento(exchange: Exchange) -> bool:
    """Whether the answer is an archived one, whatever its status."""
    return _memento_at(exchange) is not None


def _memento_at(exchange: Exchange) -> datetime | None:
    try:
        at = parsedate_to_datetime(exchange.header("memento-datetime") or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _within(here: str, location: str) -> str | None:
    """Where ``location`` leads, its own bytes again, when that is a capture of the same archive: nobody else is asked
    because it says so."""
    try:
        there = urlsplit(urljoin(here, location))
        same = there[:2] == urlsplit(here)[:2]
    except ValueError:
        return None
    capture = landed(there.geturl()) if same else None
    return replay_url(f"{there.scheme}://{there.netloc}/web", capture.stamp, capture.original) if capture else None
