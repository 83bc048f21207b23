"""Each defect that ``../shared/warc.md`` C.3 lists, and each damage of ``faults.md`` D, is found where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archiver.findings import Finding
from archiver.store.verify import given
from archiver.store.verify.kinds import KINDS
from tests.store.verify import builder
from tests.store.verify.builder import NAME, Warc, member, record_id, sample, sha256


def check(folder, data, name=NAME):
    """What ``verify`` says of a file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    found: list[Finding] = []
    checked = given.verify([path], found.append)
    assert checked.defects == sum(one.level == "defect" for one in found)
    return found


def lines(found):
    """(code, offset, record id) of every defect."""
    return [(one.code, one.offset_bytes, one.record_id) for one in found if one.level == "defect"]


def flipped(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def changed(name, change):
    """The sample with one record changed, and that record's place."""
    whole = sample()
    warc = whole.swap(name, change(whole.find(name)))
    return warc.data(), warc.offset(name), name


BODY = "response2"
LONGER = "response0"


def test_the_sample_is_whole(tmp_path):
    """Without a defect there is no line, a note neither."""
    assert check(tmp_path, sample().data()) == []


# number and name as in warc.md C.3 → (code, the record, what is changed in it)
IN_ONE_RECORD = {
    "01 payload digest wrong": ("payload-digest", BODY, lambda r: r.with_("WARC-Payload-Digest", sha256(b"x"))),
    "01 payload digest of the chunk framing": (
        "payload-digest",
        "response1",
        lambda r: r.with_("WARC-Payload-Digest", sha256(r.block.partition(b"\r\n\r\n")[2])),
    ),
    "02 block digest wrong": ("block-digest", BODY, lambda r: r.with_("WARC-Block-Digest", sha256(b"x"))),
    "04 Content-Length -5": ("content-length", BODY, lambda r: r.with_("Content-Length", str(len(r.block) - 5))),
    "04 Content-Length -1": ("content-length", BODY, lambda r: r.with_("Content-Length", str(len(r.block) - 1))),
    "05 Content-Length +5": ("content-length", BODY, lambda r: r.with_("Content-Length", str(len(r.block) + 5))),
    "05 Content-Length +1": ("content-length", BODY, lambda r: r.with_("Content-Length", str(len(r.block) + 1))),
    "05 Content-Length +500": ("content-length", BODY, lambda r: r.with_("Content-Length", str(len(r.block) + 500))),
    "06 no Concurrent-To": ("no-pair", "request2", lambda r: r.without("WARC-Concurrent-To")),
    "07 dangling Concurrent-To": (
        "dangling-concurrent",
        "metadata2",
        lambda r: r.with_("WARC-Concurrent-To", record_id("nobody")),
    ),
    "13 no WARC-Date": ("missing-field", BODY, lambda r: r.without("WARC-Date")),
    "14 bad WARC-Date": ("bad-date", BODY, lambda r: r.with_("WARC-Date", "2026-02-30T12:00:00.123456Z")),
    "14 a date with a zone": ("bad-date", BODY, lambda r: r.with_("WARC-Date", "2026-02-03T12:00:00+02:00")),
    "15 no Record-ID": ("missing-field", "request2", lambda r: r.without("WARC-Record-ID")),
    "17 unknown WARC-Type": ("unknown-type", "metadata2", lambda r: r.with_("WARC-Type", "answer")),
    "18 no trailing CRLFCRLF": ("record-end", BODY, lambda r: replace(r, end=b"")),
    "18 none behind a request, which itself ends so": ("record-end", "request2", lambda r: replace(r, end=b"")),
    "18 one CRLF": ("record-end", BODY, lambda r: replace(r, end=b"\r\n")),
    "20 no Target-URI": ("missing-field", "request2", lambda r: r.without("WARC-Target-URI")),
    "22 Target-URI on warcinfo": ("forbidden-field", "warcinfo", lambda r: r.with_("WARC-Target-URI", "urn:a")),
    "23 repeated WARC-Date": ("repeated-field", BODY, lambda r: r.twice("WARC-Date")),
    "24 body < HTTP Content-Length": ("short-body", BODY, lambda r: r.of(r.block[:-9], payload=b"bye " * 47 + b"bye")),
    "24 a chunked body that breaks off": (
        "short-body",
        "response1",
        lambda r: r.of(r.block[:-5], payload=b"in two pieces"),
    ),
    "26 TE: chunked head, de-chunked body": (
        "framing",
        "response1",
        lambda r: r.of(r.block.partition(b"\r\n\r\n")[0] + b"\r\n\r\nwith no chunks", payload=b"with no chunks"),
    ),
    "bytes behind the message": ("excess", BODY, lambda r: r.of(r.block + b"HTTP/1.1 200 OK\r\n\r\n")),
    "no block digest": ("no-digest", BODY, lambda r: r.without("WARC-Block-Digest")),
    "no payload digest": ("no-digest", BODY, lambda r: r.without("WARC-Payload-Digest")),
    "a digest in no known form": ("digest-form", BODY, lambda r: r.with_("WARC-Block-Digest", "crc32:00000000")),
    "no Warcinfo-ID": ("missing-field", BODY, lambda r: r.without("WARC-Warcinfo-ID")),
    "another file's Warcinfo-ID": ("dangling-warcinfo", BODY, lambda r: r.with_("WARC-Warcinfo-ID", record_id("x"))),
    "an odd reason for truncation": ("truncated-word", BODY, lambda r: r.with_("WARC-Truncated", "tired")),
    "another version": ("version", BODY, lambda r: replace(r, version="WARC/1.0")),
    "D9 bare LF in the header": ("bare-lf", BODY, lambda r: replace(r, eol="\n")),
    "a line that is no header": ("header-line", BODY, lambda r: r.with_("no header", "x")),
    "a record id that is no URI": ("bad-id", "metadata2", lambda r: r.with_("WARC-Record-ID", "me")),
    "a metadata record that says nothing": ("group", "response2", None),
    "several dates in one capture": ("date-differs", "response2", None),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_ONE_RECORD)
def test_a_defect_in_one_record(tmp_path, case):
    """One line, with the code, the offset and the id of that record."""
    code, name, change = IN_ONE_RECORD[case]
    if change is None:
        other = "metadata2"
        fields = sample().find(other)
        new = fields.of(b"via: x\r\n") if code == "group" else fields.with_("WARC-Date", "2026-08-01T12:00:00.123457Z")
        warc = sample().swap(other, new)
        data, at = warc.data(), warc.offset(name)
    else:
        data, at, _ = changed(name, change)
    named = None if "no Record-ID" in case else "me" if code == "bad-id" else record_id(name)
    assert lines(check(tmp_path, data)) == [(code, at, named)]


def test_03_a_byte_of_the_body_changed(tmp_path):
    """Both digests say so, of the block and of the payload."""
    data, at, _ = changed(BODY, lambda r: replace(r, block=r.block[:-1] + b"!"))
    found = lines(check(tmp_path, data))
    assert found == [("block-digest", at, record_id(BODY)), ("payload-digest", at, record_id(BODY))]


def test_08_a_request_is_missing(tmp_path):
    """The answer is named that nobody asked for."""
    warc = sample().swap("request1")
    assert lines(check(tmp_path, warc.data())) == [("no-request", warc.offset("response1"), record_id("response1"))]


@pytest.mark.parametrize("at", [12, 30, 60], ids="early middle late".split())
def test_09_a_bit_flipped_in_gzip_data(tmp_path, at):
    """The member is named; what follows is read."""
    warc = sample()
    start = warc.offset("response2")
    found = check(tmp_path, flipped(warc.data(), start + at, 3))
    assert len(found) >= 1
    assert found[0].offset_bytes == start
    assert found[0].code in ("gzip-data", "gzip-crc", "gzip-length", "torn-tail", "no-head", "block-digest")
    assert all((one.offset_bytes or 0) >= start for one in found)


@pytest.mark.parametrize(("back", "code"), [(8, "gzip-crc"), (5, "gzip-crc"), (4, "gzip-length"), (1, "gzip-length")])
def test_10_a_wrong_gzip_trailer(tmp_path, back, code):
    """The CRC-32 and the length are told apart."""
    warc = sample()
    start, end = warc.offset("response1"), warc.offset("request1")
    found = check(tmp_path, flipped(warc.data(), end - back))
    assert (found[0].code, found[0].offset_bytes) == (code, start)


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 40, 100])
def test_11_and_d1_a_torn_tail(tmp_path, cut):
    """However little is missing: the offset of the torn member."""
    warc = sample()
    data = warc.data()[:-cut]
    assert ("torn-tail", warc.offset("metadata2"), None) in lines(check(tmp_path, data))


