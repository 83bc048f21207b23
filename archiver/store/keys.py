"""The private key that signs packages: a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from archiver.errors import CannotCreate, ConfigError
from archiver.store import warc

_MOST_BYTES = 64 * 1024


def held(path: Path) -> bytes | None:
    """The key in ``path`` (PEM), ``None`` when there is no such file. Raises ``ConfigError`` when it can't be read or
    others may."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError([f"pack.key: {path} can't be read: {error.strerror}"]) from error
    try:
        found = os.fstat(fd).st_mode
        if not stat.S_ISREG(found):
            raise ConfigError([f"pack.key: {path} is no file"])
        if found & 0o077:
            raise ConfigError([f"pack.key: {path} can be read by others; chmod 600 {path}"])
        return os.read(fd, _MOST_BYTES)
    finally:
        os.close(fd)


def kept(path: Path, pem: bytes) -> None:
    """Keep the new key ``pem`` in ``path``, durably and for its owner's eyes alone; its folder is made if need be.

    Raises ``CannotCreate``, also when somebody made one meanwhile.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(fd)
        warc.sync_folder(path.parent)
    except OSError as error:
        raise CannotCreate(
            f"the signing key {path} can't be made: {error.strerror}",
            hint="pack.key in config.toml names another place; pack.sign = false signs nothing",
        ) from error
