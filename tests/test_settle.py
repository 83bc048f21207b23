"""What a run knows already, and what it asks again."""

from __future__ import annotations

from archiver import config, tools
from archiver.cli import shared
from archiver.model import PostRef
from archiver.run import Target
from archiver.tools import run_async
from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom


def test_a_look_is_made_though_an_article_was_content_with_what_was_known(tmp_path):
    """In one night an article is saved again, and then a post in it is due: it is asked for, and only once."""
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        first = next(row for row in room.save(sample.ARTICLE_URL).rows if row["status"] == "archived")
        post = PostRef(platform="x", post_id=first["post_id"])

        async def looks() -> list[str]:
            settings = config.load(room.config)
            async with tools.writing(settings) as ready:
                running = shared.run_of(settings, ready)
                known = ready.catalog.post(post)
                assert known
                await running.save(Target(name="again", url=sample.ARTICLE_URL))
                return [known["at"]] + [str((await running.look_again(post))["at"]) for _ in range(2)]

        known, looked, again = run_async(looks())
        assert known < looked == again
