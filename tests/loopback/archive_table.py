"""What is recorded of a post that X does not show any more, by what the Wayback Machine holds of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import get_args

from archiver.archives import Desk
from archiver.submissions import Submissions
from tests.loopback.captures import Capture, in_json, of_post
from tests.loopback.legacy import shell, version_1, version_2
from tests.loopback.miniature import Miniature
from tests.loopback.nouns import Post, snowflake
from tests.loopback.recorded import FIRST, POST, drawn, looked, told, verdict
from tests.loopback.saving import Saving
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.wayback import Trouble
from tests.loopback.x_world import World
from tests.net.street import SkippingClock

_GONE = replace(POST, scenario=SCENARIOS["deleted"])
_OTHER = Post(post_id=snowflake("2024-03-01T11:00:00Z"), by=POST.by, text="Another post of Anna's.")
_ANSWER = replace(POST, replies_to=_OTHER)
_URL = POST.url("twitter.com")
_AT, _LATER = "20240302000000", "20240401000000"


def _page(body: str, stamp: str = _AT, status: int = 200, to: str | None = None) -> Capture:
    return Capture(url=_URL, stamp=stamp, body=body.encode(), status=status, to=to)


def _elsewhere(url: str) -> Capture:
    return replace(of_post(POST, _AT), url=url)


#: What the archive holds → its captures.
HELD: dict[str, tuple[Capture, ...]] = {
    "the page, as rendered until 2020": (of_post(POST, _AT),),
    "the page, with answers and the post that it answers": (of_post(_ANSWER, _AT, answers=(_OTHER,)),),
    "JSON of version 1.1": (in_json(POST, _AT, version_1(POST)),),
    "JSON of version 2": (in_json(POST, _AT, version_2(POST)),),
    "JSON about another post": (in_json(POST, _AT, version_2(_OTHER)),),
    "JSON that ends in the middle": (replace(in_json(POST, _AT, {}), body=b'{"data":{"id":"'),),
    "the page of another post under its address": (replace(of_post(_OTHER, _AT), url=_URL),),
    "a shell without the post": (_page(shell("react")),),
    "“Something went wrong”": (_page(shell("wrong")),),
    "a login wall": (_page(shell("login")),),
    "the x/migrate page": (_page(shell("migrate")),),
    "a shell at first, the page later": (_page(shell("react")), of_post(POST, _LATER)),
    "only a 404 of X's": (_page("", status=404),),
    "only a 429 of X's": (_page("Rate limit exceeded", status=429),),
    "only a redirect to the login": (_page("", status=302, to="https://twitter.com/login"),),
    "a 404 of X's, the page later": (_page("", status=404), of_post(POST, _LATER)),
    "a revisit of the page alone": (replace(of_post(POST, _AT), revisit=True),),
    "the page under its mobile address": (_elsewhere(POST.url("mobile.twitter.com")),),
    "the page under x.com": (_elsewhere(POST.url("x.com")),),
    "the page under /i/web/status": (_elsewhere(f"https://twitter.com/i/web/status/{POST.post_id}"),),
    "the page with ?s=20 behind": (_elsewhere(f"{_URL}?s=20"),),
    "a page from before the post was made": (of_post(POST, "20200101000000"),),
    "nothing": (),
}
#: What is the matter with the archive → so that it does not tell of the page that it holds.
TROUBLES: dict[str, Trouble] = {
    "the page, though availability knows of nothing": "empty availability",
    "a site that its owner has hidden": "blocked",
    "a site that its robots.txt hides": "robots",
    "429 to everything": "429",
    "503 to everything": "503",
}


def table() -> str:
    """The post is gone from X, told by two 404s, in every row."""
    worlds = {name: World(posts=(_GONE,), captures=held) for name, held in HELD.items()}
    worlds |= {name: World(posts=(_GONE,), captures=(of_post(POST, _AT),), trouble=what)
               for name, what in TROUBLES.items()}  # fmt: skip
    columns = ("the archive has", "is looked at", "recorded", "facts from")
    return drawn(columns, [_row(name, world) for name, world in worlds.items()])


def _row(name: str, world: World) -> tuple[str, ...]:
    body = looked(world, desk=Desk())
    found = body["recovered"]
    return name, found["seen"], verdict(body), told(body)


def submissions() -> str:
    """What is written down of a page that was submitted to Save Page Now, by what that answers."""
    return drawn(("Save Page Now", "asked", "recorded", "why"), [_submitted(one) for one in get_args(Saving)])


def _submitted(saving: Saving) -> tuple[str, ...]:
    clock = SkippingClock(FIRST)
    web = Miniature(World(saving=saving).services(), FIRST)
    made = Submissions(Desk(save_url="https://web.archive.org/save", keys="key:secret"), clock)
    made.captured("post", POST.post_id, POST.url())
    asyncio.run(made.submit(web))
    ended = asyncio.run(made.ended(web))
    standing = next((one.standing for one in ended), None)
    told = (standing.state, standing.error or "") if standing else ("nothing", "no answer")
    return saving, str(web.asked), *told
