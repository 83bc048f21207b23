"""twitter.com and x.com as a visitor without JavaScript sees them: redirects, and pages without content.

``protocols.md`` 2 (server behaviour), 4.3 (the embed shell, the timeline). A status page of twitter.com leads to x.com,
whose page says nothing about the post; a stale handle leads to the present one, a suspended account to its notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping

from tests.loopback.answers import Answer, Headers, html, redirect
from tests.loopback.nouns import Post, word_from
from tests.loopback.server import Asked
from tests.loopback.tweets import tweet

_STATUS = re.compile(r"/(?P<user>@?\w{1,20}|i/web|i)/status(?:es)?/(?P<id>\d{1,20})(?P<rest>/.*)?", re.ASCII)
_HEADERS: Headers = (
    ("perf", "7402827104"),
    ("server", "tsa_f"),
    ("cache-control", "no-cache, no-store, must-revalidate, pre-check=0, post-check=0"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=631138519"),
)


def twitter_com(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``twitter.com`` answers: everything that is well leads to x.com (302)."""

    def service(asked: Asked) -> Answer:
        return _notices(asked, posts) or redirect(302, f"https://x.com{asked.target}", headers=_HEADERS)

    return service


def x_com(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``x.com`` answers: one shell for every page, with nothing of a post in it."""

    def service(asked: Asked) -> Answer:
        return _notices(asked, posts) or _shell(asked.path)

    return service


def _notices(asked: Asked, posts: Mapping[str, Post]) -> Answer | None:
    """The answers that both hosts give in their own name, or ``None``."""
    if asked.path == "/safety/unsafe_link_warning":
        return html(200, "Warning: this link may be unsafe", "The link that you clicked has been blocked.")
    if asked.path == "/account/suspended":
        return html(200, "Account suspended", "This account has been suspended.")
    if asked.path == "/x/migrate":
        return html(200, "x.com", "Please enable JavaScript.")
    found = _STATUS.fullmatch(asked.path)
    post = posts.get(found["id"]) if found else None
    if found is None or post is None:
        return None
    if post.scenario.standing == "broken":
        return html(503, "Over capacity")
    if post.scenario.standing == "suspended":
        return redirect(302, f"https://{asked.host}/account/suspended", headers=_HEADERS)
    named = found["user"].removeprefix("@")
    if named.lower() not in (post.by.handle.lower(), "i", "i/web"):
        return redirect(301, post.url(asked.host) + (found["rest"] or ""), headers=_HEADERS)
    return None


def _shell(path: str) -> Answer:
    """The page of 2024: a title, a refresh to a token page, an empty body."""
    token = f"https://twitter.com/x/migrate?tok={word_from(path, 24)}"
    body = (
        "\n    <!DOCTYPE html>\n    <head>\n      <title>x.com</title>\n"
        f'      <meta http-equiv="refresh" content="0; url = {token}" />\n      <meta charset="utf-8">\n'
        '      <meta content="X (formerly Twitter)" property="og:site_name" />\n'
        f'      <script type="text/javascript" charset="utf-8">document.location = "{token}"</script>\n'
        '    </head>\n    <body style="background: #000">\n\n    </body>\n    </html>\n    '
    )
    return Answer(
        status=200, body=body.encode(), content_type="text/html; charset=utf-8", headers=_HEADERS, form="chunked gzip"
    )


def platform(asked: Asked) -> Answer:
    """What ``platform.twitter.com`` (and ``.x.com``) answers: the embed frame's shell, and the widget script."""
    match asked.path:
        case "/embed/Tweet.html":
            return html(200, "Post", '<div id="app"></div><script src="embed.js"></script>')
        case "/widgets.js":
            return Answer(status=200, body=b"/* widgets */\n", content_type="application/javascript; charset=utf-8")
        case _:
            return html(404, "404")


def timeline(posts: Iterable[Post], *, works: bool) -> Callable[[Asked], Answer]:
    """What ``syndication.twitter.com`` answers: 429 (since 2025), or when it ``works`` the page with its posts."""
    known = tuple(posts)

    def service(asked: Asked) -> Answer:
        found = re.fullmatch(r"/srv/timeline-profile/screen-name/(\w{1,15})", asked.path)
        if not found:
            return html(404, "404")
        if not works:
            return Answer(status=429, body=b"Rate limit exceeded", content_type="text/plain;charset=utf-8")
        entries = [
            {"type": "tweet", "content": {"tweet": tweet(post)}}
            for post in known
            if post.by.handle.lower() == found[1].lower()
        ]
        data = json.dumps({"props": {"pageProps": {"timeline": {"entries": entries}}}}).replace("<", "\\u003c")
        return html(200, "Timeline", f'<script id="__NEXT_DATA__" type="application/json">{data}</script>')

    return service
