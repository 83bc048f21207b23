"""oEmbed answers as ``protocols.md`` 4.2 says."""

import json
from urllib.parse import quote

import pytest

from tests.loopback.embeds import blockquote, printed_date
from tests.loopback.gallery import BY_SCENARIO, KINDS
from tests.loopback.nouns import Post
from tests.loopback.visitor import Visitor

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
NOT_AUTHORIZED = "Sorry, you are not authorized to see this status."
RATE_LIMITED = {"errors": [{"code": 429, "message": "Rate limit exceeded."}]}


def oembed_url(post: Post, *, at: str = "twitter.com", more: str = "") -> str:
    return f"https://publish.twitter.com/oembed?url={quote(post.url(at), safe='')}{more}"


def test_a_public_post(visitor: Visitor) -> None:
    """The object has the keys of the recordings, in their order; ``cache_age`` is a string and ``height`` is null."""
    post = KINDS["video"]
    answer = visitor.ask(oembed_url(post))
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert answer.headers["cache-control"] == "must-revalidate, max-age=3153600000"
    value = answer.json()
    assert " ".join(value) == (
        "url author_name author_url html width height type cache_age provider_name provider_url version"
    )
    assert (value["author_name"], value["author_url"]) == ("Ada Wren", "https://twitter.com/ada_wren_eg")
    assert (value["width"], value["height"], value["cache_age"]) == (550, None, "3153600000")
    assert value["html"] == (
        '<blockquote class="twitter-tweet"><p lang="en" dir="ltr">It moves '
        '<a href="https://t.co/MovingPic1">pic.twitter.com/MovingPic1</a></p>&mdash; Ada Wren (@ada_wren_eg) '
        f'<a href="https://twitter.com/ada_wren_eg/status/{post.post_id}?ref_src=twsrc%5Etfw">February 3, 2023</a>'
        '</blockquote>\n<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>\n\n'
    )


def test_the_body_escapes_markup(visitor: Visitor) -> None:
    """No ``<``, ``>`` or bare ``/`` is in the bytes: they are escaped as JSON allows."""
    body = visitor.ask(oembed_url(KINDS["escapes"])).content
    assert not set(body) & set(b"<>")
    assert b"\\u003Cblockquote" in body
    assert b"/" not in body.replace(b"\\/", b"")


@pytest.mark.parametrize("at", ["twitter.com", "x.com", "www.twitter.com", "mobile.x.com"])
def test_both_names_are_known(visitor: Visitor, at: str) -> None:
    """The same post is found under twitter.com and x.com."""
    assert visitor.ask(oembed_url(KINDS["plain"], at=at)).json()["author_name"] == "Ada Wren"


#: Scenario → status, content type, and the body's value if it is always the same.
ROWS: dict[str, tuple[int, str, object]] = {
    "deleted": (404, HTML, None),
    "deleted, told in JSON": (404, JSON, {"errors": [{"message": "Sorry, that page does not exist", "code": 34}]}),
    "tombstone: suspended": (403, JSON, {"error": "Forbidden."}),
    "rate limited": (429, JSON, RATE_LIMITED),
    "server trouble": (503, HTML, None),
    "not JSON": (200, HTML, None),
    "only tweet-result knows it": (404, HTML, None),
    "only oEmbed knows it": (200, JSON, None),
}


@pytest.mark.parametrize("scenario", ROWS)
def test_each_way_to_say_no(visitor: Visitor, scenario: str) -> None:
    """Status, content type and body are those of the row."""
    answer = visitor.ask(oembed_url(BY_SCENARIO[scenario]))
    status, content_type, value = ROWS[scenario]
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert value is None or answer.json() == value


@pytest.mark.parametrize("scenario", ["tombstone: protected", "tombstone: age-restricted", "empty object"])
def test_not_authorized_names_the_request(visitor: Visitor, scenario: str) -> None:
    """A protected or age-restricted post is 403 with the words that say so, and the request."""
    post = BY_SCENARIO[scenario]
    answer = visitor.ask(oembed_url(post))
    request = f"/oembed?url={quote(post.url('twitter.com'), safe='')}"
    assert (answer.status_code, answer.json()) == (403, {"error": NOT_AUTHORIZED, "request": request})


