"""One article, one address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.sources import identity, same_site, tidy

TIDY = {
    "https://News.Example/a": "https://news.example/a",
    "https://news.example": "https://news.example/",
    "HTTP://news.example:80/a#part": "http://news.example/a",
    "https://news.example:443/a": "https://news.example/a",
    "https://news.example:8443/a": "https://news.example:8443/a",
    "https://news.example./a": "https://news.example/a",
    "  https://news.example/a\n": "https://news.example/a",
    "https://news.example/a?utm_source=rss&id=7&fbclid=x": "https://news.example/a?id=7",
    "https://news.example/a?UTM_Medium=feed": "https://news.example/a",
    "https://news.example/a?reference=7&cmpx=1": "https://news.example/a?reference=7&cmpx=1",
    "https://news.example/a?CMP=Share_iOSApp_Other&rss=1&spm=a2700.7.0": "https://news.example/a",
    "https://news.example/a?cmp=7&rss=2&spm=3&ns_id=1": "https://news.example/a?cmp=7&rss=2&spm=3&ns_id=1",
    "https://news.example/a?q=utm_source": "https://news.example/a?q=utm_source",
    "https://www.google.com/amp/s/news.example/a.amp": "https://news.example/a.amp",
    "https://www.google.com/search?q=amp": "https://www.google.com/search?q=amp",
    "https://news-example.cdn.ampproject.org/c/s/news.example/a": "https://news.example/a",
    "https://news-example.cdn.ampproject.org/v/news.example/a": "http://news.example/a",
    "https://cdn.ampproject.org/about": "https://cdn.ampproject.org/about",
    "ftp://news.example/a": None,
    "javascript:alert(1)": None,
    "https://user@news.example/a": None,
    "https://t.co\\@news.example/": None,
    "https:///a": None,
    "https://[::1/a": None,
    "/a": None,
    "": None,
    "https://news.example/" + "a" * 4000: None,
}


@pytest.mark.parametrize("url", TIDY)
def test_what_only_says_who_sent_the_reader_is_left_out(url):
    """Campaigns, clicks, caches; what may name the article stays, and what is no web address is none."""
    assert tidy(url) == TIDY[url]


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("/a", "https://news.example/feed.xml", "https://news.example/a"),
        ("b?x=1", "https://news.example/sport/feed.xml", "https://news.example/sport/b?x=1"),
        ("//cdn.example/a", "https://news.example/", "https://cdn.example/a"),
        ("https://other.example/", "https://news.example/", "https://other.example/"),
    ],
)
def test_a_relative_link_is_that_of_its_source(url, base, expected):
    """As a browser resolves it."""
    assert tidy(url, base) == expected


SAME = [
    ("https://news.example/a", "http://news.example/a"),
    ("https://news.example/a", "https://www.news.example/a/"),
    ("https://news.example/a", "https://amp.news.example/a"),
    ("https://news.example/a", "https://m.news.example/a?amp=1"),
    ("https://news.example/a-story", "https://news.example/a-story/amp/"),
    ("https://news.example/2026/7", "https://news.example/amp/2026/7"),
    ("https://news.example/a.html", "https://news.example/a.html/amp"),
    ("https://news.example/a.html", "https://news.example/a.amp.html"),
    ("https://news.example/a?x=1&y=2", "https://news.example/a?y=2&x=1"),
]
OTHER = [
    ("https://news.example/a", "https://news.example/b"),
    ("https://news.example/a", "https://news.example/A"),
    ("https://news.example/a?id=1", "https://news.example/a?id=2"),
    ("https://news.example/a", "https://example/a"),
    ("https://news.example/camp", "https://news.example/c"),
    ("https://m.example/", "https://example/"),
    ("https://music.example/guitar", "https://music.example/amp/guitar"),
    ("https://music.example/guitar", "https://music.example/guitar/amp"),
    ("https://music.example/", "https://music.example/amp"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_forms_of_one_article_are_one(one, other):
    """Scheme, device, AMP, a slash, and the order of parameters don't make another article."""
    assert identity(one) == identity(other)
    assert same_site(one, other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_articles_stay_others(one, other):
    """Whatever else differs names another article."""
    assert identity(one) != identity(other)


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-zA-Z0-9.:@\[\]-]{1,20}(/[ -~]{0,30})?", fullmatch=True))
def test_any_text_is_an_address_or_none(text):
    """And what is tidied once is tidy: a second time changes nothing."""
    url = tidy(text)
    if url is not None:
        assert tidy(url) == url
        assert identity(url)
