"""Web archives: what is asked of them, and what their answers mean. Pure.

The Wayback Machine answers three questions: which capture lies nearest (``wayback.availability_url``), which captures
there are (``cdx.query_url``), and what one holds, byte for byte (``wayback.replay_url``). Nothing here fetches.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where an archive is asked, and how much: ``rows`` of one listing, ``page`` of them at once, ``mementos`` looked
    at for one post, ``candidates`` read for one embed without an id; its hosts are left alone after ``failures`` in a
    row. ``save_url``: where captured pages are submitted, ``None`` when they are not; ``keys``: by whom
    (``key:secret``, never stored); ``submissions``: most of them in one run; ``save_looks``: how often each is asked
    for at its end, ``save_wait_s`` seconds apart."""

    availability_url: str = "https://archive.org/wayback/available"
    cdx_url: str = "https://web.archive.org/cdx/search/cdx"
    replay_url: str = "https://web.archive.org/web"
    rows: int = 5_000
    page: int = 1_000
    mementos: int = 5
    candidates: int = 500
    failures: int = 3
    save_url: str | None = None
    keys: str = field(default="", repr=False)
    submissions: int = 100
    save_looks: int = 3
    save_wait_s: float = 15.0
