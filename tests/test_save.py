"""``archiver save``, end to end: the real program, a loopback web over TLS, and what is in the archive afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.store.lock import Lock
from tests.loopback import sample_world as sample
from tests.loopback.hostile import BOMBS, PRIVATE_HOSTS, ROUTES, hostile
from tests.loopback.nouns import Account, Link, Page, Photo, Post, snowflake
from tests.loopback.scenarios import FOREVER, Scenario
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World
from tests.net.street import Trap
from tests.newsroom import Newsroom
from tests.shared import SHARED, needs_shared

ANNA = Account(handle="anna_example", name="Anna Example")


def world(*posts: Post, links: tuple[Link, ...] = (), pages: tuple[Page, ...] = ()) -> World:
    return World(posts=posts, links=links, pages=pages)


def post(at: str = "2024-03-01T10:00:00.250Z", **more) -> Post:
    return Post(post_id=snowflake(at), by=ANNA, text="A post by Anna.", **more)


@pytest.fixture
def newsroom(tmp_path):
    """Opens a newsroom on the web of a world; closes the web afterwards."""
    webs = []

    def on(made: World, *, network: str = "", **hosts) -> Newsroom:
        web = LoopbackWeb({**made.hosts(), **hosts}, folder=tmp_path).__enter__()
        webs.append(web)
        return Newsroom(tmp_path, web, network=network)

    yield on
    for web in webs:
        web.__exit__()


@pytest.fixture(scope="module")
def seed(tmp_path_factory):
    """The seed article, saved on the loopback web."""
    path = SHARED / "corpus" / "seed-article.txt"
    folder = tmp_path_factory.mktemp("seed")
    with LoopbackWeb(sample.seed_world(path.read_text("utf-8")).hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        yield room, room.save(path), path


@needs_shared
def test_the_seed_article_has_three_embeds_as_printed_there(seed):
    """Author, handle and UTC day are those of the article's text."""
    _, said, _ = seed
    claims = [(r["kind"], r["author"], r["handle"], r["posted_at"][:10], r["form"]) for r in said.rows]
    assert claims == [
        ("embed", "Global.TV", "GlobalTelevsion", "2021-06-28", "plain-text"),
        ("embed", "Samya Kullab | سامية كُلاّب", "samya_kullab", "2021-06-28", "plain-text"),
        ("embed", "Evan Kohlmann", "IntelTweet", "2021-06-28", "plain-text"),
    ]


@needs_shared
def test_the_seed_articles_first_embed_becomes_its_post_and_both_links_are_followed(seed):
    """Through its picture link; the other two lead to pages, so those embeds stay without an id."""
    _, said, _ = seed
    first, second, third = said.rows
    assert (first["post_id"], first["status"], first["availability"]) == (sample.SEED_POST_ID, "archived", "public")
    assert first["url"] == "https://x.com/GlobalTelevsion/status/1409390776546258944"
    assert (first["posted_at"], first["posted_at_precision"]) == ("2021-06-28T05:58:41.000Z", "millisecond")
    ends = [(link["ended"], link["end"]) for one in (second, third) for link in one["links"]]
    assert ends == [("page", sample.SEED_PAGES[0]), ("page", sample.SEED_PAGES[1])]
    assert [second["post_id"], third["post_id"]] == [None, None]
    assert said.code == 0


@needs_shared
def test_every_response_block_is_what_the_server_sent(seed):
    """Byte for byte, and so is every request."""
    room, _, _ = seed
    sent = Counter(bytes(crossing.sent) for crossing in room.web.log)
    received = Counter(crossing.received for crossing in room.web.log)
    assert Counter(block for _, block in room.records("response")) == sent
    assert Counter(block for _, block in room.records("request")) == received


