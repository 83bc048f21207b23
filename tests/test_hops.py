from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import hops
from tests.answers import answer, moved
from tests.loopback.recordings import needs_shared, recorded, recorded_json

PAGE = "https://news.example/2021/06/strikes?a=1&b=2"
REFRESH = '<meta http-equiv="refresh" content="{}">'


def test_a_301_of_t_co_leads_to_its_location() -> None:
    """t.co tells everybody but browsers where a link leads in Location."""
    assert hops.read(moved(PAGE)) == hops.Next(PAGE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_status_leads_on(status: int) -> None:
    """The five redirect statuses are one to us: each is followed with a GET."""
    assert hops.read(moved(PAGE, status)).location == PAGE


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b?c=d#e", "https://short.example/b?c=d#e"),
        ("b", "https://short.example/a/b"),
        ("../b", "https://short.example/b"),
        ("?x=1", "https://short.example/a/one?x=1"),
        ("//other.example/b", "https://other.example/b"),
        (" https://other.example/b ", "https://other.example/b"),
        ("HTTP://other.example/b", "http://other.example/b"),
        ("https://other.example", "https://other.example"),
        ("https://other.example/b?", "https://other.example/b?"),
        ("https:/b", "https://short.example/b"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("/caf\u00c3\u00a9", "https://short.example/caf%C3%A9"),  # UTF-8 bytes, read as latin-1
        ("/caf\u00e9", "https://short.example/caf%C3%A9"),  # latin-1 bytes
        ('/a b<>"', "https://short.example/a%20b%3C%3E%22"),
        ("/100%25?q=%E2%82%AC", "https://short.example/100%25?q=%E2%82%AC"),
        ("https://x.com/#!/jack/status/20", "https://x.com/#!/jack/status/20"),
        ("http://[", "http://["),  # no URL at all: for the guard to refuse, as it stands
    ],
)
def test_a_location_is_made_absolute(location: str, leads_to: str) -> None:
    """Relative, protocol-relative, padded and UTF-8 Locations lead where a browser would go."""
    assert hops.read(moved(location, 302, url="https://short.example/a/one")).location == leads_to


@needs_shared
@pytest.mark.parametrize("year", ["2013", "2016", "2018_onward"])
def test_the_page_that_t_co_gives_browsers_is_read(year: str) -> None:
    """The 200 page has had three forms; each names the target two or three times."""
    body = recorded(f"fixtures/tco/body_{year}.html")
    wanted = {
        "2013": "http://bit.ly/XFwn3X",
        "2016": "http://youtu.be/8EYeX5PkDXQ?a",
        "2018_onward": "https://nyti.ms/2loU4p0",
    }
    assert hops.read(answer(body=body)) == hops.Next(wanted[year])


@pytest.mark.parametrize(
    "body",
    [
        '<META http-equiv="refresh" content="0;URL=https://a.example/?b=1&#38;c=2"><title>https://a.example/?b=1&#38;c=2</title>',
        '<script>location.replace("https:\\/\\/a.example\\/?b=1&c=2")</script>',
        "<title>https://a.example/?b=1&amp;c=2</title>",
        REFRESH.format("0;URL=https://wrong.example/") + "<title>https://a.example/?b=1&amp;c=2</title>"
        '<script>location.replace("https:\\/\\/a.example\\/?b=1&c=2")</script>',
    ],
)
def test_an_ampersand_in_the_page_is_unescaped_and_two_of_three_decide(body: str) -> None:
    """How t.co writes & in its page is not known, so what two of the three places agree on is believed."""
    assert hops.read(answer(body=body)).location == "https://a.example/?b=1&c=2"


@pytest.mark.parametrize("body", ["", "<p>Something went wrong</p>", '<script>location.replace("\\ud8")</script>'])
def test_a_t_co_page_without_target_is_an_error(body: str) -> None:
    """t.co shows nothing of its own, so a page that leads nowhere is no end."""
    assert hops.read(answer(body=body)) == hops.Next(None, "error", "t.co answered with a page that names no target")


@pytest.mark.parametrize("host", ["twitter.com", "x.com"])
@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("https://bad.example/a?b=c&d=e", "https://bad.example/a?b=c&d=e"),
        ("https%3A%2F%2Fbad.example%2Fa%3Fb%3Dc%26d%3De", "https://bad.example/a?b=c&d=e"),
        ("https%3a%2f%2fbad.example%2f&lang=en", "https://bad.example/"),
    ],
)
def test_a_link_that_x_warns_of_is_named_and_not_followed(host: str, written: str, target: str) -> None:
    """unsafe_link_warning carries the target raw or percent-encoded."""
    found = hops.read(moved(f"https://{host}/safety/unsafe_link_warning?unsafe_link={written}"))
    assert (found.location, found.ended) == (target, "unsafe")


