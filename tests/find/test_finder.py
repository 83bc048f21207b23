import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.find import find
from tests.shared import SHARED, needs_shared, shared_lines

ID = "1409390776546258944"
QUOTE = (
    '<blockquote class="twitter-tweet" data-lang="en"><p lang="en" dir="ltr">Rain again <a href="https://t.co/HKTxlNwvUx">'
    'https://t.co/HKTxlNwvUx</a> <a href="https://t.co/X9DJa7awAM">pic.twitter.com/X9DJa7awAM</a></p>&mdash; Ada Byron '
    f'(@ada_b) <a href="https://twitter.com/ada_b/status/{ID}?ref_src=twsrc%5Etfw">June 28, 2021</a></blockquote>'
)


def finds(text, name="a.html"):
    return find(text.encode(), key="k", name=name).finds


def seen(text, name="a.html"):
    return [(found.kind, found.form, found.url) for found in finds(text, name)]


def test_a_blockquote_tells_all_that_it_prints():
    """Post, author, handle, UTC day, text, language and short links, and the markup itself."""
    (found,) = finds(f"<p>before</p>{QUOTE}<p>after</p>")
    assert (found.kind, found.form, found.platform, found.position) == ("embed", "blockquote", "x", 0)
    assert f"https://x.com/ada_b/status/{ID}" == found.url
    assert (found.author, found.handle, str(found.date), found.lang) == ("Ada Byron", "ada_b", "2021-06-28", "en")
    assert found.text == "Rain again https://t.co/HKTxlNwvUx pic.twitter.com/X9DJa7awAM"
    assert found.short_links == ("https://t.co/HKTxlNwvUx", "https://t.co/X9DJa7awAM")
    assert found.snippet[: len(QUOTE)] == QUOTE


OLD = "220014393159712772"
OLD_URL = f"https://twitter.com/ada/status/{OLD}"
SECOND = f'<a href="{OLD_URL}" data-datetime="2012-07-03T04:41:33+00:00">'
EXACT = "2012-07-03T04:41:33.000Z"


@pytest.mark.parametrize(
    ("attributes", "inside", "author", "date", "text"),
    [
        ("class=twitter-tweet", f"<p>rain</p>&mdash; Ada (@ada) {SECOND}July 3, 2012</a>", "Ada", EXACT, "rain"),
        ("class=twitter-tweet lang=ja", f"&mdash; 花子さん (@ada) {SECOND}7月 3, 2012</a>", "花子", EXACT, None),
        ("class=twitter-tweet", f"Ada B. (@ada) <a href='{OLD_URL}'>July 3, 2012</a>", "Ada B.", "2012-07-03", None),
        (
            "class='wp-block-quote twitter-video'",
            f"<p>rain<br><br>and wind</p>— Ada<br>(@ada) <a\nhref='{OLD_URL}'>3. Juli\n2012</a>",
            "Ada",
            "2012-07-03",
            "rain\n\nand wind",
        ),
        ("class=twitter-tweet", f"<a href='https://twitter.com/#!/ada/status/{OLD}'>&nbsp;</a>", None, "None", None),
        ("class=twitter-tweet", f"<a href='{OLD_URL}'>Tweet may have been deleted</a>", None, "None", None),
        (f"class='embed twitter-tweet' data-url='{OLD_URL}'", OLD_URL, None, "None", None),
        (f"class=twitter-tweet data-tweetid={OLD} cite='{OLD_URL}'", "", None, "None", None),
        ("", f"<p>rain</p><p>— Ada (@ada) <a href='{OLD_URL}'>July 3, 2012</a></p>", "Ada", "2012-07-03", "rain"),
    ],
)
def test_blockquotes_of_any_age_are_read(attributes, inside, author, date, text):
    """Exact seconds of 2012, no dash, no text, no class, the link's own words that are no text of the post."""
    (found,) = finds(f"<blockquote {attributes}>{inside}</blockquote>")
    assert found.post is not None
    assert (found.post.post_id, found.handle) == (OLD, "ada")
    assert (found.author, str(found.date), found.text) == (author, date, text)


