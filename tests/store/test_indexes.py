"""CDXJ, kept up with the WARCs."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from archiver.model import Request
from archiver.store import indexes
from tests.store.tapes import opened, post, reply, tape, warcs


@pytest.fixture
async def folder(tmp_path):
    """An archive with two exchanges and a document, closed."""
    archive = await opened(tmp_path / "archive")
    await archive.keep(tape(reply(b"one")))
    await archive.keep(tape(reply(b"two"), url="https://a.example/?b=1", slot="s"))
    await archive.add([post()])
    await archive.aclose()
    return tmp_path / "archive"


def lines(folder):
    """(key, timestamp, fields) of every line of every index."""
    for path in sorted((folder / indexes.FOLDER).iterdir()):
        for line in path.read_text().splitlines():
            key, ts, fields = line.split(" ", 2)
            yield key, ts, json.loads(fields)


async def test_every_answer_is_indexed_where_it_lies(folder):
    """Sorted, with URL, status, digest and place; our own documents are not."""
    assert indexes.update(folder) == 1
    found = list(lines(folder))
    assert [key for key, _, _ in found] == ["co,t)/x9dja7awam", "example,a)/?b=1"]
    (path,) = warcs(folder)
    for _, ts, fields in found:
        assert (ts, fields["status"], fields["filename"]) == ("20260801120000", "200", path.name)
        data = path.read_bytes()[int(fields["offset"]) :][: int(fields["length"])]
        assert fields["url"].encode() in gzip.decompress(data)


async def test_what_is_there_is_not_made_again(folder):
    """Unless it is asked for; what belongs to no WARC is removed."""
    indexes.update(folder)
    (folder / indexes.FOLDER / "gone.warc.gz.cdxj").write_text("x")
    assert indexes.update(folder) == 0
    assert len(list((folder / indexes.FOLDER).iterdir())) == 1
    before = list(lines(folder))
    assert indexes.update(folder, anew=True) == 1
    assert list(lines(folder)) == before


async def test_a_304_has_no_line(tmp_path):
    """Players would hand it on as it is; without its line they show what it speaks of."""
    archive = await opened(tmp_path / "archive")
    asked = Request(url="https://a.example/", why="article", slot="s", conditions=(("If-None-Match", '"1"'),))
    await archive.keep(tape(reply(b"one"), url=asked.url, slot="s", why="article"))
    unmodified = tape(b"HTTP/1.1 304 Not Modified\r\n\r\n", url=asked.url, slot="s")
    await archive.keep(replace(unmodified, request=asked))
    await archive.keep(unmodified)  # nobody asked for it, so it speaks of nothing
    await archive.aclose()
    indexes.update(tmp_path / "archive")
    assert [fields["status"] for _, _, fields in lines(tmp_path / "archive")] == ["200"]
