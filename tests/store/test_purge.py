"""Removing posts for good."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import zlib
from datetime import timedelta

import pytest

from archiver.errors import Damaged
from archiver.findings import Finding
from archiver.model import Document, PostRef, Request
from archiver.store import policies, purge
from archiver.store.archive import Archive
from archiver.store.manifest import FILE_NAME, Manifest
from archiver.store.schema import MANIFEST_HEAD
from archiver.store.verify import archive as verify
from tests.store.tapes import (
    NOW,
    SetClock,
    article,
    copied,
    link,
    members,
    names,
    opened,
    outcome,
    plainly,
    post,
    reply,
    tables,
    tape,
    warcs,
)

OTHER = PostRef(platform="x", post_id="30")
SECRET = b"what jack said"
PICTURE = "https://pbs.twimg.com/media/shared.jpg"
KEY, WHY = "x:20", "asked by mail"


def answer(post_id, said):
    """A service's answer about a post."""
    body = json.dumps({"id_str": post_id, "text": said, "pad": "x" * 1_200}).encode()
    return tape(
        reply(body, kind="application/json"), url=f"https://cdn.example/{post_id}", slot=f"x:{post_id}", why="post"
    )


def media(url, body, **changed):
    return tape(reply(body, kind="image/jpeg"), url=url, slot=f"media:{url}", why="media", **changed)


async def fill(archive):
    """Two posts with pictures of their own and one that they share; three articles; two looks at the first post."""
    shared = await archive.keep(media(PICTURE, b"shared" * 500))
    for post_id, said, handle in (("20", SECRET.decode(), "jack"), ("30", "what the other said", "other")):
        kept = [await archive.keep(answer(post_id, said)), shared]
        for name in ("copied", "own"):
            picture = f"{name} {post_id}".encode() * 500
            kept.append(await archive.keep(media(f"https://pbs.twimg.com/media/{name}{post_id}.jpg", picture)))
        captures = [{"record_id": one.warc.record_id, "url": one.url} for one in kept]
        document = post(post_id, handle=handle)
        body = {**document.body, "captures": captures, "text": said}
        await archive.add([Document(kind="post", key=f"x:{post_id}", at=NOW, body=body)])
    request = Request(url="https://cdn.example/20", why="post", slot="x:20#2")
    await archive.keep(tape(reply(SECRET * 99), url=request.url, request=request))
    await archive.keep(media("https://elsewhere.example/copy.jpg", b"copied 20" * 500))
    both = (outcome(0, "20", text=SECRET.decode(), facts={"text": [{"value": SECRET.decode()}]}), outcome(1, "30"))
    await archive.add([article("https://news.example/other", outcomes=(outcome(0, "30", handle="other"),)), link()])
    await archive.add([article(outcomes=both), article(minute=1, outcomes=both)])
    related = {"relation": "quoted", "platform": "x", "post_id": "20", "facts": {"text": [{"value": SECRET.decode()}]}}
    await archive.add([article("https://news.example/quoting", outcomes=(outcome(0, "30", related=[related]),))])


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An archive with two posts, over several files."""
    folder = tmp_path_factory.mktemp("filled") / "archive"

    async def make():
        archive = await opened(folder, max_warc_bytes=4_000)
        await fill(archive)
        await archive.aclose()

    asyncio.run(make())
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    return copied(filled, tmp_path / "archive")


async def purged(folder, key=KEY):
    archive = await opened(folder)
    said = await archive.decide(key, "purge", WHY)
    await archive.aclose()
    return said


def holds(folder, what):
    """The names of the files in which it can be read, WARCs unpacked."""
    data = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return [name for name, one in data.items() if what in (gzip.decompress(one) if name.endswith(".gz") else one)]


def spans(folder):
    """(file, offset) → bytes of every gzip member."""
    found = {}
    for path in warcs(folder):
        data, at = path.read_bytes(), 0
        while at < len(data):
            codec = zlib.decompressobj(31)
            codec.decompress(data[at:])
            end = len(data) - len(codec.unused_data)
            found[path.name, at] = data[at:end]
            at = end
    return found


def assert_whole(folder):
    """Every file is whole, is the one that catalog and manifest speak of, and a catalog made anew is equal."""
    newest = {}
    for line in (folder / FILE_NAME).read_text().splitlines():
        newest[json.loads(line)["file"]] = json.loads(line)
    rows = {name: sha256 for name, _, _, sha256 in tables(folder)["warc"]}
    for path in warcs(folder):
        members(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert newest[path.name]["sha256"] == f"sha256:{digest}"
        assert newest[path.name]["records"] == len(members(path))
        assert rows[path.name] == digest
    found: list[Finding] = []
    verify.verify(folder, found.append)
    assert found == []
    before = {name: rows for name, rows in tables(folder).items() if name != "memory"}
    for name in names(folder):
        if name.startswith("catalog"):
            (folder / name).unlink()

    async def reopen():
        archive = await opened(folder)
        await archive.aclose()

    asyncio.run(reopen())
    assert {name: rows for name, rows in tables(folder).items() if name != "memory"} == before


def test_nothing_of_a_purged_post_is_left(folder):
    """Not its answers, media, documents, nor what articles' documents told of it: in no file, the catalog included."""
    assert len(holds(folder, SECRET)) > 2
    said = asyncio.run(purged(folder))
    assert holds(folder, SECRET) == []
    assert holds(folder, b"own 20" * 500) == []
    assert (said["state"], [one["what"] for one in said["left"]]) == ("done", [])
    assert_whole(folder)