def test_the_permalink_is_the_last_link_to_a_post():
    """A quoted post's link inside the text is a link of its own."""
    found = finds(QUOTE.replace("Rain again", 'Rain <a href="https://x.com/bo/status/1409390776546250000">here</a>'))
    assert [(one.kind, one.post.post_id) for one in found] == [("embed", ID), ("link", "1409390776546250000")]


@pytest.mark.parametrize(
    "written",
    [
        QUOTE,
        f"<textarea>{QUOTE}</textarea>",
        "<script>var state = " + json.dumps({"html": QUOTE}).replace("<", "\\u003c").replace("/", "\\/") + "</script>",
        '<script type="application/json">' + json.dumps({"html": QUOTE}) + "</script>",
        '<div data-embed="' + QUOTE.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;") + '">…</div>',
    ],
)
def test_the_same_blockquote_is_found_inside_other_notations(written):
    """Text areas behind a consent wall, the page's state, a placeholder's attribute."""
    (found,) = finds(f"<html><body><p>before</p>{written}")
    assert (found.post.post_id, found.author, str(found.date)) == (ID, "Ada Byron", "2021-06-28")
    assert found.short_links == ("https://t.co/HKTxlNwvUx", "https://t.co/X9DJa7awAM")


@pytest.mark.parametrize(
    ("markup", "form"),
    [
        (
            f'<iframe src="https://platform.twitter.com/embed/Tweet.html?dnt=true&amp;id={ID}&amp;lang=en"></iframe>',
            "iframe",
        ),
        (f'<iframe class="twitter-tweet-rendered" data-tweet-id="{ID}" src="a_files/Tweet.html"></iframe>', "iframe"),
        (f"<twitterwidget class=twitter-tweet data-tweet-id={ID}></twitterwidget>", "element"),
        (f'<amp-twitter width="375" data-tweetid="{ID}"></amp-twitter>', "element"),
    ],
)
def test_rendered_embeds_are_known_by_their_id(markup, form):
    """Frames and widgets have no words of the post."""
    (found,) = finds(markup)
    assert ("embed", form, f"https://x.com/i/web/status/{ID}") == (found.kind, found.form, found.url)


def test_an_embed_seen_twice_is_one_with_both_forms():
    """The leftover blockquote beside its rendered frame: the words of the one, the id of both."""
    (found,) = finds(f'{QUOTE}<iframe data-tweet-id="{ID}"></iframe>')
    assert (found.form, found.author) == ("blockquote+iframe", "Ada Byron")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f'<a href="https://twitter.com/ada/status/{ID}?s=20">she said</a>', f"https://x.com/ada/status/{ID}"),
        (f'<a href="\n https://mobile.twitter.com/ada/status/{ID}">x</a>', f"https://x.com/ada/status/{ID}"),
        (
            f'<a href="https://web.archive.org/web/2021/https://x.com/ada/status/{ID}">x</a>',
            f"https://x.com/ada/status/{ID}",
        ),
        (f"<p>at https://x.com/i/web/status/{ID}, where</p>", f"https://x.com/i/web/status/{ID}"),
        (f"<a href=//nitter.net/ada/status/{ID}#m>x</a>", f"https://x.com/ada/status/{ID}"),
    ],
)
def test_a_merely_linked_post_is_a_link(text, url):
    """In any form of its address, in an attribute or in text."""
    assert [("link", "url", url)] == seen(text)


