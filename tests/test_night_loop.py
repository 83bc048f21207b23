"""``make nights`` in small: one disturbed night, and what it leaves."""

from __future__ import annotations

import random
import shutil
from collections import Counter

import pytest

from tests.night_loop import knowledge


@pytest.mark.skipif(shutil.which("gcc") is None, reason="shim.c, which refuses room, wants gcc")
def test_a_night_that_finds_the_disk_full_ends_as_if_it_had_not():
    """Every change that needs room gets ENOSPC from some moment on: exit code 74; run again, all is known, and verify
    finds nothing."""
    counts: Counter[str] = Counter()
    known = knowledge(1, "full", random.Random(3), counts)
    assert counts == {"ended with 74": 1}
    assert [one["availability"] for one in known["posts"]] == ["public"] * 5
    assert [[how for _, how, _ in one["outcomes"]] for one in known["articles"]] == [
        ["archived"] * n for n in (2, 1, 2)
    ]
