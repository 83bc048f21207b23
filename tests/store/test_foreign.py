"""The files of other programs, taken in: what can be is, the rest is counted with its reason, all of it verifies."""

from __future__ import annotations

import gzip
import hashlib
import zipfile

import pytest

from archiver.findings import Finding
from archiver.store import imports, indexes
from archiver.store.crawl_records import Limits
from archiver.store.verify import archive as verifying
from archiver.store.verify import rebuild
from tests.store.tapes import NOW, opened, reply, tables, tape, warcs
from tests.store.verify.builder import record_id, sha256
from tests.store.verify.test_foreign import (
    ASKED,
    BARE,
    FILES,
    HTTP,
    OK,
    PAGE,
    URL,
    of,
    packed,
    record,
    sha1,
)

ANSWER = f"Content-Type: {HTTP}response"
REVISIT = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
UNMODIFIED = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified"
OTHER = "WARC-Target-URI: https://cdn.example/copy"
SAME = f"WARC-Payload-Digest: {sha1(PAGE)}"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ORIGINAL = record("response", "r", OK + PAGE, BARE, ANSWER, SAME)


async def taken(folder, *paths, limits=Limits()):  # noqa: B008  # frozen
    """What importing says; the archive verifies, and its catalog can be made anew."""
    archive = await opened(folder)
    done = [await imports.take_in(archive, path, limits) for path in paths]
    await archive.aclose()
    found: list[Finding] = []
    verifying.verify(folder, found.append)
    assert found == []
    before = tables(folder)
    rebuild.rebuild(folder, NOW, found.append)
    assert {name: rows for name, rows in tables(folder).items() if name != "archive"} == {
        name: rows for name, rows in before.items() if name != "archive"
    }
    return done


def file(path, *records):
    path.write_bytes(packed(*records))
    return path


def captured(folder):
    """(WARC-Type, target) of each capture, in order."""
    found = []
    for path in warcs(folder):
        data = gzip.decompress(path.read_bytes()).split(b"WARC/1.1\r\n")[1:]
        for one in data:
            lines = dict(line.split(": ", 1) for line in one.split(b"\r\n\r\n")[0].decode().split("\r\n"))
            if lines["WARC-Type"] in ("response", "revisit", "resource"):
                found.append((lines["WARC-Type"], lines["WARC-Target-URI"]))
    return found


@pytest.mark.parametrize(
    ("name", "kinds", "reasons"),
    [
        ("wget", ["resource", "response"], {"a warcinfo record: what wrote the file": 1}),
        ("warcprox", ["response"], {"a warcinfo record: what wrote the file": 1}),
        ("browsertrix", ["resource"], {"an answer whose body is not what its head says": 1}),
        ("pywb", ["response"], {"a revisit whose original is not in the file, nor in the archive": 1}),
        ("by hand", ["response"], {}),
    ],
)
async def test_the_shapes_of_other_programs(tmp_path, name, kinds, reasons):
    """Answers with and without a request, in any order, and resources; the rest has its reason."""
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(FILES[name][0])
    (done,) = await taken(tmp_path / "archive", path)
    assert sorted(kind for kind, _ in captured(tmp_path / "archive")) == kinds
    assert done.captures == len(kinds)
    assert done.reasons == {"a warcinfo record: what wrote the file": 1, **reasons}


@pytest.mark.parametrize(
    "names",
    [
        (f"WARC-Refers-To: {record_id('r')}",),
        ("WARC-Refers-To-Target-URI: https://news.example/a", "WARC-Refers-To-Date: 2019-05-05T10:00:00Z"),
        (),
    ],
)
@pytest.mark.parametrize("is_behind", [False, True])
async def test_a_revisit_finds_its_original(tmp_path, names, is_behind):
    """By record id, by URL and date, or by its digest alone; also where the original comes behind it."""
    revisit = record("revisit", "v", OK, OTHER, ANSWER, SAME, REVISIT, *names)
    both = (revisit, ORIGINAL) if is_behind else (ORIGINAL, revisit)
    (done,) = await taken(tmp_path / "archive", file(tmp_path / "x.warc.gz", *both))
    assert (done.captures, done.reasons) == (2, {})
    assert captured(tmp_path / "archive") == [
        ("response", "https://news.example/a"),
        ("revisit", "https://cdn.example/copy"),
    ]


