"""The media hosts answer as ``protocols.md`` 5 says, with bytes that are what they claim to be."""

import struct

import pytest

from tests.loopback.gallery import ADA, KINDS
from tests.loopback.media import AVATAR_SIZES, SIZES
from tests.loopback.nouns import Photo
from tests.loopback.visitor import Visitor

JPG, PNG, LACKING, FORBIDDEN = KINDS["photos"].photos
VIDEO = KINDS["video"].videos[0]


def at_size(photo: Photo, name: str) -> str:
    return f"https://pbs.twimg.com/media/{photo.name}?format={photo.extension}&name={name}"


def dimensions(picture: bytes) -> tuple[int, int]:
    """Width and height as a JPEG's frame header or a PNG's IHDR says."""
    if picture.startswith(b"\x89PNG"):
        return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    at = picture.index(b"\xff\xc0")
    height, width = struct.unpack(">HH", picture[at + 5 : at + 9])
    return width, height


@pytest.mark.parametrize("name", SIZES)
def test_a_photo_in_every_size(visitor: Visitor, name: str) -> None:
    """Each size name gives a picture that fits, never larger than the original."""
    answer = visitor.ask(at_size(JPG, name))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert max(dimensions(answer.content)) == min(SIZES[name], 1280)


@pytest.mark.parametrize(
    ("rest", "width"),
    [(".jpg", 1200), (".jpg:orig", 1280), (".jpg:large", 1280), (".jpg:small", 680), (".jpg:thumb", 150),
     (".jpg?name=orig", 1280), ("?format=jpg", 1200), ("?format=jpg&name=small", 680), (".jpg:nonsense", None),
     ("?format=png&name=orig", None), ("?format=jpg&name=nonsense", None), ("", None), (":orig", None)],
)  # fmt: skip
def test_the_forms_of_a_photos_address(visitor: Visitor, rest: str, width: int | None) -> None:
    """Today's and yesterday's forms lead to the same picture; other formats and sizes are 404."""
    answer = visitor.ask(f"https://pbs.twimg.com/media/{JPG.name}{rest}")
    assert (dimensions(answer.content)[0] if answer.status_code == 200 else None) == width


def test_a_png_stays_a_png(visitor: Visitor) -> None:
    """A photo uploaded as PNG is had as PNG."""
    answer = visitor.ask(at_size(PNG, "orig"))
    assert (answer.headers["content-type"], dimensions(answer.content)) == ("image/png", (640, 480))


@pytest.mark.parametrize(
    ("photo", "name", "status"),
    [(LACKING, "orig", 404), (LACKING, "4096x4096", 200), (FORBIDDEN, "orig", 403), (FORBIDDEN, "small", 403),
     (KINDS["photo only"].photos[0], "orig", 404), (KINDS["photo only"].photos[0], "small", 404),
     (Photo(media_id="1"), "orig", 404)],
)  # fmt: skip
def test_photos_that_are_missing(visitor: Visitor, photo: Photo, name: str, status: int) -> None:
    """A size may be missing while the next is there; a photo may be gone, or forbidden."""
    assert visitor.ask(at_size(photo, name)).status_code == status


@pytest.mark.parametrize(("suffix", "width"), AVATAR_SIZES.items())
def test_an_avatar_in_every_size(visitor: Visitor, suffix: str, width: int) -> None:
    """The suffix names the size, and without one it is the original."""
    answer = visitor.ask(ADA.avatar.replace("_normal", suffix))
    assert (answer.status_code, dimensions(answer.content)) == (200, (width, width))


def test_an_avatar_that_is_gone(visitor: Visitor) -> None:
    """An account may have lost its picture."""
    assert visitor.ask(KINDS["photo only"].by.avatar).status_code == 404


def test_the_avatar_of_those_who_chose_none(visitor: Visitor) -> None:
    """The default picture is on abs.twimg.com."""
    url = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
    assert dimensions(visitor.ask(url).content) == (48, 48)


def test_a_cards_image(visitor: Visitor) -> None:
    """A card's image is asked for by format and name."""
    card = KINDS["card"].card
    assert card
    assert dimensions(visitor.ask(f"{card.image}?format=png&name=orig").content) == (1200, 630)


@pytest.mark.parametrize("kind", ["video", "video whose best file is gone", "gif"])
def test_films_and_posters(visitor: Visitor, kind: str) -> None:
    """Every variant is an MP4 or a playlist, unless it is gone; the poster is a JPEG."""
    video = KINDS[kind].videos[0]
    assert dimensions(visitor.ask(video.poster).content)[0] <= 1200
    for variant in video.variants:
        answer = visitor.ask(variant.url)
        assert answer.status_code == (404 if variant.bitrate in video.lacks else 200)
        if answer.status_code == 200:
            assert answer.headers["content-type"] == variant.content_type
            assert answer.content[4:8] == b"ftyp" or answer.content.startswith(b"#EXTM3U\n")


def test_better_films_are_longer(visitor: Visitor) -> None:
    """A higher bitrate has more bytes, and never the same ones."""
    films = {each.bitrate: visitor.ask(each.url).content for each in VIDEO.variants if each.bitrate}
    assert [len(films[bitrate]) for bitrate in sorted(films)] == sorted(len(film) for film in films.values())


def test_a_playlist_can_be_walked(visitor: Visitor) -> None:
    """The master playlist names one playlist a rendition, each of those its segment, and all of them are there."""
    master = next(each for each in VIDEO.variants if each.bitrate is None)
    paths = [line for line in visitor.ask(master.url).text.splitlines() if not line.startswith("#")]
    assert len(paths) == 3
    for path in paths:
        inner = visitor.ask(f"https://video.twimg.com{path}")
        segments = [line for line in inner.text.splitlines() if not line.startswith("#")]
        assert [visitor.ask(f"https://video.twimg.com{each}").status_code for each in segments] == [200]


@pytest.mark.parametrize("host", ["pbs.twimg.com", "video.twimg.com", "abs.twimg.com"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/media/../x.jpg", "/profile_images/1/x_normal.jpg"])
def test_what_nobody_uploaded_is_404(visitor: Visitor, host: str, path: str) -> None:
    """Any other path is 404."""
    assert visitor.ask(f"https://{host}{path}").status_code == 404


def test_a_banner_has_its_size_behind_it(visitor: Visitor) -> None:
    """1500x500, 600x200, 300x100; without one there is nothing."""
    banner = KINDS["plain"].by.banner
    assert visitor.ask(f"{banner}/1500x500").headers["content-type"] == "image/jpeg"
    assert len(visitor.ask(f"{banner}/300x100").content) < len(visitor.ask(f"{banner}/1500x500").content)
    assert visitor.ask(banner).status_code == visitor.ask(f"{banner}/2x1").status_code == 404
