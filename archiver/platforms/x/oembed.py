"""``publish.twitter.com/oembed``: the blockquote that the service would embed, and what can be read from it.

Gives the author's name and handle, the text with t.co links, and the UTC date; no media, no counts. Errors: 404 gone,
403 with ``not authorized`` protected or age-restricted, any other 403 a suspended account, 429 slow down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange, Fact, Moment
from archiver.platforms.x.syndication import json_object

# publish.x.com was the listed provider in 2024 and redirected to publish.twitter.com; no other host is believed.
HOSTS = ("publish.twitter.com", "publish.x.com")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DATE = re.compile(rf"\s*({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})\s*")


def request_url(endpoint: str, post_id: str, handle: str | None) -> str:
    """The URL that asks for ``post_id``. The handle is decoration; the twitter.com form is understood since 2011."""
    status = f"https://twitter.com/{handle or 'i'}/status/{post_id}"
    return f"{endpoint}?{urlencode({'url': status, 'omit_script': '1', 'dnt': 'true', 'lang': 'en'})}"


def redirect(exchange: Exchange) -> str | None:
    """Where the service's other host sends us, ``None`` for anything else."""
    location = exchange.header("location") if exchange.status in (301, 302, 307, 308) else None
    parts = urlsplit(location or "")
    return location if parts.scheme == "https" and parts.netloc in HOSTS and parts.path == "/oembed" else None


def availability(exchange: Exchange) -> tuple[Availability, str]:
    """(availability, how) by status alone; a 403's body tells protected posts from suspended accounts."""
    match exchange.status:
        case 200:
            return "public", "oembed"
        case 404:
            return "deleted", "oembed.404"
        case 403 if b"not authorized" in (exchange.body or b""):
            return "ambiguous", "oembed.403 not authorized: protected or age-restricted"
        case 403:
            return "suspended", "oembed.403"
        case 429:
            return "rate_limited", "oembed.429"
        case status:
            return "error", f"oembed.{status}"


def facts(exchange: Exchange) -> Iterator[tuple[str, Fact]]:
    """(field, fact) of a 200 answer. Raises ``UnreadableCapture`` when it is not the JSON that was promised."""
    data = json_object(exchange, "oembed")

    def fact(value: object, path: str, **more: Any) -> Fact:
        return Fact(value=value, how=f"oembed.{path}", source=exchange.warc, **more)

    name, url, markup = (data.get(field) for field in ("author_name", "author_url", "html"))
    if not isinstance(markup, str):
        raise UnreadableCapture("oembed.html", f"wanted str, found {type(markup).__name__}")
    if isinstance(name, str):
        yield "author", fact(name, "author_name")
    if isinstance(url, str) and (match := re.fullmatch(r"https://(?:twitter|x)\.com/(\w{1,20})", url)):
        yield "handle", fact(match[1], "author_url")
    reader = _Blockquote()
    reader.feed(markup[:100_000])
    reader.close()
    if reader.text.strip():
        yield "text", fact(reader.text.strip(), "html")
    if reader.lang:
        yield "lang", fact(reader.lang, "html.p.lang")
    if day := _DATE.fullmatch(reader.last_anchor):
        try:
            moment = Moment.of_day(date(int(day[3]), _MONTHS.index(day[1]) + 1, int(day[2])))
        except ValueError:
            return
        yield "posted_at", fact(str(moment), "html.date", precision=moment.precision)


class _Blockquote(HTMLParser):
    """Text of the first ``<p>`` (``<br>`` = newline), its language, and the text of the last ``<a>``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.lang: str | None = None
        self.last_anchor = ""
        self._paragraphs = 0
        self._in_paragraph = False
        self._in_anchor = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            self._paragraphs += 1
            self._in_paragraph = self._paragraphs == 1
            self.lang = self.lang or dict(attrs).get("lang")
        elif tag == "br" and self._in_paragraph:
            self.text += "\n"
        elif tag == "a":
            self._in_anchor, self.last_anchor = True, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._in_paragraph = False
        elif tag == "a":
            self._in_anchor = False

    def handle_data(self, data: str) -> None:
        if self._in_paragraph:
            self.text += data
        if self._in_anchor:
            self.last_anchor += data
