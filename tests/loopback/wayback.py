"""The Wayback Machine in miniature: availability, replay, TimeGate and TimeMap (``protocols.md`` 6.1, 6.3).

What it holds is a list of ``Capture``; everything that it says follows from that. Its index is ``cdx``, Save Page Now
is ``saving``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal

from tests.loopback.answers import HTML, NOT_FOUND, Answer, Headers, as_json, html
from tests.loopback.captures import Capture, in_json, instant, nearest, of_key, of_post, surt
from tests.loopback.cdx import listing, refusal
from tests.loopback.saving import Saving, saves
from tests.loopback.server import Asked

__all__ = ["Capture", "Trouble", "archive_org", "in_json", "of_post", "surt", "web_archive_org"]
#: ``blocked``, ``robots``: a site that is shown to nobody. The others: of the service itself.
Trouble = Literal["429", "503", "blocked", "robots", "empty availability"]
_KEPT_IN = ("x-archive-src", "miniature/miniature-0001.warc.gz")
_SITE = "https://web.archive.org"
_REPLAY = re.compile(r"/web/(?P<stamp>\d{4,14})(?P<mode>[a-z]{2}_)?/(?P<url>.+)", re.DOTALL)
_TIMEMAP = "/web/timemap/link/"
_LIVE = re.compile(r"/web/(?P<url>https?:.+)", re.DOTALL)


def archive_org(captures: Sequence[Capture], trouble: Trouble | None = None) -> Callable[[Asked], Answer]:
    """What ``archive.org`` answers: a hit, or an empty object, also where captures are asked for with a scheme or
    without an instant, and for sites that are shown to nobody."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/wayback/available":
            return NOT_FOUND
        if trouble == "503":
            return html(503, "Temporarily offline")
        url, stamp = asked.query.get("url", ""), asked.query.get("timestamp", "")
        misses = "://" in url or not stamp or trouble in ("empty availability", "blocked", "robots")
        held = [] if misses else [capture for capture in of_key(captures, surt(url)) if capture.status == 200]
        near = nearest(held, instant(stamp)) if held else None
        closest = {
            "closest": {"available": True, "url": f"http://web.archive.org/web/{near.stamp}/{near.url}",
                        "timestamp": near.stamp, "status": str(near.status)}
        } if near else {}  # fmt: skip
        return as_json(200, {"url": url, "archived_snapshots": closest, **({"timestamp": stamp} if stamp else {})})

    return service


def web_archive_org(
    captures: Sequence[Capture], trouble: Trouble | None = None, saving: Saving = "works"
) -> Callable[[Asked], Answer]:
    """What ``web.archive.org`` answers. ``trouble``: 429 without Retry-After, 503, or a site that it does not show.
    ``saving``: what comes of pages that are submitted."""
    save = saves(saving)

    def service(asked: Asked) -> Answer:
        if trouble == "429":
            return Answer(status=429, body=b"Too Many Requests", content_type="text/html")
        if trouble == "503":
            return html(503, "Temporarily offline")
        if asked.path.startswith("/save"):
            return save(asked)
        hidden = trouble in ("blocked", "robots")
        if asked.path == "/cdx/search/cdx":
            return refusal(trouble) if trouble and hidden else listing(asked, captures)
        if not asked.path.startswith("/web/"):
            return NOT_FOUND
        return _EXCLUDED if hidden else _replayed(asked, captures)

    return service


def _headers(status: int) -> Headers:
    """What recorded answers of the replay had beside their body."""
    return (
        ("Server", "nginx"), ("Permissions-Policy", "interest-cohort=()"),
        ("Referrer-Policy", "no-referrer-when-downgrade"), ("x-app-server", "wwwb-app221"), ("x-ts", str(status)),
        ("x-tr", "470"), ("X-location", "All"), ("X-RL", "0"), ("X-NA", "0"), ("X-NID", "-"), ("X-Page-Cache", "MISS"),
    )  # fmt: skip


def _own(answer: Answer) -> Answer:
    """One that speaks for the archive itself: without Memento-Datetime."""
    return replace(answer, headers=(*answer.headers, *_headers(answer.status)))


#: Recorded in 2020: the page that says so comes as 200.
_EXCLUDED = _own(html(200, "Wayback Machine", "Sorry. This URL has been excluded from the Wayback Machine."))
_MISSING = _own(html(404, "Wayback Machine", "The Wayback Machine has not archived that URL."))


def _replayed(asked: Asked, captures: Sequence[Capture]) -> Answer:
    if asked.target.startswith(_TIMEMAP):
        return _timemap(asked.target.removeprefix(_TIMEMAP), captures)
    if found := _REPLAY.fullmatch(asked.target):
        return _at(found["url"], found["stamp"], found["mode"] or "", captures)
    live = _LIVE.fullmatch(asked.target)
    return _timegate(live["url"], asked.headers.get("accept-datetime"), captures) if live else NOT_FOUND


