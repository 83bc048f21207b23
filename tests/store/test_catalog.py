"""The catalog's file and its transactions."""

from __future__ import annotations

import random
import sqlite3

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from archiver.errors import AlreadyRunning, ConfigError, Damaged, StoreError
from archiver.model import WarcRef
from archiver.store import catalog as catalogs
from archiver.store import schema, statements
from archiver.store.catalog import Catalog
from archiver.store.connection import Unreadable, set_aside
from archiver.store.records import Captured
from tests.store.tapes import article, link, names, outcome, post


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(path):
    catalog = Catalog.open(path)
    yield catalog
    catalog.close()


def ref(number=1):
    return WarcRef(file="a.warc.gz", record_id=f"<{number}>", offset_bytes=number * 100, length_bytes=50)


def captured(number=1, **changed):
    values = {
        "record_id": f"<{number}>",
        "slot": "s",
        "url": "u",
        "target_uri": "u",
        "why": "hop",
        "started_at": "2026",
    }
    return Captured(**{**values, **changed}), ref(number)


def test_what_is_committed_is_found(catalog):
    """Captures by slot and URL, newest first; WARCs with their length."""
    catalog.commit("a.warc.gz", 200, [captured(1, started_at="2026-01"), captured(2, started_at="2026-02")])
    catalog.commit("a.warc.gz", 300, [captured(3, url="other")], closed=True, sha256="00")
    assert catalog.warcs() == {"a.warc.gz": (300, True)}
    assert [row["record_id"] for row in catalog.captured("s", "u")] == ["<2>", "<1>"]
    assert catalogs.place(catalog.captured("s", "other")[0]) == ref(3)
    assert catalog.known(["<1>", "<9>"]) == {"<1>"}
    assert catalog.captured("s", "none") == []


def test_a_transaction_is_all_or_nothing(catalog):
    """A capture that is there already undoes everything that came with it."""
    catalog.commit("a.warc.gz", 100, [captured(1)])
    with pytest.raises(StoreError):
        catalog.commit("a.warc.gz", 900, [captured(2), captured(1)], [(post(), ref(3))])
    assert catalog.warcs() == {"a.warc.gz": (100, False)}
    assert catalog.known(["<1>", "<2>"]) == {"<1>"}
    assert catalog.body(schema.post, platform="x", post_id="20") is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newer_document_counts_whichever_comes_first(catalog, order):
    """So that a catalog made anew is the same, in whatever order the files are read."""
    old = [article(outcomes=(outcome(0), outcome(1))), post(handle="old"), link()]
    new = [article(minute=1, outcomes=(outcome(0, "21"),)), post(handle="new", minute=1), link(minute=1)]
    for index in order:
        written = [(document, ref(index)) for document in (old, new)[index]]
        catalog.commit("a.warc.gz", 100, (), written)
    assert '"new"' in str(catalog.body(schema.post, platform="x", post_id="20"))
    sightings = catalog.rows(schema.sighting.select())
    assert [(row.position, row.post_id) for row in sightings] == [(0, "21")]
    assert [row.url for row in catalog.rows(schema.sighting_link.select())] == ["https://x.com/jack/status/21"]
    assert [row.offset_bytes for row in catalog.rows(schema.link.select())] == [100]


def test_of_two_documents_of_one_instant_the_later_counts(catalog):
    """What was written last was known last."""
    catalog.commit("a.warc.gz", 100, (), [(post(handle="first"), ref(1)), (post(handle="second"), ref(2))])
    assert '"second"' in str(catalog.body(schema.post, platform="x", post_id="20"))


