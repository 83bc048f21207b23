"""What may be shown: a stranger's text can't move the cursor, set a colour or turn the line around."""

from __future__ import annotations

import json
import re
import unicodedata

# What JSON may hold raw but a terminal, or a reader of lines, would act on; written as JSON's own escape.
_ACTING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: object, limit: int = 1_000) -> str:
    """``text`` without anything that a terminal acts on: control and format characters (escape sequences, bidi
    overrides, zero-width) become visible escapes; line breaks become ``⏎``; cut at ``limit`` characters."""
    shown: list[str] = []
    for char in str(text)[:limit]:
        if char == "\n":
            shown.append(" ⏎ ")
        elif unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and char != "\u200d":
            shown.append(f"\\u{ord(char):04x}")
        else:
            shown.append(char)
    return "".join(shown) + ("…" if len(str(text)) > limit else "")


def json_line(row: object) -> str:
    """One line of JSON, the same value to every reader; control characters, line separators, bidi controls and lone
    surrogates are escaped."""
    return escaped(json.dumps(row, ensure_ascii=False, default=str))


def escaped(written: str) -> str:
    """``written``, JSON or TOML whose texts stand in double quotes, with all that a terminal or a reader of lines would
    act on as the escape that both have; it means the same."""
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
