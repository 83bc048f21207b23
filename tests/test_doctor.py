"""What the doctor says of what was looked at, and what it does from the command line."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archiver import doctor
from archiver.model import Health, Probed
from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom

GIB = 1 << 30
WELL = Health(
    folder="/srv/warcs", room="/srv/warcs", exists=True, writable=True, foreign_owner=None, mode=0o755,
    free_bytes=50 * GIB, total_bytes=100 * GIB, file_system="ext4", schema=3, schema_known=3, warcs=4,
)  # fmt: skip


@pytest.fixture
def room(tmp_path):
    """A newsroom on the sample web, with nothing saved yet."""
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path) as web:
        yield Newsroom(tmp_path, web)


def test_an_archive_in_order_gives_no_hint():
    """All is well, and nothing is to be done."""
    found = list(doctor.of_folder(WELL))
    assert [(one.state, one.hint) for one in found] == [("well", None)] * len(found)


@pytest.mark.parametrize(
    ("change", "name", "state", "word"),
    [
        ({"writable": False}, "archive", "trouble", "can't be written"),
        ({"mode": 0o777}, "archive", "trouble", "anybody may write"),
        ({"missing": ("a.warc.gz",)}, "files", "trouble", "a.warc.gz"),
        ({"foreign_owner": 0}, "archive", "warning", "another user"),
        ({"exists": False, "mode": 0o777}, "archive", "well", "will be made"),
        ({"free_bytes": GIB // 2}, "disk", "trouble", "0.5 of 100.0 GiB"),
        ({"free_bytes": 5 * GIB}, "disk", "warning", "5.0 of 100.0 GiB"),
        ({"file_system": "nfs4"}, "file system", "warning", "nfs4"),
        ({"file_system": "fuse.sshfs"}, "file system", "warning", "sshfs"),
        ({"file_system": None}, "file system", "well", "not known"),
        ({"holder": "process 7 on news"}, "lock", "well", "process 7"),
        ({"unclean": True}, "lock", "warning", "killed"),
        ({"catalog_problem": "malformed"}, "catalog", "trouble", "malformed"),
        ({"schema": None}, "catalog", "warning", "missing"),
        ({"schema": None, "warcs": 0}, "catalog", "well", "none yet"),
        ({"schema": 9}, "catalog", "trouble", "newer"),
        ({"schema": 1}, "catalog", "warning", "older"),
    ],
)
def test_each_flaw_of_the_folder_is_named(change, name, state, word):
    """With what is wrong, how bad it is, and what to do."""
    (found,) = [one for one in doctor.of_folder(replace(WELL, **change)) if one.name == name]
    assert (found.state, word in found.said, bool(found.hint)) == (state, True, state != "well")


@pytest.mark.parametrize(
    ("wanted", "installed", "state"),
    [(True, True, "well"), (True, False, "warning"), (False, False, "well")],
)
def test_indexes_that_can_not_be_made_are_named(wanted, installed, state):
    """With what to install; who wants none is well."""
    (found,) = doctor.of_indexes(wanted=wanted, installed=installed)
    assert (found.state, "archiver[pack]" in str(found.hint)) == (state, state == "warning")


@pytest.mark.parametrize(
    ("offsets", "state"),
    [((0, 1), "well"), ((-40, -41), "warning"), ((4000, 4000, 4000), "trouble"), ((0, 0, 9999), "well")],
)
def test_the_clock_is_judged_by_what_most_services_say(offsets, state):
    """One service whose own clock is wrong does not count."""
    heard = [
        Probed(url=f"https://h{n}/robots.txt", status=404, peer="192.0.2.1", behind_s=float(off))
        for n, off in enumerate(offsets)
    ]
    (clock,) = [one for one in doctor.of_network(heard) if one.name == "clock"]
    assert clock.state == state


def test_without_a_date_nothing_is_said_of_the_clock():
    """Unknown is not well."""
    assert [
        one.name
        for one in doctor.of_network([Probed(url="https://t.co/robots.txt", problem="unreachable: no network")])
    ] == ["t.co"]


@pytest.mark.parametrize(
    ("answer", "state", "word"),
    [
        ({"status": 200}, "well", "answers 200"),
        ({"status": 304}, "well", "answers 304"),
        ({"status": 404}, "trouble", "answered 404"),
        ({"problem": "unreachable: no address found"}, "trouble", "no address found"),
    ],
)
def test_each_source_on_the_web_is_asked_for_itself(answer, state, word):
    """That its host is up says nothing about the feed."""
    (found,) = doctor.of_sources({"front": Probed(url="https://news.example/feed.xml", **answer)})
    assert (found.name, found.state, word in found.said, bool(found.hint)) == (
        "source front", state, True, state != "well",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "agent", "state"),
    [
        ("mailto:desk@news.example", "archiver/1 (+mailto:desk@news.example)", "well"),
        ("", "archiver/1", "warning"),
        ("", "newsbot (desk@news.example)", "well"),
    ],
)
def test_a_user_agent_must_name_somebody(contact, agent, state):
    """By a contact, or by an address in its own words."""
    (found,) = doctor.of_settings(contact=contact, user_agent=agent, secrets={})
    assert found.state == state


@pytest.mark.parametrize(("mode", "state"), [(0o600, "well"), (0o640, "trouble"), (None, "trouble")])
def test_a_secret_is_for_its_owner_alone(mode, state):
    """A file that others may read is no secret."""
    *_, found = doctor.of_settings(contact="a@b", user_agent="a", secrets={"/etc/bearer": mode})
    assert (found.name, found.state) == ("secret", state)


@pytest.mark.parametrize(
    ("latest", "last_success_h", "state"),
    [
        (None, None, "well"),
        ({"exit_code": 0}, 5, "well"),
        ({"exit_code": 0, "sources": {"front": {"state": "well"}}}, 5, "well"),
        ({"exit_code": 1, "sources": {"front": {"state": "broken"}}}, 5, "warning"),
        ({"exit_code": 1}, 50, "trouble"),
        ({"exit_code": 1}, None, "trouble"),
        ({"exit_code": 0}, -48, "trouble"),
        ({"exit_code": 74, "stopped_by": "min-free"}, 5, "trouble"),
        ({"exit_code": 69}, 5, "warning"),
        ({"exit_code": 143, "stopped_by": "SIGTERM"}, 5, "warning"),
        ({"exit_code": 1, "told": {"problems": ["the news are told the next night: no"]}}, 5, "warning"),
    ],
)
def test_what_counts_is_how_long_ago_a_night_ended_well(latest, last_success_h, state):
    """A night that fails is no news; no night that ends well for a day and a half is."""
    now = datetime(2026, 7, 5, 12, tzinfo=UTC)
    since = None if last_success_h is None else f"{(now - timedelta(hours=last_success_h)).isoformat()}"
    told = latest and {
        "ended_at": "",
        "error": None,
        "stopped_by": None,
        "sources": {},
        **latest,
        "last_success_at": since,
    }
    (found,) = doctor.of_reports(told, now)
    assert found.state == state


def test_the_doctor_of_a_filled_archive_finds_nothing_wrong(room):
    """Against the loopback web: exit 0, every service answers, nothing is added to the archive."""
    room.save(sample.ARTICLE_URL)
    before = sorted((path.name, path.stat().st_size) for path in room.archive.iterdir())
    said = room.archiver("doctor", "--json")
    by_name = {row["name"]: row for row in said.rows}
    assert (said.code, {row["state"] for row in said.rows}) <= (0, {"well", "warning"})
    assert by_name["t.co"]["said"].startswith("answers from 127.0.0.1")
    assert by_name["user agent"]["state"] == "warning"
    assert sorted((path.name, path.stat().st_size) for path in room.archive.iterdir()) == before


def test_the_doctor_without_a_network(room):
    """It says for each service why it can't be reached, and what to do; with --offline it does not ask."""
    room.unplug()
    said = room.archiver("doctor")
    assert (said.code, "✗ t.co: unreachable" in said.out, "→ check DNS" in said.out) == (1, True, True)
    assert room.archiver("doctor", "--offline").code == 0
    assert not room.archive.exists()


