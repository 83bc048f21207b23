"""Every network, registered by hand: one line here, one folder beside this file.

All of it is pure: addresses and answers go in, values come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from archiver.model import Moment, PostRef
from archiver.platforms.x import counted, snowflake
from archiver.platforms.x import urls as x
from archiver.platforms.x.urls import Impossible

__all__ = [
    "ADDRESSES", "Impossible", "canonical", "estimate", "impossible", "impossible_post", "match", "moment", "post_of",
    "short_link", "short_links_in", "shows_post",
]  # fmt: skip

ADDRESSES: dict[str, ModuleType] = {x.NAME: x}


def match(url: str) -> PostRef | None:
    """The post that ``url`` shows, in any of its forms, or ``None``."""
    return next((post for addresses in ADDRESSES.values() if (post := addresses.match(url))), None)


def short_link(url: str) -> str | None:
    """The normalised short link that ``url`` is one of (``pic.x.com/X`` is ``https://t.co/X``), or ``None``."""
    return next((link for addresses in ADDRESSES.values() if (link := addresses.short_link(url))), None)


def canonical(ref: PostRef) -> str:
    """The post's canonical URL. Raises ``KeyError`` for a platform that is not registered."""
    return str(ADDRESSES[ref.platform].canonical(ref))


def moment(ref: PostRef) -> Moment | None:
    """When the post was made, read from its id alone; ``None`` where the id does not tell."""
    return snowflake.moment(ref.post_id) if ref.platform == x.NAME else None


def estimate(ref: PostRef) -> Moment | None:
    """The day of a post whose id tells no instant but its place in a count (precision ``estimated``: give or take a
    day), or ``None``."""
    return counted.estimate(ref.post_id) if ref.platform == x.NAME else None


def short_links_in(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, normalised link) of each short link printed in running ``text``, in order."""
    return x.short_links_in(text)


def post_of(post_id: str, user: str | None = None) -> PostRef | None:
    """The post of X with ``post_id``, as an address or an embed names it; ``None`` when no post can have it (not 2 to
    19 digits, above 63 bits, of the band that was never given). ``user``: the address's, reserved words dropped."""
    return x.post_of(post_id, user)


def impossible(url: str) -> Impossible | None:
    """What ``url`` names, if it is the address of a post whose id no post can have; else ``None``."""
    return x.impossible(url)


def impossible_post(post_id: str, user: str | None = None) -> Impossible | None:
    """As ``impossible``, of an id of X and the user beside it."""
    return x.impossible_post(post_id, user)


def shows_post(url: str) -> bool:
    """Whether ``url`` leads to a post itself, and not to a button that acts on it or the frame that shows it."""
    status = x.read(url)
    return status is not None and status.door == "page"
