"""Where a word stands in bytes: asked often, of whole pages, so it is asked of whoever answers fastest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

find: Callable[..., int] = bytes.find
"""``find(data, word, start=0)``: where ``word`` next stands in ``data``, -1 where it does not."""
try:  # looks for a word 32 bytes at a time: some eight times as fast as bytes.find
    import stringzilla
except ImportError:
    pass
else:
    find = stringzilla.find


def places(data: bytes, word: bytes) -> Iterator[int]:
    """Where ``word`` stands in ``data``, in order."""
    place = find(data, word)
    while place >= 0:
        yield place
        place = find(data, word, place + 1)
