"""robots.txt before an article's page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.errors import Refused, Unreachable
from archiver.model import Exchange, Request, WarcRef
from archiver.net.robots import RobotsFetcher
from tests.net.street import SkippingClock

PAGE = "https://news.example/private/a?x=1"
WARC = WarcRef(file="a.warc.gz", record_id="<urn:uuid:1>", offset_bytes=0, length_bytes=1)


class Site:
    """A fetcher (``ports.Fetcher``) over what a site answers by path; what it does not have is a 404."""

    def __init__(self, answers: dict[str, tuple[int, bytes]], location: str | None = None) -> None:
        self.answers = answers
        self.location = location
        self.asked: list[str] = []

    async def fetch(self, request: Request) -> Exchange:
        self.asked.append(request.url)
        path = "/" + request.url.split("/", 3)[3]
        status, body = self.answers.get(path, (404, b""))
        if status == 0:
            raise Unreachable(request.url, "no connection")
        headers = (("Location", self.location),) if 300 <= status < 400 and self.location else ()
        return Exchange(
            request=request, url=request.url, started_at=datetime.now(UTC), elapsed_s=0.1, peer=None, status=status,
            headers=headers, body=body, warc=WARC,
        )  # fmt: skip


def article(url: str = PAGE) -> Request:
    return Request(url=url, why="article", slot=f"article:{url}")


def robots(site: Site) -> RobotsFetcher:
    return RobotsFetcher(site, "archiver/1.0 (+https://news.example/about)", SkippingClock())


OURS = b"User-agent: *\nDisallow: /\n\nUser-agent: Archiver\nDisallow: /private/\nAllow: /private/*x=1$\n"


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        ((200, b"User-agent: *\nDisallow: /private/\n"), False),
        ((200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /private/\n"), False),
        ((200, b"User-agent: *\nDisallow: /other/\n"), True),
        ((200, OURS), True),
        ((200, b"User-agent: somebody\nDisallow: /\n"), True),
        ((200, b""), True),
        ((200, b"\x00\xff<html>not one</html>"), True),
        ((404, b""), True),
        ((403, b""), True),
    ],
)
async def test_a_page_is_fetched_unless_it_is_disallowed(answer, allowed):
    """The group of our name counts, else that of all (RFC 9309); where there is none, everything is allowed."""
    site = Site({"/robots.txt": answer, "/private/a?x=1": (200, b"page")})
    if allowed:
        assert (await robots(site).fetch(article())).body == b"page"
    else:
        with pytest.raises(Refused, match=r"robots\.txt disallows it"):
            await robots(site).fetch(article())
        assert site.asked == ["https://news.example/robots.txt"]


@pytest.mark.parametrize("answer", [(500, b""), (503, b""), (0, b"")])
async def test_where_nobody_knows_the_page_waits(answer):
    """5xx and no answer mean: not now."""
    with pytest.raises(Unreachable, match=r"robots\.txt can't be had"):
        await robots(Site({"/robots.txt": answer})).fetch(article())


async def test_a_redirect_is_followed_but_not_for_ever():
    """Five hops; a loop is as if there were none."""
    site = Site({"/robots.txt": (301, b""), "/private/a?x=1": (200, b"page")}, location="/robots.txt")
    assert (await robots(site).fetch(article())).body == b"page"
    assert site.asked.count("https://news.example/robots.txt") == 5


async def test_one_site_is_asked_once_a_day_and_only_for_articles():
    """Links and posts are not asked about."""
    site = Site({"/robots.txt": (200, b""), "/a": (200, b"a"), "/b": (200, b"b")})
    fetcher = robots(site)
    for path in ("a", "b", "a"):
        await fetcher.fetch(article(f"https://news.example/{path}"))
    await fetcher.fetch(Request(url="https://t.co/a", why="hop", slot="hop:a"))
    assert site.asked.count("https://news.example/robots.txt") == 1
    assert "https://t.co/robots.txt" not in site.asked
