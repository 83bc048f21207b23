"""Removing posts for good, because somebody asked for it.

::

    what is theirs ─► decision "begun", with the list (durable) ─► articles' documents anew, without them
       └─► each file: NAME.purging, synced ─► manifest ─► renamed over NAME ─► catalog ─► decision "done"

Rule 1: from the first step on nothing of it is shown; whatever comes between, the next start goes on (``begun``).
Rule 2: a file keeps its name, and every other record its bytes and its offset: a tombstone of the same length stands
where records were (``tombstone``). The old file is there until the new one is synced and the manifest says so.
Rule 3: what others need stays. A picture that another post shows, too, or that another capture refers to as its
payload, is theirs as well; the decision lists it as ``shared``. An answer about the post itself never stays because
another post's record quotes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archiver.errors import Damaged, StoreError
from archiver.model import Document
from archiver.store import documents, indexes, recovery, schema, warc
from archiver.store.catalog import Catalog
from archiver.store.manifest import Entry, Manifest
from archiver.store.member import Torn
from archiver.store.scan import read_record, read_records
from archiver.store.tombstone import tombstone

STAGED = ".purging"
Post = tuple[str, str]
_PIECE = 1 << 20
_BATCH = 200
_POST_ID = re.compile(r'"post_id":"([^"]{1,40})"')
_RECORD_ID = re.compile(r"<urn:uuid:[0-9a-f-]{36}>")
_TABLES = (schema.capture, schema.document, schema.article, schema.post, schema.link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``removed``: a JSON object for each record that goes: ``record_id``, ``warc``, ``what`` it is, its
    ``payload_digest`` where it has one. ``shared``: record ids that stay since others need them."""

    removed: tuple[Mapping[str, Any], ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a tombstone says."""

    key: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What nobody may be shown: ``posts`` as (platform, id), and the ``record_ids`` that tell of them alone."""

    posts: frozenset[Post] = frozenset()
    record_ids: frozenset[str] = frozenset()


def withheld(folder: Path, catalog: Catalog) -> Withheld:
    """All that is restricted, by what was decided about a post or else about its handle."""
    rule = schema.policy.c
    keys = [row.key for row in catalog.rows(sa.select(rule.key).where(rule.word.in_(("restrict", "purge"))))]
    kept = {row.key for row in catalog.rows(sa.select(rule.key).where(rule.word == "keep"))}
    posts = {post for key in keys for post in posts_of(catalog, key) if ":".join(post) not in kept}
    if not posts:
        return Withheld()
    planned = plan(folder, catalog, posts)
    return Withheld(posts=frozenset(posts), record_ids=frozenset(one["record_id"] for one in planned.removed))


def posts_of(catalog: Catalog, key: str) -> set[Post]:
    """(platform, id) of the posts that ``key`` names: one, or all that are known of a handle."""
    if not key.startswith("@"):
        platform, _, post_id = key.partition(":")
        return {(platform, post_id)}
    post, seen = schema.post.c, schema.sighting.c
    known = sa.exists().where(post.platform == seen.platform, post.post_id == seen.post_id)
    asked = (
        sa.select(post.platform, post.post_id).where(sa.func.lower(post.handle) == key[1:]),
        sa.select(seen.platform, seen.post_id).where(
            sa.func.lower(seen.handle) == key[1:], seen.post_id.is_not(None), ~known
        ),
    )
    return {(row.platform, row.post_id) for query in asked for row in catalog.rows(query)}


def plan(folder: Path, catalog: Catalog, posts: set[Post], also: Iterable[str] = ()) -> Plan:
    """What is to go with ``posts``, by what the catalog knows, and the captures ``also``."""
    captures = {record_id: row for post in posts for record_id, row in _captures(catalog, post)}
    others = ((record_id, catalog.capture(record_id)) for record_id in also)
    captures |= {record_id: row for record_id, row in others if row is not None}
    shared = _shared(catalog, set(captures), posts, set(also))
    removed = [
        {"record_id": record_id, "warc": row["warc"], "what": row["why"], "payload_digest": row["payload_digest"]}
        for record_id, row in captures.items()
        if record_id not in shared
    ]
    removed += [_document(row, "post") for post in posts for row in _documents(catalog, "post", ":".join(post))]
    post_ids = {post_id for _, post_id in posts}
    for key in _articles(catalog, post_ids):
        rows = [row for row in _documents(catalog, "article", key) if _tells(folder, row, posts)]
        removed += [_document(row, "article") for row in rows]
    return Plan(removed=tuple(sorted(removed, key=lambda one: one["record_id"])), shared=tuple(sorted(shared)))


def _documents(catalog: Catalog, kind: str, key: str) -> Sequence[Any]:
    table = schema.document
    return catalog.rows(sa.select(table).where(table.c.kind == kind, table.c.key == key))


def _document(row: Any, kind: str) -> dict[str, Any]:
    return {"record_id": row.record_id, "warc": row.warc, "what": kind, "payload_digest": None}


def _tells(folder: Path, row: Any, posts: set[Post]) -> bool:
    """Whether an article's document, as it lies in its file, says more of one of the posts than where it stood."""
    fd = warc.open_to_read(folder, row.warc)
    try:
        block = read_record(fd, row.offset_bytes).block
    except Torn as error:
        raise Damaged(f"{row.warc}, offset {row.offset_bytes:,}: {error}") from error
    finally:
        os.close(fd)
    outcomes = [one for one in documents.read(block).body.get("outcomes") or () if isinstance(one, Mapping)]
    bare = [_without(one, posts, one.get("error")) for one in outcomes]
    return any(less != {**one, "status": less.get("status")} for less, one in zip(bare, outcomes, strict=True))


def _captures(catalog: Catalog, post: Post) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every capture made for a post: those of its slots, and those that its document names (media, avatar)."""
    key, table = ":".join(post), schema.capture.c
    own = sa.or_(table.slot == key, sa.and_(table.slot >= f"{key}#", table.slot < f"{key}$"))
    for row in catalog.rows(sa.select(schema.capture).where(own)):
        yield row.record_id, row._mapping
    body = catalog.body(schema.post, platform=post[0], post_id=post[1])
    named = json.loads(body).get("captures") if body else None
    for one in named if isinstance(named, list) else ():
        row = catalog.capture(str(one.get("record_id")))
        if row is not None and row["why"] not in ("article", "hop", "file"):
            yield row["record_id"], row


def _shared(catalog: Catalog, captures: set[str], posts: set[Post], also: set[str]) -> set[str]:
    """Those captures that another post names (but for those that are to go ``also``), or another capture needs for its
    payload."""
    if not captures:
        return set()
    table, found = schema.capture.c, set()
    rows = catalog.rows(sa.select(table.record_id, table.refers_to).where(table.refers_to.is_not(None)))
    found |= {row.refers_to for row in rows if row.refers_to in captures and row.record_id not in captures}
    asked = {record_id for record_id in captures if _is_own(catalog.capture(record_id), posts)}
    post = schema.post.c
    for batch in catalog.stream(sa.select(post.platform, post.post_id, post.body), _BATCH):
        for row in batch:
            if (row.platform, row.post_id) not in posts:
                found |= (captures - also - asked).intersection(_RECORD_ID.findall(row.body))
    return found


def _is_own(row: Mapping[str, Any] | None, posts: set[Post]) -> bool:
    """Whether a capture is an answer about one of the posts themselves. What another post's record says by it (the
    words of a post that this one quotes) then names a source that is gone; a picture is as much that other post's."""
    slot = str(row["slot"]).partition("#")[0] if row else ""
    return slot in {":".join(post) for post in posts}