def test_12_and_d8_one_gzip_member_for_all(tmp_path):
    """Read all the same: one line, and every record was checked."""
    warc = sample()
    found = check(tmp_path, member(builder.joined(warc.recs)))
    assert lines(found) == [("several-records", 0, record_id("warcinfo"))]
    recs = list(warc.recs)
    recs[-3] = recs[-3].with_("WARC-Payload-Digest", sha256(b"x"))
    found = check(tmp_path, member(builder.joined(recs)))
    assert ("payload-digest", 0, record_id("response2")) in lines(found)


def test_d8_two_records_in_one_member(tmp_path):
    """The member is named."""
    warc = sample()
    members = warc.members()
    data = b"".join(members[:7]) + member(builder.joined(warc.recs[7:9])) + members[9]
    at = sum(map(len, members[:7]))
    assert lines(check(tmp_path, data)) == [("several-records", at, record_id("response2"))]


def test_16_and_d11_a_duplicate_record_id(tmp_path):
    """The second one is named, in the same file and in another one."""
    warc = sample()
    data = warc.data() + member(warc.find("request2").raw)
    found = lines(check(tmp_path, data))
    assert ("duplicate-id", len(warc.data()), record_id("request2")) in found
    other = NAME.replace("00001", "00002")
    paths = [tmp_path / NAME, tmp_path / other]
    for path in paths:
        path.write_bytes(sample(path.name).data())
    told: list[Finding] = []
    given.verify(paths, told.append)
    assert {one.code for one in told} == {"duplicate-id"}
    assert {one.file for one in told} == {str(paths[1])}
    assert len(told) == len(warc.recs)


