"""Files that leave the archive: whole under their name, or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from archiver.errors import CannotCreate
from archiver.store import warc


@contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """A seekable file that gets the name ``path``, durably, once the block ends without an error.

    Raises ``CannotCreate`` when there is one of that name (unless ``replace``) or no folder for it, ``StoreError`` when
    it can't be written.
    """
    if not replace and os.path.lexists(path):
        raise CannotCreate(f"{path} is there already", hint="give another name, or --force to replace it")
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise CannotCreate(f"{path} can't be made: {error.strerror}") from error
    part = Path(name)
    try:
        with os.fdopen(fd, "w+b") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fchmod(fd, 0o644)
            os.fsync(fd)
        if replace:
            part.replace(path)
        else:
            os.link(part, path)
            part.unlink()
        warc.sync_folder(path.parent)
    except FileExistsError as error:
        raise CannotCreate(f"{path} is there already", hint="give another name, or --force to replace it") from error
    except OSError as error:
        raise warc.not_written(path, error) from error
    finally:
        part.unlink(missing_ok=True)
