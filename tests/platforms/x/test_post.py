from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from archiver import record
from archiver.errors import UnreadableCapture
from archiver.model import Capture, Exchange, Fact, Failure, PostRef, Request, Why
from archiver.platforms.x.post import X
from tests.answers import answer, in_json, moved, ref
from tests.platforms.x.posts import (
    HANDLE,
    ID,
    OEMBED,
    POSTED_AT,
    TOMBSTONES,
    TWEET_RESULT,
    oembed_answer,
    tombstone,
    tweet,
    video,
)

POST = PostRef(platform="x", post_id=ID, handle=HANDLE)
PHOTO = "https://pbs.twimg.com/media/A"
ORIGINAL, LARGER, LARGE = (f"{PHOTO}?format=jpg&name={size}" for size in ("orig", "4096x4096", "large"))
POSTER = "https://pbs.twimg.com/ext_tw_video_thumb/1/pu/img/p?format=jpg&name=orig"
FILM = "https://video.twimg.com/ext_tw_video/1/pu/vid/1280x720/b.mp4?tag=12"
AVATAR, SMALL_AVATAR = (f"https://pbs.twimg.com/profile_images/1/f{size}.jpg" for size in ("", "_normal"))
GONE_POST = in_json(tombstone(None), url=TWEET_RESULT)


def urls(requests: Sequence[Request]) -> list[str]:
    return [request.url for request in requests]


def got(platform: X, answers: Mapping[str, Exchange]) -> list[Exchange]:
    """What has come back once ``platform`` is satisfied in a web of ``answers``; anything else is 404 there."""
    have: list[Exchange] = []
    while wanted := platform.plan(POST, have):
        assert len(have) < 50
        have += [
            replace(
                answers.get(request.url, answer(404)), request=request, url=request.url, warc=ref(len(have) + number)
            )
            for number, request in enumerate(wanted, 1)
        ]
    return have


def held(platform: X, answers: Mapping[str, Exchange]) -> list[tuple[str, int]]:
    """The (URL, status) of what is fetched beside the two services' answers."""
    return [(one.url, one.status) for one in got(platform, answers) if one.request.why in ("media", "avatar")]


def public(**more: Any) -> dict[str, Exchange]:
    """A web where the post is public, with what ``tweet`` is told, and every medium is held."""
    picture = answer(kind="image/jpeg", body=b"\xff\xd8")
    media = dict.fromkeys((ORIGINAL, POSTER, FILM, AVATAR), picture)
    return {TWEET_RESULT: in_json(tweet(**more)), OEMBED: in_json(oembed_answer()), **media}