def test_a_cut_answer_is_no_json(visitor: Visitor) -> None:
    """ "cut JSON" ends in the middle, though its length is right."""
    with pytest.raises(json.JSONDecodeError):
        visitor.ask(oembed_url(BY_SCENARIO["cut JSON"])).json()


@pytest.mark.parametrize("url", ["", "https://twitter.com/ada_wren_eg", "https://x.com/a/status/20", "nonsense"])
def test_what_is_no_post_is_404(visitor: Visitor, url: str) -> None:
    """An address without a status id, or with an unknown one, is 404."""
    assert visitor.ask(f"https://publish.twitter.com/oembed?url={quote(url, safe='')}").status_code == 404


PARAMETERS = {
    "&omit_script=true": ("</blockquote>\n", True),
    "&omit_script=false": ("<script async", True),
    "&omit_script=1": ("<script", False),
    "&dnt=true": (' data-dnt="true"', True),
    "&theme=dark": (' data-theme="dark"', True),
    "&hide_media=true": (' data-cards="hidden"', True),
    "&hide_thread=1": (' data-conversation="none"', True),
    "&hide_thread=false": ("data-conversation", False),
    "&lang=de": (' data-lang="de"', True),
}


@pytest.mark.parametrize("more", PARAMETERS)
def test_parameters_change_the_markup(visitor: Visitor, more: str) -> None:
    """Each parameter leaves its mark on the blockquote, or does not."""
    part, there = PARAMETERS[more]
    assert (part in visitor.ask(oembed_url(KINDS["plain"], more=more)).json()["html"]) is there


@pytest.mark.parametrize(("asked", "width"), [("100", 220), ("300", 300), ("9999", 550), ("wide", 550), ("-1", 550)])
def test_width_is_kept_in_bounds(visitor: Visitor, asked: str, width: int) -> None:
    """``maxwidth`` counts from 220 to 550; nonsense is ignored."""
    assert visitor.ask(oembed_url(KINDS["plain"], more=f"&maxwidth={asked}")).json()["width"] == width


DATES = {
    "en": "January 4, 2023", "de": "4. Januar 2023", "fr": "4 janvier 2023", "es": "4 de enero de 2023",
    "ja": "2023年1月4日", "ko": "2023년 1월 4일", "ru": "4 января 2023 г.", "zh-cn": "2023年1月4日",
}  # fmt: skip


@pytest.mark.parametrize("lang", DATES)
def test_dates_are_utc_days_in_the_language_asked_for(lang: str) -> None:
    """A post of one millisecond before midnight UTC still has that day's date, in words of any language."""
    assert printed_date(KINDS["right to left"], lang) == DATES[lang]


def test_markup_of_text() -> None:
    """Mentions and hashtags are links, what looks like markup is escaped, and Arabic runs from the right."""
    shown = blockquote(KINDS["escapes"], host="x.com")
    assert "1 &lt; 2 &amp;&amp; &quot;3&quot; &gt; 2, said " in shown
    assert '<a href="https://x.com/ada_wren_eg?ref_src=twsrc%5Etfw">@ada_wren_eg</a>' in shown
    assert '<a href="https://x.com/hashtag/maths?src=hash&amp;ref_src=twsrc%5Etfw">#maths</a>' in shown
    assert "&mdash; Ben | بن (R) 🧑‍🚀 (@ben_okoye_eg) " in shown
    assert '<p lang="ar" dir="rtl">' in blockquote(KINDS["right to left"])


def test_publish_x_com_leads_to_publish_twitter_com(visitor: Visitor) -> None:
    """It is a redirect without a body, to the same question at the other name."""
    url = oembed_url(KINDS["plain"])
    answer = visitor.ask(url.replace("twitter.com/oembed", "x.com/oembed"))
    assert (answer.status_code, answer.headers["location"], answer.headers["content-length"]) == (302, url, "0")
    assert answer.headers["cache-control"] == "no-cache, no-store, max-age=0"
