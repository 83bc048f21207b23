"""t.co and its doubles answer as ``protocols.md`` 1.1 to 1.4 says."""

from urllib.parse import quote

import pytest

from tests.loopback.gallery import END, KINDS, LINKS, QUOTED
from tests.loopback.tco import WARNING
from tests.loopback.visitor import BROWSER, CURL, Visitor

HONEST = (CURL, "curl", None, "", "archiver/0.1 (+https://archive.example/about)", "Wget/1.21.3", "python-httpx/0.28")
BROWSERS = (BROWSER, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("agent", HONEST)
def test_an_honest_agent_is_redirected(visitor: Visitor, agent: str | None, method: str) -> None:
    """Any agent that does not call itself Mozilla gets 301, a Location and an empty body, to GET and to HEAD."""
    answer = visitor.ask("https://t.co/ToAPage001", agent=agent, method=method)
    assert (answer.status_code, answer.headers["location"], answer.content) == (301, END, b"")
    assert answer.headers["cache-control"] == "private,max-age=300"
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize("agent", BROWSERS)
def test_a_browser_gets_a_page(visitor: Visitor, agent: str) -> None:
    """A browser's GET is answered 200, gzip-coded, with a refresh, a script, a cookie and no Location."""
    answer = visitor.ask("https://t.co/ToAPage001", agent=agent)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["set-cookie"].startswith("muc=")
    assert "location" not in answer.headers


def test_a_browsers_head_is_an_empty_200(visitor: Visitor) -> None:
    """A browser's HEAD is answered 200 with no Location."""
    answer = visitor.ask("https://t.co/ToAPage001", agent=BROWSER, method="HEAD")
    assert (answer.status_code, answer.content, "location" in answer.headers) == (200, b"", False)


PAGES = {
    "to a page": '<head><noscript><META http-equiv="refresh" content="0;URL=https://pages.example/end"></noscript>'
    "<title>https://pages.example/end</title></head>"
    r'<script>window.opener = null; location.replace("https:\/\/pages.example\/end")</script>',
    "to a page, 2016": '<head><meta name="referrer" content="always"><noscript><META http-equiv="refresh" '
    'content="0;URL=https://pages.example/end"></noscript><title>https://pages.example/end</title></head>'
    r'<script>window.opener = null; location.replace("https:\/\/pages.example\/end")</script>',
    "to a page, 2013": '<noscript><META http-equiv="refresh" content="0;URL=https://pages.example/end"></noscript>'
    r'<script>location.replace("https:\/\/pages.example\/end")</script>',
}


@pytest.mark.parametrize("link", PAGES)
def test_the_page_has_the_form_of_its_era(visitor: Visitor, link: str) -> None:
    """The page is that of 2018 and since, or as it was in 2016 or 2013."""
    assert visitor.ask(LINKS[link].url, agent=BROWSER).text == PAGES[link]


def test_the_headers_of_2012(visitor: Visitor) -> None:
    """A link of 2012 is answered by the server "hi", which closes the connection."""
    answer = visitor.ask(LINKS["to a page, 2012"].url)
    assert (answer.status_code, answer.headers["server"], answer.headers["connection"]) == (301, "hi", "close")


@pytest.mark.parametrize("code", ["abcdefghij", "bad", "toapage001", "ToAPage001x", LINKS["gone"].code, ""])
@pytest.mark.parametrize("agent", [CURL, BROWSER])
def test_an_unknown_code_is_404(visitor: Visitor, code: str, agent: str) -> None:
    """What is no code, or one in other case, is 404 to everybody."""
    assert visitor.ask(f"https://t.co/{code}", agent=agent).status_code == 404


def test_a_query_is_ignored(visitor: Visitor) -> None:
    """``?amp=1`` changes nothing."""
    assert visitor.ask("https://t.co/ToAPage001?amp=1").headers["location"] == END


@pytest.mark.parametrize(
    ("link", "shown"), [("blocked", LINKS["blocked"].to), ("blocked, encoded", quote(LINKS["blocked"].to, safe=""))]
)
def test_a_blocked_target_leads_to_the_warning(visitor: Visitor, link: str, shown: str) -> None:
    """A blocked target stands in the address of the warning page, raw or percent-encoded."""
    to = visitor.ask(LINKS[link].url).headers["location"]
    assert to == WARNING + shown
    assert visitor.follow(to)[-1].startswith("https://twitter.com/safety/unsafe_link_warning")


def test_refusals_end_after_their_number(visitor: Visitor) -> None:
    """A link that is refused once says 429 and when to come back, then answers."""
    first, second = (visitor.ask(LINKS["rate limited at first"].url) for _ in range(2))
    assert (first.status_code, first.headers["retry-after"], second.status_code) == (429, "1", 301)
    assert [visitor.ask(LINKS["rate limited"].url).status_code for _ in range(3)] == [429] * 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_pictures_have_the_codes_of_tco(visitor: Visitor, scheme: str) -> None:
    """pic.x.com leads to pic.twitter.com, which leads where t.co does: to the post that owns the picture."""
    code, end = KINDS["somebody else's photo"].pic, f"{QUOTED.url('twitter.com')}/photo/1"
    assert visitor.follow(f"{scheme}://pic.x.com/{code}")[:3] == [
        f"{scheme}://pic.x.com/{code}",
        f"https://pic.twitter.com/{code}",
        end,
    ]
    assert visitor.ask(f"{scheme}://t.co/{code}").headers["location"] == end
    assert visitor.ask("https://pic.twitter.com/bad").status_code == 404
