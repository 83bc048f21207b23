"""The Wayback Machine in miniature: availability, the index of captures, replay, and Save Page Now.

``protocols.md`` 6.1 to 6.5. What it holds is a list of ``Capture``; everything that it says follows from that.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

from tests.loopback.answers import HTML, NOT_FOUND, Answer, Headers, as_json, html
from tests.loopback.legacy import legacy_page
from tests.loopback.nouns import Post
from tests.loopback.server import Asked

Trouble = Literal["429", "503", "blocked", "empty availability"]
_SITE = "https://web.archive.org"
_REPLAY = re.compile(r"/web/(?P<stamp>\d{4,14})(?P<mode>[a-z]{2}_)?/(?P<url>.+)", re.DOTALL)
_NAMES = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_BLOCKED = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception.AdministrativeAccessControlException: "
    "Blocked Site Error"
)


@dataclass(frozen=True, kw_only=True)
class Capture:
    """What the archive got for ``url`` at ``stamp`` (``YYYYMMDDhhmmss``). ``to``: where an archived redirect led.
    ``revisit``: listed as one, without a status."""

    url: str
    stamp: str
    body: bytes = b""
    status: int = 200
    media_type: str = "text/html"
    to: str | None = None
    revisit: bool = False

    @property
    def urlkey(self) -> str:
        return surt(self.url)

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def row(self) -> tuple[str, ...]:
        digest = b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()
        kind, status = ("warc/revisit", "-") if self.revisit else (self.media_type, str(self.status))
        return (self.urlkey, self.stamp, self.url, kind, status, digest, str(len(self.body) // 4 + 400))


def of_post(
    post: Post, stamp: str, *, host: str = "twitter.com", tail: str = "", answers: Sequence[Post] = ()
) -> Capture:
    """The rendered page of ``post``, captured at ``stamp``."""
    return Capture(url=post.url(host) + tail, stamp=stamp, body=legacy_page(post, answers=answers).encode())


def in_json(post: Post, stamp: str, value: object) -> Capture:
    """The status address of ``post``, where the archive was given JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Capture(url=post.url("twitter.com"), stamp=stamp, body=body, media_type="application/json")


def surt(url: str) -> str:
    """``https://www.twitter.com/A/b?c=D`` → ``com,twitter)/a/b?c=d``."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}){parts.path or '/'}{query}".lower()


def archive_org(captures: Sequence[Capture], trouble: Trouble | None = None) -> Callable[[Asked], Answer]:
    """What ``archive.org`` answers: a hit, or an empty object, also where captures are asked for with a scheme or
    without an instant."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/wayback/available":
            return NOT_FOUND
        if trouble == "503":
            return html(503, "Temporarily offline")
        url, stamp = asked.query.get("url", ""), asked.query.get("timestamp", "")
        held = [] if "://" in url or not stamp or trouble == "empty availability" else _of_key(captures, surt(url))
        near = _nearest([capture for capture in held if capture.status == 200], stamp)
        closest = {
            "closest": {"available": True, "url": f"http://web.archive.org/web/{near.stamp}/{near.url}",
                        "timestamp": near.stamp, "status": str(near.status)}
        } if near else {}  # fmt: skip
        return as_json(200, {"url": url, "archived_snapshots": closest, **({"timestamp": stamp} if stamp else {})})

    return service


def web_archive_org(captures: Sequence[Capture], trouble: Trouble | None = None) -> Callable[[Asked], Answer]:
    """What ``web.archive.org`` answers. ``trouble``: 429 without Retry-After, 503, or a blocked site."""
    jobs: dict[str, list[str]] = {}

    def service(asked: Asked) -> Answer:
        if trouble == "429":
            return Answer(status=429, body=b"Too Many Requests", content_type="text/html")
        if trouble == "503":
            return html(503, "Temporarily offline")
        if asked.path == "/cdx/search/cdx":
            return _blocked() if trouble == "blocked" else _listing(asked, captures)
        if asked.path.startswith("/save"):
            return _save(asked, jobs)
        replay = _REPLAY.fullmatch(asked.target)
        return _replay(replay, captures) if replay else NOT_FOUND

    return service


def _blocked() -> Answer:
    return Answer(
        status=403,
        body=f"{_BLOCKED}\n".encode(),
        content_type="text/plain;charset=UTF-8",
        headers=(("X-Archive-Wayback-Runtime-Error", _BLOCKED),),
    )


