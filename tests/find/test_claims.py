"""One post, shown more than once: copies are one embed, contradictions are not."""

from __future__ import annotations

import pytest

from archiver.find import find

QUOTED = (
    '<blockquote class="twitter-tweet"><p>{text}</p>&mdash; {name} (@{handle}) '
    '<a href="https://twitter.com/anna_example/status/969172810410831872">{day}</a></blockquote>'
)
ANNA = {"text": "It rains.", "name": "Anna", "handle": "anna_example", "day": "March 1, 2018"}


@pytest.mark.parametrize(
    ("again", "shown"),
    [
        ({}, ["anna_example"]),
        ({"handle": "Anna_Example"}, ["anna_example"]),
        ({"day": "March 2, 2018"}, ["anna_example"]),
        ({"handle": "ben_example", "name": "Ben", "text": "I did it."}, ["anna_example", "ben_example"]),
        ({"day": "March 7, 2018"}, ["anna_example", "anna_example"]),
    ],
)
def test_a_post_that_is_shown_under_two_names_or_days_is_two_embeds(again, shown):
    """An honest quotation does not hide a forged one; two copies of one are one."""
    found = find((QUOTED.format(**ANNA) + QUOTED.format(**ANNA | again)).encode(), key="k", name="a.html")
    assert [one.handle for one in found.finds] == shown


def test_a_page_of_contradictions_is_bounded():
    """Some are told apart, and all of it takes no longer than its length."""
    quotes = "".join(QUOTED.format(**ANNA | {"handle": f"somebody_{n}"}) for n in range(2_000))
    assert len(find(quotes.encode(), key="k", name="a.html").finds) == 5


@pytest.mark.parametrize(
    "rest",
    [
        "&mdash; Anna (@anna_example) March 1, 2018",
        "&mdash; Anna (@anna_example) <a>March 1, 2018</a>",
        "<p>&mdash; Anna (@anna_example) March 1, 2018</p>",
    ],
)
def test_an_embed_whose_link_was_taken_away_keeps_its_day(rest):
    """So that it can be looked for by its words."""
    (one,) = find(
        f'<blockquote class="twitter-tweet"><p>It rains.</p>{rest}</blockquote>'.encode(), key="k", name="a.html"
    ).finds
    assert (one.handle, str(one.date), one.text) == ("anna_example", "2018-03-01", "It rains.")
