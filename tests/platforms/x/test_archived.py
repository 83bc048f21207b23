"""What archives hold of posts on X: rendered pages, JSON of both versions, and shells without the post."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Kept, Memento, Picture, PostRef
from archiver.platforms.x import answers, archived, media, mobile, permalink, snowflake
from tests.answers import answer, in_json
from tests.loopback.legacy import legacy_page, mobile_page, shell, version_1, version_2
from tests.loopback.nouns import Account, Link, Photo, Post, Video
from tests.loopback.nouns import snowflake as minted
from tests.shared import SHARED, needs_shared, shared_json

WHEN = Memento(at=datetime(2019, 1, 1, tzinfo=UTC), url="https://web.archive.org/web/20190101000000id_/https://x")
ADA = Account("ada_wren_eg", "Ada “W” Wren & Co")
PARENT = Post(post_id=minted("2018-05-21T10:00:00.000Z"), by=Account("ben_okoye_eg", "Ben"), text="Who wants to go?")
QUOTED = Post(post_id=minted("2018-05-20T10:00:00.000Z"), by=Account("coast_eg", "Coast"), text="Nobody is quoted")
POST = Post(
    post_id=minted("2018-05-21T16:20:45.310Z"),
    by=ADA,
    text="212 stairs, & a <lens>\nnobody polished, says @GullKeys_eg #gull https://t.co/TrustDoc01",
    links=(Link(code="TrustDoc01", to="https://coasttrust.example/reports/gull-point-2012.pdf?page=7&x=1"),),
    pic="Stairs0212",
    photos=(Photo(media_id=minted("2018-05-21T16:18:02.000Z"), alt="A spiral staircase"),),
    replies_to=PARENT,
    quotes=QUOTED,
)
ANSWERS = tuple(
    Post(
        post_id=minted(f"2018-05-22T0{hour}:00:00Z"), by=Account(f"a{hour}_eg", "A"), text=f"No {hour}", replies_to=POST
    )
    for hour in range(3)
)
PAGE = legacy_page(POST, answers=ANSWERS)
REF = PostRef(platform="x", post_id=POST.post_id, handle=ADA.handle)
PICTURE = Picture(
    ladder=media.photo_ladder(POST.photos[0].url),
    archived=tuple(f"{POST.photos[0].url}{size}" for size in (":large", "", ":orig")),
    max_bytes=media.PICTURE_BYTES,
)
FACE = media.avatar_picture(ADA.avatar)
TEXT_AS_SHOWN = (
    "212 stairs, & a <lens>\nnobody polished, says @GullKeys_eg #gull "
    "https://coasttrust.example/reports/gull-point-2012.pdf?page=7&x=1 pic.twitter.com/Stairs0212"
)


def values(reading):
    """The facts of a reading, by field, but for the pictures."""
    return {field: fact.value for field, fact in reading.facts if field not in ("media", "avatar")}


def test_a_rendered_page_tells_everything_about_its_post():
    """Name, handle, account id, second, text with links expanded, language, and what it answers and quotes."""
    reading = archived.read(answer(body=PAGE), REF, WHEN)
    assert values(reading) == {
        "author": ADA.name,
        "handle": ADA.handle,
        "author_id": ADA.user_id,
        "posted_at": "2018-05-21T16:20:45.000Z",
        "text": TEXT_AS_SHOWN,
        "lang": "en",
        "quoted": {"platform": "x", "post_id": QUOTED.post_id, "handle": "coast_eg"},
        "in_reply_to": {"platform": "x", "post_id": PARENT.post_id, "handle": "ben_okoye_eg"},
    }
    assert {fact.how for _, fact in reading.facts} == {f"wayback.permalink.{field}" for field, _ in reading.facts}
    assert {fact.memento for _, fact in reading.facts} == {WHEN}
    assert reading.wanted == (PICTURE, FACE)
    [media_fact] = [fact for field, fact in reading.facts if field == "media"]
    [medium] = cast("list[dict[str, object]]", media_fact.value)
    assert (medium["type"], medium["alt"], medium["file"]) == ("photo", "A spiral staircase", None)


FILM = Video(media_id=minted("2018-05-21T16:18:02.000Z"))
GIF = Video(media_id=minted("2018-05-21T16:18:03.000Z"), kind="tweet_video")


@pytest.mark.parametrize("film", [FILM, GIF], ids=["film", "GIF"])
@pytest.mark.parametrize("told", [version_1, version_2, legacy_page])
def test_films_are_wanted_as_the_capture_names_them(told, film):
    """JSON names every quality, best first; a rendered page leaves the still."""
    answered = told(replace(POST, photos=(), videos=(film,)))
    exchange = answer(body=answered) if isinstance(answered, str) else in_json(answered)
    still, *films, face = archived.read(exchange, REF, WHEN).wanted
    assert (still.ladder[0].startswith(film.poster.removesuffix(".jpg")), face) == (True, FACE)
    best = sorted((one for one in film.variants if one.bitrate is not None), key=lambda one: -(one.bitrate or 0))
    rungs = tuple(one.url for one in best)
    assert [(one.kind, one.ladder, one.archived) for one in films] == (
        [] if told is legacy_page else [("video", rungs, rungs[:3])]
    )
    [facts] = [fact.value for field, fact in archived.read(exchange, REF, WHEN).facts if field == "media"]
    [medium] = cast("list[dict[str, object]]", facts)
    assert medium["type"] == ("animated_gif" if film.is_gif else "video")


def test_a_page_for_telephones_tells_what_it_can():
    """Author, words with the links as they were written, photo and face; no time, since it prints its visitor's."""
    page = mobile_page(POST, answers=ANSWERS)
    reading = archived.read(answer(body=page), REF, WHEN)
    assert values(reading) == {"author": ADA.name, "handle": ADA.handle, "text": POST.text}
    assert {fact.how.split(".")[1] for _, fact in reading.facts} == {"mobile"}
    assert reading.wanted == (PICTURE, FACE)


