"""``make bench``: how fast ``verify`` reads, beside ``warcio check`` and ``fastwarc check``, and what a rebuild takes.

Each reader is a process of its own over the same file. The figure is millions of bytes of blocks for a second of CPU
(what the records hold, not what gzip leaves of it), the best of ``ROUNDS``, without what the start of a process costs.
fastwarc is taken from build/interop, where ``make interop`` installs it, and left out where it is not. ``verify`` does
more than either: rules, relations, HTTP framing, the manifest, and every row of the catalog.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from archiver.store.verify.rebuild import rebuild
from tests.store.tapes import NOW, opened, post, reply, tape, warcs

ROUNDS = 3
FASTWARC = Path("build/interop/bin/fastwarc")
_AT_ONCE = 500
Body = Callable[[int], bytes]


async def fill(
    folder: Path, captures: int, body: Callable[[int], bytes], kind: str, *, documents: bool = False
) -> None:
    """An archive of so many exchanges, each with the document of a post if ``documents``."""
    archive = await opened(folder)
    for start in range(0, captures, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, captures))
        made = [
            tape(reply(body(number), kind=kind), url=f"https://p.example/{number}", slot=f"x:{number}", why="post")
            for number in numbers
        ]
        await asyncio.gather(*(archive.keep(one) for one in made))
        if documents:
            await archive.add([post(str(number)) for number in numbers])
    await archive.aclose()


def megabytes(folder: Path) -> float:
    """What the records of an archive hold, unpacked, in millions of bytes."""
    size = 0
    for path in warcs(folder):
        with gzip.open(path) as file:
            while piece := file.read(1 << 20):
                size += len(piece)
    return size / 1e6


OURS = """
import sys, time
from pathlib import Path
from archiver.store.verify import archive, given
{check}
started = time.process_time()
checked = check()
print(time.process_time() - started)
assert checked.defects == 0
"""
_WHOLE = "check = lambda: archive.verify(Path(sys.argv[1]), print)"
_FILES = "check = lambda: given.verify([Path(one) for one in sys.argv[1:]], print)"


def ours(check: str, *words: str | Path) -> float:
    """Seconds of CPU of the cheapest of some runs of a check, each in a process of its own."""
    command = [sys.executable, "-c", OURS.format(check=check), *map(str, words)]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(ROUNDS))


def theirs(command: Sequence[str | Path]) -> float:
    """The same of another program, without what its start costs (what it takes to print its help)."""
    return _child(command) - _child([command[0], "--help"])


def _child(command: Sequence[str | Path]) -> float:
    times = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return min(times)


def compare(scale: float) -> dict[str, dict[str, float]]:
    """MB of blocks for a second of CPU, by kind of archive and reader."""
    rng = random.Random(1)
    noise = rng.randbytes(500_000)
    words = [rng.randbytes(6).hex() for _ in range(4_000)]
    text = " ".join(rng.choice(words) for _ in range(6_000)).encode()
    json_type, html, photo = "application/json", "text/html", "image/jpeg"
    kinds: dict[str, tuple[int, Body, str]] = {
        "json 2 KB": (int(20_000 * scale), lambda n: b'{"id":%d,"text":"%s"}' % (n, text[n : n + 2000]), json_type),
        "html 60 KB": (int(3_000 * scale), lambda n: b"<p>%d %s" % (n, text[:60_000]), html),
        "photo 500 KB": (int(400 * scale), lambda n: b"%d%s" % (n, noise), photo),
    }
    results: dict[str, dict[str, float]] = {}
    for name, (count, body, kind) in kinds.items():
        with tempfile.TemporaryDirectory(prefix="bench-verify-") as work:
            folder = Path(work) / "archive"
            asyncio.run(fill(folder, count, body, kind))
            (file,) = warcs(folder)
            size = megabytes(folder)
            results[name] = {
                "verify": size / ours(_WHOLE, folder),
                "verify FILE": size / ours(_FILES, file),
                "warcio check": size / theirs([Path(sys.executable).with_name("warcio"), "check", file]),
            }
            if FASTWARC.exists():
                results[name]["fastwarc check -p"] = size / theirs([FASTWARC, "check", "-q", "-p", file])
            results[name]["MB"] = size
    return results


def rebuilt(posts: int) -> dict[str, float]:
    """Seconds to make the catalog of so many posts anew, and its size."""
    with tempfile.TemporaryDirectory(prefix="bench-rebuild-") as work:
        folder = Path(work) / "archive"
        asyncio.run(fill(folder, posts, lambda n: b'{"id":%d}' % n, "application/json", documents=True))
        started, cpu = time.perf_counter(), time.process_time()
        checked, _ = rebuild(folder, NOW + timedelta(hours=1), print)
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
        size = (folder / "catalog.sqlite").stat().st_size / 1e6
        shutil.rmtree(folder)
    return {"posts": posts, "records": checked.records, "seconds": took, "cpu": cpu, "catalog MB": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the records")
    parser.add_argument("--posts", type=int, default=100_000, help="posts in the catalog that is made anew")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    speeds, again = compare(options.scale), rebuilt(options.posts)
    if options.json:
        print(json.dumps({"verify": speeds, "rebuild": again}))
        return
    for name, found in speeds.items():
        for reader, speed in found.items():
            print(f"{name:14} {reader:18} {speed:7.0f} {'MB' if reader == 'MB' else 'MB per CPU second'}")
    print(f"rebuild: {again['posts']:,} posts, {again['records']:,} records in {again['seconds']:.1f} s"
          f" ({again['cpu']:.1f} s of CPU),"
          f" catalog {again['catalog MB']:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
