"""Tapes and documents as WARC records."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tracemalloc
import uuid
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archiver.errors import BadReply
from archiver.model import Request, WarcRef
from archiver.store import fields, framing, records, resources
from tests.loopback.wire_cases import CASES
from tests.store.tapes import NOW, TLS, article, chunked, plainly, post, reply, tape
from tests.store.test_fields import ANY_TEXT

INFO = "<urn:uuid:00000000-0000-4000-8000-000000000000>"


def written(group):
    """Each record of a group as bytes."""
    found = []
    for part in group.parts:
        pieces: list[bytes] = []
        part.write_to(pieces.append)
        found.append(b"".join(pieces))
    return found


def unpacked(group):
    """(headers, block) of each record, read without any WARC library."""
    return [plainly(zlib.decompress(member, 31)) for member in written(group)]


def kept(tape):
    """The records of a tape."""
    return unpacked(records.capture_group(tape, records.measure(tape), INFO))


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_group_says_everything_that_the_standard_asks_for():
    """Response, request and metadata of one capture: one date, one address, pairs, digests, protocol, cipher."""
    (response, block), (request, sent), (metadata, about) = kept(tape())
    first = dict(response)["WARC-Record-ID"]
    common = [("WARC-Target-URI", "https://t.co/X9DJa7awAM"), ("WARC-Date", "2026-08-01T12:00:00.123456Z"),
              ("WARC-Warcinfo-ID", INFO)]  # fmt: skip
    wire = [("WARC-IP-Address", "192.0.2.7"), ("WARC-Protocol", "http/1.1"), ("WARC-Protocol", "tls/1.3"),
            ("WARC-Cipher-Suite", "TLS_AES_256_GCM_SHA384")]  # fmt: skip
    assert response == [
        ("WARC-Type", "response"), ("WARC-Record-ID", first), *common, *wire,
        ("WARC-Block-Digest", sha256(reply())), ("WARC-Payload-Digest", sha256(b"hello")),
        ("Content-Type", "application/http; msgtype=response"), ("Content-Length", str(len(reply()))),
    ]  # fmt: skip
    assert request == [
        ("WARC-Type", "request"), ("WARC-Record-ID", dict(request)["WARC-Record-ID"]), *common, *wire,
        ("WARC-Concurrent-To", first), ("WARC-Block-Digest", sha256(sent)),
        ("Content-Type", "application/http; msgtype=request"), ("Content-Length", str(len(sent))),
    ]  # fmt: skip
    assert metadata == [
        ("WARC-Type", "metadata"), ("WARC-Record-ID", dict(metadata)["WARC-Record-ID"]), *common,
        ("WARC-Concurrent-To", first), ("WARC-Block-Digest", sha256(about)),
        ("Content-Type", "application/warc-fields"), ("Content-Length", str(len(about))),
    ]  # fmt: skip
    assert (reply(), tape().sent) == (block, sent)
    assert about.decode().split("\r\n") == [
        "fetchTimeMs: 250", "archiver-why: hop", "archiver-slot: link:https://t.co/X9DJa7awAM",
        "archiver-status: 200", "archiver-payload-bytes: 5", "archiver-media-type: text/html", "",
    ]  # fmt: skip


@pytest.mark.parametrize("case", [case for case in CASES if case.sent], ids=lambda case: case.name)
def test_every_form_of_answer_is_kept_byte_for_byte(case):
    """The block is what the server sent as its message; interim heads are in the metadata, what came behind it is a
    resource, and nothing is lost."""
    one = tape(case.sent, closed=case.end == "close", cut=case.cut)
    (response, block), _, *resources, (_, about) = kept(one)
    said = fields.parse(about)
    interim = b"".join(base64.b64decode(value) for name, value in said if name == "archiver-interim")
    excess = b"".join(data for _, data in resources)
    assert case.sent == interim + block + excess
    assert case.excess == len(excess)
    assert case.cut == dict(response).get("WARC-Truncated")
    assert (str(case.status) if case.status else None) == dict(said).get("archiver-status")
    if case.status:
        assert sha256(case.entity) == dict(response)["WARC-Payload-Digest"]
        assert str(len(case.entity)) == dict(said)["archiver-payload-bytes"]
    else:
        assert "WARC-Payload-Digest" not in dict(response)
        assert "archiver-error" in dict(said)


@pytest.mark.parametrize("case", [case for case in CASES if case.sent], ids=lambda case: case.name)
def test_warcio_reads_every_form_of_answer(case):
    """Broken heads included, warcio's reader finds three records and the same bytes."""
    one = tape(case.sent, closed=case.end == "close", cut=case.cut)
    group = records.capture_group(one, records.measure(one), INFO)
    found = ArchiveIterator(io.BytesIO(b"".join(written(group))), no_record_parse=True)
    blocks = [(record.rec_type, record.content_stream().read()) for record in found]
    assert [("response", kept(one)[0][1]), ("request", one.sent)] == blocks[:2]
    parsed = ArchiveIterator(io.BytesIO(b"".join(written(group))), check_digests=True)
    excess = ["resource"] if case.excess else []
    assert [record.rec_type for record in parsed] == ["response", "request", *excess, "metadata"]


