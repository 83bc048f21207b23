"""What the answer about one post shows of another, whatever becomes of the answer."""

from __future__ import annotations

import copy
import html
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model import PostRef
from archiver.platforms.x.post import X
from tests.answers import answer, in_json
from tests.loopback.tweets import tweet
from tests.platforms.x.test_mutations import ANNA, BEFORE, JUNK, POST, change, leaves, places

assert POST.quotes
QUOTED = POST.quotes
WHOLE: dict[str, Any] = tweet(POST)
REFS = {
    "quoted_tweet": PostRef(platform="x", post_id=QUOTED.post_id),
    "parent": PostRef(platform="x", post_id=BEFORE.post_id),
}
WHOSE = PostRef(platform="x", post_id=POST.post_id)
OURS = ("x", "photo", "video", "animated_gif")


@pytest.mark.parametrize("field", REFS)
def test_each_fact_names_the_field_and_the_post_in_whose_answer_it_stands(field):
    """All of them, the author's face included."""
    kept = X().beside(in_json(WHOLE), REFS[field], WHOSE)
    facts = dict(kept.facts)
    assert facts["text"].value == {"quoted_tweet": QUOTED, "parent": BEFORE}[field].text
    assert (facts["handle"].value, "avatar" in facts) == (ANNA.handle, True)
    for _, fact in kept.facts:
        assert fact.how.startswith(f"tweet-result.{field}.")
        assert fact.shown_in is not None
        assert fact.shown_in.post_id == POST.post_id


@pytest.mark.parametrize(
    "exchange",
    [
        in_json({}),
        in_json({"__typename": "TweetTombstone", "tombstone": {}}),
        in_json({**WHOLE, "quoted_tweet": {"__typename": "TweetTombstone"}}),
        in_json({**WHOLE, "quoted_tweet": None}),
        in_json({**WHOLE, "quoted_tweet": {**WHOLE["quoted_tweet"], "id_str": "20"}}),
        in_json({**WHOLE, "quoted_tweet": {**WHOLE["quoted_tweet"], "user": None}}),
        in_json({**WHOLE, "quoted_tweet": {**WHOLE["quoted_tweet"], "text": 7}}),
        in_json({**WHOLE, "id_str": "0"}),
        in_json(WHOLE, why="oembed"),
        in_json(WHOLE, 404),
        answer(body="<p>no JSON</p>", why="post"),
        answer(body=b"\xff", why="post"),
    ],
)
def test_an_answer_that_does_not_show_it_says_nothing_of_it(exchange):
    """And it is no error: the answer's own post needs none of it."""
    kept = X().beside(exchange, REFS["quoted_tweet"], WHOSE)
    assert (kept.facts, kept.wanted, bool(kept.nothing)) == ((), (), True)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_change_makes_it_crash_or_invent(data: st.DataObject) -> None:
    """Up to four fields removed, or of another type; whatever is still said stands in the answer."""
    field = data.draw(st.sampled_from(sorted(REFS)))
    changed = copy.deepcopy(WHOLE)
    inside = [(field, *path) for path in places(WHOLE[field])]
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from([*inside, ("id_str",), ("__typename",)]))
        change(changed, path, copy.deepcopy(data.draw(st.one_of(st.just(...), JUNK))))
    kept = X().beside(in_json(changed), REFS[field], WHOSE)
    assert all(one.startswith(("https://pbs.twimg.com/", "https://video.twimg.com/"))
               for picture in kept.wanted for one in picture.ladder)  # fmt: skip
    said = {leaf for leaf in leaves(changed) if isinstance(leaf, str)}
    said |= {leaf.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for leaf in said}
    whole = html.unescape(" ".join(said))
    for name, fact in kept.facts:
        for leaf in leaves(fact.value) if name not in ("posted_at", "edits") else ():
            if isinstance(leaf, str) and leaf not in OURS:
                assert all(word in whole or word in html.unescape(whole) for word in leaf.split()), (name, leaf)
