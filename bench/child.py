"""One measured run: ``python -m bench.child CONFIG LIST [--fetch] [--profile FILE]``; LIST holds targets, one a line.

Without ``--fetch`` the targets are saved as articles; with it they are only captured, through the fetcher that every
stage is handed (pace, guard, retries, WARC synced, catalog committed), as the URLs of posts and media are.

Prints one JSON line: seconds from the first step to the closed archive (imports excluded, as for every program here
that is not started for one job), captures, and the peak of resident memory.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import sys
import time
from pathlib import Path

from archiver import cli, config, intake, run, tools  # noqa: F401  # cli: what the command imports is imported before the clock
from archiver.model import Request


async def save(settings: config.Config, targets: list[run.Target]) -> int:
    """What ``archiver save`` does, without printing. How many exchanges were captured."""
    async with tools.writing(settings) as ready:
        running = run.Run(
            ready.fetcher,
            ready.catalog,
            ready.clock,
            ready.platforms,
            reach=run.Reach(max_hops=settings.network.max_hops),
            parallel=settings.network.parallel,
        )
        captured = 0
        async for saved in running.save_all(targets):
            assert saved.settled, (
                saved.error,
                [outcome.error for outcome in saved.outcomes if not outcome.settled][:3],
            )
            captured += saved.traffic.fetched
        return captured


async def fetch(settings: config.Config, urls: list[str]) -> int:
    """Capture each URL; nothing is read from it. How many exchanges were captured."""
    async with tools.writing(settings) as ready:
        left = iter(urls)

        async def worker() -> int:
            captured = 0
            for url in left:
                request = Request(url=url, why="media", slot=f"media:{url}", max_decoded_bytes=0)
                captured += (await ready.fetcher.fetch(request)).status == 200
            return captured

        return sum(await asyncio.gather(*(worker() for _ in range(settings.network.parallel))))


def main() -> None:
    settings = config.load(Path(sys.argv[1]))
    names = Path(sys.argv[2]).read_text().split()
    targets = [run.Target(name=name, url=url, data=data) for name in names for url, data in [intake.read_target(name)]]
    work = fetch(settings, names) if "--fetch" in sys.argv else save(settings, targets)
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    start, cpu = time.perf_counter(), time.process_time()
    if profile:
        profile.enable()
    captured = tools.run_async(work)
    if profile:
        profile.disable()
        profile.dump_stats(sys.argv[sys.argv.index("--profile") + 1])
    status = Path("/proc/self/status").read_text()  # not ru_maxrss, which remembers the process that started us
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, "captured": captured, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
