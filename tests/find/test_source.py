import pytest

from archiver.find.source import Source


def source(text):
    return Source.of(text.encode(), markup=True)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("<p>HERE", "body"),
        ("<SCRIPT>a < b; HERE</SCRIPT>", "script"),
        ("<script>1</script><p>HERE", "body"),
        ("<style>HERE</style>", "style"),
        ("<!-- <p>HERE --> x", "comment"),
        ("<!-- x --> HERE", "body"),
        ("<textarea><p>HERE</textarea>", "textarea"),
        ("<script>'<!--'</script> HERE -->", "body"),
        ("<!-- never closed HERE", "body"),
    ],
)
def test_a_place_lies_in_a_zone(text, zone):
    """Raw text is no markup; a comment that nobody closed hides nothing."""
    assert zone == source(text).zone(text.index("HERE"))


@pytest.mark.parametrize(
    ("text", "name", "attribute", "value"),
    [
        ('<a class=x href="HERE">', "a", "href", "HERE"),
        ("<a href='<b>HERE</b>'>", "a", "href", "<b>HERE</b>"),
        ("<DIV DATA-ID=HERE>", "div", "data-id", "HERE"),
        ('<a href = "HERE"', "a", "href", "HERE"),
        ('<p title="a > b" data-x="{HERE}">', "p", "data-x", "{HERE}"),
    ],
)
def test_a_place_inside_a_tag_is_told_with_its_attribute(text, name, attribute, value):
    """Quotes of both kinds or none, markup inside a value, a tag that is never closed."""
    place = text.index("HERE")
    tag = source(text).tag_at(place)
    assert tag is not None
    assert (name, attribute, value) == (tag.name, tag.attribute_at(place), tag.attributes[attribute])


@pytest.mark.parametrize("text", ["<p>HERE</p>", "HERE", "a < b HERE", "</p HERE>", "<br> x=HERE"])
def test_a_place_in_text_is_in_no_tag(text):
    """Closing tags and stray signs are not tags either."""
    assert source(text).tag_at(text.index("HERE")) is None


def test_what_was_read_is_not_read_again():
    """Places taken are known by their inside."""
    page = source("x" * 100)
    page.take(50, 60)
    page.take(10, 20)
    assert [page.is_taken(place) for place in (9, 10, 19, 20, 59, 60)] == [False, True, True, False, True, False]
