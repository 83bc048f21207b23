"""Web archives, end to end: the real program on a loopback web where posts are gone and archived."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.embeds import blockquote, running_text
from tests.loopback.legacy import mobile_page, shell, version_1, version_2
from tests.loopback.nouns import Account, Link, Page, Photo, Post, Video, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import LoopbackWeb
from tests.loopback.wayback import Capture, in_json, of_post
from tests.loopback.x_world import World
from tests.newsroom import Newsroom, row
from tests.shared import SHARED, needs_shared
from tests.test_record import valid

ANNA = Account(handle="anna_example", name="Anna Example")
GONE = Post(
    post_id=snowflake("2018-03-01T10:00:00.250Z"),
    by=ANNA,
    text="A post by Anna that somebody deleted, with a picture",
    pic="AnnasPic01",
    photos=(Photo(media_id=snowflake("2018-03-01T09:59:00Z"), alt="A gull"),),
    scenario=SCENARIOS["deleted"],
)
EMBED = f"<html><body>{blockquote(GONE)}</body></html>"
TEXT = f"It was said before.\n{running_text(GONE)}\nAnd that was that.\n"


@pytest.fixture
def newsroom(tmp_path) -> Iterator[Callable[..., Newsroom]]:
    """Opens a newsroom that asks web archives, on the web of a world; closes the web afterwards."""
    webs = []

    def on(*posts: Post, captures: tuple[Capture, ...] = (), **more) -> Newsroom:
        web = LoopbackWeb(World(posts=posts, captures=captures, **more).hosts(), folder=tmp_path).__enter__()
        webs.append(web)
        return Newsroom(tmp_path, web, wayback=True)

    yield on
    for web in webs:
        web.__exit__()


def values(found, field):
    """(value, how) of each fact of a field."""
    return [(fact["value"], fact["how"]) for fact in found["facts"].get(field, ())]


def stored(room, found):
    """Every record id that the record names, and whether all of them are in the archive."""
    ids = {headers.get_header("WARC-Record-ID") for headers, _ in room.records()}
    named = set(re.findall(r"<urn:uuid:[0-9a-f-]{36}>", str(found)))
    return bool(named) and named <= ids


def test_a_deleted_post_is_had_from_the_wayback_machine(newsroom):
    """Gone from X, whole in the archive: its facts have the capture's time and address, its bytes are in our WARC."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert valid(found, "saved")
    assert (found["status"], found["availability"], found["error"]) == ("archived", "deleted", None)
    memento = {
        "at": "2018-03-02T00:00:00.000Z",
        "url": f"https://web.archive.org/web/20180302000000id_/{GONE.url('twitter.com')}",
    }
    assert found["recovered"] == memento
    assert values(found, "author_id") == [(ANNA.user_id, "wayback.permalink.author_id")]
    assert found["facts"]["text"][0]["memento"] == memento
    assert stored(room, found)


