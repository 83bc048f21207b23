"""What is known of the archive itself: its health, and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What there is to know about an archive's folder without opening it.

    ``folder``: the archive's, which need not be there yet. ``room``: the nearest folder that is there, where the
    disk was asked. ``writable``: whether this user may write in ``room``. ``foreign_owner``: its owner's user id when
    that is somebody else, and ``mode`` its permission bits. ``file_system``: its type (``ext4``, ``nfs4``), ``None``
    where the system doesn't say. ``holder``: who writes the archive now, ``None`` when nobody does or it can't be told.
    ``unclean``: nobody does, and the last one never said that it was done. ``schema``: the catalog's version, ``None``
    without a catalog; ``catalog_problem``: why it can't be read. ``warcs`` and ``growing``: files, closed and not.
    ``missing``: closed files that the manifest names and the folder lacks."""

    folder: str
    room: str
    exists: bool
    writable: bool
    foreign_owner: int | None
    mode: int
    free_bytes: int
    total_bytes: int
    file_system: str | None
    holder: str | None = None
    unclean: bool = False
    schema: int | None = None
    schema_known: int = 0
    catalog_problem: str | None = None
    warcs: int = 0
    growing: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """``url``: what was asked for. ``problem``: why its host can't be asked, ``None`` when it answers; ``status``: with
    which code. ``peer``: its address. ``behind_s``: how far this machine's clock is behind the ``Date`` that it
    answered with (RFC 9110, 6.6.1), seconds, half a round trip allowed for; ``None`` without one."""

    url: str
    problem: str | None = None
    status: int | None = None
    peer: str | None = None
    behind_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something outside of the archive that a night needs: a source, a file to write, a command to run. ``problem``:
    why it can't be had, ``None`` when it can."""

    name: str
    what: str
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something whose next look has come. ``key``: an article's key, a post's (``x:ID``) or a link. ``at``: since when,
    as the catalog writes it. ``tries``: looks in a row that nobody answered."""

    kind: Literal["article", "post", "link"]
    key: str
    at: str
    tries: int = 0
