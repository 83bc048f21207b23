# ruff: noqa: E501, ISC003 - each convention is one line, as it is written in its pages
"""Embeds as the content systems of the world carry them; each row is a convention, not a page."""

import base64
import html
import json

import pytest

from archiver.find import find

ID = "1409390776546258944"
URL = f"https://twitter.com/ada_b/status/{ID}"
PCT = f"https%3A%2F%2Ftwitter.com%2Fada_b%2Fstatus%2F{ID}"
QUOTE = (
    '<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Rain again</p>&mdash; Ada Byron (@ada_b) '
    f'<a href="{URL}?ref_src=twsrc%5Etfw">June 28, 2021</a></blockquote>'
)
PAGE = "<html><body><p>before, which is prose</p>{}<p>after</p></body></html>"


def finds(text, name="a.html"):
    return find(text.encode(), key="k", name=name).finds


def shown(text, name="a.html"):
    return [(found.kind, found.post and found.post.post_id) for found in finds(text, name)]


PLACEHOLDERS = {
    "AMP": f'<amp-twitter width="375" height="472" layout="responsive" data-tweetid="{ID}"></amp-twitter>',
    "AMP with an address": f'<amp-twitter data-tweetid="{URL}"></amp-twitter>',
    "CKEditor": f'<oembed url="{URL}"></oembed>',
    "CKEditor, old": f'<div data-oembed-url="{URL}"><div>…</div></div>',
    "Condé Nast": f'<blockquote class="embed twitter-embed-component twitter-tweet" data-url="{URL}">{URL}</blockquote>',
    "Discourse": f'<aside class="onebox twitterstatus" data-onebox-src="{URL}"><article>x</article></aside>',
    "Embedly": f'<a class="embedly-card" href="{URL}">{URL}</a>',
    "Embedly frame": f'<iframe src="//cdn.embedly.com/widgets/media.html?url={PCT}&amp;schema=twitter"></iframe>',
    "Embedly frame, lazy": f'<iframe data-src="https://cdn.embedly.com/widgets/media.html?src={PCT}"></iframe>',
    "Iframely": f'<div class="iframely-embed"><a href="{URL}" data-iframely-url></a></div>'.replace("<a ", '<a class="iframely" '),
    "Iframely frame": f'<iframe src="https://cdn.iframe.ly/api/iframe?url={PCT}&amp;key=0"></iframe>',
    "Drupal media": f'<div class="media--type-tweet" data-embed-url="{URL}"></div>',
    "Drupal entity": f'<drupal-url data-embed-button="twitter" data-embed-url="{URL}"></drupal-url>',
    "Usercentrics": f'<div class="uc-embed" data-uc-src="https://platform.twitter.com/embed/Tweet.html?id={ID}"></div>',
    "Cookiebot": f'<iframe data-cookieconsent="marketing" data-cookieblock-src="https://platform.twitter.com/embed/index.html?id={ID}"></iframe>',
    "OneTrust": f'<div class="optanon-category-C0004" data-src="{URL}"></div>',
    "Borlabs": f'<script type="text/template">{QUOTE}</script>',
    "consent template": f"<template>{QUOTE}</template>",
    "noscript": f"<noscript>{QUOTE}</noscript>",
    "commented consent": f'<div data-consent-html="{html.escape(QUOTE)}"></div>',
    "base64 consent": f'<div data-embed="{base64.b64encode(QUOTE.encode()).decode()}"></div>',
    "percent-encoded consent": '<div data-html="%3Cblockquote%20class%3D%22twitter-tweet%22%3E%3Ca%20href%3D%22'
    + f'{PCT}%22%3E%3C%2Fa%3E%3C%2Fblockquote%3E"></div>',
    "rendered": f'<div class="twitter-tweet twitter-tweet-rendered"><iframe data-tweet-id="{ID}" src="x_files/Tweet.html"></iframe></div>',
    "shadow": f'<twitter-widget class="twitter-tweet" data-tweet-id="{ID}"></twitter-widget>',
    "react-tweet": f'<div class="react-tweet-theme"><article><a href="{URL}">x</a></article></div>'.replace("<div ", f'<div data-tweet-id="{ID}" '),
    "an element of ours": f'<div class="js-twitter-embed" data-id="{ID}"></div>',
    "an element by provider": f'<div data-provider="twitter" data-embed-id="{ID}"></div>',
    "XenForo": f'<iframe data-s9e-mediaembed="twitter" src="https://cdn.jsdelivr.net/gh/s9e/iframe@2/2/twitter.min.html#{ID}"></iframe>',
    "Instant Articles": f'<figure class="op-interactive"><iframe>{QUOTE}</iframe></figure>',
    "Gutenberg": f'<figure class="wp-block-embed is-type-rich is-provider-twitter"><div class="wp-block-embed__wrapper">\n{URL}\n</div></figure>',
    "Gutenberg comment": f'<!-- wp:embed {{"url":"{URL}","type":"rich","providerNameSlug":"twitter"}} /-->',
    "bare address in its paragraph": f"<p>{URL}</p>",
    "linked address alone": f'<p><a href="{URL}">{URL}</a></p>',
    "WordPress shortcode": f"<p>[embed]{URL}[/embed]</p>",
    "Jetpack shortcode": f"<p>[tweet {URL}]</p>",
    "feed": f"<content:encoded><![CDATA[<p>x</p>{QUOTE}]]></content:encoded>",
    "feed, escaped": f"<description>{html.escape('<p>x</p>' + QUOTE)}</description>",
    "feed, alone": f"<content:encoded><![CDATA[{URL}\n\nMore words.]]></content:encoded>",
    "MediaWiki": "{{#tweet: " + ID + "}}",
    "Wayback": QUOTE.replace("https://twitter.com", "https://web.archive.org/web/20210701/https://twitter.com"),
    "mirror": f'<blockquote class="twitter-tweet"><a href="https://fxtwitter.com/ada_b/status/{ID}"></a></blockquote>',
    "Google docs": f'<blockquote><p>Rain — Ada Byron (@ada_b) <a href="https://www.google.com/url?q={URL}&amp;sa=D">June 28, 2021</a></p></blockquote>',
}  # fmt: skip