def test_the_picture_of_a_deleted_post_is_kept_too(newsroom):
    """Its own host often still has it."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    [found] = room.save(room.file("page.html", EMBED)).rows
    [[medium]] = [fact["value"] for fact in found["facts"]["media"]]
    assert (medium["type"], medium["alt"], medium["file"]["media_type"]) == ("photo", "A gull", "image/jpeg")
    assert medium["file"]["url"] == f"{GONE.photos[0].url.removesuffix('.jpg')}?format=jpg&name=orig"
    assert stored(room, found)


@pytest.mark.parametrize("archived", [True, False])
def test_a_picture_that_is_gone_from_its_host_is_had_from_the_archive_or_not_at_all(newsroom, archived):
    """As archived around that time; else the record says that it is not held."""
    [photo] = GONE.photos
    gone = replace(GONE, photos=(replace(photo, lacks=frozenset({"all"})),))
    picture = Capture(url=f"{photo.url}:large", stamp="20180305000000", body=b"\xff\xd8", media_type="image/jpeg")
    room = newsroom(gone, captures=(of_post(gone, "20180302000000"), *([picture] if archived else [])))
    [found] = room.save(room.file("page.html", EMBED)).rows
    [[medium]] = [fact["value"] for fact in found["facts"]["media"]]
    assert found["status"] == "archived"
    assert (medium["file"] or {}).get("url") == (
        f"https://web.archive.org/web/20180305000000id_/{photo.url}:large" if archived else None
    )


FILM = Video(media_id=snowflake("2018-03-01T09:58:00Z"))
RUNGS = [one.url for one in sorted(FILM.variants, key=lambda one: -(one.bitrate or 0)) if one.bitrate is not None]


def in_archive(url, stamp="20180305000000", kind="video/mp4"):
    """A file that the archive holds."""
    return Capture(url=url, stamp=stamp, body=b"a file of the archive", media_type=kind)


@pytest.mark.parametrize(
    ("lacks", "archived", "held"),
    [
        ((), (), RUNGS[0]),
        ((2_176_000, 832_000, 256_000), (RUNGS[1],), f"https://web.archive.org/web/20180305000000id_/{RUNGS[1]}"),
        ((2_176_000, 832_000, 256_000), (), None),
    ],
    ids=["from its host", "from the archive", "from nobody"],
)
def test_the_film_of_a_deleted_post_is_kept_too(newsroom, lacks, archived, held):
    """The best that its own host still has, else the best that the archive has; the still and the face as well."""
    gone = replace(GONE, photos=(), videos=(replace(FILM, lacks=frozenset(lacks)),))
    captures = (in_json(gone, "20180302000000", version_1(gone)), *map(in_archive, archived))
    room = newsroom(gone, captures=captures)
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert valid(found, "saved")
    [[medium]] = [fact["value"] for fact in found["facts"]["media"]]
    assert (medium["file"] or {}).get("url") == held
    assert medium["poster"]["media_type"] == "image/jpeg"
    [face] = [fact["value"] for fact in found["facts"]["avatar"]]
    assert face["file"]["url"] == ANNA.avatar.replace("_normal", "")
    assert stored(room, found)


@pytest.mark.parametrize(
    ("x", "film", "face"),
    [('media = "images"', False, True), ('media = "none"', False, False), ("avatar = false", True, False)],
)
def test_what_is_kept_of_a_recovered_post_is_what_the_configuration_says(newsroom, x, film, face):
    """The switches hold for what archives name, too."""
    gone = replace(GONE, photos=(), videos=(FILM,))
    room = newsroom(gone, captures=(in_json(gone, "20180302000000", version_1(gone)),))
    room.config.write_text(f"{room.config.read_text()}\n[x]\n{x}\n")
    [found] = room.save(room.file("page.html", EMBED)).rows
    [[medium]] = [fact["value"] for fact in found["facts"]["media"]]
    assert (bool(medium["file"]), bool(found["facts"]["avatar"][0]["value"]["file"])) == (film, face)


def test_what_archives_hold_counts_into_the_budget(newsroom):
    """A film of the archive is cut where the budget ends, and what comes after is refused."""
    gone = replace(GONE, photos=(), videos=(replace(FILM, lacks=frozenset((2_176_000, 832_000, 256_000))),))
    film = replace(in_archive(RUNGS[0]), body=b"\0" * 300_000)
    room = newsroom(gone, captures=(in_json(gone, "20180302000000", version_1(gone)), film))
    room.config.write_text(f"{room.config.read_text()}\n[x]\nmax_post_bytes = 60000\n")
    [found] = room.save(room.file("page.html", EMBED)).rows
    files = [one for one in found["captures"] if one["why"] in ("media", "avatar") or RUNGS[0] in one["url"]]
    assert 0 < sum(one["bytes"] for one in files) <= 60_000
    assert found["status"] == "archived"


def test_a_page_for_telephones_is_read(newsroom):
    """Where only mobile.twitter.com was captured."""
    page = mobile_page(GONE, answers=others(3)).encode()
    room = newsroom(GONE, captures=(Capture(url=GONE.url("mobile.twitter.com"), stamp="20180302000000", body=page),))
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert valid(found, "saved")
    assert (found["status"], values(found, "text")[0]) == ("archived", (GONE.text, "wayback.mobile.text"))


def test_a_handle_that_is_learnt_later_is_looked_for_once(newsroom):
    """The first article links to the post under today's handle, the second prints the one of that day."""
    before = replace(GONE, by=Account(handle="anna_before", name="Anna Example"))
    room = newsroom(GONE, captures=(of_post(before, "20180302000000"),))
    first = room.file("first.html", EMBED)
    [found] = room.save(first).rows
    assert (found["status"], found["recovered"]) == ("unavailable", None)
    second = room.file("second.html", EMBED.replace("(@anna_example)", "(@anna_before)"))
    [found] = room.save(second).rows
    assert (found["status"], bool(found["recovered"])) == ("archived", True)
    assert values(found, "handle")[0] == ("anna_before", "wayback.permalink.handle")
    asked = len(room.web.log)
    assert {row["status"] for row in room.save(first, second).rows} == {"already"}
    assert len(room.web.log) == asked


