"""Whether two texts say the same: the same words, and no other link. Pure.

Between an author and an article lie renderings, content systems and hands. What they do to a text without changing what
it says: white space, typography, links shortened, expanded or dropped, an end cut off and shown by an ellipsis. What
changes it: any other letter, and a link to somewhere else.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Fact = Mapping[str, Any]
Targets = Mapping[str, frozenset[str]]
"""Where short links lead: ``key`` of a t.co link → keys of every address on its way."""
Only = Literal["beginning", "middle", "end", "beyond", "words"]
What = Literal["other-link", "cut-text", "changed-text"]

_SAME = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00ad": None, "\ufe0e": None, "\ufe0f": None}
)
_LINK = re.compile(
    # a t.co code; the next link may follow without a blank
    r"(?P<short>(?:https?://)?(?:t\.co|pic\.(?:twitter|x)\.com)/"
    r"(?:[A-Za-z0-9]{1,10}?(?=pic\.(?:twitter|x)\.com/|https?:|[^A-Za-z0-9]|$)|[A-Za-z0-9]{10}))"
    r"|(?P<full>https?://\S+)"
    # an address as it is shown, without its scheme
    r"|(?<!\S)(?P<shown>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.[a-z]{2,24}(?:/\S*|(?=[\s…]|$)))",
    re.IGNORECASE,
)
_CUT_END, _CUT_START = re.compile(r"(?:…|\.\.\.)$"), re.compile(r"^(?:…|\.\.\.)")
_ELLIPSES = ("…", "...")
_LEAST_CUT = 12
"""Letters that a text must keep for being a part of another, and not merely a few words in common."""
_LEAST_SHOWN = 4
"""Letters without which a text that says that it is cut says nothing."""
_LEAST_LONG = 100
"""Letters from which on an answer's final ellipsis may be the service's own; before that it is the author's."""
_LEAST_ADDRESS = len("t.co/abc")
"""Letters of an address that is cut, without which it may be any."""
_MOST_COMPARED = 60
"""Links that are held against each other when they are not simply equal."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """``same``: nothing says otherwise, and then ``only`` how far: ``beginning``, ``middle``, ``end`` (of what the
    other says; the rest is cut), ``beyond`` (it goes on where the other is cut), ``words`` (a link is named that the
    other does not name, or of which nobody knows where it leads); nothing: in full. Otherwise ``what`` differs."""

    same: bool
    only: tuple[Only, ...] = ()
    what: What | None = None

    @property
    def sure(self) -> bool:
        """Whether all that is claimed is the same, and not only that which the other has of it."""
        return self.same and "beyond" not in self.only


def alike(claim: Fact, answer: Fact, targets: Targets) -> Likeness:
    """How the text ``claim`` stands to ``answer``. A claim with ``before`` begins where the answer does, if those words
    are the answer's, too. An answer with ``cut`` is known to be no more than the beginning."""
    one, other = _Parsed.of(str(claim["value"])), _Parsed.of(str(answer["value"]))
    links = one.links_beside(other, targets), other.links_beside(one, targets)
    before = bare(str(claim["before"])) if claim.get("before") else ""
    words = _words(one.letters(), other.letters(), before=before, cut=bool(answer.get("cut")))
    if not words.same:
        return words
    sure = _same_links(*links, targets)
    if sure is False:
        return Likeness(same=False, what="other-link")
    return words if sure else Likeness(same=True, only=(*words.only, "words"))


def bare(text: str) -> str:
    """``text`` reduced to what its author wrote: no links, no white space, no invisible characters, plain quotation
    marks and dashes. A cut is shown by a ``…``.

    >>> bare("Now “live” — https://t.co/rQd6FIwZ0U")
    'Now"live"-'
    """
    return _Parsed.of(text).letters()


