"""A post as one archived answer shows it, in whatever form: the noun between the readers and the facts."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.model import Moment, PostRef
from archiver.platforms.x.media import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``form``: what kind of answer it was read from (``permalink``, ``og``, ``api``), the first word of each fact's
    ``how``. ``text``: as people read it, no markup, HTML escapes undone. Every field but these and ``post_id`` may be
    ``None``: not told there."""

    form: str
    post_id: str
    text: str
    author: str | None = None
    handle: str | None = None
    author_id: str | None = None
    posted_at: Moment | None = None
    lang: str | None = None
    avatar: str | None = None
    media: tuple[Medium, ...] = ()
    quoted: PostRef | None = None
    in_reply_to: PostRef | None = None
