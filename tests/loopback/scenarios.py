"""How the services answer for one post: each scenario has a name, so that a test reads as a sentence.

A scenario picks one row of each service's table of answers: ``syndication.ANSWERS``, ``oembed.ERRORS``,
``api_v2.ANSWERS`` and ``third_parties.FX_ANSWERS``; the rows are the words of ``protocols.md`` 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

FOREVER = 1_000_000  # refusals that no patience outlasts
Standing = Literal["public", "deleted", "suspended", "private", "broken"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``tweet_result``, ``oembed``: rows of those tables. ``standing``: what status pages, FxTwitter and the API know;
    ``api``, ``fxtwitter``: rows of theirs, where those know better.

    ``refusals``: how many times tweet-result and oEmbed each give the row ``refusal`` before they answer, sent with
    ``retry_after`` (the header's value) if there is one. ``form``: how bodies cross the wire (``answers.FORMS``).
    """

    tweet_result: str = "tweet"
    oembed: str = "embed"
    standing: Standing = "public"
    api: str | None = None
    fxtwitter: str | None = None
    refusals: int = 0
    refusal: str = "429"
    retry_after: str | None = None
    form: str = "plain"


PUBLIC = Scenario()

#: Tombstone texts by reason (``protocols.md`` 4.1). ``{Post}`` and ``{X}`` became what they are in 2023.
TOMBSTONES = {
    "deleted": "This {Post} was deleted by the {Post} author.",
    "suspended": "This {Post} is from a suspended account.",
    "account gone": "This {Post} is from an account that no longer exists.",
    "protected": "You’re unable to view this {Post} because this account owner limits who can view their {Post}s.",
    "unavailable": "This {Post} is unavailable.",
    "violated rules": "This {Post} violated the {X} Rules.",
    "withheld": "@anna_example’s {Post} has been withheld in Germany in response to a legal demand.",
    "withheld for copyright": "This {Post} from @anna_example has been withheld in response to a report from the "
    "copyright holder.",
    "media policy": "@anna_example's account is temporarily unavailable because it violates the {X} Media Policy.",
    "age-restricted": "Age-restricted adult content. This content might not be appropriate for people under 18 years "
    "old. To view this media, you’ll need to log in to {X}.",
}
_OEMBED_BESIDE = {"protected": "403 not authorized", "age-restricted": "403 not authorized", "suspended": "403 other"}
_STANDING_BESIDE: dict[str, Standing] = {
    "deleted": "deleted",
    "account gone": "deleted",
    "suspended": "suspended",
    "protected": "private",
}


def tombstone_text(reason: str, *, new_words: bool = True) -> str:
    """What a tombstone says: ``Post`` and ``X`` (since 2023), or ``Tweet`` and ``Twitter``."""
    words = {"Post": "Post", "X": "X"} if new_words else {"Post": "Tweet", "X": "Twitter"}
    return TOMBSTONES[reason].format(**words) + " Learn more"


def tombstone(reason: str, *, new_words: bool = True) -> Scenario:
    """tweet-result says why in words; oEmbed answers 403 or 404, as it does for that reason."""
    return Scenario(
        tweet_result=f"tombstone: {reason}" if new_words else f"tombstone (Tweet): {reason}",
        oembed=_OEMBED_BESIDE.get(reason, "404 html"),
        standing=_STANDING_BESIDE.get(reason, "public"),
    )


#: Every named scenario; ``docs/loopback.md`` lists them.
SCENARIOS: dict[str, Scenario] = {
    "public": PUBLIC,
    "deleted": Scenario(tweet_result="404 html", oembed="404 html", standing="deleted"),
    "deleted, told in JSON": Scenario(tweet_result="404 json", oembed="404 json", standing="deleted"),
    **{f"tombstone: {reason}": tombstone(reason) for reason in TOMBSTONES},
    **{f"tombstone (Tweet): {reason}": tombstone(reason, new_words=False) for reason in TOMBSTONES},
    "empty tombstone": Scenario(tweet_result="empty tombstone", oembed="403 not authorized"),
    "empty tombstone of a public post": Scenario(tweet_result="empty tombstone"),
    "empty object": Scenario(tweet_result="empty object", oembed="403 not authorized"),
    "tweet without user": Scenario(tweet_result="tweet without user", oembed="403 other", standing="suspended"),
    "bad request": Scenario(tweet_result="400", oembed="404 html", standing="deleted"),
    "only tweet-result knows it": Scenario(oembed="404 html"),
    "only oEmbed knows it": Scenario(tweet_result="404 html"),
    "rate limited": Scenario(refusals=FOREVER),
    "rate limited for a day": Scenario(refusals=FOREVER, retry_after="86400"),
    "rate limited at first": Scenario(refusals=1),
    "rate limited at first, says when": Scenario(refusals=1, retry_after="1"),
    "server trouble": Scenario(refusals=FOREVER, refusal="503 html", standing="broken"),
    "server trouble at first": Scenario(refusals=1, refusal="503 html"),
    "server error": Scenario(refusals=FOREVER, refusal="500 html", standing="broken"),
    "not JSON": Scenario(tweet_result="not json", oembed="not json"),
    "cut JSON": Scenario(tweet_result="cut json", oembed="cut json"),
    **{form: replace(PUBLIC, form=form) for form in ("gzip", "chunked", "chunked gzip", "brotli", "cut")},
}
