"""The miniature of X: posts, links and pages in, a web of hosts for ``LoopbackWeb`` out.

::

    world = World(posts=(post,), links=(Link(code="GullPoint1", to=post.url()),))
    with LoopbackWeb(world.hosts(), folder=tmp_path) as web:
        ...

Names that no host has (``gone.example``) are nobody's: over TLS their certificate is wrong, in the clear they are 404.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tests.loopback.answers import NOT_FOUND, Answer, Tries, html, speaking
from tests.loopback.api_v2 import api_v2
from tests.loopback.media import abs_twimg, films, pictures
from tests.loopback.nouns import Link, Page, Post, ShortLink
from tests.loopback.oembed import oembed, publish_x_com
from tests.loopback.saving import Saving
from tests.loopback.server import Asked, Host
from tests.loopback.shorteners import HABITS, shortener
from tests.loopback.status_pages import platform, timeline, twitter_com, x_com
from tests.loopback.syndication import syndication
from tests.loopback.tco import pic_x_com, tco
from tests.loopback.third_parties import MIRRORS, fxtwitter, mirror, vxtwitter
from tests.loopback.wayback import Capture, Trouble, archive_org, web_archive_org

Service = Callable[[Asked], Answer]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that exists. ``embed_host``: which host the links of fresh embeds name. ``timeline_works``: whether
    the profile timeline answers with posts instead of 429. ``captures``: what the Wayback Machine holds; ``trouble``:
    what is the matter with it; ``saving``: what comes of pages that are submitted to it."""

    posts: tuple[Post, ...] = ()
    links: tuple[Link, ...] = ()
    short_links: tuple[ShortLink, ...] = ()
    pages: tuple[Page, ...] = ()
    captures: tuple[Capture, ...] = ()
    trouble: Trouble | None = None
    saving: Saving = "works"
    embed_host: Literal["twitter.com", "x.com"] = "twitter.com"
    timeline_works: bool = False

    def __or__(self, other: World) -> World:
        """Both worlds in one; where they know the same thing, ``other`` has the word."""
        return World(
            posts=self.posts + other.posts,
            links=self.links + other.links,
            short_links=self.short_links + other.short_links,
            pages=self.pages + other.pages,
            captures=self.captures + other.captures,
            trouble=other.trouble or self.trouble,
            saving=other.saving if other.saving != "works" else self.saving,
            embed_host=other.embed_host,
            timeline_works=self.timeline_works or other.timeline_works,
        )

    def hosts(self) -> dict[str, Host]:
        """Every host by name. Each call's hosts remember by themselves what they refused already."""
        return {name: speaking(service) for name, service in self.services().items()}

    def services(self) -> dict[str, Service]:
        """The same without sockets: host name → what it answers."""
        posts, tries = self.posts_by_id, Tries()
        known = tuple(posts.values())
        short = tco(self.links_by_code, tries)
        old, new = twitter_com(posts), x_com(posts)
        api = api_v2(posts)
        return {
            **self._pages(tries),
            **{host: shortener(host, self.short_links) for host in self._shorteners()},
            "t.co": short,
            "pic.twitter.com": short,
            "pic.x.com": pic_x_com,
            **dict.fromkeys(("twitter.com", "www.twitter.com", "mobile.twitter.com", "m.twitter.com"), old),
            **dict.fromkeys(("x.com", "www.x.com", "mobile.x.com"), new),
            "cdn.syndication.twimg.com": syndication(posts, tries),
            "syndication.twitter.com": timeline(known, works=self.timeline_works),
            "publish.twitter.com": oembed(posts, tries, self.embed_host),
            "publish.x.com": publish_x_com,
            "platform.twitter.com": platform,
            "platform.x.com": platform,
            "pbs.twimg.com": pictures(known),
            "video.twimg.com": films(known),
            "abs.twimg.com": abs_twimg,
            "api.fxtwitter.com": fxtwitter(posts),
            "api.vxtwitter.com": vxtwitter(posts),
            **dict.fromkeys(MIRRORS, mirror),
            "archive.org": archive_org(self.captures, self.trouble),
            "web.archive.org": web_archive_org(self.captures, self.trouble, self.saving),
            "api.x.com": api,
            "api.twitter.com": api,
        }

    @property
    def posts_by_id(self) -> dict[str, Post]:
        """Every post by id, those that are only quoted or replied to included."""
        inner = {each.post_id: each for post in self.posts for each in post.family()}
        return {**inner, **{post.post_id: post for post in self.posts}}

    @property
    def links_by_code(self) -> dict[str, Link]:
        """Every t.co link by code: those of the posts, of their media, and the world's own."""
        links: dict[str, Link] = {}
        for post in self.posts_by_id.values():
            media = (post.media_link,) if post.media_link else ()
            links |= {link.code: link for link in (*post.links, *media)}
        return links | {link.code: link for link in self.links}

    def _shorteners(self) -> set[str]:
        return {*HABITS, *(urlsplit(link.url).hostname or "" for link in self.short_links)}

    def _pages(self, tries: Tries) -> dict[str, Service]:
        by_host: defaultdict[str, dict[str, Page]] = defaultdict(dict)
        for page in self.pages:
            parts = urlsplit(page.url)
            by_host[parts.hostname or ""][parts.path or "/"] = page
        return {host: _site(pages, tries) for host, pages in by_host.items()}


def _site(pages: dict[str, Page], tries: Tries) -> Service:
    """A host of plain pages; queries are ignored. Who holds a page by its ETag is told that it has not changed."""

    def service(asked: Asked) -> Answer:
        page = pages.get(asked.path or "/")
        if page is None:
            return NOT_FOUND
        if tries.within_first(page.refusals, page.url):
            return html(503, "Service unavailable", "Please come back later.", headers=(("Retry-After", "1"),))
        tag = next((value for name, value in page.headers if name == "ETag"), None)
        if tag and tag == asked.headers.get("if-none-match"):
            return Answer(status=304, headers=page.headers)
        return Answer(
            status=page.status,
            body=page.body,
            content_type=page.content_type,
            headers=page.headers,
            form=page.form,
            wait_s=page.wait_s,
        )

    return service
