"""The manifest, read without changing it: is every line whole, and does each one name the hash of the one before?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "manifest.jsonl"
MAX_LINE_BYTES = 1 << 20
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")

Tell = Callable[[str, str, int], None]
"""(code, a sentence, offset of the line)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the newest line about a file says. ``sha256``: hex. ``event``: ``closed``, ``purged``, …"""

    sha256: str
    bytes: int
    event: str


def read(path: Path, tell: Tell, known: str | None = None) -> tuple[dict[str, Line], str | None]:
    """(file name → the newest line about it, the hash of the last line). Everything that is wrong with the lines is
    told. ``known``: the hash of a line that was the last one once, and must be there."""
    newest: dict[str, Line] = {}
    previous: str | None = None
    missing = known
    with path.open("rb") as file:
        number, at = 0, 0
        while line := file.readline(MAX_LINE_BYTES):
            if not line.endswith(b"\n"):
                tell("manifest-torn", f"line {number + 1} has no end", at)
                break
            said = _object(line)
            if said is None:
                tell("manifest-line", f"line {number + 1} is no line of a manifest: {line[:60]!r}", at)
            else:
                for problem in _unchained(said, number, previous):
                    tell("manifest-chain", f"line {number + 1} {problem}", at)
                digest, event = said["sha256"].removeprefix("sha256:"), str(said.get("event", "closed"))
                newest[said["file"]] = Line(digest, said["bytes"], event)
            previous = f"sha256:{hashlib.sha256(line[:-1]).hexdigest()}"
            missing = None if previous == missing else missing
            number, at = number + 1, at + len(line)
        if missing is not None:
            tell("manifest-chain", "the line that was its last one, as the catalog knows it, is not there", at)
    return newest, previous


def _unchained(said: dict[str, Any], number: int, previous: str | None) -> Iterator[str]:
    if said.get("seq") != number:
        yield f"has the number {said.get('seq')!r} instead of {number}"
    if said.get("prev") != previous:
        yield "does not name the hash of the line before it"


def _object(line: bytes) -> dict[str, Any] | None:
    """The line's values, ``None`` when they are not those of a manifest."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("file"), str) or type(said.get("bytes")) is not int:
        return None
    digest = said.get("sha256")
    return said if isinstance(digest, str) and _SHA256.fullmatch(digest) else None
