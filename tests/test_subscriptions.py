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
    ("written", "problems"),
    [
        ({"fede": "https://x.example/"}, ["unknown key fede, did you mean feed?"]),
        (
            {"zzz": 1, "list": "a"},
            ["unknown key zzz (known: feed, sitemap, list, folder, crawl, name, days, column)"],
        ),
        ({"list": "a.csv", "colunm": "url"}, ["unknown key colunm, did you mean column?"]),
        ({}, ["wants exactly one of feed, sitemap, list, folder, crawl"]),
        ({"feed": "https://x.example/", "list": "a"}, ["wants exactly one of feed, sitemap, list, folder, crawl"]),
        ({"feed": "feed.xml"}, ["feed wants an http:// or https:// address, not feed.xml"]),
        ({"feed": "ftp://x.example/"}, ["feed wants an http:// or https:// address, not ftp://x.example/"]),
        ({"folder": "https://x.example/"}, ["folder wants a path, not https://x.example/"]),
        (
            {"folder": "~nobody-of-this-name/x"},
            ["folder starts with a home folder that does not exist: '~nobody-of-this-name/x'"],
        ),
        ({"feed": ""}, ["feed is empty"]),
        ({"feed": 7}, ["feed wants a text in quotes, not 7"]),
        ({"feed": "https://x.example/", "days": 3}, ["days is for sitemaps"]),
        ({"sitemap": "https://x.example/", "days": 0}, ["days wants a number of at least 0.01, not 0"]),
        ({"folder": "a", "column": "b"}, ["column is for lists"]),
        ({"list": "a", "column": True}, ["column wants a column's name or number, not true"]),
        ({"feed": "https://x.example/", "name": " "}, ["name is empty"]),
        (
            {"feed": "x", "name": 3, "days": "b", "colour": "red"},
            [
                "unknown key colour, did you mean column?",
                "feed wants an http:// or https:// address, not x",
                "name wants a text in quotes, not 3",
                "days wants a number of at least 0.01, not 'b'",
                "days is for sitemaps",
            ],
        ),
    ],
)
def test_every_mistake_is_explained(written, problems):
    """With the number of the source."""
    assert subscriptions.read([written], BASE) == ((), [f"sources, number 1: {problem}" for problem in problems])


def test_no_source_is_there_twice():
    """Neither its name nor its place; every problem is told."""
    twice = [{"feed": "https://x.example/"}, {"feed": "https://x.example/"}]
    assert subscriptions.read(twice, BASE)[1] == ["sources: https://x.example/ is there twice"]
    assert subscriptions.read({"feed": "x"}, BASE)[1] == ["sources must be tables, each under [[sources]]"]
