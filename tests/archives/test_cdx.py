"""The index of captures: what is asked, and every form in which it answers."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archives import cdx
from tests.answers import answer, in_json
from tests.shared import needs_shared, shared_json

ENDPOINT = "https://web.archive.org/cdx/search/cdx"
NAMES = list(cdx.FIELDS)
ROW = [
    "com,twitter)/jack/status/20",
    "20191231235959",
    "https://twitter.com/jack/status/20",
    "text/html",
    "200",
    "Q4",
    "1415",
]
CASSETTES = "fixtures/archives/edgi_cassettes"


def cassette(name):
    """The answers of a recording, as exchanges with the URLs that got them."""
    for item in shared_json(f"{CASSETTES}/{name}.json")["interactions"]:
        said = item["response"]
        headers = [(key, value) for key, value in said["headers"].items() if key.lower() != "content-encoding"]
        yield item["request"]["uri"], answer(said["status"]["code"], *headers, body=said["body"], kind=None)


def test_a_question_names_the_url_and_wants_good_answers_in_json():
    """What is asked: captures that were answered 200, as JSON, with the key of the next page."""
    url = cdx.query_url(ENDPOINT, "https://twitter.com/jack/status/20", prefix=True, limit=50)
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "url": "https://twitter.com/jack/status/20",
        "output": "json",
        "filter": "statuscode:200",
        "limit": "50",
        "showResumeKey": "true",
        "matchType": "prefix",
    }


def test_the_same_row_twice_is_one_capture():
    """Recorded listings repeat rows; a capture is listed once."""
    listing = cdx.read(in_json([NAMES, ROW, ROW]))
    assert listing == cdx.Listing(
        rows=(
            cdx.Row(
                stamp="20191231235959",
                at=datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC),
                original="https://twitter.com/jack/status/20",
                media_type="text/html",
                digest="Q4",
                length_bytes=1415,
            ),
        )
    )


def test_the_resume_key_is_encoded_once_more():
    """The key comes percent-encoded and goes back encoded again, as recorded."""
    listing = cdx.read(in_json([NAMES, ROW, [], ["com%2Ccnn%29%2F+2001041400593%3A"]]))
    assert listing.resume == "com%2Ccnn%29%2F+2001041400593%3A"
    again = cdx.query_url(ENDPOINT, "cnn.com", limit=25, resume=listing.resume)
    assert "resumeKey=com%252Ccnn%2529%252F%2B2001041400593%253A" in again


@pytest.mark.parametrize("body", ["", "\n", "[]", "[[]]", f"[{NAMES!r}]".replace("'", '"')])
def test_nothing_archived_is_an_empty_listing(body):
    """An empty answer, in any of its forms, says that there are no captures."""
    assert cdx.read(answer(body=body)) == cdx.Listing()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([*ROW[:4], "302", *ROW[5:]], "another status"),
        ([*ROW[:4], "-", *ROW[5:]], "a revisit, whose status is not told"),
        ([ROW[0], "2019", *ROW[2:]], "half an instant"),
        ([ROW[0], "20191331000000", *ROW[2:]], "a thirteenth month"),
        (ROW[:3], "too few cells"),
        ([*ROW[:6], 1415], "a number where text belongs"),
        ([*ROW[:2], "", *ROW[3:]], "no address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_good_row_is_passed_over(row, why):
    """One odd row costs only itself."""
    assert [one.stamp for one in cdx.read(in_json([NAMES, row, ROW])).rows] == [ROW[1]], why


@pytest.mark.parametrize(
    ("exchange", "problem", "blocked"),
    [
        (answer(403, ("X-Archive-Wayback-Runtime-Error", "org.a.E: org.b.AccessControl: Blocked Site Error")),
         "the archive shows this site to nobody (Blocked Site Error)", True),
        (answer(403, body="no"), "the index answered 403", False),
        (answer(503, body="later"), "the index answered 503", False),
        (answer(body="[[", kind="application/json"), "the listing is not the JSON that was asked for", False),
        (answer(body="[" * 100_000), "the listing is not the JSON that was asked for", False),
        (answer(body="[]", cut="time"), "the listing can't be read: time", False),
    ],
)  # fmt: skip
def test_trouble_is_told_from_an_empty_listing(exchange, problem, blocked):
    """No listing is a problem in words, final only where the site is blocked."""
    assert cdx.read(exchange) == cdx.Listing(problem=problem, blocked=blocked)


@needs_shared
@pytest.mark.parametrize(
    ("name", "pages"),
    [("test_search", [1]), ("test_search_multipage", [25, 25, 25, 25]), ("test_search_with_filter", [10, 1])],
)
def test_recorded_listings_are_read(name, pages):
    """Plain rows, doubled, with the resume key behind them: as the service really answers."""
    for (url, exchange), most in zip(cassette(name), pages, strict=False):
        listing = cdx.read(exchange)
        assert listing.problem is None
        assert len(set(listing.rows)) == len(listing.rows)
        assert 0 < len(listing.rows) <= max(most, 1000) or "404" in url
        assert listing.resume is None or "%" in listing.resume


@needs_shared
def test_a_recorded_refusal_is_final():
    """The recorded 403 of a blocked site."""
    [(_, exchange), *_] = cassette("test_search_raises_for_blocked_urls")
    assert cdx.read(exchange).blocked


@given(st.recursive(st.none() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=8)))
def test_any_json_is_read_without_a_crash(value):
    """Whatever the index says, a listing comes back, each of its rows a real instant."""
    listing = cdx.read(in_json(value))
    assert all(row.at.tzinfo for row in listing.rows)
