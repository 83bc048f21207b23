"""Messages end as strictly as the standard says, and large ones are never loaded."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import message
from archiver.message import BadMessage
from tests.loopback.wire_cases import CASES, WireCase
from tests.message.reading import MAX_HEAD, entity_of, layout_of


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
