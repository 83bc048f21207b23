"""The other shorteners answer as ``protocols.md`` 1.5 says, and chains lead where they should."""

import pytest

from tests.loopback.gallery import END, LINKS, SHORT_LINKS
from tests.loopback.visitor import BROWSER, Visitor

#: Host → (status, Location) for a good code, and for an unknown one.
ANSWERS: dict[str, tuple[tuple[int, str | None], tuple[int, str | None]]] = {
    "bit.ly": ((301, END), (404, None)),
    "ow.ly": ((301, END), (301, "https://www.hootsuite.com/error/lost-owly")),
    "goo.gl": ((301, END), (302, "/404")),
    "tinyurl.com": ((301, END), (302, "/404")),
    "buff.ly": ((302, END), (302, "/404")),
    "amzn.to": ((301, END), (302, "https://www.amazon.com/")),
    "naver.me": ((307, END), (404, None)),
    "t.cn": ((200, END), (302, "https://weibo.com/sorry?pagenotfound")),
    "x.gd": ((301, END), (302, "https://x.gd/view/notfound")),
    "shorturl.at": ((301, END), (302, "https://www.shorturl.at/")),
    "vt.tiktok.com": ((301, END), (301, "https://www.tiktok.com/?_r=1")),
    "trib.al": ((301, END), (404, None)),
}


@pytest.mark.parametrize("host", ANSWERS)
def test_each_host_has_its_habits(visitor: Visitor, host: str) -> None:
    """Good and unknown codes are answered in the host's own manner."""
    good, unknown = (visitor.ask(f"https://{host}/{code}") for code in ("good", "bad"))
    assert (good.status_code, good.headers.get("location")) == ANSWERS[host][0]
    assert (unknown.status_code, unknown.headers.get("location")) == ANSWERS[host][1]


@pytest.mark.parametrize("host", ["naver.me", "amzn.asia"])
def test_some_want_a_get(visitor: Visitor, host: str) -> None:
    """Their redirects are for GET only; a HEAD is 405."""
    assert visitor.ask(f"https://{host}/good", method="HEAD").status_code == 405
    assert visitor.ask(f"https://{host}/good").headers["location"] == END


def test_bitly_shows_browsers_a_page(visitor: Visitor) -> None:
    """A browser gets HTML that leads on by script, anybody else the redirect."""
    page = visitor.ask("https://bit.ly/good", agent=BROWSER)
    assert (page.status_code, END in page.text) == (200, True)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://reurl.cc/good", f'<input type="hidden" id="target" value="{END}">'),
        ("https://short.example/meta", f'<meta http-equiv="refresh" content="1; url={END}">'),
        ("https://lnkd.in/good", f'<a class="artdeco-button" href="{END}">'),
    ],
)
def test_some_lead_on_by_a_page(visitor: Visitor, url: str, part: str) -> None:
    """Their answer is 200, and the target stands in its HTML."""
    answer = visitor.ask(url)
    assert (answer.status_code, part in answer.text) == (200, True)


def test_a_wall_says_nothing(visitor: Visitor) -> None:
    """Behind the wall, even a good code is 403."""
    assert visitor.ask("https://t.ly/good").status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [("relative", 302, "/end"), ("scheme-relative", 302, "//pages.example/end"), ("nowhere", 301, None),
     ("303", 303, END), ("307", 307, END), ("308", 308, END)],
)  # fmt: skip
def test_manners_of_no_known_host(visitor: Visitor, path: str, status: int, location: str | None) -> None:
    """A Location may be relative, without scheme, or missing, and 301 is not the only status."""
    answer = visitor.ask(f"https://short.example/{path}")
    assert (answer.status_code, answer.headers.get("location")) == (status, location)


@pytest.mark.parametrize(("link", "hops"), [("to a page", 1), ("five hops", 6), ("twelve hops", 13)])
def test_chains_have_their_length(visitor: Visitor, link: str, hops: int) -> None:
    """A chain of n hops behind t.co takes n + 1, and ends at the page."""
    stops = visitor.follow(LINKS[link].url)
    assert (len(stops) - 1, stops[-1]) == (hops, END)


def test_a_chain_goes_back_into_tco(visitor: Visitor) -> None:
    """t.co, a shortener in the clear, t.co again, the page: the chain of 2012."""
    assert visitor.follow(LINKS["back into t.co"].url) == [
        "https://t.co/BackInto01",
        "http://stks.example/2v3c",
        "http://t.co/TcoAgain01",
        END,
    ]


@pytest.mark.parametrize(
    ("url", "size"),
    [(LINKS["to itself"].url, 1), (SHORT_LINKS["self"].url, 1), (LINKS["loop with a shortener"].url, 2)],
)
def test_loops_never_end(visitor: Visitor, url: str, size: int) -> None:
    """After any number of hops it is still going round the same addresses."""
    stops = visitor.follow(url, at_most=15)
    assert (len(stops), len(set(stops))) == (16, size)
