"""The one reading of answers: heads as browsers read them, ends as strictly as the standard."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator

import brotli
import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import message
from archiver.message import BadMessage, HeadReader, Undecodable
from archiver.model import Layout
from tests.loopback.hostile import BOMBS
from tests.loopback.wire_cases import CASES, WireCase, fragments

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_HEAD = 256 * 1024


def layout_of(data: bytes, *, closed: bool = True, method: str = "GET") -> Layout | None:
    return message.read_layout(io.BytesIO(data), len(data), closed=closed, max_head_bytes=MAX_HEAD, method=method)


def entity_of(data: bytes, layout: Layout) -> bytes:
    return b"".join(message.entity(io.BytesIO(data), layout))


def fed(reader: HeadReader, pieces: Iterable[bytes]) -> bytes:
    return b"".join([reader.feed(piece) for piece in pieces])


def events_of(mended: bytes, *, closed: bool) -> Iterator[h11.Event]:
    """What h11, the strictest reader at hand, makes of an answer to a GET."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(mended)
    if closed:
        connection.receive_data(b"")
    while True:
        event = connection.next_event()
        if event in (h11.NEED_DATA, h11.PAUSED):
            return
        assert not isinstance(event, type)
        yield event
        if isinstance(event, h11.EndOfMessage):
            return


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_form_of_answer_is_laid_out_as_a_browser_would_understand_it(case: WireCase):
    """Status, entity, completeness and what does not belong to the message, for each of the 38 cases."""
    if case.status is None:
        if not case.sent:
            assert layout_of(case.sent) is None
        else:
            with pytest.raises(BadMessage):
                layout_of(case.sent)
        return
    layout = layout_of(case.sent)
    assert layout is not None
    assert (case.status, case.entity) == (layout.status, entity_of(case.sent, layout))
    assert (case.cut is None, case.excess) == (layout.complete, len(case.sent) - layout.body_end)


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


@pytest.mark.parametrize("data", [b"", b"H", b"HTTP", b"IC", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_no_complete_head_is_no_layout(data: bytes):
    """None says that no head of it is complete."""
    assert layout_of(data) is None


@pytest.mark.parametrize(
    ("data", "closed", "complete", "end"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, True, 32),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", False, False, 32),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", True, False, 40),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", False, True, 41),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", False, True, 41),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", True, False, 50),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", True, True, 52),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na", True, False, 51),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", True, False, 53),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", True, False, 60),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", True, False, 54),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", True, False, 59),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na", True, False, 66),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nab", True, True, 68),
    ],
)
def test_a_message_ends_where_its_framing_says(data: bytes, closed: bool, complete: bool, end: int):
    """Length, chunks or the end of the connection; bare line feeds never end a chunk."""
    layout = layout_of(data, closed=closed)
    assert layout is not None
    assert (complete, end) == (layout.complete, layout.body_end)


def test_an_answer_to_head_has_no_body():
    """Whatever its Content-Length says, an answer to HEAD ends with its head."""
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
    layout = layout_of(data, method="HEAD")
    assert layout is not None
    assert (True, len(data)) == (layout.complete, layout.body_end)


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


def test_an_endless_number_of_chunks_is_given_up():
    """A message of more chunks than any honest one is incomplete, found out in bounded time."""
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * (message.MAX_CHUNKS + 5)
    layout = layout_of(data + b"0\r\n\r\n")
    assert layout is not None
    assert not layout.complete


