"""The words of the vocabulary."""

from __future__ import annotations

import pytest

from archiver.model import counted


@pytest.mark.parametrize(
    ("count", "noun", "plural", "said"),
    [
        (0, "article", None, "0 articles"),
        (1, "article", None, "1 article"),
        (2_000, "article", None, "2,000 articles"),
        (1, "index", "indexes", "1 index"),
        (2, "index", "indexes", "2 indexes"),
    ],
)
def test_a_noun_agrees_with_its_number(count: int, noun: str, plural: str | None, said: str) -> None:
    """Wherever a person reads it."""
    assert counted(count, noun, plural) == said
