"""``manifest.jsonl``: what each closed file was, line behind line, in a chain that can only grow.

::

    {"seq": 0, "prev": null,         "event": "closed", "file": …, "bytes": …, "sha256": "sha256:…", "records": …, …}
    {"seq": 1, "prev": "sha256:…" ◄── of line 0's bytes without its newline, …}

Whoever holds a copy of the last line can tell later that nothing before it was changed: this is what a signature or a
time stamp is put on. A file's newest line counts; a line is written once the file is durable, and never changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from archiver.store import warc
from archiver.store.records import json_text, warc_date

FILE_NAME = "manifest.jsonl"
Event = Literal["closed", "purged", "imported", "repaired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a line says of a file: ``sha256`` is hex. ``records``: how many WARC records it holds, ``None`` when they
    can't be counted. ``more``: further JSON values under names of their own."""

    file: str
    bytes: int
    sha256: str
    records: int | None
    closed_at: datetime
    event: Event = "closed"
    more: Mapping[str, Any] | None = None


class Manifest:
    """The manifest of the archive in a folder, for the one who holds its lock. Raises ``OSError``.

    ``notes``: a sentence for everything that was not as a clean end leaves it. A last line that was torn is cut; what
    else may be wrong with the chain is for ``verify`` to say, and the chain goes on behind it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self.notes: tuple[str, ...] = ()
        self._newest: dict[str, str] = {}
        self._lines = 0
        self._prev: str | None = None
        self._end = 0
        if os.path.lexists(self._path):
            self._read()

    @property
    def begun(self) -> bool:
        """Whether there is any line."""
        return self._lines > 0

    @property
    def head(self) -> str | None:
        """The hash of the last line, ``sha256:<hex>``, which stands for all before it; ``None`` without any."""
        return self._prev

    def sha256(self, file: str) -> str | None:
        """The digest (hex) in the newest line about ``file``, or ``None``."""
        return self._newest.get(file)

    def append(self, entry: Entry) -> None:
        """Add a line, durably."""
        said = {
            "seq": self._lines,
            "prev": self._prev,
            "event": entry.event,
            "file": entry.file,
            "bytes": entry.bytes,
            "sha256": f"sha256:{entry.sha256}",
            "records": entry.records,
            "closed_at": warc_date(entry.closed_at),
            **(entry.more or {}),
        }
        line = json_text(said).encode()
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self._path, flags, 0o644)
        try:
            _write(fd, line + b"\n", self._end)
            os.fdatasync(fd)
        finally:
            os.close(fd)
        if not self._end:
            warc.sync_folder(self._path.parent)
        self._took(line)

    def _read(self) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._path, flags), "rb+") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(self._end)
                    os.fsync(file.fileno())
                    self.notes += (f"{FILE_NAME}: its last line was torn, and is cut",)
                    break
                self._took(line[:-1])

    def _took(self, line: bytes) -> None:
        self._lines += 1
        self._end += len(line) + 1
        self._prev = f"sha256:{hashlib.sha256(line).hexdigest()}"
        try:
            said = json.loads(line)
            self._newest[str(said["file"])] = str(said["sha256"]).removeprefix("sha256:")
        except (ValueError, KeyError, TypeError):
            self.notes += (f"{FILE_NAME}: line {self._lines} can't be read; `archiver verify` says more",)


def named(folder: Path) -> tuple[str, ...]:
    """The files that the manifest in ``folder`` has a line about, in their order; none without a manifest. What can't
    be read is left out (``verify`` tells of it). Raises ``OSError``."""
    try:
        lines = (folder / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    names: dict[str, None] = {}
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            names[str(json.loads(line)["file"])] = None
    return tuple(names)


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written
