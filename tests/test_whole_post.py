"""All of a post, end to end: what stands around it, what it costs, who is asked, and what a forged embed looks like."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archiver import texts
from tests.loopback.gallery import KINDS
from tests.loopback.nouns import Account, Photo, Post, Video, snowflake
from tests.loopback.scenarios import SCENARIOS, Scenario
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World
from tests.newsroom import Newsroom

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "record.schema.json").read_text("utf-8"))
ANNA, BEN = Account(handle="anna_example", name="Anna Example"), Account(handle="ben_example", name="Ben Example")
TEXT = "Talks have failed, the port workers' union says. More at noon."
GONE = SCENARIOS["deleted"]
TOKEN = "AAAAAAAAAAAAAAAAAAAAAexample-bearer-token"


def post(hour: int, by: Account = ANNA, text: str = TEXT, **more: Any) -> Post:
    return Post(post_id=snowflake(f"2024-03-01T{hour:02}:00:00.250Z"), by=by, text=text, **more)


def embed(shown: Post, **claim: str) -> str:
    """The embed of ``shown``; ``claim``: what it says otherwise (``handle``, ``name``, ``text``, ``date``)."""
    said = {"handle": shown.by.handle, "name": shown.by.name, "text": shown.text, "date": "March 1, 2024", **claim}
    link = f"https://twitter.com/{said['handle']}/status/{claim.get('id', shown.post_id)}"
    return (
        f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{said["text"]}</p>&mdash; {said["name"]} '
        f'(@{said["handle"]}) <a href="{link}">{said["date"]}</a></blockquote>'
    )


class Desk:
    """A newsroom that saves embeds of posts on a web of its own. ``x``: lines of that section of its configuration."""

    def __init__(self, folder: Path, web: LoopbackWeb, x: str) -> None:
        self.room = Newsroom(folder, web, network=f"\n[x]\n{x}\n" if x else "")

    def save(self, *embeds: str) -> list[dict[str, Any]]:
        """The rows of ``save --json``, each valid by the schema."""
        rows = self.room.save(self.room.file("a.html", "\n".join(embeds))).rows
        for row in rows:
            jsonschema.Draft202012Validator(SCHEMA).validate(row)
        return rows

    def fetched(self, why: str) -> Counter[str]:
        """How often each address was captured for that reason."""
        records = self.room.records("metadata")
        return Counter(
            headers.get_header("WARC-Target-URI") for headers, block in records if f"why: {why}\r\n".encode() in block
        )


@pytest.fixture
def desk(tmp_path):
    """Opens a desk on the web of some posts; closes the web afterwards."""
    webs = []

    def on(*posts: Post, x: str = "") -> Desk:
        web = LoopbackWeb(World(posts=posts).hosts(), folder=tmp_path).__enter__()
        webs.append(web)
        return Desk(tmp_path, web, x)

    yield on
    for web in webs:
        web.__exit__()


class TestAround:
    def test_what_a_post_quotes_and_answers_is_kept_as_posts_of_their_own(self, desk) -> None:
        """Named in its record, shown by themselves; what those quote in turn is one step too far."""
        far = post(6, BEN, text="Far away.")
        quoted, answered = post(7, BEN, text="The quoted one.", quotes=far), post(8, BEN, text="The one before.")
        at = desk(post(10, quotes=quoted, replies_to=answered))
        (row,) = at.save(embed(post(10)))
        assert [(one["relation"], one["post_id"], one["availability"], one["text"]) for one in row["related"]] == [
            ("quoted", quoted.post_id, "public", "The quoted one."),
            ("in_reply_to", answered.post_id, "public", "The one before."),
        ]
        (shown,) = at.room.archiver("show", "--json", quoted.post_id).rows
        jsonschema.Draft202012Validator(SCHEMA).validate(shown)
        assert (shown["article"], shown["kind"], shown["handle"]) == (None, "related", "ben_example")
        assert at.room.archiver("show", far.post_id).code == 66
        assert quoted.post_id in at.room.archiver("show", row["post_id"]).out

    def test_the_authors_own_thread_is_followed_up_to_its_beginning(self, desk) -> None:
        """Beyond the depth for other people's posts, and no further than to another author."""
        before = post(5, BEN, text="Somebody else asked.")
        first = post(6, text="1/3", replies_to=before)
        second = post(7, text="2/3", replies_to=first)
        at = desk(post(8, text="3/3", replies_to=second))
        (row,) = at.save(embed(post(8, text="3/3")))
        kin = [(one["relation"], one["text"], one["of"]) for one in row["related"]]
        assert kin == [("thread", "2/3", post(8).post_id), ("thread", "1/3", second.post_id)]

    @pytest.mark.parametrize(
        ("x", "texts"),
        [
            ("depth = 0\nthread = 0", []),
            ("depth = 0", ["2/3", "1/3"]),
            ("depth = 0\nthread = 1", ["2/3"]),
            ("depth = 1\nthread = 0", ["2/3"]),
            ("depth = 2\nthread = 0", ["2/3", "1/3"]),
        ],
    )
    def test_the_configuration_says_how_far(self, desk, x: str, texts: list[str]) -> None:
        """``depth`` for steps to any post, ``thread`` for the author's own."""
        last = post(8, text="3/3", replies_to=post(7, text="2/3", replies_to=post(6, text="1/3")))
        (row,) = desk(last, x=x).save(embed(last))
        assert [one["text"] for one in row["related"]] == texts

    def test_a_quoted_post_that_is_gone_is_a_finding(self, desk) -> None:
        """The post itself is archived."""
        (row,) = desk(post(10, quotes=post(7, BEN, scenario=GONE))).save(embed(post(10)))
        assert (row["status"], [one["availability"] for one in row["related"]]) == ("archived", ["deleted"])

    def test_a_quoted_post_that_may_still_come_keeps_the_find_waiting(self, desk) -> None:
        """So that a later run asks again."""
        (row,) = desk(post(10, quotes=post(7, BEN, scenario=SCENARIOS["empty object"]))).save(embed(post(10)))
        assert (row["status"], row["error"]) == ("pending", f"the quoted post {post(7).post_id} waits (ambiguous)")
        assert row["try_again_at"]