def test_a_second_save_asks_nobody_about_it(newsroom):
    """What was recovered is known."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    page = room.file("page.html", EMBED)
    room.save(page)
    before = len(room.web.log)
    [found] = room.save(page).rows
    assert (found["status"], len(room.web.log)) == ("already", before)


def test_shells_are_passed_over_until_a_capture_shows_the_post(newsroom):
    """Archived walls and errors are nothing; the likeliest captures come first, whatever availability names."""
    url = GONE.url("twitter.com")
    captures = (
        Capture(url=url, stamp="20180301100001", body=shell("login").encode()),
        Capture(url=url, stamp="20230801000000", body=shell("wrong").encode()),
        Capture(url=url, stamp="20230901000000", status=404),
        of_post(GONE, "20190101000000", tail="?s=20"),
    )
    room = newsroom(GONE, captures=captures)
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert found["recovered"]["at"] == "2019-01-01T00:00:00.000Z"
    assert not [fact for facts in found["facts"].values() for fact in facts if "2018-03-01T10:00:01" in str(fact)]


@pytest.mark.parametrize("told", [version_1, version_2])
def test_a_capture_in_json_is_read(newsroom, told):
    """Where the archive's crawler was given JSON."""
    room = newsroom(GONE, captures=(in_json(GONE, "20210101000000", told(GONE)),))
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert values(found, "handle")[0] == (ANNA.handle, "wayback.api.handle")


def test_a_post_that_nobody_archived_stays_gone(newsroom):
    """Nothing is recovered, nothing invented, and nobody is asked again."""
    room = newsroom(GONE)
    page = room.file("page.html", EMBED)
    [found] = room.save(page).rows
    assert (found["status"], found["availability"], found["recovered"]) == ("unavailable", "deleted", None)
    asked = room.web.asked("web.archive.org")
    assert len(asked) == 5
    room.save(page)
    assert room.web.asked("web.archive.org") == asked


@pytest.mark.parametrize("trouble", ["503", "429"])
def test_an_archive_in_trouble_is_left_alone_and_asked_another_time(newsroom, trouble):
    """The post is known to be gone; that the archive could not be asked is said, and makes it wait for another run."""
    posts = tuple(replace(GONE, post_id=str(int(GONE.post_id) + number)) for number in range(12))
    page = f"<html><body>{''.join(map(blockquote, posts))}</body></html>"
    room = newsroom(*posts, trouble=trouble)
    said = room.save(room.file("page.html", page))
    assert {(one["status"], one["availability"]) for one in said.rows} == {("pending", "deleted")}
    assert all(one["try_again_at"] for one in said.rows)
    assert len(room.web.asked("web.archive.org")) <= 40


