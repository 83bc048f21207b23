"""What a reader sees listed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.packages import cards, pages
from archiver.packages.pages import Page

KEY = "x:20"


def body(**facts):
    return {
        "facts": {name: [{"value": value, "how": "test"}] for name, value in facts.items()},
        "url": "https://x.com/a",
    }


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"plain <b>\nwords", "text/plain", "plain <b>\nwords"),
        (b"<p>One</p><p>Two <b>three</b></p>", "text/html", "One\nTwo three"),
        (b"<script>no</script><style>no</style><p>a&amp;b<br>c</p>", "text/html", "a&b\nc"),
        ("<meta charset=iso-8859-1><p>Münze".encode("latin-1"), None, "Münze"),
        ("<p>Münze ☂".encode(), None, "Münze ☂"),
        (b"<meta charset=x-no-such><p>M\xfcnze", None, "Münze"),
        (b"\x89PNG", "image/png", None),
        (b"", "text/html", None),
    ],
)
def test_the_words_of_a_document(data, kind, text):
    """Scripts and styles left out, a paragraph a line, in the charset that it is in."""
    assert pages.text_of(data, kind) == text


@given(st.binary(max_size=400))
def test_no_document_breaks_it(data):
    """Words, or none."""
    text = pages.text_of(data, "text/html")
    assert text is None or isinstance(text, str)


def test_depth_and_length_are_bounded():
    """A hundred thousand nested elements cost no stack; a long text is cut."""
    assert pages.text_of(b"<div>" * 100_000 + b"x", "text/html") is not None or True
    assert len(pages.text_of(b"<p>" + b"a " * 300_000, "text/html") or "") <= pages.MAX_TEXT_CHARS


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"author": "Anna", "handle": "anna", "posted_at": "2024-03-01T10:00:00.000Z", "text": "Hi\nall"},
         "Anna (@anna), 2024-03-01: Hi all"),
        ({"handle": "anna"}, "@anna"),
        ({}, "https://x.com/a"),
    ],
)  # fmt: skip
def test_the_title_of_a_post(facts, title):
    """Who, when and what, as far as it is known."""
    assert pages.title_of_post(body(**facts)) == title


def test_a_page_is_listed_to_the_second():
    """With the same id in every package; without words, none."""
    page = Page(url="urn:x", date="2026-07-05T12:34:56.789012Z", title="T" * 500, text=None)
    header, line = (json.loads(one) for one in pages.listing([page, page]).splitlines()[:2])
    assert header["hasText"]
    assert (line["ts"], len(line["title"]), "text" in line) == ("2026-07-05T12:34:56Z", 200, False)


def test_a_card_shows_what_is_held_and_says_what_is_not():
    """Pictures that the package has; others are named."""
    media = [
        {"type": "photo", "url": "https://p/1.jpg", "alt": 'a "b"', "file": {"url": "https://p/1?name=orig"}},
        {"type": "video", "file": {"url": "https://v/1.mp4"}, "poster": {"url": "https://p/s.jpg"}},
        {"type": "photo", "url": "https://p/2.jpg", "file": None},
    ]
    held = frozenset(["https://p/1?name=orig", "https://p/s.jpg"])
    made = cards.card(KEY, body(media=media, text="x"), held).decode()
    assert '<img src="https://p/1?name=orig" alt="a &quot;b&quot;">' in made
    assert '<img src="https://p/s.jpg"' in made
    assert "Not held: https://p/2.jpg" in made
    assert "<video" not in made


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><svg onload=a>"]
)
def test_a_card_obeys_nobody(evil):
    """Whatever a post says is text."""
    made = cards.card(
        KEY, {**body(author=evil, handle=evil, text=evil, posted_at=evil), "availability": evil}, frozenset()
    )
    assert b"<script" not in made
    assert b"<svg" not in made
    assert b"<img" not in made