@pytest.mark.parametrize(
    ("link", "location", "ended"),
    [
        ("http://ow.ly/abc", "https://www.hootsuite.com/error/lost-owly", "gone"),
        ("https://x.gd/abc", "https://x.gd/view/notfound", "gone"),
        ("https://shorturl.at/abc", "https://www.shorturl.at/", "gone"),
        ("http://t.cn/abc", "https://weibo.com/sorry?pagenotfound", "gone"),
        ("https://vt.tiktok.com/abc/", "https://www.tiktok.com/?_r=1", "gone"),
        ("https://www.tiktok.com/t/abc/", "https://www.tiktok.com/?_r=1", "gone"),
        ("https://amzn.to/abc", "https://www.amazon.com/", "gone"),
        ("https://tinyurl.com/abc", "/404", "gone"),
        ("https://goo.gl/abc", "/404", "gone"),
        ("https://buff.ly/abc", "/404", "gone"),
        ("https://tinyurl.com/abc", "https://tinyurl.com/preview/abc", None),
        ("http://goo.gl/abc", "https://goo.gl/abc", None),
        ("https://amzn.to/abc", "https://www.amazon.com/dp/B0FK3785L3", None),
        ("http://ow.ly/abc", "https://hootsuite.example/error/lost-owly", None),
        ("https://trib.al/xXI5ruM", "https://www.breitbart.com/video/2017/12/31/x/", None),
        ("https://naver.me/abc", "https://blog.naver.com/abc", None),
        ("https://evil.example/x", "https://www.shorturl.at/", None),
    ],
)
def test_a_shortener_that_does_not_know_a_link_says_so_by_redirect(link: str, location: str, ended: str | None) -> None:
    """These services send unknown links to a page of their own; the link is gone, that page is not its end."""
    found = hops.read(moved(location, 302, url=link))
    assert found.ended == ended
    assert (found.location is None) == (ended == "gone")


@pytest.mark.parametrize(
    ("link", "page", "target"),
    [
        ("https://reurl.cc/abc", '<input id="target" value="https://a.example/?b=1&amp;c=2">', "https://a.example/?b=1&c=2"),
        ("https://short.example/a", REFRESH.format("0; url=https://a.example/"), "https://a.example/"),
        ("https://short.example/a", REFRESH.format("1;URL='https://a.example/'"), "https://a.example/"),
        ("https://short.example/a", REFRESH.format("0;url=/b"), "https://short.example/b"),
        ("https://short.example/a", '<script>window.location.replace("https://a.example/")</script>', "https://a.example/"),
        ("https://short.example/a", REFRESH.format("30;url=https://a.example/"), None),
        ("https://short.example/a", REFRESH.format("30"), None),
        ("https://short.example/a", REFRESH.format("0;url=https://a.example/") + "<p>news</p>" * 1000, None),
        ("https://short.example/a", "<title>https://a.example/</title>", None),
        ("https://lnkd.in/a", '<main><a class="artdeco-button" href="https://a.example/">Go on</a></main>', None),
    ],
)  # fmt: skip
def test_a_small_page_that_only_sends_on_is_no_end(link: str, page: str, target: str | None) -> None:
    """An interstitial is passed; a real page, a slow refresh and a page that wants a click are ends."""
    found = hops.read(answer(body=page, url=link))
    assert (found.location, found.ended) == ((target, None) if target else (None, "page"))


def test_t_cn_gives_untrusted_targets_as_200_with_location() -> None:
    """Weibo's shortener names the target in a header that only redirects have elsewhere."""
    at = ("Location", "https://a.example/")
    assert hops.read(answer(200, at, url="http://t.cn/abc")).location == "https://a.example/"
    assert hops.read(answer(200, at, url="http://other.example/abc")) == hops.Next(None, "page")


@pytest.mark.parametrize(
    ("status", "ended", "says"),
    [
        (404, "gone", "t.co says that there is no such page (404)"),
        (410, "gone", "t.co says that there is no such page (410)"),
        (403, "error", "t.co answered 403"),
        (500, "error", "t.co answered 500"),
        (301, "error", "t.co answered 301 without saying where to"),
    ],
)
def test_a_status_that_leads_nowhere_ends_the_chain(status: int, ended: str, says: str) -> None:
    """Only 404 and 410 say that a link is gone."""
    assert hops.read(answer(status)) == hops.Next(None, ended, says)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "image/jpeg"), (200, "application/pdf"), (204, None), (206, "video/mp4"), (200, None)]
)
def test_an_answer_that_is_no_web_page_is_an_end_all_the_same(status: int, kind: str | None) -> None:
    """A link may lead to a picture or a document."""
    body = REFRESH.format("0;url=https://a.example/")
    assert hops.read(answer(status, body=body, kind=kind, url="https://a.example/x")) == hops.Next(None, "page")


@needs_shared
def test_every_known_destination_is_reached_from_its_redirect() -> None:
    """All pairs that were seen in public sources survive a Location unchanged."""
    cases = recorded_json("fixtures/tco/cases.json")
    pairs = [(row[0], row[1]) for row in cases["destinations"] + cases["shorteners_from_danbooru_tests"] if row[1]]
    assert len(pairs) > 60
    for link, target in pairs:
        found = hops.read(moved(target, url=link))
        assert found.location == target, link


@pytest.mark.parametrize(
    "piece",
    ["<meta ", "<meta http-equiv=refresh", "<meta http-equiv=refresh content='0;url=", 'location.replace("', "\\a",
     "location.replace(   ", "<title>", "<title>   ", "<title>http://x", "<input id=target ", "<input", " "],
)  # fmt: skip
@pytest.mark.parametrize("link", ["https://t.co/X9DJa7awAM", "https://reurl.cc/X9DJa7"])
def test_no_page_takes_long_to_read(piece: str, link: str) -> None:
    """What a stranger repeats costs time in proportion to its length only."""
    began = time.process_time()
    hops.read(answer(body=piece * (65_536 // len(piece)), url=link))
    assert time.process_time() - began < 5


@given(st.text(alphabet=st.characters(), max_size=80), st.sampled_from(["https://t.co/a", "https://a.example/b/"]))
def test_any_text_is_made_absolute_or_left_alone(location: str, base: str) -> None:
    """Nothing that stands in a Location, or in a script, raises; what comes out can be written as UTF-8."""
    hops.join(base, location).encode()


@given(st.binary(max_size=300))
def test_any_page_is_read(body: bytes) -> None:
    """A page of any bytes has some meaning, or none."""
    step = hops.read(answer(body=b'<script>location.replace("' + body + b'")</script>'))
    assert step.location is not None or step.ended is not None
