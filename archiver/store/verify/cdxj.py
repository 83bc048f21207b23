"""The CDXJ of each closed file, against one made now: an index that is stale or was changed leads players astray."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from archiver.errors import ArchiverError
from archiver.store import indexes
from archiver.store.verify.report import Report


def check(folder: Path, names: Iterable[str], report: Report) -> None:
    """Tell of each of these closed files whether its CDXJ holds, to the byte, what the WARC says. Nothing is said of an
    archive that keeps none."""
    where = folder / indexes.FOLDER
    if not where.is_dir():
        return
    for name in indexes.strays(folder):
        _add(report, "cdxj-extra", "no closed file has this name", name)
        report.end_file(f"{indexes.FOLDER}/{name}")
    missing = set(indexes.missing(folder))
    for name in names:
        index = f"{name}{indexes.SUFFIX}"
        if name in missing:
            report.add("cdxj-lacks", f"{name} has no index", file=indexes.FOLDER)
            continue
        if not indexes.installed():
            report.add("cdxj-unchecked", "cdxj-indexer is not installed", file=indexes.FOLDER)
            continue
        try:
            with (where / index).open("rb") as file:
                compared = _Compared(file)
                indexes.write(folder, name, compared)
            if said := compared.difference():
                _add(report, "cdxj-differs", said, index)
        except ArchiverError as error:  # what is wrong with the file was told; the index tells nothing new
            _add(report, "cdxj-unchecked", str(error), index)
        except OSError as error:
            _add(report, "cdxj-differs", f"it can't be read: {error.strerror}", index)
        report.end_file(f"{indexes.FOLDER}/{index}")
    report.end_file(indexes.FOLDER)


class _Compared:
    """``indexes.Lines`` that are held against those of a file, one by one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines = 0
        self._differs: int | None = None

    def write(self, line: str) -> None:
        """The next line that there should be."""
        self._lines += 1
        wanted = line.encode()
        if self._differs is None and self._file.readline(len(wanted) + 1) != wanted:
            self._differs = self._lines

    def flush(self) -> None:
        """There should be no more."""
        if self._differs is None and self._file.read(1):
            self._differs = self._lines + 1

    def difference(self) -> str | None:
        """In words, ``None`` when there is none."""
        return f"line {self._differs} is not what the WARC says" if self._differs else None


def _add(report: Report, code: str, said: str, name: str) -> None:
    report.add(code, said, file=f"{indexes.FOLDER}/{name}")
