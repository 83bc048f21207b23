"""Gzip members."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.store.member import Deflated, Stored, Torn, Unpacked, Whole

CONTENTS = st.one_of(
    st.binary(max_size=3000),
    st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=20), st.integers(0, 20_000)),
)


def pack(kind, data, cut=0):
    """``data`` as a member, handed over in two pieces."""
    if kind is Whole:
        whole = Whole()
        whole.write(data[:cut])
        whole.write(data[cut:])
        whole.flush()
        return whole.packed()
    out: list[bytes] = []
    packer = kind(out.append)
    packer.write(data[:cut])
    packer.write(data[cut:])
    packer.flush()
    return b"".join(out)


def unpack(path, data, offset=0, step=4096):
    """(what a member in a file holds, the offset behind it)."""
    path.write_bytes(data)
    with path.open("rb") as file:
        member, pieces = Unpacked(file.fileno(), offset), []
        while piece := member.read(step):
            assert len(piece) <= step
            pieces.append(piece)
        return b"".join(pieces), member.end


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("member") / "file"


@pytest.mark.parametrize("kind", [Deflated, Stored, Whole])
@given(data=CONTENTS, cut=st.integers(0, 100), before=st.binary(max_size=9), step=st.sampled_from([7, 1000, 70_000]))
@settings(max_examples=40)
def test_what_is_packed_is_unpacked(path, kind, data, cut, before, step):
    """Ours and Python's gzip agree on what a member holds, and its end is found exactly, whatever surrounds it."""
    member = pack(kind, data, min(cut, len(data)))
    assert data == gzip.decompress(member)
    assert (data, len(before) + len(member)) == unpack(path, before + member + b"next", len(before), step)


@pytest.mark.parametrize("kind", [Deflated, Stored, Whole])
def test_every_cut_is_noticed(path, kind):
    """A member that lacks even its last byte is torn, though all of its data came out."""
    member = pack(kind, b"hello, archive\n" * 20)
    for cut in range(len(member)):
        with pytest.raises(Torn):
            unpack(path, member[:cut])


@pytest.mark.parametrize("kind", [Deflated, Stored])
def test_every_flipped_bit_of_data_or_trailer_is_noticed(path, kind):
    """Checksum and length are checked; only DEFLATE's padding bits, which stand for nothing, may differ."""
    data = b"hello, archive\n" * 3
    member = pack(kind, data)
    noticed = 0
    for at in range(10, len(member)):
        for bit in range(8):
            damaged = bytearray(member)
            damaged[at] ^= 1 << bit
            try:
                assert (data, len(member)) == unpack(path, bytes(damaged))
            except Torn:
                noticed += 1
    assert noticed >= 8 * (len(member) - 10) - 15
    for at in range(len(member) - 8, len(member)):
        with pytest.raises(Torn):
            unpack(path, member[:at] + bytes([member[at] ^ 1]) + member[at + 1 :])


def test_stored_members_cost_a_few_bytes_only():
    """What does not shrink does not grow either."""
    data = bytes(range(256)) * 2000
    assert len(pack(Stored, data)) < len(data) + 100


def test_a_bomb_is_unpacked_piece_by_piece(path):
    """No read returns more than was asked for, whatever a member stands for."""
    assert bytes(5_000_000) == unpack(path, pack(Deflated, bytes(5_000_000)), step=65_536)[0]


def test_it_works_without_isal():
    """Where there is no isal, zlib at level 6 does the same."""
    program = (
        "import sys; sys.modules['isal'] = None; import gzip, zlib;"
        "from archiver.store import member; assert member._zlib is zlib; out = [];"
        "packer = member.Deflated(out.append); packer.write(b'hello'); packer.flush();"
        "assert gzip.decompress(b''.join(out)) == b'hello';"
        "whole = member.Whole([b'he', b'llo']); assert gzip.decompress(whole.packed()) == b'hello'"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