@pytest.mark.parametrize("post", ANSWERS)
def test_the_post_asked_for_is_found_on_a_page_for_telephones(post):
    """Whatever table it stands in; another post's is not read."""
    page = mobile_page(POST, answers=ANSWERS)
    shown = mobile.read(page, post.post_id)
    assert shown is not None
    assert (shown.text, shown.handle, shown.media) == (post.text, post.by.handle, ())
    assert mobile.read(page, QUOTED.post_id) is None
    assert mobile.read(page.replace('class="tweet-text"', ""), "1") is None


@pytest.mark.parametrize("post", [PARENT, *ANSWERS], ids=["above", "first below", "second below", "last below"])
def test_the_post_asked_for_is_found_among_the_others(post):
    """Pages of replies hold many posts in the same markup; only the one with the id is read."""
    shown = permalink.read(PAGE, post.post_id)
    assert shown is not None
    assert (shown.text, shown.handle, shown.in_reply_to) == (post.text, post.by.handle, None)


def test_a_post_that_the_page_does_not_hold_is_not_invented():
    """Not even when the page is of the same author."""
    other = replace(REF, post_id=minted("2018-05-21T16:20:46.000Z"))
    assert archived.read(answer(body=PAGE), other, WHEN) == Kept(nothing="a page without the post")


def test_an_unclosed_post_does_not_swallow_its_neighbours():
    """A page cut in the middle of a post, or broken, gives at most what stands before the next post."""
    broken = PAGE.replace("</p>", "").replace("</div>", "")
    shown = permalink.read(broken, POST.post_id)
    assert shown is not None
    assert "No 0" not in shown.text


def test_the_visitors_clock_is_not_read():
    """The printed time is of the visitor's zone; without data-time there is no time."""
    page = re.sub(r' data-time(?:-ms)?="\d+"', "", PAGE)
    assert "posted_at" not in values(archived.read(answer(body=page), REF, WHEN))


def test_og_lines_are_the_weaker_form():
    """Where only the head tells of the post: name, handle and text, named as such."""
    page = PAGE.partition("<body")[0]
    reading = archived.read(answer(body=page), REF, WHEN)
    assert values(reading) == {"author": ADA.name, "handle": ADA.handle, "text": POST.full_text}
    assert {fact.how.split(".")[1] for _, fact in reading.facts} == {"og"}


@pytest.mark.parametrize(("told", "number"), [(version_1, 1), (version_2, 2)], ids=["version 1.1", "version 2"])
def test_json_of_both_versions_is_read(told, number):
    """The same post, as either version of the API tells it; HTML escapes are undone."""
    reading = archived.read(in_json(told(POST)), REF, WHEN)
    found = values(reading)
    assert found["text"] == POST.full_text
    assert (found["author"], found["handle"], found["author_id"]) == (ADA.name, ADA.handle, ADA.user_id)
    assert found["posted_at"] == "2018-05-21T16:20:45.000Z"
    assert (found["quoted"]["post_id"], found["in_reply_to"]["post_id"]) == (QUOTED.post_id, PARENT.post_id)
    assert reading.wanted == (PICTURE, FACE)
    assert {fact.how.split(".")[1] for _, fact in reading.facts} == {"api"}


