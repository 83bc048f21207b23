"""Does a page hold any mark of a post at all? Asked of the raw bytes, before anything is decoded.

Every form that is read leaves one of these signs, in ASCII, whatever the charset (UTF-16 and -32 apart): a t.co link, a
``status`` path with a number, an address of one of x.com's services, a handle in brackets, or the word *tweet* or
*twitter* near a number. Most pages of the web hold none, though nearly all hold the word: a share button, a
``twitter:card``. Asking costs less than decoding. Names are asked in the case that they are printed in: ``T.CO/…``
alone marks no page.
"""

from __future__ import annotations

import re

from archiver.find import scan

_SLASH = rb"(?:\\*/|\\+u002[fF]|\\+x2[fF]|%(?:25)*2[fF]|&(?:amp;)*(?:#0*47|#[xX]0*2[fF]|sol);)"
_SURE = (  # what is scanned for, and what must stand there; cheap and likely ones first
    (b"status", re.compile(rb"status(?:es)?" + _SLASH + rb"\d")),
    (b"t.co", re.compile(rb"t\.co[/\\%&](?:(?<![A-Za-z0-9-]t\.co.)|(?<=2[Ff]t\.co.))")),
    (b"x.com", re.compile(rb"x\.com[/\\%&](?:(?<=\.x\.com.)|[^\s\"'<>]{0,60}article)")),
    (b"PGJsb2NrcXVvdGU", re.compile(rb"PGJsb2NrcXVvdGU")),  # "<blockquote" in base 64
)
_HANDLE = re.compile(rb"[( \xa0\x80-\xff]@[A-Za-z0-9_]{1,20}\s?[)\x80-\xff]")
_BESIDE = re.compile(rb"witter\.com[/\\%&](?:[/\\%&2Ff]{0,8}embed|[^\s\"'<>]{1,60}article)")
_NUMBER = re.compile(rb"[1-9][0-9]{14}")
_SAMPLED = re.compile(rb"[0-9][0-9]")
_NAMED_ID = re.compile(rb"weet[-_]?(?:[Ss]tatus[-_]?)?[Ii][Dd]")
_NEXT_TO = {b"witter": _BESIDE, b"weet": _NAMED_ID}
_CALLED = re.compile(rb"[{\[<:.]%?[# ]{0,2}(?:media=|MEDIA=|include )?[Tt]?$")
_CALLED_WITH = re.compile(rb"[^<>\n]{0,60}[\s\"'=:(\[|#{}\]]\d{2,18}(?!\d)")
_COMPONENT = re.compile(rb"\{\{[<%]\s*x\s")
_AROUND = 260
_PATIENCE = 5_000
"""How many words or signs are asked about; a page with more is looked at in any case."""


def any_mark(data: bytes) -> bool:
    """Whether ``data``, in any charset that keeps ASCII, may hold a post or a link to one."""
    if any(_holds(data, *sure) for sure in _SURE) or _handle(data) or any(_named(data, word) for word in _NEXT_TO):
        return True
    return not data[:200].lstrip().startswith(b"<") and _COMPONENT.search(data) is not None


def _holds(data: bytes, needle: bytes, pattern: re.Pattern[bytes]) -> bool:
    place = scan.find(data, needle)
    while place >= 0:
        if pattern.match(data, place):
            return True
        place = scan.find(data, needle, place + 1)
    return False


def _handle(data: bytes) -> bool:
    place = scan.find(data, b"@")
    for _ in range(_PATIENCE):
        if place < 0:
            return False
        if _HANDLE.match(data, place - 1 if place else 0):
            return True
        place = scan.find(data, b"@", place + 1)
    return True


def _named(data: bytes, word: bytes) -> bool:
    """Whether a number, as a post's may be, stands near the word; or the word is part of a post's own address."""
    looked = 0
    place = scan.find(data, word)
    for _ in range(_PATIENCE):
        if place < 0:
            return False
        end = place + len(word)
        if data[place - 5 : place] == b"pic.t" or _NEXT_TO[word].match(data, place):
            return True
        if _CALLED.search(data, max(0, place - 12), place) and _CALLED_WITH.match(data, end):
            return True
        first = max(looked, place - _AROUND)
        # Of fifteen digits in a row two neighbours are in every sample of each seventh byte.
        if _SAMPLED.search(data[first : end + _AROUND : 7]) and _NUMBER.search(data, first, end + _AROUND):
            return True
        looked = end + _AROUND - 15
        place = scan.find(data, word, end)
    return True