@needs_shared
def test_the_archive_passes_gzip_and_warcio_check(seed):
    """But for the one known false alarm: payload digests of chunked answers are those of the entity body."""
    room, _, _ = seed
    for path in room.archive.glob("*.warc.gz"):
        subprocess.run(["gzip", "-t", path], check=True)
        command = [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        assert len(re.findall("digest pass", said)) > 20
        assert not re.search("fail", said), said


@needs_shared
def test_a_second_save_captures_nothing_twice_and_says_so(seed):
    """No request, no new WARC, and the words for a person."""
    room, _, path = seed
    asked, files = len(room.web.log), sorted(room.archive.iterdir())
    said = room.archiver("save", path)
    assert (said.code, len(room.web.log), sorted(room.archive.iterdir())) == (0, asked, files)
    assert "nothing captured anew: all of it was in the archive" in said.out
    assert [r["status"] for r in room.save(path).rows] == ["already", "unavailable", "unavailable"]


def test_without_a_network_everything_waits_and_nothing_is_lost(newsroom):
    """The article's own claims are kept, the links that wait are named, and the next save goes on."""
    room = newsroom(sample.sample_world())
    room.unplug()
    said = room.archiver("save", sample.ARTICLE_TXT)
    assert said.code == 69
    assert "https://t.co/GullPoint1 waits" in said.out
    rows = room.archiver("list", "--json").rows
    assert [(r["status"], r["handle"]) for r in rows] == [
        ("pending", "ElleryLive_eg"), ("pending", "noor_saleh_eg"), ("pending", "ivo_brandt_eg")
    ]  # fmt: skip
    assert all(fact["record_id"] for r in rows for facts in r["facts"].values() for fact in facts)
    room.connect(room.web.connect_to_toml)
    said = room.save(sample.ARTICLE_TXT)
    assert (said.code, [r["status"] for r in said.rows]) == (0, ["archived", "unavailable", "unavailable"])


def test_a_page_of_every_kind_of_embed_and_link(newsroom):
    """Each find of the sample page comes to its end: public, gone, suspended, blocked, chained, looping, dead."""
    room = newsroom(sample.sample_world())
    said = room.save(sample.ARTICLE_URL)
    ends = {link["short"]: link["ended"] for r in said.rows if r["kind"] == "link" for link in r["links"]}
    assert ends == {
        sample.PAGE_LINKS["a page"].url: "page",
        sample.PAGE_LINKS["a paper"].url: "page",
        sample.PAGE_LINKS["a slow page"].url: "page",
        sample.PAGE_LINKS["a page that is gone"].url: "gone",
        sample.PAGE_LINKS["a dead link"].url: "gone",
        sample.PAGE_LINKS["a blocked link"].url: "unsafe",
        sample.PAGE_LINKS["a dead host"].url: "pending",
        sample.PAGE_LINKS["a chain"].url: "page",
        sample.PAGE_LINKS["a loop"].url: "loop",
    }
    posts = {r["post_id"]: (r["status"], r["availability"]) for r in said.rows if r["post_id"]}
    assert posts[sample.CONFESSION.post_id] == ("unavailable", "deleted")
    assert posts[sample.SALE.post_id] == ("pending", "ambiguous")  # one service says suspended, the other only 403
    assert posts[sample.TWO_YEARS.post_id] == ("archived", "public")
    assert len(said.rows) == len(sample.PAGE_FINDS)
    assert said.code == 1
    assert "wares.example" not in {crossing.asked.host for crossing in room.web.log}


def test_a_deleted_post_keeps_what_the_article_claims(newsroom):
    """Handle, author, text and day are there, each from the article; the service's answer is kept as such."""
    gone = post(scenario=Scenario(tweet_result="404 html", oembed="404 html", standing="deleted"))
    room = newsroom(world(gone))
    page = room.file("a.html", f"""<blockquote class="twitter-tweet"><p lang="en">A post by Anna.</p>&mdash;
        Anna Example (@anna_example) <a href="{gone.url('twitter.com')}">March 1, 2024</a></blockquote>""")  # fmt: skip
    said = room.save(page)
    (found,) = said.rows
    assert (said.code, found["status"], found["availability"]) == (0, "unavailable", "deleted")
    assert {field: [fact["how"] for fact in facts] for field, facts in found["facts"].items()} == {
        "author": ["blockquote"], "handle": ["blockquote"], "text": ["blockquote"], "lang": ["blockquote"],
        "posted_at": ["snowflake", "blockquote"],
    }  # fmt: skip
    assert [capture["http_status"] for capture in found["captures"]] == [404, 404]


@pytest.mark.parametrize("answer", ["empty object", "empty tombstone"])
def test_an_ambiguous_answer_waits_a_day(newsroom, answer):
    """It is no deletion; asking again at once would be pointless, so the next save does not."""
    unclear = post(scenario=Scenario(tweet_result=answer, oembed="403 not authorized", standing="private"))
    room = newsroom(world(unclear))
    text = room.file("a.txt", unclear.url())
    said = room.save(text)
    assert (said.code, said.rows[0]["status"], said.rows[0]["availability"]) == (1, "pending", "ambiguous")
    asked = len(room.web.log)
    again = room.save(text)
    assert (again.rows[0]["status"], len(room.web.log)) == ("pending", asked)
    assert again.rows[0]["try_again_at"] == said.rows[0]["try_again_at"]


def test_a_post_that_only_oembed_shows_is_public_and_its_media_are_asked_for_again(newsroom):
    """An empty tombstone for a perfectly public post: who said what is known, and that its media are not."""
    shown = post(scenario=Scenario(tweet_result="empty tombstone"))
    room = newsroom(world(shown))
    text = room.file("a.txt", shown.url())
    (found,) = room.save(text).rows
    assert (found["status"], found["availability"], found["author"]) == ("pending", "public", "Anna Example")
    assert found["facts"]["author"][0]["how"] == "oembed.author_name"
    assert found["error"] == "shown by oEmbed alone, so its media are not known yet"
    asked = len(room.web.log)
    assert (room.save(text).rows[0]["try_again_at"], len(room.web.log)) == (found["try_again_at"], asked)


def test_one_missing_file_does_not_cost_the_others(newsroom):
    """The rest is saved; the exit code says that an input was missing."""
    room = newsroom(world(shown := post()))
    said = room.save("no-such-file.txt", room.file("a.txt", shown.url()))
    assert (said.code, [r["status"] for r in said.rows]) == (66, ["archived"])
    assert "no-such-file.txt" in said.err


def test_a_rate_limit_is_obeyed_over_runs(newsroom):
    """``Retry-After: 120`` is longer than this run waits: the post stays pending and is left alone until then."""
    limited = post(scenario=Scenario(refusals=FOREVER, retry_after="120"))
    room = newsroom(world(limited))
    text = room.file("a.txt", limited.url())
    said = room.save(text)
    assert (said.code, said.rows[0]["status"]) == (1, "pending")
    asked = len(room.web.log)
    assert room.save(text).rows[0]["status"] == "pending"
    assert len(room.web.log) == asked


def test_one_refusal_is_outlasted(newsroom):
    """A 429 without a time is asked again once, both answers are kept."""
    room = newsroom(world(limited := post(scenario=Scenario(refusals=1))))
    said = room.save(room.file("a.txt", limited.url()))
    assert (said.code, said.rows[0]["status"]) == (0, "archived")
    kept = [headers["WARC-Target-URI"] for headers, _ in room.records("response")]
    assert sum("tweet-result" in url for url in kept) == 2


def test_a_post_in_two_articles_is_captured_once_and_sighted_twice(newsroom):
    """The second article's record says ``already``; the post's page lists both."""
    room = newsroom(world(shared := post()))
    first = room.save(room.file("a.txt", f"One: {shared.url()}"))
    asked = len(room.web.log)
    second = room.save(room.file("b.txt", f"Two: {shared.url('twitter.com')}?s=20"))
    assert [first.rows[0]["status"], second.rows[0]["status"]] == ["archived", "already"]
    assert len(room.web.log) == asked
    shown = room.archiver("show", "--json", shared.post_id).rows
    assert len({r["article"] for r in shown}) == 2


def test_an_edited_article_is_seen_with_again(newsroom):
    """Without ``--again`` a known address is not fetched; with it, it is, and its posts are not."""
    address = "https://news.example/a"
    made = world(one := post(), pages=(Page(url=address, body=f"<p>{one.url()}</p>".encode()),))
    room = newsroom(made)
    room.save(address)
    asked = len(room.web.log)
    assert (room.save(address).rows[0]["status"], len(room.web.log)) == ("already", asked)
    room.save("--again", address)
    assert [crossing.url for crossing in room.web.log[asked:]] == [address]


def test_a_failed_look_takes_nothing_away(newsroom):
    """An article that was saved and is gone now keeps its finds, and what it is now is an error."""
    address = "https://news.example/a"
    one = post()
    room = newsroom(world(one, pages=(Page(url=address, body=f"<p>{one.url()}</p>".encode()),)))
    room.save(address)
    room.web.hosts |= world(pages=(Page(url=address, status=404),)).hosts()
    again = room.archiver("save", "--again", address)
    assert (again.code, "answered 404" in again.err) == (1, True)
    assert [r["post_id"] for r in room.archiver("list", "--json").rows] == [one.post_id]
    assert room.save(address).rows[0]["status"] == "already"


def test_an_article_that_was_not_there_is_asked_for_again(newsroom):
    """Once it is published it is found."""
    address = "https://news.example/later"
    room = newsroom(world(one := post(), pages=(Page(url=address, status=404),)))
    assert room.save(address).code == 1
    assert "answered 404" in room.archiver("list", "--articles").out
    room.web.hosts |= world(one, pages=(Page(url=address, body=one.url().encode()),)).hosts()
    said = room.save(address)
    assert (said.code, said.rows[0]["status"]) == (0, "archived")


def test_a_post_that_was_known_is_listed_as_archived_in_a_second_article(newsroom):
    """``already`` is what one run says; the archive holds it."""
    room = newsroom(world(shared := post()))
    room.save(room.file("a.txt", f"One: {shared.url()}"))
    room.save(room.file("b.txt", f"Two: {shared.url()}"))
    assert len(room.archiver("list", "--json", "--status", "archived").rows) == 2


@pytest.mark.parametrize("answer", ["not json", "cut json"])
def test_an_answer_that_cannot_be_read_is_kept_and_asked_for_anew(newsroom, answer):
    """The find failed and says so, the bytes are safe, and a later save gets another answer."""
    unreadable = post(scenario=Scenario(tweet_result=answer, oembed="500 html"))
    room = newsroom(world(unreadable))
    text = room.file("a.txt", unreadable.url())
    (found,) = room.save(text).rows
    assert found["status"] == "failed"
    assert [capture["why"] for capture in found["captures"]] == ["post", "oembed"]
    asked = len(room.web.log)
    room.save(text)
    assert len(room.web.log) > asked


def test_a_renamed_account_is_found_through_its_picture(newsroom):
    """The embed names the old handle; the picture link leads to the post, and the two names are listed."""
    photo = Photo(media_id=snowflake("2024-03-01T09:59:00Z"))
    renamed = Post(
        post_id=snowflake("2024-03-01T10:00:00Z"), by=ANNA, text="A post.", photos=(photo,), pic="AnnaPic001"
    )
    room = newsroom(world(renamed))
    text = "A post. pic.twitter.com/AnnaPic001\n— Anna Example (@anna_before) March 1, 2024\n"
    (found,) = room.save(room.file("a.txt", text)).rows
    assert (found["post_id"], found["status"], found["handle"]) == (renamed.post_id, "archived", "anna_example")
    (named,) = found["disagreements"]
    assert [value["value"] for value in named["values"]][-1] == "anna_before"


def test_a_page_that_is_no_text_is_kept_but_not_searched(newsroom):
    """A PDF is captured; nothing is claimed about what is in it."""
    address = "https://news.example/report.pdf"
    page = Page(url=address, body=b"%PDF-1.4 https://t.co/abcdefghij", content_type="application/pdf")
    room = newsroom(world(pages=(page,)))
    said = room.archiver("save", address)
    assert (said.code, "nothing that could be looked through; 1 captured" in said.out) == (65, True)
    assert "looks like application/pdf, not looked through" in said.err
    assert "pdftotext" in said.err


def test_a_full_device_is_no_bug(newsroom):
    """Standard output that can't be written is exit 74."""
    room = newsroom(world(shown := post()))
    room.save(room.file("a.txt", shown.url()))
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "archiver", "--config", str(room.config), "list"]
        assert subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL, check=False).returncode == 74


