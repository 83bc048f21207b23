"""One post of every kind, one of every scenario, one link of every manner: the world that tests walk through."""

from __future__ import annotations

from tests.loopback.answers import html
from tests.loopback.nouns import Account, Card, Link, Page, Photo, Poll, Post, ShortLink, Video, snowflake
from tests.loopback.pictures import pdf
from tests.loopback.scenarios import FOREVER, SCENARIOS
from tests.loopback.shorteners import FOLDERS, HABITS, chain
from tests.loopback.x_world import World

ADA = Account("ada_wren_eg", "Ada Wren", blue=True)
BEN = Account("ben_okoye_eg", "Ben | بن (R) 🧑‍🚀", verified_type="Government")
LOST_FACE = Account("lost_face_eg", "Lost Face", avatar_gone=True)

_LINK_ONE = Link(code="LinkOne001", to="https://www.pages.example/one")
QUOTED = Post(
    post_id=snowflake("2023-03-29T14:34:41.112Z"),
    by=BEN,
    text="Look at this: https://t.co/LinkOne001",
    links=(_LINK_ONE,),
    sensitive=False,
    pic="QuotedPic1",
    photos=(Photo(media_id=snowflake("2023-03-29T14:30:00Z")),),
)
_PARENT = Post(post_id=snowflake("2023-04-01T10:00:00.500Z"), by=BEN, text="Who wants to go?")
_CARD_LINK = Link(code="CardLink01", to="https://pages.example/a-very-long-path/that-nobody-reads?a=1&b=2")

