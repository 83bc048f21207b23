import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.find.bodies import weight
from archiver.find.dates import DateReader
from archiver.find.plain import attributions, tidy
from tests.shared import SHARED, needs_shared

PROSE = (
    "The committee met behind closed doors for most of the afternoon, according to two people who were in the room and "
    "asked not to be named because the talks were private."
)
AFTER = "Neither side commented on Monday."


def read(text):
    return list(attributions(text, DateReader(patience=0)))


@pytest.mark.parametrize(
    ("line", "author", "handle", "day"),
    [
        ("— Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("—Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("– Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("-- Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("- Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("â€” Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("&mdash; Ada Byron (@ada_b) June 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("— Ada | سامية كُلاّب (@ada_b) 28. Juni 2021", "Ada | سامية كُلاّب", "ada_b", "2021-06-28"),
        (
            "— 三浦一仁(本読めるようになりたい) （@kazu） 2021年6月28日",
            "三浦一仁(本読めるようになりたい)",
            "kazu",
            "2021-06-28",
        ),
        ("— דנה לוי (@dana) 9 בפברואר 2018", "דנה לוי", "dana", "2018-02-09"),
        ("— 🔥𝓧𝓲𝓷 Ada-Lou🏳️‍🌈 (@a) 16 мая 2018 г.", "🔥𝓧𝓲𝓷 Ada-Lou🏳️‍🌈", "a", "2018-05-16"),
        ("— programmer@work, kgogon (R) (@kg) May 1, 2018", "programmer@work, kgogon (R)", "kg", "2018-05-01"),
        ("— A — B (@a_b) May 1, 2018", "A — B", "a_b", "2018-05-01"),
        ("— Ada – 🇬🇧 (@a_b) May 1, 2018", "Ada – 🇬🇧", "a_b", "2018-05-01"),
        ("—— Dr. A — The -- B (@a_b) May 1, 2018", "Dr. A — The -- B", "a_b", "2018-05-01"),
        ("&mdash; A &mdash; B (@a_b) May 1, 2018", "A &mdash; B", "a_b", "2018-05-01"),
        ("— (@thegrugq) May 1, 2018", None, "thegrugq", "2018-05-01"),
        ("— Ada Byron (@ada_b)\nJune 28, 2021", "Ada Byron", "ada_b", "2021-06-28"),
        ("— Ada Byron (@ada_b) [June 28, 2021](https://x.com/ada_b/status/20)", "Ada Byron", "ada_b", "2021-06-28"),
        ("— Ada Byron (@ada_b) June 28, 2021In other news", "Ada Byron", "ada_b", "2021-06-28"),
        ("— Ada Byron (@ada_b) December 14, 201", "Ada Byron", "ada_b", "None"),
    ],
)
def test_an_attribution_line_names_author_handle_and_day(line, author, handle, day):
    """Dashes of every kind, names in any script with signs of their own, dates in any language."""
    (found,) = read(f"{PROSE}\nRain again #weather pic.twitter.com/X9DJa7awAM\n{line}\n{AFTER}\n")
    assert (author, handle, day) == (found.author, found.handle, str(found.date))
    assert found.text == "Rain again #weather pic.twitter.com/X9DJa7awAM"
    assert found.short_links == ("https://t.co/X9DJa7awAM",)


@pytest.mark.parametrize(
    "text",
    [
        "Prime Minister Ada Byron (@ada_b) said on June 28, 2021 that it rained.",
        "It was a long day — and Ada Byron (@ada_b) knew it.",
        "“Es war schön.” — Songwriterin Elif (@elifmusic)",
        "— Ada Byron (@ada_b) on May 2, 2019",
        "Ada Byron (@ada_b) is a reporter in London.",
        "By Ada Byron (@ada_b)\n\nJune 28, 2021",
        "@media (@ada) { color: red }",
    ],
)
def test_prose_that_mentions_a_handle_is_no_embed(text):
    """Neither bylines, nor captions, nor Instagram's attributions."""
    assert read(text) == []


BODIES = [
    "Rain again.",
    "#UPDATE: three videos of the strikes released.\nFirst video: the old town pic.twitter.com/X9DJa7awAM",
    '#IRAQ latest:\n– facilities hit near the border.– Were "defensive" says @PressSec.\n– Officials: 4 killed.https://t.co/HKTxlNwvUx',
    "There's so much:\n- scripts\n- cameras\n- keeping all laptops up to date",
    "🖐 Today we talk.\n🤖 Tomorrow we act. #TeamHuman",
    "みんなに知っておいて欲しいんだけど、目の前で見つけることがあるんですよ。\n・写真や動画で抑える。",
    "Long " + "words and more of them " * 11 + "https://t.co/HKTxlNwvUx pic.twitter.com/X9DJa7awAM",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "layout",
    [
        "{prose}\n{body}\n— Ada (@ada) June 28, 2021\n{after}",
        "{prose}\n{body} — Ada (@ada) June 28, 2021\n{after}",
        "{prose}\n{body}— Ada (@ada) June 28, 2021\n{after}",
        "{prose}\n\n{body}\n\n— Ada (@ada) June 28, 2021\n\n{after}",
        "{prose}\n\n{body}— Ada (@ada) June 28, 2021\n\n{after}",
        "{prose}\nShe later wrote on Twitter:\n{body}\n— Ada (@ada) June 28, 2021\n{after}",
        "{body}\n— Ada (@ada) June 28, 2021\n{after}",
    ],
)
def test_a_body_holds_nothing_of_the_article_and_none_of_it_is_lost(body, layout):
    """What is surely the post's is its text; what may be its beginning stands before it."""
    (found,) = read(layout.format(prose=PROSE, body=body, after=AFTER))
    assert tidy(body).endswith(found.text)
    assert tidy("\n".join(filter(None, (found.before, found.text)))).endswith(tidy(body))


def test_a_quoted_body_is_the_whole_quote():
    """Markdown's and mail's quote marks tell the body, however many paragraphs it has."""
    text = (
        f"{PROSE}\n\n> First thought, which is long enough to be a sentence of the article itself, is it not.\n>\n"
        f"> Second.\n>\n> — Ada (@ada) June 28, 2021\n\n{AFTER}"
    )
    (found,) = read(text)
    assert (
        found.text
        == "First thought, which is long enough to be a sentence of the article itself, is it not.\n\nSecond."
    )


def test_several_in_a_row_keep_their_own_words():
    """Each body ends where the attribution before it does, also without any line break."""
    text = "One #a — Ada (@ada) June 28, 2021Two https://t.co/HKTxlNwvUx — Bo (@bo) June 29, 2021 "
    text += "Three — Cy (@cy) July 1, 2021"
    assert [(found.handle, found.text) for found in read(text)] == [
        ("ada", "One #a"),
        ("bo", "Two https://t.co/HKTxlNwvUx"),
        ("cy", "Three"),
    ]


def test_a_text_without_breaks_gives_a_body_of_a_posts_length():
    """The whole article on one line: the body is not longer than a post, and keeps its links."""
    (found,) = read(f"{PROSE} {PROSE} Rain again. https://t.co/HKTxlNwvUx — Ada (@ada) June 28, 2021 {AFTER}")
    assert found.text.endswith("Rain again. https://t.co/HKTxlNwvUx")
    assert weight(found.text) <= 280
    assert found.short_links == ("https://t.co/HKTxlNwvUx",)


@pytest.mark.parametrize(
    "tail",
    [
        "June 28, 2021 https://twitter.com/ada/status/1409390776546258944",
        "[June 28, 2021](https://twitter.com/ada/status/1409390776546258944?ref_src=twsrc%5Etfw)",
        "<https://x.com/ada/status/1409390776546258944>",
    ],
)
def test_a_permalink_behind_the_attribution_gives_the_post(tail):
    """Markdown keeps the date's link, other texts print its address."""
    (found,) = read(f"Rain.\n\n— Ada (@ada) {tail}")
    assert found.post is not None
    assert found.post.post_id == "1409390776546258944"


@needs_shared
def test_the_seed_article_has_three_embeds():
    """The scraped text that this product was born from: each with its author, day, whole body and link."""
    found = read((SHARED / "corpus" / "seed-article.txt").read_text("utf-8"))
    assert [(seen.author, seen.handle, str(seen.date), seen.short_links) for seen in found] == [
        ("Global.TV", "GlobalTelevsion", "2021-06-28", ("https://t.co/X9DJa7awAM",)),
        ("Samya Kullab | سامية كُلاّب", "samya_kullab", "2021-06-28", ("https://t.co/HKTxlNwvUx",)),
        ("Evan Kohlmann", "IntelTweet", "2021-06-28", ("https://t.co/zOMiiHIvty",)),
    ]
    first, second, third = (seen.text for seen in found)
    assert first.startswith("#UPDATE: Pentagon released")
    assert first.endswith("Syria pic.twitter.com/X9DJa7awAM")
    assert second.startswith("#IRAQ latest:\n– US airstrikes hit")
    assert second.endswith("ordered strikes.https://t.co/HKTxlNwvUx")
    assert third.startswith("The Washington Post:")


@given(st.text(alphabet="ab .\n—-(@)#:>，（）0123456789June,/tco", max_size=400))
def test_any_text_is_read(text):
    """No text fails, and attributions come in order, each behind the one before."""
    place = 0
    for found in read(text):
        assert place <= found.start <= found.end <= len(text)
        place = found.end


@given(
    st.lists(st.text(alphabet="abcdefgh jklmn", min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=3),
    st.text(alphabet="ABCdefg |()éß", min_size=1, max_size=20).map(lambda s: " ".join(s.split())).filter(bool),
    st.integers(1, 28),
)
def test_what_is_printed_in_the_usual_form_is_read_back(lines, author, day):
    """A post printed as embeds print it gives the post back: whole in a quote, else with what may be its beginning."""
    attribution = f"— {author} (@some_one) March {day}, 2020\n"
    (found,) = read("\n".join(f"> {line}" for line in lines) + f"\n> {attribution}")
    assert (tidy("\n".join(lines)), author, f"2020-03-{day:02d}") == (found.text, found.author, str(found.date))
    (found,) = read("\n".join(lines) + f"\n{attribution}")
    assert tidy("\n".join(filter(None, (found.before, found.text)))) == tidy("\n".join(lines))


@pytest.mark.parametrize(
    "unit", ["(@a)", "— Ada (@ada) June 28, 2021\n", "a. ", "— ", "https://t.co/AbCdEfGhIj ", "#a\n"]
)
def test_twice_the_text_takes_twice_the_time(unit):
    """No pattern goes back over what it has read: 200 KB of the worst in seconds, on a slow machine."""
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    read(text)
    assert time.process_time() - began < 6