def test_a_blocked_site_is_an_answer(newsroom):
    """The archive shows these captures to nobody: nothing to wait for."""
    room = newsroom(GONE, trouble="blocked")
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert found["status"] == "unavailable"


def test_without_a_network_archives_are_not_asked(newsroom):
    """Nobody answers at all: the post waits, as it always did, and no archive is named."""
    room = newsroom(GONE)
    room.unplug()
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert (found["status"], found["recovered"]) == ("pending", None)
    assert "archive" not in found["error"]


def test_archives_can_be_switched_off(newsroom):
    """``wayback = false``: no question leaves."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    room.wayback = False
    room.connect(room.web.connect_to_toml)
    [found] = room.save(room.file("page.html", EMBED)).rows
    assert (found["status"], found["recovered"]) == ("unavailable", None)
    assert room.web.asked("archive.org") + room.web.asked("web.archive.org") == []


def test_switched_on_later_they_are_asked_about_what_was_gone_before(newsroom):
    """A post that was settled as gone without archives is looked for once they are asked, as part of a new look."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    page = room.file("page.html", EMBED)
    room.wayback = False
    room.connect(room.web.connect_to_toml)
    room.save(page)
    room.wayback = True
    room.connect(room.web.connect_to_toml)
    [found] = room.save(page).rows
    assert (found["status"], found["availability"]) == ("archived", "deleted")
    assert found["recovered"]


def others(count: int, *, by: Account = ANNA, day: str = "2018-03-01T00:00:00+00:00") -> list[Post]:
    """As many other posts of an account, some of that day and some of the days around it."""
    start = datetime.fromisoformat(day) - timedelta(days=2)
    return [
        Post(
            post_id=snowflake((start + timedelta(minutes=14 * number)).isoformat(), sequence=9),
            by=by,
            text=f"Number {number} of many things that were said in those days, most of them about gulls",
        )
        for number in range(count)
    ]


def test_an_embed_of_text_alone_is_found_among_its_authors_posts(newsroom):
    """Account, day and words: one of 400 posts has them, and it is the embed's."""
    crowd = [of_post(other, "20180401000000") for other in others(400)]
    room = newsroom(replace(GONE, pic=None), captures=(*crowd, of_post(GONE, "20180302000000")))
    [found] = room.save(room.file("page.txt", TEXT.replace(" pic.twitter.com/AnnasPic01", ""))).rows
    assert valid(found, "saved")
    assert (found["post_id"], found["status"], found["availability"]) == (GONE.post_id, "archived", "deleted")
    told = found["identified"]
    assert (told["post_id"], told["whole"]) == (GONE.post_id, True)
    assert [(one["post_id"], one["confidence"]) for one in told["candidates"]] == [(GONE.post_id, "same")]
    assert 90 < told["listed"] < 110
    assert stored(room, found)


def test_a_crowded_day_is_read_over_several_runs_and_no_capture_twice(newsroom):
    """Each run goes on where the last one stopped; reading again afterwards changes nothing."""
    crowd = [of_post(other, "20180401000000") for other in others(400)]
    room = newsroom(replace(GONE, pic=None), captures=(*crowd, of_post(GONE, "20180302000000")))
    room.config.write_text(room.config.read_text().replace("[archives]", "[archives]\nmost_candidates = 40"))
    text = room.file("page.txt", TEXT.replace(" pic.twitter.com/AnnasPic01", ""))
    seen = []
    for _ in range(3):
        [found] = room.save(text).rows
        assert valid(found, "saved")
        seen.append((found["status"], found["identified"]["read"], found["post_id"]))
    listed = found["identified"]["listed"]
    assert seen == [("pending", 40, None), ("pending", 80, None), ("archived", listed, GONE.post_id)]
    asked = [one.url for one in room.web.log if "/web/2018" in one.url]
    assert len(asked) == len(set(asked)) == listed
    before, log = room.archiver("list", "--json").rows, len(room.web.log)
    room.save(text)
    assert len(room.web.log) == log
    room.unplug()
    assert "0 documents with something new" in room.archiver("reread").out
    assert room.archiver("list", "--json").rows == before


