"""What must be asked for again, since the records that it was read from are gone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archiver.model import Document, Moment
from archiver.store import schema
from archiver.store.catalog import Catalog

_BATCH = 200
_ID = re.compile(r"<urn:uuid:[0-9a-fA-F-]{36}>")


def captures_in(catalog: Catalog, file: str) -> Iterator[str]:
    """The record ids of the captures that the catalog knows in ``file``."""
    for batch in catalog.stream(sa.select(schema.capture.c.record_id).where(schema.capture.c.warc == file), _BATCH):
        yield from (row.record_id for row in batch)


def lost_captures(then: Catalog, now: Catalog) -> dict[str, str]:
    """Record id → slot of the captures that ``then`` had and ``now`` has not, and of revisits whose original is one of
    those."""
    columns = (schema.capture.c.record_id, schema.capture.c.slot)
    lost: dict[str, str] = {}
    for batch in then.stream(sa.select(*columns), _BATCH):
        there = now.known([row.record_id for row in batch])
        lost.update({row.record_id: row.slot for row in batch if row.record_id not in there})
    revisits = sa.select(*columns, schema.capture.c.refers_to).where(schema.capture.c.refers_to.is_not(None))
    for batch in now.stream(revisits, _BATCH):
        lost.update({row.record_id: row.slot for row in batch if row.refers_to in lost})
    return lost


def documents(then: Catalog, now: Catalog, lost: Mapping[str, str], at: datetime, why: str) -> Iterator[Document]:
    """What ``then`` knew and ``now`` does not, and, with the instant ``at``, everything known whose captures are among
    the ``lost``: unsettled, so that the next run asks for it again. ``why``: a sentence for people."""
    for table, kind, make_key in (
        (schema.post, "post", lambda row: f"{row.platform}:{row.post_id}"),
        (schema.link, "link", lambda row: row.short),
        (schema.article, "article", lambda row: row.key),
        (schema.policy, "policy", lambda row: row.key),
    ):
        for batch in then.stream(sa.select(table), _BATCH):
            there = _there(now, [row.record_id for row in batch])
            for row in batch:
                body = json.loads(row.body)
                hurt = kind != "policy" and not lost.keys().isdisjoint(_ID.findall(row.body))
                if hurt:
                    body = _unsettled(kind, body, lost, at, why)
                if hurt or row.record_id not in there:
                    written = at if hurt else datetime.fromisoformat(row.at)
                    yield Document(kind=kind, key=make_key(row), at=written, body=body)  # type: ignore[arg-type]


def _there(catalog: Catalog, record_ids: list[str]) -> set[str]:
    ids = schema.document.c.record_id
    return {row.record_id for row in catalog.rows(sa.select(ids).where(ids.in_(record_ids)))}


def _unsettled(kind: str, body: dict[str, Any], lost: Mapping[str, str], at: datetime, why: str) -> dict[str, Any]:
    again = {"settled": False, "try_again_at": str(Moment(at=at, precision="millisecond")), "error": why}
    if kind == "post":
        kept = [one for one in body.get("captures") or () if one.get("record_id") not in lost]
        return {**body, **again, "captures": kept}
    if kind == "link":
        return {**body, **again}
    outcomes = [
        {**one, "status": "pending", "try_again_at": again["try_again_at"], "error": why}
        if not lost.keys().isdisjoint(_ID.findall(json.dumps(one)))
        else one
        for one in body.get("outcomes") or ()
    ]
    return {**body, "outcomes": outcomes}
