"""Cookies are kept without their values."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import message
from archiver.errors import BadReply
from archiver.store import cookies, fields
from archiver.store.opening import Habits
from tests.store.tapes import chunked, members, opened, plainly, record_at, reply, tape, warcs

ATTRIBUTES = (
    "Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=None; Max-Age=60; Domain=.x.com; "
    "Partitioned; Priority=High"
)


def stored(sent, **changed):
    """(the tape's bytes after masking, its headers, how many fields were masked)."""
    one, count = cookies.masked(tape(sent, **changed))
    one.received.seek(0)
    return one.received.read(), one.layout.headers if one.layout else (), count


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("guest_id=v1%3A17", "guest_id=*******"),
        (f"a=b; {ATTRIBUTES}", f"a=*; {ATTRIBUTES}"),
        ('a="quo ted"', "a=**** ****"),
        ("withoutname", "***********"),
        ("", ""),
        ("a=", "a="),
        ("a=b=c", "a=***"),
        ("a=1; Path=/, c=secret", "a=*; ****=** ********"),
        ("a=1; token=secret; Path=/x", "a=*; *****=******; Path=/x"),
        ("a=1;;; ", "a=*;;; "),
        ("a=caf\xe9", "a=****"),
    ],
)  # fmt: skip
def test_a_value_becomes_stars(sent, kept):
    """As long as it was; the name and the attributes that the standard knows stay."""
    raw = reply(extra=f"Set-Cookie: {sent}\r\n").replace("é".encode(), b"\xe9")
    data, headers, count = stored(raw)
    assert (data, count) == (raw.replace(sent.encode("latin-1"), kept.encode("latin-1"), 1 if sent else 0), 1)
    assert dict(headers)["Set-Cookie"] == kept.strip()


@pytest.mark.parametrize(
    "field",
    [b"Set-Cookie: a=SECRET", b"SET-COOKIE:a=SECRET", b"set-cookie2 \t: a=SECRET", b"Set-Cookie: a=\r\n\tSECRET",
     b"Set-Cookie: a=SECRET\r\n SECRET; SECRET", b" Set-Cookie: a=SECRET", b"Set-Cookie: a=x\rSECRET"],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_however_the_field_is_written(field, end):
    """Any case, blanks before the colon, folded over lines, lines that end in a bare LF."""
    raw = b"HTTP/1.1 200 OK\r\nX-A: 1\r\n" + field + b"\r\nContent-Length: 2\r\n\r\nhi"
    raw = raw.replace(b"\r\n", end)
    data, _, count = stored(raw)
    assert b"SECRET" not in data
    assert (len(data), count) == (len(raw), 1)
    assert data.endswith(b"hi")


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=SECRET\r\n\r\n" + reply(),
        chunked(b"hello", b"body").removesuffix(b"\r\n") + b"Set-Cookie: a=SECRET\r\n\r\n",
        chunked().removesuffix(b"\r\n") + b"X: 1\r\nSet-Cookie: a=SECRET\r\n\r\n",
        chunked(b"hello").removesuffix(b"\r\n") + b"Set-Cookie: a=SECRET\r\n",
        chunked(b"hello").removesuffix(b"\r\n") + b"Set-Cookie: a=SECRET",
        chunked(b"hello").removesuffix(b"\r\n") + b"X: 1\r\n" * 20_000 + b"Set-Cookie: a=SECRET\r\n\r\n",
        chunked(b"hello").removesuffix(b"0\r\n\r\n") + b"0\nSet-Cookie: a=SECRET\n\n",
        chunked(b"hello").removesuffix(b"0\r\n\r\n") + b"000;x=y\r\nSet-Cookie: a=SECRET\r\n",
        reply() + reply(extra="Set-Cookie: a=SECRET\r\n"),
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=SECRET\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=SECRET",
        reply(b"x" * 2_000_000, extra="Set-Cookie: a=SECRET\r\n"),
    ],
    ids=[
        "interim",
        "trailer",
        "trailer only",
        "trailer without end",
        "trailer broken off",
        "trailer that is too long",
        "trailer behind bare LF",
        "trailer behind an extension",
        "behind",
        "ambiguous",
        "broken off",
        "large",
    ],
)
@pytest.mark.parametrize("spooled", [False, True])
def test_wherever_a_head_may_be(sent, spooled):
    """Interim heads, trailers, whole and broken off, what came behind the message, what can't be understood."""
    one, count = cookies.masked(tape(sent, spooled=spooled))
    one.received.seek(0)
    data = one.received.read()
    one.received.close()
    assert count == 1
    assert b"SECRET" not in data
    assert (len(data), data.count(b"*")) == (len(sent), len("SECRET"))


