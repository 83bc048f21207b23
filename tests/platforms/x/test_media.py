from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.x import media
from tests.loopback.recordings import needs_shared, recorded_json
from tests.platforms.x.posts import tweet, video

NAME = "https://pbs.twimg.com/media/FsZNOgcWAAEQtrd"
STILL = "https://pbs.twimg.com/ext_tw_video_thumb/1/pu/img/p"
FACES = "https://pbs.twimg.com/profile_images/1"


def sizes(name: str, extension: str) -> tuple[str, ...]:
    return tuple(f"{name}?format={extension}&name={size}" for size in ("orig", "4096x4096", "large", "medium", "small"))


@pytest.mark.parametrize(
    ("url", "ladder"),
    [
        (f"{NAME}.jpg", sizes(NAME, "jpg")),
        (f"{NAME}.png", sizes(NAME, "png")),
        (f"{NAME}.jpg:large", sizes(NAME, "jpg")),
        (f"{STILL}.jpg", sizes(STILL, "jpg")),
        (f"{NAME}?format=jpg&name=orig", (f"{NAME}?format=jpg&name=orig",)),
        (f"{NAME}.svg", (f"{NAME}.svg",)),
        ("https://evil.example/media/a.jpg", ()),
        ("http://pbs.twimg.com/media/a.jpg", ()),
        ("", ()),
    ],
)
def test_a_photo_is_asked_for_in_its_original_size_first(url: str, ladder: tuple[str, ...]) -> None:
    """The order of sizes is gallery-dl's; an address of another form is asked for as it stands."""
    assert media.photo_ladder(url) == ladder


@pytest.mark.parametrize(
    ("url", "ladder"),
    [
        (f"{FACES}/abc_normal.jpg", (f"{FACES}/abc.jpg", f"{FACES}/abc_normal.jpg")),
        (f"{FACES}/abc_400x400.png", (f"{FACES}/abc.png", f"{FACES}/abc_400x400.png")),
        (f"{FACES}/a_normal_b.jpg", (f"{FACES}/a_normal_b.jpg",)),
        ("https://abs.twimg.com/sticky/default_profile_normal.png", ()),
        ("https://[", ()),
    ],
)
def test_an_avatar_is_asked_for_as_uploaded_first(url: str, ladder: tuple[str, ...]) -> None:
    """Without ``_normal`` it is the original; only the media hosts are asked."""
    assert media.avatar_ladder(url) == ladder


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://pbs.twimg.com/media/a.jpg", True),
        ("https://video.twimg.com/tweet_video/a.mp4?tag=12", True),
        ("http://pbs.twimg.com/media/a.jpg", False),
        ("https://pbs.twimg.com:444/media/a.jpg", False),
        ("https://pbs.twimg.com.evil.example/media/a.jpg", False),
        ("https://a@pbs.twimg.com/media/a.jpg", False),
        ("https://evil.example/https://pbs.twimg.com/a.jpg", False),
        ("https://pbs.twimg.com/a\r\nX-Forged: 1", False),
        ("https://pbs.twimg.com/a b", False),
        ("https://pbs.twimg.com/é.jpg", False),
        ("https://pbs.twimg.com/" + "a" * 1000, False),
        ("https://[", False),
    ],
)
def test_only_the_media_hosts_are_fetched_because_a_post_says_so(url: str, ours: bool) -> None:
    """Anything else in a post's JSON is left alone."""
    assert media.ours(url) is ours


def test_a_films_best_file_comes_first_and_its_still_is_its_poster() -> None:
    """mp4 files by falling bitrate; playlists are named and not asked for."""
    (film,) = media.media(tweet(videos=[video()]))
    assert [url.rsplit("/", 2)[1] for url in film.ladder] == ["1280x720", "640x360", "480x270"]
    assert film.poster[0] == "https://pbs.twimg.com/ext_tw_video_thumb/1/pu/img/p?format=jpg&name=orig"
    assert film.playlists == ("https://video.twimg.com/ext_tw_video/1/pu/pl/a.m3u8?tag=12",)
    assert (film.type, film.width, film.height, film.duration_s) == ("video", 1280, 720, 12.345)


def test_a_moving_picture_has_one_file_of_bitrate_0() -> None:
    """Animated GIFs are short mp4 files without bitrate."""
    at = "https://video.twimg.com/tweet_video/FeU5fh1XkA0vDAE.mp4"
    info = {"variants": [{"content_type": "video/mp4", "bitrate": 0, "url": at}]}
    (gif,) = media.media(tweet(videos=[video("animated_gif", video_info=info)]))
    assert (gif.type, gif.ladder, gif.duration_s) == ("animated_gif", (at,), None)


def test_photos_keep_their_order_and_their_description() -> None:
    """What the author wrote for people who can't see it is kept."""
    body = tweet(photos=[f"{NAME}.jpg", f"{NAME}2.jpg"])
    body["mediaDetails"][1]["ext_alt_text"] = "A chart"
    assert [(medium.url, medium.alt) for medium in media.media(body)] == [
        (f"{NAME}.jpg", None),
        (f"{NAME}2.jpg", "A chart"),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "photo"},
        {"type": "photo", "media_url_https": 7},
        {"type": "photo", "media_url_https": "https://evil.example/a.jpg"},
        {"type": "hologram", "media_url_https": f"{NAME}.jpg"},
        {"type": ["photo"], "media_url_https": f"{NAME}.jpg"},
        {"media_url_https": f"{NAME}.jpg"},
        "photo",
        None,
    ],
)
def test_an_entry_of_unknown_kind_or_host_is_passed_over(entry: object) -> None:
    """The other media of the post are still fetched."""
    body = tweet(photos=[f"{NAME}.jpg"])
    body["mediaDetails"].insert(0, entry)
    assert [medium.url for medium in media.media(body)] == [f"{NAME}.jpg"]


@pytest.mark.parametrize(
    "info",
    [
        None,
        [],
        {"variants": None},
        {"variants": [7, {}, {"url": "https://evil.example/a.mp4"}]},
        {"variants": [{"content_type": "video/mp4", "url": "https://evil.example/a.mp4"}]},
    ],
)
def test_a_film_without_files_still_has_its_poster(info: object) -> None:
    """Nothing to fetch is an empty ladder, no error."""
    (film,) = media.media(tweet(videos=[video(video_info=info)]))
    assert (film.ladder, len(film.poster)) == ((), 5)


@needs_shared
@pytest.mark.parametrize(
    ("name", "media_count"),
    [("1641086480675225601_photo", 1), ("1629262255744503809_card", 0), ("1641895049427550208_quote", 0)],
)
def test_recorded_posts_have_the_media_that_they_show(name: str, media_count: int) -> None:
    """A quoted post's pictures are its own, not the quoting post's."""
    assert len(list(media.media(recorded_json(f"fixtures/syndication/tweet_{name}.json")))) == media_count


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("https://video.twimg.com/a.mp4")
VARIANTS = st.lists(
    VALUES | st.dictionaries(st.sampled_from(["content_type", "bitrate", "url"]), VALUES | st.just("video/mp4")),
    max_size=3,
)


@given(st.one_of(VALUES, st.dictionaries(st.sampled_from(["duration_millis", "variants"]), VALUES | VARIANTS)), VALUES)
def test_no_shape_of_a_film_raises(info: object, size: object) -> None:
    """Media are extras: what is odd about them never costs the post."""
    for medium in media.media(tweet(videos=[video(video_info=info, original_info=size)])):
        assert all(media.ours(url) for url in (*medium.ladder, *medium.poster))
