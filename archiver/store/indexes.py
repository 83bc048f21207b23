"""CDXJ, which replay tools look things up in: one for each closed WARC, and one for a package.

cdxj-indexer makes the lines. It is asked for the fields that replay needs and no others: py-wacz's choice puts the
cookies of requests into the index.
"""

from __future__ import annotations

import importlib.util
import io
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from warcio.exceptions import ArchiveLoadFailed

from archiver.errors import Damaged, UsageError
from archiver.store import outgoing, warc

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FOLDER = "indexes"
SUFFIX = ".cdxj"
_LINES_A_BLOCK = 1024
_PIECE = 1 << 16
_OLD_S = 3_600
MOST_SORTED = 1 << 22
"""So that memory does not grow with the WARC."""
# What can be shown. Our documents are metadata: whoever wants them reads them, and nobody takes one for a page.
_INDEXED = "response,revisit,resource"


class Lines(Protocol):
    """Where lines go."""

    def write(self, line: str, /) -> object:
        """Take one line, with its end."""

    def flush(self) -> object:
        """There are no more."""


class Stopped(Exception):
    """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipNum:
    """A compressed CDXJ (``lines``, gzip members of 1,024 lines) and the index of its members (``blocks``)."""

    lines: bytes
    blocks: bytes


def update(folder: Path, *, anew: bool = False) -> int:
    """Index every closed WARC of the archive that has no CDXJ yet (``anew``: all of them), and remove what belongs to
    none; how many were made. ``DIR/indexes/NAME.cdxj`` holds NAME's lines, sorted.

    Raises ``UsageError`` when cdxj-indexer is not installed, ``Damaged``, ``StoreError``.
    """
    clear(folder)
    names = closed(folder) if anew else missing(folder)
    for name in names:
        index(folder, name)
    return len(names)


def installed() -> bool:
    """Whether cdxj-indexer can be used."""
    return importlib.util.find_spec("cdxj_indexer") is not None


def closed(folder: Path) -> list[str]:
    """The names of the closed WARCs in ``folder``, oldest first."""
    return [name for name in warc.files(folder) if not name.endswith(warc.GROWING)]


def missing(folder: Path) -> list[str]:
    """Those of them that have no CDXJ."""
    there = {path.name for path in (folder / FOLDER).glob(f"*{SUFFIX}")}
    return [name for name in closed(folder) if f"{name}{SUFFIX}" not in there]


def strays(folder: Path) -> list[str]:
    """The names of CDXJ files that belong to no closed WARC."""
    there = sorted(path.name for path in (folder / FOLDER).glob(f"*{SUFFIX}"))  # first: files may be closed meanwhile
    names = {f"{name}{SUFFIX}" for name in closed(folder)}
    return [name for name in there if name not in names]


def clear(folder: Path) -> None:
    """Remove what belongs to no WARC, and what killed runs left half made. Raises ``OSError``."""
    for name in strays(folder):
        (folder / FOLDER / name).unlink(missing_ok=True)
    for half in (folder / FOLDER).glob(f".*{SUFFIX}.*.part"):
        if time.time() - half.stat().st_mtime > _OLD_S:
            half.unlink(missing_ok=True)


def forget(folder: Path, name: str) -> None:
    """Remove the CDXJ of one WARC, whose records are others now. Raises ``OSError``."""
    (folder / FOLDER / f"{name}{SUFFIX}").unlink(missing_ok=True)


def index(folder: Path, name: str, stop: Event | None = None) -> None:
    """Write the CDXJ of one closed WARC, replacing what was there. Raises as ``update`` does, and ``Stopped`` once
    ``stop`` is set."""
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise warc.not_written(folder / FOLDER, error) from error
    with outgoing.new_file(folder / FOLDER / f"{name}{SUFFIX}", replace=True) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="\n")
        write(folder, name, text, stop)
        text.detach()  # which the file outlives


def write(folder: Path, name: str, out: Lines, stop: Event | None = None, *, most_sorted: int = MOST_SORTED) -> None:
    """Give ``out`` what the CDXJ of one closed WARC has to hold, line by line. Raises as ``index`` does.

    ``most_sorted``: characters of lines that are sorted in memory; beyond it they go through temporary files.
    """
    _write([(name, folder / name)], out, stop, most_sorted)


def zipnum(files: Sequence[tuple[str, Path]], name: str) -> ZipNum:
    """The index of several WARCs (name in the index, path) as one compressed CDXJ, which will be called ``name``.
    Raises as ``update`` does."""
    library, blocks, lines = _library(), io.StringIO(), io.BytesIO()
    packed = library.CompressedWriter(blocks, lines, _LINES_A_BLOCK, name, digest_records=True)
    _write(files, packed)
    return ZipNum(lines=lines.getvalue(), blocks=blocks.getvalue().encode())


def _write(
    files: Sequence[tuple[str, Path]], out: Lines, stop: Event | None = None, most_sorted: int = MOST_SORTED
) -> None:
    library = _library()
    in_order = library.SortingWriter(out, most_sorted)
    try:
        for name, path in files:
            _read(library, name, path, in_order, stop)
        in_order.flush()
    finally:
        for part in in_order.tmp_files:  # which it leaves behind when it is stopped
            Path(part).unlink(missing_ok=True)


def _read(library: ModuleType, name: str, path: Path, out: Lines, stop: Event | None) -> None:
    try:
        with path.open("rb", buffering=0) as file:
            source = io.BufferedReader(file if stop is None else _Stoppable(file, stop), _PIECE)
            indexer = library.CDXJIndexer(out, [source], filename=name, records=_INDEXED)
            indexer.filter_record = partial(_is_shown, indexer.filter_record)
            indexer.process_all()
    except (ArchiveLoadFailed, ValueError, AttributeError) as error:
        raise Damaged(f"{path}: no CDXJ can be made: {error}", hint=f"archiver verify {path} says more") from error
    except OSError as error:
        raise Damaged(f"{path}: no CDXJ can be made: {error.strerror}") from error


class _Stoppable(io.RawIOBase):
    """A file whose reader can be stopped."""

    def __init__(self, file: io.FileIO, stop: Event) -> None:
        self._file, self._stop = file, stop

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, into: WriteableBuffer) -> int | None:
        if self._stop.is_set():
            raise Stopped
        return self._file.readinto(into)


def _is_shown(is_wanted: Callable[[Any], bool], record: Any) -> bool:
    """Whether a record gets a line. Not a 304: pywb and ReplayWeb.page would hand it on as it is and show nothing, and
    without its line they show the capture that it speaks of."""
    head = record.http_headers
    return is_wanted(record) and (head is None or head.get_statuscode() != "304")


def _library() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # surt's patterns are written for an older Python
            import cdxj_indexer.main as library  # noqa: PLC0415  # half a second to load, and an extra
    except ImportError as error:
        raise UsageError("CDXJ needs cdxj-indexer", hint="pip install 'archiver[pack]'") from error
    return cast("ModuleType", library)
