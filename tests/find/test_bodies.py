import pytest

from archiver.find.bodies import body_of, is_spaced, weight

SIGNED = "— Ahmad (@ahmad_x) June 28, 2021"
LONG = "The committee met behind closed doors for most of the afternoon, according to two people who were there. " * 3


def read(text):
    """(what is surely the post's, what may be)."""
    end = text.index(SIGNED)
    body = body_of(text, 0, end, spaced=is_spaced(text))
    return text[body.start : end].strip(), text[body.earliest : body.start].strip()


@pytest.mark.parametrize(
    "above",
    [
        "See https://t.co/ProseLink1 for details.",
        "The president, @POTUS, said on Monday that it would go on.",
        "It has been discussed under #Brexit for years.",
        "The strike was reported on Monday.",
        "Support for the strike is split",
        "Image: the old town, seen from the river",
        "By Jane Doe\n@jane_doe",
        "* one thing\n* another",
        "#Introduction to the strike",
        "#MeToo has changed how such cases are read.",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_the_articles_words_are_put_into_nobodys_mouth(above, gap):
    """Marks within a sentence, short sentences, headings, captions and bylines prove nothing."""
    sure, perhaps = read(f"{LONG}{gap}{above}{gap}Tweet words here https://t.co/PlainCode2\n{SIGNED}\n")
    if above.startswith("#Introduction") and gap == "\n":
        pytest.skip("no reader could tell it from a post's first line")
    assert sure == "Tweet words here https://t.co/PlainCode2"
    assert perhaps == above


@pytest.mark.parametrize(
    "lines",
    [
        ["#UPDATE: three videos of the strikes were released.", "First video: the old town pic.twitter.com/X9DJa7awAM"],
        ["#IRAQ latest:", "– four killed.", "– no word from the ministry.https://t.co/HKTxlNwvUx"],
        [".@Ada: “Why not answer?”", "Bo: “Because it was unfair” https://t.co/J72Biz1YSs"],
        ["That was the point of it. #thanks #OnIt", "⬇️⬇️⬇️https://t.co/hopPjqa95w"],
        ["⚠️ #COVID | Take no risk.", "Ask your doctor."],
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_lines_written_as_posts_are_stay_with_the_rest(lines, gap):
    """A body that was cut apart by line or paragraph breaks is whole where one of its lines proves it."""
    if gap == "\n\n" and lines[0] == "#IRAQ latest:":
        pytest.skip("with a blank line below it may be a heading of Markdown")
    sure, _ = read(f"{LONG}\n\n{gap.join(lines)}\n{SIGNED}\n")
    assert [line for line in sure.split("\n") if line] == lines


@pytest.mark.parametrize(
    ("text", "sure", "perhaps"),
    [
        (f"He was clear.\nShe later tweeted:\nOne.\nTwo.\n{SIGNED}", "One.\nTwo.", ""),
        (f"He said:\nOne.\nTwo.\n{SIGNED}", "Two.", "One."),
        (f"{LONG}\nOne.\nTwo.\n{SIGNED}", "Two.", "One."),
        (f"One.\n\n> First.\n>\n> Second.\n{SIGNED}", "> First.\n>\n> Second.", ""),
        (f"{LONG}One. Two. {SIGNED}", "Two.", "One."),
        (f"{LONG}One. https://t.co/HKTxlNwvUx {SIGNED}", "One. https://t.co/HKTxlNwvUx", None),
        (f"A.\n\nB.\n\nC.\n\nD.\n\n{LONG}\n\nOne.\nTwo.\n{SIGNED}", "One.\nTwo.", ""),
        (SIGNED, "", ""),
    ],
)
def test_what_may_be_the_posts_ends_at_what_cannot(text, sure, perhaps):
    """An announcement, a longer paragraph and a quote bound it; in a line without breaks, a post's length does."""
    found = read(text)
    assert found[0] == sure
    assert perhaps is None or found[1].endswith(perhaps)
    assert weight(f"{found[1]} {found[0]}") <= 305


@pytest.mark.parametrize(
    ("text", "units"),
    [("a https://news.example/" + "x" * 90, 25), ("words pic.twitter.com/X9DJa7awAM", 5), ("日本", 4), ("дом", 3)],
)
def test_units_are_counted_as_x_counts_them(text, units):
    """A link is 23, the post's own media nothing, a wide character two."""
    assert weight(text) == units