def test_a_large_answer_is_laid_out_without_being_loaded():
    """300 MB in chunks of a megabyte, in a sparse file: a few hundred kilobytes of memory."""

    class Sparse(io.RawIOBase):
        """Reads as 300 chunks of a megabyte of zeros each."""

        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        size = 2**20
        frame = len(b"100000\r\n") + size + 2
        length = len(head) + 300 * frame + 5
        at = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            assert whence == 0
            self.at = offset
            return offset

        def read(self, size: int = -1) -> bytes:
            data = self.head[self.at : self.at + size]
            while len(data) < size and (at := self.at + len(data)) < self.length:
                index, within = divmod(at - len(self.head), self.frame)
                if index == 300:
                    data += b"0\r\n\r\n"[within:]
                elif within < 8:
                    data += b"100000\r\n"[within:]
                else:
                    data += (bytes(min(size, 8 + self.size - within)) + b"\r\n")[: size - len(data)]
            self.at += size
            return data[:size]

    tracemalloc.start()
    layout = message.read_layout(Sparse(), Sparse.length, closed=False, max_head_bytes=MAX_HEAD)  # type: ignore[arg-type]
    assert layout is not None
    total = sum(len(piece) for piece in message.entity(Sparse(), layout))  # type: ignore[arg-type,misc]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert layout.complete
    assert total == 300 * 2**20
    assert peak < 1_000_000


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


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_reader(data: bytes, closed: bool):
    """Whatever arrives: a layout within its bounds, None, or BadMessage; nothing else."""
    for prefix in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        whole = prefix + data
        try:
            layout = layout_of(whole, closed=closed)
        except BadMessage:
            continue
        if layout:
            assert 0 <= layout.head_start <= layout.head_end <= layout.body_end <= len(whole)
            assert len(entity_of(whole, layout)) <= layout.body_end - layout.head_end


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


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.lists(st.sampled_from([b"", b";x=y", b" ;z"])))
def test_chunks_are_taken_apart_as_they_were_put_together(chunks: list[bytes], extensions: list[bytes]):
    """The entity is what was chunked, with any extensions and trailers, and the message ends exactly there."""
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for i, chunk in enumerate(chunks):
        data += b"%X%s\r\n%s\r\n" % (len(chunk), extensions[i] if i < len(extensions) else b"", chunk)
    data += b"0\r\nX-Trailer: yes\r\n\r\n" if extensions else b"0\r\n\r\n"
    layout = layout_of(data + b"junk", closed=False)
    assert layout is not None
    assert (True, len(data)) == (layout.complete, layout.body_end)
    assert b"".join(chunks) == entity_of(data, layout)


def _raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


ENCODERS = {
    "gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress,
    "zstd": zstd.compress,
}  # fmt: skip


@given(st.binary(max_size=3000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=2), st.integers(1, 700))
def test_what_was_coded_is_decoded(body: bytes, applied: list[str], size: int):
    """Any chain of at most two codings, in pieces of any size, gives the body back; x- names are the same codings."""
    data = body
    for coding in applied:
        data = ENCODERS[coding](data)
    codings = message.codings([("Content-Encoding", ", ".join([*applied, "identity"]))])
    assert body == message.decode([data[i : i + size] for i in range(0, len(data), size)], codings, 10_000)


@pytest.mark.parametrize(
    ("coding", "data", "body"),
    [
        ("deflate", _raw_deflate(b"raw deflate"), b"raw deflate"),
        ("gzip", gzip.compress(b"one ") + gzip.compress(b"two"), b"one two"),
        ("gzip", gzip.compress(b"page") + b"<!-- stray comment -->", b"page"),
        ("gzip", b"", b""),
        ("br", b"", b""),
        ("zstd", zstd.compress(b"one ") + zstd.compress(b"two"), b"one two"),
    ],
)
def test_what_servers_send_is_decoded_as_browsers_do(coding: str, data: bytes, body: bytes):
    """Raw deflate, several members, junk behind the last, and nothing at all; also one byte at a time."""
    assert body == message.decode([data], [coding], 1000)
    assert body == message.decode([bytes([byte]) for byte in data], [coding], 1000)


@pytest.mark.parametrize(
    ("codings", "data", "why"),
    [
        (["gzip"], gzip.compress(b"x" * 500)[:-9], "ends early"),
        (["br"], brotli.compress(b"x" * 500)[:-1], "ends early"),
        (["zstd"], zstd.compress(b"x" * 500)[:-1], "ends early"),
        (["gzip"], b"<html>", "not what it says"),
        (["br"], b"<html>", "not what it says"),
        (["zstd"], b"<html>", "not what it says"),
        (["compress"], b"x", "unknown content coding"),
        (["gzip"] * 3, b"x", "3 content codings"),
        ([], b"x" * 1001, "more than 1000 bytes"),
        (["gzip"], gzip.compress(b"x" * 1001), "more than 1000 bytes"),
    ],
)
def test_what_cannot_be_decoded_says_why(codings: list[str], data: bytes, why: str):
    """Cut, lied about, unknown, stacked, too long: Undecodable, with the reason."""
    with pytest.raises(Undecodable, match=why):
        message.decode([data], codings, 1000)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_no_more_than_the_limit(name: str):
    """A gigabyte behind a few bytes is refused, with no more memory than the limit and a little."""
    coding, data = BOMBS[name]()
    tracemalloc.start()
    with pytest.raises(Undecodable):
        message.decode([data], message.codings([("content-encoding", coding)]), 5_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000 * 1.25 + 2_000_000


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 1_000_000])
def test_a_body_of_exactly_the_limit_is_decoded(size: int):
    """The limit itself is allowed, at every edge of the pieces it is read in."""
    body = b"z" * size
    for coding, encode in ENCODERS.items():
        assert body == message.decode([encode(body)], message.codings([("Content-Encoding", coding)]), size)
