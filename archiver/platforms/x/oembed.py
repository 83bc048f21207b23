"""``publish.twitter.com/oembed``: the blockquote that the service would embed, and what can be read from it.

Gives the author's name and handle, the text with t.co links, and the UTC date; no media, no counts. Errors: 404 gone,
429 slow down. A 403 is evidence of nothing: protected, age-restricted, suspended, or a service in a mood.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode, urlsplit

from archiver.model import Availability, Exchange, Fact, Moment
from archiver.platforms.x.said import Said, Telling, json_object

NAME = "oembed"
# publish.x.com was the listed provider in 2024 and redirected to publish.twitter.com; no other host is believed.
HOSTS = ("publish.twitter.com", "publish.x.com")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DATE = re.compile(rf"\s*({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})\s*", re.ASCII)
# Possessive, so that no markup takes longer than its length (html.parser needs minutes for 100 KB of "<a <a <a").
_TAG = re.compile(r"<(/?)([a-z]++)([^<>]*+)>", re.IGNORECASE)
_LANG = re.compile(r"\slang=\"([A-Za-z-]{1,35})\"")


def request_url(endpoint: str, post_id: str, handle: str | None) -> str:
    """The URL that asks for ``post_id``. The handle is decoration. Each host is asked for an address of its own brand:
    publish.x.com for x.com, any other for twitter.com, which is understood since 2011."""
    brand = "x.com" if urlsplit(endpoint).hostname == "publish.x.com" else "twitter.com"
    status = f"https://{brand}/{handle or 'i'}/status/{post_id}"
    return f"{endpoint}?{urlencode({'url': status, 'omit_script': '1', 'dnt': 'true', 'lang': 'en'})}"


def redirect(exchange: Exchange) -> str | None:
    """Where the service's other host sends us, ``None`` for anything else."""
    location = exchange.header("location") if exchange.status in (301, 302, 307, 308) else None
    try:
        parts = urlsplit(location or "")
    except ValueError:
        return None
    return location if parts.scheme == "https" and parts.netloc in HOSTS and parts.path == "/oembed" else None


def said(exchange: Exchange) -> Said:
    """What the answer says. Raises ``UnreadableCapture`` for a 200 that is not what was promised."""
    word, how = availability(exchange)
    return Said(availability=word, how=how, facts=tuple(facts(exchange)) if word == "public" else ())


def availability(exchange: Exchange) -> tuple[Availability, str]:
    """(availability, how) by status alone."""
    match exchange.status:
        case 200:
            return "public", NAME
        case 404:
            return "deleted", "oembed.404"
        case 403 if b"not authorized" in (exchange.body or b""):
            return "ambiguous", "oembed.403 not authorized: protected or age-restricted"
        case 403:
            return "ambiguous", "oembed.403"
        case 429:
            return "rate_limited", "oembed.429"
        case status:
            return "error", f"oembed.{status}"


def facts(exchange: Exchange) -> Iterator[tuple[str, Fact]]:
    """(field, fact) of a 200 answer. Raises ``UnreadableCapture`` when it is not the JSON that was promised."""
    telling = Telling(NAME, exchange)
    data = json_object(exchange, NAME)
    name, url, markup = data.get("author_name"), data.get("author_url"), telling.need(data, "html", str)
    if isinstance(name, str):
        yield "author", telling.fact(name, "author_name")
    if isinstance(url, str) and (match := re.fullmatch(r"https://(?:twitter|x)\.com/(\w{1,20})", url, re.ASCII)):
        yield "handle", telling.fact(match[1], "author_url")
    shown = blockquote(markup[:100_000])
    if shown.text:
        yield "text", telling.fact(shown.text, "html")
    if shown.lang:
        yield "lang", telling.fact(shown.lang, "html.p.lang")
    if moment := _day(shown.date):
        yield "posted_at", telling.fact(str(moment), "html.date", moment.precision)


def _day(printed: str) -> Moment | None:
    found = _DATE.fullmatch(printed)
    try:
        return Moment.of_day(date(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]))) if found else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Blockquote:
    """``text`` of the first ``<p>`` (``<br>`` = newline), its ``lang`` or ``None``, and the text of the last ``<a>``,
    which is the ``date`` as printed; both texts empty when there is none."""

    text: str
    lang: str | None
    date: str


def blockquote(markup: str) -> Blockquote:
    """The embed's blockquote taken apart. The service writes it, in one form, so this is no parser of the web's HTML:
    what is not a tag of letters is text."""
    paragraph: list[str] = []
    anchor: list[str] = []
    lang: str | None = None
    paragraphs, in_paragraph, in_anchor, place = 0, False, False, 0
    for tag in [*_TAG.finditer(markup), None]:
        words = html.unescape(markup[place : tag.start() if tag else len(markup)])
        paragraph += [words] if in_paragraph else []
        anchor += [words] if in_anchor else []
        if tag is None:
            break
        place = tag.end()
        match tag[2].lower(), bool(tag[1]):
            case "p", False:
                paragraphs += 1
                in_paragraph = paragraphs == 1
                if in_paragraph and (written := _LANG.search(tag[3])):
                    lang = written[1]
            case "p", True:
                in_paragraph = False
            case "br", _:
                paragraph += ["\n"] if in_paragraph else []
            case "a", closes:
                in_anchor = not closes
                anchor = anchor if closes else []
    return Blockquote(text="".join(paragraph).strip(), lang=lang, date="".join(anchor))