async def test_a_revisit_finds_its_original_in_the_archive_and_in_a_later_part(tmp_path):
    """Of an earlier import, of another WARC of the same WACZ; and it is played with its payload."""
    revisit = packed(record("revisit", "v", OK, OTHER, ANSWER, SAME, REVISIT, f"WARC-Refers-To: {record_id('r')}"))
    first = file(tmp_path / "1.warc.gz", ORIGINAL)
    second = tmp_path / "2.warc.gz"
    second.write_bytes(revisit)
    one, two = await taken(tmp_path / "archive", first, second)
    assert (one.captures, two.captures) == (1, 1)
    both = tmp_path / "both.wacz"
    with zipfile.ZipFile(both, "w") as out:
        out.writestr("archive/a.warc.gz", revisit)
        out.writestr("archive/b.warc.gz", first.read_bytes())
    (done,) = await taken(tmp_path / "other", both)
    assert (done.captures, done.reasons) == (2, {})
    indexes.update(tmp_path / "other")


async def test_a_revisit_of_what_was_held_already(tmp_path):
    """The answer was here, so it is itself a revisit; both refer to what was first."""
    page = b"<p>a page that is long enough to be stored once " * 40
    whole = reply(page)
    head = whole[: -len(page)]
    archive = await opened(tmp_path / "archive")
    await archive.keep(tape(whole))
    await archive.aclose()
    path = file(
        tmp_path / "x.warc.gz",
        record("response", "r", whole, BARE, ANSWER, f"WARC-Payload-Digest: {sha256(page)}"),
        record("revisit", "v", head, OTHER, ANSWER, REVISIT, f"WARC-Payload-Digest: {sha256(page)}"),
    )
    (done,) = await taken(tmp_path / "archive", path)
    assert (done.captures, done.reasons) == (2, {})
    assert [kind for kind, _ in captured(tmp_path / "archive")] == ["response", "revisit", "revisit"]


@pytest.mark.parametrize(
    ("head", "digest", "reason"),
    [
        (OK, f"WARC-Payload-Digest: {sha1(b'other')}", "has another payload"),
        (IN_CHUNKS, SAME, "another framing"),
        (OK.replace(b"26", b"99"), SAME, "another framing"),
        (OK, "X: y", "nothing says what its payload is"),
        (b"", SAME, "an answer without a head"),
    ],
)
async def test_a_revisit_that_is_none(tmp_path, head, digest, reason):
    """What does not agree with its original is not taken for it."""
    revisit = record("revisit", "v", head, OTHER, ANSWER, digest, REVISIT, f"WARC-Refers-To: {record_id('r')}")
    (done,) = await taken(tmp_path / "archive", file(tmp_path / "x.warc.gz", ORIGINAL, revisit))
    assert done.captures == 1
    assert [reason in said for said in done.reasons] == [True]


