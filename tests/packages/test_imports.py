"""What other archives hold, taken in: everything new, nothing twice, nothing changed."""

from __future__ import annotations

import asyncio
import gzip
import json
import zipfile

import pytest

from archiver.store import policies
from tests.loopback import sample_world as sample
from tests.newsroom import Newsroom
from tests.packages.test_proof import in_one, rewritten
from tests.store.tapes import NOW, opened, post

PAGE = b"<p>an old page"


@pytest.fixture
def other(tmp_path, newsroom):
    """Another newsroom, with an empty archive, and no network at all."""
    (tmp_path / "other").mkdir()
    room = Newsroom(tmp_path / "other", newsroom.web)
    room.unplug()
    return room


def imported(room, *paths):
    """What the command says, a row a file; the archive verifies afterwards."""
    said = room.archiver("import", "--json", *paths)
    assert said.code == 0, said.err
    assert room.archiver("verify").code == 0, room.archiver("verify").out
    return said.rows


def warcs(room):
    return {path.name: path.read_bytes() for path in room.archive.glob("*.warc.gz")}


def test_our_package_brings_everything_along(newsroom, package, other):
    """The other archive answers as this one does, asks for nothing again, and has every record byte for byte."""
    (row,) = imported(other, package)
    assert (row["known"], row["skipped"]) == (0, 0)
    assert row["captures"] > 20
    assert row["documents"] > 10
    mine, theirs = (room.archiver("list", "--json").rows for room in (newsroom, other))
    assert sorted(map(json.dumps, theirs)) == sorted(map(json.dumps, mine))
    kept = {headers["WARC-Record-ID"]: block for headers, block in other.records()}
    for headers, block in newsroom.records():
        assert kept[headers["WARC-Record-ID"]] == block
    again = other.save(sample.ARTICLE_URL)
    assert {one["status"] for one in again.rows} <= {"already", "unavailable", "pending", "refused", "failed"}


def test_a_second_time_changes_nothing(package, other):
    """Not a byte of a WARC."""
    imported(other, package)
    before = warcs(other)
    (row,) = imported(other, package)
    assert (row["captures"], row["documents"]) == (0, 0)
    assert row["known"] > 30
    assert warcs(other) == before


def test_packages_that_overlap_and_a_catalog_made_anew(newsroom, package, other, tmp_path):
    """What the first brought is known to the second; with the WARCs alone all of it comes back."""
    one = tmp_path / "one.wacz"
    newsroom.archiver("pack", sample.ARTICLE_URL, "-o", one)
    first, second = imported(other, one, package)
    assert second["known"] == first["captures"] + first["documents"]
    before = other.archiver("list", "--json").out
    (other.archive / "catalog.sqlite").unlink()
    other.archiver("resolve", "https://t.co/none")
    assert other.archiver("list", "--json").out == before


def test_a_warc_of_ours_by_itself(newsroom, other):
    """As it lies in the archive folder."""
    (path,) = newsroom.archive.glob("*.warc.gz")
    (row,) = imported(other, path)
    assert row["captures"] > 20


def test_what_another_archive_decided_decides_nothing_here(package, other, tmp_path):
    """A purge in another's WARC, begun or done, hides and removes nothing of ours; no tombstone comes along."""
    imported(other, package)
    before = other.archiver("list", "--json").out

    async def decide():
        archive = await opened(tmp_path / "theirs")
        await archive.add([post()])
        await archive.decide("x:20", "purge", "theirs")
        shown = [row["post_id"] for row in other.archiver("list", "--json").rows if row["post_id"]]
        removed = [{"record_id": "<urn:uuid:0>", "warc": "elsewhere.warc.gz", "what": "post", "payload_digest": None}]
        lists = {"posts": [f"x:{shown[0]}"], "removed": removed, "shared": []}
        await archive.add([policies.document(f"x:{shown[0]}", "purge", "theirs", NOW, state="begun", **lists)])
        await archive.aclose()

    asyncio.run(decide())
    (row, *_) = imported(other, *sorted((tmp_path / "theirs").glob("*.warc.gz")))
    assert row["skipped"] >= 1
    assert other.archiver("policy", "list", "--json").rows == []
    assert other.archiver("list", "--json").out == before


