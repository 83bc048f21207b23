r"""Markup inside other notations: in JSON strings, in attributes, in other markup, in addresses, several deep.

A page's state (``__NEXT_DATA__``, JSON-LD), a placeholder's attribute or a feed's entry carries an embed's markup with
its ``<`` written as ``\u003c``, ``&lt;``, ``%3C`` or plainly with ``\"`` for the quotes. How the first character of
the element is written tells which notation to undo; undoing is repeated until it is plain markup.
"""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

MAX_LAYERS = 6

LT = r"(?:<|(?:&(?:amp;)*(?:lt|#0*60|#x0*3c);)|\\+u003c|\\+x3c|%(?:25)*3c)"
"""A ``<`` in any notation (lower-cased)."""
SLASH = r"(?:\\*/|\\+u002f|\\+x2f|%(?:25)*2f|&(?:amp;)*(?:#0*47|#x0*2f|sol);)"
"""A ``/`` in any notation (lower-cased)."""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_JSON = re.compile(r"<[a-z][^<>]{0,1000}?=\s*\\+[\"'&]", re.IGNORECASE)
_IN_ENTITIES = re.compile(r"<[a-z][^<>]{0,1000}?=\s*&(?:amp;)*(?:quot|#0*34|#x0*22|#0*39|apos);", re.IGNORECASE)
_HEAD_CHARS = 1_500


def undo_json(text: str) -> str:
    """``text`` with one layer of JSON or JavaScript string escapes undone; lone surrogates become U+FFFD."""
    text = _ESCAPE.sub(_unescaped, text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] or escape[2]:
        return chr(int(escape[1] or escape[2], 16))
    return _NAMED.get(escape[3], escape[3])


def peel_markup(raw: str) -> str:
    """``raw``, which begins with an element's ``<`` in whatever notation, as plain markup."""
    for _ in range(MAX_LAYERS):
        if raw.startswith("\\"):
            raw = undo_json(raw)
        elif raw.startswith("&"):
            raw = html.unescape(raw)
        elif raw.startswith("%"):
            raw = unquote(raw, errors="replace")
        else:
            head = raw[:_HEAD_CHARS]
            if "\\" in head and ("\\u0022" in head or _IN_JSON.search(head)):
                raw = undo_json(raw)
            elif "=&" in head and _IN_ENTITIES.search(head):
                raw = html.unescape(raw)
            else:
                return raw
    return raw


def peel_address(raw: str) -> str:
    """``raw``, an address as it stands in a page's bytes, with the escapes of its carrier undone."""
    for _ in range(MAX_LAYERS):
        before = raw
        if "&" in raw:
            raw = html.unescape(raw)
        if "\\" in raw:
            raw = undo_json(raw)
        if re.search(r"%(?:25)*(?:2f|3a)", raw, re.IGNORECASE):
            raw = unquote(raw, errors="replace")
        if raw == before:
            break
    return raw