@pytest.mark.parametrize("told", [version_1, version_2], ids=["version 1.1", "version 2"])
def test_json_of_another_post_is_nothing(told):
    """An archived answer about somebody else is not this post."""
    assert archived.read(in_json(told(PARENT)), REF, WHEN).nothing == "JSON without the post"


@pytest.mark.parametrize(
    ("exchange", "nothing"),
    [
        (answer(body=shell("react")), "a shell without the post"),
        (answer(body=shell("wrong")), "“Something went wrong”"),
        (answer(body=shell("login")), "a login wall"),
        (answer(body=shell("migrate")), "the x/migrate page"),
        (answer(body=""), "a page without the post"),
        (answer(404, body=PAGE), "X answered 404"),
        (answer(429, body=PAGE), "X answered 429"),
        (in_json({"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]}), "JSON without the post"),
        (in_json([1, 2]), "wayback: not a JSON object"),
        (in_json({"data": {"id": POST.post_id, "text": ""}}), "JSON without the post"),
        (replace(answer(), body=None, body_problem="gzip: bad"), "wayback: no readable body: gzip: bad"),
    ],
)  # fmt: skip
def test_shells_and_errors_are_nothing(exchange, nothing):
    """What shows no post says nothing about it, whatever else it is."""
    assert archived.read(exchange, REF, WHEN) == Kept(nothing=nothing)


@pytest.mark.parametrize(
    ("data", "lacks"),
    [
        ({"id_str": POST.post_id, "text": "Hello"}, {"author", "handle", "posted_at", "lang"}),
        ({"id": int(POST.post_id), "text": "Hello", "user": {"screen_name": "a b"}}, {"handle"}),
        ({"id_str": POST.post_id, "text": "Hello", "created_at": "yesterday"}, {"posted_at"}),
        (
            {"data": [{"id": "1", "text": "x"}, {"id": POST.post_id, "text": "Hello", "author_id": "7"}]},
            {"author", "handle"},
        ),
    ],
)
def test_what_json_does_not_tell_is_left_out(data, lacks):
    """Missing and odd fields are unknown, not guessed."""
    found = values(archived.read(in_json(data), REF, WHEN))
    assert found["text"] == "Hello"
    assert not lacks & set(found)


def test_a_post_is_looked_for_under_every_form_of_its_address():
    """twitter.com, mobile and x.com with the handle, as beginnings; without it in the form that needs none."""
    assert list(archived.addresses(REF)) == [
        (f"https://twitter.com/{ADA.handle}/status/{POST.post_id}", True),
        (f"https://mobile.twitter.com/{ADA.handle}/status/{POST.post_id}", True),
        (f"https://x.com/{ADA.handle}/status/{POST.post_id}", True),
        (f"https://twitter.com/i/web/status/{POST.post_id}", False),
        (f"https://x.com/i/web/status/{POST.post_id}", False),
    ]
    assert len(list(archived.addresses(replace(REF, handle=None)))) == 2


@given(st.dates(date(2010, 11, 5), date(2035, 1, 1)), st.integers(0, 86_399_999))
def test_every_post_of_a_day_has_one_of_its_beginnings(day, millis):
    """Whatever the millisecond, the post's address begins with one that is asked for, of two at most."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    post_id = snowflake.first_id(start) + (millis << 22)
    beginnings = archived.beginnings("ada", day)
    assert any(f"https://twitter.com/ada/status/{post_id}".startswith(one) for one in beginnings)
    assert len([one for one in beginnings if "://x.com" in one]) <= 2


def test_a_day_before_ids_counted_time_has_no_beginnings():
    """Until November 2010 ids do not tell the day."""
    assert archived.beginnings("ada", date(2010, 1, 6)) == ()


@needs_shared
@pytest.mark.parametrize("path", sorted((SHARED / "fixtures/legacy_html").glob("*.html")), ids=lambda path: path.name)
def test_saved_pages_are_read(path):
    """Real pages of 2015 and 2016: the post of the file's name, its author, its second, and agreement with og:."""
    handle, post_id, _ = path.stem.rsplit("_", 2)
    page = path.read_text("utf-8")
    shown, told = permalink.read(page, post_id), permalink.read(page.partition("<body")[0], post_id)
    moment = snowflake.moment(post_id)
    assert shown is not None
    assert told is not None
    assert moment is not None
    assert shown.posted_at is not None
    assert (shown.form, shown.handle, shown.lang) == ("permalink", handle, "en")
    assert shown.posted_at.at == moment.at.replace(microsecond=0)
    assert shown.author == told.author
    assert shown.text[:40] == told.text[:40]


@needs_shared
@pytest.mark.parametrize("path", sorted((SHARED / "fixtures/legacy_html").glob("*.html")), ids=lambda path: path.name)
def test_every_post_of_a_saved_page_is_told_apart(path):
    """Pages of replies hold up to a dozen; each has its own time, which is its id's, and never the printed one."""
    page = path.read_text("utf-8")
    ids = set(re.findall(r'data-tweet-id="(\d+)"', page))
    texts = []
    for post_id in ids:
        shown, made = permalink.read(page, post_id), snowflake.moment(post_id)
        assert made is not None
        if shown is None or shown.form != "permalink":
            continue
        assert shown.posted_at is not None
        assert (shown.posted_at.at, shown.posted_at.precision) == (made.at.replace(microsecond=0), "second")
        assert shown.avatar is not None
        assert shown.avatar.startswith("https://pbs.twimg.com/profile_images/")
        texts.append((shown.handle, shown.text))
    assert len(texts) == len(set(texts)) >= 1
    own = path.stem.rsplit("_", 2)[1]
    assert f'data-tweet-id="{own}"' in page
    printed = re.findall(r'class="tweet-timestamp[^"]*"[^>]*title="([^"]+)"', page)
    assert printed, "the visitor's own time is printed, and not read"


@needs_shared
def test_the_still_of_a_saved_gif_is_named():
    """``vyki_e``'s page of 2016: a GIF in an answer, behind its player."""
    page = next((SHARED / "fixtures/legacy_html").glob("vyki_e_*.html")).read_text("utf-8")
    ids = re.findall(r'data-tweet-id="(\d+)"', page)
    stills = [medium for post_id in ids if (shown := permalink.read(page, post_id)) for medium in shown.media]
    assert [(one.type, one.url) for one in stills if one.type != "photo"] == [
        ("animated_gif", "https://pbs.twimg.com/tweet_video_thumb/CdR3k4RWoAEPONJ.jpg")
    ]


@needs_shared
def test_the_recorded_page_of_xcom_is_a_shell():
    """June 2024: no word of the post, a way to ``x/migrate``."""
    recorded = shared_json("fixtures/oembed/recorded_2024_twitter.com_to_x.com_migrate_page.json")
    kept = archived.read(answer(body=recorded["body"]), REF, WHEN)
    assert kept == Kept(nothing="the x/migrate page")


@given(st.text(alphabet=st.sampled_from('<>"= dtw-i/p1409\n'), max_size=400))
def test_any_markup_is_read_without_a_crash(noise):
    """Broken markup around and inside the post: at worst nothing, never another post's words."""
    shown = permalink.read(PAGE.replace("nobody polished", f"nobody {noise} polished"), POST.post_id)
    assert shown is None or "No 0" not in shown.text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["data", "id", "text", "user", "name", "includes", "users", "extended_entities",
                                       "media", "attachments", "media_keys", "created_at"]), inner, max_size=4)
)))  # fmt: skip
def test_any_json_is_read_without_a_crash(value):
    """JSON of any shape: a post comes back only with its id and a text."""
    data = {"id_str": POST.post_id, **value} if isinstance(value, dict) else value
    shown = answers.read(json.loads(json.dumps(data)), POST.post_id)
    assert shown is None or shown.text