@pytest.mark.parametrize(
    "markup",
    [
        f'<a href="https://twitter.com/intent/tweet?in_reply_to={ID}">Reply</a>',
        f'<a href="https://twitter.com/intent/retweet?tweet_id={ID}">Retweet</a>',
        '<a class="twitter-tweet" href="https://twitter.com/share?url=https://example.com/a">Tweet</a>',
        '<a class="twitter-follow-button" href="https://twitter.com/ada">Follow @ada</a>',
        '<a class="twitter-timeline" data-widget-id="1409390776546258944" href="https://twitter.com/ada">Tweets</a>',
        '<meta name="twitter:site" content="@ada"><meta name="twitter:card" content="summary">',
        f'<meta property="og:see_also" content="https://twitter.com/ada/status/{ID}">',
        '<script src="https://platform.twitter.com/widgets.js"></script><style>.twitter-tweet {}</style>',
        '<iframe src="https://platform.twitter.com/widgets/tweet_button.html?id=1409390776546258944"></iframe>',
        f"<!-- {QUOTE} -->".replace("t.co/", "example.com/").replace("pic.twitter.com/", ""),
        f'<a href="https://evilx.com/ada/status/{ID}">x</a><a href="https://twitter.com.evil.example/a/status/{ID}">x</a>',
        '<blockquote class="twitter-tweet">Invalid content. No URL.</blockquote>',
        "<p>",
        "",
    ],
)
def test_chrome_and_strangers_are_no_finds(markup):
    """Buttons, follow links, timelines, meta tags, scripts, what is commented out, and hosts that only look like X."""
    assert seen(markup) == []


def test_an_embed_and_a_link_to_the_same_post_are_the_embed():
    """Also when the link comes first."""
    assert [("embed", "blockquote", f"https://x.com/ada_b/status/{ID}")] == seen(
        f'<a href="https://twitter.com/ada_b/status/{ID}">said</a> {QUOTE}'
    )


def test_a_short_link_outside_any_embed_is_a_link():
    """pic.twitter.com codes as their t.co links; each once; those of an embed are the embed's."""
    text = (
        f"{QUOTE}<p>via https://t.co/AbCdEfGhIj and pic.twitter.com/AbCdEfGhIj</p><a href=http://t.co/HKTxlNwvUx>x</a>"
    )
    assert [
        ("embed", "blockquote", f"https://x.com/ada_b/status/{ID}"),
        ("link", "short-link", "https://t.co/AbCdEfGhIj"),
    ] == seen(text)


def test_what_is_left_in_a_stripped_page_is_read_as_text():
    """A reader that keeps only paragraphs leaves the words, and perhaps the date's link."""
    page = (
        "<p>It rained on Monday, which nobody had expected at this time of the year, said the weather office.</p>"
        "<p>Rain again pic.twitter.com/X9DJa7awAM</p><p>— Ada Byron (@ada_b) June 28, 2021</p><p>after</p>"
        f'<p>Wind, too</p><p>— Bo (@bo) <a href="https://x.com/bo/status/{ID}">June 29, 2021</a></p>'
    )
    first, second = finds(page)
    assert (first.kind, first.form, first.handle, str(first.date)) == ("embed", "plain-text", "ada_b", "2021-06-28")
    assert first.text == "Rain again pic.twitter.com/X9DJa7awAM"
    assert (second.handle, second.post.post_id) == ("bo", ID)


def test_finds_come_in_document_order():
    """Whatever they are."""
    page = f'<a href="https://t.co/AbCdEfGhIj">a</a>{QUOTE}<a href="https://x.com/bo/status/1409390776546250000">b</a>'
    assert [(found.position, found.form) for found in finds(page)] == [(0, "short-link"), (1, "blockquote"), (2, "url")]


def test_the_article_is_described():
    """Kind, title, language, addresses, under the key and name that it was given."""
    article = find(
        b"<html lang=de><title>Regen</title><link rel=canonical href='https://example.com/r'>",
        key="https://example.com/r",
        name="https://example.com/r?utm_source=x",
        url="https://example.com/r?utm_source=x",
    ).article
    assert (
        article.kind,
        article.title,
        article.lang,
        article.canonical_url,
    ) == ("html", "Regen", "de", "https://example.com/r")
    assert not article.truncated


def test_a_link_two_thousand_elements_deep_is_found():
    """Tree builders lose it without a word."""
    page = "<div>" * 2_000 + f'<a href="https://x.com/ada/status/{ID}">x</a>' + QUOTE.replace(ID, "1409390776546250000")
    assert {ID, "1409390776546250000"} == {found.post.post_id for found in finds(page) if found.post}


