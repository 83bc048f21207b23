from __future__ import annotations

import pytest

from archiver.errors import BadReply, FetchError, Misled, RateLimited, Refused, StoreError, TimedOut, Unreachable
from archiver.model import Exchange, Hop, PostRef, Request, Resolution
from archiver.platforms import match
from archiver.resolve import resolve
from tests.answers import Web, answer, chain, moved, ref

T_CO = "https://t.co/X9DJa7awAM"
POST = "https://twitter.com/GlobalTelevsion/status/1409390776546258944/video/1"


async def follow(
    answers: dict[str, Exchange | FetchError], link: str = T_CO, max_hops: int = 10
) -> tuple[Resolution, Web]:
    """Where ``link`` leads in a web of ``answers``, and what was asked for on the way."""
    web = Web(answers)
    return await resolve(link, web, match, max_hops=max_hops), web


def stops(count: int) -> list[str]:
    """``count`` places of one chain, t.co first."""
    return [T_CO, *(f"https://hop{number}.example/" for number in range(1, count))]


async def test_a_link_that_leads_to_a_post_becomes_that_post() -> None:
    """The post's page is not fetched: its service is asked for it properly."""
    found, web = await follow({T_CO: moved(POST)})
    assert found == Resolution(
        short=T_CO,
        end=POST,
        ended="post",
        post=PostRef(platform="x", post_id="1409390776546258944", handle="GlobalTelevsion"),
        hops=(Hop(url=T_CO, http_status=301, location=POST, warc=ref(1)),),
    )
    assert web.urls == [T_CO]


async def test_a_link_that_leads_to_a_page_ends_there_with_the_page_fetched() -> None:
    """Every hop, the page included, is a capture of its own, in a slot of its own, and says what led there."""
    places = [T_CO, "https://buff.ly/2uSOHDs", "https://news.example/a"]
    found, web = await follow(chain(*places))
    assert (found.ended, found.end, found.error, found.try_again_after_s) == ("page", places[-1], None, None)
    assert [hop.url for hop in found.hops] == web.urls == places
    assert [hop.warc for hop in found.hops] == [ref(1), ref(2), ref(3)]
    assert [hop.location for hop in found.hops] == [*places[1:], None]
    assert [request.slot for request in web.asked] == [f"hop:{request.url}" for request in web.asked]
    assert [request.via for request in web.asked] == [None, *places[:2]]
    assert {request.why for request in web.asked} == {"hop"}


async def test_a_chain_may_lead_back_into_t_co() -> None:
    """Seen in 2012: t.co to stks.co to t.co."""
    found, _ = await follow(
        chain("https://t.co/1mkYnU0v", "http://stks.co/2v3c", "https://t.co/tH0MUiYn", POST), "https://t.co/1mkYnU0v"
    )
    assert (found.ended, len(found.hops)) == ("post", 3)


async def test_a_relative_location_is_followed_on_its_host() -> None:
    """The next hop is asked for by its absolute address."""
    found, web = await follow(
        {T_CO: moved("https://a.example/x/y"), "https://a.example/x/y": moved("../z"), "https://a.example/z": answer()}
    )
    assert found.ended == "page"
    assert web.urls[-1] == "https://a.example/z"


async def test_a_fragment_is_kept_in_the_end_and_not_sent() -> None:
    """Fragments are the browser's own business."""
    found, web = await follow({T_CO: moved("https://a.example/x#part"), "https://a.example/x": answer()})
    assert found.end == "https://a.example/x#part"
    assert web.urls[-1] == "https://a.example/x"


@pytest.mark.parametrize(
    "places",
    [(T_CO, T_CO), (T_CO, "https://a.example/", T_CO), (T_CO, "https://a.example/", "https://b.example/", "https://a.example/#again")],
)  # fmt: skip
async def test_a_loop_ends_when_it_closes_with_its_hops_kept(places: tuple[str, ...]) -> None:
    """The very hops that prove the loop are in the archive."""
    found, web = await follow(chain(*places))
    assert (found.ended, found.end, found.post) == ("loop", places[-1], None)
    assert [hop.url for hop in found.hops] == web.urls == list(places[:-1])
    assert found.error == f"the chain comes back to {places[-1]}"
    assert found.try_again_after_s is None


