"""Posts that a document names by their id alone: rendered frames, placeholders, widgets, shortcodes, state.

============================  =========================================================================================
a name with its id            ``data-tweet-id="…"``, ``data-tweetid``, ``"tweetId": "…"``, in markup or state
a frame's address             ``platform.twitter.com/embed/Tweet.html?id=…``; s9e's ``twitter.min.html#…`` (XenForo)
an element of ours            its class, type or provider says tweet or twitter, an id attribute holds a snowflake
a shortcode or component      ``{{< tweet user="…" id="…" >}}``, ``{{< x … >}}``, ``{% tweet … %}``, ``[tweet …]``,
                              ``[MEDIA=twitter]…[/MEDIA]``, ``{{#tweet: …}}``, ``tweet::…[]``, ``<Tweet id="…" />``
an object of JSON             its type or provider says tweet or twitter, one of its ids is a snowflake
============================  =========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge

from archiver.find import state
from archiver.find.dates import DateReader
from archiver.find.layers import SLASH, peel_address
from archiver.find.sighting import Sighting
from archiver.find.source import Source, Tag
from archiver.platforms import impossible, impossible_post, match, post_of

MAX_NAMES = 20_000

_Q = r"(?:[\\\"']|&(?:amp;)*(?:quot|#0*34|#0*39|apos);|\\+u0022)*"
_NAME = re.compile(r"tw(?:eet|itter(?!:(?!:)|\.com))")
"""The words, but not X's own address, nor the ``twitter:…`` names of meta elements: most of a page's occurrences."""
_NAMED_ID = re.compile(
    rf"tw(?:eet|itter)(?:-embed|-tweet|-status|-post)?[-_]?(?:status[-_]?)?id{_Q}\s*[=:]\s*{{?{_Q}\s*(?P<id>\d{{2,40}})(?!\d)"
)
_TWEET = re.compile(rf"(?:data-)?tweet{_Q}\s*[=:]\s*{_Q}(?P<id>[1-9]\d{{14,18}})(?!\d)")
_FRAME = re.compile(rf"platform\.(?:twitter|x)\.com{SLASH}embed{SLASH}[^\s<>\"']{{1,2000}}")
_S9E = re.compile(r"twitter[\w.]{0,20}\.html#(?P<id>[1-9]\d{9,18})(?!\d)")
_PARAMETER = re.compile(r"[?&;][a-z_-]*$")
_NUMBER = re.compile(r"[1-9]\d{14}")
_SAMPLED = re.compile(r"\d\d")
_NEAR, _STATE_NEAR = 400, 1_500
_ID = r"(?<![\w/.-])(?P<id>[1-9]\d{1,18})(?![\w/.-])"
_LONG_ID = _ID.replace("{1,18}", "{5,18}")
"""Where a year may stand in the same place (``[Twitter 2024]``)."""
_CALLS = (  # what stands before the name, and what follows it up to the id
    (re.compile(r"\{\{[<%][ ]*$"), re.compile(rf"[\w.-]{{0,20}}[ ][^>%}}]{{0,120}}?{_ID}")),
    (re.compile(r"\{%-?[ ]*(?:include )?$"), re.compile(rf"[\w.-]{{0,20}}[ ][^%}}]{{0,120}}?{_ID}")),
    (re.compile(r"\{\{#?$"), re.compile(rf"(?: embed)?[ ]?[:|][^}}]{{0,120}}?{_LONG_ID}")),
    (re.compile(r"\[(?:media=)?$"), re.compile(rf"(?:\]|[ ][^\[\]]{{0,80}}?)\s?{_LONG_ID}")),
    (re.compile(r"@\[$"), re.compile(rf"\]\({_LONG_ID}")),
    (re.compile(r"(?:^|\n)(?:\.\. |::)?$"), re.compile(rf"::?[ {{#\[]*(?:id=)?[\"']?{_ID}")),
)
_X_SHORTCODE = re.compile(r"\{\{[<%]\s*x\s[^>%}]{0,120}?(?<![\w/.-])(?P<id>[1-9]\d{1,18})(?![\w/.-])")
_USER = re.compile(r"(?:user|username|author|name)\s*=\s*[\"']?@?(\w{1,20})", re.ASCII)
_LINK_ONLY = re.compile(r"tweetlink\s*=\s*[\"'{\s]*@?(?P<user>\w{1,20})/status/(?P<id>[1-9]\d{1,18})(?!\d)", re.ASCII)
_SNOWFLAKE = re.compile(r"(?:(?:tweet|twitter|status|post|t)[-_:]?)?(?P<id>[1-9]\d{14,18})", re.IGNORECASE)
_ID_NAMES = re.compile(
    r"(?:data-|v-|:)?(?:(?:embed|media|status|post|content|external|tweet|source)[-_]?)?id|data-tweet|data-embed|data-code|data-key"
)
_OURS = re.compile(r"tweet|twitter")
_CHROME = re.compile(
    r"timeline|follow|share|sharing|button|btn|moment|widget-config|intent|card-meta|account|pixel|analytics"
)
_OPENERS = frozenset("{%<[#.:e=-\n")
"""The last sign before the name of a shortcode (``e``: of an include)."""
_KIND = re.compile(
    rf"(?:type|typename|kind|provider|provider_?name|service|network|platform|component|source|name|resolver){_Q}\s*:\s*{_Q}"
    r"[\w :/.@-]{0,40}$"
)


def identified(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """The posts that are named by their id, in order of their names."""
    tags: set[int] = set()
    numbers = _Numbers(source.low)
    for count, found in enumerate(_names(source)):
        if count >= MAX_NAMES:
            source.cut.add("names of tweets")
            break
        zone = source.zone(found.start())
        if zone in ("comment", "style"):
            continue
        yield from _named(source, found, zone == "script") or (
            _of_state(source, found.start(), numbers, dates)
            if zone == "script"
            else _of_body(source, found, numbers, tags)
        )
    yield from _frames(source)
    if "{{" in source.low:
        for found in _X_SHORTCODE.finditer(source.low):
            yield from _sighting(source, *found.span(), "shortcode", found["id"], _user(source, *found.span()))


def _names(source: Source) -> Iterator[re.Match[str]]:
    return merge(source.matches("tweet", _NAME), source.matches("twitter", _NAME), key=re.Match.start)


class _Numbers:
    """Where snowflakes stand in a text, asked about places that only go forward: no stretch is looked at twice."""

    def __init__(self, low: str) -> None:
        self._low = low
        self._looked = 0
        self._last = -1

    def between(self, start: int, end: int) -> bool:
        """Whether a number of fifteen digits or more begins between ``start`` and ``end``."""
        begin = max(0, start, self._looked - 14)
        # Of fifteen digits in a row two neighbours are in every sample of each seventh.
        if begin < end and _SAMPLED.search(self._low[begin:end:7]):
            for found in _NUMBER.finditer(self._low, begin, end):
                self._last = max(self._last, found.start())
        self._looked = max(self._looked, end)
        return self._last >= start


def _frames(source: Source) -> Iterator[Sighting]:
    for count, found in enumerate(source.matches("platform.", _FRAME)):
        if count >= MAX_NAMES:
            source.cut.add("frames")
            return
        zone = source.zone(found.start())
        address = "https://" + peel_address(source.words(*found.span()))
        named = match(address) or impossible(address)
        if named and zone not in ("comment", "style"):
            yield from _in_tag(source, found.start(), found.end(), named.post_id, zone == "script")


def _named(source: Source, found: re.Match[str], script: bool) -> list[Sighting]:
    """The post whose id stands right behind its name, in any notation."""
    low, place = source.low, found.start()
    behind = low[found.end() : found.end() + 40]
    named = None
    if "=" in behind or ":" in behind:
        named = _NAMED_ID.match(low, place) or _TWEET.match(low, place)
    if named:
        before = low[max(0, place - 30) : place]
        if before.endswith(("re", "user-")) or _PARAMETER.search(before):
            return []  # a retweet's; a parameter of an address: a button that acts on the post
    elif "#" in behind:
        named = _S9E.match(low, place)
    return list(_in_tag(source, place, named.end(), named["id"], script)) if named else []


def _of_body(source: Source, found: re.Match[str], numbers: _Numbers, tags: set[int]) -> Iterator[Sighting]:
    """The post that a shortcode or an element around the word names."""
    low, place = source.low, found.start()
    if low[max(0, place - 9) : place].rstrip(" ")[-1:] in _OPENERS or place == 0:
        for opened, rest in _CALLS:
            if opened.search(low, max(0, place - 24), place) and (called := rest.match(low, found.end())):
                user = _user(source, place, called.end() + 80)
                yield from _sighting(source, place, called.end(), "shortcode", called["id"], user)
                return
    if not numbers.between(place - _NEAR, place + _NEAR):
        return
    tag = source.tag_at(place)
    if tag and tag.start not in tags:
        tags.add(tag.start)
        yield from _of_element(source, tag)


def _sighting(
    source: Source, start: int, end: int, form: str, post_id: str, user: str | None = None
) -> Iterator[Sighting]:
    if post := post_of(post_id, user):
        yield Sighting(start=start, end=end, kind="embed", form=form, post=post)
    elif wrong := impossible_post(post_id, user):
        yield Sighting(
            start=start,
            end=end,
            kind="embed",
            form=form,
            url=wrong.url,
            handle=wrong.handle,
            problem=wrong.problem,
        )


def _in_tag(source: Source, place: int, end: int, post_id: str, script: bool) -> Iterator[Sighting]:
    tag = None if script else source.tag_at(place)
    if tag is None:
        return _sighting(source, place, end, "script" if source.markup else "shortcode", post_id)
    return _sighting(source, tag.start, tag.end, "iframe" if tag.name == "iframe" else "element", post_id)


def _user(source: Source, start: int, end: int) -> str | None:
    call = re.split(r"[>}\]]", source.text[start:end], maxsplit=1)[0]
    named = _USER.search(call)
    return named[1] if named else None


def _of_element(source: Source, tag: Tag) -> Iterator[Sighting]:
    """An element or component that is ours by its name, class, type or provider, and holds a snowflake as its id."""
    kind = " ".join(
        value.lower()
        for name, value in tag.attributes.items()
        if name in ("class", "classname") or "type" in name or "provider" in name or "service" in name
    )
    if not (_OURS.search(kind) or _OURS.search(tag.name)) or _CHROME.search(kind + " " + tag.name):
        return
    if link := _LINK_ONLY.search(source.text, tag.start, tag.end) or _LINK_ONLY.search(source.low, tag.start, tag.end):
        yield from _sighting(source, tag.start, tag.end, "element", link["id"], link["user"])
        return
    for name, value in tag.attributes.items():
        bare = (value if value != "{" else _expression(source, tag, name)).strip("{}\"'` ")
        held = _SNOWFLAKE.fullmatch(bare) if _ID_NAMES.fullmatch(name) else None
        if held:
            form = "iframe" if tag.name == "iframe" else "element"
            yield from _sighting(source, tag.start, tag.end, form, held["id"])
            return


def _expression(source: Source, tag: Tag, name: str) -> str:
    """The string in braces that a component's property (JSX) is given."""
    given = re.search(
        rf"\b{re.escape(name)}\s*=\s*\{{\s*[\"'`]([^\"'`]{{0,80}})", source.low[tag.start : tag.end + 200]
    )
    return given[1] if given else ""


def _of_state(source: Source, place: int, numbers: _Numbers, dates: DateReader) -> Iterator[Sighting]:
    low = source.low
    if ":" not in low[max(0, place - 45) : place] or not _KIND.search(low, max(0, place - 80), place):
        return
    if not numbers.between(place - _STATE_NEAR, place + _STATE_NEAR):
        return
    value = state.object_at(source, place)
    post_id = state.id_of(value) if value else None
    post = post_of(post_id) if post_id else None
    if value and post:
        told = state.facts(value, dates)
        yield Sighting(start=place, end=place + 7, kind="embed", form="script", post=post, **told)
