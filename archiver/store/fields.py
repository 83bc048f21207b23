"""Named values as WARC 1.1 writes them, one to a line, such that no value can pass for a line of its own.

warcio writes values as they are; a CR LF in an author's name then forges a header or a whole record (``faults.md``
0.3). So every value passes through ``text`` or ``uri`` first, and anything that some reader takes for the end of a
line, or strips from the end of one, is percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# C0, DEL, C1 (NEL among them), and Unicode's line and paragraph separators: all that str.splitlines() breaks at, and
# all else that has no business in a header.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Angle brackets too: readers take <…> around a target URI for the WARC 1.0 form, and drop them.
_NOT_IN_URI = re.compile("[^\x21-\x7e]|[<>]")


def unicode(value: str) -> str:
    """``value`` with every lone surrogate, which no UTF-8 can hold, as U+FFFD."""
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def text(value: str) -> str:
    """``value`` fit for a header line: control characters percent-encoded, and white space at either end too.

    What was printable stays as it is; lone surrogates become U+FFFD. Doing it twice changes nothing more.
    """
    if value.isascii() and value.isprintable() and value[:1] != " " != value[-1:]:
        return value
    value = _CONTROL.sub(_percent, unicode(value))
    inner = value.strip()
    start = value.index(inner) if inner else len(value)
    return "".join(map(_encoded, value[:start])) + inner + "".join(map(_encoded, value[start + len(inner) :]))


def uri(value: str) -> str:
    """``value`` as a URI: every character that is not printable ASCII, and ``<`` ``>``, percent-encoded as UTF-8."""
    return _NOT_IN_URI.sub(_percent, unicode(value))


def lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The block of an ``application/warc-fields`` record. Names are ours; values are made safe here."""
    return "".join(f"{name}: {text(value)}\r\n" for name, value in pairs).encode()


def parse(block: bytes) -> list[tuple[str, str]]:
    """(name in lower case, value) of each line, in order. Raises ``ValueError`` unless all are UTF-8 ``name: value``
    lines that end in CR LF."""
    pairs = []
    for line in block.decode().split("\r\n")[:-1]:
        name, colon, value = line.partition(":")
        if not colon or not name or "\n" in line:
            raise ValueError(f"no header line: {line[:80]!r}")
        pairs.append((name.lower(), value.strip(" \t")))
    if block and not block.endswith(b"\r\n"):
        raise ValueError("the last line has no end")
    return pairs


def _percent(match: re.Match[str]) -> str:
    return _encoded(match[0])


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
