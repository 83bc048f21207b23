"""Where a night's articles come from: bytes that a source answered → the articles that it names. Pure.

::

    feed (RSS, Atom, JSON) ─┐
    sitemap, index, news ───┼──► Listing: entries in the source's order, further maps to read, what was wrong
    list (lines, CSV) ──────┘
                                 address: one article, one address, whatever its forms
"""

from archiver.sources.address import identity, same_site, tidy
from archiver.sources.entry import Entry, Listing
from archiver.sources.feed import read_feed
from archiver.sources.lists import read_csv, read_lines
from archiver.sources.sitemap import read_sitemap

__all__ = [
    "Entry",
    "Listing",
    "identity",
    "read_csv",
    "read_feed",
    "read_lines",
    "read_sitemap",
    "same_site",
    "tidy",
]