def test_show_names_the_capture_and_the_evidence(newsroom):
    """A person sees where the post was had from, when the archive got it, and why it is taken for the embed's."""
    room = newsroom(replace(GONE, pic=None), captures=(of_post(GONE, "20180302000000"),))
    room.save(room.file("page.txt", TEXT.replace(" pic.twitter.com/AnnasPic01", "")))
    said = room.archiver("show", GONE.post_id).out
    assert re.search(r"recovered +https://web\.archive\.org/web/20180302000000id_/\S+ of 2018-03-02T00:00Z", said)
    assert "by wayback.permalink.author on 2018-03-02T00:00Z" in said
    assert re.search(r"identified +1 post of that account and day in the archive, 1 of them readable", said)
    assert re.search(r"same words +https://x\.com/anna_example/status/\d+ \(letter for letter, 100%\)", said)


def test_two_posts_with_the_same_words_are_candidates_and_no_fact(newsroom):
    """Deleted and posted again: which of the two the article shows, nobody can tell."""
    twin = replace(GONE, post_id=snowflake("2018-03-01T11:00:00.250Z"))
    room = newsroom(GONE, twin, captures=(of_post(GONE, "20180302000000"), of_post(twin, "20180302000000")))
    [found] = room.save(room.file("page.txt", TEXT.replace(" pic.twitter.com/AnnasPic01", ""))).rows
    assert valid(found, "saved")
    assert (found["post_id"], found["status"]) == (None, "unavailable")
    assert {one["post_id"] for one in found["identified"]["candidates"]} == {GONE.post_id, twin.post_id}
    assert "2 resemble it, none beyond doubt" in found["error"]


@pytest.mark.parametrize(
    ("written", "confidence"),
    [
        (GONE.text.replace("Anna", "Hanna"), "alike"),
        ("Good morning", None),
        ("Something that Anna never wrote, about boats and their names", None),
    ],
)
def test_words_that_are_merely_alike_prove_nothing(newsroom, written, confidence):
    """They are listed for a person to judge, or not at all."""
    room = newsroom(GONE, captures=(of_post(GONE, "20180302000000"),))
    text = f"{written}\n— Anna Example (@anna_example) March 1, 2018\n"
    [found] = room.save(room.file("page.txt", text)).rows
    assert found["post_id"] is None
    assert [one["confidence"] for one in found["identified"]["candidates"]] == ([confidence] if confidence else [])


def test_another_days_post_with_the_same_words_is_not_it(newsroom):
    """The printed day is the post's UTC day."""
    yesterday = replace(GONE, post_id=snowflake("2018-02-28T10:00:00.250Z"))
    room = newsroom(yesterday, captures=(of_post(yesterday, "20180302000000"),))
    [found] = room.save(room.file("page.txt", TEXT.replace(" pic.twitter.com/AnnasPic01", ""))).rows
    assert (found["post_id"], found["identified"]["candidates"]) == (None, [])


