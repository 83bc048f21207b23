"""A gone post whose words stand in the answer about the post that quotes or answers it: the program, end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archiver import config, tools
from archiver.cli import shared
from archiver.model import PostRef
from tests.loopback.legacy import version_1, version_2
from tests.loopback.nouns import Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import LoopbackWeb
from tests.loopback.wayback import in_json, of_post
from tests.loopback.x_world import World
from tests.newsroom import Newsroom
from tests.test_record import valid
from tests.test_reread import older_reading
from tests.test_whole_post import ANNA, BEN, embed, post

WORDS = "What Ben wrote about the gulls, and took back."
PHOTO = Photo(media_id=snowflake("2024-03-01T05:59:00Z"), alt="A gull")
GONE = post(7, BEN, text=WORDS, scenario=SCENARIOS["deleted"], photos=(PHOTO,), pic="BensPic123")
QUOTING = post(10, quotes=GONE)
WHY = "asked by mail"


@pytest.fixture
def saved(tmp_path):
    """A newsroom on the web of some posts, which has saved the embeds of the first ones; closes the web afterwards."""
    webs = []

    def on(*posts: Post, x: str = "", shown: int = 1) -> tuple[Newsroom, list[dict[str, Any]]]:
        web = LoopbackWeb(World(posts=posts).hosts(), folder=tmp_path).__enter__()
        webs.append(web)
        room = Newsroom(tmp_path, web, network=f"\n[x]\n{x}\n" if x else "")
        rows = room.save(room.file("a.html", "\n".join(map(embed, posts[:shown])))).rows
        assert all(valid(row, "saved") for row in rows)
        return room, rows

    yield on
    for web in webs:
        web.__exit__()


def record_of(room, wanted):
    """The public record of one post by itself."""
    (shown,) = [row for row in room.archiver("show", "--json", wanted.post_id).rows if row["article"] is None]
    return shown


def told(row, field="text"):
    """(value, how) of the facts that answers about other posts show."""
    return [(fact["value"], fact["how"]) for fact in row["facts"].get(field, ()) if "shown_in" in fact]


@pytest.mark.parametrize(
    ("other", "field"), [(QUOTING, "quoted_tweet"), (post(10, replies_to=GONE), "parent")], ids=["quoted", "answered"]
)
def test_its_words_author_time_and_picture_are_facts_with_a_source_of_their_own(saved, other, field):
    """It stays deleted, and is archived: the answer about the other post, in our WARC, shows it."""
    room, [row] = saved(other)
    shown = record_of(room, GONE)
    assert valid(shown, "saved")
    assert (shown["status"], shown["availability"], shown["recovered"]) == ("archived", "deleted", None)
    assert told(shown) == [(GONE.full_text, f"tweet-result.{field}.text")]
    assert told(shown, "handle") == [(BEN.handle, f"tweet-result.{field}.user.screen_name")]
    [fact] = shown["facts"]["text"]
    assert fact["shown_in"] == {"platform": "x", "post_id": other.post_id}
    [answer] = [one for one in row["captures"] if one["why"] == "post"]
    assert (fact["record_id"], fact["at"]) == (answer["record_id"], answer["captured_at"])
    [[medium]] = [one["value"] for one in shown["facts"]["media"]]
    assert (medium["alt"], medium["file"]["media_type"]) == ("A gull", "image/jpeg")
    assert medium["file"]["record_id"] in {one["record_id"] for one in shown["captures"]}
    assert answer["record_id"] not in {one["record_id"] for one in shown["captures"]}, "it is the other post's"
    [kin] = row["related"]
    assert (kin["availability"], kin["text"], kin["handle"]) == ("deleted", GONE.full_text, BEN.handle)
    assert [one["says"] for one in shown["evidence"]] == ["deleted", "deleted"], "it is no evidence"


def test_a_post_that_shows_itself_needs_nobody_else(saved):
    """Its own answers are the better source."""
    room, _ = saved(post(10, quotes=replace(GONE, scenario=SCENARIOS["public"])))
    assert not told(record_of(room, GONE))


@pytest.mark.parametrize(("x", "files"), [('media = "none"', 0), ("max_post_bytes = 1", 0), ('media = "images"', 1)])
def test_its_picture_is_kept_as_the_configuration_says(saved, x, files):
    """The switch and the budgets hold for it, too; its words are kept either way."""
    room, _ = saved(QUOTING, x=x)
    shown = record_of(room, GONE)
    assert told(shown)
    [[medium]] = [one["value"] for one in shown["facts"]["media"]]
    assert bool(medium["file"] and not medium["file"]["cut"]) == bool(files)


def test_an_article_that_embeds_both_knows_it_in_the_same_run(saved):
    """Whichever of them comes first."""
    room, rows = saved(GONE, QUOTING, shown=2)
    row = next(row for row in rows if row["post_id"] == GONE.post_id)
    assert (row["status"], row["availability"], told(row)) == (
        "archived", "deleted", [(GONE.full_text, "tweet-result.quoted_tweet.text")],
    )  # fmt: skip
    assert {claim["verdict"] for claim in row["claims"] if claim["field"] in ("text", "author")} == {"confirmed"}
    asked = len(room.web.log)
    again = room.save(room.folder / "a.html").rows
    assert ({one["status"] for one in again}, len(room.web.log)) == ({"already"}, asked)


def nested(other, gone):
    """JSON of both versions about ``other``, with the whole of what it quotes."""
    envelope = version_2(other)
    inner = version_2(gone)
    envelope["includes"]["tweets"] = [inner["data"]]
    envelope["includes"]["users"] += inner["includes"]["users"]
    return [{**version_1(other), "quoted_status": version_1(gone)}, envelope]


OTHER_GONE = replace(QUOTING, scenario=SCENARIOS["deleted"])
ANSWERING = post(10, replies_to=GONE, scenario=SCENARIOS["deleted"])


@pytest.mark.parametrize(
    ("other", "capture", "how"),
    [
        (OTHER_GONE, of_post(OTHER_GONE, "20240302000000"), "wayback.permalink.text"),
        (ANSWERING, of_post(ANSWERING, "20240302000000"), "wayback.permalink.text"),
        *((OTHER_GONE, in_json(OTHER_GONE, "20240302000000", told), "wayback.api.text")
          for told in nested(OTHER_GONE, GONE)),
    ],
    ids=["page, quoted", "page, answered", "version 1.1", "version 2"],
)  # fmt: skip
def test_an_archived_page_of_who_quotes_it_shows_it_too(tmp_path, other, capture, how):
    """Both are gone, and one of them is in the archive."""
    with LoopbackWeb(World(posts=(other,), captures=(capture,)).hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web, wayback=True)
        [row] = room.save(room.file("a.html", embed(other))).rows
        assert (row["status"], row["availability"]) == ("archived", "deleted")
        shown = record_of(room, GONE)
        assert valid(shown, "saved")
        assert (shown["status"], shown["recovered"]) == ("archived", None)
        [(words, told_how)] = told(shown)
        assert (words.startswith(WORDS), told_how) == (True, how)
        [fact] = shown["facts"]["text"]
        assert (fact["memento"], fact["shown_in"]["post_id"]) == (row["recovered"], other.post_id)
        room.unplug()
        assert "0 documents with something new" in room.archiver("reread").out
        assert room.archiver("verify").code == 0


def test_show_says_in_which_answer_its_words_stand(saved):
    """A person sees why a deleted post has words."""
    room, _ = saved(QUOTING)
    said = room.archiver("show", GONE.post_id).out
    assert f"shown in      X's answer about {QUOTING.post_id}, which quotes or answers it" in said
    assert "archived — deleted" in said


def test_a_later_look_at_it_forgets_nothing(saved):
    """What a night asks of the gone post alone says nothing of its words."""
    room, _ = saved(QUOTING)
    before = record_of(room, GONE)

    async def look() -> str:
        async with tools.writing(config.load(room.config)) as ready:
            running = shared.run_of(config.load(room.config), ready)
            return str((await running.look_again(PostRef(platform="x", post_id=GONE.post_id)))["at"])

    assert tools.run_async(look())
    again = record_of(room, GONE)
    assert len(again["evidence"]) > len(before["evidence"])
    assert told(again) == told(before)
    assert (again["status"], again["facts"]["media"]) == ("archived", before["facts"]["media"])


def test_several_posts_that_quote_it_say_it_once(saved):
    """And none of them is asked for twice."""
    others = [post(hour, quotes=GONE) for hour in (10, 11, 12)]
    room, _ = saved(*others, shown=3)
    assert len(told(record_of(room, GONE))) == 1


def test_the_configuration_says_how_far(saved):
    """Without steps to other posts nothing is kept of them."""
    room, [row] = saved(QUOTING, x="depth = 0")
    assert row["related"] == []
    assert room.archiver("show", GONE.post_id).code == 66


def test_reading_again_changes_nothing_and_finds_what_an_older_version_left(saved):
    """Without the network."""
    room, _ = saved(QUOTING)
    shown = room.archiver("show", "--json", GONE.post_id).rows
    room.unplug()
    assert "0 documents with something new" in room.archiver("reread").out
    own = {field: [fact for fact in facts if "shown_in" not in fact] for field, facts in shown[0]["facts"].items()}
    older_reading(room, GONE, facts={field: facts for field, facts in own.items() if facts})
    assert not told(record_of(room, GONE))
    assert "something new" in room.archiver("reread").out
    assert room.archiver("show", "--json", GONE.post_id).rows[0]["facts"] == shown[0]["facts"]
    assert room.archiver("verify").code == 0


def test_a_picture_that_cannot_be_had_now_is_asked_for_again(saved):
    """The words are safe at once."""
    room, [row] = saved(QUOTING, x='media = "none"')
    room.connect(room.web.connect_to_toml.replace("{", '{ "pbs.twimg.com:443" = "127.0.0.1:9",'))
    [row] = room.save(room.folder / "a.html").rows
    assert (row["status"], told(record_of(room, GONE))[0][0]) == ("pending", GONE.full_text)
    room.connect(room.web.connect_to_toml)
    [row] = room.save(room.folder / "a.html").rows
    [[medium]] = [one["value"] for one in record_of(room, GONE)["facts"]["media"]]
    assert (row["status"], bool(medium["file"])) == ("already", True)


def test_a_purged_posts_words_do_not_come_back_through_who_quotes_it(saved):
    """Not with a new look, nor by reading again; only when somebody keeps it again."""
    room, _ = saved(QUOTING)
    page = room.folder / "a.html"
    assert room.archiver("policy", "purge", GONE.post_id, "--reason", WHY, "--yes").code == 0
    for words in (("save", "--json", "--again", page), ("reread",), ("save", "--json", page)):
        said = room.archiver(*words)
        assert said.code == 0, said.err
        assert room.archiver("show", GONE.post_id).code == 66
        assert WORDS not in room.archiver("show", "--json", QUOTING.post_id).out
    documents = b"".join(block for headers, block in room.records("metadata"))
    assert WORDS.encode() not in documents
    room.archiver("policy", "keep", GONE.post_id, "--reason", "a mistake")
    room.save(page)
    assert told(record_of(room, GONE))


def test_a_purge_of_who_quotes_takes_its_answer_along(saved):
    """Though another record names it as a source; what that one says of itself stays, and the archive verifies."""
    room, _ = saved(QUOTING)
    said = room.archiver("policy", "purge", QUOTING.post_id, "--reason", WHY, "--yes")
    assert said.code == 0, said.err
    assert not [
        headers for headers, _ in room.records("response")
        if f"id={QUOTING.post_id}" in headers.get_header("WARC-Target-URI")
    ]  # fmt: skip
    assert told(record_of(room, GONE))
    assert room.archiver("verify").code == 0, room.archiver("verify").out


def test_an_account_that_is_purged_stays_away_too(saved):
    """The answer that quotes it names its handle."""
    room, _ = saved(QUOTING)
    assert room.archiver("policy", "purge", f"@{BEN.handle}", "--reason", WHY, "--yes").code == 0
    room.archiver("save", "--json", "--again", room.folder / "a.html")
    assert room.archiver("show", GONE.post_id).code == 66
    assert ANNA.handle != BEN.handle
