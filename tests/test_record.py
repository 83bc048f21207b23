from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archiver import record, run
from archiver.as_json import link_json
from archiver.capture import capture
from archiver.errors import FetchError, RateLimited, Unreachable
from archiver.model import Article, Cut, Exchange, Find, Moment, PostRecord, PostRef, Resolution
from archiver.platforms import match
from archiver.platforms.x.media import SIZES
from archiver.platforms.x.post import X
from archiver.resolve import resolve
from archiver.terminal import json_line
from tests.answers import NOW, Web, answer, chain, in_json, moved, ref
from tests.loopback.recordings import SHARED, needs_shared
from tests.platforms.x.posts import HANDLE, ID, OEMBED, POSTED_AT, TWEET_RESULT, oembed_answer, tombstone, tweet, video

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "record.schema.json").read_text("utf-8"))
POST = PostRef(platform="x", post_id=ID, handle=HANDLE)
SHORT = "https://t.co/X9DJa7awAM"
ARTICLE = Article(key="https://news.example/a", name="a", kind="html", source=ref(99), fetched_at=NOW)
EMBED = Find(
    article=ARTICLE.key,
    position=0,
    kind="embed",
    form="blockquote",
    platform="x",
    post=POST,
    url=f"https://x.com/{HANDLE}/status/{ID}",
    author="jack",
    handle=HANDLE,
    date=Moment.of_day(date(2023, 3, 29)),
    text="just setting up my <twttr>",
    lang="en",
    short_links=(SHORT,),
)
LINK = Find(article=ARTICLE.key, position=1, kind="link", form="short-link", platform="x", url=SHORT)
PICTURE = answer(kind="image/jpeg", body=b"\xff\xd8")
A_PHOTO = "https://pbs.twimg.com/media/A.jpg"
NO_PICTURE = {f"https://pbs.twimg.com/media/A?format=jpg&name={size}": answer(404) for size in SIZES}
PUBLIC: dict[str, Exchange | FetchError] = {
    TWEET_RESULT: in_json(tweet(photos=[A_PHOTO], videos=[video()], quoted_tweet={"id_str": "20"})),
    OEMBED: in_json(oembed_answer()),
    "https://pbs.twimg.com/media/A?format=jpg&name=orig": PICTURE,
    "https://pbs.twimg.com/ext_tw_video_thumb/1/pu/img/p?format=jpg&name=orig": PICTURE,
    "https://video.twimg.com/ext_tw_video/1/pu/vid/1280x720/b.mp4?tag=12": answer(kind="video/mp4", body=b"film"),
    "https://pbs.twimg.com/profile_images/1/f.jpg": PICTURE,
}


