"""The header of one record: how it is written, and what may and must stand in it (WARC 1.1, sections 4 to 6). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

Problem = tuple[str, str]
"""(code of ``kinds.KINDS``, a sentence)."""

Headers = tuple[tuple[str, str], ...]
_VERSIONS = ("WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17")
_OUR_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?Z)?)?)?"
)
_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x3b\x3d\x3f-\x7e]+>")
_TYPES = ("warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation")
_MANDATORY = ("warc-type", "warc-record-id", "warc-date", "content-length")
_ABOUT_A_URI = frozenset(("response", "resource", "request", "revisit", "conversion", "continuation"))
_MAY_REPEAT = ("warc-concurrent-to", "warc-protocol")
_TRUNCATED = ("length", "time", "disconnect", "unspecified")
_ONLY_REVISIT = ("warc-profile", "warc-refers-to-target-uri", "warc-refers-to-date")
_REVISIT_FIELDS = frozenset(("warc-refers-to", *_ONLY_REVISIT))
_NOT_OF = {
    "warcinfo": frozenset(
        ("warc-target-uri", "warc-payload-digest", "warc-concurrent-to", "warc-ip-address", "warc-warcinfo-id")
    )
    | _REVISIT_FIELDS,
    "response": _REVISIT_FIELDS,
    "resource": _REVISIT_FIELDS,
    "request": _REVISIT_FIELDS,
    "metadata": frozenset(("warc-payload-digest", *_ONLY_REVISIT)),
    "revisit": frozenset(),
    "conversion": frozenset(("warc-concurrent-to", "warc-ip-address", *_ONLY_REVISIT)),
    "continuation": frozenset(("warc-concurrent-to", "warc-ip-address")) | _REVISIT_FIELDS,
}
_IDENTICAL = re.compile(r"https?://netpreserve\.org/warc/1\.[01]/revisit/identical-payload-digest")
_NOT_MODIFIED = re.compile(r"https?://netpreserve\.org/warc/1\.[01]/revisit/server-not-modified")
_LINE_END = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Head:
    """A record's header as written. ``kind``: WARC-Type in lower case, empty without one. ``fields``: names in lower
    case, in order. ``first``: each name's first value."""

    version: str
    kind: str
    fields: Headers
    first: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    @property
    def record_id(self) -> str | None:
        return self.first.get("warc-record-id")

    @property
    def length(self) -> int | None:
        """Content-Length, ``None`` when there is none that can be believed."""
        value = self.first.get("content-length", "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def read_head(raw: bytes) -> Head:
    """The header in ``raw``, its blank line included. Lenient: what is wrong in it stands in ``problems``."""
    problems: list[Problem] = []
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        problems.append(("header-line", "the header is not UTF-8"))
    lines = text.rstrip("\r\n").split("\r\n")
    if any("\n" in line for line in lines) or not text.endswith("\r\n\r\n"):
        problems.append(("bare-lf", "header lines end in a bare LF"))
        lines = _LINE_END.split(text.rstrip("\r\n"))
    fields: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and name and " " not in name and "\t" not in name:
            fields.append((name.lower(), value.strip(" \t")))
        elif line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        else:
            problems.append(("header-line", f"no header line: {line[:80]!r}"))
    first = dict(reversed(fields))
    return Head(lines[0], first.get("warc-type", "").lower(), tuple(fields), first, tuple(problems))


def problems(head: Head, *, strict: bool) -> Iterator[Problem]:
    """What is wrong with a header; ``strict``: by our own rules too, which the standard leaves open."""
    yield from head.problems
    if head.version != "WARC/1.1" and (strict or head.version not in _VERSIONS):
        yield "version", f"the record begins with {head.version[:40]!r}"
    first = head.first
    for name in _MANDATORY:
        if name not in first:
            yield "missing-field", f"no {_shown(name)}"
    if len(first) != len(head.fields):
        yield from _repeated(head.fields)
    kind = head.kind
    if kind and kind not in _TYPES:
        yield "unknown-type", f"a record of type {kind[:40]!r}"
    if kind in _ABOUT_A_URI and not first.get("warc-target-uri"):
        yield "missing-field", f"a {kind} record without WARC-Target-URI"
    for name in _NOT_OF.get(kind, frozenset()) & first.keys():
        yield "forbidden-field", f"{_shown(name)} does not belong in a {kind} record"
    if kind != "warcinfo" and "warc-filename" in first:
        yield "forbidden-field", "WARC-Filename belongs in warcinfo records only"
    date, record_id = first.get("warc-date"), head.record_id
    if (date is not None and not (_OUR_DATE.fullmatch(date) if strict else True)) or (date and not is_date(date)):
        yield "bad-date", f"WARC-Date is {date[:40]!r}"
    if record_id is not None and not _ID.fullmatch(record_id):
        yield "bad-id", f"WARC-Record-ID is {record_id[:80]!r}"
    if "content-length" in first and head.length is None:
        yield "content-length", f"Content-Length is {first['content-length'][:40]!r}"
    if (cut := first.get("warc-truncated")) is not None and cut not in _TRUNCATED:
        yield "truncated-word", f"WARC-Truncated is {cut[:40]!r}"
    if kind == "revisit":
        yield from _revisit(first)
    if strict:
        yield from _ours(head)


@lru_cache(maxsize=1_024)  # the records of a capture have the same
def is_date(value: str) -> bool:
    """Whether ``value`` is a date as WARC 1.1 (5.4) has it, and one of the calendar."""
    match = _DATE.fullmatch(value)
    if match is None:
        return False
    year, month, day, hour, minute, second = (
        int(part or least) for part, least in zip(match.groups(), _LEAST, strict=True)
    )
    try:
        datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001  # only whether there is such a time
    except ValueError:
        return False
    return second <= 60


_LEAST = (1, 1, 1, 0, 0, 0)


def is_identical(profile: str) -> bool:
    """Whether a revisit of this profile stands for bytes stored elsewhere."""
    return _IDENTICAL.fullmatch(profile) is not None


def _repeated(fields: Headers) -> Iterator[Problem]:
    seen: set[str] = set()
    told: set[str] = set()
    for name, _ in fields:
        if name in seen and name not in told and name not in _MAY_REPEAT:
            told.add(name)
            yield "repeated-field", f"{_shown(name)} stands there more than once"
        seen.add(name)


def _revisit(first: Mapping[str, str]) -> Iterator[Problem]:
    profile = first.get("warc-profile")
    if profile is None:
        yield "revisit-profile", "a revisit without WARC-Profile"
    elif is_identical(profile):
        if "warc-payload-digest" not in first:
            yield "missing-field", "a revisit of identical payload without WARC-Payload-Digest"
    elif not _NOT_MODIFIED.fullmatch(profile):
        yield "revisit-profile", f"a revisit of an unknown profile: {profile[:80]}"


def _ours(head: Head) -> Iterator[Problem]:
    first = head.first
    if "warc-block-digest" not in first:
        yield "no-digest", "no WARC-Block-Digest"
    if head.kind not in ("warcinfo", "") and "warc-warcinfo-id" not in first:
        yield "missing-field", "no WARC-Warcinfo-ID"


def _shown(name: str) -> str:
    """A field's name as the standard writes it."""
    if name == "warc-record-id":
        return "WARC-Record-ID"
    words = [part.upper() if part in ("warc", "uri", "id", "ip") else part.capitalize() for part in name.split("-")]
    return "-".join(words)
