from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from archiver.model import GONE, Availability, Evidence
from archiver.platforms.x.verdict import judge
from tests.answers import NOW, ref

DAY = timedelta(days=1)


def seen(source: str, says: Availability, how: str = "", *, days_ago: float = 0) -> Evidence:
    """One answer, so many days before now."""
    return Evidence(source=source, says=says, how=how or f"{source}.404", at=NOW - days_ago * DAY, warc=ref(1))


NOT_FOUND = seen("tweet-result", "deleted")
CACHED = seen("oembed", "public", "oembed")


@pytest.mark.parametrize(
    ("evidence", "earlier", "word"),
    [
        ([NOT_FOUND], [], "ambiguous"),
        ([NOT_FOUND], [seen("tweet-result", "deleted", days_ago=1)], "deleted"),
        ([NOT_FOUND], [seen("tweet-result", "deleted", days_ago=0.9)], "ambiguous"),
        ([NOT_FOUND], [seen("oembed", "deleted", days_ago=2)], "deleted"),
        # oEmbed's cache can't deny what was seen twice.
        ([NOT_FOUND, CACHED], [], "ambiguous"),
        ([NOT_FOUND, CACHED], [seen("tweet-result", "deleted", days_ago=1)], "deleted"),
        # Shown in between by a source that looks when asked: the first look was a mistake, and there is only one.
        ([NOT_FOUND], [seen("tweet-result", "deleted", days_ago=3), seen("tweet-result", "public", days_ago=2)],
         "ambiguous"),
        ([NOT_FOUND], [seen("tweet-result", "public", days_ago=3), seen("tweet-result", "deleted", days_ago=2)],
         "deleted"),
        # The second look may say why.
        ([seen("tweet-result", "suspended", "tweet-result.tombstone.text")],
         [seen("tweet-result", "deleted", days_ago=1)], "suspended"),
        ([NOT_FOUND], [seen("tweet-result", "ambiguous", days_ago=1)], "ambiguous"),
        ([NOT_FOUND], [seen("tweet-result", "error", days_ago=1)], "ambiguous"),
        # Two kinds of sources at once.
        ([NOT_FOUND, seen("api", "deleted")], [], "deleted"),
        ([NOT_FOUND, seen("fxtwitter", "suspended", "fxtwitter.status.reason")], [], "suspended"),
        ([NOT_FOUND, seen("tweet-result", "deleted")], [], "ambiguous"),
        # Whoever looks and sees it is believed, whatever was seen before.
        ([seen("tweet-result", "public")], [seen("tweet-result", "deleted", days_ago=1)], "public"),
        ([NOT_FOUND, seen("api", "public")], [], "public"),
        ([NOT_FOUND, seen("fxtwitter", "public")], [], "ambiguous"),
        # A third party's word about who may see it is no X's own.
        ([seen("fxtwitter", "protected")], [], "ambiguous"),
        ([seen("api", "protected"), seen("oembed", "deleted")], [], "protected"),
        ([seen("tweet-result", "withheld")], [], "withheld"),
    ],
)  # fmt: skip
def test_gone_needs_two_kinds_of_evidence_or_two_looks_a_day_apart(
    evidence: Sequence[Evidence], earlier: Sequence[Evidence], word: str
) -> None:
    """One answer alone is never enough."""
    assert judge(evidence, earlier=earlier)[0] == word


@pytest.mark.parametrize("says", [*GONE, "ambiguous"])
def test_what_nobody_finds_under_an_id_of_the_future_was_never_there(says: Availability) -> None:
    """It is not "deleted": no post could have the id."""
    assert judge([seen("tweet-result", says)], impossible="the id is of 2031") == ("impossible", "the id is of 2031")


@pytest.mark.parametrize(("says", "word"), [("public", "public"), ("error", "error"), ("rate_limited", "rate_limited")])
def test_an_id_of_the_future_is_judged_only_by_an_answer_about_it(says: Availability, word: str) -> None:
    """A post that is shown is there, whatever our clock says; a failure says nothing."""
    assert judge([seen("tweet-result", says)], impossible="the id is of 2031")[0] == word


def test_the_answer_says_when_it_was_seen_before() -> None:
    """So that nobody has to believe it."""
    found = judge([NOT_FOUND], earlier=[seen("tweet-result", "deleted", days_ago=2)])
    assert found == ("deleted", "tweet-result.404, as on 2026-07-30T12:00Z")
