"""``archiver save`` of the seed article: what is found, captured, kept byte for byte, and not captured twice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom
from tests.shared import SHARED, needs_shared


@pytest.fixture(scope="module")
def seed(tmp_path_factory):
    """The seed article, saved on the loopback web."""
    path = SHARED / "corpus" / "seed-article.txt"
    folder = tmp_path_factory.mktemp("seed")
    with LoopbackWeb(sample.seed_world(path.read_text("utf-8")).hosts(), folder=folder) as web:
        room = Newsroom(folder, web)
        yield room, room.save(path), path


@needs_shared
def test_the_seed_article_has_three_embeds_as_printed_there(seed):
    """Author, handle and UTC day are those of the article's text."""
    _, said, _ = seed
    claims = [(r["kind"], r["author"], r["handle"], r["posted_at"][:10], r["form"]) for r in said.rows]
    assert claims == [
        ("embed", "Global.TV", "GlobalTelevsion", "2021-06-28", "plain-text"),
        ("embed", "Samya Kullab | سامية كُلاّب", "samya_kullab", "2021-06-28", "plain-text"),
        ("embed", "Evan Kohlmann", "IntelTweet", "2021-06-28", "plain-text"),
    ]


@needs_shared
def test_the_seed_articles_first_embed_becomes_its_post_and_both_links_are_followed(seed):
    """Through its picture link; the other two lead to pages, so those embeds stay without an id."""
    _, said, _ = seed
    first, second, third = said.rows
    assert (first["post_id"], first["status"], first["availability"]) == (sample.SEED_POST_ID, "archived", "public")
    assert first["url"] == "https://x.com/GlobalTelevsion/status/1409390776546258944"
    assert (first["posted_at"], first["posted_at_precision"]) == ("2021-06-28T05:58:41.000Z", "millisecond")
    ends = [(link["ended"], link["end"]) for one in (second, third) for link in one["links"]]
    assert ends == [("page", sample.SEED_PAGES[0]), ("page", sample.SEED_PAGES[1])]
    assert [second["post_id"], third["post_id"]] == [None, None]
    assert said.code == 0


@needs_shared
def test_every_response_block_is_what_the_server_sent(seed):
    """Byte for byte, and so is every request."""
    room, _, _ = seed
    sent = Counter(bytes(crossing.sent) for crossing in room.web.log)
    received = Counter(crossing.received for crossing in room.web.log)
    assert Counter(block for _, block in room.records("response")) == sent
    assert Counter(block for _, block in room.records("request")) == received


@needs_shared
def test_the_archive_passes_gzip_and_warcio_check(seed):
    """But for the one known false alarm: payload digests of chunked answers are those of the entity body."""
    room, _, _ = seed
    for path in room.archive.glob("*.warc.gz"):
        subprocess.run(["gzip", "-t", path], check=True)
        command = [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        assert len(re.findall("digest pass", said)) > 20
        assert not re.search("fail", said), said


@needs_shared
def test_a_second_save_captures_nothing_twice_and_says_so(seed):
    """No request, no new WARC, and the words for a person."""
    room, _, path = seed
    asked, files = len(room.web.log), sorted(room.archive.iterdir())
    said = room.archiver("save", path)
    assert (said.code, len(room.web.log), sorted(room.archive.iterdir())) == (0, asked, files)
    assert "nothing captured anew: all of it was in the archive" in said.out
    assert [r["status"] for r in room.save(path).rows] == ["already", "unavailable", "unavailable"]
