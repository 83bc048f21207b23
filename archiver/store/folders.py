"""Folders of saved articles."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from archiver.errors import NoInput

SUFFIXES = (".html", ".htm", ".txt", ".md", ".xml", ".json", ".rss", ".atom", ".warc", ".warc.gz", ".wacz")
MAX_FILES = 100_000
MAX_DEPTH = 64


def is_folder(name: str) -> bool:
    """Whether ``name`` is a folder, or a link to one; an empty name and what can be no name are none."""
    try:
        return bool(name) and Path(name).is_dir()
    except (OSError, ValueError):
        return False


def pages_below(folder: Path, tell: Callable[[NoInput], None]) -> Iterator[Path]:
    """The files below ``folder`` that may be an article or hold some (``SUFFIXES``), each folder's own first, by name.

    Symbolic links are not followed. ``tell`` gets an error for what could not be looked into, or was beyond a bound.
    """
    pending, found = [(folder, 0)], 0
    while pending:
        here, depth = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            tell(NoInput(f"{here}: {error.strerror}"))
            continue
        below = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        if below and depth == MAX_DEPTH:
            tell(NoInput(f"{here}: folders deeper than {MAX_DEPTH} are not looked into"))
        elif below:
            pending += [(one, depth + 1) for one in reversed(below)]
        for entry in entries:
            if entry.name.lower().endswith(SUFFIXES) and entry.is_file(follow_symlinks=False):
                if found == MAX_FILES:
                    tell(NoInput(f"{folder}: more than {MAX_FILES:,} files; the rest is not looked at"))
                    return
                found += 1
                yield Path(entry.path)


def fingerprint(path: Path) -> str:
    """What stays the same as long as nothing in ``path``, a file or a folder with all below it, was changed: a digest
    of names, sizes and times. Raises ``NoInput`` when it is not there."""
    digest, pending = hashlib.sha256(), [(path, 0)]
    while pending:
        here, depth = pending.pop()
        try:
            state = here.lstat()
            digest.update(
                f"{here}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ctime_ns}\n".encode("utf-8", "replace")
            )
            if stat.S_ISDIR(state.st_mode) and depth < MAX_DEPTH:
                pending += [
                    (Path(entry.path), depth + 1) for entry in sorted(os.scandir(here), key=lambda one: one.name)
                ]
        except OSError as error:
            raise NoInput(f"{here}: {error.strerror}") from error
    return digest.hexdigest()


def free_bytes(folder: Path) -> int:
    """What is free for us on the disk of ``folder``, or of the nearest folder above that there is."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
