"""``[[sources]]`` of config.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import subscriptions
from archiver.subscriptions import Source

BASE = Path("/srv/archiver")


def test_each_kind_of_source_is_read():
    """Paths are relative to the configuration; the name is the place where none is given."""
    sources, problems = subscriptions.read(
        [
            {"feed": "https://news.example/feed", "name": "front"},
            {"sitemap": "https://news.example/map", "days": 3},
            {"list": "a.csv", "column": 2},
            {"list": "-"},
            {"list": "https://news.example/list"},
            {"folder": "pages"},
            {"crawl": "/data/a.wacz"},
        ],
        BASE,
    )
    assert problems == []
    assert [(one.name, one.kind, one.where) for one in sources] == [
        ("front", "feed", "https://news.example/feed"),
        ("https://news.example/map", "sitemap", "https://news.example/map"),
        ("/srv/archiver/a.csv", "list", "/srv/archiver/a.csv"),
        ("-", "list", "-"),
        ("https://news.example/list", "list", "https://news.example/list"),
        ("/srv/archiver/pages", "folder", "/srv/archiver/pages"),
        ("/data/a.wacz", "crawl", "/data/a.wacz"),
    ]
    assert (sources[1].days, sources[2].column, sources[2].remote, sources[4].remote) == (3, "2", False, True)
    assert isinstance(sources[0], Source)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            {"fed": "https://x.example/"},
            "unknown key fed (known: feed, sitemap, list, folder, crawl, name, days, column)",
        ),
        ({}, "wants exactly one of feed, sitemap, list, folder, crawl"),
        ({"feed": "https://x.example/", "list": "a"}, "wants exactly one of feed, sitemap, list, folder, crawl"),
        ({"feed": "feed.xml"}, "feed: wants an http:// or https:// address, not feed.xml"),
        ({"feed": "ftp://x.example/"}, "feed: ftp://x.example/ is no http:// or https:// address"),
        ({"folder": "https://x.example/"}, "folder: https://x.example/ is no path"),
        ({"feed": ""}, "feed is empty"),
        ({"feed": 7}, "wants a text in quotes, not 7"),
        ({"feed": "https://x.example/", "days": 3}, "days is for sitemaps"),
        ({"sitemap": "https://x.example/", "days": 0}, "wants a number of at least 0.01, not 0"),
        ({"folder": "a", "column": "b"}, "column is for lists"),
        ({"feed": "https://x.example/", "name": " "}, "name is empty"),
    ],
)
def test_a_mistake_is_explained(written, problem):
    """With the number of the source."""
    assert subscriptions.read([written], BASE) == ((), [f"sources, number 1: {problem}"])


def test_no_source_is_there_twice():
    """Neither its name nor its place; every problem is told."""
    twice = [{"feed": "https://x.example/"}, {"feed": "https://x.example/"}]
    assert subscriptions.read(twice, BASE)[1] == ["sources: https://x.example/ is there twice"]
    assert subscriptions.read({"feed": "x"}, BASE)[1] == ["sources must be tables, each under [[sources]]"]
