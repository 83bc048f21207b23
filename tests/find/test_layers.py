import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.find.layers import peel_address, peel_markup, undo_json

MARKUP = '<blockquote class="twitter-tweet"><p>"Rain" & <b>wind</b> – 🌧</p>&mdash; Ada (@ada)</blockquote>'


def in_json(text):
    return json.dumps(text)[1:-1]


def in_script(text):
    return in_json(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("/", "\\/")


@pytest.mark.parametrize(
    "written",
    [
        MARKUP,
        in_json(MARKUP),
        in_script(MARKUP),
        in_json(in_script(MARKUP)),
        html.escape(MARKUP),
        html.escape(html.escape(MARKUP)),
        html.escape(in_json(MARKUP)),
        html.escape(in_script(MARKUP)),
        quote(MARKUP, safe=""),
        MARKUP.replace("&", "&amp;").replace('"', "&quot;"),
    ],
)
def test_markup_is_found_under_its_layers(written):
    """JSON in scripts, attributes, feeds, addresses, and these within each other."""
    assert peel_markup(written) == MARKUP


@pytest.mark.parametrize(
    "written",
    [
        "https://x.com/a/status/20",
        "https:\\/\\/x.com\\/a\\/status\\/20",
        "https:\\u002F\\u002Fx.com\\u002Fa\\u002Fstatus\\u002F20",
        "https%3A%2F%2Fx.com%2Fa%2Fstatus%2F20",
        "https%253A%252F%252Fx.com%252Fa%252Fstatus%252F20",
        "https:&#x2F;&#x2F;x.com&#x2F;a&#x2F;status&#x2F;20",
        "https:&#47;&#47;x.com/a/status/20",
    ],
)
def test_an_address_is_found_under_its_layers(written):
    """However its slashes are written."""
    assert peel_address(written) == "https://x.com/a/status/20"


def test_half_a_character_is_replaced():
    """A lone surrogate cannot be stored or printed; a pair is the character."""
    assert (undo_json("\\ud83c\\udf27"), undo_json("\\ud83c!")) == ("🌧", "\ufffd!")


@given(st.text(max_size=200))
def test_any_text_is_peeled(text):
    """No text fails, and what comes back can be encoded."""
    for written in ("<" + text, "&lt;" + text, "\\u003c" + in_json(text), "%3c" + quote(text)):
        assert "\ufffd" in peel_markup(written) or peel_markup(written).encode().decode() == peel_markup(written)
    assert peel_address(text).encode().decode() == peel_address(text)
