"""What the benchmarks ask for: lists of URLs, and the answers that the benchmark web gives.

Every answer is made here, the same on every run: t.co links that lead to posts, posts with a photo each for a fifth
of them, and documents of three kinds (2 KB JSON, 60 KB HTML that compresses as pages do, 500 KB of noise as a photo).
"""

from __future__ import annotations

import json
import random
from urllib.parse import parse_qs, urlsplit

LINKS, POSTS, IMAGES = 500, 500, 100
SIZES = {"json": 1500, "html": 600, "photo": 120}
DOCUMENTS = "documents.example"
NIGHT = "night.example"
HOSTS = (NIGHT, "t.co", "cdn.syndication.twimg.com", "publish.twitter.com", "pbs.twimg.com", "pages.example", DOCUMENTS)
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_FIRST_ID = 1_787_000_000_000_000_000
_WORDS = tuple("the a of to and in that it was for on are with as his they be at one have this from or had by".split())


def article() -> str:
    """A text with all of the t.co links and all of the posts; nothing else is in it."""
    links = "\n".join(f"A link: https://t.co/{code(number)}" for number in range(LINKS))
    posts = "\n".join(f"A post: https://x.com/bench_{number}/status/{post_id(number)}" for number in range(POSTS))
    return f"A list of links and posts.\n\n{links}\n\n{posts}\n"


def documents(kind: str) -> list[str]:
    """The URLs of ``SIZES[kind]`` documents."""
    return [f"http://{DOCUMENTS}/{kind}/{number}" for number in range(SIZES[kind])]


def code(number: int) -> str:
    return f"Bench{number:05d}"


def post_id(number: int) -> str:
    return str(_FIRST_ID + (number << 22))


def answers() -> dict[tuple[str, str], bytes]:
    """Everything that has a fixed target."""
    chance = random.Random(7)
    page = _page(chance, 3_000)
    fixed = {("t.co", f"/{code(number)}"): _moved(f"https://pages.example/{number}") for number in range(LINKS)}
    fixed |= {("pages.example", f"/{number}"): _ok("text/html; charset=utf-8", page) for number in range(LINKS)}
    photo = _ok("image/jpeg", chance.randbytes(40_000))
    for number in range(IMAGES):
        fixed["pbs.twimg.com", f"/media/Bench{number:010d}?format=jpg&name=orig"] = photo
    bodies = {
        "json": _ok("application/json", json.dumps({"text": _prose(chance, 1_960)}).encode()),
        "html": _ok("text/html; charset=utf-8", _page(chance, 61_300)),
        "photo": _ok("image/jpeg", chance.randbytes(512_000)),
    }
    for kind, count in SIZES.items():
        fixed |= {(DOCUMENTS, f"/{kind}/{number}"): bodies[kind] for number in range(count)}
    return fixed


def computed(host: str, target: str) -> bytes | None:
    """What tweet-result and oEmbed answer for one of the posts."""
    if host == NIGHT:
        return _night(target)
    query = parse_qs(urlsplit(target).query)
    if host == "cdn.syndication.twimg.com":
        return _ok("application/json; charset=utf-8", json.dumps(_tweet(query["id"][0])).encode())
    if host == "publish.twitter.com":
        handle = query["url"][0].split("/")[3]
        markup = (
            f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Words.</p>&mdash; B (@{handle})</blockquote>'
        )
        embed = {"author_name": "B", "author_url": f"https://twitter.com/{handle}", "html": markup, "type": "rich"}
        return _ok("application/json; charset=utf-8", json.dumps(embed).encode())
    return None


def night_posts(article: int) -> range:
    """The numbers of the posts in one of the night's articles: two or three, five for two articles."""
    return range(LINKS + 5 * article // 2, LINKS + 5 * (article + 1) // 2)


def _night(target: str) -> bytes:
    """``/map/COUNT``: a sitemap of so many articles. ``/a/NUMBER``: an article with its posts embedded."""
    _, kind, number = target.split("/")
    if kind == "map":
        urls = "".join(f"<url><loc>https://{NIGHT}/a/{one}</loc></url>" for one in range(int(number)))
        return _ok("application/xml", f"<urlset>{urls}</urlset>".encode())
    embeds = "".join(
        f'<blockquote class="twitter-tweet"><p>Words.</p>&mdash; B (@bench_{one}) '
        f'<a href="https://twitter.com/bench_{one}/status/{post_id(one)}">May 5, 2024</a></blockquote>'
        for one in night_posts(int(number))
    )
    page = _page(random.Random(int(number)), 12_000).replace(b"</body>", embeds.encode() + b"</body>")
    return _ok("text/html; charset=utf-8", page)


def _tweet(id_: str) -> dict[str, object]:
    number = (int(id_) - _FIRST_ID) >> 22
    user = {"id_str": str(10**6 + number), "name": "B", "screen_name": f"bench_{number}"}
    tweet: dict[str, object] = {
        "__typename": "Tweet", "lang": "en", "id_str": id_, "created_at": "2024-05-05T00:00:00.000Z", "user": user,
        "text": "Words that a post has. " * 8, "favorite_count": 1, "conversation_count": 2, "entities": {"urls": []},
    }  # fmt: skip
    if number < IMAGES:
        still = f"https://pbs.twimg.com/media/Bench{number:010d}.jpg"
        tweet["mediaDetails"] = [
            {"type": "photo", "media_url_https": still, "original_info": {"width": 1, "height": 1}}
        ]
    return tweet


def _prose(chance: random.Random, length: int) -> str:
    words = []
    while length > 0:
        words.append(chance.choice(_WORDS) if chance.random() < 0.5 else f"{chance.getrandbits(30):x}")
        length -= len(words[-1]) + 1
    return " ".join(words)


def _page(chance: random.Random, length: int) -> bytes:
    paragraphs = "".join(f'<div class="row"><p>{_prose(chance, 160)}</p></div>\n' for _ in range(length // 190))
    return f"<!doctype html><html><head><title>A page</title></head><body>{paragraphs}</body></html>".encode()


def _ok(content_type: str, body: bytes) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nServer: bench\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _moved(location: str) -> bytes:
    return (
        f"HTTP/1.1 301 Moved Permanently\r\nCache-Control: private,max-age=300\r\nLocation: {location}\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Length: 0\r\n\r\n"
    ).encode()
