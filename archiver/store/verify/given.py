"""Files that somebody names, ours or another program's, in an archive or by themselves."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from archiver.errors import NoInput
from archiver.findings import Checked
from archiver.store import warc
from archiver.store.verify import archive, files
from archiver.store.verify.archive import Tell, Watch
from archiver.store.verify.files import Counted
from archiver.store.verify.relations import AcrossFiles
from archiver.store.verify.report import Report


def verify(paths: Sequence[Path], tell: Tell, watch: Watch | None = None) -> Checked:
    """Check these WARCs. Beside each file of ours, its archive's manifest is asked what it was when it was closed; what
    a record refers to may lie in a file that was not given, which is a note. Raises ``NoInput`` for what is no regular
    file that can be read."""
    report, counted, across = Report(tell), Counted(), AcrossFiles()
    names = [str(path) for path in paths]
    sizes = [_size(path) for path in paths]
    total = sum(sizes)
    step = None if watch is None else (lambda done: watch(done, total))
    for number, (path, name, size) in enumerate(zip(paths, names, sizes, strict=True)):
        fd = _open(str(path))
        try:
            strict = files.is_ours(fd, name)
            found = files.check(
                fd, size, name, report, strict=strict, number=number, across=across, watch=step, counted=counted
            )
            for _ in found:
                pass
            if warc.is_name(name) and not name.endswith(warc.GROWING):
                archive.against_manifest(path, fd, size, report)
        finally:
            os.close(fd)
        report.end_file(name)
    archive.relate(across, names, _open, report, all_there=False)
    return Checked(
        files=len(paths), records=counted.records, data_bytes=total, defects=report.defects, notes=report.notes
    )


def _size(path: Path) -> int:
    try:
        found = path.stat()
    except OSError as error:
        raise NoInput(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise NoInput(f"{path}: not a regular file", hint="give WARC files, or none for the whole archive")
    return found.st_size


def _open(name: str) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NoInput(f"{name}: {error.strerror}") from error