@needs_shared
def test_the_seed_article_becomes_three_whole_records(tmp_path):
    """The first post is public, the second deleted but archived, the third in a listing among 400 others: one save."""
    path = SHARED / "corpus" / "seed-article.txt"
    text = path.read_text("utf-8")
    world = sample.seed_world(text)
    samya, evan = (
        Post(post_id=snowflake(at), by=Account(handle, name), text=words, links=(link,), scenario=SCENARIOS[scenario])
        for at, handle, name, words, link, scenario in (
            ("2021-06-28T09:10:11.121Z", "samya_kullab", "Samya Kullab | سامية كُلاّب",
             text[text.index("#IRAQ latest") : text.index("\n— Samya")], world.links[0], "deleted"),
            ("2021-06-28T13:14:15.161Z", "IntelTweet", "Evan Kohlmann",
             text[text.index("The Washington Post:") : text.index("\n— Evan")], world.links[1], "public"),
        )
    )  # fmt: skip
    crowd = others(400, by=evan.by, day="2021-06-28T00:00:00+00:00")
    captures = (
        in_json(samya, "20210629000000", version_2(samya)),
        *(in_json(each, "20210701000000", version_1(each)) for each in (*crowd, evan)),
    )
    world |= World(posts=(samya, evan), captures=captures)
    with LoopbackWeb(world.hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web, wayback=True)
        said = room.save(path)
        again = room.save(path)
    assert said.code == 0, said.rows
    for found in said.rows:
        assert valid(found, "saved")
        assert found["status"] == "archived"
        assert all(fact["record_id"] for facts in found["facts"].values() for fact in facts)
        assert stored(room, found)
    first, second, third = (row(said.rows, position) for position in range(3))
    assert (first["post_id"], first["availability"], first["identified"]) == (sample.SEED_POST_ID, "public", None)
    assert (second["post_id"], second["availability"]) == (samya.post_id, "deleted")
    assert second["recovered"]["at"] == "2021-06-29T00:00:00.000Z"
    assert (third["post_id"], third["availability"], third["recovered"]) == (evan.post_id, "public", None)
    assert 90 < third["identified"]["listed"] < 110
    assert {one["status"] for one in again.rows} == {"already"}


@pytest.fixture
def submitting(tmp_path, monkeypatch, request):
    """A newsroom that submits what it captures, on the web of one public post with a link to a page. A parameter says
    what comes of it (``World.saving``)."""
    monkeypatch.setenv("ARCHIVER_IA_KEYS", "ourkey:oursecret")
    link = Link(code="ToAPage001", to="https://pages.example/one")
    post = replace(GONE, scenario=SCENARIOS["public"])
    page = Page(url=link.to, body=b"<p>One</p>" * 500)
    world = World(posts=(post,), links=(link,), pages=(page,), saving=getattr(request, "param", "works"))
    with LoopbackWeb(world.hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web, wayback=True, submits=True)
        room.file("page.html", f"<html><body>{blockquote(post)}<p><a href='{link.url}'>a page</a></p></body></html>")
        yield room


def submissions(room):
    """The addresses that were submitted, by the web's own log."""
    asked = [crossing.asked for crossing in room.web.log if crossing.asked.path == "/save"]
    assert all((one.method, one.headers["authorization"]) == ("POST", "LOW ourkey:oursecret") for one in asked)
    return sorted(dict(parse_qsl(one.raw.partition(b"\r\n\r\n")[2].decode()))["url"] for one in asked)


def test_public_posts_and_pages_are_submitted_once(submitting):
    """After their capture, with our keys; the answer is in our WARC, and a second save submits nothing."""
    page = submitting.folder / "page.html"
    assert submitting.save(page).code == 0
    assert submissions(submitting) == ["https://pages.example/one", GONE.url()]
    submitting.save(page)
    assert len(submissions(submitting)) == 2
    answers = [
        block
        for _, block in submitting.records("response")
        if b'"job_id":"spn2-' in block and b'"status":' not in block
    ]
    assert len(answers) == 2


def handed_on(room):
    """What the record says of the post's and the page's submission."""
    rows = room.archiver("show", "--json", str(room.folder / "page.html")).rows
    assert all(valid(row, "saved") for row in rows[1:])
    return [row["submitted"] for row in rows if row["kind"] in ("embed", "link")]


def looks(room):
    """How often each job was asked for."""
    return [crossing.asked.path for crossing in room.web.log if crossing.asked.path.startswith("/save/status/")]