def torn(body):
    """A chunked answer that broke off within a chunk that holds ``body``."""
    return chunked(body + b"x" * 9)[:-12]


@pytest.mark.parametrize("body", [b"\r\nSet-Cookie: a=b\r\n", b"\n0\r\nSet-Cookie: a=b\r\n\r\n"])
@pytest.mark.parametrize("framed", [reply, chunked, torn])
def test_a_body_is_content(body, framed):
    """What a page says about cookies is not masked, whatever it looks like."""
    sent = framed(body)
    assert stored(sent)[::2] == (sent, 0)


@pytest.mark.parametrize("on", [True, False])
async def test_what_is_stored_is_what_is_digested(tmp_path, on):
    """The records say what was masked, and so does the exchange; or nothing is, when the user wants it so."""
    folder = tmp_path / "archive"
    archive = await opened(folder, habits=Habits(mask_cookies=on))
    sent = reply(b"page", extra="Set-Cookie: a=SECRET; Path=/\r\nset-cookie: b=SECRET\r\n")
    kept = await archive.keep(tape(sent))
    await archive.aclose()
    headers, block = record_at(folder, kept.warc)
    assert (b"SECRET" in block, "SECRET" in str(kept.headers)) == (not on, not on)
    assert block == (sent.replace(b"SECRET", b"******") if on else sent)
    about = dict(fields.parse(plainly(members(warcs(folder)[0])[3])[1]))
    assert about.get("archiver-masked-set-cookie") == ("2" if on else None)
    archive = await opened(folder)
    recalled = await archive.recall(kept.request)
    assert recalled
    assert recalled.headers == kept.headers
    assert dict(headers)["WARC-Payload-Digest"] == recalled.payload_digest
    await archive.aclose()


async def test_a_broken_answer_is_masked_too(tmp_path):
    """Its bytes are stored before its error is raised."""
    folder = tmp_path / "archive"
    archive = await opened(folder)
    with pytest.raises(BadReply):
        await archive.keep(tape(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=SECRET\r\nContent-Le", cut="disconnect"))
    await archive.aclose()
    assert not [one for one in members(warcs(folder)[0]) if b"SECRET" in one]


@given(st.binary(max_size=400))
def test_whatever_comes_keeps_its_length_and_its_reading(noise):
    """Any bytes in a cookie: nothing else changes, and the masked head reads as the masked headers say."""
    sent = b"HTTP/1.1 200 OK\r\nSet-Cookie: " + noise + b"\r\nX: y\r\nContent-Length: 0\r\n\r\n"
    try:
        one = tape(sent, closed=True)
        masked, _ = cookies.masked(one)
    except message.BadMessage:
        return
    masked.received.seek(0)
    data = masked.received.read()
    assert len(data) == len(sent)
    if masked.layout:
        again = message.read_layout(io.BytesIO(data), len(data), closed=True, max_head_bytes=1 << 20)
        assert again
        assert (again.status, [name for name, _ in again.headers]) == (200, [name for name, _ in masked.layout.headers])


@pytest.mark.parametrize("piece", [b"; expires=" + b" " * 200_000 + b"!", b";" * 200_000, b"\n " * 100_000,
                                   b"\r\nset-cookie: a=" * 15_000, b"=" * 200_000])  # fmt: skip
def test_no_field_takes_long(piece):
    """What a hostile head can hold is masked in the time that reading it takes."""
    began = time.process_time()
    stored(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b" + piece + b"\r\nContent-Length: 0\r\n\r\n")
    assert time.process_time() - began < 5
