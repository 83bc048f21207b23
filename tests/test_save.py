"""``archiver save``, end to end: the real program, a loopback web over TLS, and what is in the archive afterwards."""

from __future__ import annotations

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.nouns import Page, Photo, Post, snowflake
from tests.loopback.scenarios import FOREVER, Scenario
from tests.saving import ANNA, post, world


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


def test_quiet_says_nothing_on_success(newsroom):
    """Zero bytes on both streams, so that cron sends no mail."""
    room = newsroom(world(shown := post()))
    said = room.archiver("save", "--quiet", room.file("a.txt", shown.url()))
    assert (said.code, said.out, said.err) == (0, "", "")
