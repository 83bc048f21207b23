"""Old crawls looked through: WARCs by warcio, by hand, and by people who mean harm."""

from __future__ import annotations

import functools
import gzip
import io
import os
import random
import struct
import time
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.errors import Damaged, NoInput
from archiver.store import crawls
from archiver.store.crawl_records import Limits

# Without the time that gzip writes into its head: what is collected must be the same in every worker.
gzipped = functools.partial(gzip.compress, mtime=0)

PAGE = b'<html><blockquote class="twitter-tweet">Rain</blockquote></html>'


def answer(body=PAGE, *, kind="text/html", status="200 OK", extra=""):
    """An answer as it was on the wire."""
    named = f"Content-Type: {kind}\r\n" if kind else ""
    return f"HTTP/1.1 {status}\r\n{named}{extra}\r\n".encode() + body


def record(block=None, *, url="https://news.example/a", kind="response", length=None, version="1.0", end="\r\n"):
    """A record as anybody might write it."""
    block = answer() if block is None else block
    size = len(block) if length is None else length
    lines = (
        f"WARC/{version}", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}",
        "Content-Type: application/http; msgtype=response", f"Content-Length: {size}",
    )  # fmt: skip
    return (end.join(lines) + end * 2).encode() + block + (end * 2).encode()


def by_warcio(*pages, gz=True):
    """A WARC with these (url, media type, body), as warcio writes it: its request and warcinfo too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves temporary files open
        return _by_warcio(pages, gz)


def _by_warcio(pages, gz):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    writer.write_record(writer.create_warcinfo_record("old.warc.gz", {"software": "somebody's"}))
    for url, kind, body in pages:
        head = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
        response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head)
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "news.example")], is_http_request=True)
        request = writer.create_warc_record(url, "request", http_headers=asked)
        writer.write_request_response_pair(request, response)
    return out.getvalue()


def made(block=PAGE, *, url="https://news.example/a", kind="resource", holds="text/html; charset=ISO-8859-1"):
    """A resource or conversion: no answer of a server, but a text."""
    lines = ("WARC/1.1", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", f"Content-Type: {holds}")
    return ("\r\n".join(lines) + f"\r\nContent-Length: {len(block)}\r\n\r\n").encode() + block + b"\r\n\r\n"


@pytest.fixture
def read(tmp_path):
    """(what a crawl file holds, what was said about it)."""

    def reading(data, name="old.warc.gz", **limits):
        path = tmp_path / name
        path.write_bytes(data)
        said: list[str] = []
        return list(crawls.answers(path, lambda error: said.append(str(error)), Limits(**limits))), said

    return reading


def wacz(members, *, pack=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", pack) as archive:
        archive.writestr("datapackage.json", "{}")
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("gz", [True, False])
def test_what_warcio_writes_is_read(read, gz):
    """Packed or not: the pages in order, each with its URL; requests and warcinfo are none."""
    made = by_warcio(
        ("https://a.example/1", "text/html; charset=utf-8", PAGE),
        ("https://a.example/2.png", "image/png", b"\x89PNG"),
        ("https://a.example/style.css", "text/css", b"a {}"),
        ("https://a.example/feed", "application/rss+xml", b"<rss/>"),
        ("https://a.example/api", "application/json", b"{}"),
        gz=gz,
    )
    found, said = read(made)
    assert [(one.url, one.media_type, one.body) for one in found] == [
        ("https://a.example/1", "text/html", PAGE),
        ("https://a.example/feed", "application/rss+xml", b"<rss/>"),
        ("https://a.example/api", "application/json", b"{}"),
    ]
    assert said == []


CHUNKED = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (PAGE[:10], PAGE[10:], b""))


@pytest.mark.parametrize(
    "block",
    [
        answer(),
        answer(kind=""),
        answer(extra=f"Content-Length: {len(PAGE)}\r\n"),
        answer(CHUNKED, extra="Transfer-Encoding: chunked\r\n"),
        answer(PAGE, extra="Transfer-Encoding: chunked\r\n"),
        answer(gzipped(PAGE), extra="Content-Encoding: gzip\r\n"),
        answer(gzipped(PAGE), extra="Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
        answer(PAGE, extra="Content-Encoding: gzip\r\n"),
        answer(PAGE, extra="Content-Encoding: br\r\nTransfer-Encoding: chunked\r\n"),
        answer().replace(b"HTTP/1.1", b"HTTP/2"),
        answer().replace(b"HTTP/1.1", b"HTTP/2.0"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
    ],
)
def test_bodies_are_dechunked_and_decoded(read, block):
    """Also where the crawler had done it already and left the head as it was."""
    found, said = read(gzipped(record(block)))
    assert [one.body for one in found] == [PAGE]
    assert said == []


@pytest.mark.parametrize(
    "made",
    [
        record(answer(status="404 Not Found")),
        record(answer(status="301 Moved", extra="Location: /\r\n")),
        record(kind="revisit"),
        record(kind="request"),
        record(kind="resource", url="dns:news.example"),
        made(kind="conversion", holds="image/png"),
        made(kind="resource", url="urn:archiver:excess:1"),
        record(url="dns:news.example"),
        record(url="http://[::1"),
        record(url="urn:uuid:0"),
        b"",
    ],
)
def test_what_is_no_page_is_passed_by(read, made):
    """Other states, other records, what is no web address: not an answer, and nothing to complain of."""
    assert read(made, "old.warc") == ([], [])


@pytest.mark.parametrize(
    ("block", "url", "media_type"),
    [
        (made(), "https://news.example/a", "text/html"),
        (made(kind="conversion", holds="text/plain"), "https://news.example/a", "text/plain"),
        (made(url="file:///a.html"), None, "text/html"),
        (made(url="urn:archiver:file:sha256:00", holds="application/octet-stream"), None, None),
    ],
)
def test_what_was_made_is_read_as_well_as_what_was_sent(read, block, url, media_type):
    """Resources and conversions (a crawl of texts, a file that archiver kept): the block is the text."""
    found, said = read(gzipped(block))
    assert [(one.url, one.media_type, one.body) for one in found] == [(url, media_type, PAGE)]
    assert said == []


def test_a_stream_is_looked_through_like_a_file(tmp_path):
    """Also one that is longer than what is looked at first, and a WACZ, whose directory lies at its end."""
    said: list[Damaged] = []
    for data in (GOOD * 100, record(url="https://good.example/") * 100, wacz({"archive/a.warc.gz": GOOD * 100})):
        stream = io.BytesIO(data)
        first = stream.read(crawls.FIRST_BYTES)
        assert crawls.begins_crawl(first)
        with crawls.spooled(first, stream) as file:
            found = list(crawls.answers_in(file, "-", said.append))
        assert ([one.url for one in found], said) == (["https://good.example/"] * 100, [])
    assert not crawls.begins_crawl(b"<p>x")


def test_many_records_may_share_a_member(read):
    """A whole WARC in one gzip member; bare line feeds; WARC 0.17; a URL in angle brackets."""
    made = gzipped(record(url="<https://a.example/1>") + record(end="\n", version="0.17") + record(version="1.1"))
    found, said = read(made + gzipped(record(url="http://b.example/")))
    assert [one.url for one in found] == [
        "https://a.example/1", "https://news.example/a", "https://news.example/a", "http://b.example/",
    ]  # fmt: skip
    assert said == []


@pytest.mark.parametrize(
    ("charset", "text"), [("windows-1251", "Дождь"), ("shift_jis", "雨が降る"), ("iso-8859-1", "pluie à Évry")]
)
def test_a_charset_that_only_the_header_tells_is_kept(read, charset, text):
    """Beside the bytes, which are as they came."""
    raw = text.encode(charset)
    found, _ = read(record(answer(raw, kind=f"text/plain; Charset={charset}")), "old.warc")
    assert (found[0].body, found[0].charset) == (raw, charset)


GOOD = gzipped(record(url="https://good.example/"))
TORN = gzipped(record(answer(random.Random(1).randbytes(9_000))))


@pytest.mark.parametrize(
    "bad",
    [
        TORN[:-20],
        TORN[:3000] + b"\x00\xff" * 50 + TORN[3100:],
        TORN[:-6] + b"\x00\x00" + TORN[-4:],
        b"garbage",
        GOOD[:10],
        gzipped(b"not a record"),
        gzipped(record(length=20)),
        gzipped(record(length=2000)),
        gzipped(record(length="many")),
        gzipped(b"WARC/1.0\r\n" + b"x" * 3_000_000),
        gzipped(record(answer(extra="Transfer-Encoding: rot13\r\n"))),
        gzipped(record(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")),
        gzipped(record(answer(b"\x00nonsense", extra="Content-Encoding: gzip\r\n"))),
        gzipped(record(answer(gzipped(bytes(70_000_000)), extra="Content-Encoding: gzip\r\n"))),
    ],
)
def test_what_is_damaged_costs_only_itself(read, bad):
    """Cut, overwritten, wrong checksum, wrong length, endless header, bad coding: the neighbours are read, one line
    says so."""
    found, said = read(GOOD + bad + GOOD)
    assert [one.url for one in found] == ["https://good.example/"] * 2
    assert len(said) == 1
    assert "old.warc.gz: 1 skipped that could not be read" in said[0]


def test_damage_in_an_uncompressed_file_costs_only_itself(read):
    """The next record is the next line that begins one."""
    good = record(url="https://good.example/")
    found, said = read(good + record(length=20) + good + record(length=10**9), "old.warc")
    assert [one.url for one in found] == ["https://good.example/"] * 2
    assert "2 skipped" in said[0]


def test_a_bomb_ends(read):
    """A member of zeros, thousands to one: reading stops at what the file's size can justify."""
    zeros = bytes(30_000_000)
    bomb = gzipped(record(answer(zeros, kind="image/png")), compresslevel=1)
    found, said = read(GOOD + bomb + GOOD, least_bytes=10_000_000, expansion=1)
    assert [one.url for one in found] == ["https://good.example/"]
    assert "unpacks to too much" in said[0]


