"""The WACZ file itself (WACZ 1.1.1): a ZIP whose WARCs lie uncompressed, and a list of everything with its digest.

Written here and not with py-wacz, which puts the clock into every entry, the cookies of requests into the index, and
drops pages that it can't find without a word; ``wacz validate`` is asked in the tests. The same contents at the same
``created`` give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO

VERSION = "1.1.1"
DATAPACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
_PIECE = 1 << 20
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # of a ZIP entry
_STORED = (".gz", ".wacz")


class WaczWriter:
    """Files are added in order, then ``finish`` lists them. A context manager, which ends the ZIP."""

    def __init__(self, out: BinaryIO, created: datetime) -> None:
        self.created = created.astimezone(UTC).replace(microsecond=0)
        self._zip = zipfile.ZipFile(out, "w", allowZip64=True)
        self._resources: list[Mapping[str, Any]] = []

    def __enter__(self) -> WaczWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, ValueError) if error else nullcontext():  # the file is thrown away then
            self._zip.close()

    def add(self, path: str, pieces: Iterable[bytes], size_bytes: int) -> None:
        """One file, to be listed. ``size_bytes``: of all pieces together."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(self._entry(path, size_bytes), "w") as entry:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                entry.write(piece)
        name = path.replace("/", "-").lower() if path.startswith("records/") else path.rpartition("/")[2].lower()
        listed = {"name": name, "path": path, "hash": f"sha256:{digest.hexdigest()}", "bytes": size}
        # Frictionless takes JSON Lines for a table, guesses its types from the first rows, and refuses the rest.
        self._resources.append({**listed, "type": "text"} if path.endswith(".jsonl") else listed)

    def finish(self, about: Mapping[str, Any]) -> str:
        """Write the list of everything, with ``about`` beside it; its digest, as ``sha256:<hex>``."""
        package = {
            "profile": "data-package",
            "resources": self._resources,
            "created": iso(self.created),
            "wacz_version": VERSION,
            **about,
        }
        data = json.dumps(package, indent=2, ensure_ascii=False).encode(errors="replace")
        self._zip.writestr(self._entry(DATAPACKAGE, len(data)), data)
        return f"sha256:{hashlib.sha256(data).hexdigest()}"

    def seal(self, digest: str, signed: Mapping[str, str] | None) -> bytes:
        """Write the digest of the list, and who signed it, which ends the package. The bytes written."""
        said = {"path": DATAPACKAGE, "hash": digest, **({"signedData": signed} if signed else {})}
        data = json.dumps(said, indent=2).encode()
        self._zip.writestr(self._entry(DIGEST, len(data)), data)
        return data

    def _entry(self, path: str, size_bytes: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(path, max(self.created, _EARLIEST).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if path.endswith(_STORED) else zipfile.ZIP_DEFLATED
        entry.create_system, entry.external_attr = 3, 0o100644 << 16
        entry.file_size = size_bytes
        return entry


def pieces(file: BinaryIO) -> Iterable[bytes]:
    """``file`` from its beginning."""
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def iso(at: datetime) -> str:
    """``2026-07-05T12:34:56Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
