"""``[[sources]]`` of ``config.toml``: where a night's articles come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from archiver import values

Kind = Literal["feed", "sitemap", "list", "folder", "crawl"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_KEYS = (*KINDS, "name", "days", "column")
_LOCAL = ("folder", "crawl")


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
        try:
            sources.append(_source(table, base))
        except ValueError as error:
            problems.append(f"sources, number {number}: {error}")
    for field in ("name", "where"):
        said = [getattr(one, field) for one in sources]
        problems += [f"sources: {one} is there twice" for one in dict.fromkeys(said) if said.count(one) > 1]
    return tuple(sources), list(dict.fromkeys(problems))


def _source(table: Mapping[str, Any], base: Path) -> Source:
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]} (known: {', '.join(_KEYS)})")
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise ValueError(f"wants exactly one of {', '.join(KINDS)}")
    kind = kinds[0]
    where = _where(kind, values.text(table[kind]), base)
    days, column, name = table.get("days"), table.get("column"), table.get("name", where)
    if days is not None and kind != "sitemap":
        raise ValueError("days is for sitemaps")
    if column is not None and kind != "list":
        raise ValueError("column is for lists")
    if not values.text(name).strip():
        raise ValueError("name is empty")
    return Source(
        name=values.text(name),
        kind=kind,
        where=where,
        days=values.number(0.01)(days) if days is not None else None,
        column=str(column) if column is not None else None,
    )


def _where(kind: Kind, written: str, base: Path) -> str:
    if not written.strip():
        raise ValueError(f"{kind} is empty")
    if "://" in written:
        if kind in _LOCAL or not written.startswith(("https://", "http://")):
            raise ValueError(f"{kind}: {written} is no {'path' if kind in _LOCAL else 'http:// or https:// address'}")
        return written
    if written == "-" and kind == "list":
        return written
    if kind in ("feed", "sitemap"):
        raise ValueError(f"{kind}: wants an http:// or https:// address, not {written}")
    return str(base / Path(written).expanduser())
