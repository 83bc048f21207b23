import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.x.urls import canonical, match, read, short_link, short_links_in
from tests.shared import needs_shared, shared_json

POST = "1409390776546258944"


@pytest.mark.parametrize(
    ("url", "handle", "post_id"),
    [
        (f"https://twitter.com/jack/status/{POST}", "jack", POST),
        (f"https://x.com/jack/status/{POST}?s=20&t=abc", "jack", POST),
        (f"twitter.com/jack/statuses/{POST}/photo/1", "jack", POST),
        (f"https://de.twitter.com/jack/status/{POST}", "jack", POST),
        (f"https://twitter.com/@jack/status/{POST}", "jack", POST),
        (f"https://twitter.com/#!/jack/status/{POST}", "jack", POST),
        (f"https://twitter.com/#%21/jack/status/{POST}", "jack", POST),
        (
            f"https://twitter.com/jack/status/{POST}?ref_src=twsrc%5Etfw%7Ctwcamp%5Etweetembed%7Ctwterm%5E20",
            "jack",
            POST,
        ),
        (f"https://twitter.com/i/web/status/{POST}", None, POST),
        (f"https://x.com/i/status/{POST}", None, POST),
        (f"https://x.com/jack/article/{POST}", "jack", POST),
        (f"https://nitter.privacydev.net/jack/status/{POST}#m", "jack", POST),
        (f"https://api.fxtwitter.com/2/status/{POST}", None, POST),
        (f"https://d.fxtwitter.com/jack/status/{POST}.mp4", "jack", POST),
        (f"https://platform.twitter.com/embed/Tweet.html?dnt=true&id={POST}&lang=en", None, POST),
        (f"https://platform.x.com/embed/index.html?id={POST}", None, POST),
        (f"https://publish.twitter.com/oembed?url=https%3A%2F%2Fx.com%2Fjack%2Fstatus%2F{POST}", "jack", POST),
        (f"https://web.archive.org/web/2021if_/https://twitter.com/jack/status/{POST}", "jack", POST),
        (f"https://archive.ph/20210701/https://twitter.com/jack/status/{POST}", "jack", POST),
        (f"https://web.archive.org/web/2012/https://twitter.com/#!/jack/status/{POST}", "jack", POST),
        (
            f"https://cdn.embedly.com/widgets/media.html?url=https%3A//twitter.com/jack/status/{POST}&schema=x",
            "jack",
            POST,
        ),
        (f"https://www.google.com/url?q=https://twitter.com/jack/status/{POST}&sa=D", "jack", POST),
        (f"https://twitter.com/jack/status/{POST}…", "jack", POST),
    ],
)
def test_a_post_is_known_by_any_of_its_addresses(url, handle, post_id):
    """Own hosts, mirrors, widgets, archives' copies and embedders' frames lead to the same post."""
    post = match(url)
    assert post is not None
    assert (handle, post_id) == (post.handle, post.post_id)


@pytest.mark.parametrize(
    "url",
    [
        f"https://evilx.com/jack/status/{POST}",
        f"https://netflix.com/jack/status/{POST}",
        f"https://twitter.com.evil.example/jack/status/{POST}",
        f"https://nottwitter.com/jack/status/{POST}",
        f"https://evil.example/https://twitter.com/jack/status/{POST}",
        f"https://evil.example/?url=https://twitter.com/jack/status/{POST}",
        "https://twitter.com/jack/status/14093907…",
        "https://twitter.com/jack/status/14093907...",
        "https://twitter.com/jack/status/1e18",
        "https://twitter.com/jack/status/-20",
        "https://twitter.com/jack/status/020",
        "https://twitter.com/jack/status/9223372036854775808",
        "https://twitter.com/jack/status/" + "1" * 40,
        "https://twitter.com/i/moments/1409390776546258944",
        "https://twitter.com/jack",
        "https://platform.twitter.com/widgets/tweet_button.html?id=1409390776546258944",
    ],
)
def test_nobody_else_and_no_cut_number_is_a_post(url):
    """Hosts are compared whole, and an id is 2 to 19 digits below 2**63."""
    assert match(url) is None


def test_the_canonical_address_needs_no_handle():
    """With a handle it is the post's page, without one the address that X itself redirects."""
    with_handle = match(f"https://mobile.twitter.com/Jack/status/{POST}?s=20")
    without = match(f"https://x.com/i/web/status/{POST}")
    assert with_handle is not None
    assert without is not None
    assert f"https://x.com/Jack/status/{POST}" == canonical(with_handle)
    assert f"https://x.com/i/web/status/{POST}" == canonical(without)


