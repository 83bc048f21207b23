"""A post as the blockquote that publishers paste: what oEmbed answers and what articles hold (``protocols.md`` 7)."""

from __future__ import annotations

import re
from html import escape

from babel.dates import format_date

from tests.loopback.nouns import Post

_REF = "?ref_src=twsrc%5Etfw"
_LINKED = re.compile(r"https?://t\.co/\w{1,10}|(?<!\w)@\w{1,15}|(?<![\w&])#\w+")


def blockquote(post: Post, *, host: str = "twitter.com", lang: str | None = None, attributes: str = "") -> str:
    """The blockquote of 2018 and since: ``host`` is ``twitter.com`` or, of late, ``x.com``.

    ``lang``: the language of the date, and ``data-lang``. ``attributes``: more of them, with a leading space.
    """
    told = f' data-lang="{lang}"' if lang else ""
    status = f"{post.url(host)}{_REF}"
    return (
        f'<blockquote class="twitter-tweet"{told}{attributes}><p lang="{post.lang}" dir="{_direction(post.lang)}">'
        f"{text_html(post, host=host)}</p>&mdash; {_escaped(post.by.name)} (@{post.by.handle}) "
        f'<a href="{status}">{printed_date(post, lang or "en")}</a></blockquote>'
    )


def blockquote_of_2012(post: Post) -> str:
    """The blockquote of 2011 to 2013: the exact second in ``data-datetime``, links that show and name their target."""
    text = _escaped(post.text)
    for link in post.links:
        text = text.replace(link.url, f'<a href="{link.url}" title="{link.to}">{link.display}</a>')
    second = post.posted_at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return (
        f'<blockquote class="twitter-tweet"><p>{text}</p>&mdash; {_escaped(post.by.name)} '
        f'(@{post.by.handle}) <a href="{post.url("twitter.com")}" data-datetime="{second}">{printed_date(post)}</a>'
        "</blockquote>"
    )


def running_text(post: Post) -> str:
    """What is left of an embed when only its text is kept, as in scraped articles."""
    pic = f" pic.twitter.com/{post.pic}" if post.pic else ""
    return f"{post.text}{pic}\n— {post.by.name} (@{post.by.handle}) {printed_date(post)}"


def widget_script(host: str = "twitter.com") -> str:
    """The script that turns blockquotes into widgets."""
    return f'<script async src="https://platform.{host}/widgets.js" charset="utf-8"></script>'


def text_html(post: Post, *, host: str = "twitter.com") -> str:
    """The text with its links, mentions and hashtags, and the media link at its end shown as pic.twitter.com."""
    shown = _LINKED.sub(lambda found: _anchor(found[0], host), _escaped(post.text)).replace("\n", "<br>")
    if post.media_link:
        pic = f'<a href="{post.media_link.url}">pic.{host}/{post.media_link.code}</a>'
        shown = f"{shown} {pic}".strip()
    return shown


def printed_date(post: Post, lang: str = "en") -> str:
    """The UTC day of the post, in the long form of ``lang``, as embeds print it."""
    return format_date(post.posted_at.date(), "long", locale=lang.replace("-", "_")).replace("\u202f", " ")


def _escaped(text: str) -> str:
    """As the service escapes: quotation marks too, the single one in decimal."""
    return escape(text).replace("&#x27;", "&#39;")


def _anchor(text: str, host: str) -> str:
    match text[0]:
        case "@":
            to = f"https://{host}/{text[1:]}{_REF}"
        case "#":
            to = f"https://{host}/hashtag/{text[1:]}?src=hash&amp;{_REF[1:]}"
        case _:
            to = text
    return f'<a href="{to}">{text}</a>'


def _direction(lang: str) -> str:
    return "rtl" if lang in ("ar", "fa", "he", "iw", "ur") else "ltr"
