from __future__ import annotations

from archiver import articles
from archiver.model import Article
from tests.answers import NOW, answer, ref

ARTICLE = Article(key="https://news.example/a", name="a", kind="html", source=ref(99), fetched_at=NOW)


def test_an_articles_document_holds_its_outcomes() -> None:
    """With all documents the catalog can be rebuilt."""
    document = articles.article_document(ARTICLE, [{"position": 0}], at=NOW)
    assert (document.uri, document.refers_to) == ("urn:archiver:article:https://news.example/a", ref(99))
    assert document.body["outcomes"] == [{"position": 0}]
    assert document.body["source"] == {
        "warc": ref(99).file,
        "offset": 99_000,
        "length": 500,
        "record_id": ref(99).record_id,
    }


def test_a_pages_word_that_it_is_as_it_was_belongs_to_its_slot() -> None:
    """A new 304 is written down; an older one stays only while the page's slot does; a lie is never forgotten."""
    told = articles.standing(answer(304), None, "a")
    assert told["not_modified"]["at"] == "2026-08-01T12:00:00.000Z"
    known = {**told, "slot": "a", "validators_lie": True}
    assert articles.standing(None, known, "a") == {"not_modified": told["not_modified"], "validators_lie": True}
    assert articles.standing(None, known, "b") == {"not_modified": None, "validators_lie": True}


def test_an_announced_article_is_due_at_once() -> None:
    """With what its source said, and where that lies."""
    told = {"source": "feed", "at": NOW, "published": None, "seen_in": ref(3), "content": None}
    body = articles.announcement(ARTICLE, told, at=NOW, aliases=("https://news.example/b",)).body
    assert (body["due_at"], body["tries"], body["aliases"]) == (NOW.isoformat(), 0, ["https://news.example/b"])
    assert body["announced"]["at"] == "2026-08-01T12:00:00.000Z"
    assert body["announced"]["seen_in"]["record_id"] == ref(3).record_id
