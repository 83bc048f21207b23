"""The reference material that may lie beside the repository; its tests are skipped where it is absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference material (../shared) is not here")


def shared_json(path):
    """The JSON value of ``../shared/path``, or ``[]`` where it is absent."""
    file = SHARED / path
    return json.loads(file.read_text("utf-8")) if file.is_file() else []


def shared_lines(path):
    """The JSON values of a JSON Lines file, or ``[]`` where it is absent."""
    file = SHARED / path
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line] if file.is_file() else []