class TestMedia:
    def test_media_that_posts_share_are_stored_once(self, desk) -> None:
        """One picture in three posts, one author's face."""
        photo = Photo(media_id=snowflake("2024-03-01T05:59:00Z"), alt="A gull")
        posts = [post(hour, photos=(photo,), pic="SharedPic1") for hour in (6, 7, 8)]
        at = desk(*posts)
        rows = at.save(*map(embed, posts))
        assert len(rows) == 3
        for why in ("media", "avatar"):
            assert set(at.fetched(why).values()) == {1}, at.fetched(why)
        held = {row["facts"]["media"][0]["value"][0]["file"]["record_id"] for row in rows}
        assert len(held) == 1
        assert rows[0]["facts"]["media"][0]["value"][0]["alt"] == "A gull"

    @pytest.mark.parametrize("limit", [1, 1_000, 30_000])
    def test_a_budget_is_never_exceeded_and_the_record_says_what_it_cost(self, desk, limit: int) -> None:
        """The last file is cut where the budget ends; what comes after is refused."""
        photos = tuple(Photo(media_id=snowflake(f"2024-03-01T05:59:0{n}Z")) for n in range(4))
        shown = post(6, photos=photos, pic="ManyPics12")
        (row,) = desk(shown, x=f"max_post_bytes = {limit}").save(embed(shown))
        files = [one for one in row["captures"] if one["why"] in ("media", "avatar")]
        assert sum(one["bytes"] for one in files) <= limit
        assert row["failures"], "four pictures are larger"
        assert {one["word"] for one in row["failures"]} == {"over-budget"}
        assert row["status"] == "archived"

    def test_a_runs_budget_is_shared_by_its_posts(self, desk) -> None:
        """Whoever comes last gets what is left."""
        posts = [post(n, photos=(Photo(media_id=snowflake(f"2024-03-01T0{n}:59:00Z")),), pic=f"Picture{n}ab")
                 for n in (6, 7, 8)]  # fmt: skip
        rows = desk(*posts, x="max_run_bytes = 20000").save(*map(embed, posts))
        files = {one["record_id"]: one["bytes"] for row in rows for one in row["captures"]
                 if one["why"] in ("media", "avatar")}  # fmt: skip
        assert 0 < sum(files.values()) <= 20_000

    def test_films_come_with_their_still_and_name_their_playlists(self, desk) -> None:
        """The best mp4; playlists are named, not fetched."""
        shown = post(6, videos=(Video(media_id=snowflake("2024-03-01T05:59:00Z")),), pic="AVideo1234")
        (row,) = desk(shown).save(embed(shown))
        (film,) = row["facts"]["media"][0]["value"]
        assert film["file"]["media_type"] == "video/mp4"
        assert "1280x720" in film["file"]["url"]
        assert film["poster"]["media_type"] == "image/jpeg"
        assert [url.endswith(".m3u8?tag=12&container=fmp4") for url in film["playlists"]] == [True]