def _articles(catalog: Catalog, post_ids: set[str]) -> set[str]:
    """The keys of articles whose documents speak of one of the posts."""
    seen, found = schema.sighting.c, set()
    for batch in catalog.stream(sa.select(seen.article, seen.record), _BATCH):
        found |= {row.article for row in batch if not post_ids.isdisjoint(_POST_ID.findall(row.record))}
    return found


def without(body: Mapping[str, Any], posts: set[Post], error: str) -> dict[str, Any]:
    """An article document's body in which the posts' outcomes say no more than where they stood."""
    outcomes = [_without(one, posts, error) for one in body.get("outcomes") or () if isinstance(one, Mapping)]
    return {**body, "outcomes": outcomes}


def _without(outcome: Mapping[str, Any], posts: set[Post], error: str | None) -> dict[str, Any]:
    if (outcome.get("platform"), outcome.get("post_id")) not in posts:
        related = [
            one for one in outcome.get("related") or () if (one.get("platform"), one.get("post_id")) not in posts
        ]
        return {**outcome, **({"related": related} if "related" in outcome else {})}
    kept = ("article", "position", "kind", "form", "platform", "post_id", "url")
    empty = {key: value if key in kept else _empty(value) for key, value in outcome.items()}
    return {**empty, "status": "refused", "error": error}


def _empty(value: object) -> object:
    return {} if isinstance(value, Mapping) else [] if isinstance(value, list | tuple) else None


