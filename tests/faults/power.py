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
    """What is safe of a folder and those in it. ``names``: of each, by its name (``""``: itself), name → inode."""

    names: Mapping[str, Names]
    bytes: Mapping[int, bytes]


def disk(folder: Path) -> Disk:
    """All that is there, as if it was synced."""
    if not folder.exists():
        return Disk({}, {})
    folders = {"": folder, **{path.name: path for path in folder.iterdir() if path.is_dir()}}
    files = [path for one in folders.values() for path in one.iterdir() if path.is_file()]
    return Disk(
        {name: {path.name: path.stat().st_ino for path in one.iterdir()} for name, one in folders.items()},
        {path.stat().st_ino: path.read_bytes() for path in files},
    )


def synced(before: Disk, shadow: Path) -> Disk:
    """``before``, and what was synced since then."""
    names, files = dict(before.names), dict(before.bytes)
    for path in shadow.iterdir():
        if path.name.isdigit():
            files[int(path.name)] = path.read_bytes()
        else:
            lines = (line.partition(" ") for line in path.read_text().splitlines())
            held = {name: int(inode) for inode, _, name in lines if name not in (".", "..")}
            names[path.name.removeprefix("names-")] = held
    return Disk(names, files)


def cut(folder: Path, safe: Disk, *, hollow: bool) -> None:
    """Make ``folder`` what is left of it. ``hollow``: every name is kept."""
    there = disk(folder).names
    unsynced: dict[str, Names] = {name: {} for name in there if name}
    names = there if hollow else unsynced | dict(safe.names)
    if folder.exists():
        shutil.rmtree(folder)
    for name in [name for name in sorted(names) if not name or name in names.get("", {})]:
        (folder / name).mkdir()
        written: dict[int, Path] = {}
        for file, inode in names[name].items():
            path = folder / name / file
            if file in names:
                continue  # a folder
            if inode in written:
                os.link(written[inode], path)
            else:
                path.write_bytes(safe.bytes.get(inode, b""))
                written[inode] = path
