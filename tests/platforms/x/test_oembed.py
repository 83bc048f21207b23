from __future__ import annotations

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UnreadableCapture
from archiver.model import Exchange
from archiver.platforms.x import oembed
from tests.answers import answer, in_json
from tests.loopback.recordings import needs_shared, recorded_json
from tests.platforms.x.posts import HANDLE, ID, oembed_answer

P = '<blockquote><p lang="{lang}">{text}</p>&mdash; N (@n) <a href="https://x.com/n/status/20">{date}</a></blockquote>'


def read_facts(value: object) -> dict[str, object]:
    """The facts of a 200 answer, by field."""
    return {field: fact.value for field, fact in oembed.facts(in_json(value, why="oembed"))}


@pytest.mark.parametrize(("handle", "path"), [("jack", "jack/status/20"), (None, "i/status/20")])
def test_the_question_names_the_post_by_its_oldest_form_of_url(handle: str | None, path: str) -> None:
    """Without a handle, ``i`` stands in its place."""
    url = urlsplit(oembed.request_url("https://publish.twitter.com/oembed", "20", handle))
    assert (url.netloc, url.path) == ("publish.twitter.com", "/oembed")
    wanted = {"url": [f"https://twitter.com/{path}"], "omit_script": ["1"], "dnt": ["true"], "lang": ["en"]}
    assert parse_qs(url.query) == wanted


@pytest.mark.parametrize(
    ("status", "body", "availability", "how"),
    [
        (200, "{}", "public", "oembed"),
        (404, "<html>", "deleted", "oembed.404"),
        (404, '{"errors":[{"message":"Sorry, that page does not exist","code":34}]}', "deleted", "oembed.404"),
        (403, '{"error":"Sorry, you are not authorized to see this status."}', "ambiguous",
         "oembed.403 not authorized: protected or age-restricted"),
        (403, '{"error":"Forbidden."}', "ambiguous", "oembed.403"),
        (403, "", "ambiguous", "oembed.403"),
        (429, '{"errors":[{"code":429,"message":"Rate limit exceeded."}]}', "rate_limited", "oembed.429"),
        (500, "", "error", "oembed.500"),
        (302, "", "error", "oembed.302"),
    ],
)  # fmt: skip
def test_a_status_says_how_it_stands_with_the_post(status: int, body: str, availability: str, how: str) -> None:
    """A 403 is evidence of nothing, whatever its body hints at."""
    assert oembed.availability(answer(status, body=body, why="oembed")) == (availability, how)


@pytest.mark.parametrize(
    ("status", "location", "followed"),
    [
        (301, "https://publish.twitter.com/oembed?url=x", True),
        (302, "https://publish.x.com/oembed?url=x", True),
        (200, "https://publish.twitter.com/oembed?url=x", False),
        (302, "http://publish.twitter.com/oembed?url=x", False),
        (302, "https://publish.twitter.com.evil.example/oembed?url=x", False),
        (302, "https://a@publish.twitter.com/oembed?url=x", False),
        (302, "https://publish.twitter.com/elsewhere", False),
        (302, "/oembed?url=x", False),
        (302, "https://[", False),
        (302, None, False),
    ],
)
def test_only_the_services_other_host_may_take_over(status: int, location: str | None, followed: bool) -> None:
    """publish.x.com sent to publish.twitter.com in 2024; nobody else is believed."""
    headers = [("Location", location)] if location else []
    assert oembed.redirect(answer(status, *headers, why="oembed")) == (location if followed else None)


def test_an_embed_tells_author_handle_text_language_and_day() -> None:
    """The date is the UTC day of the post, so its precision is a day."""
    exchange = in_json(oembed_answer(), why="oembed")
    assert [(field, fact.value, fact.how, fact.precision) for field, fact in oembed.facts(exchange)] == [
        ("author", "jack", "oembed.author_name", None),
        ("handle", HANDLE, "oembed.author_url", None),
        ("text", "just setting up my <twttr>\npic.twitter.com/rQd6FIwZ0U", "oembed.html", None),
        ("lang", "en", "oembed.html.p.lang", None),
        ("posted_at", "2023-03-29", "oembed.html.date", "day"),
    ]


