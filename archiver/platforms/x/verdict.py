"""What the evidence about a post adds up to: one word, and the answers that it was read from.

"Gone" is said when two kinds of sources say so, or one does on two looks at least a day apart; until then it is
``ambiguous``, with what was seen. 403, 429, 5xx, walls and shells are evidence of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from archiver.model import GONE, LIMITED, Availability, Evidence, Moment

LIVE = ("tweet-result", "api")
"""Sources that look the post up when asked. oEmbed's answers are cached for a century, and FxTwitter is a third party:
what only those show may be gone meanwhile."""
APART = timedelta(days=1)

Word = tuple[Availability, str]


def judge(
    evidence: Sequence[Evidence],
    unanswered: Sequence[Word] = (),
    *,
    earlier: Sequence[Evidence] = (),
    impossible: str | None = None,
) -> Word:
    """(availability, how). ``unanswered``: what became of questions without any answer. ``earlier``: the evidence of
    earlier looks. ``impossible``: why no post can have the id yet, ``None`` when one can."""
    shown = [one for one in evidence if one.says == "public"]
    gone = [one for one in evidence if one.says in GONE]
    limited = [one for one in evidence if one.says in LIMITED and one.source in LIVE]
    if any(one.source in LIVE for one in shown) or (shown and not gone and not limited):
        return "public", _hows(shown)
    if limited:
        return limited[0].says, limited[0].how
    if impossible and any(one.says in (*GONE, "ambiguous") for one in evidence):
        return "impossible", impossible
    if len({one.source for one in gone}) > 1 and not shown:
        return _reason(gone), _hows(gone)
    if gone and (before := _before(gone, earlier)):
        return _reason([*gone, before]), f"{_hows(gone)}, as on {Moment(at=before.at, precision='minute')}"
    silent = [*((one.says, one.how) for one in evidence), *unanswered]
    if gone:
        return "ambiguous", " + ".join(f"{how} ({says})" if how.endswith(".text") else how for says, how in silent)
    for word in ("ambiguous", *LIMITED, "rate_limited", "error"):
        for says, how in silent:
            if says == word:
                return ("ambiguous" if says in LIMITED else says), how
    return "error", "no service answered"


def _before(gone: Sequence[Evidence], earlier: Sequence[Evidence]) -> Evidence | None:
    """The oldest evidence that it is gone, at least a day old, since which no live source has shown the post."""
    shown = [one.at for one in earlier if one.says == "public" and one.source in LIVE]
    now = max(one.at for one in gone)
    old = [one for one in earlier if one.says in GONE and now - one.at >= APART and all(one.at > at for at in shown)]
    return min(old, key=lambda one: one.at, default=None)


def _reason(gone: Sequence[Evidence]) -> Availability:
    """The word of those who say why; a bare "not found" only says that."""
    told = [one for one in gone if not one.how.endswith((".404", "resource_not_found"))]
    return (told or gone)[0].says


def _hows(evidence: Iterable[Evidence]) -> str:
    return " + ".join(dict.fromkeys(one.how for one in evidence))
