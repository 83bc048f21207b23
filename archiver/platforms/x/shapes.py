"""Calm reading of JSON: what an optional field is, and nothing where it is something else."""

from __future__ import annotations

import html
from typing import Any


def plain(text: str) -> str:
    """``text`` as people read it: the services escape ``& < >`` as HTML."""
    return html.unescape(text)


def count(value: object) -> int | None:
    """A number of likes, votes, seconds; ``None`` for anything that is no whole number of at least 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def text(value: object) -> str | None:
    """``value`` when it is a text with something in it, else ``None``."""
    return value if isinstance(value, str) and value.strip() else None


def members(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def member(value: object) -> dict[str, Any]:
    """``value`` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}
