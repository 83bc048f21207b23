import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.platforms.base import take_apart


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://twitter.com/jack/status/20", "twitter.com", "/jack/status/20"),
        ("HTTPS://Twitter.COM/jack", "twitter.com", "/jack"),
        ("//t.co/abc", "t.co", "/abc"),
        ("t.co/abc", "t.co", "/abc"),
        ("https://%74.co/abc", "t.co", "/abc"),
        ("https://twitter.com./jack", "twitter.com", "/jack"),
        ("https://x.com:443/jack", "x.com", "/jack"),
        ("\n  https://x.com/ja\nck  ", "x.com", "/jack"),
    ],
)
def test_an_address_is_read_as_a_browser_reads_it(url, host, path):
    """Case, percent signs in the host, white space and the scheme's own port do not change an address."""
    address = take_apart(url)
    assert address is not None
    assert (host, path) == (address.host, address.path)


@pytest.mark.parametrize(
    "url",
    [
        "https://twitter.com@evil.example/jack/status/20",
        "http://evil.example\\@t.co/abc",
        "https://t.co\\evil/abc",
        "ftp://t.co/abc",
        "https://t.co:8080/abc",
        "javascript:location='https://t.co/abc'",
        "mailto:jack@t.co",
        "/jack/status/20",
        "https:///jack",
        "https://[::1]/jack",
        "https://-x.com/jack",
        "",
        "https://t.co/" + "a" * 9_000,
    ],
)
def test_what_parsers_disagree_about_is_no_address(url):
    """User info, backslashes, other ports and schemes, and hosts that are no names are refused."""
    assert take_apart(url) is None


def test_a_parameter_is_the_first_of_its_name_decoded():
    """Of several names the first that is there counts, with its first value."""
    address = take_apart("https://x.com/a?u=1&url=https%3A%2F%2Ft.co%2Fa&url=2")
    assert address is not None
    assert address.parameter("missing", "url") == "https://t.co/a"
    assert address.parameter("missing") is None


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_none(text):
    """Taking apart never fails."""
    address = take_apart(text)
    assert address is None or address.host == address.host.lower()
