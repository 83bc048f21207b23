"""Does twice the page take twice the time? Hostile families up to 8 MB: ``python -m tests.growth [--most MB]``.

Each is read by ``find`` at 1, 2, 4 and 8 MB of it, in CPU time; a doubling may cost 2.5 times as much.
What takes less than a tenth of a second is too short to tell, and passes. The suite asks the same of a few, at 1 and 2.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import pairwise

from archiver.find import find

ID = "1409390776546258944"
MARK = "https://t.co/AbCdEfGhIj "
"""Without it a page may be passed by, which costs nothing and tells nothing."""
QUOTE = (
    f'<blockquote class="twitter-tweet"><p>x</p>&mdash; n (@nnn) <a href="https://x.com/nnn/status/{ID}">May 1, 2020'
    "</a></blockquote>"
)
UNITS = (
    "https://t.co/", MARK, "@", "(@ab)", "<p>(@ab) ", "— x (@abc) June 28, 2021\n", "<div>", "<!--", "<a (@xyz) ",
    '<a x="(@xyz) ', "<blockquote class=twitter-tweet>", QUOTE, "<blockquote>(@a)status", "<script>", "a=b ",
    f"twitter.com/a/status/{ID} ", "/status/1234", f'data-tweet-id="{ID}" ', "platform.twitter.com/embed/", "&amp;lt;",
    "%25", "\\\\", "<textarea>", "<", ">", "{", '{"tweet":', "tweet", "[tweet ", "tweet-author-handle",
    "<b class=tweet-author-handle>", "<b class=tweet data-id=1>", "](http://a", "PGJsb2NrcXVvdGU",
    "<p>https://x.com/a/status/20", f"https:\\/\\/x.com\\/a\\/status\\/{ID}", "x" * 50, "世", "<iframe src=\"",
)  # fmt: skip
BLOCKS = (  # so many of the first, then so many of the second
    ("{", f'"https://x.com/a/status/{ID}",'), ('"type":"tweet",', f'"{ID}",'),
    ("<a x='", f"https://x.com/a/status/{ID} "),
    ("<script>", "</script>"), ("<!--", "-->"), ("<textarea>", "<script>"), ("<blockquote>", "</blockquote>"),
    ("[a][b]", "\n[b]: http://x.com/a/status/20"), ("word ", "(@abc) "), ("# words\n", "— x (@abc) June 28, 2021\n"),
    ("\\u003cblockquote", "\\u003c/blockquote"), ("<b class=tweet>", "tweet-author-handle"), ("t.co/", "(@ab) pic."),
)  # fmt: skip
SOME = ("https://t.co/", "(@ab)", "<a (@xyz) ", "{", "tweet", "<blockquote class=twitter-tweet>")
"""The families that the suite asks."""


def families() -> Iterator[tuple[str, ...]]:
    """Each as the units that it repeats, one after the other."""
    yield from ((unit,) for unit in UNITS)
    yield from BLOCKS


def page(units: tuple[str, ...], size: int) -> bytes:
    """``size`` characters, in equal blocks of each unit."""
    part = size // len(units)
    return (MARK + "".join(unit * (part // len(unit)) for unit in units)).encode()


def seconds(data: bytes, name: str) -> float:
    """The CPU time that ``find`` takes."""
    began = time.process_time()
    find(data, key="k", name=name)
    return time.process_time() - began


def is_steep_at(units: tuple[str, ...], name: str, size: int) -> bool:
    """Whether ``size`` doubled costs more than it may: three times out of three, since others use the machine, too."""
    once, twice = page(units, size), page(units, 2 * size)
    return all(is_steep(seconds(once, name), seconds(twice, name)) for _ in range(3))


def is_steep(once: float, twice: float) -> bool:
    """Whether a doubling cost more than it may."""
    return twice > 2.5 * once + 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=8, metavar="MB")
    sizes = [1]
    while 2 * sizes[-1] <= parser.parse_args().most:
        sizes.append(2 * sizes[-1])
    steep = 0
    for units in families():
        for name in ("a.html", "a.txt"):
            taken = [seconds(page(units, size * 1_000_000), name) for size in sizes]
            steps = zip(sizes, pairwise(taken), strict=False)
            bad = any(is_steep(*step) and is_steep_at(units, name, size * 1_000_000) for size, step in steps)
            steep += bad
            cells = "".join(f"{one:8.2f}" for one in taken)
            print(f"{cells} s  {name:7s} {' … '.join(unit[:28] for unit in units)!r}{'  STEEP' * bad}", flush=True)
    print(f"{steep} of the families cost more than 2.5 times as much when they double")
    return 1 if steep else 0


if __name__ == "__main__":
    sys.exit(main())