def valid(row: Mapping[str, Any], definition: str) -> bool:
    """Whether ``row``, as it is printed, keeps the schema's contract; raises with the reason if not."""
    schema = {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{definition}"}]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(json_line(row)))
    return True


async def seen(answers: Mapping[str, Exchange | FetchError], post: PostRef = POST) -> PostRecord:
    """The record of a post in a web of ``answers``."""
    return record.read(await capture(post, X(), Web(answers)), X())


def body(of: PostRecord) -> Mapping[str, Any]:
    return record.post_document(of, at=NOW, looks=0, try_again_at=None if of.settled else NOW).body


def public(find: Find = EMBED, **more: Any) -> dict[str, Any]:
    """The public record of ``find``; ``more`` as in ``record.public``."""
    known: dict[str, Any] = {"post": find.post, "post_body": None, "links": (), "status": "archived", "error": None}
    return record.public(find, ARTICLE, try_again_at=None, **{**known, **more})


class TestFound:
    def test_a_find_alone_claims_only_what_the_article_shows(self) -> None:
        """The time is the id's own; all else is the embed's word, and no service's."""
        row = record.found(EMBED)
        assert valid(row, "found")
        assert (row["posted_at"], row["posted_at_precision"]) == (f"{POSTED_AT}.562Z", "millisecond")
        assert (row["author"], row["handle"], row["text"]) == ("jack", HANDLE, "just setting up my <twttr>")
        assert "facts" not in row

    @pytest.mark.parametrize(
        ("date_", "posted_at", "precision"),
        [
            (Moment.of_day(date(2021, 6, 28)), "2021-06-28", "day"),
            (Moment(at=datetime(2021, 6, 28, 5, 58, tzinfo=UTC), precision="minute"), "2021-06-28T05:58Z", "minute"),
            (
                Moment(at=datetime(2012, 7, 3, 4, 41, 33, tzinfo=UTC), precision="second"),
                "2012-07-03T04:41:33.000Z",
                "second",
            ),
            (None, None, None),
        ],
    )
    def test_a_date_is_shown_no_finer_than_it_is_known(
        self, date_: Moment | None, posted_at: str | None, precision: str | None
    ) -> None:
        """A printed day stays a day."""
        row = record.found(replace(EMBED, post=None, url=None, date=date_))
        assert valid(row, "found")
        assert (row["posted_at"], row["posted_at_precision"]) == (posted_at, precision)

    def test_a_date_west_of_greenwich_is_shown_in_utc(self) -> None:
        """Every time in a record is UTC."""
        at = datetime.fromisoformat("2021-06-27T23:58:00-06:00")
        assert str(Moment(at=at, precision="day")) == "2021-06-28"

    def test_a_short_link_is_its_own_url(self) -> None:
        """Until it is followed, nothing more is known."""
        row = record.found(LINK)
        assert valid(row, "found")
        assert (row["url"], row["post_id"], row["posted_at"]) == (SHORT, None, None)

    @needs_shared
    def test_every_find_of_the_labelled_articles_keeps_the_contract(self) -> None:
        """Real pages: what `find --json` prints is valid, line by line."""
        pages = sorted((SHARED / "corpus" / "pages").iterdir(), key=lambda path: path.stat().st_size)[:150]
        rows = [row for page in pages for row in run.look(run.Target(name=page.name, data=page.read_bytes()))[1]]
        assert len(rows) > 50
        assert all(valid(row, "found") for row in rows)


class TestPublic:
    async def test_a_public_post_gives_every_fact_with_its_source(self) -> None:
        """Facts of services first, the article's own words last, each with the record whose bytes say so."""
        row = public(post_body=body(await seen(PUBLIC)))
        assert valid(row, "saved")
        assert [(fact["how"], fact["record_id"]) for fact in row["facts"]["handle"]] == [
            ("tweet-result.user.screen_name", ref(1).record_id),
            ("oembed.author_url", ref(2).record_id),
            ("blockquote", ref(99).record_id),
        ]
        assert [(fact["how"], fact["precision"]) for fact in row["facts"]["posted_at"]] == [
            ("snowflake", "millisecond"),
            ("tweet-result.created_at", "second"),
            ("oembed.html.date", "day"),
            ("blockquote", "day"),
        ]
        assert (row["posted_at"], row["text"]) == (
            f"{POSTED_AT}.562Z",
            tweet()["text"].replace("&lt;", "<").replace("&gt;", ">"),
        )
        assert row["facts"]["quoted"][0]["value"] == {"platform": "x", "post_id": "20", "handle": None}
        assert (row["availability"], row["disagreements"]) == ("public", [])

    async def test_the_captures_are_all_that_was_stored(self) -> None:
        """In fetch order, each with its place, its digest and who answered."""
        row = public(post_body=body(await seen(PUBLIC)))
        assert [one["why"] for one in row["captures"]][:4] == ["post", "oembed", "media", "media"]
        assert row["captures"][0] == {
            "url": TWEET_RESULT,
            "why": "post",
            "warc": ref(1).file,
            "offset": 1000,
            "length": 500,
            "record_id": ref(1).record_id,
            "http_status": 200,
            "media_type": "application/json",
            "payload_digest": "sha256:" + "0" * 64,
            "bytes": len(PUBLIC[TWEET_RESULT].body or b""),  # type: ignore[union-attr]
            "cut": None,
            "captured_at": "2026-08-01T12:00:00.000Z",
            "peer": "192.0.2.1",
        }

    async def test_a_post_that_is_gone_still_tells_what_the_article_says(self) -> None:
        """The article's words are the record's, with the article as their source."""
        gone = await seen(
            {TWEET_RESULT: in_json(tombstone("This Post is from a suspended account.")), OEMBED: answer(404)}
        )
        row = public(post_body=body(gone), status="unavailable", error="suspended (tweet-result.tombstone.text)")
        assert valid(row, "saved")
        assert (row["author"], row["handle"], row["text"]) == ("jack", HANDLE, "just setting up my <twttr>")
        assert {fact["how"] for fact in row["facts"]["author"]} == {"blockquote"}
        assert (row["availability"], row["facts"].get("author_id")) == ("suspended", None)

    async def test_an_embed_whose_link_names_another_account_is_reported(self) -> None:
        """X looks at the id alone, so that anybody's handle leads to the post."""
        linked = PostRef(platform="x", post_id=ID, handle="mallory_x")
        row = public(replace(EMBED, post=linked), post_body=body(await seen(PUBLIC)))
        claimed = [(one["value"], one["verdict"]) for one in row["claims"] if one["field"] == "handle"]
        assert claimed == [(HANDLE, "confirmed"), ("mallory_x", "contradicted")]
        assert [one["field"] for one in row["disagreements"]] == ["handle"]

    async def test_another_handle_is_shown_by_the_present_one_and_as_a_disagreement(self) -> None:
        """The service's handle makes the URL; the embed's old one is kept beside it."""
        old = PostRef(platform="x", post_id=ID, handle="old_name")
        row = public(replace(EMBED, handle="old_name", post=old), post_body=body(await seen(PUBLIC)))
        assert valid(row, "saved")
        assert (row["handle"], row["url"]) == (HANDLE, f"https://x.com/{HANDLE}/status/{ID}")
        at = "2026-08-01T12:00:00.000Z"
        assert row["disagreements"] == [
            {
                "field": "handle",
                "what": "other-handle",
                "values": [
                    {"value": HANDLE, "how": "tweet-result.user.screen_name", "at": at},
                    {"value": HANDLE, "how": "oembed.author_url", "at": at},
                    {"value": "old_name", "how": "blockquote", "at": None},
                ],
                "note": None,
            }
        ]

    async def test_a_post_that_was_edited_between_two_looks_is_confirmed_then_and_contradicted_since(self) -> None:
        """The claim and the disagreement say the same: who, when, and that it was edited."""
        before = body(await seen(PUBLIC))
        changed = tweet() | {"text": "just setting up something else"}
        again = {**PUBLIC, TWEET_RESULT: in_json(changed), OEMBED: answer(404)}
        late = record.post_document(await seen(again), at=NOW, looks=1, try_again_at=None, before=before).body
        row = public(post_body=late)
        assert valid(row, "saved")
        claim = next(one for one in row["claims"] if one["field"] == "text")
        assert (claim["verdict"], claim["against"]) == ("confirmed", ["tweet-result.text"])
        assert "tweet-result.text" in claim["by"]
        (differs,) = [one for one in row["disagreements"] if one["field"] == "text"]
        assert (differs["what"], differs["note"]) == (
            "edited",
            "tweet-result.text showed the other words on 2026-08-01T12:00Z",
        )

    @pytest.mark.parametrize(
        ("change", "fields"),
        [
            ({}, []),
            ({"handle": "JACK"}, []),
            ({"author": "jack "}, []),
            ({"text": "another text altogether"}, ["text"]),
            ({"date": None}, []),
            ({"author": "Jill"}, ["author"]),
            ({"date": Moment.of_day(date(2023, 3, 28))}, ["posted_at"]),
            ({"date": Moment(at=datetime(2023, 3, 29, 14, 34, tzinfo=UTC), precision="minute")}, []),
            ({"date": Moment(at=datetime(2023, 3, 29, 14, 35, tzinfo=UTC), precision="minute")}, ["posted_at"]),
            ({"date": Moment(at=datetime(2023, 3, 29, 14, 34, 41, tzinfo=UTC), precision="second")}, []),
            ({"date": Moment(at=datetime(2023, 3, 29, 14, 34, 40, tzinfo=UTC), precision="second")}, ["posted_at"]),
            ({"author": "Jill", "handle": "jill"}, ["author", "handle"]),
        ],
    )
    async def test_sources_disagree_when_they_say_different_things(
        self, change: dict[str, Any], fields: list[str]
    ) -> None:
        """Handles whatever their case, times to the coarser precision, names and texts without white space."""
        row = public(replace(EMBED, **change), post_body=body(await seen(PUBLIC)))
        assert [item["field"] for item in row["disagreements"]] == fields
        assert valid(row, "saved")

    async def test_an_embed_resolved_by_its_link_becomes_a_post(self) -> None:
        """The id comes from the link, and with it the time; the link's hops are shown."""
        resolution = await resolve(
            SHORT, Web({SHORT: moved(f"https://twitter.com/{HANDLE}/status/{ID}/video/1")}), match
        )
        link = record.link_document(resolution, at=NOW, settled=True, try_again_at=None)
        find = replace(EMBED, post=None, url=None, form="plain-text")
        row = public(find, post=resolution.post, post_body=body(await seen(PUBLIC)), links=[link.body])
        assert valid(row, "saved")
        assert (row["post_id"], row["url"]) == (ID, f"https://x.com/{HANDLE}/status/{ID}")
        assert row["links"][0]["ended"] == "post"
        assert row["links"][0]["hops"][0]["record_id"] == ref(1).record_id

    async def test_an_embed_without_an_id_keeps_its_claims(self) -> None:
        """Nothing was asked, so nothing is available or captured."""
        row = public(replace(EMBED, post=None, url=None), status="unavailable", error="no id")
        assert valid(row, "saved")
        assert (row["post_id"], row["url"], row["availability"], row["captures"]) == (None, None, None, [])
        assert row["posted_at"] == "2023-03-29"

    async def test_a_link_to_a_page_shows_every_hop_to_its_end(self) -> None:
        """Hops that nobody answered have neither status nor record."""
        ended = await resolve(SHORT, Web(chain(SHORT, "https://buff.ly/2uSOHDs", "https://news.example/b")), match)
        waiting = await resolve(SHORT, Web({}), match)
        for found, status, error in ((ended, "archived", None), (waiting, "pending", "t.co waits")):
            link = record.link_document(found, at=NOW, settled=status == "archived", try_again_at=None)
            row = public(LINK, links=[link.body], status=status, error=error)
            assert valid(row, "saved")
            assert valid({**link_json(found), "error": found.error, "source": None}, "resolved")
        assert [hop.http_status for hop in ended.hops] == [301, 301, 200]
        assert (waiting.hops[0].http_status, waiting.hops[0].warc) == (None, None)

    def test_when_to_try_again_is_an_instant_in_utc(self) -> None:
        """Milliseconds, Z."""
        row = record.public(
            EMBED, ARTICLE, post=POST, post_body=None, links=(), status="pending", error="down", try_again_at=NOW
        )
        assert valid(row, "saved")
        assert row["try_again_at"] == "2026-08-01T12:00:00.000Z"

    @pytest.mark.parametrize(
        "change",
        [
            {"extra": 1},
            {"status": "ok"},
            {"post_id": 20},
            {"availability": "gone"},
            {"posted_at": "2023-03-29"},
            {"handle": "a b"},
            {"status": "pending"},
            {"error": "odd"},
            {"url": "https://x.com/a/b/status/1"},
            {"facts": {"mood": []}},
        ],
    )
    async def test_the_schema_is_strict(self, change: dict[str, Any]) -> None:
        """An unknown key, an unknown word or a wrong type is no public record."""
        row = public(post_body=body(await seen(PUBLIC)))
        with pytest.raises(jsonschema.ValidationError):
            valid({**row, **change}, "saved")


def cut(exchange: Exchange, why: Cut) -> Exchange:
    return replace(exchange, cut=why)


PHOTO = "https://pbs.twimg.com/media/A?format=jpg&name=orig"
AVATAR = "https://pbs.twimg.com/profile_images/1/f.jpg"


class TestSettled:
    @pytest.mark.parametrize(
        ("change", "availability", "settled"),
        [
            ({}, "public", True),
            # A second source that fails beside a clear first one is not worth another night, nor is an avatar.
            ({OEMBED: Unreachable(OEMBED, "down")}, "public", True),
            ({OEMBED: answer(500)}, "public", True),
            ({AVATAR: Unreachable(AVATAR, "down")}, "public", True),
            ({AVATAR: cut(PICTURE, "disconnect")}, "public", True),
            # A first source or a medium that may still come is.
            ({TWEET_RESULT: Unreachable(TWEET_RESULT, "down")}, "public", False),
            ({TWEET_RESULT: answer(502)}, "public", False),
            ({PHOTO: Unreachable(PHOTO, "down")}, "public", False),
            ({PHOTO: RateLimited(PHOTO, "429")}, "public", False),
            ({PHOTO: answer(500)}, "public", False),
            ({PHOTO: cut(PICTURE, "disconnect")}, "public", False),
            ({PHOTO: cut(PICTURE, "time")}, "public", False),
            # What our own limit cut, and what is gone, another try does not mend.
            ({PHOTO: cut(PICTURE, "length")}, "public", True),
            ({**NO_PICTURE}, "public", True),
            # Gone is settled when it was said, not when it was only not denied.
            ({TWEET_RESULT: answer(404), OEMBED: answer(404)}, "deleted", True),
            ({TWEET_RESULT: answer(404), OEMBED: Unreachable(OEMBED, "down")}, "ambiguous", False),
            ({TWEET_RESULT: in_json(tombstone("This Post is unavailable.")), OEMBED: answer(403)}, "ambiguous", False),
            ({TWEET_RESULT: in_json({}), OEMBED: answer(404)}, "ambiguous", False),
            ({TWEET_RESULT: in_json(tombstone("This Post is unavailable.")), OEMBED: answer(404)}, "unavailable", True),
            # An id that the service refuses is refused for good, once everybody has answered.
            ({TWEET_RESULT: in_json({"error": "Bad request."}, 400), OEMBED: answer(400)}, "error", True),
            ({TWEET_RESULT: Unreachable(TWEET_RESULT, "down"), OEMBED: answer(400)}, "error", False),
            ({TWEET_RESULT: answer(500), OEMBED: answer(500)}, "error", False),
        ],
    )
    async def test_a_post_is_settled_when_another_try_could_add_nothing(
        self, change: dict[str, Exchange | FetchError], availability: str, settled: bool
    ) -> None:
        """A clear answer, and every medium either held or refused for good."""
        web = {**PUBLIC, TWEET_RESULT: in_json(tweet(photos=["https://pbs.twimg.com/media/A.jpg"])), **change}
        found = await seen(web)
        assert (found.availability, found.settled) == (availability, settled)

    async def test_nobody_answered_is_not_known(self) -> None:
        """Without any answer there is no availability, only failures with their words."""
        found = await seen({})
        assert (found.availability, found.settled, found.captures) == (None, False, ())
        assert {failure["word"] for failure in body(found)["failures"]} == {"unreachable"}


class TestDocuments:
    async def test_a_posts_document_survives_json(self) -> None:
        """The public record made from a stored document is the one that was made at first."""
        found = await seen(PUBLIC)
        document = record.post_document(found, at=NOW, looks=1, try_again_at=None)
        again = json.loads(json.dumps(document.body))
        assert public(post_body=again) == json.loads(json.dumps(public(post_body=document.body)))
        assert (document.uri, document.refers_to) == (f"urn:archiver:post:x:{ID}", ref(1))
        assert (document.body["looks"], document.body["settled"], document.body["at"]) == (
            1,
            True,
            "2026-08-01T12:00:00.000Z",
        )

    async def test_a_posts_url_has_the_handle_that_the_service_gives(self) -> None:
        """Without any handle it has the form that needs none."""
        assert body(await seen(PUBLIC))["url"] == f"https://x.com/{HANDLE}/status/{ID}"
        nameless = PostRef(platform="x", post_id=ID)
        assert body(await seen({}, nameless))["url"] == f"https://x.com/i/web/status/{ID}"

    def test_a_links_document_names_the_post_and_refers_to_the_first_hop(self) -> None:
        """Enough to go on without asking again."""
        resolution = Resolution(
            short=SHORT,
            end="https://x.com/jack/status/20",
            ended="post",
            hops=(),
            post=PostRef(platform="x", post_id="20"),
        )
        document = record.link_document(resolution, at=NOW, settled=True, try_again_at=None)
        assert document.uri == f"urn:archiver:link:{SHORT}"
        assert document.body["post"] == {"platform": "x", "post_id": "20", "handle": None}
        assert document.refers_to is None


def test_a_counted_id_says_a_day_where_nobody_else_does():
    """Before November 2010: a day, give or take one; what the article prints goes before it."""
    old = replace(EMBED, post=PostRef(platform="x", post_id="20"), date=None)
    assert (record.found(old)["posted_at"], record.found(old)["posted_at_precision"]) == ("2006-03-21", "estimated")
    printed = record.found(replace(old, date=Moment.of_day(date(2006, 3, 22))))
    assert (printed["posted_at"], printed["posted_at_precision"]) == ("2006-03-22", "day")


@pytest.mark.parametrize(("day", "contradicted"), [(23, False), (25, True)])
def test_a_printed_day_may_contradict_a_counted_id(day, contradicted):
    """By more than the two days that both may be off together."""
    old = replace(EMBED, post=PostRef(platform="x", post_id="20"), date=Moment.of_day(date(2006, 3, day)))
    shown = record.public(
        old, ARTICLE, post=old.post, post_body=None, links=(), status="pending", error=None, try_again_at=None
    )
    whats = [item["what"] for item in shown["disagreements"]]
    assert whats == (["impossible-date"] if contradicted else [])


def test_an_id_that_no_post_can_have_is_a_disagreement():
    """The record says what is wrong with it; there is no post."""
    forged = replace(EMBED, post=None, url="https://x.com/jack/status/100000000000000", problem="never given")
    shown = record.public(
        forged, ARTICLE, post=None, post_body=None, links=(), status="x", error=None, try_again_at=None
    )
    assert [item["what"] for item in shown["disagreements"]] == ["impossible-id"]
    assert (shown["problem"], shown["post_id"]) == ("never given", None)