def test_facts_point_at_the_bytes_that_they_were_read_from(newsroom):
    """Each fact's record id is a record of the archive, and its value is in that record's block."""
    room = newsroom(world(shown := post()))
    (found,) = room.save(room.file("a.txt", shown.url())).rows
    blocks = {headers["WARC-Record-ID"]: block for headers, block in room.records()}
    handles = [fact for fact in found["facts"]["handle"] if fact["how"] == "tweet-result.user.screen_name"]
    assert handles
    assert all(b'"anna_example"' in blocks[fact["record_id"]] for fact in handles)


def test_photos_are_taken_in_their_original_size_or_the_next_that_there_is(newsroom):
    """The ladder of sizes, every rung that was tried kept; what no size has is a finding, not a failure."""
    photos = (
        Photo(media_id=snowflake("2024-03-01T09:59:00Z"), lacks=frozenset({"orig"})),
        Photo(media_id=snowflake("2024-03-01T09:59:01Z"), lacks=frozenset({"all"})),
    )
    room = newsroom(world(shown := post(photos=photos, pic="AnnaPic001")))
    (found,) = room.save(room.file("a.txt", shown.url())).rows
    first, second = found["facts"]["media"][0]["value"]
    assert first["file"]["url"].endswith("name=4096x4096")
    assert second["file"] is None
    assert found["status"] == "archived"


