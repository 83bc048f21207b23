"""What the platforms share: reading an address the same way everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

MAX_URL_CHARS = 8_192
_WEB_PORTS = {"http": ("", "80"), "https": ("", "443"), "": ("", "80", "443")}
_ADDRESS = re.compile(
    r"(?:(?P<scheme>https?):)?(?://)?(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_DROPPED_BY_BROWSERS = str.maketrans("", "", "\t\r\n")
_C0_AND_SPACE = "".join(map(chr, range(33)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A web address taken apart. ``scheme``: ``http``, ``https`` or empty; ``host``: lower case, no final dot;
    ``query`` and ``fragment``: without their mark, empty when absent."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str

    def parameter(self, *names: str) -> str | None:
        """The first value of the first of ``names`` that the query has, percent-decoded, or ``None``."""
        try:
            values = dict(reversed(parse_qsl(self.query, max_num_fields=100)))
        except ValueError:
            return None
        return next((values[name] for name in names if name in values), None)


def take_apart(url: str) -> Address | None:
    """``url`` taken apart, or ``None`` when it is no plain address of a web host.

    Scheme-less forms (``//t.co/X``, ``twitter.com/jack``) are read as printed in running text. Like a browser (WHATWG
    URL) it drops tabs, line breaks and outer white space, and decodes a percent-encoded host. What URL parsers are
    known to disagree about is refused: a backslash, user info, a port that is not the scheme's own.
    """
    url = url[: MAX_URL_CHARS + 1].strip(_C0_AND_SPACE).translate(_DROPPED_BY_BROWSERS)
    match = _ADDRESS.fullmatch(url) if len(url) <= MAX_URL_CHARS else None
    if match is None or "\\" in match["authority"] + match["path"] or "@" in match["authority"]:
        return None
    name, _, port = match["authority"].partition(":")
    scheme = (match["scheme"] or "").lower()
    host = unquote(name).lower().removesuffix(".")
    if port not in _WEB_PORTS[scheme] or len(host) > 253 or not _HOST.fullmatch(host):
        return None
    return Address(
        scheme=scheme, host=host, path=match["path"], query=match["query"] or "", fragment=match["fragment"] or ""
    )
