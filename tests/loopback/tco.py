"""t.co, pic.twitter.com and pic.x.com (``protocols.md`` 1.1 to 1.4).

An honest agent (curl, none, ours) gets a 301 with an empty body. A browser gets a page: GET 200 with a meta refresh and
a script, HEAD an empty 200. Unknown codes answer 404 to both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from html import escape
from time import time
from urllib.parse import quote

from tests.loopback.answers import HTML, Answer, Headers, Tries, redirect, with_retry_after
from tests.loopback.nouns import Link, word_from
from tests.loopback.server import Asked

WARNING = "https://twitter.com/safety/unsafe_link_warning?unsafe_link="


def tco(links: Mapping[str, Link], tries: Tries) -> Callable[[Asked], Answer]:
    """What ``https://t.co/CODE`` answers; codes are case-sensitive and a query is ignored."""

    def service(asked: Asked) -> Answer:
        code = asked.path.strip("/")
        link = links.get(code)
        if link is None or link.how == "gone":
            return Answer(status=404, content_type=HTML, headers=_headers(code))
        if tries.within_first(link.refusals, link.url):
            return with_retry_after(Answer(status=429, headers=_headers(code)), link.retry_after)
        return _page(link, asked.method) if is_browser(asked) else _redirect(link)

    return service


def pic_x_com(asked: Asked) -> Answer:
    """pic.x.com leads to pic.twitter.com, which has the same codes as t.co."""
    return redirect(301, f"https://pic.twitter.com{asked.target}", headers=_headers(asked.path))


def is_browser(asked: Asked) -> bool:
    """Whether t.co takes the asker for one: it says ``Mozilla/`` at the front, as browsers and search engines do."""
    return asked.headers.get("user-agent", "").startswith("Mozilla/")


def destination(link: Link) -> str:
    """Where t.co leads: the warning page in place of what is blocked."""
    match link.how:
        case "blocked":
            return WARNING + link.to
        case "blocked encoded":
            return WARNING + quote(link.to, safe="")
        case _:
            return link.to


def _redirect(link: Link) -> Answer:
    old: Headers = (("Connection", "close"),) if link.era == 2012 else ()
    return redirect(301, destination(link), headers=(*_headers(link.code, link.era), *old))


def _page(link: Link, method: str) -> Answer:
    body = page(link) if method == "GET" else b""
    cookie = ("Set-Cookie", f"muc={word_from(link.code, 32)}; Max-Age=63072000; Domain=t.co; Secure")
    headers = (*_headers(link.code, link.era), cookie)
    return Answer(status=200, body=body, content_type=HTML, headers=headers, form="gzip" if body else "plain")


def page(link: Link) -> bytes:
    """The page for browsers as it looked in the link's era (1.2). How t.co writes ``&`` there is not known."""
    to = destination(link)
    shown, script = escape(to, quote=True), to.replace("/", r"\/")
    refresh = f'<noscript><META http-equiv="refresh" content="0;URL={shown}"></noscript>'
    leave = f'location.replace("{script}")</script>'
    if link.era <= 2013:
        return f"{refresh}<script>{leave}".encode()
    referrer = '<meta name="referrer" content="always">' if link.era == 2016 else ""
    return f"<head>{referrer}{refresh}<title>{shown}</title></head><script>window.opener = null; {leave}".encode()


def _headers(code: str, era: int = 2018) -> Headers:
    expires = formatdate(time() + 300, usegmt=True)
    cache: Headers = (("cache-control", "private,max-age=300"), ("expires", expires))
    if era == 2012:
        return (("Server", "hi"), *cache, ("Content-Type", "text/html; charset=UTF-8"))
    connection = re.sub(r"\W", "0", word_from(f"connection {code}", 32)).lower()
    return (*cache, ("server", "tsa_f"), ("strict-transport-security", "max-age=0"), ("vary", "Origin"),
            ("x-connection-hash", connection), ("x-response-time", "111"), ("x-xss-protection", "0"))  # fmt: skip