@pytest.mark.parametrize(("original", "kind"), [((ORIGINAL,), "revisit"), ((), "response")])
async def test_a_304_is_an_answer_by_itself(tmp_path, original, kind):
    """And a revisit, where the answer that it speaks of is known."""
    head = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    revisit = record("revisit", "v", head, BARE, ANSWER, UNMODIFIED, f"WARC-Refers-To: {record_id('r')}")
    (done,) = await taken(tmp_path / "archive", file(tmp_path / "x.warc.gz", *original, revisit))
    assert (done.captures, done.reasons) == (len(original) + 1, {})
    assert captured(tmp_path / "archive")[-1] == (kind, "https://news.example/a")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (record("metadata", "m", b"a: b\r\n", BARE), "a metadata record: another program's notes"),
        (record("conversion", "c", b"x", BARE), "a conversion record: made of another record, not captured"),
        (record("continuation", "c", b"x", BARE), "a continuation record: a part of a record that was cut"),
        (record("screenshot", "s", b"x", BARE), "a record of a type that the standard does not know"),
        (record("response", "r", b"x", BARE, "Content-Type: text/dns"), "a response that is not HTTP"),
        (record("request", "q", ASKED, BARE, f"Content-Type: {HTTP}request"), "a request without its answer"),
        (record("response", "r", OK + PAGE, "WARC-Target-URI: ftp://a/", ANSWER), "an answer of no web address"),
        (record("response", "r", OK + PAGE, BARE, ANSWER, f"WARC-Block-Digest: {sha1(b'')}"),
         "a response whose bytes are not what its digest says"),
        (record("resource", "r", b"x", "WARC-Target-URI: urn:archiver:card:x:20"),
         "a resource record under an address that is none, or of our own kind"),
        (record("resource", "r", b"x", "WARC-Target-URI: urn:a", date="yesterday"),
         "a resource record that can't be read"),
    ],
)  # fmt: skip
async def test_what_is_not_taken_has_its_reason(tmp_path, made, reason):
    """One for each kind; what stands beside it is taken."""
    (done,) = await taken(tmp_path / "archive", file(tmp_path / "x.warc.gz", made, ORIGINAL.replace(b"/a", b"/b")))
    (said,) = done.reasons
    assert said.startswith(reason)
    assert (done.captures, done.skipped) == (1, 1)


async def test_a_resource_never_passes_for_a_file_of_ours(tmp_path):
    """It lies in a slot of its own, and is said to be imported."""
    made = record("resource", "p", b"{}", "WARC-Target-URI: urn:pageinfo:https://a.example/", "Content-Type: text/x")
    await taken(tmp_path / "archive", file(tmp_path / "x.warc.gz", made))
    (row,) = tables(tmp_path / "archive")["capture"]
    assert f"import:{record_id('p')}" in row
    assert {"import", "text/x"} <= set(row)


async def test_a_long_body_is_laid_down_and_kept(tmp_path):
    """70 MB, which no memory has to hold."""
    body = bytes(70_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 70000000\r\n\r\n"
    assert len(body) > Limits().body_bytes
    path = tmp_path / "x.warc"
    path.write_bytes(record("response", "r", head + body, BARE, ANSWER))
    (done,) = await taken(tmp_path / "archive", path)
    assert (done.captures, done.reasons) == (1, {})
    assert hashlib.sha256(body).hexdigest() in str(tables(tmp_path / "archive")["capture"])


async def test_revisits_wait_within_bounds(tmp_path):
    """Those that find no room while they wait are counted."""
    revisit = record("revisit", "v", OK, OTHER, ANSWER, SAME, REVISIT)
    path = file(tmp_path / "x.warc.gz", revisit, ORIGINAL)
    (done,) = await taken(tmp_path / "archive", path, limits=Limits(waiting_bytes=100))
    assert done.captures == 2
    (done,) = await taken(tmp_path / "other", path, limits=Limits(waiting_bytes=10))
    assert done.reasons == {"a revisit whose original is not in the file, nor in the archive": 1}


async def test_a_pair_comes_in_any_order(tmp_path):
    """The request may name the answer or be named by it, come before or behind."""
    asked = f"Content-Type: {HTTP}request"
    answer, request = record("response", "r", OK + PAGE, URL, ANSWER), record("request", "q", ASKED, URL, asked)
    names_answer = record("request", "q", ASKED, URL, asked, of("r"))
    names_request = record("response", "r", OK + PAGE, URL, ANSWER, of("q"))
    for n, pair in enumerate([(answer, names_answer), (names_answer, answer), (request, names_request)]):
        (done,) = await taken(tmp_path / f"{n}", file(tmp_path / f"{n}.warc.gz", *pair))
        assert (done.captures, done.reasons) == (1, {})
        assert b"archiver-request: none" not in gzip.decompress(warcs(tmp_path / f"{n}")[0].read_bytes())
