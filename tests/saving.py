"""A world of posts by Anna, for what ``save`` is tried on."""

from __future__ import annotations

from tests.loopback.nouns import Account, Link, Page, Post, snowflake
from tests.loopback.x_world import World

ANNA = Account(handle="anna_example", name="Anna Example")


def world(*posts: Post, links: tuple[Link, ...] = (), pages: tuple[Page, ...] = ()) -> World:
    return World(posts=posts, links=links, pages=pages)


def post(at: str = "2024-03-01T10:00:00.250Z", **more) -> Post:
    return Post(post_id=snowflake(at), by=ANNA, text="A post by Anna.", **more)
