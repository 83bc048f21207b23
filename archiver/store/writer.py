"""Group commit: many callers, one thread, one sync and one transaction for all that wait.

::

    write(groups) ──► waiting ──► [append … append, sync, commit] ──► every caller has its WarcRefs

Whoever comes while a batch is under way waits for the next one; who comes alone waits for nobody. A caller gets its
answer only when its bytes are on the disk and the catalog says so. After the first error the archive takes no more:
the next start looks at what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from archiver.errors import ArchiverError, StoreError
from archiver.model import WarcRef
from archiver.ports import Clock
from archiver.store.catalog import Catalog
from archiver.store.manifest import FILE_NAME, Entry, Manifest
from archiver.store.records import Group
from archiver.store.warc import GrowingWarc, Volume, not_written

Refs = tuple[WarcRef, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    groups: Sequence[Group]
    volume: Volume
    done: asyncio.Future[Refs]


class Writer:
    """``make_volume`` gives the next file to write, which is made when the first group for it is stored. A file is
    closed once it has ``max_warc_bytes``, or when nothing was written for ``max_idle_s``; ``closed`` hears of its name.

    Except for the thread's own work everything happens on the event loop, so nothing needs a lock.
    """

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        manifest: Manifest,
        make_volume: Callable[[], Volume],
        clock: Clock,
        *,
        max_warc_bytes: int,
        max_idle_s: float,
        closed: Callable[[str], None] | None = None,
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._manifest = manifest
        self._clock = clock
        self._make_volume = make_volume
        self._max_warc_bytes = max_warc_bytes
        self._max_idle_s = max_idle_s
        self._closed = closed
        self._idle: asyncio.TimerHandle | None = None
        self._rested_at = 0.0
        self._volume: Volume | None = None
        self._waiting: list[_Job] = []
        self._waking = False
        self._running: asyncio.Future[list[Refs]] | None = None
        self._error: BaseException | None = None
        self._untold: BaseException | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._file: GrowingWarc | None = None

    def volume(self) -> Volume:
        """Where the next group will lie; its records name that file's ``warcinfo``. To be asked anew for each."""
        if self._volume is None or self._volume.planned_bytes >= self._max_warc_bytes:
            self._volume = self._make_volume()
        return self._volume

    async def write(self, groups: Sequence[Group], volume: Volume) -> Refs:
        """Where each group's first record lies, once all are durable. ``volume`` as just asked for.

        Raises ``StoreError``. The groups of a caller that is cancelled meanwhile are stored all the same; where they
        read from a tape that must not be closed before, it hears of it only then.
        """
        if self._error is not None:
            self._untold = None
            if isinstance(self._error, ArchiverError):
                raise self._error  # which of many callers is heard in the end is chance: each says what to do
            raise StoreError(f"nothing more is stored after an error ({self._error})")
        loop = asyncio.get_running_loop()
        volume.planned_bytes += sum(group.size_bytes for group in groups)
        job = _Job(groups, volume, loop.create_future())
        self._waiting.append(job)
        self._wake(loop)
        if any(group.reads_later for group in groups):
            return await _to_its_end(job.done)
        return await job.done

    async def alone(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, done in the thread with every file closed and nobody writing meanwhile. Raises what it
        raises, and then nothing more is stored."""
        while self._waiting or self._running is not None:
            await (asyncio.sleep(0) if self._running is None else asyncio.wait([self._running]))
        if self._error is not None:
            raise StoreError(f"nothing more is stored after an error ({self._error})")
        results: list[T] = []

        def run() -> list[Refs]:
            self._close_file()
            results.append(work())
            return []

        self._volume = None
        loop = asyncio.get_running_loop()
        self._running = running = loop.run_in_executor(self._thread, run)
        running.add_done_callback(partial(self._finished, loop, []))
        await asyncio.wait([running])
        self._untold = None
        running.result()
        return results[0]

    async def aclose(self) -> None:
        """Wait for what is under way, and close the file. Raises ``StoreError``, but only for what nobody was told."""
        if self._idle is not None:
            self._idle.cancel()
        while self._waiting or self._running is not None:
            await (asyncio.sleep(0) if self._running is None else asyncio.wait([self._running]))
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close_file)
            if self._untold is not None:
                raise self._untold
        finally:
            self._thread.shutdown()

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a batch in the loop's next turn: whoever has something to write in this one comes along, and the rest
        of a batch that was just finished is about to."""
        if self._running is None and not self._waking:
            self._waking = True
            loop.call_soon(self._start, loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = False
        batch, self._waiting = self._waiting, []
        self._running = loop.run_in_executor(self._thread, self._store, batch)
        self._running.add_done_callback(partial(self._finished, loop, batch))

    def _finished(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Job], running: asyncio.Future[list[Refs]]
    ) -> None:
        self._running = None
        self._error = running.exception()
        if self._error is not None:
            self._untold = None if batch else self._error
            batch, self._waiting = batch + self._waiting, []
        results = itertools.repeat(()) if self._error else running.result()
        for job, refs in zip(batch, results, strict=False):
            if job.done.cancelled():
                continue
            if self._error is not None:
                job.done.set_exception(self._error)
            else:
                job.done.set_result(refs)
        if self._waiting:
            self._wake(loop)
        elif batch and self._error is None:
            self._rest(loop)

    def _rest(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on nothing is to be written. One timer is enough for any number of batches: when it goes off, it
        looks at how long the last one is ago."""
        self._rested_at = loop.time()
        if self._idle is None:
            self._idle = loop.call_later(self._max_idle_s, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._idle = None
        if self._running is not None or self._waiting or self._error is not None:
            return
        if (left_s := self._rested_at + self._max_idle_s - loop.time()) > 0:
            self._idle = loop.call_later(left_s, self._look, loop)
            return
        self._volume = None
        self._running = loop.run_in_executor(self._thread, self._close_idle)
        self._running.add_done_callback(partial(self._finished, loop, []))

    # The thread

    def _close_idle(self) -> list[Refs]:
        self._close_file()
        return []

    def _store(self, batch: list[_Job]) -> list[Refs]:
        results: list[Refs] = []
        for _, jobs in itertools.groupby(batch, key=lambda job: id(job.volume)):
            results += self._store_in_one_file(list(jobs))
        return results

    def _store_in_one_file(self, jobs: list[_Job]) -> list[Refs]:
        file = self._file
        if file is None or file.volume is not jobs[0].volume:
            self._close_file()
            file = GrowingWarc(self._folder, jobs[0].volume)
        # Until all is safe nobody may append behind it, whatever goes wrong from here on.
        self._file = None
        results: list[Refs] = []
        captures, documents = [], []
        try:
            for job in jobs:
                refs = []
                for group in job.groups:
                    ref = file.append(group)
                    refs.append(ref)
                    if group.captured:
                        captures.append((group.captured, ref))
                    if group.document:
                        documents.append((group.document, ref))
                results.append(tuple(refs))
            file.sync()
            self._catalog.commit(file.volume.name, file.end, captures, documents)
            self._file = file
        finally:
            if self._file is None:
                file.abandon()
        return results

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            sha256 = file.close()
            self._list(file, sha256)
            self._catalog.commit(file.volume.name, file.end, closed=True, sha256=sha256)
            self._catalog.set_head(self._manifest.head)
            if self._closed is not None:
                self._closed(file.volume.name)

    def _list(self, file: GrowingWarc, sha256: str) -> None:
        entry = Entry(
            file=file.volume.name,
            bytes=file.end,
            sha256=sha256,
            records=file.records,
            closed_at=self._clock.now(),
        )
        try:
            self._manifest.append(entry)
        except OSError as error:
            raise not_written(self._folder / FILE_NAME, error) from error


async def _to_its_end(done: asyncio.Future[Refs]) -> Refs:
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        while not done.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([done])
        done.exception()  # heard; what counts for this caller is that it was cancelled
        raise