def test_endless_tiny_records_end(read):
    """A small file that holds records without number is read as far as its size can justify, and quickly."""
    tiny = b"WARC/1.0\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
    began = time.process_time()
    found, said = read(gzipped(tiny * 1_000_000, compresslevel=1))
    assert time.process_time() - began < 10
    assert found == []
    assert "too many records" in said[0]


def overlapping(count, tail):
    """Gzip members, each of which begins inside the first block of the one before it and shares all that follows: the
    rest of them, and ``tail`` bytes of blocks that hold nothing and never end."""
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    begun = head + b"\x00" + struct.pack("<HH", 15, 15 ^ 0xFFFF) + b"WARC/"
    return begun * count + head + b"\x00\x00\x00\xff\xff" * (tail // 5)


def test_members_that_overlap_without_number_end(read):
    """Each would be unpacked to the end of the file, and give nothing that could be counted."""
    began = time.process_time()
    found, said = read(overlapping(5_000, 4_000_000), least_packed_bytes=1_000_000)
    assert time.process_time() - began < 5
    assert found == []
    assert "unpacks to too much" in said[0]


def test_false_beginnings_without_number_end(read):
    """Gzip's sign over and over, each with a name that never ends: none is followed through the file."""
    began = time.process_time()
    found, said = read(b"\x1f\x8b\x08" * 1_000_000)
    assert time.process_time() - began < 5
    assert found == []
    assert len(said) == 1


@pytest.mark.parametrize("large", [record(answer(b"<p>" * 50_000)), made(b"<p>" * 50_000)])
def test_a_body_larger_than_a_page_may_be_is_skipped(read, large):
    """Its neighbours are not."""
    found, said = read(gzipped(large) + GOOD, body_bytes=50_000, head_bytes=50_000)
    assert [one.url for one in found] == ["https://good.example/"]
    assert "more than" in said[0]


def test_a_wacz_is_read_in_place(read, tmp_path, monkeypatch):
    """Its stored WARCs in the order they lie in; names lead nowhere, and nothing is unpacked."""
    monkeypatch.chdir(tmp_path)
    made = wacz(
        {
            "archive/b.warc.gz": GOOD + GOOD,
            "archive/../../../evil.warc.gz": by_warcio(("https://odd.example/", "text/html", PAGE)),
            "archive/\x1b[2J\u202e.warc": record(url="https://plain.example/"),
            "/etc/passwd.warc.gz": GOOD,
            "indexes/index.cdx.gz": GOOD,
        }
    )
    found, said = read(made, "old.wacz")
    assert [one.url for one in found] == [
        "https://good.example/", "https://good.example/", "https://odd.example/", "https://plain.example/",
    ]  # fmt: skip
    assert said == []
    assert [path.name for path in tmp_path.iterdir()] == ["old.wacz"]


def directory_of(data, **changed):
    """A ZIP whose end record says something else."""
    at = data.rindex(b"PK\x05\x06")
    size, offset = struct.unpack_from("<II", data, at + 12)
    return (
        data[: at + 12] + struct.pack("<II", changed.get("size", size), changed.get("offset", offset)) + data[at + 20 :]
    )


WHOLE = wacz({"archive/a.warc.gz": GOOD})


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (WHOLE[:-30], "not a whole ZIP"),
        (WHOLE[: len(WHOLE) // 2], "not a whole ZIP"),
        (directory_of(WHOLE, size=0xFFFFFFF0), "not a whole ZIP"),
        (wacz({"archive/a.warc.gz": GOOD}, pack=zipfile.ZIP_DEFLATED), "not stored but packed"),
        (wacz({"pages/pages.jsonl": b"{}"}), "no archive"),
        (b"PK\x03\x04", "not a whole ZIP"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
    ],
)
def test_a_zip_that_lies_is_no_danger(read, made, reason):
    """Cut, with a directory beyond all measure, packed twice, or with nothing in it: one line."""
    found, said = read(made, "old.wacz")
    assert found == []
    assert len(said) == 1
    assert reason in said[0]


def test_a_directory_beyond_measure_is_not_read(read):
    """zipfile reads it in one piece; a million entries would be a gigabyte of objects."""
    many = wacz({f"archive/{number:05}.warc.gz": b"" for number in range(500)})
    found, said = read(many, "old.wacz", directory_bytes=10_000)
    assert found == []
    assert "a directory of" in said[0]


def test_members_that_share_their_bytes_are_read_once(read):
    """The overlapping sort of bomb: many names for one member."""
    made = bytearray(wacz({"archive/a.warc.gz": GOOD, "archive/b.warc.gz": GOOD}))
    second = made.rindex(b"PK\x01\x02")
    first = made.index(b"PK\x01\x02", made.index(b"PK\x01\x02") + 4)
    made[second + 42 : second + 46] = made[first + 42 : first + 46]
    found, said = read(bytes(made), "old.wacz")
    assert len(found) == 1
    assert "within another" in said[0]


WHOLES = [GOOD * 3, WHOLE, record() * 3, by_warcio(("https://a.example/", "text/html", PAGE))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_make_it_fail(tmp_path_factory, data):
    """Any change to a crawl, anywhere: some answers, some words, no exception."""
    whole = bytearray(data.draw(st.sampled_from(WHOLES)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        whole = whole or bytearray(b"x")
    path = tmp_path_factory.getbasetemp() / "changed.warc.gz"
    path.write_bytes(whole)
    for one in crawls.answers(path, lambda error: None):
        assert (one.url or "http").startswith("http")


def test_crawls_are_known_by_their_bytes_or_their_name(tmp_path):
    """A page that was merely compressed is none; nor are folders, pipes and what is not there."""
    path = tmp_path / "x"
    for data, known in ((GOOD, True), (record(), True), (gzipped(PAGE), False), (PAGE, False), (b"", False)):
        path.write_bytes(data)
        assert crawls.is_crawl(path) is known
    (tmp_path / "torn.WARC.gz").write_bytes(b"?")
    os.mkfifo(tmp_path / "pipe.warc.gz")
    assert crawls.is_crawl(tmp_path / "torn.WARC.gz")
    assert not any(crawls.is_crawl(tmp_path / name) for name in ("pipe.warc.gz", ".", "nothing.warc.gz", "a\0b"))
    with pytest.raises(NoInput, match="not a regular file"):
        list(crawls.answers(tmp_path / "pipe.warc.gz", print))
