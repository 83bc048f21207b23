"""Everything that can be found, by its code: what to do about it, and what it means in files of others.

In a file of ours each of these is a defect but for those that are marked as notes: we know what we write. In a file of
another program the conventions of the standard that it breaks are differences, listed as notes; what makes its bytes
unreadable, or other than what they are said to be, is a defect there too.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from archiver.findings import Finding

Level = Literal["defect", "note"]
REPAIR = "archiver repair salvages every whole record into a new file; or bring the file back from a copy"
_COPY = "bring the file back from a copy"
_BYTES = (
    "the bytes are not what was written: bring the file back from a copy, or leave this record out (archiver repair)"
)
_WRITER = "the writing program broke the standard; the record can be read all the same"
_REBUILD = "archiver verify --rebuild makes the catalog anew from the WARCs"


class Kind(NamedTuple):
    """``advice``: what to do. ``ours`` and ``others``: what it is in a file of ours, and of another program."""

    advice: str
    ours: Level = "defect"
    others: Level = "defect"


KINDS: dict[str, Kind] = {
    # The file and its gzip members
    "empty-file": Kind("there is nothing in it: " + _COPY),
    "no-warc": Kind("this is no WARC: give another file"),
    "zeros": Kind("a failed write left zeros: " + REPAIR),
    "junk": Kind(REPAIR),
    "torn-tail": Kind("the end is missing: " + REPAIR),
    "gzip-data": Kind(REPAIR),
    "gzip-crc": Kind(REPAIR),
    "gzip-length": Kind(REPAIR),
    "gzip-header": Kind("the bytes of the record agree with its digests: only its wrapping was changed", others="note"),
    "empty-member": Kind("nothing is lost", others="note"),
    "several-records": Kind("archiver repair gives each record a gzip member of its own", others="note"),
    # The form of one record
    "version": Kind(_WRITER),
    "no-head": Kind(REPAIR),
    "header-line": Kind(_WRITER, others="note"),
    "bare-lf": Kind(_WRITER, others="note"),
    "missing-field": Kind(_WRITER),
    "repeated-field": Kind("readers differ in which of the values they believe", others="note"),
    "forbidden-field": Kind(_WRITER, others="note"),
    "bad-date": Kind("nobody can say when this was captured; replay tools leave the record out"),
    "bad-id": Kind(_WRITER, others="note"),
    "unknown-type": Kind("readers pass over it", others="note"),
    "truncated-word": Kind(_WRITER, others="note"),
    "content-length": Kind("readers come out of step here: " + REPAIR),
    "record-end": Kind("readers may come out of step here: archiver repair leaves the record out", others="note"),
    # What a record says of its bytes
    "block-digest": Kind(_BYTES),
    "payload-digest": Kind(_BYTES),
    "no-digest": Kind("nothing proves these bytes", others="note"),
    "digest-form": Kind("the digest could not be checked", others="note"),
    "framed-digest": Kind("tools that follow the standard (5.9) report it as wrong", others="note"),
    "short-body": Kind("the answer broke off, and nothing says so: capture it again", others="note"),
    "framing": Kind("replay tools will fail: the head says chunked, and the body is not", others="note"),
    "excess": Kind("bytes behind the message stand in its record", others="note"),
    "http-head": Kind("kept as it came; replay tools will not show it", others="note"),
    # Records among each other
    "duplicate-id": Kind("remove one of the two files, or archiver repair the one that holds both"),
    "dangling-concurrent": Kind(
        "the record that it belongs to is missing: look for the rest of the file", others="note"
    ),
    "dangling-refers": Kind("the record that it is about is missing: look for the file that held it", others="note"),
    "dangling-revisit": Kind("the original's bytes are missing: bring back the file that held them", others="note"),
    "dangling-warcinfo": Kind("nobody knows what wrote it: bring back the beginning of the file", others="note"),
    "revisit-differs": Kind("the original is another one than the revisit says", others="note"),
    "revisit-profile": Kind("readers can't tell what the revisit stands for", others="note"),
    "no-pair": Kind("nothing says which answer this request got", others="note"),
    "no-request": Kind("nothing says what was asked", others="note"),
    "no-warcinfo": Kind("nothing says who wrote the file, and how", others="note"),
    "group": Kind("an exchange is not whole: archiver repair leaves it out, and it is asked for again"),
    "date-differs": Kind(_WRITER),
    "file-name": Kind("the file was renamed: give it its name back", ours="note", others="note"),
    # The archive
    "missing-file": Kind(_COPY),
    "unknown-file": Kind(_REBUILD),
    "file-size": Kind(_COPY),
    "file-digest": Kind("the file is not the one that was closed: " + _COPY),
    "unfinished": Kind("the next archiver save takes it up", ours="note"),
    "catalog-damaged": Kind(_REBUILD),
    "catalog-extra": Kind("the catalog names what no WARC holds: bring the file back, or " + _REBUILD),
    "catalog-lacks": Kind(_REBUILD),
    "catalog-differs": Kind(_REBUILD),
    "manifest-line": Kind("the manifest was changed: bring it back from a copy"),
    "manifest-chain": Kind("a line was changed, left out or put in: bring the manifest back from a copy"),
    "manifest-lacks": Kind("the next archiver save adds the line; if it was there before, the manifest was cut"),
    "manifest-torn": Kind("the next archiver save cuts the torn line", ours="note"),
    "cdxj-differs": Kind("players are led astray: archiver index --anew makes it again from the WARC"),
    "cdxj-lacks": Kind("the next archiver save makes it, or archiver index", ours="note"),
    "cdxj-extra": Kind("archiver index removes it", ours="note"),
    "cdxj-unchecked": Kind("nobody can say whether it is right: pip install 'archiver[pack]'", ours="note"),
}


def finding(
    code: str, problem: str, *, file: str, offset: int | None = None, record_id: str | None = None, strict: bool = True
) -> Finding:
    """The finding ``code``; ``strict``: in a file of ours, or in the archive itself."""
    kind = KINDS[code]
    return Finding(
        code=code,
        level=kind.ours if strict else kind.others,
        problem=problem,
        advice=kind.advice,
        file=file,
        offset_bytes=offset,
        record_id=record_id,
    )