class TestPlan:
    def test_both_services_are_asked_first(self) -> None:
        """The post's JSON and its embed, as small answers that are decoded at most to 5 MB."""
        asked = X().plan(POST, ())
        assert urls(asked) == [TWEET_RESULT, OEMBED]
        assert [(request.why, request.slot, request.max_decoded_bytes) for request in asked] == [
            ("post", f"x:{ID}", 5_000_000),
            ("oembed", f"x:{ID}", 5_000_000),
        ]

    @pytest.mark.parametrize(
        ("sources", "asked"), [(("tweet-result",), [TWEET_RESULT]), (("oembed",), [OEMBED]), ((), [])]
    )
    def test_only_configured_services_are_asked(self, sources: tuple[str, ...], asked: list[str]) -> None:
        """``sources`` of the configuration decides."""
        assert urls(X(sources=sources).plan(POST, ())) == asked

    def test_nothing_is_asked_twice(self) -> None:
        """What came back is not asked for again, and a picture shown twice is fetched once."""
        photo = f"{PHOTO}.jpg"
        have = got(X(), public(photos=[photo, photo]))
        assert len(urls([one.request for one in have])) == len({one.url for one in have}) == 4
        assert X().plan(POST, have) == ()

    def test_media_are_asked_for_as_bytes_in_slots_of_their_own(self) -> None:
        """A picture may belong to several posts; nobody reads its bytes, so they are not decoded."""
        have = got(X(), public(photos=[f"{PHOTO}.jpg"]))
        picture = next(one.request for one in have if one.request.why == "media")
        assert (picture.slot, picture.max_decoded_bytes, picture.via) == (f"media:{ORIGINAL}", 0, TWEET_RESULT)

    def test_a_size_that_is_not_there_leads_one_step_down_the_ladder(self) -> None:
        """orig, 4096x4096, large: the first that answers is kept, and smaller ones are not asked for."""
        web = {**public(photos=[f"{PHOTO}.jpg"]), ORIGINAL: answer(404), LARGER: answer(403), LARGE: answer()}
        assert held(X(avatar=False), web) == [(ORIGINAL, 404), (LARGER, 403), (LARGE, 200)]

    def test_a_picture_that_is_nowhere_ends_with_its_ladder(self) -> None:
        """Five sizes, five answers, no more."""
        web = {key: value for key, value in public(photos=[f"{PHOTO}.jpg"]).items() if key != ORIGINAL}
        assert [status for _, status in held(X(avatar=False), web)] == [404] * 5

    def test_an_avatar_falls_back_to_the_size_that_was_named(self) -> None:
        """The original may have gone."""
        web = {**public(), AVATAR: answer(404), SMALL_AVATAR: answer()}
        assert held(X(), web) == [(AVATAR, 404), (SMALL_AVATAR, 200)]

    @pytest.mark.parametrize(
        ("media", "avatar", "fetched"),
        [
            ("all", True, [ORIGINAL, POSTER, FILM, AVATAR]),
            ("all", False, [ORIGINAL, POSTER, FILM]),
            ("images", True, [ORIGINAL, POSTER, AVATAR]),
            ("images", False, [ORIGINAL, POSTER]),
            ("none", True, []),
            ("none", False, []),
        ],
    )
    def test_the_configuration_says_which_media_are_fetched(self, media: str, avatar: bool, fetched: list[str]) -> None:
        """``images`` leaves out the films, but not their stills."""
        web = public(photos=[f"{PHOTO}.jpg"], videos=[video()])
        assert [url for url, _ in held(X(media=media, avatar=avatar), web)] == fetched

    def test_the_services_own_redirect_is_followed_once(self) -> None:
        """publish.x.com sends to publish.twitter.com; a second redirect leads nowhere."""
        platform = X(sources=("oembed",), oembed_url="https://publish.x.com/oembed")
        first = OEMBED.replace("publish.twitter.com", "publish.x.com").replace("%2Ftwitter.com", "%2Fx.com")
        have = got(platform, {first: moved(OEMBED, 302), OEMBED: moved(first + "&again=1", 302)})
        assert urls([one.request for one in have]) == [first, OEMBED]
        assert have[1].request.via == first

    @pytest.mark.parametrize("other", [GONE_POST, answer(404), answer(500), answer(body="not JSON"), in_json({})])
    def test_a_post_that_is_not_shown_has_no_media(self, other: Exchange) -> None:
        """Only a public answer names any."""
        assert held(X(), {**public(), TWEET_RESULT: other}) == []


def failed(why: Why, word: str = "unreachable") -> Failure:
    url = TWEET_RESULT if why == "post" else OEMBED
    return Failure(request=Request(url=url, why=why, slot=POST.key), word=word, reason="down", retry=True)


def read(*parts: Exchange | Failure | None) -> tuple[str, str, Mapping[str, tuple[Fact, ...]]]:
    """What the platform makes of answers and failures."""
    exchanges = tuple(part for part in parts if isinstance(part, Exchange))
    failures = tuple(part for part in parts if isinstance(part, Failure))
    found = X().read(Capture(post=POST, exchanges=exchanges, failures=failures))
    return found.availability, found.how, found.facts


PARTS: dict[str, Callable[[Why], Exchange | Failure | None]] = {
    "public": lambda why: in_json(tweet() if why == "post" else oembed_answer(), why=why),
    "404": lambda why: answer(404, why=why),
    "500": lambda why: answer(500, why=why),
    "429": lambda why: answer(429, why=why),
    "unreachable": failed,
    "rate-limited": lambda why: failed(why, "rate-limited"),
    "overloaded": lambda why: failed(why, "overloaded"),
    "not asked": lambda _: None,
    "{}": lambda why: in_json({}, why=why),
    "empty tombstone": lambda why: in_json(tombstone(None), why=why),
    "no user": lambda why: in_json(tweet(user=...), why=why),
    "400": lambda why: in_json({"error": "Bad request."}, 400, why=why),
    "403": lambda why: in_json({"error": "Forbidden."}, 403, why=why),
    "403 not authorized": lambda why: in_json(
        {"error": "Sorry, you are not authorized to see this status."}, 403, why=why
    ),
    "302": lambda why: answer(302, ("Location", "https://publish.twitter.com/oembed?x"), why=why),
    **{
        word: lambda why, text=text: in_json(tombstone(text.format(post="Post", brand="X")), why=why)  # type: ignore[misc]
        for word, text in TOMBSTONES.items()
    },
}


LIMITED = ("protected", "age_restricted", "withheld")
GONE = tuple(word for word in TOMBSTONES if word not in LIMITED)
UNCLEAR = ("404", "403", "403 not authorized", "500", "unreachable", "not asked")


