"""What one answer on the way says about where its link leads next. Pure.

Redirect status and ``Location`` are the rule; the rest is a table of what short-link services do instead, each line
with the service whose convention it is (``docs/sources.md``).
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from archiver.model import Ended, Exchange

_REDIRECTS = (301, 302, 303, 307, 308)
# t.co's page for browsers: three ways to say the same place; two of them must agree, or there is only one.
_META = re.compile(
    r"<meta[^>]{1,80}http-equiv=[\"']?refresh[\"']?[^>]{1,20}content=[\"']\s{0,9}(\d{1,3});\s{0,9}url=[\"']?"
    r"([^\"'>]{1,4096})",
    re.I | re.A,
)
_REPLACE = re.compile(r"location\.replace\(\s*(\"(?:[^\"\\]|\\.){1,4096}\")\s*\)")
_TITLE = re.compile(r"<title>\s*(https?://[^<\s]{1,4096})\s*</title>", re.I)
_REURL = re.compile(
    r"<input[^<>]{0,200}\bid=[\"']?target[\"']?[^<>]{0,200}\bvalue=[\"'](https?://[^\"']{1,4096})", re.I
)
# A page that does nothing but send on is small; a real page with a refresh in it is an end.
_INTERSTITIAL_BYTES = 4096
# No page that sends on is nearly as long; of a longer one nothing is read here, so it need not be decoded.
MAX_DECODED_BYTES = 1_000_000
_ABSOLUTE = re.compile(r"([a-z][a-z0-9+.-]{0,30})(://[^/?#]*)", re.I)
_DROPPED_BY_BROWSERS = str.maketrans("", "", "\t\r\n")
_SAFE = "%/:?#[]@!$&'()*+,;=-._~|\\"

# Where services send links that they do not know: a redirect, but not to the link's target.
_LOST = (
    ("ow.ly", re.compile(r"https?://(?:www\.)?hootsuite\.com/error/lost-owly")),
    ("x.gd", re.compile(r"https?://x\.gd/view/notfound")),
    ("shorturl.at", re.compile(r"https?://(?:www\.)?shorturl\.at/?$")),
    ("t.cn", re.compile(r"https?://(?:www\.)?weibo\.com/sorry")),
    ("vt.tiktok.com", re.compile(r"https?://www\.tiktok\.com/\?_r=1$")),
    ("www.tiktok.com", re.compile(r"https?://www\.tiktok\.com/\?_r=1$")),
    ("amzn.to", re.compile(r"https?://(?:www\.)?amazon\.com/?$")),
)
# A Location without a host is these services' way to their own page of errors.
_LOST_IF_RELATIVE = frozenset(
    "goo.gl dlvr.it is.gd tinyurl.com wp.me tmblr.co buff.ly ift.tt fb.me nyti.ms cutt.ly eepurl.com tiny.cc".split()
)
_UNSAFE = re.compile(r"https://(?:twitter|x)\.com/safety/unsafe_link_warning\?")


@dataclass(frozen=True, slots=True)
class Next:
    """``location``: the absolute URL to follow, ``None`` at an end. ``ended``: how it ends there, ``None`` while it
    goes on. ``why``: a sentence when it ends badly."""

    location: str | None
    ended: Ended | None = None
    why: str | None = None


def read(exchange: Exchange) -> Next:
    """Where ``exchange`` leads."""
    location = _location(exchange)
    if location is not None:
        return _checked(exchange, location)
    host = urlsplit(exchange.url).hostname or ""
    if exchange.status in (404, 410):
        return Next(None, "gone", f"{host} says that there is no such page ({exchange.status})")
    if exchange.status in _REDIRECTS:
        return Next(None, "error", f"{host} answered {exchange.status} without saying where to")
    if exchange.status >= 400:
        return Next(None, "error", f"{host} answered {exchange.status}")
    if host == "t.co":
        return Next(None, "error", "t.co answered with a page that names no target")
    return Next(None, "page")


def _checked(exchange: Exchange, location: str) -> Next:
    host = urlsplit(exchange.url).hostname or ""
    said = exchange.header("location") or ""
    if host in _LOST_IF_RELATIVE and said.startswith("/") and not said.startswith("//"):
        return Next(None, "gone", f"{host} does not know this link (it answers with {said[:200]})")
    for service, pattern in _LOST:
        if host == service and pattern.match(location):
            return Next(None, "gone", f"{service} does not know this link (it answers with {location[:200]})")
    if _UNSAFE.match(location):
        target = location.partition("unsafe_link=")[2]
        parsed = parse_qs(urlsplit(location).query).get("unsafe_link", [target])[0]
        # The target stands there raw or percent-encoded; raw, it may hold an & of its own.
        where = target if target.startswith(("http://", "https://")) else parsed
        return Next(where or None, "unsafe", "X warns of this link's target, so it is not followed")
    return Next(location)


def _location(exchange: Exchange) -> str | None:
    said = exchange.header("location")
    if exchange.status in _REDIRECTS and said:
        return join(exchange.url, said)
    if exchange.status != 200:
        return None
    host = urlsplit(exchange.url).hostname or ""
    if host == "t.cn" and said:  # untrusted targets come as 200 with a Location
        return join(exchange.url, said)
    if exchange.media_type not in ("text/html", "application/xhtml+xml") or not exchange.body:
        return None
    if host not in ("t.co", "reurl.cc") and len(exchange.body) > _INTERSTITIAL_BYTES:
        return None
    page = exchange.body[:65_536].decode("utf-8", "replace")
    if host == "reurl.cc" and (match := _REURL.search(page)):
        return join(exchange.url, html.unescape(match[1]))
    target = _sent_on(page, titles=host == "t.co")
    return join(exchange.url, target) if target else None


def _sent_on(page: str, *, titles: bool) -> str | None:
    """The target of a page that only sends on: what most of its meta refresh, script and title agree on."""
    said: list[str] = []
    if (match := _META.search(page)) and int(match[1]) <= 1:
        said.append(html.unescape(match[2]).strip())
    if match := _REPLACE.search(page):
        with contextlib.suppress(ValueError):
            said.append(str(json.loads(match[1])))
    if titles and (match := _TITLE.search(page)):
        said.append(html.unescape(match[1]))
    return max(said, key=said.count) if said else None


def join(base: str, location: str) -> str:
    """``location`` made absolute against ``base``, with what may not stand in a URL percent-encoded as UTF-8.

    Nothing is judged here: whether the result may be fetched is for the guard, which sees this very string.
    """
    try:
        text = location.encode("latin-1").decode("utf-8")  # header values come as latin-1, servers send UTF-8
    except UnicodeError:
        text = location.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # a script's "\\ud800"
    text = text.strip().translate(_DROPPED_BY_BROWSERS)
    try:
        # An absolute URL is left as it is: urljoin would drop an empty query's "?".
        text = text if _ABSOLUTE.match(text) else urljoin(base, text)
    except ValueError:
        return text
    place = _ABSOLUTE.match(text)
    return place[1].lower() + place[2] + quote(text[place.end() :], safe=_SAFE) if place else text
