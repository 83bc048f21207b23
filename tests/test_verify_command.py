"""``archiver verify`` and ``repair``, as people type them, over an archive that ``save`` made."""

from __future__ import annotations

import pytest

from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World
from tests.newsroom import Newsroom

ANNA = Account(handle="anna_example", name="Anna Example")
ARTICLE = "article.txt"
POST = Post(post_id=snowflake("2024-03-01T10:00:00.250Z"), by=ANNA, text="A post by Anna.")


@pytest.fixture
def room(tmp_path):
    """A newsroom that has saved an article with one post."""
    with LoopbackWeb(World(posts=(POST,)).hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        room.file(ARTICLE, f"She said it: https://twitter.com/anna_example/status/{POST.post_id}\n")
        assert room.save(room.folder / ARTICLE).code == 0
        yield room


def damage(room):
    """Flip a bit in the record of the service's answer; its file."""
    (path,) = room.archive.glob("*.warc.gz")
    rows = room.archiver("show", "--json", POST.post_id).rows
    (place,) = [one for one in rows[0]["captures"] if one["why"] == "post"]
    data = bytearray(path.read_bytes())
    data[place["offset"] + place["length"] // 2] ^= 16
    path.write_bytes(bytes(data))
    return path, place


def test_a_sound_archive(room):
    """Exit 0, one line; --quiet says nothing; --json ends with the sum."""
    said = room.archiver("verify")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("1 file, ")
    assert said.out.endswith("no defect\n")
    assert room.archiver("verify", "--quiet").out == ""
    (row,) = room.archiver("verify", "--json").rows
    assert row["level"] == "summary"
    assert row["defects"] == 0
    assert row["records"] > 4


def test_damage_repair_and_another_look(room):
    """Exit 65 and a line that says where and what to do; repaired, and saved again, everything is there once more."""
    path, place = damage(room)
    said = room.archiver("verify")
    assert said.code == 65
    (line, *_) = said.out.splitlines()
    assert line.startswith("defect gzip")
    assert f"{path.name} @{place['offset']}: " in line
    assert "archiver repair" in line
    rows = room.archiver("verify", "--json").rows
    assert {"code", "file", "offset_bytes", "record_id", "problem", "advice", "level"} == rows[0].keys()
    before = path.read_bytes()
    mended = room.archiver("repair", path)
    assert mended.code == 0
    assert f"lost: x:{POST.post_id}" in mended.out
    assert (room.archive / "quarantine" / f"{path.name}.damaged").read_bytes() == before
    assert room.archiver("verify").code == 0
    waiting = room.archiver("list", "--json", "--status", "pending").rows
    assert [one["post_id"] for one in waiting] == [POST.post_id]
    assert path.name in waiting[0]["error"]
    (again,) = room.save(room.folder / ARTICLE).rows
    assert (again["status"], again["text"]) == ("archived", "A post by Anna.")
    assert room.archiver("verify").code == 0


def test_the_catalog_made_anew(room):
    """The same answers as before; the old catalog is named."""
    before = room.archiver("list", "--json").out
    said = room.archiver("verify", "--rebuild")
    assert said.code == 0
    assert "the catalog was made anew; the old one is kept as catalog.sqlite.before-" in said.out
    assert room.archiver("list", "--json").out == before
    (room.archive / "catalog.sqlite").unlink()
    assert room.archiver("verify").code == 65
    assert room.archiver("verify", "--rebuild").code == 0
    assert room.archiver("verify").code == 0


def test_a_sample(room):
    """A share of the records; nonsense and contradictions are refused."""
    assert "of the archive" in room.archiver("verify", "--sample", "50%").out
    assert room.archiver("verify", "--sample", "100%").code == 0
    for words in (("--sample", "lots"), ("--sample", "0"), ("--sample", "5%", "--rebuild"), ("--rebuild", "x.warc.gz")):
        assert room.archiver("verify", *words).code == 2


def test_files_and_nothing(room, tmp_path):
    """One file by its name; 66 for what is not there."""
    (path,) = room.archive.glob("*.warc.gz")
    assert room.archiver("verify", path).code == 0
    assert room.archiver("verify", tmp_path / "none.warc.gz").code == 66
    assert room.archiver("repair", tmp_path / "none.warc.gz").code == 66
    assert "nothing to repair" in room.archiver("repair", path).out


def test_a_stranger_can_not_write_on_the_terminal(room, tmp_path):
    """A header of somebody else's file is shown without what a terminal acts on."""
    path = tmp_path / "evil.warc"
    path.write_bytes(b"WARC/1.0\r\nWARC-Type: \x1b]0;pwned\x07\x1b[31m\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    said = room.archiver("verify", path)
    assert said.code == 65
    assert "\x1b" not in said.out
    assert "\x07" not in said.out
