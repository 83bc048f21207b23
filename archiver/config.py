"""``config.toml`` → a frozen ``Config``; every problem at once.

The table ``KEYS`` is the whole truth about what may stand in the file: section, key, default, and the reader that
turns what is written into a value or complains in one sentence. ``config.toml`` at the top of the project shows the
same defaults with comments; a test holds the two together.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from archiver.errors import ConfigError

ENVIRONMENT = "ARCHIVER_CONFIG"
FILE_NAME = "config.toml"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveConfig:
    """``dir``: absolute path of the one folder that holds WARCs, catalog and lock. ``max_warc_bytes``: a WARC is
    closed once it is at least this long. ``operator``: written into each warcinfo, or empty."""

    dir: Path
    max_warc_bytes: int
    operator: str


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
    """Requests per second to one host; 0 means no limit. ``hosts``: exceptions by host name."""

    requests_per_second: float
    hosts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class XConfig:
    """What is asked for a post on X. ``media``: ``all``, ``images`` or ``none``."""

    sources: tuple[str, ...]
    tweet_result_url: str
    oembed_url: str
    media: str
    avatar: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective configuration. ``path``: the file it was read from, ``None`` for the built-in defaults."""

    path: Path | None
    archive: ArchiveConfig
    network: NetworkConfig
    politeness: PolitenessConfig
    x: XConfig


class _Key(NamedTuple):
    default: object
    read: Callable[[Any], object]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"wants a text in quotes, not {_shown(value)}")
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("holds a control character")
    return value


def _header(value: object) -> str:
    text = _text(value)
    if not text.isascii() or text != text.strip():
        raise ValueError(f"is sent as a header: ASCII only, no blanks around it, not {_shown(value)}")
    return text


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"wants true or false, not {_shown(value)}")
    return value


def _whole(least: int, most: int = 10**12) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"wants a whole number from {least} to {most}, not {_shown(value)}")
        return value

    return read


def _number(least: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
            raise ValueError(f"wants a number of at least {least:g}, not {_shown(value)}")
        return float(value)

    return read


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]*)", value, re.ASCII) if isinstance(value, str) else None
    if not match or match[2].upper() not in _UNITS or float(match[1]) <= 0:
        raise ValueError(f'wants a size such as "20 MB" (B, KB, MB, GB, KiB, MiB, GiB), not {_shown(value)}')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def _folder(value: object) -> Path:
    path = _path(value)
    if path is None:
        raise ValueError("must name a folder")
    return path


def _path(value: object) -> Path | None:
    """A path, relative to the file's folder; ``None`` when empty."""
    text = _text(value)
    try:
        return Path(text).expanduser() if text else None
    except RuntimeError as error:
        raise ValueError(f"starts with a home folder that does not exist: {_shown(value)}") from error


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"wants one of {', '.join(words)}, not {_shown(value)}")
        return str(value)

    return read