def test_the_catalog_knows_the_manifests_last_line(folder):
    """Right after the purge, not only once the archive is opened again: no line of it can be cut unnoticed."""

    async def heads():
        archive = await opened(folder)
        await archive.decide(KEY, "purge", WHY)
        try:
            return archive._rows.archive(MANIFEST_HEAD), Manifest(folder).head
        finally:
            await archive.aclose()

    known, there = asyncio.run(heads())
    assert known == there


def test_everything_else_keeps_its_bytes_and_its_place(folder):
    """What is not the post's is byte for byte where it was; where it was stands a tombstone of the same length."""
    before, sizes = spans(folder), {path.name: path.stat().st_size for path in warcs(folder)}
    said = asyncio.run(purged(folder))
    after = spans(folder)
    assert {path.name: path.stat().st_size for path in warcs(folder)}.items() >= sizes.items()
    tombs = {key for key in after if key in before and before[key] != after[key]}
    assert len(tombs) == len(said["removed"])
    for key in tombs:
        headers, block = plainly(gzip.decompress(after[key]))
        assert dict(headers)["WARC-Type"] == "metadata"
        assert b"archiver-tombstone: x:20\r\n" in block
    within = {key for key in before if key not in after}
    for name, offset in within:  # requests and metadata, behind the response that the tombstone begins at
        start = max(at for file, at in tombs if file == name and at < offset)
        assert offset + len(before[name, offset]) <= start + len(after[name, start])
    assert before.keys() - within - tombs


def test_the_decision_says_what_was_removed_and_why(folder):
    """The id and file of every record, in the archive for good."""
    said = asyncio.run(purged(folder))
    assert {one["what"] for one in said["removed"]} == {"post", "media", "article"}
    assert said["posts"] == ["x:20"]
    with Archive.reading(folder) as looking:
        (kept,) = looking.policies()
    assert (kept["policy"], kept["reason"], kept["removed"]) == ("purge", WHY, said["removed"])


def test_what_others_need_stays(folder):
    """The picture that another post shows, too, and the one whose payload another capture refers to."""
    said = asyncio.run(purged(folder))
    assert len(said["shared"]) == 2

    async def look():
        archive = await opened(folder)
        for url, body in ((PICTURE, b"shared" * 500), ("https://elsewhere.example/copy.jpg", b"copied 20" * 500)):
            recalled = await archive.recall(Request(url=url, why="media", slot=f"media:{url}"))
            assert recalled
            assert recalled.body == body
        assert await archive.recall(Request(url="https://cdn.example/20", why="post", slot=KEY)) is None
        await archive.aclose()

    asyncio.run(look())


def outcomes(looking, name):
    """What an article's newest document says of its finds."""
    body = looking.article(f"https://news.example/{name}")
    assert body
    return body["outcomes"]


def test_articles_keep_what_is_not_the_posts(folder):
    """Its outcome says where it stood and why nothing is there; the other posts' stay; nobody's history is touched."""
    asyncio.run(purged(folder))
    with Archive.reading(folder) as looking:
        gone, kept = outcomes(looking, "a")
        (quoting,) = outcomes(looking, "quoting")
        assert len(outcomes(looking, "other")) == 1
    assert (gone["post_id"], gone["status"], gone["position"]) == ("20", "refused", 0)
    assert gone["error"] == f"removed from the archive on 2026-08-01: {WHY}"
    assert (gone["text"], gone["facts"], gone["author"]) == (None, {}, None)
    assert kept == outcome(1, "30")
    assert quoting == outcome(0, "30", related=[])