@pytest.mark.parametrize("markup", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_placeholders_and_wrappers_show_the_post(markup):
    """Each once, as an embed."""
    assert shown(PAGE.format(markup)) == [("embed", ID)]


STATES = {
    "Arc": {"type": "oembed_response", "raw_oembed": {"url": URL, "provider_name": "Twitter", "html": QUOTE}},
    "Arc without markup": {"type": "oembed_response", "subtype": "twitter", "raw_oembed": {"_id": URL, "type": "twitter"}},
    "Next": {"props": {"pageProps": {"blocks": [{"__typename": "TweetBlock", "tweetUrl": URL}]}}},
    "New York Times": {"__typename": "TwitterEmbedBlock", "twitterUrl": URL, "html": QUOTE},
    "Guardian": {"_type": "model.dotcomrendering.pageElements.TweetBlockElement", "url": URL, "html": QUOTE},
    "Apollo": {"MediaResource:f": {"__typename": "MediaResource", "iframeSrc": f"https://cdn.embedly.com/widgets/media.html?url={PCT}"}},
    "Contentful": {"nodeType": "embedded-entry", "data": {"contentType": "tweet", "fields": {"type": "tweet", "tweetId": ID}}},
    "Sanity": {"_type": "twitterEmbed", "url": URL},
    "Prismic": {"type": "embed", "oembed": {"embed_url": URL, "type": "rich", "provider_name": "Twitter"}},
    "Editor.js": {"type": "embed", "data": {"service": "twitter", "source": URL, "embed": f"https://twitframe.com/show?url={URL}"}},
    "Ghost Mobiledoc": {"cards": [["embed", {"url": URL, "type": "twitter", "html": QUOTE}]]},
    "an id by its kind": {"kind": "tweet", "id": ID},
    "X's API": {"id_str": ID, "full_text": "Rain again", "user": {"name": "Ada Byron", "screen_name": "ada_b"}, "url": URL},
}  # fmt: skip


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("depth", [1, 2])
def test_state_in_scripts_shows_the_post(state, depth):
    """As JSON, and as JSON in a string of JSON."""
    for _ in range(depth - 1):
        state = {"data": json.dumps(state)}
    written = json.dumps(state).replace("</", "<\\/")
    assert shown(PAGE.format(f'<script id="__NEXT_DATA__" type="application/json">{written}</script>')) == [
        ("embed", ID)
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"@context": "https://schema.org", "@type": "NewsArticle", "citation": URL},
        {"@context": "https://schema.org", "@type": "ClaimReview", "itemReviewed": {"@type": "CreativeWork", "url": URL}},
        {"type": "paragraph", "links": [{"type": "link", "href": URL}]},
        {"type": "text", "content": f'As <a href="{URL}">she said</a>.'},
    ],
)  # fmt: skip
def test_state_that_merely_refers_to_a_post_is_a_link(data):
    """Linked data, the links and the running text of an article's blocks."""
    assert shown(PAGE.format(f"<script>{json.dumps(data)}</script>")) == [("link", ID)]


