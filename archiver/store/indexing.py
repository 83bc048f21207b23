"""CDXJ kept up: each file gets its index when it is closed, in a thread that nothing waits for but the end.

::

    file closed ──► wants(name) ──► thread: indexes.index ──► DIR/indexes/NAME.cdxj
    start ──► catch_up: what a killed run left without ──┘

An index can always be made again from its WARC. So what goes wrong here is said and costs nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from archiver.store import indexes

MOST_CAUGHT_UP_BYTES = 2_000_000_000
"""WARCs that get an index at a start: a minute's work. Of an old archive the rest is for ``archiver index``."""

_log = logging.getLogger(__name__)


def indexing(folder: Path) -> Indexing | None:
    """Whoever keeps the indexes of the archive in ``folder``; ``None``, which is said, without cdxj-indexer."""
    if indexes.installed():
        return Indexing(folder)
    _log.warning(
        "no CDXJ index is kept: cdxj-indexer is not installed (pip install 'archiver[pack]', or archive.cdxj = false)"
    )
    return None


class Indexing:
    """``wants`` may be called in any thread, the others by one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="indexes")

    def wants(self, name: str) -> None:
        """The file ``name`` was closed, or holds other records than before: make its index soon."""
        self._thread.submit(self._make, name).add_done_callback(_tell)

    def catch_up(self, most_bytes: int = MOST_CAUGHT_UP_BYTES) -> None:
        """Make what is missing, the newest files first, as far as ``most_bytes`` of WARCs go; say what is left."""
        with suppress(OSError):
            indexes.clear(self._folder)
        missing, size = indexes.missing(self._folder), 0
        while missing and (not size or size < most_bytes):
            name = missing.pop()
            with suppress(OSError):
                size += (self._folder / name).stat().st_size
            self.wants(name)
        if missing:
            _log.warning("%d older WARCs have no CDXJ index yet: `archiver index` makes them", len(missing))

    async def aclose(self, *, hurry: bool = False) -> None:
        """Wait for what is wanted; ``hurry``: only for what is under way to be given up, the next run makes it."""
        if hurry:
            self._stop.set()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=hurry)

    def _make(self, name: str) -> None:
        with suppress(indexes.Stopped):
            indexes.index(self._folder, name, self._stop)


def _tell(made: Future[None]) -> None:
    if not made.cancelled() and (error := made.exception()) is not None:
        _log.warning("a CDXJ index could not be made: %s", error)