async def test_ten_hops_are_followed_and_an_eleventh_is_not() -> None:
    """At most 10 requests for one link; what was followed until then is kept."""
    reached, _ = await follow(chain(*stops(10)))
    assert (reached.ended, len(reached.hops)) == ("page", 10)
    found, web = await follow(chain(*stops(11)))
    assert (found.ended, len(found.hops), len(web.asked)) == ("too-many-hops", 10, 10)
    assert (found.end, found.error) == ("https://hop10.example/", "more than 10 hops")


async def test_a_post_right_behind_the_tenth_hop_is_still_found() -> None:
    """A post costs no hop."""
    found, _ = await follow(chain(*stops(10), POST))
    assert found.ended == "post"


async def test_the_limit_is_the_callers() -> None:
    """``max_hops`` comes from the configuration."""
    found, web = await follow(chain(*stops(5)), max_hops=2)
    assert (found.ended, len(web.asked)) == ("too-many-hops", 2)


@pytest.mark.parametrize(
    ("error", "ended", "says", "wait"),
    [
        (Refused("https://a.example/", "10.0.0.1 is a private address"), "refused", "refused: 10.0.0.1 is", None),
        (Misled("https://a.example/", "leads to 10.0.0.1 today"), "pending", "refused: leads to", 3600.0),
        (Unreachable("https://a.example/", "no such host"), "pending", "unreachable: no such host", 3600),
        (TimedOut("https://a.example/", "no answer in 20 s"), "pending", "timed-out: no answer", 3600),
        (BadReply("https://a.example/", "no head"), "pending", "bad-reply: no head", 3600),
        (RateLimited("https://a.example/", "429", retry_after_s=120.0), "pending", "rate-limited: 429", 120),
        (FetchError("https://a.example/", "odd"), "error", "failed: odd", None),
    ],
)
async def test_a_failure_in_mid_chain_keeps_the_hops_and_says_when_to_try_again(
    error: FetchError, ended: str, says: str, wait: float | None
) -> None:
    """What was refused stays refused; what could not be reached is worth another try."""
    found, _ = await follow({T_CO: moved("https://a.example/"), "https://a.example/": error})
    assert (found.ended, found.end, found.try_again_after_s) == (ended, "https://a.example/", wait)
    assert found.error is not None
    assert found.error.startswith(says)
    assert found.hops == (
        Hop(url=T_CO, http_status=301, location="https://a.example/", warc=ref(1)),
        Hop(url="https://a.example/", http_status=None, location=None, warc=None),
    )


@pytest.mark.parametrize(
    ("last", "ended", "wait"),
    [
        (answer(404), "gone", None),
        (answer(403), "error", None),
        (answer(500), "error", 3600),
        (answer(502), "error", 3600),
    ],
)
async def test_an_end_without_a_page_says_how(last: Exchange, ended: str, wait: float | None) -> None:
    """Only trouble of the server is worth another try."""
    found, _ = await follow(chain(T_CO, "https://a.example/", last=last))
    assert (found.ended, found.try_again_after_s, found.end) == (ended, wait, "https://a.example/")
    assert [hop.http_status for hop in found.hops] == [301, last.status]
    assert found.error


async def test_a_link_that_x_warns_of_ends_at_the_warning_with_its_target_named() -> None:
    """The target is recorded and not fetched."""
    warning = "https://x.com/safety/unsafe_link_warning?unsafe_link=https%3A%2F%2Fbad.example%2F"
    found, web = await follow({T_CO: moved(warning)})
    assert (found.ended, found.end, found.hops[-1].location) == (
        "unsafe",
        "https://bad.example/",
        "https://bad.example/",
    )
    assert web.urls == [T_CO]


async def test_a_post_behind_a_warning_is_that_post() -> None:
    """A post is never fetched as a page, so the warning need not stop us."""
    found, web = await follow({T_CO: moved(f"https://twitter.com/safety/unsafe_link_warning?unsafe_link={POST}")})
    assert (found.ended, found.end) == ("post", POST)
    assert web.urls == [T_CO]


async def test_an_archive_that_can_not_be_written_stops_everything() -> None:
    """No outcome is made of an error of our own disk."""

    class FullDisk:
        async def fetch(self, request: Request) -> Exchange:
            raise StoreError(f"no space left for {request.url}")

    with pytest.raises(StoreError):
        await resolve(T_CO, FullDisk(), match)
