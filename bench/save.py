"""``make bench``: speed and memory of ``save`` beside ``wget --warc-file`` on the same URLs, in the same run.

Politeness is off, the web is on loopback in a process of its own. Ratios are captures per second of ours over wget's.
wget asks through the web's proxy port, so that both ask for the same URLs; the list that it gets is every URL that our
run captured, read back from our WARCs. Each figure is the best of ``ROUNDS`` alternating runs.
"""

from __future__ import annotations

import argparse
import json
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from bench import lists

ROUNDS = 3
BARS = {"links, posts, images at 50 ms": 8.0, "json 2 KB": 0.9, "html 60 KB": 2.5, "photo 500 KB": 3.5}


@contextmanager
def web(folder: Path, delay_s: float) -> Iterator[dict[str, int]]:
    """The benchmark web; its ports."""
    command = [sys.executable, "-m", "bench.web", str(folder), str(delay_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def ours(
    folder: Path, ports: dict[str, int], targets: list[str], *options: str, profile: Path | None = None
) -> dict[str, Any]:
    """One measured run over ``targets`` into a fresh archive."""
    shutil.rmtree(folder / "warcs", ignore_errors=True)
    (folder / "config.toml").write_text(
        f'[archive]\ndir = "warcs"\nrevisits = false\n'
        '[network]\nca_bundle = "bench-ca.pem"\nparallel = 32\nconnect_to = '
        f'{{ "*:443" = "127.0.0.1:{ports["tls"]}", "*:80" = "127.0.0.1:{ports["plain"]}" }}\n'
        "[politeness]\nrequests_per_second = 0\n[archives]\nwayback = false\n[x]\navatar = false\n"
    )
    (folder / "targets.txt").write_text("\n".join(targets))
    command = [sys.executable, "-m", "bench.child", str(folder / "config.toml"), str(folder / "targets.txt"), *options]
    if profile:
        command += ["--profile", str(profile)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def captured_urls(folder: Path) -> list[str]:
    """Every URL that our run captured, in the order of its WARC."""
    urls = []
    for path in sorted((folder / "warcs").glob("*.warc.gz")):
        with path.open("rb") as file:
            urls += [
                record.rec_headers.get_header("WARC-Target-URI")
                for record in ArchiveIterator(file)
                if record.rec_type == "response"
            ]
    return urls


def wget(folder: Path, ports: dict[str, int], urls: list[str]) -> dict[str, Any]:
    """The same URLs with ``wget --warc-file``, redirects not followed (their targets are in the list)."""
    scratch = folder / "wget"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    (scratch / "urls.txt").write_text("\n".join(urls))
    proxy = f"http://127.0.0.1:{ports['plain']}/"
    command = ["wget", "-q", "--warc-file=out", "-O", "/dev/null", "-i", "urls.txt", "--max-redirect=0", "--no-hsts",
               "-e", "use_proxy=on", "-e", f"http_proxy={proxy}", "-e", f"https_proxy={proxy}",
               "--ca-certificate", str(folder / "bench-ca.pem")]  # fmt: skip
    start = time.perf_counter()
    subprocess.run(command, cwd=scratch, check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(scratch)})
    seconds = time.perf_counter() - start
    with (scratch / "out.warc.gz").open("rb") as file:
        captured = sum(record.rec_type == "response" for record in ArchiveIterator(file))
    return {"seconds": seconds, "captured": captured}


def compare(
    name: str, folder: Path, ports: dict[str, int], targets: list[str], options: list[str], rounds: int
) -> tuple[str, float]:
    """A line of the table, and the ratio."""
    best: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        mine = ours(folder, ports, targets, *options)
        for who, result in (("ours", mine), ("wget", wget(folder, ports, captured_urls(folder)))):
            result["rate"] = result["captured"] / result["seconds"]
            if who not in best or result["rate"] > best[who]["rate"]:
                best[who] = result
    mine, other = best["ours"], best["wget"]
    ratio = mine["rate"] / other["rate"]
    cpu_ms = 1000 * mine["cpu"] / mine["captured"]
    line = (
        f"{name:<32}{mine['captured']:>6}{mine['rate']:>9.0f}{cpu_ms:>8.2f}{mine['peak_bytes'] / 1e6:>8.0f}"
        f"{other['rate']:>9.0f}{ratio:>8.2f}{BARS.get(name, 0) or '':>6}"
    )
    return line, ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", help="only lists whose name contains this")
    options = parser.parse_args()
    if not shutil.which("wget"):
        sys.exit("bench: wget is not installed (apt-get install wget)")
    folder = Path(tempfile.mkdtemp(prefix="archiver-bench-"))
    (folder / "article.txt").write_text(lists.article())
    article = [str(folder / "article.txt")]
    mixed = "links, posts, images"
    jobs: list[tuple[str, float, list[str], list[str]]] = [
        (f"{mixed} at 0 ms", 0.0, article, []),
        (f"{mixed} at 50 ms", 0.05, article, []),
    ]
    for kind, size in (("json", "2 KB"), ("html", "60 KB"), ("photo", "500 KB")):
        jobs.append((f"{kind} {size}", 0.0, lists.documents(kind), ["--fetch"]))
        jobs.append((f"{kind} {size}, as articles", 0.0, lists.documents(kind), []))
    print(f"{'list':<32}{'n':>6}{'ours/s':>9}{'CPU ms':>8}{'MB':>8}{'wget/s':>9}{'ratio':>8}{'bar':>6}")
    missed = []
    try:
        for name, delay_s, targets, modes in jobs:
            if options.only and options.only not in name:
                continue
            with web(folder, delay_s) as ports:
                line, ratio = compare(name, folder, ports, targets, modes, 1 if delay_s else options.rounds)
                print(line, flush=True)
                missed += [name] if ratio < BARS.get(name, 0) else []
        with web(folder, 0) as ports:
            ours(folder, ports, article, profile=folder / "profile")
        print("\nwhere the time goes (links, posts, images at 0 ms):")
        pstats.Stats(str(folder / "profile")).sort_stats("tottime").print_stats(15)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if missed:
        sys.exit(f"below the bar: {', '.join(missed)}")


if __name__ == "__main__":
    main()
