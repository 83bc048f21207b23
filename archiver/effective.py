"""A ``Config`` → what stands in a ``config.toml`` that is the same: every key, also those that were left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomlkit

from archiver import config, terminal
from archiver.subscriptions import Source

_EXACT = 2**53
"""Whole numbers below it are written without a fraction."""


def data(settings: config.Config) -> dict[str, Any]:
    """Every section with every key, and ``sources`` (a list of tables, empty for none), as TOML and JSON can hold them.

    Sizes are bytes, paths absolute, and ``""`` is a path or an address that is not set. Reading it (``config.load``)
    gives the same configuration, whatever folder it stands in.
    """
    sections = {section: asdict(getattr(settings, section)) for section in config.KEYS}
    return {**_written(sections), "sources": [_source(one) for one in settings.sources]}


def toml(settings: config.Config) -> str:
    """``data`` as TOML; characters that a terminal would act on are escaped."""
    return terminal.escaped(tomlkit.dumps(data(settings)))


def _written(value: Any) -> Any:
    match value:
        case Mapping():
            return {_place(key) if isinstance(key, tuple) else key: _entry(item) for key, item in value.items()}
        case frozenset():
            return sorted(value)
        case Sequence() if not isinstance(value, str):
            return [_written(item) for item in value]
        case None:
            return ""
        case Path():
            return str(value)
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
    return value


def _entry(value: Any) -> Any:
    """What stands behind a key: only there is a (host, port) pair possible, which is a tuple like many a list."""
    match value:
        case (str() as host, int() as port):
            return _place((host, port))
    return _written(value)


def _place(place: tuple[str, int]) -> str:
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _source(source: Source) -> dict[str, Any]:
    written = {source.kind: source.where, "name": source.name, "days": source.days, "column": source.column}
    return {key: _written(value) for key, value in written.items() if value is not None}