def lists(planned: Plan, posts: set[Post], known: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision says of its records: ``posts``, ``removed`` and ``shared``; what an earlier purge under the same
    key (``known``, its body) removed stays in the list."""
    before = [one for one in known.get("removed") or () if isinstance(one, Mapping)]
    again = {one["record_id"] for one in planned.removed}
    removed = [*(one for one in before if one["record_id"] not in again), *planned.removed]
    names = sorted({":".join(post) for post in posts} | set(known.get("posts") or ()))
    return {"posts": names, "removed": removed, "shared": list(planned.shared)}


def articles_without(catalog: Catalog, said: Mapping[str, Any], error: str, now: datetime) -> list[Document]:
    """The documents that take the place of those that go: of each article whose newest one is among them."""
    posts = {(one.partition(":")[0], one.partition(":")[2]) for one in said["posts"]}
    ids = [one["record_id"] for one in said["removed"] if one["what"] == "article"]
    table, found = schema.article.c, []
    for start in range(0, len(ids), _BATCH):
        rows = catalog.rows(
            sa.select(table.key, table.at, table.body).where(table.record_id.in_(ids[start : start + _BATCH]))
        )
        for row in rows:
            at = max(now, datetime.fromisoformat(row.at))
            found.append(Document(kind="article", key=row.key, at=at, body=without(json.loads(row.body), posts, error)))
    return found


def carry_out(
    folder: Path,
    catalog: Catalog,
    manifest: Manifest,
    key: str,
    reason: str,
    removed: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Take the records out of every file and out of the catalog; what was done before is not done again.

    Raises ``Damaged`` for a file that can't be read from end to end: nothing of it is changed then.
    """
    by_file: dict[str, set[str]] = {}
    why = Why(key=key, reason=reason, at=now)
    for one in removed:
        by_file.setdefault(one["warc"], set()).add(one["record_id"])
    for name, record_ids in sorted(by_file.items()):
        try:
            _finish(folder, manifest, name)
            if _stage(folder, name, record_ids, why):
                _list(folder, manifest, name, why)
                _finish(folder, manifest, name)
            indexes.forget(folder, name)
        except OSError as error:
            raise warc.not_written(folder / name, error) from error
        _forget(catalog, name, record_ids, manifest.sha256(name))
    catalog.set_head(manifest.head)
    catalog.scrub()


def _stage(folder: Path, name: str, record_ids: set[str], why: Why) -> bool:
    """Write ``NAME.purging``, durably; whether there was anything to remove."""
    source = warc.open_to_read(folder, name)
    path = folder / f"{name}{STAGED}"
    try:
        found = list(_spans(source, name, record_ids))
        if not found:
            return False
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o644), "wb") as out:
            at = 0
            for start, end, removed, warcinfo_id in found:
                _copy(source, at, start, out)
                out.write(tombstone(end - start, why.key, why.reason, (removed,), why.at, warcinfo_id))
                at = end
            _copy(source, at, os.fstat(source).st_size, out)
            out.flush()
            os.fsync(out.fileno())
    except ValueError as error:
        path.unlink()
        raise StoreError(f"{folder / name}: {error}", hint="this is a bug of ours: please report it") from error
    finally:
        os.close(source)
    return True


def _spans(fd: int, name: str, record_ids: set[str]) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, record id, the file's warcinfo id) of each group in the file that is to go."""
    size, start, warcinfo_id = os.fstat(fd).st_size, 0, ""
    try:
        for one in recovery.groups(read_records(fd, 0, size), name):
            if one.archive_id is not None or not start:
                warcinfo_id = one.ref.record_id
            if one.ref.record_id in record_ids:
                yield start, one.end, one.ref.record_id, warcinfo_id
            start = one.end
    except Torn as error:
        hint = "`archiver verify` says more; nothing of this file was changed"
        raise Damaged(f"{name}, offset {start:,}: {error}", hint=hint) from error


def _copy(source: int, start: int, end: int, out: Any) -> None:
    while start < end and (piece := os.pread(source, min(_PIECE, end - start), start)):
        out.write(piece)
        start += len(piece)


def _list(folder: Path, manifest: Manifest, name: str, why: Why) -> None:
    path = folder / f"{name}{STAGED}"
    with path.open("rb", buffering=0) as file:
        digest, size = hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
        records = sum(1 for _ in read_records(file.fileno(), 0, size))
    more = {"policy": why.key, "replaces": f"sha256:{manifest.sha256(name)}"}
    entry = Entry(file=name, bytes=size, sha256=digest, records=records, closed_at=why.at, event="purged", more=more)
    manifest.append(entry)


def _finish(folder: Path, manifest: Manifest, name: str) -> None:
    """Put a staged file in its place if the manifest speaks of it already; else it is half made, and goes."""
    path = folder / f"{name}{STAGED}"
    if not os.path.lexists(path):
        return
    with path.open("rb", buffering=0) as file:
        meant = hashlib.file_digest(file, "sha256").hexdigest() == manifest.sha256(name)
    if meant:
        path.replace(folder / name)
    else:
        path.unlink()
    warc.sync_folder(folder)


def _forget(catalog: Catalog, name: str, record_ids: set[str], sha256: str | None) -> None:
    ids: Sequence[str] = sorted(record_ids)
    with catalog.changing() as connection:
        for start in range(0, len(ids), _BATCH):
            for table in _TABLES:
                connection.execute(table.delete().where(table.c.record_id.in_(ids[start : start + _BATCH])))
        connection.execute(schema.warc.update().where(schema.warc.c.name == name).values(sha256=sha256))
