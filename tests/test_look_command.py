"""``archiver list`` and ``show`` as they are typed."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.test_cli import ROOT

PAGE = "<title>Twice</title><p>And <a href='https://x.com/a/status/1409390776546258944'>this</a>"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory):
    """One page with and without its address, a text that shows nothing, and the sample article."""
    folder = tmp_path_factory.mktemp("look")
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        page, empty = room.file("page.html", PAGE), room.file("empty.txt", "Nothing to see.")
        room.save(page, ROOT / "examples" / "article.txt")
        room.save("--url", "https://news.example/twice", page)
        room.save("--url", "https://news.example/none", empty)
        yield room


def valid(row, name):
    """``row``, which is one of ``name`` in the schema."""
    schema = json.loads((ROOT / "docs" / "record.schema.json").read_text())
    jsonschema.validate(row, {"$defs": schema["$defs"], "$ref": f"#/$defs/{name}"} if name else schema)
    return row


def test_posts_are_listed_under_their_articles(newsroom):
    """So that the same post of two is told apart."""
    lines = newsroom.archiver("list", "--article", "twice").out.splitlines()
    assert lines[0].split() == ["#", "kind", "form", "who", "when", "status"]
    assert lines[1:3] == ["Twice", "https://news.example/twice"]
    whole = newsroom.archiver("list").out.splitlines()
    headed = [whole[number + 1] for number, line in enumerate(whole) if line == "Twice"]
    assert len(headed) == 2
    assert "https://news.example/twice" in headed
    assert any("page.html (a file: urn:archiver:file:sha256:" in line for line in headed)


def test_articles_of_one_title_are_told_apart(newsroom):
    """By a second line; and may be chosen by a part of their names."""
    said = newsroom.archiver("list", "--articles", "--article", "news.example").out
    assert "https://news.example/twice" in said
    assert "https://news.example/none" in said
    assert "article.txt" not in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--article", "zzz"), 66, "no article matches zzz"),
        (("--articles", "--article", "zzz"), 66, "no article matches zzz"),
        (("--handle", "nobody_at_all"), 0, "nothing of that"),
        (("--article", "news.example/none"), 0, "nothing of that"),
        (("--articles", "--handle", "a"), 2, "--handle: of posts"),
    ],
)
def test_a_list_of_nothing_is_said(newsroom, words, code, says):
    """On standard error; no header stands alone."""
    said = newsroom.archiver("list", *words)
    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_an_article_without_finds_is_shown(newsroom):
    """Its page, where that lies, and that nothing was found."""
    said = newsroom.archiver("show", "https://news.example/none")
    assert (said.code, said.err) == (0, "")
    assert "0 found, 0 waiting" in said.out
    (row,) = newsroom.archiver("show", "https://news.example/none", "--json").rows
    assert valid(row, "article")["finds"] == 0
    held = {headers["WARC-Record-ID"]: block for headers, block in newsroom.records("resource")}
    assert held[row["source"]["record_id"]] == b"Nothing to see."


def test_an_article_comes_before_its_finds(newsroom):
    """In JSON and for people: what it is, then each find."""
    first, *rest = newsroom.archiver("show", "news.example/twice", "--json").rows
    assert (valid(first, "article")["kind"], first["title"], first["finds"]) == ("article", "Twice", len(rest))
    assert [valid(row, "")["article"] for row in rest] == ["https://news.example/twice"] * len(rest)
    lines = newsroom.archiver("show", "news.example/twice").out.splitlines()
    assert lines[0] == "Twice"
    assert lines[1].split() == ["article", "https://news.example/twice"]
    assert any(line.startswith("  bytes") for line in lines)


def test_each_article_stands_above_its_own_finds(newsroom):
    """When several are named."""
    lines = newsroom.archiver("show", "page.html").out.splitlines()
    heads = [number for number, line in enumerate(lines) if line == "Twice"]
    finds = [number for number, line in enumerate(lines) if line.startswith("https://x.com/")]
    assert len(heads) == len(finds) == 2
    assert heads[0] < finds[0] < heads[1] < finds[1]


def test_what_is_withheld_says_by_what(newsroom):
    """And where the decisions stand."""
    newsroom.archiver("policy", "restrict", "1409390776546258944", "--reason", "asked for")
    said = newsroom.archiver("show", "1409390776546258944")
    newsroom.archiver("policy", "keep", "1409390776546258944", "--reason", "allowed again")
    assert said.code == 66
    assert "restricted on" in said.err
    assert "archiver policy list" in said.err


def test_a_catalog_that_was_deleted_says_how_it_is_made_again(newsroom, tmp_path):
    """And so it is."""
    held = newsroom.archive / "catalog.sqlite"
    held.rename(tmp_path / "catalog.sqlite")
    said = newsroom.archiver("list")
    assert (said.code, "archiver verify --rebuild" in said.err) == (65, True)
    assert newsroom.archiver("verify", "--rebuild").code == 0
    assert newsroom.archiver("list").code == 0
