import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.find import find, marks, scan
from archiver.find.marks import any_mark
from tests.shared import SHARED, needs_shared, shared_lines

ID = "1409390776546258944"


@pytest.mark.parametrize(
    "page",
    [
        "https://t.co/AbCdEfGhIj",
        r"https:\/\/t.co\/AbCdEfGhIj",
        "https%3A%2F%2Ft.co%2FAbCdEfGhIj",
        "rain pic.twitter.com/AbCdEfGhIj",
        "rain pic.x.com/AbCdEfGhIj",
        f"//nitter.net/ada/status/{ID}",
        f"https:\\/\\/x.com\\/ada\\/status\\/{ID}",
        f'<script src="https://platform.x.com/embed/Tweet.html?id={ID}">',
        "— Ada (@ada) June 28, 2021",
        "— 花子（@ada）6月28日",
        f'<amp-twitter data-tweetid="{ID}">',
        f'<div data-id="{ID}" class="js-tweet">',
        "{{< tweet 20 >}}",
        "{{< x user=ada id=20 >}}",
        "{% twitter 20 %}",
    ],
)
def test_every_sort_of_mark_is_seen(page):
    """Short links, paths, frames, handles, numbers beside the word, shortcodes."""
    assert any_mark(page.encode())
    assert any_mark(b"<html>" * 50 + page.encode() if not page.startswith("{") else page.encode())


@pytest.mark.parametrize(
    "page",
    [
        '<meta name="twitter:card" content="summary"><a href="https://twitter.com/ada">Twitter</a>',
        '<a class="btn-twitter" href="https://twitter.com/intent/tweet?url=x">Tweet</a>',
        "<style>@media (max-width: 3px) { .twitter-tweet { } }</style> ada@example.com",
        "https://netflix.com/ https://reddit.com/ microsoft.com/ status: 1 statuses",
        "<script>status = 200; x.com = 3; at.co = 4</script>",
    ],
)
def test_buttons_cards_and_styles_are_no_mark(page):
    """What nearly every page of the web holds."""
    assert not any_mark(page.encode())


@needs_shared
def test_no_page_of_the_corpus_loses_a_find(monkeypatch):
    """The slow way as the oracle: what is passed by has nothing in it."""
    pages = [(SHARED / "corpus" / row["file"]).read_bytes() for row in shared_lines("corpus/index.jsonl")]
    passed = [page for page in pages if not any_mark(page)]
    assert passed
    mark = b"<p>tweetid=20</p>"  # makes the page looked at, as a find of its own
    for page in passed:
        found = find(page + mark, key="k", name="a.html").finds
        assert [one.post.post_id for one in found if one.post] == ["20"]


def slowly(data):
    """``any_mark`` by searching for each sign everywhere, with the standard library alone."""
    if any(pattern.search(data) for _, pattern in marks._SURE) or marks._HANDLE.search(data):
        return True
    for found in re.finditer(rb"witter|weet", data):
        start, end = found.span()
        if data[max(0, start - 5) : start] == b"pic.t" or marks._BESIDE.match(data, start):
            return True
        if marks._NAMED_ID.match(data, start) or marks._NUMBER.search(data, max(0, start - 260), end + 260):
            return True
        if marks._CALLED.search(data, max(0, start - 12), start) and marks._CALLED_WITH.match(data, end):
            return True
    return not data[:200].lstrip().startswith(b"<") and marks._COMPONENT.search(data) is not None


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            b"status statuses \\/ / %2F %252F &#47; 1 t.co at.co 2Ft.co x.com .x.com article ( @ada ) @ada) twitter "
            b"tweet twitter.com/ embed pic.t tweetid {{< [ : \xef\xbc\x89 PGJsb2NrcXVvdGU {{<x <".split(b" ")
        ),
        st.sampled_from([ID.encode(), ID[:15].encode(), ID[:14].encode(), b"0" * 15, b" ", b"."]),
        st.integers(0, 270).map(lambda count: b"-" * count),
        st.binary(max_size=4),
    ),
    max_size=9,
)


@given(PIECES)
def test_the_fast_way_sees_what_the_slow_way_sees(pieces):
    """Whatever stands beside whatever, at any distance; with stringzilla and without."""
    data = b"".join(pieces)
    fast = scan.find
    assert any_mark(data) is slowly(data)
    try:
        scan.find = bytes.find
        assert any_mark(data) is slowly(data)
    finally:
        scan.find = fast


@pytest.mark.parametrize("before", range(240, 262))
def test_a_number_is_seen_at_every_distance(before):
    """Up to 260 bytes before the word, whichever bytes are sampled."""
    page = b"<p>" + ID[:15].encode() + b"-" * (before - 15) + b"twitter"
    assert any_mark(page) is slowly(page)
    assert any_mark(page) is (before < 260)
