"""``archiver save`` where something is wrong: no network, a signal, a full disk, hostile answers, mistakes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.store.lock import Lock
from tests.loopback import sample_world as sample
from tests.loopback.hostile import BOMBS, PRIVATE_HOSTS, ROUTES, hostile
from tests.loopback.nouns import Link
from tests.net.street import Trap
from tests.saving import post, world


def test_without_a_network_everything_waits_and_nothing_is_lost(newsroom):
    """The article's own claims are kept, the links that wait are named, and the next save goes on."""
    room = newsroom(sample.sample_world())
    room.unplug()
    said = room.archiver("save", sample.ARTICLE_TXT)
    assert said.code == 69
    assert "https://t.co/GullPoint1 waits" in said.out
    rows = room.archiver("list", "--json").rows
    assert [(r["status"], r["handle"]) for r in rows] == [
        ("pending", "ElleryLive_eg"), ("pending", "noor_saleh_eg"), ("pending", "ivo_brandt_eg")
    ]  # fmt: skip
    assert all(fact["record_id"] for r in rows for facts in r["facts"].values() for fact in facts)
    room.connect(room.web.connect_to_toml)
    said = room.save(sample.ARTICLE_TXT)
    assert (said.code, [r["status"] for r in said.rows]) == (0, ["archived", "unavailable", "unavailable"])


def test_a_full_device_is_no_bug(newsroom):
    """Standard output that can't be written is exit 74."""
    room = newsroom(world(shown := post()))
    room.save(room.file("a.txt", shown.url()))
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "archiver", "--config", str(room.config), "list"]
        assert subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL, check=False).returncode == 74


