"""The pictures are real pictures, and always the same."""

import zlib

import pytest

from tests.loopback.pictures import fitted, jpeg, mp4, pdf, png


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8, 8), (9, 17), (640, 480)])
def test_a_jpeg_is_framed_by_its_markers(width: int, height: int) -> None:
    """It starts and ends as a JPEG does, and inside its scan every 0xFF is stuffed."""
    picture = jpeg("seed", width, height)
    assert picture.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF\0")
    assert picture.endswith(b"\xff\xd9")
    scan = picture[picture.index(b"\xff\xda") + 10 : -2]
    assert scan.count(b"\xff") == scan.count(b"\xff\x00")


def test_a_png_has_all_its_rows() -> None:
    """Decompressed, it has one filter byte and ``width`` pixels a row."""
    picture = png("seed", 30, 20)
    start = picture.index(b"IDAT")
    length = int.from_bytes(picture[start - 4 : start])
    assert len(zlib.decompress(picture[start + 4 : start + 4 + length])) == 31 * 20


def test_a_seed_always_paints_the_same() -> None:
    """The same seed gives the same bytes, another seed others."""
    assert jpeg("a", 64, 64) == jpeg.__wrapped__("a", 64, 64) != jpeg("b", 64, 64)
    assert mp4("a", 900) == mp4.__wrapped__("a", 900) != mp4("b", 900)


def test_an_mp4_is_made_of_boxes() -> None:
    """Its boxes follow each other to the last byte."""
    film, kinds, at = mp4("seed", 900), [], 0
    while at < len(film):
        kinds.append(film[at + 4 : at + 8])
        at += int.from_bytes(film[at : at + 4])
    assert (kinds, at) == ([b"ftyp", b"moov", b"mdat"], len(film))


def test_a_pdf_knows_where_its_objects_are() -> None:
    """Every offset of the table is that of its object."""
    paper = pdf("Hello")
    table = paper[paper.index(b"xref\n") :].splitlines()[3:8]
    for number, line in enumerate(table, 1):
        assert paper[int(line[:10]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [((3000, 2000), 1200, (1200, 800)), ((100, 50), 1200, (100, 50)), ((1, 5000), 64, (1, 64))],
)
def test_pictures_shrink_and_never_grow(size: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    """The longest side is at most what was asked for, the shortest at least one pixel."""
    assert fitted(*size, longest) == expected