def _list_of(*words: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
            raise ValueError(f"wants a list without repetitions, of {', '.join(words)}, and at least one")
        return tuple(_one_of(*words)(item) for item in value)

    return read


def _ports(value: object) -> frozenset[int]:
    if not isinstance(value, list) or not value:
        raise ValueError("wants a list of port numbers such as [80, 443]")
    return frozenset(_whole(1, 65535)(item) for item in value)


def _https_url(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(r"https://[a-z0-9.-]+(/[\x21-\x7e]*)?", text):
        raise ValueError(f"wants an https:// address, not {_shown(value)}")
    return text


def _rates(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError('wants a table such as { "t.co" = 2 }')
    return {str(host).lower(): _number(0)(rate) for host, rate in value.items()}


def _endpoint(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f'wants "host:port" on both sides, not "{text}"')
    return host.strip("[]").lower(), int(port)


def _connect_to(value: object) -> dict[tuple[str, int], tuple[str, int]]:
    if not isinstance(value, dict):
        raise ValueError('wants a table such as { "t.co:443" = "127.0.0.1:8443" }')
    mapping = {}
    for name, target in value.items():
        host, port = _endpoint(name)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            mapping[host, port] = _endpoint(_text(target))
        else:
            raise ValueError(f'maps names, and "{host}" is an address')
    return mapping


def _shown(value: object) -> str:
    return repr(value)[:80]


KEYS: dict[str, dict[str, _Key]] = {
    "archive": {
        "dir": _Key("warcs", _folder),
        "max_warc_bytes": _Key("1 GB", _size),
        "operator": _Key("", _text),
    },
    "network": {
        "user_agent": _Key("", _header),
        "contact": _Key("", _header),
        "ca_bundle": _Key("", _path),
        "connect_to": _Key({}, _connect_to),
        "allowed_ports": _Key([80, 443], _ports),
        "connect_timeout_s": _Key(10, _number(0.01)),
        "head_timeout_s": _Key(20, _number(0.01)),
        "total_timeout_s": _Key(300, _number(0.01)),
        "min_bytes_per_s": _Key(1024, _whole(0)),
        "min_rate_window_s": _Key(20, _number(0.1)),
        "max_body_bytes": _Key("200 MB", _size),
        "max_decoded_bytes": _Key("20 MB", _size),
        "max_head_bytes": _Key("256 KB", _size),
        "tries": _Key(3, _whole(1, 20)),
        "max_wait_s": _Key(30, _number(0)),
        "max_hops": _Key(10, _whole(1, 50)),
        "parallel": _Key(16, _whole(1, 256)),
    },
    "politeness": {
        "requests_per_second": _Key(2, _number(0)),
        "hosts": _Key({}, _rates),
    },
    "x": {
        "sources": _Key(["tweet-result", "oembed"], _list_of("tweet-result", "oembed")),
        "tweet_result_url": _Key("https://cdn.syndication.twimg.com/tweet-result", _https_url),
        "oembed_url": _Key("https://publish.twitter.com/oembed", _https_url),
        "media": _Key("all", _one_of("all", "images", "none")),
        "avatar": _Key(True, _flag),
    },
}


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
        return _build({}, None)
    try:
        if not path.is_file():
            raise ConfigError([f"{path}: {'not a regular file' if path.exists() else 'no such file'}"])
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error
    return _build(data, path)


def _build(data: Mapping[str, object], path: Path | None) -> Config:
    problems: list[str] = []
    where = f"{path}: " if path else ""
    values: dict[str, dict[str, Any]] = {}
    problems += [f"{where}unknown section [{name}]{_nearest(name, KEYS)}" for name in data if name not in KEYS]
    for section, keys in KEYS.items():
        written = data.get(section, {})
        if not isinstance(written, dict):
            problems.append(f"{where}{section} must be a section: [{section}]")
            written = {}
        unknown = [key for key in written if key not in keys]
        problems += [f"{where}unknown key {section}.{key}{_nearest(key, keys)}" for key in unknown]
        values[section] = {}
        for name, key in keys.items():
            try:
                values[section][name] = key.read(written.get(name, key.default))
            except ValueError as error:
                problems.append(f"{where}{section}.{name} {error}")
    base = path.absolute().parent if path else Path.cwd()
    for section, name in (("archive", "dir"), ("network", "ca_bundle")):
        if given := values[section].get(name):
            values[section][name] = base / given
    bundle = values["network"].get("ca_bundle")
    if bundle and not _is_file(bundle):
        problems.append(f"{where}network.ca_bundle names no readable file: {bundle}")
    if problems:
        raise ConfigError(problems)
    return Config(
        path=path,
        archive=ArchiveConfig(**values["archive"]),
        network=NetworkConfig(**values["network"]),
        politeness=PolitenessConfig(**values["politeness"]),
        x=XConfig(**values["x"]),
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder on the way that we may not look into
        return False


def _nearest(word: str, known: Mapping[str, object]) -> str:
    elsewhere = [f"{section}.{word}" for section, keys in KEYS.items() if word in keys]
    close = elsewhere or difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else f" (known: {', '.join(known)})"
