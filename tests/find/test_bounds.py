"""What a page may cost: linear time, and bounds that are said when they are met."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.find import find
from tests import growth

ID = growth.ID
RESERVED = frozenset("i home explore intent messages notifications privacy search tos hashtag settings share".split())


@pytest.mark.slow
@pytest.mark.parametrize("units", list(growth.families()), ids=lambda units: " … ".join(unit[:24] for unit in units))
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_twice_the_page_takes_twice_the_time(units, name):
    """No pattern goes back over what it has read: 30 KB of each family, then 60."""
    assert not growth.is_steep_at(units, name, 30_000)


@pytest.mark.slow
@pytest.mark.parametrize("unit", growth.SOME, ids=lambda unit: unit[:24])
def test_twice_a_long_page_takes_twice_the_time(unit):
    """A megabyte, then two; up to eight, and of every family, in ``make growth``."""
    assert not growth.is_steep_at((unit,), "a.html", 1_000_000)


@pytest.mark.parametrize("unit", [f"<p>https://x.com/a/status/{ID}</p>", f"tweetid={ID} ", f"— (@ada) {ID}tweet "])
def test_what_is_left_out_is_said(unit):
    """An article with more of a thing than is looked at is marked truncated."""
    assert find((unit * 21_000).encode(), key="k", name="a.html").article.truncated
    assert not find((unit * 20).encode(), key="k", name="a.html").article.truncated


@settings(max_examples=60)
@given(
    st.lists(st.text(alphabet="abcdefgh jklmnäß世", min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=3),
    st.text(alphabet="ABCdefg |éß世", min_size=1, max_size=20).map(lambda s: " ".join(s.split())).filter(bool),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,14}", fullmatch=True).filter(lambda s: s.lower() not in RESERVED),
    st.integers(1_000_000_000_000_000_000, 1_900_000_000_000_000_000),
    st.sampled_from(["quote", "escaped", "markdown"]),
)
def test_the_printed_form_of_a_post_gives_it_back(lines, author, handle, number, form):
    """As a blockquote, as one in an attribute, as Markdown: id, author, handle, day and words."""
    link = f"https://x.com/{handle}/status/{number}"
    body = "<br>".join(" ".join(line.split()) for line in lines)
    markup = (
        f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{body}</p>&mdash; {author} (@{handle}) '
        f'<a href="{link}?ref_src=twsrc%5Etfw">June 28, 2021</a></blockquote>'
    )
    quoted = body.replace("<br>", "\n> ")
    written = {
        "quote": f"<p>x</p>{markup}",
        "escaped": "<div data-html='" + markup.replace("<", "&lt;").replace('"', "&quot;") + "'></div>",
        "markdown": f"prose\n\n> {quoted}\n>\n> — {author} (@{handle}) [June 28, 2021]({link})\n",
    }[form]
    (found,) = find(written.encode(), key="k", name="a.md" if form == "markdown" else "a.html").finds
    assert found.post is not None
    assert (found.kind, found.post.post_id, found.handle) == ("embed", str(number), handle)
    assert (found.author, str(found.date)) == (author, "2021-06-28")
    assert found.text == body.replace("<br>", "\n")


SOUP = [
    *growth.UNITS, '<base href="https://x.com/', 'href="/a/status/20"', f"status/{'9' * 40}", 'data-tweet-id="0"', "\0",
    "<meta charset=utf-16>", "<meta charset=big5>", "é", "€", "<?php ?>", "<![CDATA[", "]]>", "<svg>", "<select>",
    "\\u003c",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(SOUP), max_size=30).map("".join),
    st.sampled_from(["utf-8", "latin-1", "cp1251", "utf-16", "utf-16-le", "cp932", "gb18030"]),
    st.sampled_from([None, "utf-8", "latin-1", "utf-16", "nonsense", "base64", "big5", "idna"]),
    st.sampled_from([None, "https://x.com/a", "https://[::1", "x", ""]),
    st.sampled_from(["a.html", "a.txt", "-"]),
)
def test_any_page_is_read_whatever_is_said_about_it(text, encoding, charset, url, name):
    """Encodings and charsets that don't agree, addresses that are none; what is wrong with an id is no post."""
    found = find(text.encode(encoding, "replace"), key="k", name=name, url=url, charset=charset)
    assert not any(one.post and one.problem for one in found.finds)
