from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archiver.capture import capture
from archiver.errors import RateLimited, Refused, Unreachable
from archiver.model import Capture, Evidence, Exchange, PostRef, Reading, Request, Why
from archiver.platforms.x import urls
from archiver.platforms.x.post import X
from tests.answers import Web, answer, in_json
from tests.platforms.x.posts import ID, OEMBED, TWEET_RESULT, oembed_answer, tweet

POST = PostRef(platform="x", post_id=ID, handle="jack")


@dataclass(frozen=True)
class Planned:
    """A platform of which only the plan matters."""

    steps: Callable[[Sequence[Exchange]], Sequence[str]]
    name: str = "x"

    def match(self, url: str) -> PostRef | None:
        return urls.match(url)

    def short_link(self, url: str) -> str | None:
        return urls.short_link(url)

    def canonical(self, ref: PostRef) -> str:
        return urls.canonical(ref)

    def plan(self, post: PostRef, got: Sequence[Exchange]) -> Sequence[Request]:
        why: Why = "media"
        return [Request(url=url, why=why, slot=post.key) for url in self.steps(got)]

    def read(self, capture: Capture, *, earlier: Sequence[Evidence] = ()) -> Reading:
        return Reading(availability="public", how="planned", facts={}, evidence=())


async def test_a_post_its_picture_and_its_authors_face_are_fetched_in_that_order() -> None:
    """Services first, then what the first of them named."""
    photo, face = "https://pbs.twimg.com/media/A?format=jpg&name=orig", "https://pbs.twimg.com/profile_images/1/f.jpg"
    web = Web(
        {
            TWEET_RESULT: in_json(tweet(photos=["https://pbs.twimg.com/media/A.jpg"])),
            OEMBED: in_json(oembed_answer(), why="oembed"),
            photo: answer(kind="image/jpeg", body=b"\xff\xd8"),
            face: answer(kind="image/jpeg", body=b"\xff\xd8"),
        }
    )
    got = await capture(POST, X(), web)
    assert [exchange.url for exchange in got.exchanges] == web.urls == [TWEET_RESULT, OEMBED, photo, face]
    assert got.failures == ()
    assert [request.slot for request in web.asked] == [POST.key, POST.key, f"media:{photo}", f"media:{face}"]


async def test_a_failed_request_is_kept_and_does_not_stop_the_others() -> None:
    """One source that can't be reached costs only itself, and is not asked twice."""
    web = Web({TWEET_RESULT: RateLimited(TWEET_RESULT, "429", retry_after_s=60.0), OEMBED: in_json(oembed_answer())})
    got = await capture(POST, X(), web)
    assert [exchange.url for exchange in got.exchanges] == [OEMBED]
    failure = got.failures[0]
    assert (failure.request.url, failure.word, failure.reason) == (TWEET_RESULT, "rate-limited", "429")
    assert (failure.retry, failure.retry_after_s) == (True, 60.0)
    assert web.urls == [TWEET_RESULT, OEMBED]


async def test_what_the_guard_refuses_is_not_worth_another_try() -> None:
    """The word of the error and whether to try again go into the failure."""
    got = await capture(POST, X(sources=("oembed",)), Web({OEMBED: Refused(OEMBED, "private address")}))
    assert [(failure.word, failure.retry) for failure in got.failures] == [("refused", False)]


async def test_a_second_look_asks_its_questions_in_a_slot_of_its_own_and_reuses_media() -> None:
    """The services are asked anew; a picture that is already held is not fetched again."""
    web = Web({TWEET_RESULT: in_json(tweet(photos=["https://pbs.twimg.com/media/A.jpg"]))})
    await capture(POST, X(avatar=False), web, slot="x:20#2")
    assert [request.slot for request in web.asked][:2] == ["x:20#2", "x:20#2"]
    assert web.asked[2].slot.startswith("media:")


async def test_a_platform_that_repeats_itself_is_answered_once() -> None:
    """One URL is asked for once in one capture, whatever the plan says and whether it failed or not."""
    web = Web({"https://a.example/": answer(), "https://b.example/": Unreachable("https://b.example/", "down")})
    got = await capture(
        POST, Planned(lambda _: ["https://a.example/", "https://b.example/", "https://a.example/"]), web
    )
    assert sorted(web.urls) == ["https://a.example/", "https://b.example/"]
    assert (len(got.exchanges), len(got.failures)) == (1, 1)


async def test_a_platform_that_never_has_enough_is_stopped() -> None:
    """A bug of ours costs 200 requests at most."""
    endless = Planned(lambda got: [f"https://a.example/{len(got)}"])
    web = Web({f"https://a.example/{number}": answer() for number in range(300)})
    got = await capture(POST, endless, web)
    assert len(got.exchanges) == len(web.asked) == 200
