"""Feeds of every form."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.sources import Listing, read_feed
from archiver.sources.feed import MAX_ENTRIES

URL = "https://news.example/feeds/front.xml"
RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Front</title>
<item><title>One &amp; all</title><link>/2026/one?utm_source=rss</link><guid>1</guid>
 <pubDate>Sun, 22 Nov 2026 10:00:00 +0100</pubDate><description>short</description>
 <content:encoded><![CDATA[<p>all of it <blockquote class="twitter-tweet">x</blockquote></p>]]></content:encoded></item>
<item><title>Again</title><link>https://news.example/2026/one</link></item>
<item><guid isPermaLink="true">https://news.example/2026/two</guid></item>
<item><title>No link</title></item><item><link>javascript:alert(1)</link></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/x/"><title>F</title>
<entry><title type="html">A &lt;b&gt;bold&lt;/b&gt; one</title><link rel="alternate" href="https://news.example/a"/>
<link rel="edit" href="https://news.example/edit"/><published>2026-11-20T08:00:00Z</published>
<updated>2026-11-21T08:00:00+02:00</updated><content type="html">&lt;p&gt;hello&lt;/p&gt;</content></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel><title>F</title></channel><item><title>R</title><link>https://news.example/r</link></item></rdf:RDF>"""
JSON = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [
 {"id": "1", "url": "https://news.example/j", "title": "J\\u001b[31m", "content_html": "<p>j</p>",
  "date_published": "2026-11-22T09:00:00+01:00"},
 {"id": "https://news.example/k"}, {"id": 7}, "x", {"url": 5}]}"""


def test_rss_says_address_title_time_and_its_own_text():
    """Relative links are the feed's, tracking is left out, each address comes once."""
    listing = read_feed(RSS, url=URL)
    assert listing.problem is None
    assert [entry.url for entry in listing.entries] == [
        "https://news.example/2026/one",
        "https://news.example/2026/two",
    ]
    one = listing.entries[0]
    assert (one.title, one.published) == ("One & all", datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert one.content == '<p>all of it <blockquote class="twitter-tweet">x</blockquote></p>'


def test_atom_says_both_times():
    """``published`` and ``updated``, in UTC; the page is the alternate link."""
    (entry,) = read_feed(ATOM, url=URL).entries
    assert entry.url == "https://news.example/a"
    assert entry.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert entry.modified == entry.dated == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert entry.content == "<p>hello</p>"


def test_json_feed_is_known_by_its_first_letter():
    """Whatever the server calls it; an id that is an address is one; items of another shape are passed over."""
    listing = read_feed(JSON, url=URL, media_type="text/plain")
    assert [entry.url for entry in listing.entries] == ["https://news.example/j", "https://news.example/k"]
    assert listing.entries[0].title == "J[31m"
    assert listing.entries[0].published == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_rdf_is_a_feed_too():
    """RSS 1.0."""
    assert [entry.url for entry in read_feed(RDF, url=URL).entries] == ["https://news.example/r"]


def test_a_feed_that_is_not_well_formed_is_read_as_far_as_it_goes():
    """An ampersand in a title costs nothing."""
    listing = read_feed(RSS.replace(b"<title>Front", b"<title>Front & back &nbsp;"), url=URL)
    assert (len(listing.entries), listing.problem) == (2, None)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"<!DOCTYPE html><html><body><h1>503</h1></body></html>", "not a feed"),
        (b"", "not a feed"),
        (b"\x00\xff\xfe\x00", "not a feed"),
        (b'{"items": {}}', "not a feed: JSON without items"),
        (b'{"items": [', "not a feed: neither XML nor JSON that can be read"),
        (b"[" * 100_000, "not a feed"),
        (b'{"a":' * 100_000, "not a feed: neither XML nor JSON that can be read"),
        (b"<rss>" + b"<a>" * 400_000, "more than 400,000 tags"),
    ],
)
def test_what_is_no_feed_says_so(data, problem):
    """An error page that comes with a 200 is no empty feed."""
    assert read_feed(data, url=URL) == Listing(problem=problem)


def test_an_empty_feed_is_no_mistake():
    """It has no entries, and no problem."""
    assert read_feed(b'<rss version="2.0"><channel><title>F</title></channel></rss>', url=URL) == Listing()


def test_the_number_of_entries_is_bounded():
    """The first ones are taken."""
    items = b"".join(b"<item><link>https://news.example/%d</link></item>" % n for n in range(MAX_ENTRIES + 5))
    listing = read_feed(b'<rss version="2.0"><channel>' + items + b"</channel></rss>", url=URL)
    assert len(listing.entries) == MAX_ENTRIES
    assert "the first were taken" in (listing.problem or "")


LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(12))
EVIL = {
    "entities in entities": b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">' + LAUGHS + b"]><rss><title>&m;</title></rss>",
    "a local file": b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item>'
    b"<link>https://news.example/a</link><title>&a;</title></item></channel></rss>",
    "open tags": b"<rss><channel>" + b"<item>" * 20_000,
    "ampersands": b"<rss><channel><item><title>" + b"&" * 100_000,
    "comments": b"<rss>" + b"<!--" * 50_000,
}


@pytest.mark.parametrize("what", EVIL)
def test_a_hostile_feed_costs_seconds_at_most_and_reads_no_file(what):
    """Nothing grows, nothing is fetched, nothing of this machine is shown."""
    start = time.process_time()
    listing = read_feed(EVIL[what], url=URL)
    assert time.process_time() - start < 5
    assert not any("root:" in str(entry) for entry in listing.entries)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(RSS)))
def test_any_bytes_are_a_listing(noise, at):
    """Whatever a server sends in the middle of a feed."""
    assert isinstance(read_feed(RSS[:at] + noise + RSS[at:], url=URL), Listing)
