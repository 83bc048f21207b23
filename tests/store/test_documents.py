"""Our JSON records as rows."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Document
from archiver.store import documents, schema
from archiver.store.records import json_text
from tests.store.tapes import NOW, article, link, outcome, post
from tests.store.test_fields import ANY_TEXT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["key", "name", "outcomes", "platform", "post_id", "facts", "handle", "settled", "end", "url", "short_links"]


def block(document):
    """What a metadata record would hold."""
    said = {"kind": document.kind, "key": document.key, "at": document.at.isoformat(), "body": document.body}
    return json_text(said).encode()


def test_a_post_becomes_a_row():
    """The preferred fact of each field, in columns; the whole body beside."""
    row = documents.row(post(handle="Jack"))
    body = row.pop("body")
    assert row == {
        "platform": "x",
        "post_id": "20",
        "at": "2026-08-01T12:00:00.123456Z",
        "url": "https://x.com/Jack/status/20",
        "availability": "public",
        "settled": True,
        "handle": "Jack",
        "author": "Jack",
        "posted_at": "2006-03-21T20:50:14.000Z",
        "posted_at_precision": "second",
        "text": "just setting up my twttr",
        "due_at": None,
        "lang": None,
    }
    assert json.loads(body) == post(handle="Jack").body


def test_an_article_becomes_a_row_and_its_sightings():
    """With the number of finds and of those that wait; each sighting with the links that it holds."""
    document = article(outcomes=(
        outcome(0, short_links=["https://t.co/a", "https://t.co/b"]),
        outcome(1, None, kind="link", url="https://t.co/c", status="pending", try_again_at="2026-08-02T00:00:00Z"),
    ))  # fmt: skip
    row = documents.row(document)
    assert (row["key"], row["title"], row["finds"], row["waiting"]) == ("https://news.example/a", "A story", 2, 1)
    rows, links = documents.sightings(document)
    assert [(one["position"], one["post_id"], one["status"]) for one in rows] == [
        (0, "20", "archived"),
        (1, None, "pending"),
    ]
    assert [(one["position"], one["url"]) for one in links] == [
        (0, "https://x.com/jack/status/20"),
        (0, "https://t.co/a"),
        (0, "https://t.co/b"),
        (1, "https://t.co/c"),
    ]


def test_a_link_becomes_a_row():
    """Where it ends, and how."""
    row = documents.row(link())
    assert (row["short"], row["ended"], row["settled"]) == ("https://t.co/X9DJa7awAM", "post", True)


@pytest.mark.parametrize("document", [article(outcomes=(outcome(),)), post(), link()], ids=lambda one: one.kind)
def test_a_document_is_read_back_equal(document):
    """From its record alone."""
    assert documents.read(block(document)) == document


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"kind": "article"}', b'{"kind": "tweet", "key": "a", "at": "2026-08-01T12:00:00Z", "body": {}}',
     b'{"kind": "post", "key": 1, "at": "2026-08-01T12:00:00Z", "body": {}}',
     b'{"kind": "post", "key": "x:1", "at": "yesterday", "body": {}}',
     b'{"kind": "post", "key": "x:1", "at": "2026-08-01T12:00:00", "body": {}}',
     b'{"kind": "post", "key": "x:1", "at": "2026-08-01T12:00:00Z", "body": []}', b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_document_is_refused(data):
    """Other JSON, another kind, no key, no instant."""
    with pytest.raises(ValueError, match=r"."):
        documents.read(data)


@given(
    st.sampled_from(["article", "post", "link"]), ANY_TEXT, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)
)
def test_any_body_becomes_rows_that_a_database_can_hold(kind, key, body):
    """Whatever is missing or of another type: every column is there, and all text is UTF-8 without NUL."""
    document = Document(kind=kind, key=key, at=NOW, body=body)
    row = documents.row(document)
    place = {"warc", "record_id", "offset_bytes", "length_bytes"}
    assert set(row) | place == {column.name for column in schema.metadata.tables[kind].columns}
    rows, links = documents.sightings(document)
    for value in (value for one in [row, *rows, *links] for value in one.values()):
        assert value is None or isinstance(value, str | int)
        if isinstance(value, str):
            assert b"\0" not in value.encode()
    again = documents.read(block(document))
    assert documents.row(again) == row
    assert documents.sightings(again) == (rows, links)
    assert isinstance(again.at, datetime)
