"""What an article claims, set beside what the services answered: confirmed, contradicted, and how they differ. Pure.

Facts are JSON values here, as ``as_json.fact_json`` writes them, so that a record made today and one read back from the
archive are compared alike.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

Fact = Mapping[str, Any]
Facts = Mapping[str, Sequence[Fact]]
Json = dict[str, Any]

# What rendering, content systems and hands do to a text without changing what it says.
_SAME = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00ad": None, "\ufe0e": None, "\ufe0f": None}
)
_LINK = re.compile(
    r"(?:https?://)?(?:t\.co|pic\.(?:twitter|x)\.com)/[A-Za-z0-9]{1,10}"
    r"|https?://\S+"
    r"|(?<!\S)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24}(?:/\S*|(?=[\s…]|$))",
    re.IGNORECASE,
)
_CUT = re.compile(r"(?:…|\.\.\.)$")
_LEAST_CUT = 12
"""Letters that a text must keep for being the beginning of another, and not merely a few words in common."""
_LEAST_SHOWN = 4
"""Letters without which a text that says that it is cut says nothing."""


def claims(answered: Facts, claimed: Facts) -> list[Json]:
    """Each claim of the article with its verdict, by field.

    ``confirmed``: an answer says the same; ``contradicted``: answers speak of it, and none says the same;
    ``unconfirmed``: none does. ``by``: the answers that the verdict rests on. The time within the id contradicts a
    date, but confirms none as long as no service ever showed the post: both are then the article's own words.
    """
    shown: list[Json] = []
    for field, same in _ALIKE.items():
        answers = answered.get(field) or ()
        for claim in claimed.get(field) or ():
            agree = [one for one in answers if same(one, claim)]
            if field == "posted_at" and not _is_known(answered):
                agree = [one for one in agree if one["how"] != "snowflake"]
                answers = [one for one in answers if one["how"] != "snowflake" or not same(one, claim)]
            verdict = "confirmed" if agree else "contradicted" if answers else "unconfirmed"
            by = list(dict.fromkeys(one["how"] for one in (agree or answers)))
            shown.append({"field": field, "value": claim["value"], "how": claim["how"], "verdict": verdict, "by": by})
    return shown


def _is_known(answered: Facts) -> bool:
    """Whether anybody who was asked told more of the post than its id does."""
    return any(answered.get(field) for field in ("author", "handle", "text", "author_id"))


def disagreements(answered: Facts, claimed: Facts) -> list[Json]:
    """Fields about which the sources differ, with every value and a word for what it looks like (``docs/record.md``).

    Handles are compared whatever their case, times to the coarser precision of the two, texts without links, white
    space and typography, and only as far as the shorter says that it was cut; one that may begin earlier than is sure
    begins where the other does.
    """
    found: list[Json] = []
    for field, same in _ALIKE.items():
        known = [*(answered.get(field) or ()), *(claimed.get(field) or ())]
        if field == "text" and answered.get("text_cut"):
            known = [*_marked_as_cut(answered.get(field) or ()), *(claimed.get(field) or ())]
        if any(not same(known[0], other) for other in known[1:]):
            what = _WHAT[field](answered, claimed)
            values = [{"value": one["value"], "how": one["how"]} for one in _distinct(known)]
            found.append({"field": field, "what": what, "values": values})
    return found


def bare(text: str) -> str:
    """``text`` reduced to what its author wrote: no links, no white space, no invisible characters, plain quotation
    marks and dashes. A cut is shown by a final ``…``.

    >>> bare("Now “live” — https://t.co/rQd6FIwZ0U")
    'Now"live"-'
    """
    plain = _LINK.sub(" ", unicodedata.normalize("NFC", html.unescape(text))).translate(_SAME)
    kept = "".join(char for char in plain if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc"))
    return _CUT.sub("…", kept)


def _marked_as_cut(facts: Sequence[Fact]) -> Iterator[Fact]:
    """The texts of a long post of which the service gives only the beginning."""
    for fact in facts:
        yield {**fact, "value": f"{str(fact['value']).rstrip('…')}…"} if "note_tweet" not in fact["how"] else fact


def _distinct(facts: Sequence[Fact]) -> Iterator[Fact]:
    seen: set[tuple[str, str]] = set()
    for fact in facts:
        key = (str(fact["value"]), fact["how"])
        if key not in seen:
            seen.add(key)
            yield fact


def _same_words(one: Fact, other: Fact) -> bool:
    return _letters(one) == _letters(other)


def _letters(fact: Fact) -> str:
    return "".join(unicodedata.normalize("NFC", str(fact["value"])).translate(_SAME).split())


def _same_handle(one: Fact, other: Fact) -> bool:
    return str(one["value"]).lower() == str(other["value"]).lower()


def _same_time(one: Fact, other: Fact) -> bool:
    length = min(_WRITTEN.get(item.get("precision") or "", len("2021-06-28T05:58:41")) for item in (one, other))
    return bool(str(one["value"])[:length] == str(other["value"])[:length])


def _same_text(one: Fact, other: Fact) -> bool:
    first, second = _whole(one, other), _whole(other, one)
    if first == second:
        return True
    for short, long in ((first, second), (second, first)):
        kept = short.rstrip("…")
        if short.endswith("…") and len(kept) >= _LEAST_SHOWN and long.rstrip("…").startswith(kept):
            return True
    return False


def _whole(fact: Fact, other: Fact) -> str:
    """The bare text of ``fact``; where it may begin earlier, from where on the ``other`` begins so too."""
    text, its = bare(str(fact["value"])), bare(str(other["value"]))
    begins = its.rfind(text.rstrip("…")) if fact.get("before") else -1
    known = begins > 0 and bare(str(fact["before"])).endswith(its[:begins])
    return its[:begins] + text if known else text


def _what_of_handle(answered: Facts, claimed: Facts) -> str:
    answers, claim = answered.get("handle") or (), claimed.get("handle") or ()
    agreed = all(any(_same_handle(one, other) for other in answers) for one in claim)
    named = any(
        _same_words(one, other) for one in answered.get("author") or () for other in claimed.get("author") or ()
    )
    older = _is_the_post(answered, claimed) and (named or not claimed.get("author"))
    return "renamed" if agreed or older else "wrong-handle"


def _what_of_author(answered: Facts, claimed: Facts) -> str:
    answers, claim = answered.get("author") or (), claimed.get("author") or ()
    agreed = all(any(_same_words(one, other) for other in answers) for one in claim)
    same_account = any(
        _same_handle(one, other) for one in answered.get("handle") or () for other in claimed.get("handle") or ()
    )
    return "renamed" if agreed or same_account else "wrong-author"


def _is_the_post(answered: Facts, claimed: Facts) -> bool:
    """Whether the article's text is that of the id: under the same name, another handle is more likely an older one;
    under another name it is somebody's words put into another's mouth."""
    answers = answered.get("text") or ()
    return any(_same_text(one, other) for one in claimed.get("text") or () for other in answers)


def _what_of_text(answered: Facts, claimed: Facts) -> str:
    texts = [bare(str(one["value"])) for one in (*(answered.get("text") or ()), *(claimed.get("text") or ()))]
    texts = [text.rstrip("…") for text in texts]
    if all(text.startswith(min(texts, key=len)) for text in texts) and len(min(texts, key=len)) >= _LEAST_CUT:
        return "cut-text"
    return "edited" if answered.get("edits") else "changed-text"


def _what_of_time(answered: Facts, claimed: Facts) -> str:
    written = [
        str(one["value"])[:10] for one in (*(answered.get("posted_at") or ()), *(claimed.get("posted_at") or ()))
    ]
    days = [date.fromisoformat(day) for day in written]
    apart = (max(days) - min(days)).days
    return "impossible-date" if apart > 1 else "other-day" if apart else "other-time"


_WRITTEN = {"day": len("2021-06-28"), "minute": len("2021-06-28T05:58")}
_ALIKE: dict[str, Callable[[Fact, Fact], bool]] = {
    "author": _same_words,
    "handle": _same_handle,
    "author_id": _same_words,
    "text": _same_text,
    "posted_at": _same_time,
}
_WHAT: dict[str, Callable[[Facts, Facts], str]] = {
    "author": _what_of_author,
    "handle": _what_of_handle,
    "author_id": lambda *_: "other-account",
    "text": _what_of_text,
    "posted_at": _what_of_time,
}
