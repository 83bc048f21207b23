"""Save Page Now 2: ``web.archive.org/save`` and ``/save/status`` (``protocols.md`` 6.5).

Trouble comes as 200 with ``status_ext``, at once and then without a job, or when the job is asked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl

from tests.loopback.answers import Answer, as_json, html
from tests.loopback.server import Asked

#: ``too many`` is told at once, ``no access``, ``not found`` and ``blocked url`` by the job; ``endless`` stays pending.
Saving = Literal["works", "429", "503", "too many", "no access", "not found", "blocked url", "endless", "not json"]
STAMP = "20260101000000"
_ERRORS = {
    "too many": ("error:too-many-daily-captures", "This URL has been already captured 5 times today."),
    "no access": ("error:no-access", "Target URL could not be accessed (status=403)."),
    "not found": ("error:not-found", "Target URL not found (status=404)."),
    "blocked url": ("error:blocked-url", "This URL is in the Save Page Now service block list."),
    "no job": ("error:job-not-found", "Job not found."),
}
_AGAIN = "The same snapshot had been made 2 minutes ago. You can make new capture of this URL after 1 hour."


def saves(saving: Saving = "works") -> Callable[[Asked], Answer]:
    """What the paths under ``/save`` answer: a job for each address, pending when first asked for, then as ``saving``
    says."""
    jobs: dict[str, str] = {}
    looks: dict[str, int] = {}

    def service(asked: Asked) -> Answer:
        if not re.fullmatch(r"LOW \w+:\w+", asked.headers.get("authorization", "")):
            return as_json(401, {"message": "You need to be logged in to use Save Page Now."})
        if saving == "429":
            return as_json(429, {"message": "You have reached your limit of captures a minute."})
        if saving == "503":
            return html(503, "Temporarily offline")
        if saving == "not json":
            return html(200, "Wayback Machine", "Please enable JavaScript.")
        if asked.path == "/save/status/user":
            return as_json(200, {"available": 6, "processing": len(jobs) - len(looks)})
        if asked.path.startswith("/save/status/"):
            job = asked.path.rpartition("/")[2]
            looks[job] = looks.get(job, 0) + 1
            return _status(job, jobs.get(job), looks[job], saving)
        return _submission(asked, jobs, saving)

    return service


def _submission(asked: Asked, jobs: dict[str, str], saving: Saving) -> Answer:
    url = dict(parse_qsl(asked.raw.partition(b"\r\n\r\n")[2].decode())).get("url", "")
    if asked.method != "POST" or not url:
        return html(400, "Bad request")
    if saving == "too many":
        return as_json(200, _error(saving))
    job = f"spn2-{hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()}"
    again = {"message": _AGAIN} if job in jobs else {}
    jobs.setdefault(job, url)
    return as_json(200, {"url": url, "job_id": job, **again})


def _status(job: str, url: str | None, look: int, saving: Saving) -> Answer:
    if url is None:
        return as_json(200, _error("no job", job))
    if look == 1 or saving == "endless":
        return as_json(200, {"status": "pending", "job_id": job, "resources": []})
    if saving in _ERRORS:
        return as_json(200, _error(saving, job))
    done = {"original_url": url, "timestamp": STAMP, "duration_sec": 6.2, "resources": [url], "outlinks": []}
    return as_json(200, {"status": "success", "job_id": job, **done, "screenshot": None})


def _error(what: str, job: str | None = None) -> dict[str, object]:
    extension, message = _ERRORS[what]
    named = {"job_id": job} if job else {}
    return {"status": "error", **named, "status_ext": extension, "message": message, "exception": None}
