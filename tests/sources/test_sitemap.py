"""Sitemaps, their indexes, and news sitemaps."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.sources import Entry, Listing, read_sitemap

URL = "https://news.example/sitemap.xml"
MAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
 <url><loc> https://news.example/a?utm_source=x </loc><lastmod>2026-11-20</lastmod></url>
 <url><loc>https://news.example/b</loc><news:news><news:publication><news:name>N</news:name></news:publication>
  <news:publication_date>2026-11-22T06:00:00+01:00</news:publication_date><news:title>B &amp; C</news:title></news:news>
 </url>
 <url><loc>https://news.example/c</loc></url><url><loc>mailto:x</loc></url><url></url>
</urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
 <sitemap><loc>/maps/2026-11.xml.gz</loc><lastmod>2026-11-22T00:00:00Z</lastmod></sitemap>
 <sitemap><loc>https://news.example/maps/2019.xml</loc><lastmod>2019-12-31</lastmod></sitemap>
 <sitemap><loc>https://news.example/maps/other.xml</loc></sitemap></sitemapindex>"""
NOVEMBER_21 = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [MAP, gzip.compress(MAP), gzip.compress(MAP[:300]) + gzip.compress(MAP[300:])],
    ids=["plain", "gzip", "gzip of two members"],
)
def test_a_sitemap_says_addresses_and_times(data):
    """With title and publication time where it is a news sitemap; gzipped files too."""
    assert read_sitemap(data, url=URL).entries == (
        Entry(url="https://news.example/a", modified=datetime(2026, 11, 20, tzinfo=UTC)),
        Entry(url="https://news.example/b", title="B & C", published=datetime(2026, 11, 22, 5, tzinfo=UTC)),
        Entry(url="https://news.example/c"),
    )


def test_an_address_is_the_pages_own():
    """Not that of its pictures or its films, wherever they stand; and their titles are not its."""
    pictures = b"<i:image><i:loc>https://cdn.example/p.jpg</i:loc><i:title>P</i:title></i:image>"
    names = (
        b'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"'
    )
    page = b"<loc>https://news.example/a</loc>"
    for inside in (pictures + page, page + pictures):
        data = b"<urlset " + names + b"><url>" + inside + b"</url><url>" + pictures + b"</url></urlset>"
        assert read_sitemap(data, url=URL).entries == (Entry(url="https://news.example/a"),)


def test_the_window_leaves_out_what_says_that_it_is_older():
    """What has no date may be new."""
    assert [one.url[-1] for one in read_sitemap(MAP, url=URL, since=NOVEMBER_21).entries] == ["b", "c"]
    assert read_sitemap(INDEX, url=URL, since=NOVEMBER_21).maps == (
        ("https://news.example/maps/2026-11.xml.gz", datetime(2026, 11, 22, tzinfo=UTC)),
        ("https://news.example/maps/other.xml", None),
    )


@pytest.mark.parametrize(
    ("data", "entries", "problem"),
    [
        (b"https://news.example/a\nhttps://news.example/b\n", 2, None),
        (b"<html><body>404</body></html>", 0, "not a sitemap"),
        (b"hello", 0, "not a sitemap"),
        (MAP[:-40], 3, "not well-formed: "),
        (gzip.compress(MAP)[:-30], 1, "the gzip data end too early"),
        (b"\x1f\x8bnothing", 0, "not gzip: "),
        (b'<!DOCTYPE u [<!ENTITY a "b">]>' + MAP[39:], 0, "it holds a DTD or entities, which are not read"),
        (b'<?xml version="1.0" encoding="utf-99"?><urlset/>', 0, "not well-formed: "),
        (b"<urlset/>", 0, None),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(data, entries, problem):
    """One address a line is a sitemap, too; an error page is none."""
    listing = read_sitemap(data, url=URL)
    assert len(listing.entries) == entries
    assert (listing.problem or "").startswith(problem or "") if problem else listing.problem is None


def test_a_gzip_bomb_is_read_to_the_limit():
    """A gigabyte of nothing costs 50 MB."""
    bomb = gzip.compress(b"<urlset>" + b" " * 60_000_000)
    assert "unpacks to more than" in (read_sitemap(bomb, url=URL).problem or "")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100), st.integers(0, len(MAP)))
def test_any_bytes_are_a_listing(noise, at):
    """Whatever a server sends in the middle of a sitemap."""
    assert isinstance(read_sitemap(MAP[:at] + noise + MAP[at:], url=URL), Listing)