def test_substacks_attributes_tell_the_post():
    """``data-attrs``: name, handle, words, and the second of the post."""
    said = {"url": URL, "full_text": "Rain again https://t.co/HKTxlNwvUx", "username": "ada_b", "name": "Ada Byron",
            "date": "Mon Jun 28 05:58:41 +0000 2021", "photos": [], "retweet_count": 3}  # fmt: skip
    (found,) = finds(
        PAGE.format(f'<div class="tweet" data-attrs="{html.escape(json.dumps(said))}"><a href="{URL}"></a></div>')
    )
    assert (found.author, found.handle, str(found.date)) == ("Ada Byron", "ada_b", "2021-06-28T05:58:41.000Z")
    assert (found.text, found.short_links) == ("Rain again https://t.co/HKTxlNwvUx", ("https://t.co/HKTxlNwvUx",))


def test_a_newsletters_card_tells_the_post():
    """Class names of the parts; the id from the counters, where the links are redirects."""
    (found,) = finds(PAGE.format(
        '<div class="tweet static"><a href="https://substack.com/redirect/x"><div class="tweet-header">'
        '<span class="tweet-author-name">Ada Byron </span><span class="tweet-author-handle">@ada_b</span></div>'
        '<div class="tweet-text">Rain <b>again</b></div></a><span class="tweet-date">11:23 AM ∙ Jun 28, 2021</span>'
        f'<span href="{URL}?s=20/likes" class="likes"><span class="like-count">3</span></span></div>'
    ))  # fmt: skip
    assert (found.kind, found.post.post_id, found.author, found.handle) == ("embed", ID, "Ada Byron", "ada_b")
    assert (str(found.date), found.text) == ("2021-06-28", "Rain again")