def test_a_megabyte_of_openings_is_read_in_no_time():
    """Hostile pages cost their length, not its square."""
    for opening in (
        "<table ",
        '<table class="tweet ',
        f'<div data-id="{POST.post_id}">',
        "<div ",
        "<div data-tweet-id=",
        '<meta property="',
        "<div>",
        " ",
    ):
        page, began = opening * (1_000_000 // len(opening)), time.process_time()
        permalink.read(page, POST.post_id)
        mobile.read(page, POST.post_id)
        assert time.process_time() - began < 10, opening


ANSWERED = [PAGE.encode(), json.dumps(version_1(POST)).encode(), json.dumps(version_2(POST)).encode()]


@given(st.sampled_from(ANSWERED), st.data())
def test_a_mutated_answer_invents_nothing(body, data):
    """Bytes lost, doubled or replaced: at worst nothing is read, and whatever is read stands in the answer."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body) - 1))
        end = min(len(body), start + data.draw(st.integers(0, 60)))
        body = body[:start] + data.draw(st.sampled_from([b"", b"<", b'"', b"\xff", body[start:end] * 2])) + body[end:]
    kept = archived.read(answer(body=body, kind="text/html"), REF, WHEN)
    assert bool(kept.facts) != bool(kept.nothing)
    for field, fact in kept.facts:
        if field in ("handle", "author_id", "lang"):
            assert str(fact.value).encode() in body
        if field in ("quoted", "in_reply_to"):
            assert str(dict(cast("dict[str, str]", fact.value))["post_id"]).encode() in body
