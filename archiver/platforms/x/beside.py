"""What ``tweet-result``'s answer about a post shows of another: it holds the whole of the post that this one quotes
(``quoted_tweet``) and of the one that it answers (``parent``), also when X shows those to nobody any more. So do
archived pages and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from archiver.errors import UnreadableCapture
from archiver.model import Exchange, Fact, Kept, Memento, Picture, PostRef
from archiver.platforms.x import archived, holdings, media, syndication, tweet
from archiver.platforms.x.said import Said
from archiver.platforms.x.shapes import member

_FIELDS = ("quoted_tweet", "parent")


def read_archived(
    exchange: Exchange, post: PostRef, other: PostRef, memento: Memento, held: Mapping[str, Exchange]
) -> Kept:
    """As ``read``, of an archived answer about ``other``."""
    kept = archived.read(exchange, post, memento, held)
    return replace(kept, facts=tuple((name, replace(fact, shown_in=other)) for name, fact in kept.facts))


def read(exchange: Exchange, post: PostRef, other: PostRef, held: Mapping[str, Exchange]) -> Kept:
    """The facts of ``post`` in tweet-result's answer about ``other``; each names that one (``shown_in``). ``held``: its
    pictures and films, by the first rung of their ladders. What can't be read shows nothing: the answer's own post
    needs none of it."""
    try:
        whole = syndication.read(exchange).tweet if exchange.request.why == "post" else None
        found = {field: member((whole or {}).get(field)) for field in _FIELDS}
        field = next((field for field, inner in found.items() if inner.get("id_str") == post.post_id), None)
        if field is None or (whole or {}).get("id_str") != other.post_id:
            return Kept(nothing="an answer that does not show the post")
        said = tweet.said(found[field], exchange, f"{tweet.NAME}.{field}")
    except UnreadableCapture as problem:
        return Kept(nothing=str(problem))
    told = (*said.facts, *holdings.facts(said, exchange, holdings.Held(held)))
    facts = tuple((name, _of(fact, field, other)) for name, fact in told)
    return Kept(facts=facts, wanted=tuple(_pictures(said)))


def _of(fact: Fact, field: str, other: PostRef) -> Fact:
    """``fact``, which stands in ``field`` of the answer about ``other``, and its ``how`` says so."""
    within = fact.how.removeprefix(f"{tweet.NAME}.").removeprefix(f"{field}.")
    return replace(fact, how=f"{tweet.NAME}.{field}.{within}", shown_in=other)


def _pictures(said: Said) -> Iterator[Picture]:
    for medium in said.media:
        yield from media.pictures(medium)
    if said.card and said.card.picture:
        yield Picture(ladder=said.card.picture, why="card", max_bytes=media.PICTURE_BYTES)
    if said.avatar and (avatar := media.avatar_picture(said.avatar)):
        yield avatar
