"""The order of looking, and the putting together of what was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from archiver.find import cards, ids, markup
from archiver.find.charset import WIDE, looks_wide
from archiver.find.dates import DateReader
from archiver.find.flat import MAX_FRAGMENT_CHARS, flatten
from archiver.find.links import short_links, status_links
from archiver.find.markdown import links_of
from archiver.find.marks import any_mark
from archiver.find.page import MAX_PAGE_BYTES, Page, head_of, read_page
from archiver.find.plain import HANDLE, attributions
from archiver.find.sighting import Sighting
from archiver.find.source import Source
from archiver.model import Article, Find, PostRef
from archiver.platforms import canonical, moment

MAX_FINDS = 20_000
MAX_HANDLES = 20_000
MAX_ATTRIBUTIONS = 3_000
SNIPPET_CHARS = 4_000
_MOST_CLAIMS = 5
"""Embeds of one post in a page that contradict each other; what comes after is joined to the first."""
_RAW_HANDLE = re.compile(r"@(?<=[( \xa0\x88]@)(?P<handle>[A-Za-z0-9_]{1,20})\s?(?:\)|\xef\xbc\x89)")
"""A handle in brackets, in a page's bytes: the full-width ones are U+FF08 and U+FF09."""
_RAW_DASHES = (
    "\xe2\x80\x94", "\xe2\x80\x93", "\xe2\x80\x95", "\xe2\xb8\xba", "--", "&mdash;", "&#8212;", "&#x2014;", "&ndash;",
    " - ", "\xc3\xa2",
)  # fmt: skip
_BETWEEN = re.compile(r"<[^<>]{0,600}>|&nbsp;|&#160;|\s+")
_REGION_BEFORE, _REGION_AFTER = 6_000, 1_200
_MAX_REGIONS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``article``: the document. ``finds``: what it shows and links, in document order, each post and link once."""

    article: Article
    finds: tuple[Find, ...]


def find(
    data: bytes,
    *,
    key: str,
    name: str,
    url: str | None = None,
    media_type: str | None = None,
    charset: str | None = None,
) -> Found:
    """The posts that ``data`` (an HTML page or fragment, a feed, Markdown or plain text; raw bytes) shows and links.

    ``key``, ``name``, ``url``: the article's, as in ``Article``. ``media_type``, ``charset``: what the server said.
    Never raises for what is in ``data``; ``article.truncated`` says that some of it was left unread.
    """
    marked = data.startswith(WIDE) or any_mark(data) or looks_wide(data)
    looked_at = data if marked else head_of(data)
    page = read_page(looked_at, name=name, url=url, media_type=media_type, charset=charset)
    finds, whole = _look(page, key) if marked else ((), len(data) <= MAX_PAGE_BYTES)
    article = Article(
        key=key,
        name=name,
        kind=page.kind,
        url=url,
        canonical_url=page.canonical_url,
        base_url=page.base_url,
        title=page.title,
        lang=page.lang,
        charset=page.charset if page.charset_by else None,
        charset_by=page.charset_by,
        unread=page.what,
        truncated=page.truncated or not whole,
    )
    return Found(article=article, finds=finds)


def _look(page: Page, key: str) -> tuple[tuple[Find, ...], bool]:
    """The finds, and whether everything was read."""
    source = Source.of(page.data, markup=page.kind == "html", base=page.base_url)
    dates = DateReader(page.lang)
    sightings = [*markup.quotes(source, dates), *cards.cards(source, dates), *ids.identified(source, dates)]
    sightings += _remains(source, dates)
    sightings += status_links(source, dates)
    sightings += short_links(source)
    together = _put_together(sightings)
    finds = tuple(_find(source, key, place, seen) for place, seen in enumerate(together[:MAX_FINDS]))
    return finds, len(together) <= MAX_FINDS and not source.cut


def _remains(source: Source, dates: DateReader) -> Iterator[Sighting]:
    """Embeds of which only text is left: of a text the whole, of markup the surroundings of each ``(@handle)``."""
    regions = _regions(source, dates) if source.markup else ((0, len(source.text)),)
    seen = (one for start, end in regions for one in _attributed(source, start, end, dates))
    for count, one in enumerate(seen):
        if count >= MAX_ATTRIBUTIONS:
            source.cut.add("attributions")
            return
        yield one


def _regions(source: Source, dates: DateReader) -> Iterator[tuple[int, int]]:
    """The surroundings of the handles that stand in a page's text and look attributed, overlapping ones as one."""
    open_region: tuple[int, int] | None = None
    for count, found in enumerate(source.matches("@", _RAW_HANDLE, exact=True)):
        if count >= MAX_HANDLES:
            source.cut.add("handles")
            break
        place = found.start()
        if not _looks_attributed(source, place, found.end(), dates):
            continue
        if source.is_taken(place) or source.zone(place) != "body" or source.tag_at(place):
            continue
        start, end = max(0, place - _REGION_BEFORE), place + _REGION_AFTER
        start = max(start, source.text.find("<", start, place))
        if open_region and start <= open_region[1] and end - open_region[0] < MAX_FRAGMENT_CHARS:
            open_region = open_region[0], end
        else:
            if open_region:
                yield open_region
            open_region = start, end
    if open_region:
        yield open_region


def _looks_attributed(source: Source, place: int, end: int, dates: DateReader) -> bool:
    """Whether a dash stands before a handle, and a date, a permalink or a post's own link beside it."""
    low = max(0, place - 400)
    if not any(source.low.rfind(dash, low, place) >= 0 for dash in _RAW_DASHES) and "\n" not in source.low[low:place]:
        return False
    after = source.low[end : end + 400]
    if "status" in after or source.low.rfind("t.co/", low, place) >= 0 or source.low.rfind("pic.", low, place) >= 0:
        return True
    visible = _BETWEEN.sub(" ", source.words(end, end + 400)).lstrip(" \t[<_*>|·,")
    return dates.at(visible, 0) is not None