def _listing(asked: Asked, captures: Sequence[Capture]) -> Answer:
    """Rows in the index's order, the first one twice, as recorded ones are."""
    told = parse_qsl(urlsplit(asked.target).query)
    query = dict(told)
    key, prefix = surt(query["url"]), query.get("matchType") == "prefix"
    rows = sorted(
        capture.row
        for capture in captures
        if (capture.urlkey.startswith(key) if prefix else capture.urlkey == key)
        and all(_passes(capture.row, value) for name, value in told if name == "filter")
    )
    if resume := query.get("resumeKey"):
        rows = [row for row in rows if " ".join(row[:2]) > unquote_plus(resume)]
    page = rows[: int(query.get("limit", "150000"))]
    last = (
        quote_plus(" ".join(page[-1][:2])) if query.get("showResumeKey") == "true" and len(page) < len(rows) else None
    )
    page = page[:1] + page
    if query.get("output") == "json":
        value = ([list(_NAMES), *map(list, page)] if page else []) + ([[], [last]] if last else [])
        return as_json(200, value, content_type="application/json")
    lines = [*(" ".join(row) for row in page), *(["", last] if last else [])]
    body = "".join(f"{line}\n" for line in lines).encode()
    return Answer(status=200, body=body, content_type="text/plain;charset=UTF-8", form="gzip")


def _passes(row: tuple[str, ...], condition: str) -> bool:
    name, _, pattern = condition.removeprefix("!").partition(":")
    return bool(re.fullmatch(pattern, row[_NAMES.index(name)])) != condition.startswith("!")


def _replay(wanted: re.Match[str], captures: Sequence[Capture]) -> Answer:
    held = _of_key(captures, surt(wanted["url"]))
    near = _nearest(held, wanted["stamp"])
    if near is None:
        return html(404, "Wayback Machine", "The Wayback Machine has not archived that URL.")
    mode = wanted["mode"] or ""
    here = f"{_SITE}/web/{near.stamp}{mode}/{near.url}"
    if (near.stamp, near.url) != (wanted["stamp"], wanted["url"]):
        reason = ("x-archive-redirect-reason", f"found capture at {near.stamp}")
        return Answer(status=302, content_type="text/plain; charset=utf-8", headers=(("Location", here), reason))
    moved: Headers = (("Location", f"{_SITE}/web/{near.stamp}{mode}/{near.to}"),) if near.to else ()
    return Answer(
        status=near.status,
        body=near.body,
        content_type=near.media_type if near.media_type != "text/html" else HTML,
        headers=(*moved, *_memento(near)),
        form="gzip",
    )


def _memento(capture: Capture) -> Headers:
    link = f'<{capture.url}>; rel="original", <{_SITE}/web/timemap/link/{capture.url}>; rel="timemap"'
    return (
        ("memento-datetime", format_datetime(capture.at, usegmt=True)),
        ("link", link),
        ("x-archive-src", "miniature-0001.warc.gz"),
        ("cache-control", "max-age=1800"),
    )


def _of_key(captures: Sequence[Capture], key: str) -> list[Capture]:
    return [capture for capture in captures if capture.urlkey == key and not capture.revisit]


def _nearest(held: Sequence[Capture], stamp: str) -> Capture | None:
    wanted = datetime.strptime(f"{stamp}{'20000101000000'[len(stamp) :]}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return min(held, key=lambda capture: abs(capture.at - wanted), default=None)


def _save(asked: Asked, jobs: dict[str, list[str]]) -> Answer:
    """Save Page Now 2: a job for each URL, the same one within the hour; pending when first asked, then done."""
    if asked.path.startswith("/save/status/"):
        job = asked.path.rpartition("/")[2]
        url, *looks = jobs.get(job, ["", "unknown"])
        if not url:
            return as_json(200, {"status": "error", "job_id": job, "status_ext": "error:job-not-found", "message": "?"})
        jobs[job].append("look")
        if not looks:
            return as_json(200, {"status": "pending", "job_id": job, "resources": []})
        return as_json(200, {"status": "success", "job_id": job, "original_url": url, "timestamp": "20260101000000"})
    url = dict(parse_qsl(asked.raw.partition(b"\r\n\r\n")[2].decode())).get("url", "")
    if asked.method != "POST" or not url:
        return html(400, "Bad request")
    if not re.fullmatch(r"LOW \w+:\w+", asked.headers.get("authorization", "")):
        return as_json(401, {"message": "You need to be logged in to use Save Page Now."})
    job = f"spn2-{hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()}"
    again = {"message": "The same snapshot had been made 2 minutes ago."} if job in jobs else {}
    jobs.setdefault(job, [url])
    return as_json(200, {"url": url, "job_id": job, **again})