def test_a_link_behind_ten_megabytes_of_text_is_found():
    """Long text nodes are no obstacle."""
    assert len(finds("<p>" + "rain " * 2_000_000 + f'</p><a href="https://x.com/ada/status/{ID}">x</a>')) == 1


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "euc-jp", "gb18030"])
def test_pages_in_other_charsets_are_read(charset):
    """Text and links alike."""
    page = "<html><head><meta charset=CS></head><body>" + QUOTE.replace("Ada Byron", "三浦").replace("&mdash;", "――")
    (found,) = find(page.replace("CS", charset).encode(charset), key="k", name="a.html").finds
    assert (found.post and found.post.post_id, found.author) == (ID, "三浦")


@pytest.mark.parametrize(
    "element",
    [
        '<meta name="twitter:image" content="https://t.co/MetaImage1">',
        '<meta name="twitter:url" content="https://t.co/MetaImage1">',
        '<meta content="Rain again. pic.twitter.com/MetaImage1" name=twitter:description>',
        '<meta property="og:description" content="Rain again. https://t.co/MetaImage1">',
        '<link rel=shortlink href="https://t.co/MetaImage1">',
    ],
)
def test_what_the_head_says_about_the_page_is_no_find(element):
    """Cards and descriptions repeat, and cut, what the page itself shows."""
    assert finds(f"<html><head>{element}</head><body><p>Rain.</p></body></html>") == ()
    (found,) = finds(f"<html><head>{element}</head><body><p>Rain. https://t.co/MetaImage1</p></body></html>")
    assert found.url == "https://t.co/MetaImage1"


def test_two_posts_that_end_alike_are_two():
    """Of a day, with the same last line: what stands before it tells them apart."""
    signed = "— Ada (@ada) June 28, 2021"
    text = f"One thing.\nTo be continued\n{signed}\nThe article.\nAnother thing.\nTo be continued\n{signed}\n"
    found = find(text.encode(), key="k", name="a.txt").finds
    assert [one.text for one in found] == ["To be continued", "To be continued"]
    assert [one.text_before for one in found] == ["One thing.", "The article.\nAnother thing."]


def test_snippets_are_bounded():
    """At most 4,000 characters of the source."""
    (found,) = finds(QUOTE.replace("Rain again", "rain " * 3_000))
    assert len(found.snippet) == 4_000


@needs_shared
@pytest.mark.parametrize(
    "row",
    [
        row
        for row in shared_lines("fixtures/embeds/harvest.jsonl")
        if row["id"] and "<!--" not in row["raw"] and "$host" not in row["raw"]
    ],
    ids=lambda row: row["id"],
)
def test_every_harvested_blockquote_is_read(row):
    """Real ones of 42 repositories: id, handle, author; and the day is the UTC day of the id."""
    (found,) = (one for one in finds(row["raw"]) if one.kind == "embed")
    assert row["id"] == found.post.post_id
    assert not row["handle"] or row["handle"].lower() == found.handle.lower()
    assert not row["name"] or " ".join(row["name"].split()) in (found.author, f"{found.author}さん")
    contradictory = row["id"] == "1280625051822436353"
    if found.date and row["snowflake_utc"] and not contradictory:
        assert row["snowflake_utc"][:10] == str(found.date)[:10]


@needs_shared
def test_the_hand_list_of_variants_is_read():
    """2012 to 2026, link-only and framed."""
    page = (SHARED / "fixtures/embeds/variants.html").read_text("utf-8")
    assert len(finds(page)) == 7
    assert {"embed"} == {found.kind for found in finds(page)}


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data):
    """Nothing in a document makes find fail; finds are numbered in their order."""
    for document, name in ((data, "-"), (b"<p>" + data + QUOTE.encode(), "a.html")):
        found = find(document, key="k", name=name).finds
        assert [one.position for one in found] == list(range(len(found)))


