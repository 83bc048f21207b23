"""The only place where real things are built from a ``Config``, and closed again. No decision is made here."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from archiver import __version__
from archiver.archives import Desk
from archiver.config import Config, PolitenessConfig, archive_keys, bearer
from archiver.errors import NoInput, StoreError
from archiver.findings import Checked, Finding, Repaired
from archiver.net import authority
from archiver.net.breaker import Breaker
from archiver.net.client import Client, user_agent
from archiver.net.manners import Mannered
from archiver.net.patience import PatientFetcher
from archiver.net.robots import RobotsFetcher
from archiver.platforms.x.post import X
from archiver.ports import ArchivedPlatform, Catalog, Clock, Fetcher, Manners, Nights, Scout
from archiver.store import imports, indexes, intake, outgoing
from archiver.store.archive import Archive
from archiver.store.foreign import Imported
from archiver.store.opening import Habits
from archiver.store.recorder import RecallingFetcher, RecordingFetcher
from archiver.store.revisits import Rule
from archiver.store.scout import Scouting
from archiver.store.verify import archive as checking
from archiver.store.verify import given
from archiver.store.verify import rebuild as rebuilding
from archiver.store.verify import repair as repairing

T = TypeVar("T")
_ARCHIVE_PAUSE_S = 60.0
"""What the Internet Archive wants after a 429, since November 2023 (``protocols`` 6.4)."""
_SOFTWARE = f"archiver/{__version__}"


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's time (``ports.Clock``)."""

    def now(self) -> datetime:
        """See ``ports.Clock``."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """See ``ports.Clock``."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See ``ports.Clock``."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a run is handed. ``desk``: where web archives are asked, ``None`` when they are not. ``archive_dir``: where
    the WARCs are."""

    fetcher: Fetcher
    catalog: Nights
    clock: Clock
    platforms: tuple[ArchivedPlatform, ...]
    desk: Desk | None
    scout: Scout
    manners: Manners
    archive_dir: Path


def platforms(config: Config) -> tuple[ArchivedPlatform, ...]:
    """The networks that are asked for posts, as configured."""
    x = config.x
    return (
        X(
            sources=x.sources,
            tweet_result_url=x.tweet_result_url,
            oembed_url=x.oembed_url,
            api_url=x.api_url,
            fxtwitter_url=x.fxtwitter_url,
            bearer=bearer(config) if "api" in x.sources else None,
            media=x.media,
            avatar=x.avatar,
        ),
    )


def desk(config: Config) -> Desk | None:
    """Where web archives are asked, as configured; ``None`` when they are not."""
    archives = config.archives
    if not archives.wayback:
        return None
    return Desk(
        availability_url=archives.availability_url,
        cdx_url=archives.cdx_url,
        replay_url=archives.replay_url,
        mementos=archives.most_mementos,
        candidates=archives.most_candidates,
        failures=archives.give_up_after,
        save_url=archives.save_url if archives.save_page_now else None,
        keys=archive_keys() if archives.save_page_now else "",
        save_looks=archives.save_looks,
        save_wait_s=archives.save_wait_s,
    )


def politeness(config: Config) -> PolitenessConfig:
    """The configured politeness, with the web archives' own rates where nothing else is written for them."""
    archives = config.archives
    rates = {
        archives.availability_url: archives.cdx_per_minute,
        archives.cdx_url: archives.cdx_per_minute,
        archives.replay_url: archives.mementos_per_minute,
        archives.save_url: archives.saves_per_minute,
        f"{archives.save_url}/status": archives.cdx_per_minute,
    }
    routes = {url.removeprefix("https://"): rate / 60 for url, rate in rates.items()}
    return replace(config.politeness, hosts={**routes, **config.politeness.hosts})


def _archive_hosts(config: Config) -> frozenset[str]:
    """Where web archives are asked."""
    archives = config.archives
    urls = (archives.availability_url, archives.cdx_url, archives.replay_url)
    return frozenset(urlsplit(url).hostname or "" for url in urls)


def _pauses(config: Config) -> dict[str, float]:
    """Hosts that answer 429 without saying for how long, and what they are known to want."""
    return dict.fromkeys(_archive_hosts(config), _ARCHIVE_PAUSE_S)


@asynccontextmanager
async def writing(
    config: Config,
    *,
    wait_lock_s: float = 0,
    clock: Clock | None = None,
    breaking: bool = False,
    offline: bool = False,
) -> AsyncIterator[Tools]:
    """Tools over the configured archive, locked, recovered and ready to be written; closed afterwards. ``breaking``:
    hosts that don't answer are left alone, which a person who asks for one thing does not want. ``offline``: the
    fetcher gives back what the archive holds, and asks nobody.

    Raises ``AlreadyRunning``, ``CannotCreate`` or ``Damaged``.
    """
    clock = clock or SystemClock()
    archive = await _open(config, clock, wait_lock_s)
    hurry = True
    try:
        client = Client(config.network, politeness(config), clock)
        breaker = Breaker(clock, _archive_hosts(config)) if breaking else None
        street = Mannered(client, config.network, clock, client.pace, breaker)
        street.remember(archive.recall_all("pace"), archive.recall_all("breaker"))
        try:
            most = config.network.max_decoded_bytes
            recording = RecordingFetcher(street, archive, max_decoded_bytes=most)
            patient: Fetcher = PatientFetcher(recording, config.network, clock, client.pace, _pauses(config))
            if config.politeness.robots == "obey":
                patient = RobotsFetcher(patient, user_agent(config.network), clock)
            asked = desk(config)
            if offline:  # what is not held is no sign that a web archive is down
                patient, asked = RecallingFetcher(archive), replace(asked, failures=sys.maxsize) if asked else None
            yield Tools(
                fetcher=patient,
                catalog=archive,
                clock=clock,
                scout=Scouting(street, archive, max_decoded_bytes=most),
                manners=street,
                platforms=platforms(config),
                desk=asked,
                archive_dir=config.archive.dir,
            )
        finally:
            await client.aclose()
            with suppress(StoreError):  # not worth an error, least of all in place of another
                keep_manners(archive, street)
        hurry = False
    finally:
        await archive.aclose(hurry=hurry)


