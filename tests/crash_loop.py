"""kill -9 at random moments of ``save``, then ``save`` again: nothing lost, nothing twice.

``make crash`` runs it. Each round starts a fresh archive, lets the real program save one article of posts and links
from a loopback web, kills it (once or twice) after a random number of requests and a random pause, and then lets it
finish. Afterwards the archive must say what an undisturbed run's archive says, hold every exchange once, have whole
members only, and no bytes that were committed before a kill may have changed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from tests.loopback.nouns import Account, Link, Page, Photo, Post, snowflake
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World

_DAY = "2024-05-06T07:{:02d}:11.123Z"
CONFIG = """
[archive]
dir = "warcs"
[network]
ca_bundle = "{ca}"
connect_to = {connect_to}
parallel = 4
[politeness]
requests_per_second = 0
[archives]
wayback = false
"""
_ARCHIVER = [sys.executable, "-m", "archiver"]


def world() -> World:
    """Ten posts with a photo each, and ten links that lead to pages over one hop."""
    posts, links, pages = [], [], []
    for number in range(10):
        by = Account(name=f"Reporter {number}", handle=f"reporter_{number}")
        photo = Photo(media_id=snowflake(_DAY.format(number), worker=2), width=320, height=200)
        said = f"What I saw, part {number}."
        id_ = snowflake(_DAY.format(number))
        posts.append(Post(post_id=id_, by=by, text=said, photos=(photo,), pic=f"CrashPic{number:02d}"))
        body = f"<html><title>Page {number}</title><p>{'words and words ' * 300 * number}</p></html>".encode()
        pages.append(Page(url=f"https://paper-{number % 3}.example/story/{number}", body=body))
        links.append(Link(code=f"CrashLink{number}", to=pages[-1].url))
    return World(posts=tuple(posts), links=tuple(links), pages=tuple(pages))


def article(web: World) -> str:
    """A text that links all of it."""
    posts = "\n".join(f"A post: {post.url('twitter.com')}" for post in web.posts)
    links = "\n".join(f"More at https://t.co/{link.code}" for link in web.links)
    return f"An invented story.\n\n{posts}\n\n{links}\n"


def save(folder: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """One undisturbed ``save``."""
    done = subprocess.run(_command(folder), capture_output=True, text=True, timeout=120, check=False)
    if check and done.returncode:
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        waiting = [(row["url"], row["status"], row["error"]) for row in rows if row["error"]]
        raise AssertionError(f"save ended with {done.returncode}: {done.stderr}{waiting}")
    return done


def _command(folder: Path) -> list[str]:
    return [*_ARCHIVER, "--config", str(folder / "config.toml"), "save", "--json", str(folder / "article.txt")]


def killed_save(folder: Path, web: LoopbackWeb, after: int, pause_s: float) -> None:
    """``save``, killed ``pause_s`` after the web has been asked ``after`` more times (or when it ends by itself)."""
    before = len(web.log)
    process = subprocess.Popen(_command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(web.log) - before < after:
        time.sleep(0.001)
    time.sleep(pause_s)
    process.kill()
    process.wait()


_PLACES = ("warc", "record_id", "at", "by_at", "against_at")


def said(folder: Path) -> list[dict[str, Any]]:
    """What the archive says, without what differs from run to run (where, when, over which connection)."""
    command = [*_ARCHIVER, "--config", str(folder / "config.toml"), "list", "--json"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    rows = sorted((json.loads(line) for line in lines), key=lambda row: int(row["position"]))
    return [lasting(row) for row in rows]


def lasting(row: dict[str, Any]) -> dict[str, Any]:
    """One row of ``list --json`` without what differs from run to run."""
    facts = {
        field: [(str(_without_places(fact["value"])), fact["how"]) for fact in known]
        for field, known in row["facts"].items()
    }
    links = [{**link, "hops": [(hop["url"], hop["http_status"]) for hop in link["hops"]]} for link in row["links"]]
    captures = sorted(
        (capture["url"], capture["http_status"], capture["payload_digest"]) for capture in row["captures"]
    )
    evidence = sorted((said["source"], said["how"], said["says"]) for said in row["evidence"])
    status = "archived" if row["status"] == "already" else row["status"]
    read = {"facts": facts, "links": links, "captures": captures, "evidence": evidence}
    judged = {name: _without_places(row[name]) for name in ("claims", "disagreements")}
    source = bool(row["article_source"])  # its bytes lie somewhere
    return {**row, **read, **judged, "article_source": source, "status": status, "try_again_at": None}


def _without_places(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_places(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_places(item) for key, item in value.items() if key not in _PLACES}
    return value


def captured(archive: Path) -> Counter[str]:
    """How often each URL's answer is held, over all files; every member is read to its end on the way."""
    held: Counter[str] = Counter()
    for path in sorted(archive.glob("*.warc.gz*")):
        with gzip.open(path) as whole:
            while whole.read(1 << 20):
                pass
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "response":
                    held[record.rec_headers.get_header("WARC-Target-URI")] += 1
    return held


def committed(archive: Path) -> dict[str, bytes]:
    """The bytes of every file as they are now, by name without ``.open``."""
    return {path.name.removesuffix(".open"): path.read_bytes() for path in archive.glob("*.warc.gz*")}


def round_(number: int, folder: Path, web: LoopbackWeb, expected: list[dict[str, Any]], requests: int) -> int:
    """One round; how many kills it took. Raises ``AssertionError`` with what is wrong."""
    chance = random.Random(number)
    archive = folder / "warcs"
    shutil.rmtree(archive, ignore_errors=True)
    kills = chance.choice((1, 1, 2, 3))
    closed: dict[str, bytes] = {}
    for _ in range(kills):
        killed_save(folder, web, chance.randrange(0, requests), chance.random() * 0.03)
        files = committed(archive)
        for name, data in closed.items():
            assert files.get(name) == data, f"round {number}: {name} changed after it was closed"
        closed = {path.name: path.read_bytes() for path in archive.glob("*.warc.gz")}
    save(folder)
    for name, data in closed.items():
        assert (archive / name).read_bytes() == data, f"round {number}: {name} changed after it was closed"
    assert not list(archive.glob("*.open")), f"round {number}: a file is still open"
    twice = {url: count for url, count in captured(archive).items() if count > 1}
    assert not twice, f"round {number}: held twice: {twice}"
    now = said(folder)
    assert now == expected, f"round {number}: the archive says something else than an undisturbed one"
    before = len(web.log)
    save(folder)
    assert len(web.log) == before, f"round {number}: a further save asked the web again"
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="archiver-crash-"))
    try:
        small = world()
        with LoopbackWeb(small.hosts(), folder=folder, delay_s=0.005) as web:
            (folder / "article.txt").write_text(article(small))
            (folder / "config.toml").write_text(CONFIG.format(ca=web.ca_bundle, connect_to=web.connect_to_toml))
            save(folder)
            expected, requests, kills = said(folder), len(web.log), 0
            for number in range(options.rounds):
                kills += round_(options.seed + number, folder, web, expected, requests)
                print(f"\rround {number + 1} of {options.rounds}, {kills} kills", end="", flush=True)
        print(f"\n{options.rounds} rounds, {kills} kills, {requests} requests undisturbed: nothing lost, nothing twice")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
