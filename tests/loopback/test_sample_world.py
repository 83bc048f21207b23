"""The examples and their world tell the same story, and every find of theirs can be followed to its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.embeds import blockquote, blockquote_of_2012, printed_date, running_text
from tests.loopback.nouns import Post
from tests.loopback.recordings import SHARED, needs_shared
from tests.loopback.server import LoopbackWeb
from tests.loopback.tco import destination
from tests.loopback.visitor import Visitor

TEXT = sample.ARTICLE_TXT.read_text("utf-8")
PAGE = sample.ARTICLE_HTML.read_text("utf-8")


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with LoopbackWeb(sample.sample_world().hosts(), folder=tmp_path_factory.mktemp("sample")) as web:
        visitor = Visitor(web)
        yield visitor
        visitor.close()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("post", sample.ARTICLE_POSTS, ids=lambda post: post.by.handle)
def test_the_text_holds_each_embed(post: Post) -> None:
    """Each post's running text is in article.txt, though the scraper lost some of its white space."""
    assert squeezed(running_text(post)) in squeezed(TEXT)
    assert f"— {post.by.name} (@{post.by.handle}) {printed_date(post)}\n" in TEXT


def test_the_text_has_the_shape_of_the_seed() -> None:
    """Three embeds: one ends in a picture link, one has dashes of its own and a glued link, one quotes a headline."""
    assert len(re.findall(r"(?m)^— .+ \(@\w+\) \w+ \d+, \d{4}$", TEXT)) == 3
    assert " pic.twitter.com/GullPoint1\n" in TEXT
    assert re.search(r"(?m)^– .+\.– .+\.https://t\.co/LampRoom24$", TEXT.replace("\n– Ferry", "– Ferry"))
    assert re.search(r'(?m)^The Ellery Courier: "[^"]+" https://t\.co/\w{10}$', TEXT)
    assert "Noor Saleh | نور صالح" in TEXT
    assert "status/" not in TEXT


def test_the_picture_link_of_the_text_leads_to_its_post(visitor: Visitor) -> None:
    """The code behind pic.twitter.com is the way to the first embed's id."""
    stops = visitor.follow(f"https://t.co/{sample.BEAM.pic}")
    assert stops[1] == f"{sample.BEAM.url('twitter.com')}/video/1"


@pytest.mark.parametrize("post", sample.PAGE_POSTS, ids=lambda post: post.by.handle)
def test_the_page_shows_or_links_each_post(post: Post) -> None:
    """Each post is in article.html, in the markup of its time, as a frame, or merely linked."""
    forms = (
        blockquote(post),
        blockquote(post, host="x.com"),
        blockquote(post, attributes=' data-media-max-width="560"'),
        blockquote_of_2012(post),
        f"&amp;id={post.post_id}&amp;",
        f'<a href="{post.url("twitter.com")}?s=20&amp;',
    )
    assert sum(PAGE.count(form) for form in forms) == 1


def test_the_page_names_no_other_post_or_link() -> None:
    """Every id and code in article.html is the world's; one code is only another page's referrer."""
    known = sample.sample_world()
    assert set(re.findall(r"status/(\d+)|[?;]id=(\d+)", PAGE)) <= {
        pair for post_id in known.posts_by_id for pair in ((post_id, ""), ("", post_id))
    }
    assert set(re.findall(r"t\.co/(\w+)", PAGE)) - set(known.links_by_code) == {"SomeOther1"}


def test_finds_are_listed_in_document_order() -> None:
    """``PAGE_FINDS`` names every post and every link of the page's own, in the order in which they stand in it."""
    places = [
        PAGE.index(f"/{find.post_id}" if f"/{find.post_id}" in PAGE else find.post_id)
        if isinstance(find, Post)
        else PAGE.index(f'"{find.url}"')
        for find in sample.PAGE_FINDS
    ]
    assert places == sorted(places)
    assert set(sample.PAGE_FINDS) == {*sample.PAGE_POSTS, *sample.PAGE_LINKS.values()}


def test_both_articles_share_a_post() -> None:
    """One post is quoted by both."""
    assert set(sample.ARTICLE_POSTS) & set(sample.PAGE_POSTS) == {sample.BEAM}


def test_the_page_is_served(visitor: Visitor) -> None:
    """``ARTICLE_URL`` answers with the bytes of article.html."""
    assert visitor.ask(sample.ARTICLE_URL).content == sample.ARTICLE_HTML.read_bytes()


#: Link of the page → status of the last stop, and the number of hops.
ENDS = {
    "a page": (200, 1), "a paper": (200, 1), "a slow page": (200, 1), "a page that is gone": (404, 1),
    "a dead link": (404, 0), "a blocked link": (200, 1), "a chain": (200, 4),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_each_link_of_the_page_ends(visitor: Visitor, name: str) -> None:
    """Each link leads in its number of hops to a page, a paper, a warning or nothing."""
    stops = visitor.follow(sample.PAGE_LINKS[name].url)
    assert (visitor.ask(stops[-1]).status_code, len(stops) - 1) == ENDS[name]


def test_a_loop_and_a_dead_host_do_not(visitor: Visitor) -> None:
    """One link goes round for ever, one leads to a name that nobody has."""
    assert len(visitor.follow(sample.PAGE_LINKS["a loop"].url, at_most=12)) == 13
    hosts = sample.sample_world().services()
    assert destination(sample.PAGE_LINKS["a dead host"]).split("/")[2] not in hosts


@pytest.mark.parametrize("post", sample.PAGE_POSTS, ids=lambda post: post.by.handle)
def test_all_media_of_public_posts_are_there(visitor: Visitor, post: Post) -> None:
    """Every address that a public post's answer names leads to a page, a picture or a film, the missing size apart."""
    if post.scenario.standing != "public":
        return
    for photo in post.photos:
        assert visitor.ask(f"https://pbs.twimg.com/media/{photo.name}?format=jpg&name=large").status_code == 200
    for video in post.videos:
        assert {visitor.ask(url).status_code for url in (video.poster, *(each.url for each in video.variants))} == {200}
    for link in post.links:
        assert visitor.ask(visitor.follow(link.url)[-1]).status_code == 200


def test_nobody_in_it_exists() -> None:
    """Handles end in ``_eg`` and fit into fifteen letters."""
    handles = {post.by.handle for post in sample.sample_world().posts_by_id.values()}
    assert all(re.fullmatch(r"\w{1,12}_eg", handle) for handle in handles)


@needs_shared
def test_the_world_of_the_seed_article(tmp_path: Path) -> None:
    """Its picture link leads to the known id, posted on the printed day; both other links lead to pages."""
    world = sample.seed_world((SHARED / "corpus/seed-article.txt").read_text("utf-8"))
    assert list(world.posts_by_id) == ["1409390776546258944"]
    assert world.posts[0].by.handle == "GlobalTelevsion"
    assert printed_date(world.posts[0]) == "June 28, 2021"
    with LoopbackWeb(world.hosts(), folder=tmp_path) as web:
        visitor = Visitor(web)
        stops = visitor.follow("https://t.co/X9DJa7awAM")
        assert stops[1] == "https://twitter.com/GlobalTelevsion/status/1409390776546258944/video/1"
        ends = [visitor.follow(f"https://t.co/{code}")[-1] for code in ("HKTxlNwvUx", "zOMiiHIvty")]
        assert ends == list(sample.SEED_PAGES)
        assert [visitor.ask(end).status_code for end in ends] == [200, 200]
        visitor.close()