def test_links_to_private_addresses_are_refused(newsroom):
    """In every spelling; each chain up to there is kept, and no connect reaches the trap."""
    trap = Trap()
    names = {f"Private{number:03d}": address for number, address in enumerate(PRIVATE_HOSTS)}
    links = tuple(Link(code=code, to=f"http://{address}:{trap.port}/") for code, address in names.items())
    room = newsroom(world(links=links))
    # Only t.co is on the loopback web: every other name and address is left to the guard.
    room.connect(f'{{ "t.co:443" = "127.0.0.1:{room.web.tls_port}" }}', f"allowed_ports = [80, 443, {trap.port}]")
    rows = room.save(room.file("a.txt", "\n".join(link.url for link in links))).rows
    caught = trap.caught()
    trap.close()
    answers = {names[r["url"][-10:]]: (r["status"], r["links"][0]["hops"][0]["http_status"]) for r in rows}
    assert answers == dict.fromkeys(PRIVATE_HOSTS, ("refused", 301))
    assert caught == []


def test_a_whole_run_over_bombs_and_floods_stays_small(newsroom):
    """Every hostile answer costs its own link only; the process's peak is below 150 MB."""
    names = [*BOMBS, *ROUTES]
    hosts = [f"https://h{number}.hostile.test" for number in range(len(names))]
    links = tuple(Link(code=f"Hostile{n:03d}", to=f"{hosts[n]}/{name}") for n, name in enumerate(names))
    limits = (
        'max_body_bytes = "30 MB"\nhead_timeout_s = 1.5\ntotal_timeout_s = 6\n'
        "min_rate_window_s = 1\nmin_bytes_per_s = 2000\n"
    )
    room = newsroom(world(links=links), network=limits, **{"*.hostile.test": hostile})
    room.config.write_text(room.config.read_text().replace("tries = 2", "tries = 1"))
    text = room.file("a.txt", "\n".join(link.url for link in links))
    code = (
        "import sys\nfrom archiver.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*(line for line in open('/proc/self/status') if 'VmHWM' in line), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "--config", str(room.config), "save", "--json", str(text)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    (peak,) = map(int, re.findall(r"VmHWM:\s+(\d+) kB", done.stderr))
    assert len(done.stdout.splitlines()) == len(names)
    assert peak < 150_000, f"{peak} kB"
    for path in room.archive.glob("*.warc.gz"):
        subprocess.run(["gzip", "-t", path], check=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_save_keeps_what_was_finished_and_goes_on(newsroom, number, code):
    """The exit code says what stopped it; the next save asks only for the rest."""
    posts = tuple(post(f"2024-03-01T10:00:{n:02d}.000Z") for n in range(12))
    room = newsroom(world(*posts), network="parallel = 1")
    room.web.delay_s = 0.05
    text = room.file("a.txt", "\n".join(one.url() for one in posts))
    process = room.start("save", text)
    while len(room.web.log) < 8:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == code
    kept = sum(1 for _ in room.records("response"))
    assert kept >= 6
    room.web.delay_s = 0
    asked = len(room.web.log)
    assert room.save(text).code == 0
    urls = Counter(headers["WARC-Target-URI"] for headers, _ in room.records("response"))
    assert max(urls.values()) == 1
    assert len(room.web.log) - asked == sum(urls.values()) - kept


def test_a_second_run_is_told_who_holds_the_archive(newsroom):
    """Who waits says for whom; with ``--wait-lock 0``, exit 75 at once."""
    room = newsroom(world(wanted := post()))
    text = room.file("a.txt", wanted.url())
    room.archive.mkdir()
    held = Lock.take(room.archive, datetime.now(UTC))
    refused = room.archiver("save", "--wait-lock", "0", text)
    assert (refused.code, f"in use by process {os.getpid()} on " in refused.err) == (75, True)
    with room.start("save", "--json", text) as waiting:
        assert waiting.stderr
        told = waiting.stderr.readline()
        held.release(clean=True)
        waiting.communicate(timeout=120)
    assert re.match(rf"waiting, at most 3600 s: .* is in use by process {os.getpid()} on .* since ", told)
    assert waiting.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("save", "nothing-here.txt"), 66, "No such file"),
        (("save", "news.example/story"), 66, "https://news.example/story"),
        (("save", "."), 66, "not a regular file"),
        (("save", "ftp://example.com/a"), 66, "only http"),
        (("save", "/dev/null"), 66, "not a regular file"),
        (("save",), 2, "Missing argument"),
        (("save", "--colour", "x"), 2, "No such option"),
        (("show", "12345"), 66, "no archive"),
        (("save", "http://[::1"), 66, ""),
        (("save", "--url", "notaurl", "config.toml"), 66, "notaurl"),
        (("resolve", "foo"), 66, "foo"),
        (("list", "--status", "gone"), 2, "gone"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_mistakes_are_answered_with_what_to_do(newsroom, words, code, says):
    """One line on standard error, nothing on standard output, a documented exit code, no traceback."""
    said = newsroom(world()).archiver(*words)
    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert "Traceback" not in said.err


def test_every_mistake_in_the_configuration_is_reported_at_once(newsroom):
    """With the nearest known key."""
    room = newsroom(world())
    room.config.write_text('[netwrok]\n[network]\ntriess = 3\nmax_body_bytes = "10 M"\n')
    said = room.archiver("config")
    assert said.code == 78
    assert [word in said.err for word in ("did you mean network?", "did you mean tries?", "10 M")] == [True] * 3


@pytest.mark.parametrize(
    "hostile_bytes",
    [
        b"\x00" * 5000,
        b"\xff\xfe" + bytes(range(256)) * 20,
        b"<div>" * 20_000 + b"https://t.co/",
        b"<!--" * 20_000,
        b"\xed\xa0\x80 a",
    ],
    ids=["zeros", "binary", "deep", "comments", "surrogate"],
)
def test_a_hostile_file_is_no_bug_of_ours(newsroom, hostile_bytes):
    """It is archived as it is; there is nothing in it, or only what is in it."""
    room = newsroom(world())
    said = room.archiver("save", room.file("evil.html", hostile_bytes))
    assert said.code in (0, 1), said.err
    assert "Traceback" not in said.err + said.out


def test_text_of_strangers_cannot_move_the_cursor(newsroom):
    """Escape sequences in a post's author arrive on the terminal as visible letters."""
    author = Account(handle="esc_example", name="\x1b[31mRed\x1b]8;;x\x07")
    shown = Post(post_id=snowflake("2024-03-01T10:00:00Z"), by=author, text="\x1b[2JBoo [bold]not bold[/bold]")
    room = newsroom(world(shown))
    said = room.archiver("save", room.file("a.txt", shown.url()))
    shown_again = room.archiver("show", shown.post_id)
    assert "\x1b" not in said.out + shown_again.out
    assert "[bold]not bold[/bold]" in shown_again.out


def test_list_and_show_find_their_way(newsroom):
    """By status, handle, article, post id, URL and short link."""
    room = newsroom(sample.sample_world())
    room.save(sample.ARTICLE_URL)
    gone = room.archiver("list", "--json", "--availability", "deleted").rows
    assert [r["post_id"] for r in gone] == [sample.CONFESSION.post_id]
    assert room.archiver("list", "--json", "--handle", "@ELLERYLIVE_eg").rows[0]["post_id"] == sample.BEAM.post_id
    assert len(room.archiver("list", "--json", "--limit", "3").rows) == 3
    assert room.archiver("list", "--articles", "--json").rows[0]["key"] == sample.ARTICLE_URL
    for what in (sample.BEAM.post_id, sample.BEAM.url(), sample.PAGE_LINKS["a chain"].url, sample.ARTICLE_URL):
        assert room.archiver("show", what).code == 0
    assert "ow.ly" in room.archiver("show", sample.PAGE_LINKS["a chain"].url).out


def test_resolve_prints_and_keeps_every_hop(newsroom):
    """A pic.twitter.com code is its t.co link; the chain is in the archive, and asked for once."""
    room = newsroom(sample.sample_world())
    said = room.archiver("resolve", "--json", "pic.twitter.com/GullPoint1", sample.PAGE_LINKS["a chain"].url)
    first, second = said.rows
    assert (said.code, first["ended"], first["short"]) == (0, "post", "https://t.co/GullPoint1")
    assert [hop["http_status"] for hop in second["hops"]] == [301, 301, 301, 301, 200]
    asked = len(room.web.log)
    assert room.archiver("resolve", sample.PAGE_LINKS["a chain"].url).code == 0
    assert len(room.web.log) == asked


def test_find_keeps_nothing(newsroom):
    """For a file no request is made; for an address, the page is asked for and no archive appears."""
    room = newsroom(sample.sample_world())
    assert len(room.archiver("find", "--json", sample.ARTICLE_TXT).rows) == 3
    assert not room.web.log
    found = room.archiver("find", "--json", sample.ARTICLE_URL).rows
    assert len(found) == len(sample.PAGE_FINDS)
    assert [crossing.url for crossing in room.web.log] == [sample.ARTICLE_URL]
    assert not room.archive.exists()


def test_quiet_says_nothing_on_success(newsroom):
    """Zero bytes on both streams, so that cron sends no mail."""
    room = newsroom(world(shown := post()))
    said = room.archiver("save", "--quiet", room.file("a.txt", shown.url()))
    assert (said.code, said.out, said.err) == (0, "", "")


def test_an_archive_whose_catalog_is_gone_is_read_back_from_its_warcs(newsroom):
    """The next save says so, and asks for nothing that is there."""
    room = newsroom(sample.sample_world())
    room.save(sample.ARTICLE_TXT)
    before = room.archiver("list", "--json").out
    asked = len(room.web.log)
    for path in room.archive.glob("catalog*"):
        Path(path).unlink()
    said = room.save(sample.ARTICLE_TXT)
    assert (said.code, len(room.web.log)) == (0, asked)
    assert room.archiver("list", "--json").out == before
