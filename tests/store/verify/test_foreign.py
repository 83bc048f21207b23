"""D12: the files of other programs are read, their differences are notes, and only damage is a defect."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import io
import shutil
import subprocess
import threading

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.findings import Finding
from archiver.store.verify import given
from tests.store.verify.builder import record_id, sha256

PAGE = b"<html><p>a page</p></html>"
CHUNKED = b"1a\r\n" + PAGE + b"\r\n0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
DECODED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
HTTP = "application/http;msgtype="


def sha1(data):
    return f"sha1:{base64.b32encode(hashlib.sha1(data).digest()).decode()}"


def record(kind, name, block, *more, version="1.0", date="2019-05-05T10:00:00Z", end="\r\n\r\n", eol="\r\n"):
    """A record with the headers that everybody writes, and ``more``."""
    lines = [f"WARC/{version}", f"WARC-Type: {kind}", f"WARC-Record-ID: {record_id(name)}", f"WARC-Date: {date}",
             *more, f"Content-Length: {len(block)}", "", ""]  # fmt: skip
    return eol.join(lines).encode() + block + end.encode()


def packed(*records):
    return b"".join(gzip.compress(one, mtime=1_500_000_000) for one in records)


def of(name):
    return f"WARC-Concurrent-To: {record_id(name)}"


URL = "WARC-Target-URI: <https://news.example/a>"
BARE = "WARC-Target-URI: https://news.example/a"
ASKED = b"GET /a HTTP/1.1\r\n\r\n"
ABOUT = b"software: Wget/1.21.3\r\n"
FILES = {
    # Request first, the response names it; <URI>; digests in Base32, the payload's of the chunks; a log at the end.
    "wget": (
        packed(
            record("warcinfo", "i", ABOUT, "Content-Type: application/warc-fields", "WARC-Filename: x.warc.gz"),
            record("request", "q", ASKED, URL, f"Content-Type: {HTTP}request", f"WARC-Warcinfo-ID: {record_id('i')}"),
            record("response", "r", IN_CHUNKS + CHUNKED, URL, of("q"), f"Content-Type: {HTTP}response",
                   f"WARC-Block-Digest: {sha1(IN_CHUNKS + CHUNKED)}", f"WARC-Payload-Digest: {sha1(CHUNKED)}"),
            record("resource", "l", b"log", "WARC-Target-URI: <metadata://gnu.org/software/wget/warc/wget.log>",
                   "Content-Type: text/plain"),
        ),
        {"framed-digest", "file-name"},
    ),
    # Response first, the request names it; SHA-1 in hex of the entity body.
    "warcprox": (
        packed(
            record("warcinfo", "i", b"software: warcprox 2.13.1\r\n", "Content-Type: application/warc-fields"),
            record("response", "r", IN_CHUNKS + CHUNKED, BARE, f"Content-Type: {HTTP}response",
                   f"WARC-Payload-Digest: sha1:{hashlib.sha1(PAGE).hexdigest()}"),
            record("request", "q", ASKED, BARE, of("r"), f"Content-Type: {HTTP}request"),
        ),
        set(),
    ),
    # WARC 1.1 with fields of its own, page information as a resource, and bodies stored without their chunks.
    "browsertrix": (
        packed(
            record("warcinfo", "i", b"software: Browsertrix-Crawler 1.5\r\n", "Content-Type: application/warc-fields",
                   version="1.1", date="2025-05-05T10:00:00.123Z"),
            record("response", "r", DECODED + PAGE, BARE, f"Content-Type: {HTTP}response", "WARC-Page-ID: 1234",
                   "WARC-Protocol: h2", "WARC-Protocol: tls/1.3", 'WARC-JSON-Metadata: {"ipType":"Public"}',
                   f"WARC-Payload-Digest: {sha256(PAGE)}", f"WARC-Block-Digest: {sha256(DECODED + PAGE)}",
                   version="1.1", date="2025-05-05T10:00:00.123Z"),
            record("request", "q", ASKED, BARE, of("r"), f"Content-Type: {HTTP}request", version="1.1"),
            record("resource", "p", b"{}", "WARC-Target-URI: urn:pageinfo:https://news.example/a",
                   "Content-Type: application/json", f"WARC-Payload-Digest: {sha256(b'{}')}", version="1.1"),
        ),
        {"framing"},
    ),
    # One gzip member for everything, no requests, an unlabelled type, a revisit of something elsewhere.
    "pywb": (
        gzip.compress(
            record("warcinfo", "i", b"software: recorder\n", "Content-Type: application/warc-fields")
            + record("response", "r", OK + PAGE, BARE, f"Content-Type: {HTTP}response")
            + record("revisit", "v", b"HTTP/1.1 200 OK\r\n\r\n", BARE, f"Content-Type: {HTTP}response",
                     "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
                     f"WARC-Refers-To: {record_id('elsewhere')}", f"WARC-Payload-Digest: {sha1(PAGE)}")
        ),
        {"several-records", "no-request", "dangling-revisit"},
    ),
    # Not packed; bare LF; sixty years of HTTP behind it.
    "by hand": (
        record("warcinfo", "i", b"x: y\n", "Content-Type: application/warc-fields", eol="\n", end="\n\n")
        + record("response", "r", OK + PAGE, BARE, f"Content-Type: {HTTP}response", eol="\n", end="\n\n"),
        {"bare-lf", "record-end", "no-request"},
    ),
}  # fmt: skip


def check(path):
    """(codes of the defects, of the notes)."""
    found: list[Finding] = []
    checked = given.verify([path], found.append)
    assert checked.records > 0
    codes = {level: {one.code for one in found if one.level == level} for level in ("defect", "note")}
    return codes["defect"], codes["note"]


@pytest.mark.parametrize("name", FILES)
def test_differences_are_notes(tmp_path, name):
    """No defect, and every difference listed."""
    data, notes = FILES[name]
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(data)
    assert check(path) == (set(), notes)


@pytest.mark.parametrize("name", [name for name in FILES if name != "by hand"])
def test_damage_is_a_defect(tmp_path, name):
    """A torn end, and, where there is a digest, other bytes than it says."""
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(FILES[name][0][:-5])
    assert check(path)[0]


def test_a_record_a_thousand_times(tmp_path):
    """Notes of one kind are one line that counts them."""
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(
        packed(*(record("response", f"r{n}", OK + PAGE, BARE, f"Content-Type: {HTTP}response") for n in range(1000)))
    )
    found: list[Finding] = []
    checked = given.verify([path], found.append)
    assert (checked.defects, checked.notes) == (0, 1001)
    (line,) = [one for one in found if one.code == "no-request"]
    assert line.problem.startswith("1,000 times")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_warcio(tmp_path):
    """What warcio writes has no request, no pair, and else no difference."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    writer.write_record(writer.create_warcinfo_record("x.warc.gz", {"software": "warcio"}))
    head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.0")
    writer.write_record(
        writer.create_warc_record("https://a.example/", "response", io.BytesIO(PAGE), http_headers=head)
    )
    path = tmp_path / "x.warc.gz"
    path.write_bytes(out.getvalue())
    assert check(path) == (set(), {"no-request"})


@pytest.mark.skipif(shutil.which("wget") is None, reason="no wget here")
def test_a_real_wget(tmp_path):
    """Its own file, of a chunked and of a plain answer, packed and not."""

    class Pages(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            chunked = self.path == "/chunked"
            self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(PAGE)))))
            self.end_headers()
            self.wfile.write(CHUNKED if chunked else PAGE)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls = [f"http://127.0.0.1:{server.server_port}/{page}" for page in ("plain", "chunked")]
        for options in (["--warc-file=packed"], ["--warc-file=plain", "--no-warc-compression"]):
            subprocess.run(["wget", "-q", "--no-proxy", *options, *urls], cwd=tmp_path, check=True, timeout=30)
        server.shutdown()
    for name in ("packed.warc.gz", "plain.warc"):
        assert check(tmp_path / name) == (set(), {"framed-digest"})
