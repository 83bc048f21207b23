"""The CDXJ of each closed file, against one made now: an index that is stale or was changed leads players astray."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

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
            _compare(indexes.lines(folder, name), where / index, report)
        except ArchiverError as error:  # what is wrong with the file was told; the index tells nothing new
            _add(report, "cdxj-unchecked", str(error), index)
        except OSError as error:
            _add(report, "cdxj-differs", f"it can't be read: {error.strerror}", index)
        report.end_file(f"{indexes.FOLDER}/{index}")
    report.end_file(indexes.FOLDER)


def _compare(wanted: bytes, path: Path, report: Report) -> None:
    with path.open("rb") as file:
        there = file.read(len(wanted) + 1)
    if there == wanted:
        return
    pairs = zip_longest(wanted.splitlines(), there.splitlines())
    number = next((at for at, (one, other) in enumerate(pairs, 1) if one != other), None)
    said = "its last line has no end" if number is None else f"line {number} is not what the WARC says"
    _add(report, "cdxj-differs", said, path.name)


def _add(report: Report, code: str, said: str, name: str) -> None:
    report.add(code, said, file=f"{indexes.FOLDER}/{name}")
