"""What nights ask of the archive, and what they remember in it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from archiver.store.connection import FILE_NAME
from archiver.store.records import warc_date
from tests.store.tapes import NOW, article, link, opened, outcome, post

DAY = timedelta(days=1)


def due_at(document, at, **more):
    """``document`` with its next look at ``at``."""
    return dataclasses.replace(document, body={**document.body, "due_at": at.isoformat() if at else None, **more})


async def filled(folder):
    """An archive with a post, an article and a link, due a day apart, and an article that is never looked at again."""
    archive = await opened(folder)
    quoting = article(outcomes=(outcome(0, short_links=["https://t.co/a"]),))
    settled = dataclasses.replace(quoting, key="https://news.example/never")
    await archive.add([
        due_at(post(), NOW - 3 * DAY),
        due_at(quoting, NOW - DAY, aliases=["news.example/a", "news.example/b"]),
        due_at(settled, None),
        due_at(link(), NOW + DAY),
    ])  # fmt: skip
    return archive


async def test_what_is_due_comes_oldest_first(tmp_path):
    """Whatever kind it is; what is due later, or never, does not come."""
    archive = await filled(tmp_path)
    assert [(one.kind, one.key) for one in archive.due(NOW)] == [("post", post().key), ("article", article().key)]
    assert len(list(archive.due(NOW + 2 * DAY))) == 3
    assert archive.waiting(NOW)["post"] == 1
    assert archive.waiting(NOW)["oldest"].startswith("2026-07-29")
    await archive.aclose()


async def test_what_is_not_settled_is_tried_again_later(tmp_path):
    """What is due already, what rests, and what is merely looked at again are told apart."""
    archive = await filled(tmp_path)
    unsettled = dataclasses.replace(post("7"), body={**post("7").body, "settled": False})
    await archive.add([due_at(unsettled, NOW - DAY), due_at(post("8"), NOW + DAY)])
    nothing = {"article": 0, "post": 0, "link": 0, "next": None}
    assert archive.later(NOW + 9 * DAY) == nothing
    first = next(one for one in archive.due(NOW) if one.key == unsettled.key)
    await archive.postpone(first, NOW + 2 * DAY, 1, "unreachable")
    assert archive.later(NOW) == {**nothing, "post": 1, "next": warc_date(NOW + 2 * DAY)}
    await archive.aclose()


async def test_many_due_things_come_in_pages_and_each_once(tmp_path):
    """Twelve hundred of one instant."""
    archive = await opened(tmp_path)
    one = article()
    keys = [f"https://news.example/{n:04}" for n in range(1200)]
    await archive.add([due_at(dataclasses.replace(one, key=key), NOW) for key in keys])
    assert [due.key for due in archive.due(NOW)] == keys
    await archive.aclose()


async def test_what_left_no_bytes_rests_until_a_document_says_otherwise(tmp_path):
    """And how often that happened is counted."""
    archive = await filled(tmp_path)
    first = next(archive.due(NOW))
    await archive.postpone(first, NOW + DAY, first.tries + 1, "unreachable")
    assert [one.kind for one in archive.due(NOW)] == ["article"]
    assert archive.waiting(NOW)["post"] == 0
    again = next(archive.due(NOW + DAY))
    assert (again.key, again.tries) == (first.key, 1)
    newer = dataclasses.replace(due_at(post(), NOW - DAY), at=NOW + timedelta(hours=1))
    await archive.add([newer])
    assert [one.tries for one in archive.due(NOW) if one.kind == "post"] == [0]
    await archive.aclose()


async def test_an_article_is_known_by_all_its_identities(tmp_path):
    """Also by hundreds at a time."""
    archive = await filled(tmp_path)
    asked = [f"news.example/{n}" for n in range(1200)] + ["news.example/b", "news.example/a"]
    assert archive.known_as(asked) == {"news.example/a": article().key, "news.example/b": article().key}
    await archive.aclose()


async def test_the_articles_that_quote_a_post_or_hold_a_link_are_known(tmp_path):
    """By their keys."""
    archive = await filled(tmp_path)
    assert set(archive.quoting("post", post().key)) == {article().key, "https://news.example/never"}
    assert set(archive.quoting("link", "https://t.co/a")) == {article().key, "https://news.example/never"}
    assert archive.quoting("post", "x:1") == []
    await archive.aclose()


async def test_what_nights_remember_is_there_in_the_next(tmp_path):
    """By kind and name; alone or beside what was there."""
    archive = await opened(tmp_path)
    archive.remember("source", {"front": {"etag": "a"}, "back": {"etag": "b"}})
    archive.remember("source", {"front": {"etag": "c"}})
    archive.remember("pace", {"t.co": {"share": 0.5}})
    archive.remember("pace", {"x.com": {"share": 0.25}}, alone=True)
    await archive.aclose()
    archive = await opened(tmp_path)
    assert archive.recall_all("source") == {"front": {"etag": "c"}, "back": {"etag": "b"}}
    assert archive.recall_all("pace") == {"x.com": {"share": 0.25}}
    await archive.aclose()


async def test_when_to_look_next_comes_back_with_the_warcs(tmp_path):
    """The catalog is lost, the schedule is not."""
    archive = await filled(tmp_path)
    before = list(archive.due(NOW + 2 * DAY))
    await archive.aclose()
    (tmp_path / FILE_NAME).unlink()
    archive = await opened(tmp_path)
    assert list(archive.due(NOW + 2 * DAY)) == before
    assert archive.known_as(["news.example/b"]) == {"news.example/b": article().key}
    await archive.aclose()


async def test_a_local_file_is_read_back(tmp_path):
    """Its bytes and its type; an exchange is none."""
    archive = await opened(tmp_path)
    ref = await archive.add_file("urn:archiver:file:sha256:00", b"<p>hello", "text/html")
    assert archive.local(ref.record_id) == (b"<p>hello", "text/html")
    assert archive.local("<urn:uuid:none>") is None
    await archive.aclose()


def changed(document, *changes):
    """``document`` with these (instant, word)."""
    said = [{"at": at.isoformat(), "what": what, "from": "a", "to": "b"} for at, what in changes]
    return dataclasses.replace(document, at=NOW, body={**document.body, "changes": said})


async def test_what_changed_since_is_found_by_when_it_was_written(tmp_path):
    """Of posts with who quotes them; what changed earlier, or will have changed, is not among it."""
    archive = await opened(tmp_path)
    await archive.add([
        changed(post(), (NOW - 3 * DAY, "edited"), (NOW - DAY, "gone"), (NOW + DAY, "returned")),
        changed(article(), (NOW - DAY, "edited")),
        dataclasses.replace(changed(post("8"), (NOW - DAY, "gone")), at=NOW - 3 * DAY),
        post("9"),
    ])  # fmt: skip
    found = [(one["kind"], one["key"], one["what"]) for one in archive.changes(NOW - 2 * DAY, NOW)]
    assert found == [("article", article().key, "edited"), ("post", post().key, "gone")]
    (gone,) = [one for one in archive.changes(NOW - 2 * DAY, NOW) if one["kind"] == "post"]
    assert gone["articles"] == list(archive.quoting("post", post().key))
    assert list(archive.changes(NOW, NOW + 9 * DAY)) == []
    await archive.aclose()