#: Public posts, by what is special about them.
KINDS: dict[str, Post] = {
    "plain": Post(post_id=snowflake("2023-01-01T00:00:00.000Z"), by=ADA, text="Happy new year"),
    "escapes": Post(
        post_id=snowflake("2023-01-02T08:00:00.001Z"), by=BEN, text='1 < 2 && "3" > 2, said @ada_wren_eg #maths'
    ),
    "links": Post(
        post_id=snowflake("2023-01-03T08:00:00.002Z"),
        by=ADA,
        text="Two links https://t.co/LinkOne001 https://t.co/CardLink01",
        links=(_LINK_ONE, _CARD_LINK),
    ),
    "right to left": Post(post_id=snowflake("2023-01-04T23:59:59.999Z"), by=BEN, text="مرحبا بالعالم", lang="ar"),
    "photos": Post(
        post_id=snowflake("2023-02-01T12:00:00.003Z"),
        by=ADA,
        text="Four of them",
        pic="FourPhotos",
        photos=(
            Photo(media_id=snowflake("2023-02-01T11:59:00Z"), alt='A "gull", seen from below'),
            Photo(media_id=snowflake("2023-02-01T11:59:01Z"), extension="png", width=640, height=480),
            Photo(media_id=snowflake("2023-02-01T11:59:02Z"), width=3000, height=2000, lacks=frozenset({"orig"})),
            Photo(media_id=snowflake("2023-02-01T11:59:03Z"), forbidden=True),
        ),
    ),
    "photo only": Post(
        post_id=snowflake("2023-02-02T12:00:00.003Z"),
        by=LOST_FACE,
        text="",
        lang="zxx",
        pic="OnePhoto01",
        photos=(Photo(media_id=snowflake("2023-02-02T11:59:00Z"), lacks=frozenset({"all"})),),
    ),
    "video": Post(
        post_id=snowflake("2023-02-03T12:00:00.004Z"),
        by=ADA,
        text="It moves",
        pic="MovingPic1",
        videos=(Video(media_id=snowflake("2023-02-03T11:58:00Z"), alt="A wave"),),
    ),
    "video whose best file is gone": Post(
        post_id=snowflake("2023-02-04T12:00:00.004Z"),
        by=ADA,
        text="It moved",
        pic="MovedPic01",
        videos=(
            Video(media_id=snowflake("2023-02-04T11:58:00Z"), kind="amplify_video", lacks=frozenset({2_176_000})),
        ),
    ),
    "gif": Post(
        post_id=snowflake("2023-02-05T12:00:00.004Z"),
        by=BEN,
        text="Again and again",
        pic="GifGifGif1",
        videos=(Video(media_id=snowflake("2023-02-05T11:58:00Z"), kind="tweet_video", sizes=((0, 194, 206),)),),
    ),
    "somebody else's photo": Post(
        post_id=snowflake("2023-03-30T09:00:00.005Z"),
        by=ADA,
        text="Ben took this",
        pic="QuotedPic1",
        pic_of=QUOTED,
        photos=QUOTED.photos,
    ),
    "quoting": Post(
        post_id=snowflake("2023-03-31T20:07:39.006Z"),
        by=ADA,
        text="He is right https://t.co/QuoteLink1",
        links=(Link(code="QuoteLink1", to=QUOTED.url("twitter.com")),),
        quotes=QUOTED,
    ),
    "reply": Post(post_id=snowflake("2023-04-01T10:05:00.007Z"), by=ADA, text="@ben_okoye_eg I do", replies_to=_PARENT),
    "card": Post(
        post_id=snowflake("2023-04-02T10:05:00.008Z"),
        by=ADA,
        text="Read this https://t.co/CardLink01",
        links=(_CARD_LINK,),
        card=Card(link=_CARD_LINK, title="A long path", description="Nobody reads it.", domain="pages.example",
                  image_id=snowflake("2023-04-02T10:00:00Z")),
    ),
    "poll": Post(
        post_id=snowflake("2023-04-03T10:05:00.009Z"),
        by=BEN,
        text="Tea or coffee?",
        poll=Poll(choices=(("Tea", 12), ("Coffee", 7)), ends_at="2023-04-04T10:05:00Z"),
    ),
    "long": Post(
        post_id=snowflake("2023-04-04T10:05:00.010Z"),
        by=ADA,
        text="This is the beginning of a long post, which goes on and on and",
        note_id=snowflake("2023-04-04T10:05:00.009Z"),
    ),
    "edited": Post(
        post_id=snowflake("2023-04-05T10:09:00.011Z"),
        by=ADA,
        text="No typo",
        edit_ids=(snowflake("2023-04-05T10:05:00.010Z"), snowflake("2023-04-05T10:09:00.011Z")),
    ),
    "without a handle": Post(
        post_id=snowflake("2023-04-06T10:05:00Z"), by=ADA, text="Fields fall off", without=("user.screen_name",)
    ),
    "without a date": Post(
        post_id=snowflake("2023-04-07T10:05:00Z"), by=ADA, text="Fields fall off", without=("created_at",)
    ),
    "without text": Post(
        post_id=snowflake("2023-04-08T10:05:00Z"), by=ADA, text="Fields fall off", without=("text", "entities")
    ),
    "without video variants": Post(
        post_id=snowflake("2023-04-09T10:05:00Z"),
        by=ADA,
        text="Fields fall off",
        pic="NoVariants",
        videos=(Video(media_id=snowflake("2023-04-09T10:00:00Z")),),
        without=("video.variants", "mediaDetails"),
    ),
    "sensitive": Post(post_id=snowflake("2023-04-10T10:05:00Z"), by=ADA, text="Careful", sensitive=True),
}  # fmt: skip

#: The same plain post in every scenario, by its name.
BY_SCENARIO: dict[str, Post] = {
    name: Post(post_id=snowflake("2024-01-01T12:00:00.250Z", sequence=number), by=ADA, text=f"Once I was {name}",
               pic=f"Scenario{number:02}", photos=(Photo(media_id=snowflake("2024-01-01T11:00:00Z", sequence=number)),),
               scenario=scenario)
    for number, (name, scenario) in enumerate(SCENARIOS.items())
}  # fmt: skip

END = "https://pages.example/end"
_BLOCKED = "https://wares.example/buy?a=1&b=2"