def _attributed(source: Source, start: int, end: int, dates: DateReader) -> Iterator[Sighting]:
    if source.markup:
        flat = flatten(source.words(start, end))
        text, links = flat.text, flat.links
    else:
        text = _until(source.text.replace("\r", " "), source)
        links = links_of(text)
    place = start
    for seen in attributions(text, dates, links):
        if source.markup:
            found = _RAW_HANDLE.search(source.text, place, end)
            while found and found["handle"] != seen.handle:
                found = _RAW_HANDLE.search(source.text, found.end(), end)
            at, place = (found.start(), found.end()) if found else (place, place)
            begin, until = max(start, at - len(seen.text or "") - 100), place
        else:
            at, begin, until = seen.handle_at, seen.start, seen.end
        if source.is_taken(at):
            continue
        yield Sighting(
            start=begin,
            end=until,
            kind="embed",
            form="plain-text",
            post=seen.post,
            author=seen.author,
            handle=seen.handle,
            date=seen.date,
            text=seen.text,
            text_before=seen.before,
            short_links=seen.short_links,
        )


def _until(text: str, source: Source) -> str:
    """``text`` up to as many handles as are looked at."""
    if text.count("@") > MAX_HANDLES:
        beyond = next(islice(HANDLE.finditer(text), MAX_HANDLES, None), None)
        if beyond:
            source.cut.add("handles")
            return text[: beyond.start()]
    return text


def _put_together(sightings: Iterable[Sighting]) -> list[Sighting]:
    """In document order, each post once (the embed, if there is one) and each short link once (its embed's). A post
    that is shown under two names, or two days, is an embed for each: one of them claims what the other does not."""
    embeds: dict[object, Sighting] = {}
    for seen in sorted((s for s in sightings if s.kind == "embed"), key=lambda s: (s.start, s.end)):
        base = _identity(seen)
        claims: list[object] = [base, *((base, number) for number in range(1, _MOST_CLAIMS))]
        identity = next((one for one in claims if one not in embeds or not _contradicts(embeds[one], seen)), base)
        embeds[identity] = _merged(embeds[identity], seen) if identity in embeds else seen
    _join_words(embeds)
    owned = {link for seen in embeds.values() for link in seen.short_links}
    posts = {seen.post.key for seen in embeds.values() if seen.post}
    links: dict[object, Sighting] = {}
    for seen in sorted((s for s in sightings if s.kind == "link"), key=lambda s: (s.start, s.end)):
        if seen.post.key in posts if seen.post else seen.url in owned:
            continue
        links.setdefault(seen.post.key if seen.post else seen.url, seen)
    return sorted([*embeds.values(), *links.values()], key=lambda s: (s.start, s.end))


def _join_words(embeds: dict[object, Sighting]) -> None:
    """Words that stand apart from the id they belong to (an address above its quote, a frame beside its fallback) are
    the same embed: the handle is the same, and the printed day is that of the id."""
    bare = {}
    for identity, seen in embeds.items():
        if seen.post and seen.post.handle and seen.date is None and (at := moment(seen.post)):
            bare[seen.post.handle.lower(), at.at.date()] = identity
    for identity, seen in list(embeds.items()):
        if seen.post is None and seen.handle and seen.date and not seen.problem:
            whole = bare.get((seen.handle.lower(), seen.date.at.date()))
            if whole in embeds and whole != identity:
                embeds[whole] = _merged(embeds[whole], embeds.pop(identity))


def _identity(seen: Sighting) -> object:
    if seen.post:
        return seen.post.key
    if seen.problem:
        return seen.url
    words = " ".join(filter(None, (seen.text_before, seen.text))).split()
    return (seen.handle or "").lower(), seen.date, seen.short_links or tuple(words)


def _contradicts(one: Sighting, other: Sighting) -> bool:
    """Whether the two can't both be right about whose post it is, or of which day (two days: zones differ)."""
    if one.handle and other.handle and one.handle.lower() != other.handle.lower():
        return True
    return bool(one.date and other.date and abs(one.date.at - other.date.at) >= timedelta(days=2))


def _merged(first: Sighting, again: Sighting) -> Sighting:
    """One embed seen twice: the first place, what either says, both forms."""
    forms = dict.fromkeys([*first.form.split("+"), *again.form.split("+")])
    fields = ("author", "handle", "date", "text", "lang")
    said = {name: getattr(first, name) or getattr(again, name) for name in fields}
    said["text_before"] = first.text_before if first.text else again.text_before
    post = first.post if first.post and first.post.handle else again.post or first.post
    links = tuple(dict.fromkeys([*first.short_links, *again.short_links]))
    return replace(first, form="+".join(forms), post=post, short_links=links, **said)


def _find(source: Source, key: str, position: int, seen: Sighting) -> Find:
    post = seen.post
    if post and post.handle is None and seen.handle:
        post = PostRef(platform=post.platform, post_id=post.post_id, handle=seen.handle)
    return Find(
        article=key,
        position=position,
        kind=seen.kind,
        form=seen.form,
        platform=post.platform if post else "x",
        post=post,
        url=canonical(post) if post else seen.url,
        author=seen.author,
        handle=seen.handle or (post.handle if post else None),
        date=seen.date,
        text=seen.text,
        text_before=seen.text_before,
        lang=seen.lang,
        short_links=seen.short_links if seen.kind == "embed" else (),
        problem=seen.problem,
        snippet=source.words(seen.start, min(seen.end, seen.start + SNIPPET_CHARS)),
    )
