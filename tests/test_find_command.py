"""``archiver find`` over what holds many articles, as its people use it."""

from __future__ import annotations

import gzip
import zipfile

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom

QUOTE = (
    '<blockquote class="twitter-tweet">Rain <a href="https://twitter.com/ada/status/{}">May 1, 2020</a></blockquote>'
)


@pytest.fixture
def room(tmp_path):
    """A newsroom on the sample web."""
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path) as web:
        yield Newsroom(tmp_path, web)


def ids(said):
    return [row["post_id"] for row in said.rows]


@pytest.fixture
def pages(room):
    """A folder of saved pages, three of them with a post."""
    folder = room.folder / "pages"
    (folder / "2020" / "05").mkdir(parents=True)
    (folder / "2020" / "05" / "c.htm").write_text(QUOTE.format(1256000000000000003))
    (folder / "b.MD").write_text("https://twitter.com/ada/status/1256000000000000002")
    (folder / "a.html").write_text(QUOTE.format(1256000000000000001))
    (folder / "d.txt").write_text("no post here")
    (folder / "picture.png").write_text(QUOTE.format(1256000000000000009))
    (folder / "around").symlink_to(folder)
    (folder / "elsewhere.html").symlink_to(folder / "a.html")
    return folder


def test_a_folder_is_looked_through(room, pages):
    """Files that may be articles, at any depth, sorted; nothing twice by way of a symbolic link; no request."""
    said = room.archiver("find", "--json", pages)
    assert ids(said) == [f"125600000000000000{number}" for number in (1, 2, 3)]
    assert (said.code, said.err, room.web.log) == (0, "", [])
    told = room.archiver("find", pages).out
    assert f"{pages}: 4 articles looked through" in told
    assert "d.txt" not in told


def test_a_file_that_cannot_be_read_costs_only_itself(room, pages):
    """An empty one in a folder: a line about it, and the others all the same."""
    (pages / "aa.html").write_text("")
    said = room.archiver("find", "--json", pages)
    assert (said.code, len(said.rows)) == (66, 3)
    assert "aa.html: empty" in said.err


def test_a_target_that_is_not_there_costs_only_itself(room, pages):
    """The other targets are looked through; an empty folder is no input."""
    (pages / "empty").mkdir()
    said = room.archiver("find", "--json", room.folder / "gone", pages / "empty", pages / "a.html")
    assert (said.code, len(said.rows)) == (66, 1)
    assert "no articles below it" in said.err


def test_our_own_archive_is_looked_through(room):
    """A saved article is found again in the WARC that keeps it, with its own URL."""
    room.archiver("find", "--json", sample.ARTICLE_URL)
    wanted = room.archiver("find", "--json", sample.ARTICLE_URL).rows
    room.save(sample.ARTICLE_URL)
    asked = len(room.web.log)
    said = room.archiver("find", "--json", *sorted(room.archive.glob("*.warc.gz")))
    found = [row for row in said.rows if row["article"] == sample.ARTICLE_URL]
    assert (said.code, said.err) == (0, "")
    assert [(row["kind"], row["form"], row["url"]) for row in found] == [
        (row["kind"], row["form"], row["url"]) for row in wanted
    ]
    assert len(room.web.log) == asked


def crawl(url, number):
    """A record of some crawler."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + QUOTE.format(number).encode()
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(block)}\r\n\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n")


def test_a_damaged_record_is_skipped_with_one_line(room):
    """Its neighbours are found; the exit code says that the data is damaged."""
    first, second = crawl("https://a.example/1", 1256000000000000001), crawl("https://a.example/2", 1256000000000000002)
    path = room.file("old.warc.gz", first + first[:80] + b"\x1b[2J" + second)
    said = room.archiver("find", "--json", path)
    assert [(row["article"], row["post_id"]) for row in said.rows] == [
        ("https://a.example/1", "1256000000000000001"),
        ("https://a.example/2", "1256000000000000002"),
    ]
    assert (said.code, said.err.count("\n")) == (65, 1)
    assert "1 skipped" in said.err
    assert "\x1b" not in said.err


def test_a_wacz_is_looked_through(room):
    """What archive/ holds, and its page's URL beside the title."""
    path = room.folder / "old.wacz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.warc.gz", crawl("https://a.example/1", 1256000000000000001))
    assert ids(room.archiver("find", "--json", path)) == ["1256000000000000001"]
    assert "https://a.example/1" in room.archiver("find", path).out


@pytest.mark.parametrize("name", ["old.warc.gz", "old.wacz", "pages"])
def test_save_says_who_reads_what_holds_many(room, pages, name):
    """A crawl or folder is not one article."""
    if name != "pages":
        room.file(name, crawl("https://a.example/1", 1256000000000000001))
    said = room.save(room.folder / name)
    assert said.code == 66
    assert f"archiver find {room.folder / name}" in said.err
    assert not room.archive.exists()


def test_standard_input_may_be_a_crawl(room):
    """Packed or a WACZ; one article is read as before, and ``save`` takes no crawl."""
    packed = crawl("https://a.example/1", 1256000000000000001)
    assert ids(room.piped(packed * 2, "find", "--json", "-")) == ["1256000000000000001"] * 2
    assert ids(room.piped(QUOTE.format(20).encode(), "find", "--json", "-")) == ["20"]
    said = room.piped(packed, "save", "-")
    assert (said.code, "archiver find -" in said.err) == (66, True)


def test_a_folder_may_hold_crawls(room, pages):
    """They are looked through among the pages."""
    (pages / "c.warc.gz").write_bytes(crawl("https://a.example/1", 1256000000000000007))
    assert ids(room.archiver("find", "--json", pages)) == [f"125600000000000000{number}" for number in (1, 2, 7, 3)]


def test_what_is_no_text_is_said_to_be_none(room, pages):
    """A PDF and random bytes under a page's name cost only themselves; the exit code tells."""
    (pages / "d.txt").write_bytes(bytes(range(256)) * 8)
    (pages / "report.html").write_bytes(b"%PDF-1.7 https://t.co/abcdefghij")
    said = room.archiver("find", "--json", pages)
    assert (said.code, len(ids(said))) == (65, 3)
    assert "d.txt: looks like binary data, not looked through" in said.err
    assert "report.html: looks like a PDF, not looked through" in said.err
    assert "pdftotext FILE.pdf - | archiver save -" in said.err
    alone = room.archiver("find", pages / "report.html")
    assert (alone.code, alone.out) == (65, "")


def test_save_goes_on_with_the_rest_behind_what_is_no_text(room, pages):
    """Kept but not looked through, with 65; what else was named is done."""
    report = pages / "report.pdf"
    report.write_bytes(b"%PDF-1.7")
    said = room.archiver("save", "--json", report, pages / "a.html")
    assert (said.code, len(said.rows)) == (65, 1)
    assert "looks like a PDF, not looked through" in said.err


def test_a_page_whose_host_has_no_address_is_69(room):
    """Nothing could be reached: another time it may; what is never connected to is said so, with the key."""
    room.connect("{}")
    assert room.archiver("find", "https://nowhere.invalid/a").code == 69
    said = room.archiver("save", "http://192.0.2.1/x")
    assert "192.0.2.1: a private address (documentation) is never connected to" in said.err
    assert "network.connect_to" in said.err
    assert said.code == 1
