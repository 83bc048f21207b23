"""The recorded answers in ``../shared``, which the miniature is held against. They are read there, never copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no recordings to compare with at {SHARED}")


def recorded(name: str) -> bytes:
    """The bytes of ``../shared/NAME``."""
    return (SHARED / name).read_bytes()


def recorded_json(name: str) -> Any:
    """The same, read as JSON."""
    return json.loads(recorded(name))
