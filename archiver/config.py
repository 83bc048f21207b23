"""``config.toml`` → a frozen ``Config``; every problem at once.

``KEYS`` is the whole truth about what may stand in the file: section, key, default, and the reader that turns what is
written into a value or complains in one sentence. ``config.toml`` shows the same defaults; a test holds them together.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from archiver import subscriptions, values
from archiver.errors import ConfigError

ENVIRONMENT = "ARCHIVER_CONFIG"
FILE_NAME = "config.toml"
BEARER = "ARCHIVER_X_BEARER"
"""The environment variable with the token of X's official API; never a word of the command line, never in a WARC."""
ARCHIVE_KEYS = "ARCHIVER_IA_KEYS"
"""The environment variable with the keys of an account at the Internet Archive; in no WARC either."""
_KEYS = re.compile(r"[\x21-\x39\x3b-\x7e]{4,200}:[\x21-\x7e]{4,200}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,4096}")
_SOURCES = "sources"
_SIGNING_KEY = "signing-key.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveConfig:
    """``dir``: absolute path of the one folder that holds WARCs, catalog and lock. ``max_warc_bytes``: a WARC is
    closed once it is at least this long, or nothing was written for ``max_idle_s``. ``revisits``: whether a body of at
    least ``revisit_min_bytes`` that is held already is stored as a reference. ``mask_cookies``: whether the values of
    ``Set-Cookie`` are stored as ``*``. ``operator``: written into each warcinfo, or empty. ``cdxj``: whether each file
    gets its CDXJ index when it is closed."""

    dir: Path
    max_warc_bytes: int
    max_idle_s: float
    revisits: bool
    revisit_min_bytes: int
    mask_cookies: bool
    operator: str
    cdxj: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Deadlines in seconds, sizes in bytes. ``connect_to``: (host pattern, port) → (host, port) to dial instead."""

    user_agent: str
    contact: str
    ca_bundle: Path | None
    connect_to: Mapping[tuple[str, int], tuple[str, int]]
    allowed_ports: frozenset[int]
    connect_timeout_s: float
    head_timeout_s: float
    total_timeout_s: float
    min_bytes_per_s: int
    min_rate_window_s: float
    max_body_bytes: int
    max_decoded_bytes: int
    max_head_bytes: int
    tries: int
    max_wait_s: float
    max_hops: int
    parallel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolitenessConfig:
    """Requests per second to one host; 0 means no limit. ``hosts``: exceptions, by host name or by the beginning of an
    address (``web.archive.org/cdx/``), which then is paced by itself. ``robots``: whether robots.txt is asked before an
    article's page: ``obey`` or ``ignore``."""

    requests_per_second: float
    hosts: Mapping[str, float]
    robots: str = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class XConfig:
    """What is asked for a post on X. ``sources``: in order of preference. ``bearer_file``: absolute path, ``None`` when
    the token, if there is one, comes from the environment. ``media``: ``all``, ``images`` or ``none``. ``depth``: how
    far quoted and replied-to posts are followed; ``thread``: most posts of the author's own thread. ``max_post_bytes``,
    ``max_run_bytes``: of media, for one post and for one run."""

    sources: tuple[str, ...]
    tweet_result_url: str
    oembed_url: str
    api_url: str
    fxtwitter_url: str
    bearer_file: Path | None
    media: str
    avatar: bool
    depth: int
    thread: int
    max_post_bytes: int
    max_run_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivesConfig:
    """What is asked of web archives. ``wayback``: whether at all. ``cdx_per_minute``, ``mementos_per_minute``: 0 means
    no limit. ``most_mementos``: looked at for one post; ``most_candidates``: read for one embed without an id.
    ``save_page_now``: whether what was captured is submitted to it, ``saves_per_minute`` at most; what came of it is
    asked ``save_looks`` times, ``save_wait_s`` seconds apart."""

    wayback: bool
    availability_url: str
    cdx_url: str
    replay_url: str
    cdx_per_minute: float
    mementos_per_minute: float
    most_mementos: int
    most_candidates: int
    give_up_after: int
    save_page_now: bool
    save_url: str
    saves_per_minute: float
    save_looks: int
    save_wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PackConfig:
    """``key``: absolute path of the private key that signs, made with the first package. ``timestamp_url``: of an RFC
    3161 authority, or empty. ``timestamp_roots``: PEM file of the roots that are trusted for timestamps."""

    sign: bool
    key: Path
    timestamp_url: str
    timestamp_roots: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyConfig:
    """How nights go, and who hears of them. Limits of 0 are none. ``grace_s``: how long what is under way may take to
    end. ``ping_url``, ``metrics_file``, ``news_command``: empty or ``None`` for nobody."""

    max_time_s: float
    max_requests: int
    max_bytes: int
    min_free_bytes: int
    grace_s: float
    posts_days: tuple[float, ...]
    posts_every_days: float
    articles_days: tuple[float, ...]
    ping_url: str
    ping_style: str
    metrics_file: Path | None
    news_command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective configuration. ``path``: the file it was read from, ``None`` for the built-in defaults."""

    path: Path | None
    archive: ArchiveConfig
    network: NetworkConfig
    politeness: PolitenessConfig
    x: XConfig
    archives: ArchivesConfig
    pack: PackConfig
    nightly: NightlyConfig
    sources: tuple[subscriptions.Source, ...] = ()


class _Key(NamedTuple):
    default: object
    read: Callable[[Any], object]


KEYS: dict[str, dict[str, _Key]] = {
    "archive": {
        "dir": _Key("warcs", values.folder),
        "max_warc_bytes": _Key("1 GB", values.size),
        "max_idle_s": _Key(600, values.number(1)),
        "revisits": _Key(True, values.flag),
        "revisit_min_bytes": _Key("1 KB", values.size),
        "mask_cookies": _Key(True, values.flag),
        "operator": _Key("", values.text),
        "cdxj": _Key(True, values.flag),
    },
    "network": {
        "user_agent": _Key("", values.header),
        "contact": _Key("", values.header),
        "ca_bundle": _Key("", values.path),
        "connect_to": _Key({}, values.connect_to),
        "allowed_ports": _Key([80, 443], values.ports),
        "connect_timeout_s": _Key(10, values.number(0.01)),
        "head_timeout_s": _Key(20, values.number(0.01)),
        "total_timeout_s": _Key(300, values.number(0.01)),
        "min_bytes_per_s": _Key(1024, values.whole(0)),
        "min_rate_window_s": _Key(20, values.number(0.1)),
        "max_body_bytes": _Key("200 MB", values.size),
        "max_decoded_bytes": _Key("20 MB", values.size),
        "max_head_bytes": _Key("256 KB", values.size),
        "tries": _Key(3, values.whole(1, 20)),
        "max_wait_s": _Key(30, values.number(0)),
        "max_hops": _Key(10, values.whole(1, 50)),
        "parallel": _Key(16, values.whole(1, 256)),
    },
    "politeness": {
        "requests_per_second": _Key(2, values.number(0)),
        "hosts": _Key({}, values.rates),
        "robots": _Key("ignore", values.one_of("ignore", "obey")),
    },
    "nightly": {
        "max_time_s": _Key(0, values.number(0)),
        "max_requests": _Key(0, values.whole(0)),
        "max_bytes": _Key(0, values.size_or_none),
        "min_free_bytes": _Key("1 GB", values.size_or_none),
        "grace_s": _Key(30, values.number(0)),
        "posts_days": _Key([1, 7, 30, 90], values.days),
        "posts_every_days": _Key(365, values.number(1)),
        "articles_days": _Key([1, 3, 7, 30, 90], values.days),
        "ping_url": _Key("", values.url_or_none),
        "ping_style": _Key("healthchecks", values.one_of("healthchecks", "cronitor")),
        "metrics_file": _Key("", values.path),
        "news_command": _Key([], values.words),
    },
    "x": {
        "sources": _Key(["tweet-result", "oembed"], values.list_of("tweet-result", "oembed", "api", "fxtwitter")),
        "tweet_result_url": _Key("https://cdn.syndication.twimg.com/tweet-result", values.https_url),
        "oembed_url": _Key("https://publish.twitter.com/oembed", values.https_url),
        "api_url": _Key("https://api.x.com/2/tweets", values.https_url),
        "fxtwitter_url": _Key("https://api.fxtwitter.com/2/status", values.https_url),
        "bearer_file": _Key("", values.path),
        "media": _Key("all", values.one_of("all", "images", "none")),
        "avatar": _Key(True, values.flag),
        "depth": _Key(1, values.whole(0, 5)),
        "thread": _Key(20, values.whole(0, 200)),
        "max_post_bytes": _Key("500 MB", values.size),
        "max_run_bytes": _Key("20 GB", values.size),
    },
    "archives": {
        "wayback": _Key(True, values.flag),
        "availability_url": _Key("https://archive.org/wayback/available", values.https_url),
        "cdx_url": _Key("https://web.archive.org/cdx/search/cdx", values.https_url),
        "replay_url": _Key("https://web.archive.org/web", values.https_url),
        "cdx_per_minute": _Key(24, values.number(0)),
        "mementos_per_minute": _Key(480, values.number(0)),
        "most_mementos": _Key(5, values.whole(1, 100)),
        "most_candidates": _Key(500, values.whole(1, 5000)),
        "give_up_after": _Key(3, values.whole(1, 100)),
        "save_page_now": _Key(False, values.flag),
        "save_url": _Key("https://web.archive.org/save", values.https_url),
        "saves_per_minute": _Key(6, values.number(0)),
        "save_looks": _Key(3, values.whole(0, 20)),
        "save_wait_s": _Key(15, values.number(0)),
    },
    "pack": {
        "sign": _Key(True, values.flag),
        "key": _Key("", values.path),
        "timestamp_url": _Key("", values.http_url),
        "timestamp_roots": _Key("", values.path),
    },
}

_THERE = (("network", "ca_bundle"), ("x", "bearer_file"), ("pack", "timestamp_roots"))
"""Files that must be there before anything begins."""
_PATHS = (
    ("archive", "dir"),
    ("network", "ca_bundle"),
    ("x", "bearer_file"),
    ("nightly", "metrics_file"),
    ("pack", "key"),
    ("pack", "timestamp_roots"),
)


def locate(
    given: str | None = None, *, environment: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Path | None:
    """The configuration file to read: ``given`` (``--config``), else ``ARCHIVER_CONFIG``, else ``config.toml`` in the
    working directory; ``None`` when there is none, and the built-in defaults hold."""
    if given or environment.get(ENVIRONMENT):
        return Path(given or environment[ENVIRONMENT])
    path = (folder or Path.cwd()) / FILE_NAME
    return path if path.is_file() else None


def load(path: Path | None) -> Config:
    """Read ``path`` (``None``: the built-in defaults). Relative paths in it are relative to its folder.

    Raises ``ConfigError`` with every problem, each naming the key and the nearest known one.
    """
    if path is None:
        return build({}, None)
    try:
        if not path.is_file():
            raise ConfigError([f"{path}: {'not a regular file' if path.exists() else 'no such file'}"])
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error
    return build(data, path)


def build(data: Mapping[str, object], path: Path | None) -> Config:
    """The configuration that ``data`` is, as it was read from ``path``; see ``load``."""
    problems: list[str] = []
    where = f"{path}: " if path else ""
    read: dict[str, dict[str, Any]] = {}
    problems += [f"{where}{_stray(name, data[name])}" for name in data if name not in (*KEYS, _SOURCES)]
    for section, keys in KEYS.items():
        written = data.get(section, {})
        if not isinstance(written, dict):
            problems.append(f"{where}{section} must be a section: [{section}]")
            written = {}
        unknown = [key for key in written if key not in keys]
        problems += [f"{where}unknown key {section}.{key}{_nearest(key, keys)}" for key in unknown]
        read[section] = {}
        for name, key in keys.items():
            try:
                read[section][name] = key.read(written.get(name, key.default))
            except ValueError as error:
                problems += [f"{where}{section}.{name} {one}" for one in error.args]
    base = path.absolute().parent if path else Path.cwd()
    for section, name in _PATHS:
        if given := read[section].get(name):
            read[section][name] = base / given
    read["pack"]["key"] = read["pack"].get("key") or values.own(_SIGNING_KEY, base)
    for section, name in _THERE:
        if (named := read[section].get(name)) and not values.readable(named):
            problems.append(f"{where}{section}.{name} names no readable file: {named}")
    sources, wrong = subscriptions.read(data.get(_SOURCES, []), base)
    problems += [f"{where}{one}" for one in wrong]
    if problems:
        raise ConfigError(problems)
    return Config(
        path=path,
        archive=ArchiveConfig(**read["archive"]),
        network=NetworkConfig(**read["network"]),
        politeness=PolitenessConfig(**read["politeness"]),
        x=XConfig(**read["x"]),
        archives=ArchivesConfig(**read["archives"]),
        pack=PackConfig(**read["pack"]),
        nightly=NightlyConfig(**read["nightly"]),
        sources=sources,
    )


def bearer(config: Config, environment: Mapping[str, str] = os.environ) -> str:
    """The official API's token, from the environment (``BEARER``) or the file that the configuration names. Raises
    ``ConfigError`` when there is none, or what is there can't be one."""
    written, where = environment.get(BEARER), BEARER
    if not written and config.x.bearer_file:
        where = f"x.bearer_file ({config.x.bearer_file})"
        try:
            written = config.x.bearer_file.read_text("ascii", "replace")[:10_000]
        except OSError as error:
            raise ConfigError([f"{where}: {error.strerror}"]) from error
    token = (written or "").strip()
    if not token:
        raise ConfigError([f'x.sources names "api", which wants a token: set {BEARER}, or x.bearer_file'])
    if not _TOKEN.fullmatch(token):
        raise ConfigError([f"{where} holds no bearer token: printable ASCII without blanks"])
    return token