def test_without_a_byte_of_an_answer_the_request_is_kept():
    """A request that nobody answered is a group of two, and says why."""
    records_ = kept(tape(b"", error=BadReply("https://t.co/x", "closed without a word")))
    assert [dict(headers)["WARC-Type"] for headers, _ in records_] == ["request", "metadata"]
    (request, _), (metadata, about) = records_
    assert "WARC-Concurrent-To" not in dict(request)
    assert dict(request)["WARC-Record-ID"] == dict(metadata)["WARC-Concurrent-To"]
    assert dict(fields.parse(about))["archiver-error"] == "closed without a word (https://t.co/x)"


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        (None, [("WARC-Protocol", "http/1.1")]),
        (TLS, [("WARC-Protocol", "http/1.1"), ("WARC-Protocol", "tls/1.3"), ("WARC-Cipher-Suite", TLS[1])]),
        (
            ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
            [("WARC-Protocol", "http/1.1"), ("WARC-Protocol", "tls/1.2"),
             ("WARC-Cipher-Suite", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")],
        ),
        (("TLSv1.2", "AN-UNKNOWN-SUITE"), [("WARC-Protocol", "http/1.1"), ("WARC-Protocol", "tls/1.2")]),
    ],
)  # fmt: skip
def test_protocol_and_cipher(tls, said):
    """Protocols by the proposed names; a cipher only under its IANA name."""
    headers, _ = kept(tape(tls=tls))[0]
    assert said == [pair for pair in headers if pair[0] in ("WARC-Protocol", "WARC-Cipher-Suite")]


def test_an_http_1_0_answer_is_called_so():
    """The protocol is the answer's own."""
    headers, _ = kept(tape(b"HTTP/1.0 200 OK\r\n\r\nhi", closed=True, tls=None))[0]
    assert [pair for pair in headers if pair[0] == "WARC-Protocol"] == [("WARC-Protocol", "http/1.0")]


@pytest.mark.parametrize("size", [1, 300_000, 3_000_000])
def test_what_came_behind_the_message_is_a_record_of_its_own(size):
    """All of it, under a URI that no page has, with the date of the capture and beside its response."""
    one = tape(reply() + b"x" * size, spooled=True)
    (response, block), _, (resource, excess), (_, about) = kept(one)
    one.received.close()
    assert (block, excess) == (reply(), b"x" * size)
    said = dict(resource)
    assert said["WARC-Target-URI"].startswith("urn:archiver:excess:")
    assert said["WARC-Concurrent-To"] == dict(response)["WARC-Record-ID"]
    assert said["WARC-Block-Digest"] == said["WARC-Payload-Digest"] == sha256(excess)
    assert {said[name] == dict(response)[name] for name in ("WARC-Date", "WARC-Warcinfo-ID")} == {True}
    assert dict(fields.parse(about))["archiver-excess-bytes"] == str(size)


