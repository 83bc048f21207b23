"""A package stands alone: what is in it, and that it is what lies in the archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import zipfile

import pytest
from warcio.archiveiterator import ArchiveIterator

from archiver.findings import Finding
from archiver.packages import proof, seal
from archiver.packages.closure import cited
from archiver.packages.pack import Terms, pack
from archiver.store.archive import Archive
from tests.loopback import sample_world as sample
from tests.store import tapes
from tests.store.tapes import plainly


def lines(package, name):
    """The JSON Lines of a file in it."""
    with zipfile.ZipFile(package) as held:
        return [json.loads(line) for line in held.read(name).splitlines()]


def held_records(package):
    """record id → (file, offset, the record's bytes) for each record of each WARC in it, read with warcio."""
    found = {}
    with zipfile.ZipFile(package) as held:
        for name in held.namelist():
            if not name.startswith("archive/"):
                continue
            data = held.read(name)
            walk = ArchiveIterator(io.BytesIO(data), no_record_parse=True)
            for record in walk:
                record.raw_stream.read()
                offset, length = walk.get_record_offset(), walk.get_record_length()
                whole = gzip.decompress(data[offset : offset + length])
                found[record.rec_headers["WARC-Record-ID"]] = (name, offset, whole)
    return found


def index_lines(package):
    """(URL, timestamp, fields) of the package's CDXJ."""
    with zipfile.ZipFile(package) as held:
        for line in gzip.decompress(held.read("indexes/index.cdx.gz")).decode().splitlines():
            _, ts, fields = line.split(" ", 2)
            yield json.loads(fields)["url"], ts, json.loads(fields)


def test_everything_is_listed_with_its_digest(package):
    """Each file of the ZIP but the list itself; WARCs lie uncompressed; no name leads anywhere."""
    with zipfile.ZipFile(package) as held:
        listed = {one["path"]: one for one in json.loads(held.read("datapackage.json"))["resources"]}
        assert set(held.namelist()) - {"datapackage.json", "datapackage-digest.json"} == set(listed)
        for name, said in listed.items():
            data = held.read(name)
            assert (said["bytes"], said["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
            assert re.fullmatch(r"[-a-z0-9._]+", said["name"])
            assert held.getinfo(name).compress_type == (0 if name.endswith(".gz") else 8)
        assert len({one["name"] for one in listed.values()}) == len(listed)


def test_the_records_are_those_of_the_archive_byte_for_byte(newsroom, package):
    """Of everything nothing is missing; cards, which are derived, have a file of their own."""
    kept = {plainly_id(record): record for record in all_records(newsroom)}
    packed = {key: whole for key, (name, _, whole) in held_records(package).items() if name != "archive/cards.warc.gz"}
    assert packed == kept


def all_records(newsroom):
    """Each record of the archive, as its bytes."""
    for path in sorted(newsroom.archive.glob("*.warc.gz")):
        data = path.read_bytes()
        with path.open("rb") as file:
            walk = ArchiveIterator(file, no_record_parse=True)
            for record in walk:
                record.raw_stream.read()
                yield gzip.decompress(data[walk.get_record_offset() :][: walk.get_record_length()])


def plainly_id(record):
    return dict(plainly(record)[0])["WARC-Record-ID"]


def test_one_article_takes_along_all_that_it_cites(newsroom, tmp_path):
    """Every record that its records name as a source, and nothing of the other article."""
    path = tmp_path / "one.wacz"
    said = newsroom.archiver("pack", sample.ARTICLE_URL, "-o", path, "--json").rows[0]
    records, packed = lines(path, "records/sightings.jsonl"), held_records(path)
    assert (said["articles"], said["missing"]) == (1, [])
    assert {row["article"] for row in records} == {sample.ARTICLE_URL}
    assert set(cited(records)) | set(cited(lines(path, "records/posts.jsonl"))) <= packed.keys()
    assert not any(b"urn:archiver:file:" in whole[:400] for _, _, whole in packed.values())
    with zipfile.ZipFile(path) as held:
        about = json.loads(held.read("datapackage.json"))
    assert about["mainPageURL"] == sample.ARTICLE_URL


def test_captures_are_named_where_they_lie_in_the_package(newsroom, tmp_path):
    """File, offset and record agree."""
    path = tmp_path / "one.wacz"
    newsroom.archiver("pack", sample.ARTICLE_URL, "-o", path)
    packed = held_records(path)
    sightings = lines(path, "records/sightings.jsonl")
    captures = [one for row in sightings for one in (*row["captures"], row["article_source"])]
    assert len(captures) > len(sightings)
    for one in captures:
        name, offset, _ = packed[one["record_id"]]
        assert (f"archive/{one['warc']}", one["offset"]) == (name, offset)


def test_every_page_is_found_in_the_index_to_the_second(package):
    """Articles and posts, each with a title; those with words have them; nothing of our JSON is taken for a page."""
    header, *pages = lines(package, "pages/pages.jsonl")
    index = {(url, ts) for url, ts, _ in index_lines(package)}
    assert header["format"] == "json-pages-1.0"
    assert len(pages) == 2 + len(lines(package, "records/posts.jsonl"))
    for page in pages:
        assert (page["url"], re.sub(r"\D", "", page["ts"])) in index
        assert page["title"]
    article = next(page for page in pages if page["url"] == sample.ARTICLE_URL)
    assert article["title"] == "The lighthouse that lit itself, two years on"
    assert "lighthouse" in article["text"]
    assert "<" not in article["text"]
    assert not [url for url, _, _ in index_lines(package) if url.startswith("urn:archiver:post:")]


def test_the_index_names_members_and_no_cookies(package):
    """Each line leads to a gzip member with the URL in it; the fields are those that replay needs."""
    with zipfile.ZipFile(package) as held:
        for url, _, fields in index_lines(package):
            data = held.read(f"archive/{fields['filename']}")
            start, length = int(fields["offset"]), int(fields["length"])
            assert url.encode() in gzip.decompress(data[start : start + length])[:4000]
            assert not {name for name in fields if name.startswith("req.")}


def test_the_same_contents_give_the_same_package(newsroom, tmp_path, monkeypatch):
    """To the byte, when the clock is held."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    for name in ("a.wacz", "b.wacz"):
        newsroom.archiver("pack", "--all", "-o", tmp_path / name, "--title", "All")
    assert (tmp_path / "a.wacz").read_bytes() == (tmp_path / "b.wacz").read_bytes()


def test_the_list_is_signed_with_the_newsroom_s_key(newsroom, package, tmp_path, home):
    """Made at the first package, for its owner's eyes alone, and the same for the next."""
    key = home / "archiver" / "signing-key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(package) as held:
        said = json.loads(held.read("datapackage-digest.json"))
        created = json.loads(held.read("datapackage.json"))["created"]
        assert said["hash"] == f"sha256:{hashlib.sha256(held.read('datapackage.json')).hexdigest()}"
    assert set(said["signedData"]) == set(seal.FIELDS)
    assert said["signedData"]["created"] == created
    told = newsroom.archiver("pack", "--all", "-o", tmp_path / "x.wacz", "--json").rows[0]
    assert told["key"] == seal.check(said["signedData"], said["hash"])
    os.chmod(key, 0o644)  # noqa: PTH101
    refused = newsroom.archiver("pack", "--all", "-o", tmp_path / "y.wacz")
    os.chmod(key, 0o600)  # noqa: PTH101
    assert (refused.code, "chmod 600" in refused.err) == (78, True)
    assert key.read_bytes() not in package.read_bytes()


@pytest.mark.parametrize(
    ("words", "articles"),
    [
        (("--all",), 2),
        (("--query", "availability=deleted"), 1),
        (("--query", "handle=@ellerylive_eg"), 2),
        (("https://t.co/LampRoom24",), 1),
        (("1792135911069192192",), 1),
        (("article.txt",), 1),
        (("lighthouse", "article.txt"), 2),
    ],
)
def test_what_a_package_can_be_of(newsroom, tmp_path, words, articles):
    """Articles by URL, name, post, link, query or all of them."""
    said = newsroom.archiver("pack", *words, "-o", tmp_path / "x.wacz", "--json")
    assert (said.code, said.rows[0]["articles"]) == (0, articles)


def test_a_night_is_a_day_in_utc(newsroom, tmp_path):
    """What was saved on it."""
    day = next(iter(newsroom.archiver("list", "--articles", "--json").rows))["saved_at"][:10]
    assert newsroom.archiver("pack", "--night", day, "-o", tmp_path / "x.wacz").code == 0
    assert newsroom.archiver("pack", "--night", "1999-01-01", "-o", tmp_path / "y.wacz").code == 66


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--all", "--query", "handle=x"), 2),
        (("--query", "color=red"), 2),
        (("--query", "'"), 2),
        (("--query", "handle=nobody"), 66),
        (("no such article",), 66),
        (("--night", "yesterday"), 2),
    ],
)
def test_what_makes_no_sense_is_said(newsroom, tmp_path, words, code):
    """With the documented exit code, and no file."""
    assert newsroom.archiver("pack", *words, "-o", tmp_path / "x.wacz").code == code
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays(newsroom, package):
    """Unless it is to be replaced."""
    before = package.read_bytes()
    assert newsroom.archiver("pack", "--all", "-o", package).code == 73
    assert package.read_bytes() == before


def test_a_key_is_made_for_a_package_that_is_signed_and_that_is_said(newsroom, tmp_path, monkeypatch):
    """Its place and fingerprint, on standard error, once; what can't be packed leaves none."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "mine"))
    assert newsroom.archiver("pack", "no such article", "-o", tmp_path / "x.wacz").code == 66
    assert list(tmp_path.iterdir()) == []
    first = newsroom.archiver("pack", "--all", "-o", tmp_path / "x.wacz", "--json")
    said = f"a new signing key was made: {tmp_path / 'mine' / 'archiver' / 'signing-key.pem'}"
    assert (first.code, said in first.err, first.rows[0]["key"] in first.err) == (0, True, True)
    assert (tmp_path / "mine" / "archiver").stat().st_mode & 0o777 == 0o700
    second = newsroom.archiver("pack", "--all", "-o", tmp_path / "y.wacz", "--json")
    assert (second.rows[0]["key"], second.err) == (first.rows[0]["key"], "")


@pytest.mark.parametrize("key", ["a folder", "no key"])
def test_a_key_that_is_none_is_said_before_any_work(newsroom, tmp_path, monkeypatch, key):
    """And nothing is left."""
    place = tmp_path / "archiver" / "signing-key.pem"
    place.parent.mkdir()
    if key == "a folder":
        place.mkdir()
    else:
        place.touch(0o600)
        place.write_text(key)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert newsroom.archiver("pack", "--all", "-o", tmp_path / "x.wacz").code == 78
    assert [one.name for one in tmp_path.iterdir()] == ["archiver"]


async def test_a_revisit_brings_along_what_it_refers_to(tmp_path):
    """The picture of another article's post, stored once, is in the package of the second one; which verifies."""
    folder, picture = tmp_path / "archive", tapes.reply(b"picture" * 1_000, kind="image/jpeg")
    archive = await tapes.opened(folder)
    for number in (1, 2):
        url = f"https://pbs.example/{number}.jpg"
        kept = await archive.keep(tapes.tape(picture, url=url, slot=f"media:{url}", why="media"))
        shown = {"position": 0, "captures": [{"record_id": kept.warc.record_id}]}
        await archive.add([tapes.article(f"https://news.example/{number}", outcomes=(shown,))])
    await archive.aclose()
    terms = Terms(created=tapes.NOW, software="archiver/test", title="t", description="", key=None)
    with Archive.reading(folder) as archive:
        packed = pack(archive, ["https://news.example/2"], tmp_path / "x.wacz", terms)
    assert (packed.captures, packed.resolved, packed.missing) == (2, 1, ())
    kinds = [dict(plainly(whole)[0])["WARC-Type"] for _, _, whole in held_records(tmp_path / "x.wacz").values()]
    assert (kinds.count("revisit"), kinds.count("response")) == (1, 1)
    found: list[Finding] = []
    proof.prove(tmp_path / "x.wacz", found.append, roots=None, token=None)
    assert found == []
