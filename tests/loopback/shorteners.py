"""The other shorteners, each with its own manner of leading on and of saying no (``protocols.md`` 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from tests.loopback.answers import Answer, html, redirect
from tests.loopback.nouns import ShortLink
from tests.loopback.server import Asked
from tests.loopback.tco import is_browser


@dataclass(frozen=True)
class Habit:
    """``good``: the manner of leading on, a row of ``MANNERS``. ``unknown``: the answer for any other code."""

    good: str
    unknown: Answer


_404 = html(404, "Not found", "This short link does not exist.")
_PLAIN = Habit("301", _404)
#: A ``Location`` without a host is these services' way to their own error page.
_RELATIVE = Habit("301", redirect(302, "/404"))

#: Host → its habit. Hosts of the world that are not here have ``_PLAIN``'s.
HABITS: dict[str, Habit] = {
    **dict.fromkeys(("bit.ly", "j.mp", "pse.is"), Habit("301, a page for browsers", _404)),
    "ow.ly": Habit("301", redirect(301, "https://www.hootsuite.com/error/lost-owly")),
    **dict.fromkeys(("goo.gl", "dlvr.it", "is.gd", "tinyurl.com", "wp.me", "tmblr.co", "ift.tt", "fb.me", "nyti.ms",
                     "cutt.ly", "eepurl.com", "tiny.cc"), _RELATIVE),
    "buff.ly": Habit("302", redirect(302, "/404")),
    "amzn.to": Habit("301", redirect(302, "https://www.amazon.com/")),
    "amzn.asia": Habit("301, GET only", _404),
    "naver.me": Habit("307, GET only", _404),
    "t.cn": Habit("200 with Location", redirect(302, "https://weibo.com/sorry?pagenotfound")),
    "reurl.cc": Habit("HTML input", _404),
    "x.gd": Habit("301", redirect(302, "https://x.gd/view/notfound")),
    "shorturl.at": Habit("301", redirect(302, "https://www.shorturl.at/")),
    "www.tiktok.com": Habit("301", redirect(301, "https://www.tiktok.com/?_r=1")),
    "pin.it": Habit("through its api", _404),
    "vt.tiktok.com": Habit("301", redirect(301, "https://www.tiktok.com/?_r=1")),
    "lnkd.in": Habit("interstitial", _404),
    "t.ly": Habit("wall", html(403, "Just a moment...", "Checking your browser.")),
    "trib.al": _PLAIN,
}  # fmt: skip

#: Where codes stand, on hosts that have more than codes.
FOLDERS = {"www.tiktok.com": "/t/"}


def shortener(host: str, links: Iterable[ShortLink]) -> Callable[[Asked], Answer]:
    """What the shortener ``host`` answers."""
    by_path = {urlsplit(link.url).path: link for link in links if urlsplit(link.url).hostname == host}
    habit = HABITS.get(host, _PLAIN)

    def service(asked: Asked) -> Answer:
        link = by_path.get(asked.path)
        if host == "bit.ly" and (shown := by_path.get(asked.path.removesuffix("+"))) and asked.path.endswith("+"):
            return html(200, "Preview", f'<a href="{escape(shown.to)}">Continue to destination</a>')
        return MANNERS[link.how or habit.good](link.to, asked) if link else habit.unknown

    return service


def chain(host: str, hops: int, end: str) -> tuple[ShortLink, ...]:
    """``hops`` links of ``host``, ``/hop1`` to ``/hopN``, each leading to the next and the last to ``end``."""
    stops = [f"https://{host}/hop{number}" for number in range(1, hops + 1)]
    return tuple(ShortLink(url=at, to=to) for at, to in zip(stops, [*stops[1:], end], strict=True))


def _moved(status: int) -> Callable[[str, Asked], Answer]:
    return lambda to, _: redirect(status, to)


def _get_only(status: int) -> Callable[[str, Asked], Answer]:
    return lambda to, asked: redirect(status, to) if asked.method == "GET" else Answer(status=405)


def _page_for_browsers(to: str, asked: Asked) -> Answer:
    return _by_script(to, asked) if is_browser(asked) else redirect(301, to)


def _by_script(to: str, _: Asked) -> Answer:
    return html(200, "Redirecting", f'<a href="{escape(to)}">Continue</a><script>location = "{escape(to)}"</script>')


def _input(to: str, _: Asked) -> Answer:
    return html(200, "Short link", f'<input type="hidden" id="target" value="{escape(to)}">')


def _interstitial(to: str, _: Asked) -> Answer:
    button = f'<a class="artdeco-button" href="{escape(to)}">Go on</a>'
    return html(200, "External link", f"<main>This link leaves our site. {button}</main>")


def _meta(to: str, _: Asked) -> Answer:
    return html(200, "Redirecting", f'<meta http-equiv="refresh" content="1; url={escape(to)}">')


#: Manner → the answer that leads to ``to``.
MANNERS: Mapping[str, Callable[[str, Asked], Answer]] = {
    "301": _moved(301),
    "302": _moved(302),
    "303": _moved(303),
    "307": _moved(307),
    "308": _moved(308),
    "301, GET only": _get_only(301),
    "307, GET only": _get_only(307),
    "301, a page for browsers": _page_for_browsers,
    "relative Location": lambda to, _: redirect(302, urlsplit(to)._replace(scheme="", netloc="").geturl()),
    "scheme-relative Location": lambda to, _: redirect(302, urlsplit(to)._replace(scheme="").geturl()),
    "200 with Location": lambda to, _: Answer(status=200, headers=(("Location", to),)),
    "301 without Location": lambda *_: Answer(status=301),
    "HTML input": _input,
    "through its api": lambda *_: redirect(308, "https://api.pinterest.com/url_shortener/good/redirect/"),
    "meta refresh": _meta,
    "interstitial": _interstitial,
    "wall": lambda *_: html(403, "Just a moment...", "Checking your browser."),
}
