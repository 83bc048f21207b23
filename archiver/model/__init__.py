"""Every noun that crosses a room's threshold.

All values are frozen. Datetimes are aware UTC; durations end in ``_s`` (float seconds), sizes and offsets in
``_bytes``; digests name their algorithm (``sha256:<hex>``); ids are strings; collections are tuples; ``None`` means
"not known", never "no".
"""

from __future__ import annotations

from archiver.model.article import Article, Find, Hop, Resolution
from archiver.model.exchange import Exchange, Failure, Layout, Request, Tape, WarcRef
from archiver.model.post import (
    Candidate,
    Capture,
    Document,
    Evidence,
    Fact,
    Identification,
    Kept,
    Memento,
    Outcome,
    Picture,
    PostRecord,
    Reading,
    Recovery,
    Rest,
)
from archiver.model.terms import (
    ASTRAY,
    GONE,
    LIMITED,
    Availability,
    Cut,
    Decision,
    Ended,
    Kind,
    Moment,
    PostRef,
    Precision,
    Status,
    Why,
    counted,
    instant,
)
from archiver.model.upkeep import Due, Errand, Health, Probed

__all__ = [
    "ASTRAY",
    "GONE",
    "LIMITED",
    "Article",
    "Availability",
    "Candidate",
    "Capture",
    "Cut",
    "Decision",
    "Document",
    "Due",
    "Ended",
    "Errand",
    "Evidence",
    "Exchange",
    "Fact",
    "Failure",
    "Find",
    "Health",
    "Hop",
    "Identification",
    "Kept",
    "Kind",
    "Layout",
    "Memento",
    "Moment",
    "Outcome",
    "Picture",
    "PostRecord",
    "PostRef",
    "Precision",
    "Probed",
    "Reading",
    "Recovery",
    "Request",
    "Resolution",
    "Rest",
    "Status",
    "Tape",
    "WarcRef",
    "Why",
    "counted",
    "instant",
]
