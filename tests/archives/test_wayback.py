"""Availability and replay: what is the archived site's answer, and what is the archive's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.archives import wayback
from tests.answers import answer, in_json
from tests.archives.test_cdx import cassette
from tests.shared import needs_shared, shared_json

ROOT = "https://web.archive.org/web"
POST = "https://twitter.com/jack/status/20"
HERE = f"{ROOT}/20191231235959id_/{POST}"
DATED = ("Memento-Datetime", "Tue, 31 Dec 2019 23:59:59 GMT")
AT = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)


def hit(**more):
    """The answer of a hit; ``more`` replaces fields of its snapshot."""
    closest = {"available": True, "url": f"http://web.archive.org/web/20191231235959/{POST}", "status": "200", **more}
    return in_json({"url": "twitter.com/jack/status/20", "archived_snapshots": {"closest": closest}})


def test_availability_is_asked_without_scheme_and_with_an_instant():
    """A scheme, or no instant, is reported to turn hits into misses."""
    url = wayback.availability_url("https://archive.org/wayback/available", POST, AT)
    assert url == "https://archive.org/wayback/available?url=twitter.com%2Fjack%2Fstatus%2F20&timestamp=20191231235959"


def test_a_hit_names_a_capture():
    """Its instant and the address as captured."""
    assert wayback.read_availability(hit()) == wayback.Snapshot(stamp="20191231235959", at=AT, original=POST)


@pytest.mark.parametrize(
    "exchange",
    [
        in_json({"url": "x", "archived_snapshots": {}}),
        hit(status="302"),
        hit(available=False),
        hit(url="https://evil.example/"),
        hit(url=None),
        in_json([]),
        in_json({"archived_snapshots": {"closest": []}}),
        answer(body="<html>busy"),
        answer(503, body='{"archived_snapshots": {}}'),
    ],
)
def test_every_other_answer_names_none(exchange):
    """A miss, a capture of a redirect, trouble: nothing is named, and nothing proved."""
    assert wayback.read_availability(exchange) is None


@needs_shared
def test_the_documented_shapes_are_read():
    """The hit and the miss as documented."""
    shapes = shared_json("fixtures/archives/shapes.json")["availability"]
    assert wayback.read_availability(in_json(shapes["hit"])) is not None
    assert wayback.read_availability(in_json(shapes["miss"])) is None


@pytest.mark.parametrize("status", [200, 404, 429, 500])
def test_with_memento_datetime_the_status_is_the_archived_one(status):
    """An archived 404 or 429 is what the site once answered, not what the archive answers now."""
    assert wayback.read_replay(answer(status, DATED, url=HERE)) == wayback.Replay(kind="memento", at=AT)


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        (answer(404, body="not archived", url=HERE), "missing"),
        (answer(200, body="This URL has been excluded", url=HERE), "trouble"),
        (answer(429, url=HERE), "trouble"),
        (answer(503, url=HERE), "trouble"),
        (answer(200, ("memento-datetime", "yesterday"), url=HERE), "trouble"),
    ],
)
def test_without_it_the_archive_speaks_for_itself(exchange, kind):
    """Not archived, or no answer now."""
    assert wayback.read_replay(exchange).kind == kind


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        (f"{ROOT}/20200101000000id_/{POST}", f"{ROOT}/20200101000000id_/{POST}"),
        (f"/web/20200101000000/{POST}", f"{ROOT}/20200101000000id_/{POST}"),
        ("https://evil.example/web/20200101000000id_/x", None),
        ("http://web.archive.org/web/20200101000000id_/x", None),
        ("https://web.archive.org/account/login", None),
        ("https://[/", None),
    ],
)
def test_the_nearest_capture_is_followed_within_the_archive_only(location, leads):
    """A 302 leads to the nearest capture, whose own instant counts; elsewhere nobody is asked."""
    replay = wayback.read_replay(answer(302, ("location", location), url=HERE))
    assert replay.next == leads
    assert replay.kind == ("elsewhere" if leads else "trouble")


def test_an_archived_redirect_keeps_its_instant():
    """Where the site itself once sent its visitors."""
    there = f"{ROOT}/20191231235959id_/https://twitter.com/account/suspended"
    replay = wayback.read_replay(answer(302, DATED, ("location", there), url=HERE))
    assert replay == wayback.Replay(kind="elsewhere", at=AT, next=there)


@needs_shared
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("test_get_memento", ["memento"]),
        ("test_get_memento_follows_historical_redirects", ["elsewhere", "elsewhere", "elsewhere", "memento"]),
        ("test_get_memento_works_on_archived_rate_limit_responses", ["memento"]),
        ("test_get_memento_raises_no_memento_error", ["missing"]),
        ("test_get_memento_raises_blocked_error", ["trouble"]),
    ],
)
def test_recorded_replays_are_told_apart(name, kinds):
    """The recordings of the service itself."""
    seen = [wayback.read_replay(_at(url, exchange)).kind for url, exchange in cassette(name)]
    assert seen[: len(kinds)] == kinds


def _at(url, exchange):
    return answer(exchange.status, *exchange.headers, body=exchange.body or b"", url=url, kind=None)
