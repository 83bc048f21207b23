"""The links of Markdown and of what renders it as text: inline, by reference, and folded over lines."""

from __future__ import annotations

import re
from bisect import bisect_left

from archiver.find.flat import Link

MAX_LINKS = 20_000

_INLINE = re.compile(r"\]\(\s*<?\\*(?P<url>[a-z]+://[^\s)>\\]{1,2000})", re.IGNORECASE)
_REFERENCE = re.compile(r"\]\[(?P<label>[^\[\]\n]{1,60})\]")
_DEFINITION = re.compile(
    r"^[ \t>]{0,8}\[(?P<label>[^\[\]\n]{1,60})\]:[ \t]*<?(?P<url>[a-z]+://\S{1,2000}(?:\n(?![ \t]*\[)\S{1,2000})?)",
    re.MULTILINE | re.IGNORECASE,
)


def links_of(text: str) -> tuple[Link, ...]:
    """The links of ``text`` in order, each with the place of its own words."""
    closers = [(found.start(), found["url"]) for found in _INLINE.finditer(text)]
    defined = {found["label"]: re.sub(r"\s", "", found["url"]) for found in _DEFINITION.finditer(text)}
    if defined:
        references = _REFERENCE.finditer(text)
        closers += [(found.start(), defined[found["label"]]) for found in references if found["label"] in defined]
    if not closers:
        return ()
    openers = [found.start() for found in re.finditer(r"\[", text)]
    links = []
    for end, href in sorted(closers)[:MAX_LINKS]:
        opener = bisect_left(openers, end) - 1
        if opener >= 0:
            links.append(Link(start=openers[opener] + 1, end=end, href=href.removesuffix(">")))
    return tuple(links)