def test_the_doctor_looks_at_what_a_night_needs(room):
    """Sources of every kind, the files that it writes and the programs that it runs, and files that are gone."""
    (room.folder / "there").mkdir()
    settings = """
[[sources]]
folder = "there"
[[sources]]
folder = "not-there"
[[sources]]
list = "urls.txt"
[[sources]]
name = "front"
feed = "https://news.example/no-such-feed.xml"
[nightly]
metrics_file = "no-folder/archiver.prom"
news_command = ["no-such-program", "-s"]
ping_url = "http://127.0.0.1:1/ping"
"""
    with (room.folder / "config.toml").open("a") as file:
        file.write(settings)
    room.save(sample.ARTICLE_URL)
    closed = next(room.archive.glob("*.warc.gz"))
    closed.rename(room.folder / "elsewhere")
    said = room.archiver("doctor", "--json")
    states = {row["name"].rpartition("/")[2]: row["state"] for row in said.rows}
    assert (said.code, states["there"], states["not-there"], states["urls.txt"]) == (1, "well", *2 * ["trouble"])
    assert {states[name] for name in ("source front", "metrics", "news", "ping", "files")} == {"trouble"}


def test_the_doctor_names_who_holds_the_lock(room):
    """While a save runs, and lets it run."""
    room.archive.mkdir()
    with (room.archive / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(b'{"pid": 7, "host": "news", "start": "2026-07-05T02:30:00Z", "command": "archiver nightly"}')
        lock.flush()
        rows = room.archiver("doctor", "--offline", "--json").rows
    assert [row["said"] for row in rows if row["name"] == "lock"] == [
        "held by process 7 on news since 2026-07-05T02:30:00Z (archiver nightly)"
    ]
