"""CDXJ, which replay tools look things up in: one for each closed WARC, and one for a package.

cdxj-indexer makes the lines. It is asked for the fields that replay needs and no others: py-wacz's choice puts the
cookies of requests into the index.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from warcio.exceptions import ArchiveLoadFailed

from archiver.errors import Damaged, UsageError
from archiver.store import outgoing, warc

FOLDER = "indexes"
_SUFFIX = ".cdxj"
_LINES_A_BLOCK = 1024
# What can be shown. Our documents are metadata: whoever wants them reads them, and nobody takes one for a page.
_INDEXED = "response,revisit,resource"


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
    names = [name for name in warc.files(folder) if not name.endswith(warc.GROWING)]
    there = {path.name for path in (folder / FOLDER).glob(f"*{_SUFFIX}")}
    made = 0
    for stale in there - {f"{name}{_SUFFIX}" for name in names}:
        (folder / FOLDER / stale).unlink(missing_ok=True)
    for name in names:
        if anew or f"{name}{_SUFFIX}" not in there:
            index(folder, name)
            made += 1
    return made


def forget(folder: Path, name: str) -> None:
    """Remove the CDXJ of one WARC, whose records are others now. Raises ``OSError``."""
    (folder / FOLDER / f"{name}{_SUFFIX}").unlink(missing_ok=True)


def index(folder: Path, name: str) -> None:
    """Write the CDXJ of one closed WARC, replacing what was there. Raises as ``update`` does."""
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise warc.not_written(folder / FOLDER, error) from error
    lines = io.StringIO()
    _write([(name, folder / name)], _library().SortingWriter(lines))
    with outgoing.new_file(folder / FOLDER / f"{name}{_SUFFIX}", replace=True) as file:
        file.write(lines.getvalue().encode())


def zipnum(files: Sequence[tuple[str, Path]], name: str) -> ZipNum:
    """The index of several WARCs (name in the index, path) as one compressed CDXJ, which will be called ``name``.
    Raises as ``update`` does."""
    library, blocks, lines = _library(), io.StringIO(), io.BytesIO()
    packed = library.CompressedWriter(blocks, lines, _LINES_A_BLOCK, name, digest_records=True)
    _write(files, library.SortingWriter(packed))
    return ZipNum(lines=lines.getvalue(), blocks=blocks.getvalue().encode())


def _write(files: Sequence[tuple[str, Path]], out: Any) -> None:
    for name, path in files:
        try:
            with path.open("rb") as file:
                _library().CDXJIndexer(out, [file], filename=name, records=_INDEXED).process_all()
        except (ArchiveLoadFailed, ValueError, AttributeError) as error:
            raise Damaged(f"{path}: no CDXJ can be made: {error}", hint=f"archiver verify {path} says more") from error
        except OSError as error:
            raise Damaged(f"{path} can't be read: {error.strerror}") from error
    out.flush()


def _library() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # surt's patterns are written for an older Python
            import cdxj_indexer.main as library  # noqa: PLC0415  # half a second to load, and an extra
    except ImportError as error:
        raise UsageError("CDXJ needs cdxj-indexer", hint="pip install 'archiver[pack]'") from error
    return cast("ModuleType", library)
