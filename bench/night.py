"""``python -m bench.night``: how long nights take, and how much memory.

1. A night of new articles with two to three embeds each, answers after 50 ms, no host asked more often than ``--rate``:
   wall time against the ideal that politeness allows (the busiest host's requests at that rate), and peak memory.
2. A night with nothing new over catalogs of ever more posts: wall time from the command to its end, peak memory.

``--articles 2000 20000 --posts --rate 0`` shows whether memory grows with the night: half an hour of CPU at most, on a
busy disk much longer, which ``TMPDIR=/dev/shm`` avoids. Every night is ``archiver nightly`` as a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archiver.config import load
from archiver.store.connection import FILE_NAME
from archiver.tools import writing
from bench import lists
from bench.save import web

SETTINGS = """
[archive]
dir = "warcs"
[network]
parallel = 32
{network}
[politeness]
requests_per_second = {rate}
[archives]
wayback = false
[x]
avatar = false
[nightly]
min_free_bytes = 0
[[sources]]
{source}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="*", default=[2_000])
    parser.add_argument("--posts", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second to one host; 0: any")
    options = parser.parse_args()
    print(f"{'night':<40}{'s':>8}{'CPU s':>8}{'ideal':>8}{'ratio':>7}{'MB':>7}{'requests':>10}{'archived':>10}")
    for count in options.articles:
        print(_full(count, options.rate), flush=True)
    for count in options.posts:
        print(_nothing_new(count), flush=True)


def _full(articles: int, rate: float) -> str:
    folder = Path(tempfile.mkdtemp(prefix="archiver-bench-"))
    try:
        with web(folder, 0.05) as ports:
            connect = f'{{ "*:443" = "127.0.0.1:{ports["tls"]}", "*:80" = "127.0.0.1:{ports["plain"]}" }}'
            network = f'ca_bundle = "bench-ca.pem"\nconnect_to = {connect}'
            source = f'sitemap = "https://{lists.NIGHT}/map/{articles}"'
            (folder / "config.toml").write_text(SETTINGS.format(network=network, rate=rate, source=source))
            report, seconds, cpu, peak = _night(folder)
        busiest = max(host["requests"] for host in report["hosts"].values())
        ideal = f"{busiest / rate:>8.1f}{seconds * rate / busiest:>7.2f}" if rate else f"{'':>15}"
        archived = report["embeds"].get("archived", 0)
        name = f"{articles:,} new articles at {f'{rate:g}/s a host' if rate else 'any rate'}"
        return f"{name:<40}{seconds:>8.1f}{cpu:>8.1f}{ideal}{peak / 1e6:>7.0f}{report['requests']:>10,}{archived:>10,}"
    finally:
        shutil.rmtree(folder)


def _nothing_new(posts: int) -> str:
    folder = Path(tempfile.mkdtemp(prefix="archiver-bench-"))
    try:
        (folder / "list.txt").write_text(f"https://{lists.NIGHT}/a/1\n")
        (folder / "config.toml").write_text(SETTINGS.format(network="", rate=2, source='list = "list.txt"'))
        asyncio.run(_begun(folder))
        _fill(folder / "warcs" / FILE_NAME, posts)
        report, seconds, cpu, peak = min((_night(folder) for _ in range(3)), key=lambda night: night[1])
        assert report["warcs"] == []
        name = f"nothing new, {posts:,} posts known"
        return f"{name:<40}{seconds:>8.2f}{cpu:>8.2f}{'':>8}{'':>7}{peak / 1e6:>7.0f}{report['requests']:>10}"
    finally:
        shutil.rmtree(folder)


async def _begun(folder: Path) -> None:
    """An archive with one WARC, which the rows below are said to lie in."""
    async with writing(load(folder / "config.toml")) as ready:
        await ready.catalog.add_file("urn:archiver:file:sha256:00", b"a page", "text/plain")


def _fill(catalog: Path, posts: int) -> None:
    """So many posts, each captured by two exchanges and due in a year, and an article for every two and a half."""
    with sqlite3.connect(catalog) as connection:
        (warc,) = connection.execute("SELECT name FROM warc").fetchone()
        tables = {"post": _posts(posts), "article": _articles(posts * 2 // 5), "capture": _captures(posts)}
        for table, rows in tables.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            places = ", ".join(f":{column}" for column in columns)
            blank = dict.fromkeys(columns) | {"warc": warc, "offset_bytes": 0, "length_bytes": 1}
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", (blank | row for row in rows))
        alias = (f"{lists.NIGHT}/a/1", f"https://{lists.NIGHT}/a/1")
        connection.execute("INSERT INTO article_alias VALUES (?, ?)", alias)


def _posts(count: int) -> Iterator[dict[str, Any]]:
    body = json.dumps({"facts": {"text": [{"value": "Words that a post has. " * 8, "how": "tweet-result.text"}]}})
    for number in range(count):
        yield {
            "platform": "x", "post_id": lists.post_id(number), "at": "2026-01-01T00:00:00.000000Z", "settled": True,
            "availability": "public", "due_at": f"2099-{number % 12 + 1:02}-01T00:00:00.000000Z", "body": body,
            "record_id": f"<urn:post:{number}>",
        }  # fmt: skip


def _articles(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "key": f"https://{lists.NIGHT}/a/{number}", "at": "2026-01-01T00:00:00.000000Z", "finds": 2, "waiting": 0,
            "due_at": None, "body": "{}", "record_id": f"<urn:article:{number}>",
        }  # fmt: skip


def _captures(posts: int) -> Iterator[dict[str, Any]]:
    for number in range(2 * posts):
        yield {
            "record_id": f"<urn:capture:{number}>", "slot": f"x:{number}", "url": f"https://service.example/{number}",
            "target_uri": "", "why": "post", "started_at": "2026-01-01T00:00:00.000000Z", "elapsed_ms": 1,
            "payload_bytes": 1,
        }  # fmt: skip


def _night(folder: Path) -> tuple[dict[str, Any], float, float, int]:
    """(the report, seconds from the command to its end, of CPU, peak bytes of resident memory)."""
    command = [sys.executable, "-m", "archiver", "--config", str(folder / "config.toml"), "nightly", "--json"]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--log-format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0, said[-2000:]
    return json.loads(said), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