async def _open(config: Config, clock: Clock, wait_lock_s: float = 0) -> Archive:
    return await Archive.open(
        config.archive.dir,
        operator=config.archive.operator,
        user_agent=user_agent(config.network),
        software=_SOFTWARE,
        max_warc_bytes=config.archive.max_warc_bytes,
        clock=clock,
        wait_lock_s=wait_lock_s,
        habits=Habits(
            robots=config.politeness.robots,
            max_idle_s=config.archive.max_idle_s,
            revisits=Rule(on=config.archive.revisits, least_bytes=config.archive.revisit_min_bytes),
            mask_cookies=config.archive.mask_cookies,
            cdxj=config.archive.cdxj,
        ),
    )


def keep_manners(catalog: Nights, manners: Manners) -> None:
    """Remember for the next run how the hosts want to be asked, if there is anything to be said about that."""
    for kind, known in manners.known().items():
        if known or catalog.recall_all(kind):
            catalog.remember(kind, known, alone=True)


@asynccontextmanager
async def passing(config: Config) -> AsyncIterator[Tools]:
    """Tools whose archive is thrown away afterwards: for ``find URL``, which keeps nothing."""
    with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
        elsewhere = replace(config, archive=replace(config.archive, dir=Path(folder), cdxj=False))
        async with writing(elsewhere) as tools:
            yield tools


@contextmanager
def reading(config: Config) -> Iterator[Catalog]:
    """The catalog for looking only: no lock, no change, also while somebody writes. ``NoInput`` without an archive."""
    with Archive.reading(config.archive.dir) as catalog:
        yield catalog


new_file = outgoing.new_file


def index(config: Config, *, anew: bool = False) -> int:
    """Make the CDXJ of closed WARCs that have none (``anew``: of all); how many. Raises ``NoInput``, ``Damaged``."""
    if not config.archive.dir.is_dir():
        raise NoInput(f"there is no archive in {config.archive.dir} yet", hint="`archiver save` makes one")
    return indexes.update(config.archive.dir, anew=anew)


def read_file(path: Path) -> bytes:
    """The bytes of a file that the user named. Raises ``NoInput``."""
    return intake.read_file(str(path))


async def take_in(config: Config, path: Path, *, wait_lock_s: float = 0) -> Imported:
    """Take the WARC or WACZ ``path`` into the archive. Raises ``NoInput``, and what ``writing`` raises."""
    async with writing(config, wait_lock_s=wait_lock_s) as ready:
        assert isinstance(ready.catalog, Archive)
        return await imports.take_in(ready.catalog, path)


def timestamps(config: Config) -> Callable[[str, bytes, str], bytes]:
    """Whoever asks a timestamp authority: (URL, question, its media type) → answer. Raises ``FetchError``."""
    return partial(authority.ask, network=config.network)


def verify(
    config: Config, files: Sequence[Path], tell: Callable[[Finding], None], watch: Callable[[int, int], None] | None
) -> Checked:
    """Check the files, or the whole archive when none is named; ``tell`` gets every finding. Raises ``NoInput``."""
    if files:
        return given.verify(files, tell, watch)
    return checking.verify(config.archive.dir, tell, watch)


def sample(config: Config, tell: Callable[[Finding], None], *, parts: int) -> Checked:
    """Check one of ``parts`` parts of the archive's records, another one each day. Raises ``NoInput``."""
    return checking.sample(config.archive.dir, tell, parts=parts, turn=SystemClock().now().toordinal())


async def rebuild(
    config: Config, tell: Callable[[Finding], None], watch: Callable[[int, int], None]
) -> tuple[Checked, Path | None]:
    """Make the catalog anew from the WARCs, and take up what a stopped run left; also where the old one is kept."""
    made = await asyncio.to_thread(rebuilding.rebuild, config.archive.dir, SystemClock().now(), tell, watch)
    await (await _open(config, SystemClock())).aclose()
    return made


async def repair(config: Config, path: Path) -> Repaired:
    """Salvage what is whole in a damaged WARC into a new one; in the archive, what was lost is asked for again."""
    clock = SystemClock()
    repaired, documents = await asyncio.to_thread(repairing.repair, path, config.archive.dir, clock.now(), _SOFTWARE)
    if documents:
        archive = await _open(config, clock)
        try:
            await archive.add(documents)
        finally:
            await archive.aclose()
    return repaired


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on uvloop where it is installed: a fifth less time for each exchange.

    SIGINT raises ``KeyboardInterrupt`` and SIGTERM ``asyncio.CancelledError``, both after ``main`` has cleaned up.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_stoppable(main))


async def _stoppable(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    if sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # optional, so it is looked for only when there is something to run
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
