"""Whether two texts are one post's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archives.wording import compare, essence

POST = 'Lamp lit at 23:14 local time,\nnobody inside. – Door "still locked", says @GullKeys_eg. https://t.co/LampRoom24'


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (POST, "same"),
        (
            "Lamp lit at 23:14 local time,nobody inside.– Door “still locked”, says @GullKeys_eg.https://t.co/LampRoom24",
            "same",
        ),
        ("lamp lit at 23:14 local time, nobody inside. - Door &quot;still locked&quot;, says @gullkeys_eg.", "same"),
        (
            "Lamp lit at 23:14 local time, nobody inside. – Door “still locked”, says @GullKeys_eg. pic.x.com/AbCdEf12",
            "same",
        ),
        ("Lamp lit at 23:14 local time, nobody inside. – Door “still locked”, sa… https://t.co/AbCdEf1234", "cut"),
        ("Lamp lit at 23:14 local time, nobody inside. – Door “still locked”, sa", "alike"),
        ("Lamp lit at 23:41 local time, nobody inside. – Door “still locked”, says @GullKeys_eg.", "alike"),
        (
            "So they say. Lamp lit at 23:14 local time, nobody inside. – Door “still locked”, says @GullKeys_eg.",
            "tail",
        ),
        ("nobody inside. – Door “still locked”, says @GullKeys_eg.", "tail"),
        ("says @GullKeys_eg.", "other"),
        ("Lamp lit…", "other"),
        ("Two ferry crews wrote down the minute, and neither was asleep at the time.", "other"),
        ("", "other"),
        ("https://t.co/LampRoom24", "other"),
    ],
)
def test_what_a_scraper_does_to_a_text_is_seen_through(shown, kind):
    """Blanks, quotation marks, case, escapes and links are no difference; letters and digits are."""
    assert compare(shown, POST).kind == compare(POST, shown).kind == kind


def test_a_text_too_short_proves_nothing():
    """Thousands have written "Good morning" on the same day."""
    likeness = compare("Good morning!", "good morning")
    assert (likeness.kind, likeness.proves) == ("short", False)


@pytest.mark.parametrize(
    ("before", "text", "kind"),
    [
        ("The keeper was asked.\nLamp lit at 23:14 local time,", POST.split("\n", 1)[1], "same"),
        ("Lamp lit at 23:14 local time, nobody inside. – Door “still locked”,", "says @GullKeys_eg.", "same"),
        ("Lamp lit at 23:14 local time,", "nobody inside. – Door “still locked”, sa…", "cut"),
        ("Lamp lit at 23:41 local time,", "nobody inside. – Door “still locked”, says @GullKeys_eg.", "tail"),
        ("Something else.", "says @GullKeys_eg.", "other"),
    ],
)
def test_words_that_may_belong_to_a_text_count_as_far_as_the_other_has_them(before, text, kind):
    """Where running text becomes an embed is told by the post."""
    assert compare(text, POST, before=before).kind == kind


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_compare(one, other):
    """No crash, a ratio between 0 and 1, and letter for letter only where the letters agree."""
    likeness = compare(one, other)
    assert 0 <= likeness.ratio <= 1
    assert (likeness.kind in ("same", "short")) == (essence(one) == essence(other) != "")
