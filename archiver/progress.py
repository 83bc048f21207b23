"""What moves on a terminal while something is done. Nothing does in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress import ProgressColumn as Column

from archiver.model import Outcome
from archiver.terminal import harmless

D = TypeVar("D", bound="_Display")


class _Display:
    """On standard error. Standard output stays what it is: rich would take it over, also when it leads to a file."""

    def __init__(self, *columns: Column) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            *columns,
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self: D) -> D:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Room for results on the same terminal: what moves is wiped away, and comes back afterwards."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


class Onlooker(_Display):
    """How many finds of how many are settled (``ports.Watcher``)."""

    def __init__(self) -> None:
        super().__init__(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        self._task = self._progress.add_task("finds", total=0)
        self._total = 0

    def found(self, article: str, finds: int) -> None:
        self._total += finds
        self._progress.update(self._task, total=self._total, description=harmless(article)[-40:])

    def settled(self, article: str, outcome: Outcome) -> None:
        self._progress.advance(self._task)


class Meter(_Display):
    """How many bytes of how many are done."""

    def __init__(self) -> None:
        super().__init__(BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._task = self._progress.add_task("bytes", total=None)

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """``done_bytes`` more of ``total_bytes`` are done."""
        self._progress.update(self._task, advance=done_bytes, total=total_bytes)
