"""``archiver policy``: hiding and removing what somebody asks to have hidden or removed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from warcio.archiveiterator import ArchiveIterator

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "record.schema.json").read_text("utf-8"))
WHY = "asked by mail, 3 July"


@pytest.fixture
def room(tmp_path):
    """A newsroom that saved the sample article."""
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        room.save(sample.ARTICLE_URL)
        yield room


@pytest.fixture
def shown(room):
    """A post of the article that was captured, as ``list`` shows it."""
    return next(row for row in room.archiver("list", "--json", "--status", "archived").rows if row["text"])


def listed(room):
    return {row["post_id"] for row in room.archiver("list", "--json").rows}


def test_a_restricted_post_is_hidden_and_comes_back(room, shown):
    """In list, show and export; with the reason where somebody asks for it; until it is kept again."""
    post_id = shown["post_id"]
    said = room.archiver("policy", "restrict", shown["url"], "--reason", WHY)
    assert (said.code, said.out) == (0, f"x:{post_id}: restrict\n")
    assert post_id not in listed(room)
    asked = room.archiver("show", post_id)
    assert (asked.code, asked.out) == (66, "")
    assert WHY in asked.err
    room.archiver("export", "posts", "-o", room.folder / "posts.jsonl")
    assert post_id not in (room.folder / "posts.jsonl").read_text()
    room.archiver("policy", "keep", post_id, "--reason", "a mistake")
    assert post_id in listed(room)
    assert room.archiver("show", post_id).code == 0


def test_a_handle_is_hidden_in_any_case_of_letters(room, shown):
    """All of its posts, and nobody else's."""
    room.archiver("policy", "restrict", f"@{shown['handle'].upper()}", "--reason", WHY)
    left = room.archiver("list", "--json").rows
    assert left
    assert shown["handle"] not in {row["handle"] for row in left}
    (rule,) = room.archiver("policy", "list", "--json").rows
    assert (rule["key"], rule["policy"], rule["reason"]) == (f"@{shown['handle'].lower()}", "restrict", WHY)


def test_a_purged_post_is_gone_and_stays_away(room, shown):
    """Its bytes are in no file, the archive verifies, and another save neither asks for it nor shows it."""
    post_id, text = shown["post_id"], shown["text"].encode()
    answers = [block for headers, block in room.records("response") if post_id in headers.get_header("WARC-Target-URI")]
    assert [one for one in answers if text[:20] in one]
    said = room.archiver("policy", "purge", post_id, "--reason", WHY, "--yes")
    assert (said.code, said.err) == (0, "")
    assert "of 1 post removed from" in said.out
    for headers, _ in room.records("response"):
        assert f"id={post_id}" not in headers.get_header("WARC-Target-URI")
    catalog = (room.archive / "catalog.sqlite").read_bytes()
    for one in answers:
        assert one not in b"".join(gzip.decompress(path.read_bytes()) for path in room.archive.glob("*.warc.gz"))
    assert post_id.encode() in catalog  # the decision itself
    verified = room.archiver("verify")
    assert (verified.code, verified.err) == (0, ""), verified.out
    asked = len(room.web.log)
    again = room.save(sample.ARTICLE_URL)
    assert not [one for one in room.web.log[asked:] if post_id in one.url]
    (row,) = [row for row in again.rows if row["post_id"] == post_id]
    assert (row["status"], WHY in row["error"], row["captures"]) == ("refused", True, [])
    Draft202012Validator(SCHEMA).validate(row)
    assert post_id not in listed(room)
    assert room.archiver("verify").code == 0


def words_of(room, words):
    """How many answers have these words, as they read without their codings."""
    found = 0
    for path in room.archive.glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                found += record.rec_type == "response" and words.encode() in record.content_stream().read()
    return found


def test_a_purge_says_what_is_left_and_takes_it_along_where_that_is_asked_for(room):
    """Another post's answers that quote it, and the article's page; the archive verifies, also made anew."""
    quoted, quoting = sample.BOTH_KEYS, f"x:{sample.TWO_YEARS.post_id}"
    words = "Two years since the night of the light."
    reports = room.archive / "reports"
    reports.mkdir(exist_ok=True)
    (reports / "20260705T000000Z-abcdef.json").write_text(json.dumps({"gone": [quoted.url()]}))
    assert words_of(room, words) >= 2
    said = room.archiver("policy", "purge", quoted.post_id, "--reason", WHY, "--yes")
    assert said.code == 0, said.err
    left = [line for line in said.out.splitlines() if line.startswith("left: ")]
    assert any(line.startswith(f"left: answers about {quoting} repeat it") and "<urn:uuid:" in line for line in left)
    assert any("the file reports/20260705T000000Z-abcdef.json" in line for line in left)
    assert words not in said.out
    assert words_of(room, words) >= 1
    again = room.archiver("policy", "purge", quoted.post_id, "--reason", WHY, "--yes", "--quotations", "--pages")
    assert again.code == 0, again.err
    assert not [line for line in again.out.splitlines() if "answers about" in line or "the page of" in line]
    assert words_of(room, words) == 0
    assert room.archiver("verify").code == 0, room.archiver("verify").out
    room.archiver("verify", "--rebuild")
    assert room.archiver("verify").code == 0


def test_what_a_purge_would_leave_is_said_before_it_asks(room, shown, monkeypatch):
    """On a terminal; whoever then says no has changed nothing."""
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    before = {path.name: path.read_bytes() for path in room.archive.glob("*.warc.gz")}
    said = room.archiver("policy", "purge", shown["post_id"], "--reason", WHY)
    assert said.code != 0
    assert f"the page of {sample.ARTICLE_URL}" in said.err
    assert said.err.index("left: ") < said.err.index("for good?")
    assert {path.name: path.read_bytes() for path in room.archive.glob("*.warc.gz")} == before


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_purge_wants_to_be_sure(room, shown):
    """Without a terminal it wants --yes; a decision wants its reason, and something to decide about."""
    for words, code in (
        (("purge", shown["post_id"], "--reason", WHY), 2),
        (("restrict", shown["post_id"], "--reason", " "), 2),
        (("restrict", shown["post_id"]), 2),
        (("restrict", "the weather", "--reason", WHY), 66),
    ):
        said = room.archiver("policy", *words)
        assert (said.code, said.out) == (code, "")
    assert shown["post_id"] in listed(room)


@pytest.mark.parametrize("what", [("--all",), (sample.ARTICLE_URL,)])
def test_a_restricted_post_leaves_the_archive_in_no_package(room, shown, what):
    """Neither its answers nor what our records tell of it; the decision and its reason stay at home, too."""
    post_id, package = shown["post_id"], room.folder / "a.wacz"
    room.archiver("policy", "restrict", post_id, "--reason", WHY)
    said = room.archiver("pack", *what, "-o", package)
    assert said.code == 0, said.err
    with zipfile.ZipFile(package) as held:
        for name in ("records/sightings.jsonl", "records/posts.jsonl"):
            rows = [json.loads(line) for line in held.read(name).splitlines()]
            assert rows
            assert post_id not in {row["post_id"] for row in rows}
        warcs = b"".join(gzip.decompress(held.read(name)) for name in held.namelist() if name.endswith("warc.gz"))
    assert f"id={post_id}".encode() not in warcs
    assert f"urn:archiver:post:x:{post_id}".encode() not in warcs
    assert f'"post_id":"{post_id}","posted_at"'.encode() not in warcs
    assert WHY.encode() not in warcs