def test_a_catalog_that_another_program_holds_is_said_so(path):
    """Exit 75: nothing is wrong with the archive, only somebody else is at it."""
    catalog = Catalog.open(path, busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(AlreadyRunning, match="locked by another program"):
        catalog.commit("a.warc.gz", 100, [captured(1)])
    other.execute("rollback")
    other.close()
    catalog.commit("a.warc.gz", 100, [captured(1)])
    catalog.close()


def test_looking_sees_every_commit_and_creates_nothing(catalog, path, tmp_path):
    """While somebody writes, and when nobody does; a reader's folder stays as it was."""
    catalog.commit("a.warc.gz", 100, (), [(post(), ref(1))])
    before = names(tmp_path)
    looking = Catalog.reading(path)
    assert looking.body(schema.post, platform="x", post_id="20")
    catalog.commit("a.warc.gz", 200, (), [(post("21"), ref(2))])
    assert looking.body(schema.post, platform="x", post_id="21")
    assert names(tmp_path) == before
    catalog.close()
    assert names(tmp_path) == ["catalog.sqlite"]
    assert looking.body(schema.post, platform="x", post_id="21")
    assert [row.post_id for batch in looking.stream(schema.post.select(), 1) for row in batch] == ["20", "21"]
    assert names(tmp_path) == ["catalog.sqlite"]
    with pytest.raises(StoreError):
        looking.commit("a.warc.gz", 300)
    looking.close()


def sql(path, *statements):
    with sqlite3.connect(path, isolation_level=None) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_newer_schema_is_refused(catalog, path):
    """With the number that it has; nothing is touched."""
    catalog.close()
    sql(path, "pragma user_version = 99")
    for opened in (Catalog.open, Catalog.reading):
        with pytest.raises(ConfigError, match="schema 99"):
            opened(path)


def test_a_catalog_of_an_older_archiver_is_made_anew(catalog, path):
    """From the WARCs, which hold all that it lacks."""
    catalog.close()
    sql(path, "pragma user_version = 1")
    for opened in (Catalog.open, Catalog.reading):
        with pytest.raises(Unreadable, match="schema 1"):
            opened(path)


def test_superseded_documents_are_remembered(catalog):
    """Each with its time, what it said, and where it lies; an older one that comes late too."""
    for number, document in enumerate([post(minute=5, availability="deleted"), post(), link()]):
        catalog.commit("a.warc.gz", number, (), [(document, ref(number))])
    table = schema.document.c
    rows = catalog.rows(schema.document.select().order_by(table.kind, table.at))
    assert [(row.kind, row.word, row.record_id) for row in rows] == [
        ("link", "post", "<2>"),
        ("post", "public", "<1>"),
        ("post", "deleted", "<0>"),
    ]


def other_program(path):
    sql(path, "create table t (a)")


def text(path):
    path.write_text("this is no database at all" * 100)


def zeroed(path):
    data = path.read_bytes()
    path.write_bytes(bytes(100) + data[100:])


def pages(path):
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(1).randbytes(len(data) - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(("damage", "fresh"), [(other_program, True), (text, True), (zeroed, False), (pages, False)])
def test_an_unreadable_catalog_is_noticed(path, damage, fresh):
    """Another program's database, no database, a header of zeros, pages of noise."""
    if not fresh:
        catalog = Catalog.open(path)
        catalog.commit("a.warc.gz", 100, [captured(number) for number in range(200)])
        catalog.close()
    damage(path)
    with pytest.raises(Unreadable):
        Catalog.open(path, thorough=True)


def test_damage_that_shows_later_is_said(catalog, path):
    """In the middle of a run there is no way on; the message says that nothing is lost."""
    catalog.commit("a.warc.gz", 100, [captured(number) for number in range(200)])
    catalog.close()
    pages(path)
    with pytest.raises(Damaged) as caught:
        catalog.rows(schema.capture.select())
    assert "made anew" in str(caught.value.hint)
    assert catalog.damaged


def test_setting_aside_keeps_everything_but_empty_files(tmp_path, path):
    """The unreadable file with its log, under names that say when."""
    path.write_bytes(b"damaged")
    (tmp_path / "catalog.sqlite-wal").write_bytes(b"log")
    (tmp_path / "catalog.sqlite-shm").touch()
    assert set_aside(path, "corrupt-1") == tmp_path / "catalog.sqlite.corrupt-1"
    assert names(tmp_path) == ["catalog.sqlite.corrupt-1", "catalog.sqlite.corrupt-1-wal"]
    assert set_aside(path, "corrupt-2") is None


def test_a_full_disk_is_said_so(catalog):
    """SQLite's own limit stands for a full disk: exit 74, and what to do."""
    with catalog._transaction() as connection:
        connection.exec_driver_sql("pragma max_page_count = 1")
    with pytest.raises(StoreError, match="disk is full") as caught:
        catalog.commit("a.warc.gz", 100, [captured(number, slot="s" * 3000) for number in range(200)])
    assert caught.value.exit_code == 74
    assert not isinstance(caught.value, AlreadyRunning)


def test_the_schema_is_postgresql_too():
    """Every table and index can be written down for it."""
    dialect = postgresql.dialect()
    for table in schema.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))
    assert "ON CONFLICT" in str(statements.upsert("postgresql", schema.post).compile(dialect=dialect))
