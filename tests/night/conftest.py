"""What tests of nights share with those of the command."""

from __future__ import annotations

from tests.test_nightly import newsroom

__all__ = ["newsroom"]
