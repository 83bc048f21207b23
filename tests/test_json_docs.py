"""What commands print with ``--json`` is what docs/json.schema.json says, and docs/json.md says the same to people."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from archiver.config import KEYS
from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.test_cli import ROOT

SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text("utf-8"))
DOC = (ROOT / "docs" / "json.md").read_text("utf-8")


def section(name: str) -> str:
    """What docs/json.md has to say of a definition of the schema."""
    said = SCHEMA["$defs"][name]
    rows = [f"| `{key}` | {value['description']} |" for key, value in said["properties"].items()]
    head = [f"## {said['title']}", "", said["description"], "", "| key | what |", "|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


@pytest.mark.parametrize("name", SCHEMA["$defs"])
def test_the_document_is_what_the_schema_says(name):
    """Each object with every key; a section that differs is put right by what this prints."""
    assert section(name) in DOC


def test_the_document_has_no_other_keys():
    """Nothing that the schema does not know of."""
    known = {key for one in SCHEMA["$defs"].values() for key in one["properties"]}
    assert set(re.findall(r"^\| `(\w+)` \|", DOC, re.MULTILINE)) == known


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory):
    """An archive with a night, a package, a ledger and a decision."""
    folder = tmp_path_factory.mktemp("json")
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        room.config.write_text(f'{room.config.read_text()}\n[[sources]]\nlist = "list.txt"\n')
        room.file("list.txt", f"{sample.ARTICLE_URL}\n")
        assert room.archiver("nightly", "--quiet").code == 1
        assert room.archiver("pack", "--all", "-o", folder / "all.wacz").code == 0
        assert room.archiver("export", "ledger", "-o", folder / "ledger.jsonl").code == 0
        assert room.archiver("policy", "restrict", "@nobody", "--reason", "a test").code == 0
        yield room


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("doctor",), {"checked"}),
        (("doctor", "--offline"), {"checked"}),
        (("report",), {"report"}),
        (("report", "--all"), {"report"}),
        (("verify",), {"finding", "summary"}),
        (("verify", "{folder}/all.wacz"), {"proof", "summary"}),
        (("verify", "{folder}/list.txt"), {"finding", "summary"}),
        (("repair", "{warc}"), {"repaired"}),
        (("repair", "{folder}/cut.warc.gz"), {"repaired"}),
        (("pack", "--all", "-o", "{folder}/again.wacz"), {"packed"}),
        (("import", "{folder}/all.wacz"), {"imported"}),
        (("import", "{folder}/ledger.jsonl"), {"taken"}),
        (("index", "--anew"), {"indexed"}),
        (("policy", "list"), {"decision"}),
    ],
)
def test_what_is_printed_is_what_is_documented(newsroom, words, kinds):
    """Every key of every line, and no other."""
    (warc, *_) = sorted(newsroom.archive.glob("*.warc.gz"))
    (newsroom.folder / "cut.warc.gz").write_bytes(warc.read_bytes()[:-20])
    said = newsroom.archiver(*(word.format(folder=newsroom.folder, warc=warc) for word in words), "--json")
    assert said.rows
    for row in said.rows:
        assert any(valid(row, kind) for kind in kinds), row


def valid(row, kind):
    """Whether ``row`` is one of ``kind``."""
    return jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{kind}"}).is_valid(row)


def test_a_configuration_has_every_section(newsroom):
    """As docs/json.md says: ``path``, the sections of config.toml, and ``sources``."""
    (row,) = newsroom.archiver("config", "--json").rows
    assert list(row) == ["path", *KEYS, "sources"]
    assert {section: list(row[section]) for section in KEYS} == {name: list(keys) for name, keys in KEYS.items()}
