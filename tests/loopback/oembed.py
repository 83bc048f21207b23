"""``publish.twitter.com/oembed``, and ``publish.x.com``, which leads there (``protocols.md`` 4.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from time import time
from urllib.parse import quote, urlsplit

from tests.loopback.answers import JSON, Answer, Headers, Tries, as_json, html, redirect, with_retry_after
from tests.loopback.embeds import blockquote, widget_script
from tests.loopback.nouns import Post
from tests.loopback.server import Asked

_A_CENTURY_S = 3_153_600_000
_STATUS = re.compile(r"https?://(?:\w+\.)?(?:twitter|x)\.com/.*?/?status(?:es)?/(\d{1,20})", re.ASCII)
_PASSED_ON = {"dnt": ' data-dnt="{}"', "theme": ' data-theme="{}"', "align": ' align="{}"',
              "hide_media": ' data-cards="hidden"', "hide_thread": ' data-conversation="none"'}  # fmt: skip


def oembed(posts: Mapping[str, Post], tries: Tries, host: str) -> Callable[[Asked], Answer]:
    """What ``publish.twitter.com`` answers. ``host``: which host the links in its embeds name."""

    def service(asked: Asked) -> Answer:
        found = _STATUS.match(asked.query.get("url", ""))
        post = posts.get(found[1]) if found and asked.path == "/oembed" else None
        if post is None:
            return ERRORS["404 html"](asked)
        scenario = post.scenario
        if tries.within_first(scenario.refusals, f"oembed {post.post_id}"):
            return with_retry_after(ERRORS[scenario.refusal](asked), scenario.retry_after)
        return replace(answer(post, scenario.oembed, asked, host), form=scenario.form)

    return service


def publish_x_com(asked: Asked) -> Answer:
    """A redirect without a body. The recording kept no status number; 302 is a guess."""
    headers: Headers = (("cache-control", "no-cache, no-store, max-age=0"),)
    return redirect(302, f"https://publish.twitter.com{asked.target}", headers=headers)


def answer(post: Post, row: str, asked: Asked, host: str) -> Answer:
    """The answer of ``row`` (``Scenario.oembed``): ``embed``, ``cut json`` or one of ``ERRORS``."""
    if row in ERRORS:
        return ERRORS[row](asked)
    whole = Answer(status=200, body=embed(post, asked.query, host), content_type=JSON, headers=_headers())
    return replace(whole, body=whole.body[: len(whole.body) // 2]) if row == "cut json" else whole


def embed(post: Post, query: Mapping[str, str], host: str = "twitter.com") -> bytes:
    """The body: one JSON object, with ``<``, ``>`` and ``/`` escaped as the service does."""
    attributes = "".join(
        form.format(query[name]) for name, form in _PASSED_ON.items() if query.get(name, "false") not in ("false", "0")
    )
    quoted = blockquote(post, host=host, lang=query.get("lang"), attributes=attributes)
    script = "" if query.get("omit_script") in ("true", "1", "t") else f"\n{widget_script(host)}\n"
    value = {
        "url": post.url("twitter.com"),
        "author_name": post.by.name,
        "author_url": f"https://twitter.com/{post.by.handle}",
        "html": f"{quoted}{script}\n",
        "width": _width(query.get("maxwidth", "")),
        "height": None,
        "type": "rich",
        "cache_age": str(_A_CENTURY_S),
        "provider_name": "Twitter",
        "provider_url": "https://twitter.com",
        "version": "1.0",
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003C").replace(">", "\\u003E").replace("/", "\\/").encode()


def _width(asked_for: str) -> int:
    return min(550, max(220, int(asked_for))) if re.fullmatch(r"\d{1,4}", asked_for, re.ASCII) else 550


def _not_authorized(asked: Asked) -> Answer:
    path = urlsplit(asked.target)
    request = f"{path.path}?url={quote(asked.query.get('url', ''), safe='')}"
    return as_json(403, {"error": "Sorry, you are not authorized to see this status.", "request": request})


#: Every way in which it says no, by the words that ``Scenario.oembed`` and ``Scenario.refusal`` use.
ERRORS: dict[str, Callable[[Asked], Answer]] = {
    "404 html": lambda _: html(404, "Twitter / ?", "Sorry, that page does not exist."),
    "404 json": lambda _: as_json(404, {"errors": [{"message": "Sorry, that page does not exist", "code": 34}]}),
    "403 not authorized": _not_authorized,
    "403 other": lambda _: as_json(403, {"error": "Forbidden."}),
    "429": lambda _: as_json(429, {"errors": [{"code": 429, "message": "Rate limit exceeded."}]}),
    "500 html": lambda _: html(500, "Something went wrong"),
    "503 html": lambda _: html(503, "Over capacity"),
    "not json": lambda _: html(200, "Twitter", "JavaScript is not available."),
}


def _headers() -> Headers:
    now = formatdate(usegmt=True)
    return (
        ("cache-control", f"must-revalidate, max-age={_A_CENTURY_S}"),
        ("content-disposition", "attachment; filename=json.json"),
        ("expires", formatdate(time() + _A_CENTURY_S, usegmt=True)),
        ("last-modified", now),
        ("server", "tsa_f"),
        ("strict-transport-security", "max-age=631138519"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-xss-protection", "0"),
    )