class TestFacts:
    def test_every_kind_of_post_becomes_a_valid_record(self, desk) -> None:
        """All that a post can hold, in one article: each is public, and each service's text is the same text."""
        at = desk(*KINDS.values())
        rows = {row["post_id"]: row for row in at.save(*(embed(shown) for shown in KINDS.values()))}
        assert len(rows) == len({shown.post_id for shown in KINDS.values()})
        for name, shown in KINDS.items():
            row = rows[shown.post_id]
            assert row["availability"] == "public", (name, row["error"])
            assert not [one for one in row["disagreements"] if one["field"] == "handle"], name
            answered = [fact for fact in row["facts"]["text"] if "." in fact["how"]] if "text" in row["facts"] else []
            words = {texts.bare(fact["value"]) for fact in answered}
            assert len(words) <= 1, (name, words)
        fields = {field for row in rows.values() for field in row["facts"]}
        assert fields >= set("card poll text_cut edits media avatar links counts quoted in_reply_to".split())

    def test_what_a_card_and_a_poll_hold(self, desk) -> None:
        """The preview with its picture; each choice with its votes."""
        kinds = [shown for shown in KINDS.values() if shown.card or shown.poll]
        rows = desk(*kinds).save(*map(embed, kinds))
        card = next(row["facts"]["card"][0]["value"] for row in rows if "card" in row["facts"])
        assert card["image"]["bytes"] > 100
        assert card["title"]
        poll = next(row["facts"]["poll"][0]["value"] for row in rows if "poll" in row["facts"])
        shown = next(shown.poll for shown in kinds if shown.poll)
        assert [(one["label"], one["votes"]) for one in poll["choices"]] == list(shown.choices)


class TestSources:
    X = 'sources = ["tweet-result", "oembed", "api", "fxtwitter"]'

    def test_all_answers_are_kept_in_the_order_of_the_configuration(self, desk, monkeypatch) -> None:
        """Each fact from each service, preferred ones first."""
        monkeypatch.setenv("ARCHIVER_X_BEARER", TOKEN)
        (row,) = desk(post(6), x=self.X).save(embed(post(6)))
        assert [fact["how"] for fact in row["facts"]["text"]] == [
            "tweet-result.text", "oembed.html", "api.data.text", "fxtwitter.status.text", "blockquote",
        ]  # fmt: skip
        assert [one["source"] for one in row["evidence"]] == ["tweet-result", "oembed", "api", "fxtwitter"]
        assert row["disagreements"] == []

    def test_the_token_is_sent_and_never_stored(self, desk, monkeypatch) -> None:
        """The stored request masks it, and its metadata says so; no file of the archive holds it."""
        monkeypatch.setenv("ARCHIVER_X_BEARER", TOKEN)
        at = desk(post(6), x=self.X)
        at.save(embed(post(6)))
        sent = [bytes(crossing.received) for crossing in at.room.web.log]
        assert sum(f"Authorization: Bearer {TOKEN}\r\n".encode() in request for request in sent) == 1
        blocks = [block for _, block in at.room.records()]
        assert not any(TOKEN.encode() in block for block in blocks)
        assert sum(b"\r\nAuthorization: ***\r\n" in block for block in blocks) == 1
        assert sum(b"archiver-masked-request-header: Authorization\r\n" in block for block in blocks) == 1
        for path in at.room.archive.iterdir():
            assert TOKEN.encode() not in (path.read_bytes() if path.is_file() else b"")

    def test_the_token_may_stand_in_a_file(self, desk, tmp_path, monkeypatch) -> None:
        """Beside the configuration; a line break behind it is no part of it."""
        monkeypatch.delenv("ARCHIVER_X_BEARER", raising=False)
        (tmp_path / "bearer").write_text(f"{TOKEN}\n")
        (row,) = desk(post(6), x='sources = ["api"]\nbearer_file = "bearer"').save(embed(post(6)))
        assert (row["availability"], row["facts"]["text"][0]["how"]) == ("public", "api.data.text")

    @pytest.mark.parametrize(
        ("file", "says"), [(None, "wants a token"), ("", "wants a token"), ("a b c d e f", "no bearer")]
    )
    def test_without_a_token_the_api_is_no_source(self, desk, tmp_path, monkeypatch, file, says) -> None:
        """Said at once (78), before anything is asked."""
        monkeypatch.delenv("ARCHIVER_X_BEARER", raising=False)
        if file is not None:
            (tmp_path / "bearer").write_text(file)
        at = desk(x='sources = ["api"]' + ('\nbearer_file = "bearer"' if file is not None else ""))
        said = at.room.save(at.room.file("a.html", embed(post(6))))
        assert (said.code, says in said.err) == (78, True)

    @pytest.mark.parametrize(
        ("standing", "word"), [("deleted", "deleted"), ("suspended", "suspended"), ("private", "protected")]
    )
    def test_the_api_is_a_second_kind_of_evidence(self, desk, monkeypatch, standing, word) -> None:
        """Where oEmbed says 403, which is nothing."""
        monkeypatch.setenv("ARCHIVER_X_BEARER", TOKEN)
        gone = post(6, scenario=Scenario(tweet_result="404 html", oembed="403 other", standing=standing))
        (row,) = desk(gone, x=self.X).save(embed(gone))
        assert (row["status"], row["availability"]) == ("unavailable", word)