class TestVerdict:
    @pytest.mark.parametrize(
        ("tweet_result", "oembed", "availability"),
        [
            # Shown by tweet-result is public; shown by oEmbed is, where tweet-result says nothing.
            ("public", "public", "public"),
            ("public", "404", "public"),
            ("public", "unreachable", "public"),
            ("public", "403", "public"),
            ("404", "public", "ambiguous"),
            ("{}", "public", "public"),
            ("empty tombstone", "public", "public"),
            ("unreachable", "public", "public"),
            ("deleted", "public", "ambiguous"),
            ("protected", "public", "protected"),
            # What a tombstone's text says of a post that is there, for some, is believed at once.
            *((word, other, word) for word in LIMITED for other in UNCLEAR),
            # "Gone" needs two kinds of evidence; the text says why.
            *((word, "404", word) for word in GONE),
            *((word, other, "ambiguous") for word in GONE for other in UNCLEAR if other != "404"),
            ("404", "404", "deleted"),
            ("404", "not asked", "ambiguous"),
            ("not asked", "404", "ambiguous"),
            ("404", "302", "ambiguous"),
            ("404", "403", "ambiguous"),
            ("404", "403 not authorized", "ambiguous"),
            ("404", "500", "ambiguous"),
            ("404", "429", "ambiguous"),
            ("404", "unreachable", "ambiguous"),
            ("404", "rate-limited", "ambiguous"),
            ("{}", "404", "ambiguous"),
            ("empty tombstone", "404", "ambiguous"),
            ("no user", "404", "ambiguous"),
            ("500", "404", "ambiguous"),
            ("unreachable", "404", "ambiguous"),
            # A 403 is evidence of nothing.
            ("{}", "403", "ambiguous"),
            ("no user", "403", "ambiguous"),
            ("unreachable", "403", "ambiguous"),
            ("500", "403", "ambiguous"),
            # What nobody explains stays unexplained.
            ("{}", "403 not authorized", "ambiguous"),
            ("{}", "unreachable", "ambiguous"),
            ("empty tombstone", "not asked", "ambiguous"),
            ("unreachable", "403 not authorized", "ambiguous"),
            # No answer at all.
            ("rate-limited", "unreachable", "rate_limited"),
            ("unreachable", "rate-limited", "rate_limited"),
            ("429", "500", "rate_limited"),
            ("overloaded", "500", "error"),
            ("overloaded", "overloaded", "error"),
            ("overloaded", "404", "ambiguous"),
            ("unreachable", "unreachable", "error"),
            ("500", "500", "error"),
            ("400", "unreachable", "error"),
            ("400", "404", "ambiguous"),
            ("not asked", "not asked", "error"),
            ("not asked", "302", "error"),
        ],
    )
    def test_two_answers_add_up_to_one_word(self, tweet_result: str, oembed: str, availability: str) -> None:
        """From what was answered, never guessed."""
        assert read(PARTS[tweet_result]("post"), PARTS[oembed]("oembed"))[0] == availability

    def test_every_pair_has_a_word_and_gone_needs_somebody_who_says_so(self) -> None:
        """Over all combinations: only a 404 and a tombstone's text lead to a word that means gone, both together."""
        says_gone = {*TOMBSTONES, "404"}
        for one in set(PARTS) - {"302", "403", "403 not authorized"}:
            for other in set(PARTS) - {"{}", "empty tombstone", "no user", "400", *TOMBSTONES}:
                word, how, _ = read(PARTS[one]("post"), PARTS[other]("oembed"))
                assert how
                if word in GONE:
                    assert {one, other} <= says_gone, (one, other, word)
                assert (word == "public") <= ("public" in (one, other))
                assert one != "public" or word == "public"

    @pytest.mark.parametrize(
        ("tweet_result", "oembed", "how"),
        [
            ("public", "public", "tweet-result + oembed"),
            ("404", "public", "tweet-result.404 + oembed"),
            ("empty tombstone", "public", "oembed"),
            ("404", "404", "tweet-result.404 + oembed.404"),
            ("404", "unreachable", "tweet-result.404 + oembed: unreachable"),
            ("protected", "404", "tweet-result.tombstone.text"),
            ("suspended", "404", "tweet-result.tombstone.text + oembed.404"),
            ("suspended", "403", "tweet-result.tombstone.text (suspended) + oembed.403"),
            ("{}", "rate-limited", "tweet-result.{}"),
            ("unreachable", "unreachable", "tweet-result: unreachable"),
            ("not asked", "not asked", "no service answered"),
        ],
    )
    def test_the_word_comes_with_the_answers_that_it_was_read_from(
        self, tweet_result: str, oembed: str, how: str
    ) -> None:
        """So that nobody has to believe it."""
        assert read(PARTS[tweet_result]("post"), PARTS[oembed]("oembed"))[1] == how


