"""A power cut: what was written but never synced is gone, though kill -9 leaves it in the kernel's memory.

The shim copies whatever is synced, a file's bytes or a folder's names, into a shadow. From that and from what was there
when the power came on, the folder is made as a disk would hold it that kept nothing else. Disks may keep more, in any
mixture; the two ends are played: names as they were synced, or all names, those of unsynced files with no bytes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Names = Mapping[str, int]


@dataclass(frozen=True)
class Disk:
    """A folder and those in it, synced. ``names``: of each folder, by its name (``""``: itself), name → inode."""

    names: Mapping[str, Names]
    bytes: Mapping[int, bytes]


def disk(folder: Path) -> Disk:
    """All that is there."""
    below = [path for path in folder.iterdir() if path.is_dir()] if folder.exists() else []
    folders = {"": folder, **{path.name: path for path in below}} if folder.exists() else {}
    files = [path for one in folders.values() for path in one.iterdir() if path.is_file()]
    return Disk(
        {name: {path.name: path.stat().st_ino for path in one.iterdir()} for name, one in folders.items()},
        {path.stat().st_ino: path.read_bytes() for path in files},
    )


def cut(folder: Path, shadow: Path, before: Disk, *, hollow: bool) -> None:
    """Make ``folder`` what is left of it. ``before``: as it was when the power came on. ``hollow``: names are kept."""
    now = disk(folder)
    kept = {**before.bytes, **{int(path.name): path.read_bytes() for path in shadow.iterdir() if path.name.isdigit()}}
    names = now.names if hollow else {**before.names, **_synced(shadow)}
    if folder.exists():
        shutil.rmtree(folder)
    for name in sorted(names):
        if name and name not in names[""]:
            continue
        (folder / name).mkdir()
        written: dict[int, Path] = {}
        for file, inode in names[name].items():
            path = folder / name / file
            if file in names and not name:
                continue
            if inode in written:
                os.link(written[inode], path)
            else:
                path.write_bytes(kept.get(inode, b""))
                written[inode] = path


def _synced(shadow: Path) -> dict[str, Names]:
    listings: dict[str, Names] = {}
    for path in shadow.glob("names-*"):
        lines = (line.partition(" ") for line in path.read_text().splitlines())
        listings[path.name.removeprefix("names-")] = {name: int(inode) for inode, _, name in lines if name[0] != "."}
    return listings