@pytest.mark.parametrize(
    ("url", "door"),
    [
        (f"https://twitter.com/jack/status/{POST}", "page"),
        (f"https://twitter.com/intent/retweet?tweet_id={POST}", "intent"),
        (f"https://twitter.com/intent/tweet?in_reply_to={POST}", "intent"),
        (f"https://platform.twitter.com/embed/Tweet.html?id={POST}", "widget"),
        (f"https://cdn.syndication.twimg.com/tweet-result?id={POST}&token=a", "widget"),
    ],
)
def test_the_door_tells_a_post_from_its_buttons(url, door):
    """An intent acts on a post, a widget shows it, a page is it."""
    status = read(url)
    assert status is not None
    assert door == status.door


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://t.co/X9DJa7awAM", "https://t.co/X9DJa7awAM"),
        ("http://T.CO/X9DJa7awAM?amp=1", "https://t.co/X9DJa7awAM"),
        ("pic.twitter.com/X9DJa7awAM", "https://t.co/X9DJa7awAM"),
        ("https://pic.x.com/X9DJa7awAM", "https://t.co/X9DJa7awAM"),
        ("https://t.co/X9DJa7awAM%E2%80%9D", "https://t.co/X9DJa7awAM"),
        ("https://t.co/6HDggoMSi2pic.twitter.com/zv3zKmt2mB", "https://t.co/6HDggoMSi2"),
        ("https://web.archive.org/web/2021/https://t.co/X9DJa7awAM", "https://t.co/X9DJa7awAM"),
        ("https://t.co/X9DJa7awAM…", "https://t.co/X9DJa7awAM"),
        ("https://t.co/X9DJ…", None),
        ("https://t.co/X9DJ...", None),
        ("https://t.co/", None),
        ("https://t.co/i/adsct?p=1", None),
        ("https://t.co/" + "a" * 41, None),
        ("https://microsoft.co/X9DJa7awAM", None),
        ("https://t.co.evil.example/X9DJa7awAM", None),
        ("https://example.com/?ref=https://t.co/X9DJa7awAM", None),
    ],
)
def test_a_short_link_is_normalised_or_none(url, link):
    """https, the code's own case, whatever is glued behind it gone; a link cut off by an ellipsis leads nowhere."""
    assert link == short_link(url)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ('<a href="//t.co/abcdefghij">', ["abcdefghij"]),
        ("https://evil.example//t.co/abcdefghij", []),
        ("see https://t.co/X9DJa7awAM.", ["X9DJa7awAM"]),
        ("#IranUsapic.twitter.com/TvRkHvlgby", ["TvRkHvlgby"]),
        ("#Minecrafthttps://t.co/V4Lzv97qOc", ["V4Lzv97qOc"]),
        ("https://t.co/UV12Bte63Kpic.twitter.com/zv3zKmt2mB", ["UV12Bte63K", "zv3zKmt2mB"]),
        ("https://t.co/HKTxlNwvUxIn other news", ["HKTxlNwvUx"]),
        ("read t.co/HKTxlNwvUx now", ["HKTxlNwvUx"]),
        ("(http://t.co/8MkmHU0k+c)", ["8MkmHU0k"]),
        ("RT: http://t.co/DZCKWCM…", []),
        ("https://news.example/a.html?referer=https://t.co/7nElTK40Ba?amp=1", []),
        ("https://news.example/a#xtref=https://t.co/MOPlU9Q5JE", []),
        ("mail me at me@t.co/abcdefg", []),
        ("microsoft.co/abcdefghij", []),
    ],
)
def test_short_links_are_found_in_text(text, links):
    """Glued to the word before, to each other or to the next sentence; a visitor's origin in an address is none."""
    assert [f"https://t.co/{code}" for code in links] == [link for _, _, link in short_links_in(text)]


@needs_shared
@pytest.mark.parametrize(
    ("url", "user", "post_id"), dict(shared_json("fixtures/urls/status_url_forms.json") or {}).get("cases", [])
)
def test_every_recorded_form_of_a_status_address_is_read(url, user, post_id):
    """The reference list of forms, with what a parser must answer."""
    post = match(url)
    assert (user, post_id) == (post and post.handle, post and post.post_id)


@needs_shared
@pytest.mark.parametrize(
    ("text", "expected"),
    [case[:2] for case in dict(shared_json("fixtures/tco/cases.json") or {}).get("glued_text", [])],
)
def test_every_recorded_piece_of_junk_is_cut(text, expected):
    """The reference list of links as they stand in real texts."""
    links = [link.removeprefix("https://t.co/") for _, _, link in short_links_in(text)]
    assert [part.rpartition("/")[2] for part in (expected or "").split(" + ") if part] == links


@given(st.text(alphabet="htps:/.cotwierxmpic@ABC123…%?=&#_ \n", max_size=300))
def test_any_text_has_links_of_the_normal_form(text):
    """Whatever the text, no failure, and every link is its own normal form."""
    for start, end, link in short_links_in(text):
        assert 0 <= start < end <= len(text)
        assert link == short_link(link)
    match(text)


def test_a_megabyte_of_links_takes_linear_time():
    """The scan looks at each place once."""
    text = "https://t.co/AbCdEfGhIj" * 20_000
    began = time.process_time()
    assert sum(1 for _ in short_links_in(text)) == 20_000
    assert time.process_time() - began < 5
