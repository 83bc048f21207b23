"""What nights and the doctor need of disk and street beside the tools: lists, reports, metrics, pings, health. As in
``tools``, no decision is made here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.config import Config
from archiver.errors import ArchiverError, NoInput
from archiver.model import Errand, Health, Probed
from archiver.net import notices
from archiver.net.client import Client, user_agent
from archiver.net.probe import probe
from archiver.ports import Clock
from archiver.store import folders, indexes, intake, reports
from archiver.store.archive import Archive
from archiver.store.health import examine, not_readable, not_runnable, not_writable, permissions

_SILENCE_S = 600.0


def read_list(name: str) -> bytes:
    """The bytes of a local list, or of standard input. Raises ``NoInput``."""
    return intake.piped(silence_s=_SILENCE_S) if name == "-" else intake.read_file(name)


def fingerprint(name: str) -> str:
    """See ``folders.fingerprint``."""
    return folders.fingerprint(Path(name))


def free_bytes(config: Config) -> int:
    """What is free on the archive's disk."""
    return folders.free_bytes(config.archive.dir)


def warc_files(config: Config) -> list[dict[str, Any]]:
    """The archive's WARC files with their length and, once closed, their SHA-256, by name; none without an archive."""
    try:
        with Archive.reading(config.archive.dir) as archive:
            return [{"file": name, **about} for name, about in sorted(archive.files().items())]
    except ArchiverError:
        return []


def write_report(config: Config, run: str, report: Mapping[str, Any]) -> None:
    """See ``reports.write``. Raises ``StoreError``."""
    reports.write(config.archive.dir, run, report)


def read_report(config: Config, run: str | None) -> dict[str, Any]:
    """See ``reports.read``."""
    return reports.read(config.archive.dir, run)


def latest_report(config: Config) -> dict[str, Any] | None:
    """The newest report, ``None`` without one that can be read."""
    try:
        return reports.read(config.archive.dir)
    except NoInput:
        return None


def begin(config: Config, run: str) -> None:
    """See ``reports.begin``."""
    reports.begin(config.archive.dir, run)


def unreported(config: Config) -> str | None:
    """The run that began last, if it left no report (yet); ``None`` when it did, or none is known to have begun."""
    run = reports.begun(config.archive.dir)
    return run if run and not reports.there(config.archive.dir, run) else None


def told(config: Config) -> dict[str, Any]:
    """See ``reports.told``."""
    return reports.told(config.archive.dir)


def keep_told(config: Config, said: Mapping[str, Any]) -> str | None:
    """See ``reports.keep_told``; why it could not be kept, else ``None``."""
    try:
        reports.keep_told(config.archive.dir, said)
    except OSError as error:
        return f"how far the news are told can't be kept: {error.strerror}"
    return None


def all_reports(config: Config) -> list[str]:
    """See ``reports.runs``."""
    return reports.runs(config.archive.dir)


def write_metrics(config: Config, text: str) -> str | None:
    """Put the metrics where the configuration wants them, if it does. Returns why they could not be put there."""
    path = config.nightly.metrics_file
    if path is None:
        return None
    try:
        reports.put(path, text.encode())
    except OSError as error:
        return f"no metrics: {path}: {error.strerror}"
    return None


async def ping(config: Config, run: str, code: int | None, text: str, clock: Clock, *, count: int = 0) -> str | None:
    """Tell the dead man's switch, if there is one. ``code``: ``None`` at the start. Returns why it did not hear it."""
    nightly = config.nightly
    if not nightly.ping_url:
        return None
    url = notices.ping_url(nightly.ping_url, nightly.ping_style, run, code, count, text)
    body = "" if nightly.ping_style == "cronitor" else text  # it reads none
    return await notices.ping(url, body, config.network, clock)


async def tell_news(config: Config, text: str) -> str | None:
    """Give the news to the configured command, if there is one. Returns why they were not told."""
    command = config.nightly.news_command
    return await notices.tell(command, text) if command else None


def health(config: Config) -> Health:
    """What there is to know about the configured archive without opening it."""
    return examine(config.archive.dir)


def indexed(config: Config) -> tuple[bool, bool]:
    """(whether CDXJ indexes are to be kept, whether what makes them is installed)."""
    return config.archive.cdxj, indexes.installed()


def called(config: Config) -> str:
    """What we call ourselves to every service."""
    return user_agent(config.network)


def secrets(config: Config) -> dict[str, int | None]:
    """The configured files that hold a secret, each with its permission bits, ``None`` when it can't be read."""
    named = [config.x.bearer_file] if config.x.bearer_file else []
    if os.path.exists(config.pack.key):  # noqa: PTH110  # of a closed home folder, Path.exists raises. It is made when it is needed first
        named.append(config.pack.key)
    return {str(path): permissions(path) for path in named}


def errands(config: Config) -> list[Errand]:
    """What a night needs of this machine beside its archive: local sources, and whom it tells."""
    needed = [
        Errand(name=f"source {source.name}", what=source.where, problem=not_readable(Path(source.where)))
        for source in config.sources
        if not source.remote and source.where != "-"
    ]
    kept = reports.place(config.archive.dir)
    if os.path.lexists(kept):
        needed.append(Errand(name="reports", what=str(kept), problem=not_writable(kept / reports.LATEST)))
    nightly = config.nightly
    if path := nightly.metrics_file:
        needed.append(Errand(name="metrics", what=str(path), problem=not_writable(path)))
    if command := nightly.news_command:
        needed.append(Errand(name="news", what=command[0], problem=not_runnable(command[0])))
    return needed


async def heard(config: Config, clock: Clock) -> tuple[Sequence[Probed], Mapping[str, Probed]]:
    """(what each service that ``config`` uses answers now, asked for its robots.txt; what each source on the web
    answers, by its name)."""
    urls = ["https://t.co/", config.x.tweet_result_url, config.x.oembed_url, "https://pbs.twimg.com/"]
    if config.archives.wayback:
        urls += [config.archives.availability_url, config.archives.cdx_url]
    services = list(dict.fromkeys(f"https://{urlsplit(url).netloc}/robots.txt" for url in urls))
    sources = {source.name: source.where for source in config.sources if source.remote}
    client = Client(config.network, config.politeness, clock)
    try:
        answers = await probe([*services, *sources.values()], client, clock)
    finally:
        await client.aclose()
    return answers[: len(services)], dict(zip(sources, answers[len(services) :], strict=True))


async def listening(config: Config) -> Errand | None:
    """Whether whoever is to be pinged can be reached: its port is opened, and nothing said. ``None`` without one."""
    url = config.nightly.ping_url
    return Errand(name="ping", what=urlsplit(url).netloc, problem=await notices.not_reachable(url)) if url else None
