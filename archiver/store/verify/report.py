"""What was found, told as it is found: each defect on its own, notes of one kind about one file together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archiver.findings import Finding
from archiver.store.verify.kinds import finding

MOST_OF_A_KIND = 1_000
"""Defects of one kind in one file that are told one by one; the rest is counted."""


class Report:
    """``tell`` gets every finding. ``defects`` and ``notes``: how many there were."""

    def __init__(self, tell: Callable[[Finding], None]) -> None:
        self._tell = tell
        self.defects = self.notes = 0
        self._held: dict[str, tuple[Finding, int]] = {}
        self._counts: dict[str, int] = {}

    def add(
        self,
        code: str,
        problem: str,
        *,
        file: str,
        offset: int | None = None,
        record_id: str | None = None,
        strict: bool = True,
    ) -> None:
        """``strict``: in a file of ours, or in the archive itself."""
        found = finding(code, problem, file=file, offset=offset, record_id=record_id, strict=strict)
        if found.level == "note":
            self.notes += 1
            first, count = self._held.get(code, (found, 0))
            self._held[code] = (first, count + 1)
            return
        self.defects += 1
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= MOST_OF_A_KIND:
            self._tell(found)

    def end_file(self, file: str) -> None:
        """Everything about ``file`` was added."""
        for code, count in self._counts.items():
            if (more := count - MOST_OF_A_KIND) > 0:
                self._tell(finding(code, f"{more:,} more of this kind", file=file))
        for first, count in self._held.values():
            said = first.problem if count == 1 else f"{count:,} times, the first one here: {first.problem}"
            self._tell(replace(first, problem=said))
        self._held, self._counts = {}, {}
