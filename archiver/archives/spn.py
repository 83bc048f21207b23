"""Save Page Now 2: asking the Internet Archive to capture a page itself, and what came of it.

``POST https://web.archive.org/save`` with the account's S3-like keys; what comes back names a job, also for a page that
was captured within the hour. ``GET …/save/status/JOB`` tells how it stands with one for about an hour. Trouble comes as
200 with ``status_ext``, at once and then without a job, or from the job (``protocols`` 6.5).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from archiver.archives.cdx import moment
from archiver.archives.wayback import replay_url
from archiver.model import Exchange, Memento, Request

_UNLESS_WITHIN = "30d"
_JOB = re.compile(r"[A-Za-z0-9_-]{1,100}")
_MOST_CHARS = 200
State = Literal["pending", "saved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with a submission. ``pending``: ``job`` is to be asked for, ``None`` when that can't be. ``saved``:
    as ``memento``. ``refused``: ``error`` says why, in a sentence; also what was in the way of a ``pending`` one."""

    state: State
    job: str | None = None
    memento: Memento | None = None
    error: str | None = None


def request(endpoint: str, url: str, keys: str) -> Request:
    """The request that submits ``url`` to ``endpoint``, unless the archive captured it in the last 30 days. ``keys``:
    ``key:secret``; sent, and never stored."""
    form = (("url", url), ("skip_first_archive", "1"), ("if_not_archived_within", _UNLESS_WITHIN))
    slot = f"submit:{url}"
    return Request(
        url=endpoint, why="submit", slot=slot, accept="application/json", secret_headers=_key(keys), form=form
    )


def status_request(endpoint: str, url: str, job: str, keys: str, now: datetime) -> Request:
    """The question how it stands with the ``job`` that captures ``url``; a new one at every ``now``."""
    slot = f"submit:{url}#{now.isoformat()}"
    there = f"{endpoint}/status/{job}"
    return Request(url=there, why="submit", slot=slot, accept="application/json", secret_headers=_key(keys))


def _key(keys: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"LOW {keys}"),)


def read_submission(exchange: Exchange) -> Standing:
    """What the answer to a submission says."""
    data = _object(exchange)
    job = data.get("job_id")
    if exchange.status == 200 and isinstance(job, str) and _JOB.fullmatch(job):
        return Standing(state="pending", job=job)
    return Standing(state="refused", error=_why(exchange, data))


def read_status(exchange: Exchange, job: str, replay_root: str) -> Standing:
    """What the answer about a ``job`` says. Trouble of the service itself leaves it pending. ``replay_root``: where the
    archive gives captures."""
    data = _object(exchange)
    state = data.get("status") if exchange.status == 200 else None
    if state == "success" and (memento := _memento(data, replay_root)):
        return Standing(state="saved", job=job, memento=memento)
    if state == "error":
        return Standing(state="refused", job=job, error=_why(exchange, data))
    return Standing(state="pending", job=job, error=None if state == "pending" else _why(exchange, data))


def _memento(data: dict[str, Any], replay_root: str) -> Memento | None:
    stamp, original = data.get("timestamp"), data.get("original_url")
    at = moment(stamp) if isinstance(stamp, str) else None
    if at is None or not isinstance(stamp, str) or not isinstance(original, str):
        return None
    return Memento(at=at, url=replay_url(replay_root, stamp, original))


def _why(exchange: Exchange, data: dict[str, Any]) -> str:
    said = [data.get("message"), data.get("status_ext")]
    message, code = (one[:_MOST_CHARS] if isinstance(one, str) and one.strip() else None for one in said)
    if message and code:
        return f"{message.rstrip('.')} ({code})"
    return message or code or f"Save Page Now answered {exchange.status}, and nothing that can be read"


def _object(exchange: Exchange) -> dict[str, Any]:
    try:
        data = json.loads(exchange.body or b"")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