def test_a_whole_run_over_bombs_and_floods_stays_small(newsroom):
    """Every hostile answer costs its own link only; the process's peak is below 150 MB."""
    names = [*BOMBS, *ROUTES]
    hosts = [f"https://h{number}.hostile.test" for number in range(len(names))]
    links = tuple(Link(code=f"Hostile{n:03d}", to=f"{hosts[n]}/{name}") for n, name in enumerate(names))
    limits = (
        'max_body_bytes = "30 MB"\nhead_timeout_s = 1.5\ntotal_timeout_s = 6\n'
        "min_rate_window_s = 1\nmin_bytes_per_s = 2000\n"
    )
    room = newsroom(world(links=links), network=limits, **{"*.hostile.test": hostile})
    room.config.write_text(room.config.read_text().replace("tries = 2", "tries = 1"))
    text = room.file("a.txt", "\n".join(link.url for link in links))
    code = (
        "import sys\nfrom archiver.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*(line for line in open('/proc/self/status') if 'VmHWM' in line), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "--config", str(room.config), "save", "--json", str(text)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    (peak,) = map(int, re.findall(r"VmHWM:\s+(\d+) kB", done.stderr))
    assert len(done.stdout.splitlines()) == len(names)
    assert peak < 150_000, f"{peak} kB"
    for path in room.archive.glob("*.warc.gz"):
        subprocess.run(["gzip", "-t", path], check=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_save_keeps_what_was_finished_and_goes_on(newsroom, number, code):
    """The exit code says what stopped it; the next save asks only for the rest."""
    posts = tuple(post(f"2024-03-01T10:00:{n:02d}.000Z") for n in range(12))
    room = newsroom(world(*posts), network="parallel = 1")
    room.web.delay_s = 0.2  # so that it is not done before it is stopped, however busy the machine is
    text = room.file("a.txt", "\n".join(one.url() for one in posts))
    process = room.start("save", text)
    while len(room.web.log) < 8:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == code
    kept = sum(1 for _ in room.records("response"))
    assert kept >= 6
    room.web.delay_s = 0
    asked = len(room.web.log)
    assert room.save(text).code == 0
    urls = Counter(headers["WARC-Target-URI"] for headers, _ in room.records("response"))
    assert max(urls.values()) == 1
    assert len(room.web.log) - asked == sum(urls.values()) - kept


def test_a_second_run_is_told_who_holds_the_archive(newsroom):
    """Who waits says for whom; with ``--wait-lock 0``, exit 75 at once."""
    room = newsroom(world(wanted := post()))
    text = room.file("a.txt", wanted.url())
    room.archive.mkdir()
    held = Lock.take(room.archive, datetime.now(UTC))
    refused = room.archiver("save", "--wait-lock", "0", text)
    assert (refused.code, f"in use by process {os.getpid()} on " in refused.err) == (75, True)
    with room.start("save", "--json", text) as waiting:
        assert waiting.stderr
        told = waiting.stderr.readline()
        held.release(clean=True)
        waiting.communicate(timeout=120)
    assert re.match(rf"waiting, at most 3600 s: .* is in use by process {os.getpid()} on .* since ", told)
    assert waiting.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("save", "nothing-here.txt"), 66, "No such file"),
        (("save", "news.example/story"), 66, "https://news.example/story"),
        (("save", "."), 66, "not a regular file"),
        (("save", "ftp://example.com/a"), 66, "only http"),
        (("save", "/dev/null"), 66, "not a regular file"),
        (("save",), 2, "Missing argument"),
        (("save", "--colour", "x"), 2, "No such option"),
        (("show", "12345"), 66, "no archive"),
        (("save", "http://[::1"), 66, ""),
        (("save", "--url", "notaurl", "config.toml"), 66, "notaurl"),
        (("resolve", "foo"), 66, "foo"),
        (("list", "--status", "gone"), 2, "gone"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_mistakes_are_answered_with_what_to_do(newsroom, words, code, says):
    """One line on standard error, nothing on standard output, a documented exit code, no traceback."""
    said = newsroom(world()).archiver(*words)
    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert "Traceback" not in said.err


def test_every_mistake_in_the_configuration_is_reported_at_once(newsroom):
    """With the nearest known key."""
    room = newsroom(world())
    room.config.write_text('[netwrok]\n[network]\ntriess = 3\nmax_body_bytes = "10 M"\n')
    said = room.archiver("config")
    assert said.code == 78
    assert [word in said.err for word in ("did you mean network?", "did you mean tries?", "10 M")] == [True] * 3


@pytest.mark.parametrize(
    "hostile_bytes",
    [
        b"\x00" * 5000,
        b"\xff\xfe" + bytes(range(256)) * 20,
        b"<div>" * 20_000 + b"https://t.co/",
        b"<!--" * 20_000,
        b"\xed\xa0\x80 a",
    ],
    ids=["zeros", "binary", "deep", "comments", "surrogate"],
)
def test_a_hostile_file_is_no_bug_of_ours(newsroom, hostile_bytes):
    """It is archived as it is; there is nothing in it, or only what is in it."""
    room = newsroom(world())
    said = room.archiver("save", room.file("evil.html", hostile_bytes))
    assert said.code in (0, 1), said.err
    assert "Traceback" not in said.err + said.out


def test_an_archive_whose_catalog_is_gone_is_read_back_from_its_warcs(newsroom):
    """The next save says so, and asks for nothing that is there."""
    room = newsroom(sample.sample_world())
    room.save(sample.ARTICLE_TXT)
    before = room.archiver("list", "--json").out
    asked = len(room.web.log)
    for path in room.archive.glob("catalog*"):
        Path(path).unlink()
    said = room.save(sample.ARTICLE_TXT)
    assert (said.code, len(room.web.log)) == (0, asked)
    assert room.archiver("list", "--json").out == before


def test_links_to_private_addresses_are_refused(newsroom):
    """In every spelling; each chain up to there is kept, and no connect reaches the trap."""
    trap = Trap()
    names = {f"Private{number:03d}": address for number, address in enumerate(PRIVATE_HOSTS)}
    links = tuple(Link(code=code, to=f"http://{address}:{trap.port}/") for code, address in names.items())
    room = newsroom(world(links=links))
    # Only t.co is on the loopback web: every other name and address is left to the guard.
    room.connect(f'{{ "t.co:443" = "127.0.0.1:{room.web.tls_port}" }}', f"allowed_ports = [80, 443, {trap.port}]")
    rows = room.save(room.file("a.txt", "\n".join(link.url for link in links))).rows
    caught = trap.caught()
    trap.close()
    answers = {names[r["url"][-10:]]: (r["status"], r["links"][0]["hops"][0]["http_status"]) for r in rows}
    assert answers == dict.fromkeys(PRIVATE_HOSTS, ("refused", 301))
    assert caught == []
