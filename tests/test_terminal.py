"""Strangers' text, on its way to a terminal or to a reader of lines."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, سامية كُلاّب, 日本, 𝓧, 👩‍👧", "plain text, سامية كُلاّب, 日本, 𝓧, 👩‍👧"),
        ("one\ntwo", "one ⏎ two"),
        ("\x1b[31m", "\\u001b[31m"),
        ("\u202e", "\\u202e"),
        ("\t", "\\u0009"),
        (None, "None"),
        (7, "7"),
    ],
)
def test_harmless_text_is_readable(text: object, shown: str) -> None:
    """Any script, emoji families included; only what acts is made visible."""
    assert terminal.harmless(text) == shown


def test_long_text_is_cut_visibly() -> None:
    """A novel in an error message is not printed."""
    assert terminal.harmless("a" * 2000) == "a" * 1000 + "…"
    assert terminal.harmless("abc", 3) == "abc"
    assert terminal.harmless("abcd", 3) == "abc…"


@given(st.text(alphabet=st.characters(), max_size=30))
def test_a_line_of_json_is_one_line_and_the_same_value(text: str) -> None:
    """Whatever the text; readers of lines and terminals see nothing that acts."""
    line = terminal.json_line({"text": text})
    assert json.loads(line) == {"text": text}
    assert line.splitlines() == [line]
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in line)
    assert not set(line) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    line.encode()


def test_a_line_of_json_keeps_every_script_readable() -> None:
    """UTF-8, not a heap of escapes."""
    assert terminal.json_line({"author": "سامية 日本 👩‍👧"}) == '{"author": "سامية 日本 👩‍👧"}'