def parted(text: str, end: str) -> tuple[str, str] | None:
    """``text`` before its words that are those of ``end``, and these; ``None`` where it does not end so, after others.

    >>> parted("The president writes: It is “over” now", 'It is "over" now')
    ('The president writes:', 'It is “over” now')
    """
    wanted = bare(end)
    starts = [found.start() for found in re.finditer(r"\S+", text)]
    at = bisect_left(starts, -len(wanted), key=lambda start: -len(bare(text[start:])))
    if not wanted or not 0 < at < len(starts) or bare(text[starts[at] :]) != wanted:
        return None
    return text[: starts[at]].rstrip(), text[starts[at] :]


def key(url: str) -> str:
    """What tells one address from another, however it is written: no scheme, no ``www.``, no slash at its end; all
    forms of a t.co link are one.

    >>> key("pic.twitter.com/rQd6FIwZ0U"), key("https://www.News.example/a/")
    ('t.co/rQd6FIwZ0U', 'news.example/a')
    """
    rest = re.sub(r"^https?://", "", url, flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    host = host.lower().removeprefix("www.")
    host = "t.co" if host in ("pic.twitter.com", "pic.x.com") else host
    return f"{host}{slash}{path}".rstrip("/.,;:!?)»”’\"'")


def targets(answered: Iterable[Mapping[str, Any]], followed: Iterable[Mapping[str, Any]]) -> Targets:
    """Where short links lead, by the answers' own word (items of ``links`` facts) and by those that were
    ``followed`` (bodies of link documents)."""
    found: dict[str, set[str]] = {}
    for item in answered:
        found.setdefault(key(str(item["short"])), set()).add(key(str(item["to"])))
    for link in followed:
        ways = [hop.get("url") for hop in link.get("hops") or () if hop.get("http_status")]
        ways += [link.get("end")] if link.get("ended") not in (None, "pending", "error") else []
        found.setdefault(key(str(link["short"])), set()).update(key(str(way)) for way in ways if way)
    return {short: frozenset(ways - {short}) for short, ways in found.items() if ways - {short}}


@dataclass(slots=True)
class _Parsed:
    """A text taken apart. ``pieces``: words and addresses in order; ``kinds`` says which is which."""

    pieces: list[str] = field(default_factory=list)
    kinds: list[Literal["words", "link", "shown"]] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> _Parsed:
        """``text``, as its author wrote it; every address is a link until ``links_beside`` knows better."""
        plain, parsed, place = unicodedata.normalize("NFC", html.unescape(text)), cls(), 0
        for found in _LINK.finditer(plain):
            parsed._add(plain[place : found.start()], "words")
            kind: Literal["link", "shown"] = "shown" if found["shown"] else "link"
            parsed._add(found[0], "words" if kind == "shown" and "/" not in found[0] else kind)
            place = found.end()
        parsed._add(plain[place:], "words")
        return parsed

    def _add(self, piece: str, kind: Literal["words", "link", "shown"]) -> None:
        self.pieces.append(piece)
        self.kinds.append(kind)

    def links_beside(self, other: _Parsed, targets: Targets) -> list[str]:
        """Its links, ``…`` behind one that is cut. A word that looks like the name of a host is one only where a link
        of ``other`` leads there, which shows it in that way."""
        leads: set[str] = set()
        words = set(other.pieces)
        for piece, kind in zip(other.pieces, other.kinds, strict=True):
            if kind == "link":
                leads |= {key(piece), *targets.get(key(piece), ())}
        found: list[str] = []
        for number, (piece, kind) in enumerate(zip(self.pieces, self.kinds, strict=True)):
            if kind == "words" and piece not in words and _LINK.fullmatch(piece) and key(piece) in leads:
                self.kinds[number] = "shown"
            if self.kinds[number] != "words":
                following = self.pieces[number + 1] if number + 1 < len(self.pieces) else ""
                cut = piece.endswith(_ELLIPSES) or following.startswith(_ELLIPSES)
                found.append(key(piece.rstrip("…")) + ("…" if cut else ""))
        return found

    def letters(self) -> str:
        """What is left without links (``bare``)."""
        words = " ".join(piece if kind == "words" else " " for piece, kind in zip(self.pieces, self.kinds, strict=True))
        plain = words.translate(_SAME)
        kept = "".join(char for char in plain if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc"))
        return _CUT_START.sub("…", _CUT_END.sub("…", kept))


def _words(claim: str, answer: str, *, before: str, cut: bool) -> Likeness:
    """``alike`` of letters alone. ``before``: those that may belong to the claim; ``cut``: see ``alike``."""
    claim = _from_its_beginning(claim, answer, before)
    kept, told = claim.strip("…"), answer.strip("…")
    if claim == answer or (cut and kept == told):
        return Likeness(same=True, only=("beginning",) if cut else ())
    if part := _part(claim, kept, told):
        return Likeness(same=True, only=(part,))
    goes_on = cut or (answer.endswith("…") and len(told) >= _LEAST_LONG)
    if goes_on and len(told) >= _LEAST_SHOWN and kept.startswith(told):
        return Likeness(same=True, only=("beyond",))
    is_part = len(kept) >= _LEAST_CUT and (told.startswith(kept) or told.endswith(kept))
    goes_on = len(told) >= _LEAST_LONG and kept.startswith(told)
    return Likeness(same=False, what="cut-text" if is_part or goes_on else "changed-text")


def _from_its_beginning(claim: str, answer: str, before: str) -> str:
    """The claim, with those of the letters ``before`` it with which the answer begins, too."""
    begins = answer.rfind(claim.rstrip("…")) if before else -1
    return answer[:begins] + claim if begins > 0 and before.endswith(answer[:begins]) else claim


def _part(claim: str, kept: str, told: str) -> Literal["beginning", "middle", "end"] | None:
    """Which part of ``told`` a claim is that shows where it is cut."""
    starts, ends = claim.startswith("…"), claim.endswith("…")
    if ends and not starts and len(kept) >= _LEAST_SHOWN and told.startswith(kept):
        return "beginning"
    if starts and len(kept) >= _LEAST_CUT:
        if told.endswith(kept):
            return "end"
        return "middle" if ends and kept in told else None
    return None


def _same_links(claim: Sequence[str], answer: Sequence[str], targets: Targets) -> bool | None:
    """Whether those of one side are among the other's. ``None``: nobody can tell, or the claim has more of them."""
    equal = Counter(claim) & Counter(answer)
    ours = list((Counter(claim) - equal).elements())[:_MOST_COMPARED]
    theirs = list((Counter(answer) - equal).elements())[:_MOST_COMPARED]
    unknown = 0
    for sure in (True, None):
        for link in tuple(ours):
            if (found := next((one for one in theirs if _leads(link, one, targets) is sure), None)) is not None:
                ours.remove(link)
                theirs.remove(found)
                unknown += sure is None
    if ours and theirs:
        return False
    return None if ours or unknown else True


def _leads(one: str, other: str, targets: Targets) -> bool | None:
    """Whether two links lead to the same place; ``None``: a short one of which that is not known."""
    ways = [{link.rstrip("…"), *targets.get(link.rstrip("…"), ())} for link in (one, other)]
    if ways[0] & ways[1] or any(_begins(one, way) for way in ways[1]) or any(_begins(other, way) for way in ways[0]):
        return True
    short = [link.startswith("t.co/") for link in (one, other)]
    unknown = [is_short and len(way) == 1 for is_short, way in zip(short, ways, strict=True)]
    return None if any(unknown) and not all(short) else False


def _begins(link: str, way: str) -> bool:
    shown = link.rstrip("…")
    return shown != link and len(shown) >= _LEAST_ADDRESS and way.startswith(shown)


def beginnings(facts: Sequence[Fact]) -> Iterator[Fact]:
    """The texts of a long post of which the service gives only the beginning, marked as ``cut``."""
    for fact in facts:
        yield fact if "note_tweet" in fact["how"] else {**fact, "cut": True}
