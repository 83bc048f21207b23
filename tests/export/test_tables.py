"""Which rows a table has, and its flat form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from archiver import export
from archiver.export.tables import flat
from archiver.model import WarcRef
from archiver.store.answers import Answers
from archiver.store.catalog import Catalog
from archiver.store.records import Captured
from tests.store.tapes import article, link, outcome, post
from tests.store.test_catalog import ref

SHORT = "https://t.co/b"


def asked(number: int, at: str, *, slot: str = f"hop:{SHORT}", status: int | None = 301) -> tuple[Captured, WarcRef]:
    """A capture of a hop."""
    place = ref(number)
    about = Captured(record_id=place.record_id, slot=slot, url=SHORT, target_uri=SHORT, why="hop", started_at=at,
                     http_status=status)  # fmt: skip
    return about, place


def hop(number: int | None, url: str) -> dict[str, object]:
    """A hop in a link's document."""
    record_id = None if number is None else ref(number).record_id
    return {"url": url, "http_status": 301, "location": None, "warc": "a.warc.gz", "record_id": record_id}


@pytest.fixture
def catalog(tmp_path):
    """Two articles, a post that was public and is deleted, a link that was asked for three times."""
    catalog = Catalog.open(tmp_path / "catalog.sqlite")
    catalog.set_archive("id", "urn:uuid:1")
    written = [
        article("https://news.example/a", outcomes=(outcome(0, "20"), outcome(1, None, url=SHORT, kind="link"))),
        article("https://news.example/b", minute=1, outcomes=(outcome(0, "20"),)),
        post("20"),
        post("20", minute=5, availability="deleted"),
        replace(
            link(SHORT), body={**link(SHORT).body, "hops": [hop(21, SHORT), hop(None, "https://x.com/jack/status/20")]}
        ),
    ]
    captures = [
        asked(21, "2026-08-01T12:00:00.000000Z"),
        asked(22, "2026-08-03T12:00:00.000000Z"),
        asked(23, "2026-08-04T12:00:00.000000Z", status=None),
    ]
    catalog.commit("a.warc.gz", 100, captures, [(document, ref(number)) for number, document in enumerate(written)])
    yield Answers(catalog)
    catalog.close()


def test_the_newest_word_about_each_post(catalog):
    """The document's body, and where the document lies."""
    (row,) = export.rows("posts", catalog)
    assert (row["post_id"], row["availability"], row["record_id"]) == ("20", "deleted", ref(3).record_id)


def test_every_look_at_a_post_is_told_of(catalog):
    """Also those that a later one supersedes, in the order of time."""
    rows = list(export.rows("availability", catalog))
    assert [(row["post_id"], row["availability"], row["record_id"]) for row in rows] == [
        ("20", "public", ref(2).record_id),
        ("20", "deleted", ref(3).record_id),
    ]
    assert rows[0]["at"] < rows[1]["at"]


def test_sightings_are_the_public_records(catalog):
    """With the article that each is of."""
    rows = [(row["article"], row["position"]) for row in export.rows("sightings", catalog)]
    assert rows == [("https://news.example/b", 0), ("https://news.example/a", 0), ("https://news.example/a", 1)]


def test_a_ledger_tells_when_a_link_answered_first_and_last(catalog):
    """What was asked without an answer is no sight of it; the archive that asked is named."""
    (row,) = export.rows("ledger", catalog)
    assert (row["short"], row["archive"], row["source"]) == (SHORT, "urn:uuid:1", None)
    assert (row["first_seen"], row["last_seen"]) == ("2026-08-01T12:00:00.000000Z", "2026-08-03T12:00:00.000000Z")
    assert [hop["captured_at"] for hop in row["hops"]] == ["2026-08-01T12:00:00.000000Z", None]


def test_each_hop_is_a_row(catalog):
    """With its place in the chain, and the end of it."""
    rows = list(export.rows("hops", catalog))
    assert [row["position"] for row in rows] == list(range(len(rows)))
    assert {(row["short"], row["ended"]) for row in rows} == {(SHORT, "post")}


@pytest.mark.parametrize("kind", export.KINDS)
def test_a_flat_row_has_one_value_for_each_column(kind, catalog):
    """Of the column's type, or none."""
    for row in export.rows(kind, catalog):
        values = flat(kind, row)
        assert len(values) == len(export.COLUMNS[kind])
        for value, column in zip(values, export.COLUMNS[kind], strict=True):
            assert value is None or type(value) is column.kind, column


def test_a_flat_post_has_the_preferred_fact_of_each_field(catalog):
    """Media as their number; an object as its JSON."""
    facts = {
        "author": [{"value": "New", "how": "a"}, {"value": "Old", "how": "b"}],
        "media": [{"value": [{}, {}], "how": "a"}],
        "quoted": [{"value": {"post_id": "1"}, "how": "a"}],
    }
    values = dict(
        zip(
            (one.name for one in export.COLUMNS["posts"]), flat("posts", {"facts": facts, "post_id": "20"}), strict=True
        )
    )
    assert (values["author"], values["media"], values["text"], values["settled"]) == ("New", 2, None, None)
    assert json.loads(str(values["quoted"])) == {"post_id": "1"}