class TestRead:
    def test_the_time_in_the_id_comes_first(self) -> None:
        """Milliseconds from the snowflake, then what the services say."""
        facts = read(in_json(tweet()), in_json(oembed_answer(), why="oembed"))[2]
        assert [(fact.value, fact.how, fact.precision) for fact in facts["posted_at"]] == [
            (f"{POSTED_AT}.562Z", "snowflake", "millisecond"),
            (f"{POSTED_AT}.000Z", "tweet-result.created_at", "second"),
            ("2023-03-29", "oembed.html.date", "day"),
        ]

    def test_facts_stand_in_the_order_of_the_services(self) -> None:
        """The first of each field is the preferred one, and each names its own record."""
        facts = read(in_json(tweet()), replace(in_json(oembed_answer(), why="oembed"), warc=ref(2)))[2]
        assert [(fact.how, fact.source) for fact in facts["handle"]] == [
            ("tweet-result.user.screen_name", ref(1)),
            ("oembed.author_url", ref(2)),
        ]

    def test_a_post_that_is_gone_still_has_the_time_of_its_id(self) -> None:
        """The id is in the question that was stored."""
        facts = read(answer(404, why="post"))[2]
        assert list(facts) == ["posted_at"]

    def test_an_old_id_tells_no_time(self) -> None:
        """Ids before November 2010 were counted."""
        old = Capture(post=PostRef(platform="x", post_id="20"), exchanges=(answer(404, why="post"),))
        assert X().read(old).facts == {}

    def test_nothing_fetched_is_no_fact(self) -> None:
        """Without a stored record there is no source, so there is no fact."""
        assert read(failed("post"))[2] == {}

    def test_each_medium_names_the_record_that_holds_it(self) -> None:
        """The best of the ladder that was held, with its digest; ``None`` for what was not."""
        web = public(photos=[f"{PHOTO}.jpg", "https://pbs.twimg.com/media/B.jpg"], videos=[video()])
        have = got(X(), {**web, ORIGINAL: answer(404), LARGER: answer(kind="image/jpeg", body=b"12345")})
        facts = X().read(Capture(post=POST, exchanges=tuple(have))).facts
        photo, missing, film = cast("list[dict[str, Any]]", facts["media"][0].value)
        by_url = {one.url: one for one in have}
        assert photo["file"] == {
            "url": LARGER,
            "media_type": "image/jpeg",
            "bytes": 5,
            "cut": None,
            "warc": by_url[LARGER].warc.file,
            "record_id": by_url[LARGER].warc.record_id,
            "payload_digest": by_url[LARGER].payload_digest,
        }
        assert (photo["type"], photo["url"], photo["poster"]) == ("photo", f"{PHOTO}.jpg", None)
        assert missing["file"] is None
        assert (film["file"]["url"], film["poster"]["url"], film["duration_s"]) == (FILM, POSTER, 12.345)

    def test_another_post_than_the_one_asked_for_is_not_believed(self) -> None:
        """Its facts would be those of somebody else."""
        with pytest.raises(UnreadableCapture) as caught:
            read(in_json(tweet(id_str="20")))
        assert caught.value.field == "tweet-result.id_str"

    def test_one_unreadable_answer_beside_a_clear_one_is_passed_over(self) -> None:
        """The clear answer is worth a record."""
        word, _, facts = read(in_json(tweet(text=7)), in_json(oembed_answer(), why="oembed"))
        assert (word, [fact.how for fact in facts["author"]]) == ("public", ["oembed.author_name"])
        capture = Capture(post=POST, exchanges=(in_json(tweet(text=7)), in_json(oembed_answer(), why="oembed")))
        assert str(X().read(capture).unread).startswith("tweet-result.text: ")
        seen = record.read(capture, X(), looks=9)
        assert (seen.availability, seen.settled, seen.unread is None) == ("public", False, False)
        assert read(in_json(tombstone(TOMBSTONES["protected"])), answer(body="?", why="oembed"))[0] == "protected"

    @pytest.mark.parametrize("other", ["{}", "500", "unreachable", "not asked"])
    def test_an_unreadable_answer_with_nothing_clear_beside_it_is_an_error(self, other: str) -> None:
        """The field that changed is named."""
        with pytest.raises(UnreadableCapture, match=r"oembed\.html"):
            read(PARTS[other]("post"), in_json({}, why="oembed"))