def test_of_a_damaged_package_what_is_whole_is_taken(package, other, tmp_path):
    """Up to the damage, which is said."""
    path = rewritten(package, tmp_path / "x.wacz", in_one("archive/archiver", lambda data: data[: len(data) // 2]))
    (row,) = imported(other, path)
    assert 0 < row["captures"] < 60
    assert any("nothing whole" in reason for reason in row["reasons"])


def foreign(path, pairs, *, packed):
    """A WARC as a crawler without digests writes it."""
    with path.open("wb") as out:
        for number, (body, asked) in enumerate(pairs):
            about = f"WARC-Target-URI: https://old.example/{number}\r\nWARC-Date: 2019-01-01T00:00:00Z\r\n"
            answer, request = (f"<urn:uuid:00000000-0000-4000-8000-00000000000{2 * number + one}>" for one in (0, 1))
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode()
            _record(out, "response", answer, about, head + body, packed)
            if asked:
                _record(out, "request", request, f"{about}WARC-Concurrent-To: {answer}\r\n", asked, packed)
        about = "WARC-Target-URI: urn:x\r\nWARC-Date: 2019-01-01T00:00:00Z\r\n"
        _record(out, "resource", "<urn:uuid:00000000-0000-4000-8000-0000000000ff>", about, b"x", packed)
    return path


def _record(out, kind, record_id, about, block, packed):
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {record_id}\r\n{about}"
    head += f"Content-Type: application/http\r\nContent-Length: {len(block)}\r\n\r\n"
    data = head.encode() + block + b"\r\n\r\n"
    out.write(gzip.compress(data) if packed else data)


@pytest.mark.parametrize("packed", [True, False])
def test_answers_of_another_program_are_known(other, tmp_path, packed):
    """With their bytes, in slots of their own; what can't be taken is counted, with the reason."""
    path = foreign(tmp_path / "old.warc", [(PAGE, b"x"), (PAGE, b""), (b"short", b"x")], packed=packed)
    (row,) = imported(other, path)
    assert (row["captures"], row["skipped"]) == (3, 1)
    assert set(row["reasons"]) == {"an answer whose body is not what its head says"}
    blocks = {headers["WARC-Target-URI"]: block for headers, block in other.records("response")}
    assert sorted(blocks) == ["https://old.example/0", "https://old.example/1"]
    assert all(block.endswith(PAGE) for block in blocks.values())
    about = b"".join(block for _, block in other.records("metadata"))
    assert about.count(b"archiver-slot: import:<urn:uuid:") == 3
    assert about.count(b"archiver-request: none") == 2
    assert b"via: urn:archiver:import:sha256:" in about
    assert imported(other, path)[0]["known"] == 3


@pytest.mark.parametrize("data", [b"", b"nothing", b"PK\x03\x04nothing", b"\x1f\x8b\x08nothing"])
def test_what_is_neither(other, tmp_path, data):
    """An error, or nothing taken; never a bug."""
    path = tmp_path / "x.wacz"
    path.write_bytes(data)
    said = other.archiver("import", path)
    assert said.code in (0, 66)
    assert "bug" not in said.err


def test_names_in_a_package_are_never_paths(package, other, tmp_path):
    """A WARC that claims to lie elsewhere is read where it lies."""
    path = tmp_path / "x.wacz"
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(path, "w") as new:
        data = next(old.read(name) for name in old.namelist() if name.startswith("archive/archiver"))
        new.writestr("archive/../../../evil.warc.gz", data)
    (row,) = imported(other, path)
    assert row["captures"] > 20
    assert not list(tmp_path.rglob("evil*"))


LEDGER = {
    "short": "https://t.co/Ledger1",
    "end": "https://x.com/anna_example/status/1763512345678901248",
    "ended": "post",
    "hops": [{"url": "https://t.co/Ledger1", "http_status": 301, "location": "https://x.com/a", "record_id": "<x>"}],
    "archive": "urn:uuid:1",
    "first_seen": "2024-01-01T00:00:00.000000Z",
    "last_seen": None,
}


def ledger(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_ledger_helps_where_we_can_not_ask(newsroom, other, tmp_path):
    """Its word stands for the link, as its word: named as the source, with no record of ours for its hops."""
    newsroom.archiver("export", "ledger", "-o", tmp_path / "ledger.jsonl")
    (row,) = imported(other, tmp_path / "ledger.jsonl")
    assert row["links"] >= 4
    said = other.archiver("resolve", "--json", "https://t.co/LampRoom24")
    (link,) = said.rows
    assert (link["ended"], link["source"]["how"]) == ("page", "ledger")
    assert link["source"]["archive"].startswith("urn:uuid:")
    assert all(hop["warc"] is None and hop["record_id"] is None for hop in link["hops"])
    kept = {headers["WARC-Record-ID"]: block for headers, block in other.records("resource")}
    assert kept[link["source"]["record_id"]] == (tmp_path / "ledger.jsonl").read_bytes()
    told = other.archiver("export", "ledger").rows
    assert next(one for one in told if one["short"] == link["short"])["source"]["how"] == "ledger"
    assert imported(other, tmp_path / "ledger.jsonl")[0]["links"] == 0


def test_our_own_look_goes_before_a_ledger(newsroom, other, tmp_path):
    """Where the link answers us, what it says is what counts."""
    imported(other, ledger(tmp_path / "l.jsonl", {**LEDGER, "short": "https://t.co/LampRoom24"}))
    other.connect(newsroom.web.connect_to_toml)
    if not newsroom.web.connect_to_toml:
        pytest.skip("no web")
    (link,) = other.archiver("resolve", "--json", "https://t.co/LampRoom24").rows
    assert link["source"] is None or link["source"]["how"] == "ledger"


@pytest.mark.parametrize(
    "row",
    [
        {},
        [],
        {**LEDGER, "short": "javascript:alert(1)"},
        {**LEDGER, "end": None},
        {**LEDGER, "ended": "pending"},
        {**LEDGER, "hops": [{}]},
        {**LEDGER, "hops": [LEDGER["hops"]] * 51},
        {**LEDGER, "short": "https://t.co/x\r\nWARC-Type: response"},
        {**LEDGER, "end": "https://" + "x" * 9000},
    ],
)
def test_a_line_that_says_nothing_is_skipped(other, tmp_path, row):
    """And the others are taken."""
    (said,) = imported(other, ledger(tmp_path / "l.jsonl", row, LEDGER))
    assert (said["links"], said["skipped"]) == (1, 1)


def test_what_is_no_ledger(other, tmp_path):
    """Is no input."""
    assert other.archiver("import", ledger(tmp_path / "l.jsonl", {"a": 1})).code == 66
