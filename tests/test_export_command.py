"""``archiver export`` as it is typed."""

from __future__ import annotations

import csv
import io
import json

import pytest

from archiver.export import KINDS
from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.test_cli import ROOT


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory):
    """The sample article, saved on the loopback web."""
    folder = tmp_path_factory.mktemp("export")
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        room.save(ROOT / "examples" / "article.txt")
        yield room


@pytest.mark.parametrize("table", KINDS)
def test_every_table_in_every_text_form(newsroom, table):
    """As many rows in CSV as in JSON Lines, and no error."""
    lines, sheet = newsroom.archiver("export", table), newsroom.archiver("export", table, "--format", "csv")
    assert (lines.code, sheet.code, lines.err) == (0, 0, "")
    assert len(lines.rows) == len(list(csv.reader(io.StringIO(sheet.out)))) - 1 > 0


def test_sightings_are_what_list_says(newsroom):
    """The same objects."""
    assert newsroom.archiver("export", "sightings").rows == newsroom.archiver("list", "--json").rows


def test_every_hop_of_the_ledger_points_at_a_record(newsroom):
    """Of the archive's own WARCs, with the time of its capture."""
    held = {headers["WARC-Record-ID"] for headers, _ in newsroom.records()}
    for row in newsroom.archiver("export", "ledger").rows:
        assert row["first_seen"]
        assert row["last_seen"] >= row["first_seen"]
        assert all(hop["record_id"] in held and hop["captured_at"] for hop in row["hops"])


def test_a_file_gets_the_form_of_its_name_and_is_not_replaced(newsroom, tmp_path):
    """Unless that is asked for."""
    pq = pytest.importorskip("pyarrow.parquet", reason="the extra archiver[parquet] is not installed")
    path = tmp_path / "posts.parquet"
    assert newsroom.archiver("export", "posts", "-o", path).code == 0
    assert pq.read_table(path).num_rows == len(newsroom.archiver("export", "posts").rows)
    before = path.read_bytes()
    refused = newsroom.archiver("export", "posts", "-o", path)
    assert (refused.code, path.read_bytes()) == (73, before)
    assert "--force" in refused.err
    assert newsroom.archiver("export", "posts", "-o", path, "--force", "--format", "jsonl").code == 2
    assert path.read_bytes() == before
    path = tmp_path / "posts.ndjson"
    path.touch()
    said = newsroom.archiver("export", "posts", "-o", path, "--force")
    rows = path.read_text().splitlines()
    assert (said.code, said.out, said.err) == (0, "", f"{path}: {len(rows)} row, jsonl\n")
    assert all(json.loads(line) for line in rows)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["posts.ndjson", "posts.parquet"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("posts", "--format", "parquet"), 2),
        (("stories",), 2),
        (("posts", "-o", "no/such/folder/x.csv"), 73),
        (("posts", "-o", "p.xlsx"), 2),
        (("posts", "-o", "p.csv.gz"), 2),
        (("posts", "-o", "p"), 2),
        (("posts", "--format", "csv", "-o", "p.txt"), 2),
        (("posts", "--format", "csv", "-o", "q.parquet"), 2),
    ],
)
def test_what_makes_no_sense_is_said(newsroom, words, code, tmp_path, monkeypatch):
    """With the exit code that is documented, and no file."""
    monkeypatch.chdir(tmp_path)
    said = newsroom.archiver("export", *words)
    assert (said.code, list(tmp_path.iterdir())) == (code, [])
    if "-o" in words and code == 2:
        assert ".jsonl, .ndjson, .csv, .parquet" in said.err


def test_a_file_without_an_ending_wants_its_format_named(newsroom, tmp_path):
    """An ending in capitals is one, too."""
    for name, words in (("p", ("--format", "csv")), ("P.CSV", ())):
        assert newsroom.archiver("export", "posts", "-o", tmp_path / name, *words).code == 0
    assert (tmp_path / "p").read_bytes() == (tmp_path / "P.CSV").read_bytes()
