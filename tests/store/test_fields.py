"""Named values on lines of their own."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeadersParser

from archiver.store import fields

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain text", "plain text"),
        ("Zoë ✓ عربي", "Zoë ✓ عربي"),
        ("a\r\nWARC-Date: 2016", "a%0D%0AWARC-Date: 2016"),
        ("a\nb", "a%0Ab"),
        ("a\rb", "a%0Db"),
        ("a\0b\x0bc\x0cd\x1ce\x7ff", "a%00b%0Bc%0Cd%1Ce%7Ff"),
        ("a\x85b\u2028c\u2029d", "a%C2%85b%E2%80%A8c%E2%80%A9d"),
        (" padded\u00a0", "%20padded%C2%A0"),
        ("   ", "%20%20%20"),
        ("", ""),
        ("\ud83d alone", "\ufffd alone"),
        ("100% of 50%0A", "100% of 50%0A"),
    ],
)
def test_text_cannot_end_its_line(value, written):
    """Whatever some reader takes for a line's end, or strips, is percent-encoded; the rest stays as it is."""
    assert written == fields.text(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://t.co/X9DJa7awAM?a=b%20c#d", "https://t.co/X9DJa7awAM?a=b%20c#d"),
        ("https://x.example/ü?q=a b", "https://x.example/%C3%BC?q=a%20b"),
        ("<https://x.example/>", "%3Chttps://x.example/%3E"),
        ("https://x.example/\r\nWARC-Type: response", "https://x.example/%0D%0AWARC-Type:%20response"),
    ],
)
def test_uri_is_printable_ascii(value, written):
    """A URI keeps its own escapes and gets the missing ones."""
    assert written == fields.uri(value)


@given(ANY_TEXT)
def test_escaping_twice_changes_nothing_more(value):
    """What is kept in the catalog equals what is read back from the record, however often it is escaped."""
    assert fields.text(value) == fields.text(fields.text(value))
    assert fields.uri(value) == fields.uri(fields.uri(value))


@given(st.lists(st.tuples(st.sampled_from(["via", "archiver-slot", "archiver-error"]), ANY_TEXT), max_size=5))
def test_what_is_written_is_read_back_by_three_readers(pairs):
    """Our parser, warcio's, and a plain split all find exactly the lines that were written."""
    wanted = [(name, fields.text(value)) for name, value in pairs]
    block = fields.lines(pairs)
    assert wanted == fields.parse(block)
    assert len(pairs) == len(block.decode().splitlines())
    read = StatusAndHeadersParser([], verify=False).parse(io.BytesIO(b"WARC/1.1\r\n" + block + b"\r\n"))
    assert wanted == read.headers


@pytest.mark.parametrize("block", [b"no colon\r\n", b": no name\r\n", b"a: b", b"a: b\nc: d\r\n", b"a: \xff\r\n"])
def test_parse_is_strict(block):
    """What is no list of UTF-8 lines that end in CR LF is refused."""
    with pytest.raises(ValueError, match=r"."):
        fields.parse(block)
