"""``[[sources]]`` of ``config.toml``: where a night's articles come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from archiver import values

T = TypeVar("T")

Kind = Literal["feed", "sitemap", "list", "folder", "crawl"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_KEYS = (*KINDS, "name", "days", "column")
_LOCAL = ("folder", "crawl")
_ADDRESS = "an http:// or https:// address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``where``: an http(s) address, an absolute path, or ``-`` for standard input (lists only). ``name``: what reports
    call it. ``days``: of a sitemap, how far back it is read, ``None``: all of it. ``column``: of a CSV list."""

    name: str
    kind: Kind
    where: str
    days: float | None = None
    column: str | None = None

    @property
    def remote(self) -> bool:
        """Whether it is asked for over the network."""
        return "://" in self.where


def read(written: object, base: Path) -> tuple[tuple[Source, ...], list[str]]:
    """(the sources, every problem as a sentence). ``base``: the folder that relative paths are relative to."""
    if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
        return (), ["sources must be tables, each under [[sources]]"]
    sources: list[Source] = []
    problems: list[str] = []
    for number, table in enumerate(written, start=1):
        wrong = list(_unknown(table))
        sources += _source(table, base, wrong)
        problems += [f"sources, number {number}: {one}" for one in wrong]
    for field in ("name", "where"):
        said = [getattr(one, field) for one in sources]
        problems += [f"sources: {one} is there twice" for one in dict.fromkeys(said) if said.count(one) > 1]
    return tuple(sources), list(dict.fromkeys(problems))


def _unknown(table: Mapping[str, Any]) -> Iterator[str]:
    for key in table:
        if key not in _KEYS:
            meant = values.nearest(key, _KEYS)
            yield f"unknown key {key}" + (f", did you mean {meant}?" if meant else f" (known: {', '.join(_KEYS)})")


def _source(table: Mapping[str, Any], base: Path, wrong: list[str]) -> list[Source]:
    """The source that ``table`` is, or none; everything that is wrong with it is added to ``wrong``."""

    def read(key: str, reader: Callable[[Any], T]) -> T | None:
        try:
            return reader(table[key]) if key in table else None
        except ValueError as error:
            wrong.extend(f"{key} {one}" for one in error.args)
            return None

    meant = {values.nearest(key, _KEYS) for key in table if key not in _KEYS}
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) > 1 or not (kinds or meant & set(KINDS)):  # a kind mistyped is one mistake, not two
        wrong.append(f"wants exactly one of {', '.join(KINDS)}")
    places = {kind: read(kind, partial(_where, kind, base=base)) for kind in kinds}
    name, days, column = read("name", _name), read("days", values.number(0.01)), read("column", _column)
    for key, of in (("days", "sitemap"), ("column", "list")):
        if key in table and kinds and of not in kinds:
            wrong.append(f"{key} is for {of}s")
    if wrong:
        return []
    ((kind, where),) = places.items()
    assert where is not None
    return [Source(name=name or where, kind=kind, where=where, days=days, column=column)]


def _name(written: object) -> str:
    if not values.text(written).strip():
        raise ValueError("is empty")
    return values.text(written)


def _column(written: object) -> str:
    if isinstance(written, bool) or not isinstance(written, str | int):
        raise ValueError(f"wants a column's name or number, not {values.shown(written)}")
    return values.text(str(written))


def _where(kind: Kind, given: object, *, base: Path) -> str:
    written = values.text(given)
    if not written.strip():
        raise ValueError("is empty")
    if "://" in written:
        if kind in _LOCAL or not written.startswith(("https://", "http://")):
            raise ValueError(f"wants {'a path' if kind in _LOCAL else _ADDRESS}, not {written}")
        return written
    if written == "-" and kind == "list":
        return written
    if kind in ("feed", "sitemap"):
        raise ValueError(f"wants {_ADDRESS}, not {written}")
    named = values.path(written)
    assert named is not None
    return str(base / named)