MARKDOWN = {
    "line": URL,
    "line in angle brackets": f"<{URL}>",
    "Obsidian": f"![]({URL})",
    "Hugo": '{{< tweet user="ada_b" id="' + ID + '" >}}',
    "Hugo, old": "{{< tweet " + ID + " >}}",
    "Hugo, unquoted": "{{< tweet user=ada_b id=" + ID + ">}}",
    "Hugo, new": '{{< x user="ada_b" id="' + ID + '" >}}',
    "Jekyll": "{% twitter " + URL + " %}",
    "Jekyll, id": "{% tweet " + ID + " %}",
    "Eleventy": '{% tweet "' + ID + '" %}',
    "Jekyll include": "{% include tweet.html id=" + ID + " %}",
    "Forem": "{% embed " + URL + " %}",
    "MDX": f'<Tweet id="{ID}" />',
    "MDX, expression": f"<Tweet id={{'{ID}'}} />",
    "MDX, other name": f'<TwitterTweetEmbed tweetId="{ID}" />',
    "MDX, link": f'<Tweet tweetLink="ada_b/status/{ID}" />',
    "MDX, address": f'<Tweet url="{URL}" />',
    "Astro": f'<Tweet id="{URL}" />',
    "reStructuredText": f".. tweet:: {URL}",
    "Nikola": f".. twitter:: {ID}",
    "AsciiDoc": f"tweet::{ID}[]",
    "XenForo": f"[MEDIA=twitter]{ID}[/MEDIA]",
    "vBulletin": f"[tweet]{ID}[/tweet]",
    "VuePress": f"@[twitter]({ID})",
    "quote with its link": f"> Rain again\n>\n> — Ada Byron (@ada_b) [June 28, 2021]({URL}?ref_src=twsrc%5Etfw)",
    "quote with a reference": f"> Rain again\n>\n> — Ada Byron (@ada_b) [June 28, 2021][3]\n\nx\n\n[3]: {URL}?ref_src=tw\nsrc%5Etfw",
    "HTML": QUOTE,
    "RST raw": f".. raw:: html\n\n   {QUOTE}",
}  # fmt: skip


@pytest.mark.parametrize("written", MARKDOWN.values(), ids=MARKDOWN)
@pytest.mark.parametrize("name", ["a.md", "a.mdx"])
def test_shortcodes_components_and_lines_of_markdown_show_the_post(written, name):
    """Of the static site generators, forums and note books."""
    assert shown(f"# Title\n\nbefore, which is prose\n\n{written}\n\nafter\n", name) == [("embed", ID)]


@pytest.mark.parametrize(
    "markup",
    [
        f'<p>As <a href="{URL}">she said</a> on Monday.</p>',
        f"<p>See {URL} for more.</p>",
        f'<ul><li><a href="{URL}">{URL}</a></li></ul>',
        f'<div class="comment-content"><p><a href="{URL}" rel="nofollow ugc">{URL}</a></p></div>',
        f'<a href="{URL}" data-versionurl="https://web.archive.org/web/2021/{URL}">said</a>',
        f'<img src="a.jpg" alt="x" longdesc="{URL}">',
        f'<a class="share-link" href="{URL}">Share</a>',
        f'<span class="tweet-link" title="{URL}">x</span>',
        f"<p>{QUOTE.partition('<p lang')[0].replace('<blockquote class=', '<b data-x=')}<a href='{URL}'>Link</a></p>",
    ],
)
def test_a_link_in_running_text_or_a_list_is_a_link(markup):
    """Sources, credits, archived copies, comments."""
    assert shown(PAGE.format(markup)) == [("link", ID)]


@pytest.mark.parametrize(
    "markup",
    [
        f'<a class="twitter-timeline" data-widget-id="{ID}" href="https://twitter.com/ada_b">Tweets by ada_b</a>',
        f'<a class="twitter-moment" href="https://twitter.com/i/moments/{ID}">x</a>',
        f'<meta name="twitter:account_id" content="{ID}">',
        f'<script>fbq("init", "{ID}"); var twitter = {{"account": "{ID}"}}; window.twttr = {{}}</script>',
        f'<div class="share-twitter" data-id="{ID}"></div>',
        f'<li data-retweet-id="{ID}"></li>',
        f"<p>tweet {ID} times</p>",
        f'<script>{{"type":"twitter","author":{{"id":"{ID}"}}}}</script>',
        f'<div class="subbuzz-anchor" id="{ID}"></div>',
    ],
)
def test_numbers_that_are_no_posts_are_no_finds(markup):
    """Widgets, collections, accounts, pixels, retweets."""
    assert shown(PAGE.format(markup)) == []


def test_words_beside_a_bare_address_are_its_own():
    """WordPress prints the address, then the fallback quote without its link: one embed."""
    (found,) = finds(PAGE.format(f"<p>{URL}</p><p>Rain again</p><p>— Ada Byron (@ada_b) June 28, 2021</p>"))
    assert (found.form, found.author, found.text) == ("bare-url+plain-text", "Ada Byron", "Rain again")