def test_a_cipher_without_an_iana_name_is_not_lost():
    """It is in the metadata, as OpenSSL calls it."""
    _, _, (_, about) = kept(tape(tls=("TLSv1.2", "AN-UNKNOWN-SUITE")))
    assert dict(fields.parse(about))["archiver-tls-cipher"] == "AN-UNKNOWN-SUITE"


@pytest.mark.parametrize(("kind", "stored"), [("image/jpeg", True), ("VIDEO/mp4; x=y", True), ("text/html", False),
                                              ("image/svg+xml", False), ("application/json", False)])  # fmt: skip
def test_media_are_stored_and_the_rest_is_compressed(kind, stored):
    """What is compressed already is only wrapped."""
    one = tape(reply(b"abc" * 10_000, kind=kind))
    group = records.capture_group(one, records.measure(one), INFO)
    assert stored == (group.parts[0].size_bytes > 30_000)


@pytest.mark.parametrize("make", [lambda body: reply(body, kind="video/mp4"), lambda body: chunked(body[:9], body[9:]),
                                  lambda body: b"no HTTP/1.1 head in sight" + body])  # fmt: skip
def test_a_large_body_is_never_in_memory(make, tmp_path):
    """A spooled answer of 24 MB goes through digests and packing in less than 4 MB, and comes out whole."""
    received = make(bytes(range(256)) * 94_000)
    one = tape(received, spooled=True)
    with (tmp_path / "member").open("wb") as file:
        tracemalloc.start()
        group = records.capture_group(one, records.measure(one), INFO)
        assert group.reads_later
        group.parts[0].write_to(file.write)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    one.received.close()
    assert peak < 4_000_000
    _, block = plainly(gzip.decompress((tmp_path / "member").read_bytes()))
    assert received == block


WORDS = st.one_of(
    ANY_TEXT,
    st.sampled_from(["x\r\nWARC-Type: response", "x\n\nWARC/1.1\r\nWARC-Type: response\r\n\r\n", "\x85WARC-Date: 1"]),
)


@given(url=WORDS, slot=WORDS, via=WORDS, peer=WORDS, kind=WORDS, cipher=WORDS, problem=WORDS, why=WORDS)
@settings(max_examples=150)
def test_no_text_of_strangers_forges_a_header_or_a_record(url, slot, via, peer, kind, cipher, problem, why):
    """parse(write(x)) is three records with the headers of x, escaped; for warcio and for a plain split alike."""
    request = Request(url=url, why=why, slot=slot, via=via or None)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind.encode('utf-8', 'replace').decode('latin-1')}\r\n\r\n"
    one = tape(head.encode("latin-1", "replace") + b"body", closed=True, url=url, request=request, peer=peer or None,
               tls=("TLSv1.3", "TLS_" + cipher), error=BadReply(url, problem))  # fmt: skip
    group = records.capture_group(one, records.measure(one), INFO)
    plain = unpacked(group)
    by_warcio = list(_by_warcio(b"".join(written(group))))
    assert [dict(headers)["WARC-Type"] for headers, _ in plain] == ["response", "request", "metadata"]
    assert [headers for headers, _ in plain] == by_warcio
    wanted = {"WARC-Target-URI": fields.uri(url), "WARC-Cipher-Suite": fields.text("TLS_" + cipher)}
    assert wanted.items() <= dict(plain[0][0]).items()
    address = ["WARC-IP-Address"] if peer else []
    names = [name for name, _ in plain[0][0]]
    assert names[:5] == ["WARC-Type", "WARC-Record-ID", "WARC-Target-URI", "WARC-Date", "WARC-Warcinfo-ID"]
    assert names[5:-4] == [*address, "WARC-Protocol", "WARC-Protocol", "WARC-Cipher-Suite"]
    assert names[-4:] == ["WARC-Block-Digest", "WARC-Payload-Digest", "Content-Type", "Content-Length"]
    about = fields.parse(plain[2][1])
    assert fields.text(slot) == dict(about)["archiver-slot"]
    assert len(about) == len(plain[2][1].decode().splitlines())


