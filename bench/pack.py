"""Packages and revisits: ``python -m bench.pack`` packs 1,000 articles, and keeps a night twice.

The archive is written through the store, without a network: 1,000 pages of 30 KB, each with three posts of its own
(2 KB of JSON, a picture of 40 KB). Figures: seconds and CPU seconds of packing and of verifying the package, sizes in
MB, and the size of an archive of a tenth of that after a second, equal night, with and without revisits.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from archiver.packages import proof
from archiver.packages.pack import Terms, pack
from archiver.store.archive import Archive
from archiver.store.opening import Habits
from archiver.store.revisits import Rule
from tests.store import tapes

POSTS, MB = 3, 1e6
T = TypeVar("T")


def page(number: int, at_random: random.Random) -> bytes:
    words = " ".join(at_random.choices(["rain", "harbour", "lamp", "said", "the", "of", "night", "ferry"], k=5_000))
    return f"<title>Story {number}</title><p>{words}".encode()


async def night(archive: Archive, articles: int, look: str) -> None:
    """One look at every article, its posts and their pictures."""
    at_random = random.Random(1)
    for number in range(articles):
        url = f"https://news.example/{number}"
        got = [archive.keep(tapes.tape(tapes.reply(page(number, at_random)), url=url, slot=f"article:{url}{look}"))]
        written, outcomes = [], []
        for place in range(POSTS):
            post_id = str(1_000_000 + number * POSTS + place)
            said, picture = at_random.randbytes(1_000).hex().encode(), at_random.randbytes(40_000)
            answer, shown = tapes.reply(said, kind="application/json"), tapes.reply(picture, kind="image/jpeg")
            api, media = f"https://cdn.example/{post_id}", f"https://pbs.example/{post_id}.jpg"
            got.append(archive.keep(tapes.tape(answer, url=api, slot=f"x:{post_id}{look}", why="post")))
            got.append(archive.keep(tapes.tape(shown, url=media, slot=f"media:{media}{look}", why="media")))
            written.append(tapes.post(post_id))
            outcomes.append(tapes.outcome(place, post_id))
        await asyncio.gather(*got)
        await archive.add([*written, tapes.article(url, outcomes=tuple(outcomes))])


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """(its result, seconds, CPU seconds)."""
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - began, time.process_time() - cpu


def size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.glob("*.warc.gz")) / MB


async def kept(folder: Path, articles: int, *, nights: int, revisits: bool) -> float:
    archive = await tapes.opened(folder, habits=Habits(revisits=Rule(on=revisits)))
    for number in range(nights):
        await night(archive, articles, f"#{number + 1}" if number else "")
    await archive.aclose()
    return size(folder)


def main() -> None:
    """Print the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--articles", type=int, default=1_000)
    articles = words.parse_args().articles
    with tempfile.TemporaryDirectory(prefix="bench-pack-") as name:
        folder = Path(name)
        once = asyncio.run(kept(folder / "once", articles, nights=1, revisits=True))
        terms = Terms(created=datetime.now(UTC), software="bench", title="all", description="", key=None)
        with Archive.reading(folder / "once") as archive:
            packed, seconds, cpu = timed(lambda: pack(archive, None, folder / "all.wacz", terms))
            keys = [f"https://news.example/{number}" for number in range(articles)]
            _, chosen, _ = timed(lambda: pack(archive, keys, folder / "chosen.wacz", terms))
        print(f"archive of {articles:,} articles: {once:.1f} MB, {packed.captures:,} captures")
        print(
            f"pack --all: {seconds:.1f} s, {cpu:.1f} s CPU, {packed.bytes / MB:.1f} MB; by their keys: {chosen:.1f} s"
        )
        found, seconds, _ = timed(lambda: proof.prove(folder / "all.wacz", print, roots=None, token=None))
        rate = packed.bytes / MB / seconds
        print(f"verify of the package: {seconds:.1f} s, {rate:.0f} MB/s, {found.checked.defects} defects")
        few = max(articles // 10, 1)
        with_, without = (asyncio.run(kept(folder / f"twice-{on}", few, nights=2, revisits=on)) for on in (True, False))
        share = f"{with_:.1f} MB with revisits, {without:.1f} MB without ({with_ / without:.0%})"
        print(f"a night of {few:,} articles twice: {share}")


if __name__ == "__main__":
    main()
