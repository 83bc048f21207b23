"""The web in which ``examples/`` happened, and the one of ``../shared/corpus/seed-article.txt``.

One invented story: the lighthouse of Gull Point, dark since 1978, lights itself one night. Handles end in ``_eg``, for
"example"; nobody in it exists. ``examples/article.txt`` tells it as a scraped text with three embeds left in it,
``examples/article.html`` two years later with embeds of every age. A test holds both files and this world together.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.loopback.answers import html
from tests.loopback.legacy import version_1, version_2
from tests.loopback.nouns import Account, Card, Link, Page, Photo, Poll, Post, ShortLink, Video, snowflake
from tests.loopback.pictures import pdf
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.wayback import in_json
from tests.loopback.x_world import World

EXAMPLES = Path(__file__).parents[2] / "examples"
ARTICLE_TXT = EXAMPLES / "article.txt"
ARTICLE_HTML = EXAMPLES / "article.html"
ARTICLE_URL = "https://news.example/2026/05/the-lighthouse-that-lit-itself"

LIVE = Account("ElleryLive_eg", "Ellery.Live", verified_type="Business")
NOOR = Account("noor_saleh_eg", "Noor Saleh | نور صالح")
IVO = Account("ivo_brandt_eg", "Ivo Brandt", blue=True)
TRUST = Account("CoastTrust_eg", "Brannoch Coast Trust")
MARTA = Account("marta_quill_eg", "Marta Quill (photos & such)")
KEYS = Account("GullKeys_eg", "The Keys of Gull Point 🗝️")
WIRE = Account("CoastWire_eg", "Coast Wire")
JOKER = Account("tall_tales_eg", "Tall Tales", avatar_gone=True)
TICKETS = Account("LampTickets_eg", "Lamp Tickets")

# --- what article.txt quotes ------------------------------------------------------------------------------------------

BEAM = Post(
    post_id=snowflake("2024-05-18T22:31:07.512Z", sequence=6),
    by=LIVE,
    text="#UPDATE: Harbour office releases two videos of the old lighthouse as it lit itself tonight.\n"
    "First video: the beam crosses the breakwater at Gull Point, Port Ellery",
    pic="GullPoint1",
    videos=(
        Video(media_id=snowflake("2024-05-18T22:29:58.101Z"), alt="A beam of light moves over a harbour at night"),
    ),
)
LATEST = Post(
    post_id=snowflake("2024-05-18T23:05:41.204Z"),
    by=NOOR,
    text="#GULLPOINT latest:\n"
    "– Lamp lit at 23:14 local time, nobody inside.\n"
    '– Door "still locked", says @GullKeys_eg. Keys: two, both on their hook.\n'
    "– Ferry crews to @CoastWire_eg: seen from 19 miles. 2nd time this spring.\n"
    "https://t.co/LampRoom24",
    links=(Link(code="LampRoom24", to="https://coastwire.example/2024/05/gull-point-light-seen-from-nineteen-miles"),),
)
_COURIER = Link(code="CourierLmp", to="https://www.ellerycourier.example/news/old-lighthouse-lights-itself-4711.html")
HEADLINE = Post(
    post_id=snowflake("2024-05-19T06:12:09.871Z"),
    by=IVO,
    text='The Ellery Courier: "Old lighthouse lights itself, keepers shrug" https://t.co/CourierLmp',
    links=(_COURIER,),
    card=Card(link=_COURIER, title="Old lighthouse lights itself, keepers shrug", domain="ellerycourier.example",
              description="Nobody was inside, and nobody is surprised.", image_id=snowflake("2024-05-19T06:00:00Z")),
)  # fmt: skip

# --- what article.html quotes -----------------------------------------------------------------------------------------

REPORT = Post(
    post_id=snowflake("2012-07-03T04:41:33.120Z"),
    by=TRUST,
    text="The lamp of Gull Point will never be lit again, says our report: https://t.co/TrustDoc",
    links=(Link(code="TrustDoc", to="https://coasttrust.example/reports/gull-point-2012.pdf", era=2012),),
)
STAIRS = Post(
    post_id=snowflake("2018-05-21T16:20:45.310Z"),
    by=MARTA,
    text="Gull Point this morning: 212 stairs, & a lens that nobody has polished for forty years",
    pic="Stairs0212",
    photos=(
        Photo(media_id=snowflake("2018-05-21T16:18:02.000Z"), alt="A spiral staircase, seen from below"),
        Photo(media_id=snowflake("2018-05-21T16:18:03.000Z"), alt="A dusty lens, twice as tall as the visitor",
              width=853, height=1280, lacks=frozenset({"orig", "4096x4096"})),
    ),
)  # fmt: skip
FERRY = Post(
    post_id=snowflake("2024-05-19T09:02:51.640Z"),
    by=WIRE,
    text="@ElleryLive_eg Our ferry crew would like it known that they were not asleep",
    replies_to=BEAM,
    pic="FerryGif01",
    videos=(
        Video(media_id=snowflake("2024-05-19T09:02:20.000Z"), kind="tweet_video", sizes=((0, 480, 360),)),
    ),
)  # fmt: skip
POLL = Post(
    post_id=snowflake("2024-05-20T11:30:00.777Z"),
    by=NOOR,
    text="Who lit the lamp of Gull Point?",
    poll=Poll(choices=(("The wind", 412), ("A keeper", 388), ("The lamp", 1977)), ends_at="2024-05-21T11:30:00Z"),
)
CONFESSION = Post(
    post_id=snowflake("2024-05-19T10:11:12.131Z"),
    by=JOKER,
    text="It was me, with a very long extension cord",
    scenario=SCENARIOS["deleted"],
)
SALE = Post(
    post_id=snowflake("2024-05-22T15:00:00.020Z"),
    by=TICKETS,
    text="Tickets for the next lighting on sale now!",
    scenario=SCENARIOS["tombstone: suspended"],
)
BOTH_KEYS = Post(
    post_id=snowflake("2026-05-18T19:02:30.905Z"),
    by=KEYS,
    text="Two years since the night of the light.\nWe still have both keys <and> no idea.",
)
TWO_YEARS = Post(
    post_id=snowflake("2026-05-19T07:45:12.044Z"),
    by=IVO,
    text="Two years on, and still nobody owns up https://t.co/TwoYearsOn",
    links=(Link(code="TwoYearsOn", to=BOTH_KEYS.url()),),
    quotes=BOTH_KEYS,
)

ARTICLE_POSTS = (BEAM, LATEST, HEADLINE)
PAGE_POSTS = (REPORT, STAIRS, BEAM, FERRY, POLL, CONFESSION, SALE, TWO_YEARS)

# --- the links of article.html, and where they end --------------------------------------------------------------------

_ROUND = "https://bit.ly/r0und"
PAGE_LINKS = {
    "a page": Link(code="HarbourLog", to="https://harbour.example/log/2024-05-18"),
    "a paper": Link(code="HarbourPdf", to="https://harbour.example/log/2024-05.pdf"),
    "a slow page": Link(code="SlowBoat01", to="https://harbour.example/slow"),
    "a page that is gone": Link(code="LostPage01", to="https://harbour.example/log/1978-11-02"),
    "a dead link": Link(code="DeadLink01", to="", how="gone"),
    "a blocked link": Link(code="BadWares01", to="https://wares.example/free-lamps", how="blocked encoded"),
    "a dead host": Link(code="GoneHost01", to="https://gone.example/"),
    "a chain": Link(code="ChainStrt1", to="https://bit.ly/3lAmP"),
    "a loop": Link(code="RoundRound", to=_ROUND),
}
#: What a reader of article.html finds in it, in document order: posts, and short links that stand by themselves.
PAGE_FINDS: tuple[Post | Link, ...] = (
    REPORT, STAIRS, PAGE_LINKS["a page"], PAGE_LINKS["a paper"], BEAM, FERRY, POLL, CONFESSION, SALE,
    PAGE_LINKS["a slow page"], PAGE_LINKS["a page that is gone"], PAGE_LINKS["a dead link"],
    PAGE_LINKS["a blocked link"], PAGE_LINKS["a dead host"], PAGE_LINKS["a chain"], PAGE_LINKS["a loop"], TWO_YEARS,
)  # fmt: skip
_CHAIN_END = Link(code="ChainStop1", to=_COURIER.to)
_SHORT = (
    ShortLink(url="https://bit.ly/3lAmP", to="http://ow.ly/LaMp1"),
    ShortLink(url="https://ow.ly/LaMp1", to="http://t.co/ChainStop1"),
    ShortLink(url=_ROUND, to="https://t.co/RoundRound"),
)


def _page(url: str, title: str, text: str, *, status: int = 200, wait_s: float = 0) -> Page:
    return Page(url=url, body=html(status, title, text).body, status=status, wait_s=wait_s)


_PAGES = (
    _page(LATEST.links[0].to, "Gull Point light seen from nineteen miles", "Two ferry crews wrote down the minute."),
    _page(_COURIER.to, "Old lighthouse lights itself, keepers shrug", "Nobody was inside, and nobody is surprised."),
    _page("https://harbour.example/log/2024-05-18", "Harbour log of 18 May 2024", "23:14 light at Gull Point."),
    _page("https://harbour.example/log/1978-11-02", "No such day", "This page of the log was lost.", status=404),
    _page("https://harbour.example/slow", "Slow boat", "It arrived.", wait_s=1.0),
    Page(
        url="https://harbour.example/log/2024-05.pdf", body=pdf("Harbour log, May 2024"), content_type="application/pdf"
    ),
    Page(url=REPORT.links[0].to, body=pdf("The lamp of Gull Point, a report"), content_type="application/pdf"),
)


# What the Wayback Machine kept: the confession, and a day of Noor's posts.
_CROWD = tuple(
    Post(
        post_id=snowflake(f"2024-05-18T{hour:02}:10:00.000Z"),
        by=NOOR,
        text=f"{hour}:00 at Gull Point, and still nothing to be seen but gulls",
    )
    for hour in range(6, 22)
)
CAPTURES = (
    in_json(CONFESSION, "20240519203000", version_2(CONFESSION)),
    *(in_json(post, "20240601000000", version_1(post)) for post in (*_CROWD, LATEST)),
)


def sample_world() -> World:
    """The world of both articles; ``ARTICLE_URL`` serves ``examples/article.html``."""
    return World(
        posts=(*ARTICLE_POSTS, *PAGE_POSTS),
        links=(*PAGE_LINKS.values(), _CHAIN_END),
        short_links=_SHORT,
        captures=CAPTURES,
        pages=(Page(url=ARTICLE_URL, body=ARTICLE_HTML.read_bytes(), form="gzip"), *_PAGES),
    )


# --- the seed article -------------------------------------------------------------------------------------------------

SEED_POST_ID = "1409390776546258944"
SEED_PAGES = (
    "https://apnews.example/article/us-airstrikes-iraq-syria-border",
    "https://www.washingtonpost.example/national-security/strikes-iraq-syria/",
)
_SEED_EMBED = re.compile(
    r"(?ms)^(?P<text>#UPDATE: .*?) pic\.twitter\.com/(?P<pic>\w+)\n— (?P<name>[^\n]*) \(@(?P<handle>\w+)\)"
)


def seed_world(text: str) -> World:
    """The world in which ``text``, the seed article, was written: names, codes and words are read from it.

    The first embed's post is ``SEED_POST_ID``, which its picture link leads to; the t.co links lead to ``SEED_PAGES``.
    """
    embed = _SEED_EMBED.search(text)
    assert embed, "the seed article has an embed that ends in a pic.twitter.com link"
    post = Post(
        post_id=SEED_POST_ID,
        by=Account(embed["handle"], embed["name"]),
        text=embed["text"],
        pic=embed["pic"],
        videos=(Video(media_id=snowflake("2021-06-28T05:56:12.340Z")),),
    )
    codes = re.findall(r"https://t\.co/(\w+)", text)
    return World(
        posts=(post,),
        links=tuple(Link(code=code, to=to) for code, to in zip(codes, SEED_PAGES, strict=True)),
        pages=tuple(_page(url, "An article", "The article that the post quotes.") for url in SEED_PAGES),
    )