class TestForged:
    def differs(self, row: dict[str, Any]) -> dict[str, str]:
        return {item["field"]: item["what"] for item in row["disagreements"]}

    def test_an_honest_embed_is_confirmed(self, desk) -> None:
        """Every claim by every service that speaks of it."""
        (row,) = desk(post(6)).save(embed(post(6)))
        assert {one["field"]: one["verdict"] for one in row["claims"]} == dict.fromkeys(
            ("author", "handle", "text", "posted_at"), "confirmed"
        )
        assert row["disagreements"] == []

    @pytest.mark.parametrize(
        ("claim", "differs"),
        [
            ({"handle": "the_mayor", "text": "I resign."}, {"handle": "wrong-handle", "text": "changed-text"}),
            ({"handle": "anna_before"}, {"handle": "other-handle"}),
            ({"name": "President of France"}, {"author": "other-name"}),
            ({"text": TEXT.replace("failed", "succeeded")}, {"text": "changed-text"}),
            ({"text": "Talks have failed, the port workers' union says."}, {"text": "cut-text"}),
            ({"date": "March 1, 2019"}, {"posted_at": "impossible-date"}),
            ({"date": "March 2, 2024"}, {"posted_at": "other-day"}),
            ({"name": "The Mayor", "handle": "the_mayor", "text": "I resign."},
             {"author": "wrong-author", "handle": "wrong-handle", "text": "changed-text"}),
        ],
    )  # fmt: skip
    def test_a_forged_embed_is_reported_for_what_it_is(self, desk, claim, differs) -> None:
        """Wrong handle, changed text, impossible date; each beside what the services say, and `show` prints both."""
        at = desk(post(6))
        (row,) = at.save(embed(post(6), **claim))
        assert self.differs(row) == differs
        verdicts = {one["field"]: one["verdict"] for one in row["claims"]}
        assert {field for field, verdict in verdicts.items() if verdict == "contradicted"} == set(differs)
        shown = at.room.archiver("show", row["post_id"]).out
        assert all(f"{field}, {what}" in shown for field, what in differs.items())
        assert "contradicted" in shown

    def test_an_id_from_the_future_is_impossible_and_not_deleted(self, desk) -> None:
        """Nobody knows it, because nobody can have made it yet."""
        future = snowflake("2079-01-01T00:00:00Z")
        at = desk(post(6))
        (row,) = at.save(embed(post(6), id=future))
        assert (row["status"], row["availability"]) == ("unavailable", "impossible")
        assert self.differs(row)["post_id"] == "future-id"
        assert "the id is of 2079-01-01" in row["error"]
        assert row["text"] == TEXT, "what the article says is kept"

    @pytest.mark.parametrize("post_id", ["100000000000", "290000000000000", "0", "7", "01763497837209485312"])
    def test_an_id_that_was_never_given_is_impossible(self, desk, post_id: str) -> None:
        """Between the last id that was counted and the first snowflake there is none, none begins with a 0 or has one
        digit; nobody is asked for it."""
        at = desk(post(6))
        (row,) = at.save(embed(post(6), id=post_id))
        assert (row["status"], row["post_id"], row["availability"]) == ("unavailable", None, None)
        assert self.differs(row) == {"post_id": "impossible-id"}
        assert (row["handle"], row["text"]) == ("anna_example", TEXT)
        assert not at.fetched("post")
