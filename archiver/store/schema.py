"""The catalog's tables. Everything in them can be made anew from the WARCs (``recovery``), but for ``REMEMBERED``.

Instants are text, ``2026-07-05T12:34:56.789012Z``: comparable as text, and the same in SQLite and PostgreSQL. A *place*
(warc, record id, offset, length) is where the record lies that says so. JSON is text too, as it stands in the WARC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

APPLICATION_ID = 0x41726376
"""``Arcv``, in the SQLite header: a file without it is none of ours, also when SQLite opens it without complaint."""

SCHEMA_VERSION = 7
"""2: ``document``. 3: ``article.error``. 4: ``due_at``, aliases, what nights remember. 5: revisits. 6: ``policy``.
7: what waits. An older catalog is made anew from the WARCs."""

metadata = MetaData()


def _place() -> tuple[Column[str], Column[str], Column[int], Column[int]]:
    return (
        Column("warc", ForeignKey("warc.name"), nullable=False),
        Column("record_id", Text, nullable=False),
        Column("offset_bytes", BigInteger, nullable=False),
        Column("length_bytes", BigInteger, nullable=False),
    )


MANIFEST_HEAD = "manifest"
"""In ``archive``: the hash of the manifest's last line."""

archive = Table(
    "archive",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

warc = Table(
    "warc",
    metadata,
    Column("name", Text, primary_key=True),
    # All groups before this offset are in the catalog.
    Column("committed_bytes", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
    # Of the whole file, once it is closed.
    Column("sha256", Text),
)

CONDITIONAL = text("why NOT IN ('hop', 'post', 'oembed', 'media', 'avatar', 'file')")

# One row for each exchange (its response record, or its request where nothing came back) and each local file.
capture = Table(
    "capture",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("slot", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("target_uri", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("elapsed_ms", BigInteger, nullable=False),
    Column("http_status", Integer),
    Column("media_type", Text),
    Column("payload_digest", Text),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("cut", Text),
    Column("peer", Text),
    Column("error", Text),
    Column("body_digest", Text),
    # The record that holds the payload, for a revisit.
    Column("refers_to", Text),
    Column("warc", ForeignKey("warc.name"), nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("length_bytes", BigInteger, nullable=False),
    Index("capture_by_slot", "slot", "url"),
    Index("capture_by_payload", "payload_digest"),
    # What may be asked for conditionally; the rest would only make each capture dearer.
    Index("capture_by_url", "target_uri", sqlite_where=CONDITIONAL, postgresql_where=CONDITIONAL),
)

article = Table(
    "article",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("name", Text),
    Column("kind", Text),
    Column("url", Text),
    Column("canonical_url", Text),
    Column("title", Text),
    Column("lang", Text),
    Column("saved_at", Text),
    Column("finds", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    # Why it could not be had, or not to its end.
    Column("error", Text),
    # When to look next; null: never.
    Column("due_at", Text),
    Column("body", Text, nullable=False),
    *_place(),
    Index("article_by_time", "at"),
    Index("article_by_due", "due_at", "key"),
    Index("article_that_waits", "due_at", sqlite_where=text("error IS NOT NULL")),
)

post = Table(
    "post",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("post_id", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("url", Text),
    Column("availability", Text),
    Column("settled", Boolean, nullable=False),
    Column("handle", Text),
    Column("author", Text),
    Column("posted_at", Text),
    Column("posted_at_precision", Text),
    Column("text", Text),
    Column("lang", Text),
    Column("due_at", Text),
    Column("body", Text, nullable=False),
    *_place(),
    Index("post_by_time", "at"),
    Index("post_by_due", "due_at", "platform", "post_id"),
    Index("post_that_waits", "due_at", sqlite_where=text("NOT settled")),
)

link = Table(
    "link",
    metadata,
    Column("short", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("end", Text),
    Column("ended", Text),
    Column("settled", Boolean, nullable=False),
    Column("due_at", Text),
    Column("body", Text, nullable=False),
    *_place(),
    Index("link_by_due", "due_at", "short"),
    Index("link_that_waits", "due_at", sqlite_where=text("NOT settled")),
)

# What was decided about a post (``x:ID``) or a handle (``@name``); ``state`` of a purge: ``begun`` or ``done``.
policy = Table(
    "policy",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("word", Text),
    Column("reason", Text),
    Column("state", Text),
    Column("body", Text, nullable=False),
    *_place(),
)

# Every document ever written, superseded ones too: what was said when.
document = Table(
    "document",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", Text, nullable=False),
    # A post's availability, or how a link ended; and how that is known.
    Column("word", Text),
    Column("how", Text),
    Column("warc", ForeignKey("warc.name"), nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("length_bytes", BigInteger, nullable=False),
    Index("document_by_key", "kind", "key", "at"),
)

# The outcomes of an article's newest document, one row for each find; replaced as a whole.
sighting = Table(
    "sighting",
    metadata,
    Column("article", ForeignKey("article.key"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text),
    Column("form", Text),
    Column("platform", Text),
    Column("post_id", Text),
    Column("url", Text),
    Column("handle", Text),
    Column("status", Text),
    Column("availability", Text),
    Column("try_again_at", Text),
    Column("record", Text, nullable=False),
    Index("sighting_by_post", "platform", "post_id"),
)

# Which links a sighting holds, so that a link's sightings can be found.
sighting_link = Table(
    "sighting_link",
    metadata,
    Column("article", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("url", Text, primary_key=True),
    ForeignKeyConstraint(["article", "position"], ["sighting.article", "sighting.position"], ondelete="CASCADE"),
    Index("sighting_by_link", "url"),
)

# Under which identities (``sources.identity``) an article is known; replaced as a whole.
article_alias = Table(
    "article_alias",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("article", ForeignKey("article.key"), primary_key=True),
    Index("article_alias_by_article", "article"),
)

# What nights remember for themselves. Not from records: with the catalog it is lost, and learnt anew.

# A look that left no bytes, and so no document: until when its article, post or link rests. Holds for the document of
# that instant (``at``) alone: a newer one says itself when to look next.
postponed = Table(
    "postponed",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("word", Text, nullable=False),
)

# JSON by name: of a source (validators, failures, empty answers), of a host (pace, penalty, failures).
memory = Table(
    "memory",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

REMEMBERED = (postponed, memory)
"""Tables that no record fills."""
