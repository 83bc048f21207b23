"""Archives that lie, by malice or by accident: nothing false is recorded, and nobody asks without end."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from archiver.archives import cdx
from tests.answers import NOW, answer
from tests.loopback.legacy import legacy_page, version_1, version_2
from tests.loopback.nouns import Account
from tests.loopback.wayback import Capture, in_json, of_post
from tests.test_identify import EMBED, told
from tests.test_recover import POST, recovery

OTHER = replace(POST, post_id=str(int(POST.post_id) - (1 << 40)), by=Account("ben_eg", "Ben"), text="Somebody else")
URL, STAMP = POST.url("twitter.com"), "20180302000000"
FOREIGN = f"https://evil.example/anna_eg/status/{POST.post_id}"
MIRROR = f"https://nitter.evil.example/anna_eg/status/{POST.post_id}"


def under_its_id(post):
    """``post`` passed off as ours: our id, its words, author and time."""
    page = legacy_page(post).replace(post.post_id, POST.post_id)
    told_in_json = [version(post) | {} for version in (version_1, version_2)]
    told_in_json[0]["id_str"] = told_in_json[1]["data"]["id"] = POST.post_id
    return [
        Capture(url=URL, stamp=STAMP, body=page.encode()),
        *(in_json(POST, STAMP, value) for value in told_in_json),
    ]


def listing(*originals, stamp=STAMP):
    """An index that names these addresses, whatever it is asked for."""
    rows = [["urlkey", "timestamp", "original"], *([f"k{n}", stamp, one] for n, one in enumerate(originals))]
    return lambda url: answer(body=json.dumps(rows)) if "/cdx/" in url else None


def dated(header):
    """Captures whose own date is this, whatever they are called."""
    page = answer(200, ("Memento-Datetime", header), body=legacy_page(POST))
    return lambda url: page if "/web/2" in url else None


@pytest.mark.parametrize("capture", under_its_id(OTHER), ids=["page", "version 1.1", "version 2"])
async def test_another_post_under_the_id_is_not_believed(capture):
    """Its time is not the one in the id."""
    found, _ = await recovery(capture)
    assert (dict(found.facts), found.settled) == ({}, True)
    assert "another post under its id, of 2018-03-01" in found.seen


async def test_an_element_that_contradicts_itself_is_passed_over():
    """The id asked for, beside the address of another post."""
    page = legacy_page(OTHER).replace(f'data-tweet-id="{OTHER.post_id}"', f'data-tweet-id="{POST.post_id}"')
    found, _ = await recovery(Capture(url=URL, stamp=STAMP, body=page.encode()))
    assert not found.facts


@pytest.mark.parametrize("there", [FOREIGN, MIRROR, OTHER.url("twitter.com"), "https://twitter.com/account/suspended"])
async def test_a_capture_that_leads_elsewhere_shows_nothing(there):
    """An archived redirect to a page that holds the very markup."""
    moved = Capture(url=URL, stamp=STAMP, status=302, to=there)
    found, _ = await recovery(moved, Capture(url=there, stamp=STAMP, body=legacy_page(POST).encode()))
    assert not found.facts


@pytest.mark.parametrize(
    "original",
    [
        FOREIGN,
        MIRROR,
        f"https://web.archive.org/web/2018/{URL}",
        f"https://twitter.com/a/../../../save/{URL}",
        f"https://twitter.com.evil.example/a/status/{POST.post_id}",
        f"https://twitter.com@evil.example/a/status/{POST.post_id}",
        f"https://evil.example/?u={URL}",
        "https://twitter.com/anna_eg/status/20",
        "\u202egepj.exe",
    ],
)
async def test_an_index_that_names_foreign_pages_is_not_followed(original):
    """Only the post's own page on X's own hosts is asked for, and availability's word is no better."""
    held = Capture(url=original, stamp=STAMP, body=legacy_page(POST).encode())
    found, asked = await recovery(held, instead=listing(original))
    assert not [url for url in asked if "/web/2" in url]
    near = json.dumps(
        {"archived_snapshots": {"closest": {
            "available": True, "status": "200", "url": f"http://web.archive.org/web/{STAMP}/{original}"}}}
    )  # fmt: skip
    found, asked = await recovery(held, instead=lambda url: answer(body=near) if "/available" in url else None)
    assert not [url for url in asked if "/web/2" in url]
    assert not found.facts


@pytest.mark.parametrize(
    ("header", "stamp", "why"),
    [
        ("Fri, 02 Mar 2018 00:00:00 GMT", "20180401000000", "dated otherwise"),
        ("Fri, 02 Mar 2018 00:02:00 GMT", "20180302000000", "dated otherwise"),
        ("Thu, 01 Mar 2001 00:00:00 GMT", "20010301000000", "captured before the post was made"),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), cdx.stamp(NOW + timedelta(days=400)),
         "dated in the future"),
    ],
)  # fmt: skip
async def test_a_capture_with_a_wrong_date_is_not_believed(header, stamp, why):
    """Two dates, one before the post, one to come: whatever it shows."""
    index, page = listing(URL, stamp=stamp), dated(header)
    found, _ = await recovery(instead=lambda url: index(url) or page(url))
    assert not found.facts
    assert why in found.seen


async def test_rows_without_end_cost_no_more_than_any():
    """5,000 captures of one id, each another shell: five are looked at."""
    rows = [f"{URL}?s={number}" for number in range(5_000)]
    found, asked = await recovery(instead=listing(*rows))
    assert len([url for url in asked if "/web/2" in url]) == 5
    assert not found.facts
    seen = await told(instead=listing(*rows))
    assert seen is not None
    assert (seen.listed, seen.read, seen.post) == (1, 0, None)


async def test_redirects_in_a_ring_are_no_answer():
    """And the next capture is looked at."""
    there = f"{URL}?s=20"
    ring = (
        Capture(url=URL, stamp=STAMP, status=302, to=there),
        Capture(url=there, stamp=STAMP, status=302, to=URL),
    )
    found, asked = await recovery(*ring, instead=listing(URL))
    assert not found.facts
    assert len([url for url in asked if "/web/2" in url]) < 10
    found, _ = await recovery(*ring, of_post(POST, "20180303000000", host="x.com"))
    assert found.facts


@pytest.mark.parametrize("lie", ["id", "early", "elsewhere"])
async def test_no_lie_identifies_an_embed(lie):
    """The words agree; the id's time, the capture's date or its address does not."""
    stamp = "20170401000000" if lie == "early" else "20180401000000"
    shown = replace(POST, text=str(EMBED.text))
    page = legacy_page(shown)
    if lie == "id":
        page = re.sub(r'data-time="\d+"', 'data-time="1500000000"', page)
    captures = [Capture(url=URL, stamp=stamp, body=page.encode())]
    if lie == "elsewhere":
        moved = Capture(url=URL, stamp=stamp, status=302, to=FOREIGN)
        captures = [moved, Capture(url=FOREIGN, stamp=stamp, body=page.encode())]
    found = await told(*captures, instead=listing(URL, stamp=stamp))
    assert found is not None
    assert (found.post, found.candidates) == (None, ())
