"""Articles and feeds for nights: what a newsroom's own site and its feeds answer on the loopback web."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from tests.loopback.answers import html
from tests.loopback.nouns import Page, Post
from tests.loopback.server import Asked, Line, reply


def embed(post: Post) -> str:
    """The markup by which an article embeds ``post``."""
    link = f'<a href="{post.url("twitter.com")}">{post.posted_at:%B %-d, %Y}</a>'
    return (
        f'<blockquote class="twitter-tweet"><p>{post.text}</p>&mdash; {post.by.name} (@{post.by.handle}) {link}'
        "</blockquote>"
    )


def story(number: int, *posts: Post, head: str = "", tag: str | None = None) -> Page:
    """``https://news.example/NUMBER``, with ``posts`` embedded, and the ETag of its bytes, or ``tag`` instead."""
    body = html(200, f"Story {number}", "It happened.").body.decode()
    body = body.replace("</head>", f"{head}</head>").replace("</body>", f"{''.join(map(embed, posts))}</body>")
    etag = ("ETag", tag or f'"{zlib.crc32(body.encode()):08x}"')
    return Page(url=f"https://news.example/{number}", body=body.encode(), headers=(etag,))


def rss(urls: Iterable[str], content: str = "") -> bytes:
    """A feed of these articles, each with ``content`` as its own text."""
    told = f"<description><![CDATA[{content}]]></description>" if content else ""
    items = "".join(f"<item><title>A story</title><link>{url}</link>{told}</item>" for url in urls)
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


class Feed:
    """A host that answers everything with one feed and its ETag, or with ``answer`` when that is set."""

    def __init__(self, *urls: str) -> None:
        self.body = rss(urls)
        self.answer: bytes | None = None

    async def __call__(self, asked: Asked, line: Line) -> None:
        tag = f'"{zlib.crc32(self.body):08x}"'
        if self.answer is not None:
            await line.send(self.answer)
        elif asked.headers.get("if-none-match") == tag:
            await line.send(reply(304, b"", ("ETag", tag)))
        else:
            await line.send(reply(200, self.body, ("ETag", tag), content_type="application/rss+xml"))
