"""Heads are read as browsers read them, and mended into what the strictest parser accepts."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import message
from archiver.message import BadMessage, HeadReader
from tests.loopback.wire_cases import CASES, WireCase, fragments
from tests.message.reading import MAX_HEAD, entity_of, events_of, fed, layout_of


# h11 alone takes no white space behind a chunk's size, and is overruled
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.status and case.name != "chunkspace"], ids=lambda case: case.name
)
def test_h11_accepts_the_mended_bytes_and_finds_the_same_entity(case: WireCase):
    """What the strict parser is fed, in fragments of any size, leads it to the status and the body that we read."""
    reader = HeadReader(MAX_HEAD)
    mended = fed(reader, fragments(case.sent))
    events, entity = [], b""
    try:
        for event in events_of(mended, closed=case.end == "close"):
            events.append(event)
            entity += bytes(event.data) if isinstance(event, h11.Data) else b""
    except h11.RemoteProtocolError:
        assert case.cut
    responses = [event for event in events if isinstance(event, h11.Response)]
    assert [case.status] == [response.status_code for response in responses]
    assert case.entity == entity


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nA: 1\r\nB : 2\r\n\r\n", (("A", "1"), ("B", "2"))),
        (
            b"HTTP/1.1 200 OK\r\nX-Fold: one\r\n two\r\n\t three\r\nA:1\r\n\r\n",
            (("X-Fold", "one two three"), ("A", "1")),
        ),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n folded onto it: x\r\nA: 1\r\n\r\n", (("A", "1"),)),
        (b"HTTP/1.1 200 OK\r\nL: a\rSet-Cookie: forged=1\r\n\r\n", (("L", "a Set-Cookie: forged=1"),)),
        (b"HTTP/1.1 200 OK\r\nL: a\0b\x1bc\r\n\r\n", (("L", "a b c"),)),
        ("HTTP/1.1 200 OK\r\nL: caf\xe9\xa0\x85\r\n\r\n".encode("latin-1"), (("L", "caf\xe9\xa0\x85"),)),
        (b"HTTP/1.1 200 OK\r\n: no name\r\n\xc3\xa9: not a token\r\nA:\r\n\r\n", (("A", ""),)),
        (b"\r\nHTTP/1.1 200 OK\r\nDup: 1\r\ndUP: 2\r\n\r\n", (("Dup", "1"), ("dUP", "2"))),
    ],
)
def test_illegal_lines_are_skipped_and_nothing_forges_a_header(head: bytes, expected: tuple[tuple[str, str], ...]):
    """Every legal field is kept in order and case; control characters are read as spaces."""
    layout = layout_of(head)
    assert layout is not None
    assert expected == layout.headers


@pytest.mark.parametrize(
    ("framing", "why"),
    [
        (b"Content-Length: 5\r\nContent-Length: 6", "conflicting"),
        (b"Content-Length: 5, 6", "conflicting"),
        (b"Content-Length: +5", "impossible"),
        (b"Content-Length: -5", "impossible"),
        (b"Content-Length: 0x5", "impossible"),
        (b"Content-Length: 5 5", "impossible"),
        (b"Content-Length:", "impossible"),
        (b"Content-Length: 999999999999999999999", "impossible"),
        ("Content-Length: ²".encode("latin-1"), "impossible"),
        (b"Transfer-Encoding: gzip", "unknown"),
        (b"Transfer-Encoding: gzip, chunked", "unknown"),
        (b"Transfer-Encoding: xchunked", "unknown"),
        (b"Transfer-Encoding:", "unknown"),
    ],
)
def test_a_message_that_could_end_in_two_places_is_refused(framing: bytes, why: str):
    """Conflicting lengths and unknown transfer codings are a BadMessage that says which."""
    with pytest.raises(BadMessage, match=why):
        layout_of(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\nhello")


@pytest.mark.parametrize(
    "first",
    [b"HTTP/1.1 1000 Huh", b"HTTP/1.1 -200 OK", b"HTTP/1.1 099 x", b"HTTP/1.1 20", b"HTTP/9.9 200 OK", b"HTTP/2 200",
     b"HTTP/1.1", b"HTTP/1.1 abc", b"HTTP/1.1 101 Switching Protocols", "HTTP/1.1 ２００ OK".encode()],
)  # fmt: skip
def test_an_impossible_status_line_is_refused(first: bytes):
    """A line that begins like HTTP but is no HTTP/1 status is a BadMessage, never a page."""
    with pytest.raises(BadMessage):
        layout_of(first + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("fields", "keep"),
    [
        (b"Content-Length: 0", True),
        (b"Content-Length: 0\r\nConnection: Keep-Alive, Close", False),
        (b"Content-Length: 0\r\nTransfer-Encoding: chunked", False),
        (b"Transfer-Encoding: chunked, chunked", False),
        (b"Transfer-Encoding: chunked", True),
        (b"X: y", False),
    ],
)
def test_a_doubtful_framing_never_keeps_the_connection(fields: bytes, keep: bool):
    """Two framings at once are read once; the head that h11 sees then says close."""
    head = message.read_head(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n")
    assert keep is head.keep
    assert keep is not (b"Connection: close" in head.mended)


def test_chunked_from_an_old_server_is_read_once():
    """RFC 9112, 6.1: a Transfer-Encoding in an HTTP/1.0 answer is faulty framing."""
    assert not message.read_head(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").keep


def test_heads_above_the_limit_are_refused_whole_or_in_pieces():
    """The limit holds for all heads together, and does not depend on how they arrive."""
    data = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000 + b"\r\n\r\n"
    for pieces in ([data], [data[:500], data[500:]], [bytes([byte]) for byte in data]):
        with pytest.raises(BadMessage, match="longer than 900"):
            fed(HeadReader(900), pieces)


def test_interim_answers_are_counted():
    """Sixteen interim heads are kept with their places, the seventeenth is refused."""
    hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    layout = layout_of(hint * 16 + b"HTTP/1.1 204 No Content\r\n\r\n")
    assert layout is not None
    assert tuple((i * len(hint), (i + 1) * len(hint)) for i in range(16)) == layout.interim
    with pytest.raises(BadMessage, match="more than 16"):
        layout_of(hint * 17)


pieces_of = st.lists(st.integers(1, 60), max_size=40)


@given(st.sampled_from([case for case in CASES if len(case.sent) < 5000]), pieces_of)
def test_how_an_answer_is_cut_into_pieces_never_matters(case: WireCase, sizes: list[int]):
    """Any fragmentation gives the same heads, the same mended bytes, or the same refusal."""

    def outcome(pieces: list[bytes]) -> object:
        reader = HeadReader(MAX_HEAD)
        try:
            mended = fed(reader, pieces)
        except BadMessage as bad:
            return str(bad)
        return mended if reader.head else None, reader.head, reader.interim, reader.start, reader.end

    pieces, at = [], 0
    for size in sizes:
        pieces.append(case.sent[at : at + size])
        at += size
    assert outcome([case.sent]) == outcome([*pieces, case.sent[at:]])


header_text = st.text(st.characters(max_codepoint=255), max_size=30)


@given(st.lists(st.tuples(header_text, header_text), max_size=6), st.binary(max_size=40))
def test_whatever_a_head_holds_h11_accepts_what_it_is_shown(fields: list[tuple[str, str]], body: bytes):
    """A head of arbitrary lines is refused, or mended into one from which h11 reads the same body."""
    lines = "".join(f"{name}:{value}\r\n" for name, value in fields)
    data = f"HTTP/1.1 200 {lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
    reader = HeadReader(MAX_HEAD)
    try:
        mended = reader.feed(data)
    except BadMessage:
        return
    layout = layout_of(data)
    assert layout is not None
    seen = b"".join(bytes(event.data) for event in events_of(mended, closed=True) if isinstance(event, h11.Data))
    assert entity_of(data, layout) == seen
