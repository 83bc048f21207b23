"""The user's own files as they come in: read once, bounded, regular files and standard input only."""

from __future__ import annotations

import os
import re
import select
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from archiver.errors import NoInput

MAX_BYTES = 200_000_000


def read_file(name: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of the file ``name``; ``-`` is standard input.

    Raises ``NoInput`` when there is no such file, when it is no regular file (a folder, a FIFO that would hang), when
    it can't be read, is empty, or holds more than ``max_bytes``.
    """
    if not name:
        raise NoInput("an empty name", hint="give a file, a URL, or - for standard input")
    data = stdin().read(max_bytes + 1) if name == "-" else _read_regular(Path(name), max_bytes)
    return checked(name, data, max_bytes=max_bytes)


def checked(name: str, data: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """``data``, which was read from ``name``. Raises ``NoInput`` when it is empty or more than ``max_bytes``."""
    if len(data) > max_bytes:
        raise NoInput(f"{name}: larger than {max_bytes:,} bytes", hint="give a saved page or its text")
    if not data.strip():
        raise NoInput(f"{name}: empty", hint="there is nothing in it to archive")
    return data


def stdin() -> BinaryIO:
    """Standard input's bytes. Raises ``NoInput`` when it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise NoInput("-: standard input is closed")
    return sys.stdin.buffer


def piped(*, silence_s: float, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of standard input, for whoever can't wait for ever. Raises ``NoInput`` as ``read_file`` does, and when
    nothing comes for ``silence_s`` though it stays open."""
    try:
        descriptor = stdin().fileno()
    except OSError:  # no file at all: it is in memory
        return read_file("-", max_bytes=max_bytes)
    # Not through its buffer: whoever waits there has its lock, without which the program can't end.
    data = bytearray()
    while len(data) <= max_bytes:
        if not select.select([descriptor], [], [], silence_s)[0]:
            raise NoInput(
                f"-: open, and silent for {silence_s:g} s", hint="close it behind the last line: … < list.txt"
            )
        piece = os.read(descriptor, 1 << 16)
        if not piece:
            break
        data += piece
    return checked("-", bytes(data), max_bytes=max_bytes)


def _read_regular(path: Path, max_bytes: int) -> bytes:
    try:
        # Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise NoInput(f"{path}: {reason}", hint=_hint(str(path))) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoInput(f"{path}: not a regular file", hint="give a file, a URL, or - for standard input")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes + 1)


def _hint(name: str) -> str:
    host, slash, _ = name.partition("/")
    looks_like_a_file = re.search(r"\.(?:txt|x?html?|xml|md|json|pdf)$", host)
    if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", host) and (slash or not looks_like_a_file):
        return f"a web address is written with https:// in front: https://{name}"
    return "give a file, a URL, or - for standard input"
