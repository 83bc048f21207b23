"""What ``verify`` has to say: a finding, and the sum of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that ``verify`` noticed. ``level``: a ``defect`` makes it fail; a ``note`` is a difference that harms
    nobody. ``code``: its kind (``docs/verify.md``). ``file``: as it was named, or relative to the archive folder.
    ``offset_bytes``: of the gzip member (or of the record, in an unpacked file); ``None`` when it is about the whole
    file. ``advice``: what to do."""

    code: str
    level: Literal["defect", "note"]
    problem: str
    advice: str
    file: str
    offset_bytes: int | None = None
    record_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What ``verify`` looked at. ``data_bytes``: of the files, as they lie. ``defects`` and ``notes``: how many were
    found, those included that were only counted. ``sampled``: the share of the records that was read, 1 for all."""

    files: int
    records: int
    data_bytes: int
    defects: int
    notes: int
    sampled: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What ``repair`` made of a file. ``made``: the new file, ``None`` when there was nothing to repair, or nothing
    whole but ``orphans``. ``kept``: where the damaged file lies now, byte for byte as it was. ``records``: how many are
    in the new file. ``orphans``: the file with records that are whole, of exchanges that are not; ``None`` when there
    are none. ``lost_bytes``: of the old file, in no whole record. ``lost``: the slots of captures that are gone.
    ``again``: articles, posts and links that are asked for again for that reason."""

    made: str | None
    kept: str
    records: int = 0
    orphans: str | None = None
    lost_bytes: int = 0
    lost: tuple[str, ...] = ()
    again: int = 0