@given(st.lists(st.sampled_from([
    "<blockquote class=twitter-tweet>", "</blockquote>", "<p>",
    "<a href='https://t.co/AbCdEfGhIj'>", "(@ada)", "— Ada ",
    "June 28, 2021", f"https://x.com/ada/status/{ID}", "<!--", "-->", "<script>", "</script>", '"', "'", "\\", "&lt;",
    f'data-tweet-id="{ID}"', "\u003cblockquote", "t.co/", "\n", "<", ">", "\0", "�", "platform.twitter.com/embed/",
]), max_size=40).map("".join))  # fmt: skip
def test_any_pieces_in_any_order_are_read(text):
    """As markup and as text: no failure, positions count up, snippets are of the document."""
    for name in ("a.html", "a.txt"):
        found = finds(text, name)
        assert list(range(len(found))) == [one.position for one in found]


@pytest.mark.parametrize(
    "unit",
    ["https://t.co/", "@", "(@ada) ", "<div>", "<!--", "<a (@ada) ", '<a x="', "<blockquote class=twitter-tweet>",
     QUOTE, f"x.com/a/status/{ID} ", "— Ada (@ada) June 28, 2021\n", "<script>", "a=b "],
    ids=lambda unit: unit[:20],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_hostile_repetition_takes_linear_time(unit, name):
    """100 KB of the worst is read in seconds on a slow machine."""
    began = time.process_time()
    finds(unit * (100_000 // len(unit)), name)
    assert time.process_time() - began < 8


@pytest.mark.parametrize("url", ["https://[::1", "x", "//", "https://x.com:99/", "\x00"])
def test_an_address_that_is_none_resolves_nothing(url):
    """Whatever a page is said to come from, its own links are read."""
    page = f'<a href="/ada/status/20">x</a> <a href="{OLD_URL}">y</a>'
    (found,) = find(page.encode(), key="k", name="a.html", url=url).finds
    assert found.url == f"https://x.com/ada/status/{OLD}"


@pytest.mark.parametrize("size", [1, 8, 300, 1000])
def test_zeros_before_a_page_hide_nothing(size):
    """Only every second byte being zero is UTF-16."""
    (found,) = find(b"\0" * size + QUOTE.encode() + b"\0" * size, key="k", name="a.html").finds
    assert found.url == f"https://x.com/ada_b/status/{ID}"


BAND, LONG = "100000000000000", "14093907765462589440000"


@pytest.mark.parametrize("post_id", [BAND, LONG])
@pytest.mark.parametrize(
    ("markup", "form"),
    [
        ('<blockquote class="twitter-tweet">x &mdash; A (@a) <a href="https://x.com/a/status/{}"></a>', "blockquote"),
        ('<blockquote class="twitter-tweet"><a href="https://x.com/ada/status/{}"></a></blockquote>', "blockquote"),
        ('<iframe src="https://platform.twitter.com/embed/Tweet.html?id={}">', "iframe"),
        ('<div data-tweet-id="{}">', "element"),
        ("<p>https://twitter.com/ada/status/{}</p>", "bare-url"),
    ],
)  # fmt: skip
def test_an_embed_with_an_id_that_no_post_can_have_is_shown_with_what_is_wrong(markup, form, post_id):
    """It is there for every reader to see; a mere link to such an address is none."""
    (found,) = finds(markup.format(post_id))
    assert (found.kind, found.form, found.post) == ("embed", form, None)
    assert (found.url or "").endswith(f"/status/{post_id}")
    assert "no post can have its id" in (found.problem or "")
    assert not finds(f'<p>They <a href="https://x.com/ada/status/{post_id}">said</a> so. https://t.co/AbCdEfGhIj')[1:]


@pytest.mark.parametrize(
    ("base", "url"),
    [("https://nitter.net/ada", "https://x.com/ada/status/20"), ("https://news.example/", None), ("", None)],
)
def test_relative_links_are_those_of_the_base(base, url):
    """A saved page of X, or of a mirror, links to posts by their path alone."""
    page = f'<base href="{base}"><p>One <a href="/ada/status/20">link</a> more'
    assert [found.url for found in finds(page)] == ([url] if url else [])
    found = find(page.encode(), key="k", name="a.html", url="https://x.com/ada").article
    assert found.base_url == (base or "https://x.com/ada")