def _stray(name: str, value: object) -> str:
    """The sentence about what stands at the top of the file and is no section."""
    if isinstance(value, Mapping):
        what = f"section [{name}]"
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        what = f"section [[{name}]]"
    else:
        return f"unknown key {name}, outside of any section{_nearest(name, ())}"
    return f"unknown {what}{_nearest(name, (*KEYS, _SOURCES))}"


def _nearest(word: str, known: Iterable[str]) -> str:
    """The nearest name: the same word in another section, a word like it in ``known``, one like it elsewhere."""
    known = tuple(known)
    everywhere = {f"{section}.{key}": key for section, keys in KEYS.items() for key in keys}
    if elsewhere := [place for place, key in everywhere.items() if key == word]:
        return f", did you mean {elsewhere[0]}?"
    if close := values.nearest(word, known):
        return f", did you mean {f'[[{close}]]' if close == _SOURCES else close}?"
    if known:
        return f" (known: {', '.join(known)})"
    close = values.nearest(word, everywhere.values())
    places = [place for place, key in everywhere.items() if key == close]
    return f", did you mean {places[0]}?" if places else f" (sections: {', '.join((*KEYS, _SOURCES))})"


def archive_keys(environment: Mapping[str, str] = os.environ) -> str:
    """The Internet Archive account's ``key:secret``, from the environment. Raises ``ConfigError`` without."""
    written = environment.get(ARCHIVE_KEYS, "").strip()
    if not _KEYS.fullmatch(written):
        raise ConfigError([f"archives.save_page_now wants an account's keys: set {ARCHIVE_KEYS}=key:secret"])
    return written
