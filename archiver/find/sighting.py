"""What a reader saw at one place of a document, before the places are put together into finds."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.model import Kind, Moment, PostRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """``start`` to ``end``: the place, in characters. The other fields are those of ``Find``."""

    start: int
    end: int
    kind: Kind
    form: str
    post: PostRef | None = None
    url: str | None = None
    author: str | None = None
    handle: str | None = None
    date: Moment | None = None
    text: str | None = None
    text_before: str | None = None
    lang: str | None = None
    short_links: tuple[str, ...] = ()
    problem: str | None = None