def _by_warcio(data):
    for record in ArchiveIterator(io.BytesIO(data), no_record_parse=True):
        record.content_stream().read()
        yield record.rec_headers.headers


@given(key=WORDS, text=WORDS, record_id=WORDS)
def test_no_text_of_strangers_forges_a_document(key, text, record_id):
    """A document's URI and reference are escaped; its body comes back equal, lone surrogates replaced."""
    place = WarcRef(file="a.warc.gz", record_id=record_id, offset_bytes=0, length_bytes=1)
    document = article(key, outcomes=({"text": text},))
    document = type(document)(kind="article", key=key, at=NOW, body=document.body, refers_to=place)
    group = records.document_group(document, INFO)
    ((headers, block),) = unpacked(group)
    assert fields.uri(document.uri) == dict(headers)["WARC-Target-URI"]
    assert fields.text(record_id) == dict(headers)["WARC-Refers-To"]
    assert [headers] == list(_by_warcio(written(group)[0]))
    body = json.loads(block)["body"]
    assert fields.unicode(text) == body["outcomes"][0]["text"]


def test_a_document_is_sorted_utf_8_json_under_a_uri_of_its_own():
    """So that no replay tool takes it for a page, and two writers write the same bytes."""
    ((headers, block),) = unpacked(records.document_group(post(handle="zoë"), INFO))
    assert tuple(dict(headers)[name] for name in ("WARC-Type", "Content-Type", "WARC-Target-URI")) == (
        "metadata",
        "application/json",
        "urn:archiver:post:x:20",
    )
    assert "WARC-Refers-To" not in dict(headers)
    said = json.loads(block)
    assert {"kind": "post", "key": "x:20", "at": "2026-08-01T12:00:00.123456Z", "body": post(handle="zoë").body} == said
    assert "zoë".encode() in block
    assert block.index(b'"availability"') < block.index(b'"facts"') < block.index(b'"url"')


def test_a_file_is_a_resource():
    """The user's own file is kept as it is, under its URI."""
    group = resources.file_group("urn:archiver:file:sha256:00", b"a\0b", "text/plain", NOW, INFO)
    ((headers, block),) = unpacked(group)
    assert block == b"a\0b"
    assert {"WARC-Type": "resource", "Content-Type": "text/plain", "WARC-Payload-Digest": sha256(b"a\0b"),
            "WARC-Block-Digest": sha256(b"a\0b")}.items() <= dict(headers).items()  # fmt: skip


def test_warcinfo_says_who_and_what():
    """The first record of a file names it, and no page."""
    part = records.warcinfo_part("a.warc.gz", NOW, [("software", "archiver/1"), ("operator", "Desk\r\nformat: forged")])
    ((headers, block),) = unpacked(records.Group(parts=(part,)))
    names = [name for name, _ in headers]
    assert names[:4] == ["WARC-Type", "WARC-Record-ID", "WARC-Date", "WARC-Filename"]
    assert names[4:] == ["WARC-Block-Digest", "Content-Type", "Content-Length"]
    assert block == b"software: archiver/1\r\noperator: Desk%0D%0Aformat: forged\r\n"


def test_record_ids_are_random_uuids():
    """Version 4, and never twice."""
    ids = {framing.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    for record_id in ids:
        found = uuid.UUID(record_id.removeprefix("<urn:uuid:").removesuffix(">"))
        assert (found.version, found.variant) == (4, uuid.RFC_4122)
