"""Log lines on standard error, for a person or a machine, each with the run, article and post that it is about."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from archiver import terminal
from archiver.night.notes import ABOUT


class _Lines(logging.Formatter):
    """``2026-11-22T02:30:00Z RUN INFO message [article …]``, or one JSON object a line."""

    def __init__(self, run: str, *, as_json: bool) -> None:
        super().__init__()
        self._run = run
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        said = ABOUT.get()
        if self._as_json:
            line = {"at": at.isoformat(), "level": record.levelname.lower(), "run": self._run, **said}
            return json.dumps({**line, "message": record.getMessage()}, ensure_ascii=True)
        named = "".join(f" [{name} {value}]" for name, value in said.items() if value not in record.getMessage())
        return terminal.harmless(f"{at:%Y-%m-%dT%H:%M:%SZ} {self._run} {record.levelname} {record.getMessage()}{named}")


def to_stderr(run: str, *, style: str, quiet: bool) -> logging.Handler:
    """Show our own log lines: all of them, or none but errors when ``quiet``. To be removed with ``silence``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(run, as_json=style == "json"))
    handler.setLevel(logging.ERROR if quiet else logging.INFO)
    ours = logging.getLogger("archiver")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False
    return handler


def silence(handler: logging.Handler) -> None:
    """Take ``handler`` away again."""
    ours = logging.getLogger("archiver")
    ours.removeHandler(handler)
    ours.propagate = True


@contextmanager
def hushed(quiet: bool) -> Iterator[None]:
    """Within, nothing is logged but errors, if it is to be ``quiet``."""
    ours = logging.getLogger("archiver")
    before = ours.level
    try:
        if quiet:
            ours.setLevel(logging.ERROR)
        yield
    finally:
        ours.setLevel(before)