def test_what_came_of_a_submission_is_recorded(submitting):
    """At the end of the run: the archive's own capture, with the record that says so; ``show`` prints it."""
    submitting.save(submitting.folder / "page.html")
    post, page = handed_on(submitting)
    assert post["state"] == page["state"] == "saved"
    assert post["memento"] == {"at": "2026-01-01T00:00:00.000Z",
                               "url": f"https://web.archive.org/web/20260101000000id_/{GONE.url()}"}  # fmt: skip
    assert "pages.example" in page["memento"]["url"]
    assert stored(submitting, post)
    assert len(looks(submitting)) == 4  # pending, then done, for both
    said = re.sub(r"\s+", " ", submitting.archiver("show", GONE.post_id).out)
    assert f"submitted saved, {post['memento']['url']} of 2026-01-01T00:00Z" in said


@pytest.mark.parametrize(
    ("submitting", "state", "error", "asked"),
    [
        ("too many", "refused", "This URL has been already captured 5 times today (error:too-many-daily-captures)", 0),
        ("no access", "refused", "Target URL could not be accessed (status=403) (error:no-access)", 4),
        ("not found", "refused", "Target URL not found (status=404) (error:not-found)", 4),
        ("endless", "pending", None, 6),
        ("not json", "refused", "Save Page Now answered 200, and nothing that can be read", 0),
    ],
    indirect=["submitting"],
)
def test_what_did_not_come_of_it_is_recorded_too(submitting, state, error, asked):
    """In its own words; a job is asked for three times and then left alone."""
    assert submitting.save(submitting.folder / "page.html").code == 0
    assert {(one["state"], one["memento"], one["error"]) for one in handed_on(submitting)} == {(state, None, error)}
    assert len(looks(submitting)) == asked


@pytest.mark.parametrize("submitting", ["429", "503"], indirect=True)
def test_a_service_in_trouble_changes_nothing(submitting):
    """Nothing is submitted, and the save is well."""
    assert submitting.save(submitting.folder / "page.html").code == 0
    assert handed_on(submitting) == [None, None]


def test_a_night_asks_at_its_end_too(submitting):
    """Once for all that it submitted."""
    pages = submitting.folder / "pages"
    pages.mkdir()
    (submitting.folder / "page.html").rename(pages / "page.html")
    with submitting.config.open("a") as file:
        file.write(f'[nightly]\nmin_free_bytes = 0\n[[sources]]\nname = "pages"\nfolder = "{pages}"\n')
    assert submitting.archiver("nightly", "--quiet").code == 0
    [post] = submitting.archiver("show", "--json", GONE.post_id).rows
    assert post["submitted"]["state"] == "saved"
    assert len(looks(submitting)) == 4


def test_a_later_run_keeps_what_came_of_it(submitting):
    """Asked once; looking again, or reading again, loses nothing."""
    page = submitting.folder / "page.html"
    submitting.save(page)
    known = handed_on(submitting)
    submitting.archiver("save", "--again", page)
    submitting.archiver("reread")
    assert submitting.archiver("verify").code == 0
    assert handed_on(submitting) == known
    assert len(submissions(submitting)) == 2


def test_the_keys_are_in_no_warc(submitting):
    """What was sent is stored, but for the keys."""
    submitting.save(submitting.folder / "page.html")
    blocks = b"".join(block for _, block in submitting.records())
    assert b"POST /save HTTP/1.1" in blocks
    assert b"oursecret" not in blocks
    assert b"ourkey" not in blocks


def test_without_keys_nothing_is_begun(submitting, monkeypatch):
    """The mistake is named, with what to set."""
    monkeypatch.delenv("ARCHIVER_IA_KEYS")
    said = submitting.save(submitting.folder / "page.html")
    assert said.code == 78
    assert "ARCHIVER_IA_KEYS=key:secret" in said.err
    assert not submitting.web.log


def test_nothing_is_submitted_unless_it_is_wanted(newsroom):
    """The option is off by default."""
    public = replace(GONE, scenario=SCENARIOS["public"])
    room = newsroom(public)
    room.save(room.file("page.html", EMBED))
    assert room.web.asked("web.archive.org") == []
