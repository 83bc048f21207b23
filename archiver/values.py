"""What may stand behind a key of ``config.toml``: each reader returns the value, or raises ``ValueError`` with the
rest of the sentence "section.key …" that tells the user what is wrong; of a list or table one for each mistake, in
``args``. Pure but for the home folder (``~``), ``own``
and ``readable``."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The word of ``known`` that somebody may have meant who wrote ``word``; ``None`` when none is like it."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"wants a text in quotes, not {shown(value)}")
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise ValueError("holds a control character")
    return value


def header(value: object) -> str:
    written = text(value)
    if not written.isascii() or written != written.strip():
        raise ValueError(f"is sent as a header: ASCII only, no blanks around it, not {shown(value)}")
    return written


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"wants true or false, not {shown(value)}")
    return value


def whole(least: int, most: int = 10**12) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"wants a whole number from {least} to {most}, not {shown(value)}")
        return value

    return read


def number(least: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
            raise ValueError(f"wants a number of at least {least:g}, not {shown(value)}")
        return float(value)

    return read


def size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]*)", value, re.ASCII) if isinstance(value, str) else None
    if not match or match[2].upper() not in _UNITS or float(match[1]) <= 0:
        raise ValueError(f'wants a size such as "20 MB" (B, KB, MB, GB, KiB, MiB, GiB), not {shown(value)}')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def size_or_none(value: object) -> int:
    """As ``size``; 0 for none."""
    return 0 if value == 0 and not isinstance(value, bool) else size(value)


def days(value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise ValueError(f"wants a list of days such as [1, 7, 30], not {shown(value)}")
    read = _each(_day, value)
    if read != sorted(set(read)):
        raise ValueError(f"wants its days ascending, each once, not {shown(value)}")
    return tuple(read)


def _day(value: object) -> float:
    if not number(0)(value):
        raise ValueError("wants days that are more than 0")
    return number(0)(value)


def words(value: object) -> tuple[str, ...]:
    """A command and its arguments; empty for none. No shell ever reads it."""
    if not isinstance(value, list):
        raise ValueError(f'wants a list such as ["mail", "-s", "news", "desk@news.example"], not {shown(value)}')
    return tuple(_each(text, value))


def url_or_none(value: object) -> str:
    written = text(value)
    if written and not re.fullmatch(r"https?://[!-~]+", written):
        raise ValueError(f"wants an http:// or https:// address, not {shown(value)}")
    return written


def folder(value: object) -> Path:
    named = path(value)
    if named is None:
        raise ValueError("must name a folder")
    return named


def path(value: object) -> Path | None:
    """A path, relative to the file's folder; ``None`` when empty."""
    written = text(value)
    try:
        return Path(written).expanduser() if written else None
    except RuntimeError as error:
        raise ValueError(f"starts with a home folder that does not exist: {shown(value)}") from error


def own(name: str, without_home: Path) -> Path:
    """Where ``name`` is among this user's own data (XDG Base Directory 0.8: ``XDG_DATA_HOME``, else
    ``~/.local/share``); in ``without_home`` for a user that has no home folder."""
    said = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        home = said if said.is_absolute() else Path.home() / ".local" / "share"
    except RuntimeError:
        return without_home / name
    return home / "archiver" / name


def readable(path: Path) -> bool:
    """Whether ``path`` is a file that may be read."""
    try:
        return path.is_file() and os.access(path, os.R_OK)
    except OSError:  # a folder on the way that we may not look into
        return False


def one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            meant = nearest(value, words) if isinstance(value, str) else None
            hint = f", did you mean {meant}?" if meant else ""
            raise ValueError(f"wants one of {', '.join(words)}, not {shown(value)}{hint}")
        return str(value)

    return read


def list_of(*words: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
            raise ValueError(f"wants a list without repetitions, of {', '.join(words)}, and at least one")
        return tuple(_each(one_of(*words), value))

    return read


def ports(value: object) -> frozenset[int]:
    if not isinstance(value, list) or not value:
        raise ValueError("wants a list of port numbers such as [80, 443]")
    return frozenset(_each(whole(1, 65535), value))


def http_url(value: object) -> str:
    """An address of the operator's own choice, or empty."""
    written = text(value)
    if written and not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?(/[\x21-\x7e]*)?", written):
        raise ValueError(f"wants an http:// or https:// address, not {shown(value)}")
    return written


def https_url(value: object) -> str:
    written = text(value)
    if not re.fullmatch(r"https://[a-z0-9.-]+(/[\x21-\x7e]*)?", written):
        raise ValueError(f"wants an https:// address, not {shown(value)}")
    return written


def rates(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError('wants a table such as { "t.co" = 2 }')
    return dict(_each(_rate, value.items()))


def _rate(item: tuple[str, object]) -> tuple[str, float]:
    host, rate = item
    try:
        return host.lower(), number(0)(rate)
    except ValueError as error:
        raise ValueError(f'"{host}" {error}') from error


def endpoint(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f'wants "host:port" on both sides, not "{text}"')
    return host.strip("[]").lower(), int(port)


def connect_to(value: object) -> dict[tuple[str, int], tuple[str, int]]:
    if not isinstance(value, dict):
        raise ValueError('wants a table such as { "t.co:443" = "127.0.0.1:8443" }')
    return dict(_each(_detour, value.items()))


def _detour(item: tuple[str, object]) -> tuple[tuple[str, int], tuple[str, int]]:
    name, target = item
    host, port = endpoint(name)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return (host, port), endpoint(text(target))
    raise ValueError(f'maps names, and "{host}" is an address')


def _each(read: Callable[[Any], T], items: Iterable[object]) -> list[T]:
    """Every item as ``read`` has it. Raises ``ValueError`` with all that is wrong, not only the first of it."""
    done: list[T] = []
    wrong: list[str] = []
    for item in items:
        try:
            done.append(read(item))
        except ValueError as error:
            wrong += error.args
    if wrong:
        raise ValueError(*dict.fromkeys(wrong))
    return done


def shown(value: object) -> str:
    """``value`` in a sentence, as it may stand in the file."""
    return str(value).lower() if isinstance(value, bool) else repr(value)[:80]