@pytest.mark.parametrize("junk", [b"junk", b"\x1f\x8b\x08 no gzip", b"WARC/1.1\r\n\r\n"])
def test_19_junk_between_members(tmp_path, junk):
    """One line at its offset, and everything behind it is read."""
    warc = sample()
    at = warc.offset("response1")
    data = warc.data()[:at] + junk + warc.data()[at:]
    found = lines(check(tmp_path, data))
    assert [(offset, named) for _, offset, named in found] == [(at, None)]
    assert found[0][0] in ("junk", "gzip-data", "no-head")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda r: r, []),
        (lambda r: r.without("WARC-Profile"), ["revisit-profile"]),
        (lambda r: r.with_("WARC-Profile", "http://example.org/mine"), ["revisit-profile"]),
        (lambda r: r.without("WARC-Payload-Digest"), ["missing-field"]),
    ],
    ids=["whole", "21 without profile", "21 unknown profile", "no digest"],
)
def test_21_revisits(tmp_path, change, codes):
    """A revisit needs a known profile, and one of identical payload the digest."""
    whole = sample()
    first, *others = builder.revisit(3, whole.find("response0"))
    warc = Warc([*whole.recs, change(first), *others])
    assert [code for code, _, _ in lines(check(tmp_path, warc.data()))] == codes


def test_25_no_warcinfo(tmp_path):
    """Told once, and of each record that names it."""
    warc = sample().swap("warcinfo")
    found = lines(check(tmp_path, warc.data()))
    assert found[0] == ("no-warcinfo", 0, record_id("response0"))
    assert {code for code, _, _ in found[1:]} == {"dangling-warcinfo"}
    assert len(found) == 1 + len(warc.recs)


def test_d2_a_torn_record_and_a_good_one_behind_it(tmp_path):
    """The torn one is named with its offset, and the rest is read."""
    warc = sample()
    members = warc.members()
    at = sum(map(len, members[:6]))
    data = b"".join(members[:6]) + members[6][:-30] + b"".join(members[7:])
    found = lines(check(tmp_path, data))
    assert [offset for code, offset, _ in found if code.startswith("gzip")] == [at]
    assert all((offset or 0) >= at - len(members[5]) - len(members[4]) for _, offset, _ in found)


def test_d3_a_tail_of_zeros(tmp_path):
    """The offset where they begin."""
    data = sample().data()
    assert lines(check(tmp_path, data + bytes(4096))) == [("zeros", len(data), None)]


@pytest.mark.parametrize(
    ("data", "code"), [(bytes(5000), "zeros"), (b"", "empty-file"), (b"<html>no</html>", "no-warc")]
)
def test_d4_and_d5_nothing_in_it(tmp_path, data, code):
    """Zeros, no bytes, or something else: never "0 records, ok"."""
    assert lines(check(tmp_path, data))[0][0] == code


def test_every_code_says_what_to_do():
    """Each has an advice, and its line in docs/verify.md says the same."""
    lines = (Path(__file__).parents[3] / "docs" / "verify.md").read_text("utf-8").splitlines()
    for code, kind in KINDS.items():
        assert f"| `{code}` | {kind.ours} | {kind.others} | {kind.advice} |" in lines
