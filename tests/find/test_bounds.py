# ruff: noqa: E501
"""What a page may cost: linear time, and bounds that are said when they are met."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.find import find

ID = "1409390776546258944"
QUOTE = (
    f'<blockquote class="twitter-tweet"><p>x</p>&mdash; n (@nnn) <a href="https://x.com/nnn/status/{ID}">May 1, 2020'
    "</a></blockquote>"
)
RESERVED = frozenset("i home explore intent messages notifications privacy search tos hashtag settings share".split())
MARK = "https://t.co/AbCdEfGhIj "
"""Without it a page may be passed by, which costs nothing and tells nothing."""
WORST = [
    "https://t.co/", "https://t.co/AbCdEfGhIj ", "@", "(@ab)", "<p>(@ab) ", "— x (@abc) June 28, 2021\n", "<div>", "<!--",
    "<a (@xyz) ", '<a x="(@xyz) ', "<blockquote class=twitter-tweet>", QUOTE, "<blockquote>(@a)status", "<script>", "a=b ",
    f"twitter.com/a/status/{ID} ", "/status/1234", f'data-tweet-id="{ID}" ', "platform.twitter.com/embed/", "&amp;lt;",
    "%25", "\\\\", "<textarea>", "<", ">", "{", '{"tweet":', "tweet", "[tweet ", "tweet-author-handle", "<b class=tweet-author-handle>", "<b class=tweet data-id=1>", "](http://a",
    "PGJsb2NrcXVvdGU", "<p>https://x.com/a/status/20",
]  # fmt: skip


def seconds(text, name):
    began = time.process_time()
    find(text.encode(), key="k", name=name)
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("unit", WORST, ids=lambda unit: unit[:24])
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_twice_the_page_takes_twice_the_time(unit, name):
    """No pattern goes back over what it has read."""
    size = 30_000
    once, twice = (min(seconds(MARK + unit * (size * n // len(unit)), name) for _ in range(3)) for n in (1, 2))
    assert twice < 2.5 * once + 0.2


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
