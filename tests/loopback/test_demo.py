"""The demo runs the real program, leaves a filled archive, and replaces nothing that is not its own."""

from __future__ import annotations

import sqlite3
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archiver import config
from tests.loopback import demo
from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb


def test_room_is_made_where_there_is_none(tmp_path: Path) -> None:
    """A folder that is missing or empty becomes the demo's."""
    for folder in (tmp_path / "new" / "deep", tmp_path / "empty"):
        if folder.name == "empty":
            folder.mkdir()
        demo.make_room(folder)
        assert [path.name for path in folder.iterdir()] == [demo.MARK]


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    """What a demo left is gone after the next one has made room."""
    demo.make_room(tmp_path / "demo")
    (tmp_path / "demo" / demo.ARCHIVE).mkdir()
    (tmp_path / "demo" / demo.ARCHIVE / "old.warc.gz").write_bytes(b"old")
    demo.make_room(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [demo.MARK]


def test_a_package_made_in_the_demo_s_archive_is_not_in_the_way(tmp_path: Path) -> None:
    """Its key is the demo's own."""
    demo.make_room(tmp_path / "demo")
    with LoopbackWeb({}, folder=tmp_path / "demo") as web:
        (tmp_path / "demo" / demo.CONFIG).write_text(demo.configuration(web))
    key = config.load(tmp_path / "demo" / demo.CONFIG).pack.key
    assert key == tmp_path / "demo" / demo.KEY
    key.touch()
    demo.make_room(tmp_path / "demo")


@pytest.mark.parametrize(
    "files",
    [("thesis.txt",), (demo.MARK, "thesis.txt"), (demo.CONFIG,), (demo.ARCHIVE,)],
    ids=["a stranger's", "a demo's with a stranger's file", "no mark, a config", "no mark, an archive"],
)
def test_anything_else_is_left_alone(
    tmp_path: Path, files: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without the mark, or with one file more than the demo makes, is refused and untouched."""
    for name in files:
        (tmp_path / name).write_text("precious")
    with pytest.raises(demo.NotOurs):
        demo.make_room(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(files, "precious")
    assert demo.main([str(tmp_path)]) == 2
    assert "make demo DEMO=" in capsys.readouterr().err


def test_a_link_or_a_file_is_no_folder(tmp_path: Path) -> None:
    """A symbolic link is not followed, a file not replaced."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("precious")
    for name in ("link", "file"):
        with pytest.raises(demo.NotOurs, match="no folder"):
            demo.make_room(tmp_path / name)


def test_one_folder_is_asked_for() -> None:
    """Without a folder, or with two, nothing is started."""
    assert (demo.main([]), demo.main(["a", "b"])) == (2, 2)


def test_the_configuration_leads_every_name_to_the_web(tmp_path: Path) -> None:
    """It is TOML, and maps both ports of all names to the ports of the web."""
    with LoopbackWeb({}, folder=tmp_path) as web:
        written = tomllib.loads(demo.configuration(web))
        assert written["network"]["connect_to"] == web.connect_to
        assert (tmp_path / written["network"]["ca_bundle"]).is_file()


@pytest.mark.slow
def test_the_whole_demo(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Everything that the web sent is in the WARC, byte for byte and once; the second save fetched no post."""
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path) as web:
        assert demo.tour(tmp_path, web)
        sent = Counter(bytes(crossing.sent) for crossing in web.log)
    assert responses(tmp_path / demo.ARCHIVE) == sent
    with sqlite3.connect(tmp_path / demo.ARCHIVE / "catalog.sqlite") as catalog:
        assert catalog.execute("pragma integrity_check").fetchone() == ("ok",)
    traffic = [line for line in capfd.readouterr().out.splitlines() if line.startswith("-- requests")]
    assert "requests that the miniature web saw: 0" in traffic[0]
    assert "cdn.syndication.twimg.com" in traffic[1]
    assert not any(host in traffic[2] for host in ("twimg.com", "publish.twitter.com"))


def responses(archive: Path) -> Counter[bytes]:
    """The blocks of all response records, each with how often it is there."""
    blocks: Counter[bytes] = Counter()
    for path in archive.glob("*.warc.gz*"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True):
                if record.rec_type == "response":
                    blocks[record.raw_stream.read()] += 1
    return blocks
