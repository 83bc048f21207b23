"""What the archive knows, asked."""

from __future__ import annotations

import pytest

from archiver.errors import UsageError
from archiver.model import PostRef
from archiver.store.answers import Answers
from archiver.store.catalog import Catalog
from tests.store.tapes import article, link, outcome, post
from tests.store.test_catalog import ref


@pytest.fixture
def answers(tmp_path):
    catalog = Catalog.open(tmp_path / "catalog.sqlite")
    first = article("https://news.example/a", outcomes=(
        outcome(0, "20", short_links=["https://t.co/a"]),
        outcome(1, None, kind="link", url="https://t.co/b", status="pending"),
    ))  # fmt: skip
    second = article("https://news.example/b%_", minute=1, outcomes=(
        outcome(0, "20", status="already"),
        outcome(1, "21", handle="Biz", availability="deleted"),
    ))  # fmt: skip
    written = [first, second, post("20"), link("https://t.co/b")]
    catalog.commit("a.warc.gz", 100, (), [(document, ref(number)) for number, document in enumerate(written)])
    yield Answers(catalog)
    catalog.close()


def test_bodies_by_key(answers):
    """The newest document's body of an article, a post, a link; or nothing."""
    assert answers.article("https://news.example/a")["title"] == "A story"
    assert answers.post(PostRef(platform="x", post_id="20", handle="renamed"))["availability"] == "public"
    assert answers.link("https://t.co/b")["ended"] == "post"
    assert answers.article("https://news.example/c") is None
    assert answers.post(PostRef(platform="mastodon", post_id="20")) is None
    assert answers.link("https://t.co/\ud800\0") is None


def test_articles_newest_first(answers):
    """With what they hold and what still waits."""
    rows = list(answers.articles())
    assert [(row["key"], row["finds"], row["waiting"]) for row in rows] == [
        ("https://news.example/b%_", 2, 0),
        ("https://news.example/a", 2, 1),
    ]
    assert set(rows[0]) == {"key", "name", "url", "title", "saved_at", "finds", "waiting", "error", "due_at"}
    assert [row["key"] for row in answers.articles(limit=1)] == ["https://news.example/b%_"]


A, B = "https://news.example/a", "https://news.example/b%_"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, [(B, 0), (B, 1), (A, 0), (A, 1)]),
        ({"limit": 1}, [(B, 0)]),
        ({"handle": "@BIZ"}, [(B, 1)]),
        ({"availability": "deleted"}, [(B, 1)]),
        ({"status": "pending"}, [(A, 1)]),
        ({"article": "example/a"}, [(A, 0), (A, 1)]),
        ({"article": "b%_"}, [(B, 0), (B, 1)]),
        ({"article": "%"}, [(B, 0), (B, 1)]),
        ({"article": "a%"}, []),
        ({"article": "news.example", "handle": "jack"}, [(B, 0), (A, 0), (A, 1)]),
        ({"handle": "nobody"}, []),
        ({"key": "x:20"}, [(B, 0), (A, 0)]),
        ({"key": "x:20", "status": "already"}, [(B, 0)]),
        ({"key": "https://t.co/a"}, [(A, 0)]),
        ({"key": "https://t.co/b"}, [(A, 1)]),
        ({"key": "x:22"}, []),
        ({"key": ""}, []),
    ],
)
def test_sightings_by_what_is_known_of_them(answers, where, found):
    """Newest article first; of a post, of a link alone or within an embed; text of strangers is no pattern."""
    assert [(one["article"], one["position"]) for one in answers.sightings(**where)] == found


def test_a_sighting_is_its_public_record(answers):
    """As it stands in the article's document, with the article's key, and what the post's own document says of later
    looks."""
    (record,) = answers.sightings("x:21")
    nothing_known = {"due_at": None, "changes": list[object](), "submitted": None}
    assert record == {**outcome(1, "21", handle="Biz", availability="deleted"), "article": B, **nothing_known}


def test_another_word_is_a_mistake(answers):
    """And says which words there are."""
    with pytest.raises(UsageError, match="colour: handle, availability"):
        list(answers.sightings(colour="red"))


def test_many_sightings_come_in_batches(tmp_path):
    """More than fit into one."""
    catalog = Catalog.open(tmp_path / "catalog.sqlite")
    many = article(outcomes=tuple(outcome(number) for number in range(450)))
    catalog.commit("a.warc.gz", 1, (), [(many, ref())])
    assert [one["position"] for one in Answers(catalog).sightings()] == list(range(450))
    catalog.close()
