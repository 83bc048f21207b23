import pytest

from archiver.find import find
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