#: t.co links, by what is special about them.
LINKS: dict[str, Link] = {
    "to a page": Link(code="ToAPage001", to=END),
    "to a page, 2016": Link(code="ToAPage016", to=END, era=2016),
    "to a page, 2013": Link(code="ToAPag13", to=END, era=2013),
    "to a page, 2012": Link(code="ToAPag12", to=END, era=2012),
    "to an address with &": Link(code="Ampersand1", to="https://pages.example/end?a=1&b=2"),
    "to a post": Link(code="ToAPost001", to=KINDS["plain"].url("twitter.com")),
    "to a paper": Link(code="ToAPaper01", to="https://pages.example/paper.pdf"),
    "to a missing page": Link(code="ToNoPage01", to="https://pages.example/missing"),
    "to a slow page": Link(code="ToSlow0001", to="https://pages.example/slow"),
    "to a busy page": Link(code="ToBusy0001", to="https://pages.example/busy"),
    "to nobody": Link(code="ToNobody01", to="https://nobody.example/"),
    "gone": Link(code="GoneGone01", to=END, how="gone"),
    "blocked": Link(code="Blocked001", to=_BLOCKED, how="blocked"),
    "blocked, encoded": Link(code="Blocked002", to=_BLOCKED, how="blocked encoded"),
    "rate limited": Link(code="Limited001", to=END, refusals=FOREVER),
    "rate limited at first": Link(code="Limited002", to=END, refusals=1, retry_after="1"),
    "to itself": Link(code="Myself0001", to="https://t.co/Myself0001"),
    "loop with a shortener": Link(code="LoopLoop01", to="https://bit.ly/loop"),
    "back into t.co": Link(code="BackInto01", to="http://stks.example/2v3c"),
    "five hops": Link(code="FiveHops01", to="https://five.example/hop1"),
    "twelve hops": Link(code="TwelveHop1", to="https://twelve.example/hop1"),
}
_TCO_AGAIN = Link(code="TcoAgain01", to=END)

#: Shorteners: one good link of every host with a habit, and the manners that no real host is known for.
SHORT_LINKS: dict[str, ShortLink] = {
    **{host: ShortLink(url=f"https://{host}{FOLDERS.get(host, '/')}good", to=END) for host in HABITS},
    **{
        how: ShortLink(url=f"https://short.example/{path}", to=END, how=how)
        for how, path in {
            "303": "303", "307": "307", "308": "308", "relative Location": "relative", "meta refresh": "meta",
            "scheme-relative Location": "scheme-relative", "301 without Location": "nowhere", "HTML input": "input",
        }.items()
    },
    "api.pinterest.com": ShortLink(url="https://api.pinterest.com/url_shortener/good/redirect/", to=END),
    "self": ShortLink(url="https://short.example/self", to="https://short.example/self"),
    "loop": ShortLink(url="https://bit.ly/loop", to="https://t.co/LoopLoop01"),
    "stks": ShortLink(url="https://stks.example/2v3c", to="http://t.co/TcoAgain01"),
}  # fmt: skip


def _page(path: str, title: str, *, status: int = 200, wait_s: float = 0, refusals: int = 0) -> Page:
    body = html(status, title).body
    return Page(url=f"https://pages.example{path}", body=body, status=status, wait_s=wait_s, refusals=refusals)


GALLERY = World(
    posts=(*KINDS.values(), *BY_SCENARIO.values()),
    links=(*LINKS.values(), _TCO_AGAIN),
    short_links=(
        *SHORT_LINKS.values(),
        *chain("five.example", 5, END),
        *chain("twelve.example", 12, END),
    ),
    pages=(
        _page("/end", "The end"),
        _page("/missing", "Missing", status=404),
        _page("/slow", "Slow", wait_s=0.3),
        _page("/busy", "Busy at first", refusals=1),
        Page(url="https://pages.example/paper.pdf", body=pdf("A paper"), content_type="application/pdf"),
    ),
)
