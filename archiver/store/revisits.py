"""Which stored record holds the same payload already, so that a capture need not hold it again (WARC 1.1, 6.7).

A payload is the same when its bytes are, and those of its transfer framing too: pywb shows the chunk lines of an
original to whoever asks for a revisit that came in one piece (``warc.md`` C.2.2), and a chunked answer whose chunks are
cut otherwise would not be kept byte for byte. So an original and the revisit's own head are, together, exactly what was
received.

Only whole answers count, on both sides; and an original is always a response, never itself a revisit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

import sqlalchemy as sa

from archiver.model import Tape
from archiver.store import fields, schema
from archiver.store.catalog import Catalog
from archiver.store.records import Captured, Measured, Original
from archiver.store.statements import Prepared

_MOST_REMEMBERED = 10_000
_KEYS_HELD = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whether payloads are stored once, and from how many bytes on."""

    on: bool = True
    least_bytes: int = 1_000


class Originals:
    """What this archive holds in full. ``remember`` every group in the order in which it is written: a revisit then
    always lies behind its original, so that no crash leaves the one without the other."""

    def __init__(self, catalog: Catalog, rule: Rule) -> None:
        self._catalog = catalog
        self._rule = rule
        self._by_payload = Prepared(_BY_PAYLOAD, catalog.engine.dialect)
        # What was made a moment ago may not be in the catalog yet.
        self._recent: OrderedDict[tuple[str, str | None], Original] = OrderedDict()
        # What is surely new need not be asked for: hashes of every payload digest, while they are few.
        known = catalog.rows(_PAYLOADS.limit(_KEYS_HELD + 1), {"least": rule.least_bytes}) if rule.on else ()
        self._payloads = {hash(row.payload_digest) for row in known} if len(known) <= _KEYS_HELD else None

    def of(self, tape: Tape, measured: Measured) -> Original | None:
        """The record that a capture of ``tape`` may refer to instead of holding its payload; ``None`` for none.

        A 304 is answered by the answer whose validators were sent, else by the newest whole 200 of the same URL,
        whatever the rule."""
        layout = tape.layout
        if layout is None or tape.error is not None or tape.cut is not None:
            return None
        if layout.status == 304:
            return self._unmodified(tape) if tape.request.conditions else None
        if not self._rule.on or measured.payload_digest is None or measured.payload_bytes < self._rule.least_bytes:
            return None
        found = self._recent.get((measured.payload_digest, measured.body_digest))
        if found or (self._payloads is not None and hash(measured.payload_digest) not in self._payloads):
            return found
        wanted = {"payload": measured.payload_digest, "body": measured.body_digest or ""}
        return _original(self._catalog.ask(self._by_payload, wanted))

    def _unmodified(self, tape: Tape) -> Original | None:
        held = tape.request.held
        rows = self._catalog.rows(_BY_ID, {"record_id": held}) if held else ()
        rows = rows or self._catalog.rows(_BY_URL, {"url": fields.uri(tape.url)})
        if rows and rows[0].refers_to:
            rows = self._catalog.rows(_BY_ID, {"record_id": rows[0].refers_to})
        return _original(rows)

    def remember(self, captured: Captured) -> None:
        """``captured`` is about to be written."""
        if captured.payload_bytes < self._rule.least_bytes or not captured.is_original or not self._rule.on:
            return
        assert captured.payload_digest is not None
        original = Original(
            record_id=captured.record_id, target_uri=captured.target_uri, started_at=captured.started_at
        )
        self._recent[captured.payload_digest, captured.body_digest] = original
        if len(self._recent) > _MOST_REMEMBERED:
            self._recent.popitem(last=False)
        if self._payloads is not None:
            self._payloads.add(hash(captured.payload_digest))
            self._payloads = self._payloads if len(self._payloads) <= _KEYS_HELD else None


def known(catalog: Catalog, record_id: str, target_uri: str, date: str) -> Mapping[str, Any] | None:
    """The whole answer that another program's revisit refers to: by the id that it had there or has here, or by its URL
    and WARC date; ``None`` when it is not here."""
    by_id = sa.or_(_CAPTURE.record_id == record_id, _CAPTURE.slot == f"import:{record_id}")
    for wanted in (by_id, sa.and_(_CAPTURE.target_uri == target_uri, _CAPTURE.started_at == date)):
        query = sa.select(schema.capture).where(wanted, _CAPTURE.payload_digest.is_not(None)).limit(1)
        rows = catalog.rows(query)
        if rows and rows[0].refers_to:  # it was here already when it was imported
            rows = catalog.rows(sa.select(schema.capture).where(_CAPTURE.record_id == rows[0].refers_to))
        if rows and Captured(**{name: rows[0]._mapping[name] for name in _FIELDS}).is_original:
            return rows[0]._mapping  # type: ignore[no-any-return]
    return None


def original(row: Mapping[str, Any]) -> Original:
    """What a revisit says of the capture of this row."""
    return Original(record_id=row["record_id"], target_uri=row["target_uri"], started_at=row["started_at"])


def _original(rows: Sequence[Any]) -> Original | None:
    if not rows:
        return None
    return Original(record_id=rows[0].record_id, target_uri=rows[0].target_uri, started_at=rows[0].started_at)


_CAPTURE = schema.capture.c
_FIELDS = tuple(one.name for one in dataclass_fields(Captured))
_IN_FULL = sa.and_(
    _CAPTURE.refers_to.is_(None), _CAPTURE.cut.is_(None), _CAPTURE.error.is_(None), _CAPTURE.http_status.is_not(None)
)
_PAYLOADS = sa.select(_CAPTURE.payload_digest).where(_CAPTURE.payload_bytes >= sa.bindparam("least"), _IN_FULL)
_COLUMNS = (_CAPTURE.record_id, _CAPTURE.target_uri, _CAPTURE.started_at)
_BY_PAYLOAD = (
    sa.select(*_COLUMNS)
    .where(_CAPTURE.payload_digest == sa.bindparam("payload"), _IN_FULL)
    .where(sa.func.coalesce(_CAPTURE.body_digest, "") == sa.bindparam("body"))
    .order_by(_CAPTURE.started_at, _CAPTURE.record_id)
    .limit(1)
)
_BY_ID = sa.select(*_COLUMNS, _CAPTURE.refers_to).where(_CAPTURE.record_id == sa.bindparam("record_id"))
_BY_URL = (
    sa.select(*_COLUMNS, _CAPTURE.refers_to)
    .where(_CAPTURE.target_uri == sa.bindparam("url"), schema.CONDITIONAL, _CAPTURE.http_status == 200)
    .where(_CAPTURE.cut.is_(None), _CAPTURE.error.is_(None))
    .order_by(_CAPTURE.started_at.desc(), _CAPTURE.record_id)
    .limit(1)
)