@needs_shared
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("feedbin_9to5mac_1280625051822436353", {"handle": "9to5mac", "posted_at": "2020-07-07", "lang": "en"}),
        ("python-twitter_get_status_oembed_397", {"author": "Jack", "posted_at": "2006-03-26"}),
    ],
)
def test_recorded_embeds_are_readable(name: str, wanted: dict[str, str]) -> None:
    """What the service gave others."""
    value = recorded_json(f"fixtures/oembed/{name}.json")
    found = read_facts(value)
    assert {"author", "text"} <= set(found)
    assert {field: found.get(field) for field in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("one<br>two", "one\ntwo"),
        ("one<br/>two<BR />three", "one\ntwo\nthree"),
        ("a &lt;b&gt; &amp; c &#39;d&#39; &hellip;", "a <b> & c 'd' …"),
        ('<a href="https://t.co/a">t.co/a</a> and <a href="/b">#b</a>', "t.co/a and #b"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<3 <<b>x</b>>", "<3 <x>"),
        ("עברית 🇬🇧 𝓧", "עברית 🇬🇧 𝓧"),
    ],
)
def test_the_text_is_that_of_the_first_paragraph(text: str, read: str) -> None:
    """Line breaks, links and escapes as people read them."""
    found = oembed.blockquote(P.format(lang="he", text=text, date="June 28, 2021") + "<p>another</p>")
    assert (found.text, found.lang, found.date) == (read, "he", "June 28, 2021")


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("June 28, 2021", "2021-06-28"),
        (" March 1, 2009 ", "2009-03-01"),
        ("June 31, 2021", None),
        ("June 28, 0000", None),
        ("28 juin 2021", None),
        ("Tweet may have been deleted", None),
        ("", None),
    ],
)
def test_only_a_whole_english_date_is_believed(date: str, day: str | None) -> None:
    """We ask for English, so anything else is no date."""
    markup = P.format(lang="en", text="x", date=date)
    assert read_facts(oembed_answer(html=markup)).get("posted_at") == day


@pytest.mark.parametrize(
    ("url", "handle"),
    [
        ("https://twitter.com/jack", "jack"),
        ("https://x.com/jack", "jack"),
        ("https://twitter.com/jack/evil", None),
        ("https://twitter.com/", None),
        ("https://evil.example/jack", None),
        ("https://twitter.com/j\u0661ck", None),
        (7, None),
        (None, None),
    ],
)
def test_the_handle_is_believed_only_from_an_authors_url(url: object, handle: str | None) -> None:
    """Anything else there is no handle, and no error."""
    assert read_facts(oembed_answer(author_url=url)).get("handle") == handle


def test_what_is_missing_is_not_known() -> None:
    """Of all fields only the markup is needed."""
    assert read_facts({"html": ""}) == {}
    assert read_facts({"html": "no markup at all", "author_name": 7}) == {}


@pytest.mark.parametrize(
    ("exchange", "field"),
    [
        (in_json({"author_name": "jack"}), "oembed.html"),
        (in_json(oembed_answer(html=None)), "oembed.html"),
        (in_json([]), "oembed"),
        (answer(body="JavaScript is not available."), "oembed"),
        (answer(body=json.dumps(oembed_answer())[:100]), "oembed"),
        (answer(body=json.dumps(oembed_answer()), cut="length"), "oembed"),
    ],
)
def test_an_embed_without_markup_is_unreadable(exchange: Exchange, field: str) -> None:
    """The error names the field."""
    with pytest.raises(UnreadableCapture) as caught:
        list(oembed.facts(exchange))
    assert caught.value.field == field


@pytest.mark.parametrize("piece", ["<a ", "<a", "<!--", "<![", "&#", "<p ", '<p lang="', "</", "<a='", "<p><br>", "x"])
def test_no_markup_takes_long_to_read(piece: str) -> None:
    """100 KB of half a tag: the standard library's parser needs minutes."""
    began = time.process_time()
    oembed.blockquote("<p>" + piece * (100_000 // len(piece)))
    assert time.process_time() - began < 5


@given(st.text(alphabet='<>/pab r="lang&;#x1 \n', max_size=60))
def test_any_markup_is_read(markup: str) -> None:
    """Markup of any shape has some text, or none; tags never remain in it."""
    assert "<p>" not in oembed.blockquote(markup).text


def test_the_asked_for_id_is_in_the_question() -> None:
    """The double in ``posts.py`` asks what the platform asks."""
    assert ID in oembed.request_url("https://publish.x.com/oembed", ID, HANDLE)