def _at(url: str, stamp: str, mode: str, captures: Sequence[Capture]) -> Answer:
    """The capture of ``url`` at ``stamp``, or the way to the nearest. ``mode``: ``id_`` and its kin give its own bytes;
    without one, pages have a toolbar, and archived redirects are a page."""
    held = of_key(captures, surt(url))
    near = nearest(held, instant(stamp))
    if near is None:
        return _MISSING
    if (near.stamp, near.url) != (stamp, url):
        reason = ("x-archive-redirect-reason", f"found capture at {near.stamp}")
        here = ("Location", f"{_SITE}/web/{near.stamp}{mode}/{near.url}")
        return _own(Answer(status=302, content_type="text/plain; charset=utf-8", headers=(here, reason)))
    if near.to and not mode:
        said = f"Got an HTTP {near.status} response at crawl time"
        way = f'<p class="impatient"><a href="/web/{near.stamp}/{near.to}">Impatient?</a></p>'
        page = html(200, "Internet Archive Wayback Machine", f"{said}{way}", headers=(_KEPT_IN,))
        return replace(_own(page), form="gzip")
    moved: Headers = (("Location", f"{_SITE}/web/{near.stamp}{mode}/{near.to}"),) if near.to else ()
    return Answer(
        status=near.status,
        body=near.body if mode else _with_toolbar(near),
        content_type=near.media_type if near.media_type != "text/html" else HTML,
        headers=(*moved, *_memento(near, held), *_headers(near.status)),
        form="gzip",
    )


def _with_toolbar(capture: Capture) -> bytes:
    """A page as people see it there; other files are left alone."""
    if capture.media_type != "text/html":
        return capture.body
    head, tag, rest = capture.body.partition(b"<head>")
    script = b'<script src="https://web-static.archive.org/_static/js/wombat.js"></script>'
    bar = b'<!-- BEGIN WAYBACK TOOLBAR INSERT --><div id="wm-ipp-base"></div><!-- END WAYBACK TOOLBAR INSERT -->'
    return head + tag + script + bar + rest


def _timegate(url: str, accepts: str | None, captures: Sequence[Capture]) -> Answer:
    """The way to the capture nearest to ``Accept-Datetime``, to the latest without it (RFC 7089, 4.1)."""
    held = of_key(captures, surt(url))
    near = nearest(held, parsedate_to_datetime(accepts) if accepts else datetime.max.replace(tzinfo=UTC))
    if near is None:
        return _MISSING
    headers = (
        ("Location", f"{_SITE}/web/{near.stamp}/{near.url}"),
        ("Vary", "accept-datetime"),
        ("link", _links(near, held)),
        ("x-archive-redirect-reason", f"found capture at {near.stamp}"),
    )
    return _own(Answer(status=302, content_type="text/plain; charset=utf-8", headers=headers))


def _timemap(url: str, captures: Sequence[Capture]) -> Answer:
    """Every capture, in link format (RFC 6690; RFC 7089, 5)."""
    held = of_key(captures, surt(url))
    if not held:
        return _MISSING
    span = f'from="{_http_date(held[0])}"; until="{_http_date(held[-1])}"'
    itself = f'<{_SITE}{_TIMEMAP}{url}>; rel="self"; type="application/link-format"; {span}'
    lines = [
        f'<{url}>; rel="original"',
        itself,
        f'<{_SITE}/web/{url}>; rel="timegate"',
        *(_link(one, "first memento" if one is held[0] else "memento") for one in held),
    ]
    return _own(Answer(status=200, body=",\n".join(lines).encode(), content_type="application/link-format"))


def _memento(capture: Capture, held: Sequence[Capture]) -> Headers:
    return (
        ("memento-datetime", _http_date(capture)),
        ("link", _links(capture, held)),
        _KEPT_IN,
        ("x-archive-orig-date", _http_date(capture)),
        ("x-archive-orig-server", "tsa_f"),
        ("x-archive-orig-content-length", str(len(capture.body))),
        ("cache-control", "max-age=1800"),
    )


def _links(capture: Capture, held: Sequence[Capture]) -> str:
    """The ``link`` header: original, timemap, timegate, and the captures around this one."""
    place = held.index(capture)
    known = {"first": held[0], "prev": held[place - 1] if place else None, "": capture,
             "next": held[place + 1] if place + 1 < len(held) else None, "last": held[-1]}  # fmt: skip
    url = capture.url
    return ", ".join([
        f'<{url}>; rel="original"',
        f'<{_SITE}{_TIMEMAP}{url}>; rel="timemap"; type="application/link-format"',
        f'<{_SITE}/web/{url}>; rel="timegate"',
        *(_link(one, f"{name} memento".strip()) for name, one in known.items() if one),
    ])  # fmt: skip


def _link(capture: Capture, relation: str) -> str:
    return f'<{_SITE}/web/{capture.stamp}/{capture.url}>; rel="{relation}"; datetime="{_http_date(capture)}"'


def _http_date(capture: Capture) -> str:
    return format_datetime(capture.at, usegmt=True)
