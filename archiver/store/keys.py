"""The private key that signs packages: a file that only its owner may read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from archiver.errors import CannotCreate, ConfigError
from archiver.store import warc

_MOST_BYTES = 64 * 1024


def private_key(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key in ``path`` (PEM); where there is no such file, a new one, kept there for its owner's eyes alone.

    Raises ``ConfigError`` when it can't be read or others may, ``CannotCreate`` when it can't be made.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return _made(path, make())
    except OSError as error:
        raise ConfigError([f"pack.key: {path} can't be read: {error.strerror}"]) from error
    with os.fdopen(fd, "rb") as file:
        if os.fstat(fd).st_mode & 0o077:
            raise ConfigError([f"pack.key: {path} can be read by others; chmod 600 {path}"])
        return file.read(_MOST_BYTES)


def _made(path: Path, pem: bytes) -> bytes:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(fd)
        warc.sync_folder(path.parent)
    except OSError as error:
        raise CannotCreate(
            f"{path} can't be made: {error.strerror}", hint="pack.key names it; pack.sign = false"
        ) from error
    return pem