def test_a_handle_is_all_of_its_posts(folder):
    """In any case of letters; the other's posts stay."""
    said = asyncio.run(purged(folder, "@jack"))
    assert said["posts"] == ["x:20"]
    assert holds(folder, SECRET) == []
    assert holds(folder, b"what the other said")
    with Archive.reading(folder) as looking:
        said = looking.policy(PostRef(platform="x", post_id="999", handle="JACK"))
        assert said
        assert said["policy"] == "purge"
        assert looking.policy(OTHER) is None


def test_a_second_purge_changes_nothing(folder):
    """And forgets nothing of what the first one removed."""
    first = asyncio.run(purged(folder))
    before = {path.name: path.read_bytes() for path in warcs(folder)}
    second = asyncio.run(purged(folder))
    assert second["removed"] == first["removed"]
    assert {name: data for name, data in ((p.name, p.read_bytes()) for p in warcs(folder)) if name in before} == before
    assert_whole(folder)


@pytest.mark.parametrize("stage", ["decided", "half made", "staged", "listed", "renamed"])
def test_a_purge_that_was_stopped_is_finished_at_the_next_start(folder, stage):
    """After each step: decided; a file half made, whole, listed, in its place."""

    async def begin():
        archive = await opened(folder)
        planned = purge.plan(folder, archive._rows, {("x", "20")})
        lists = purge.lists(planned, {("x", "20")}, {})
        await archive.add([policies.document(KEY, "purge", WHY, NOW, state="begun", **lists)])
        await archive.aclose()
        return lists["removed"]

    removed = asyncio.run(begin())
    name = removed[0]["warc"]
    ids, why = {one["record_id"] for one in removed if one["warc"] == name}, purge.Why(key=KEY, reason=WHY, at=NOW)
    if stage == "half made":
        (folder / f"{name}{purge.STAGED}").write_bytes(b"\x1f\x8b")
    elif stage != "decided":
        manifest = Manifest(folder)
        assert purge._stage(folder, name, ids, why)
        if stage != "staged":
            purge._list(folder, manifest, name, why)
        if stage == "renamed":
            purge._finish(folder, manifest, name)
    asyncio.run(_reopened(folder))
    assert holds(folder, SECRET) == []
    assert not [one for one in names(folder) if one.endswith(purge.STAGED)]
    with Archive.reading(folder) as looking:
        assert [one["state"] for one in looking.policies()] == ["done"]
    assert_whole(folder)


async def _reopened(folder):
    archive = await opened(folder)
    await archive.aclose()


def test_the_index_of_a_file_goes_with_its_records(folder):
    """It names them; whoever wants one makes it anew. Those of other files stay."""
    (folder / "indexes").mkdir()
    for path in warcs(folder):
        (folder / "indexes" / f"{path.name}.cdxj").touch()
    said = asyncio.run(purged(folder))
    gone = {path.name for path in warcs(folder)} - {path.name[:-5] for path in (folder / "indexes").iterdir()}
    assert {one["warc"] for one in said["removed"]} <= gone
    assert names(folder / "indexes")


def test_a_damaged_file_is_not_rewritten(folder):
    """It is left as it is, and the purge waits for its repair."""
    path = next(one for one in warcs(folder) if SECRET in gzip.decompress(one.read_bytes()))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        asyncio.run(purged(folder))
    assert path.read_bytes() == bytes(data)
    assert not [one for one in names(folder) if one.endswith(purge.STAGED)]


@pytest.mark.parametrize(
    ("decisions", "shown"),
    [
        ((), {"20", "30"}),
        (((KEY, "restrict"),), {"30"}),
        (((KEY, "restrict"), (KEY, "keep")), {"20", "30"}),
        ((("@jack", "restrict"),), {"30"}),
        ((("@jack", "restrict"), (KEY, "keep")), {"20", "30"}),
        ((("@JACK", "restrict"),), {"20", "30"}),  # keys are made by ``view.policy_key``, in lower case
    ],
)
def test_what_is_restricted_is_not_shown(folder, decisions, shown):
    """By post or by handle, until it is lifted; what is said of a post goes first. Its bytes stay."""
    before = spans(folder)

    async def decide():
        archive = await opened(folder, clock=clock)
        for key, decision in decisions:
            clock.at += timedelta(minutes=1)
            await archive.decide(key, decision, WHY)
        await archive.aclose()

    clock = SetClock()
    asyncio.run(decide())
    with Archive.reading(folder) as looking:
        assert {one["post_id"] for one in looking.sightings()} == shown
        assert {one["post_id"] for one in looking.posts()} == shown
        assert {one["post_id"] for one in looking.looks()} == shown
    assert before.items() <= spans(folder).items()
    assert holds(folder, SECRET)
