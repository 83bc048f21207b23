# ruff: noqa: PLC0415 - a peer that is not installed costs only itself
"""Speed of ``find`` over the labelled articles, beside its peers in the same run: ``python -m bench.find``.

One core, pages in memory, CPU time, of each page the best of several rounds after a warm one. Three sorts of pages
apart: those with embeds; those with a mark that turns out to be none, or a mere link; those without any mark. The peers
are goose3, newspaper4k, trafilatura, BeautifulSoup (its parse alone, with lxml and with html.parser) and selectolax
(its bare parse, the practical limit), as far as they are installed, here or in the Python that ``--peers`` names; none
of them is needed by the project.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
SORTS = ("embeds", "marks only", "no mark")
SLOW = ("goose3", "newspaper4k", "trafilatura", "BeautifulSoup lxml", "BeautifulSoup html.parser")
"""Peers that read a sample in one round, or the run would take minutes."""
SAMPLE = 12
ROUNDS = 5


def goose3(page: bytes) -> object:
    from goose3 import Goose  # type: ignore[import-not-found]

    return Goose().extract(raw_html=page.decode("utf-8", "replace"))


def newspaper4k(page: bytes) -> object:
    import newspaper  # type: ignore[import-not-found]

    quiet = newspaper.Config()
    quiet.fetch_images = False
    return newspaper.article("https://example.com/", input_html=page.decode("utf-8", "replace"), config=quiet)


def trafilatura(page: bytes) -> object:
    import trafilatura  # type: ignore[import-not-found]

    return trafilatura.extract(page)


def soup_lxml(page: bytes) -> object:
    from bs4 import BeautifulSoup

    return BeautifulSoup(page, "lxml")


def soup_stdlib(page: bytes) -> object:
    from bs4 import BeautifulSoup

    return BeautifulSoup(page, "html.parser")


def selectolax(page: bytes) -> object:
    from selectolax.lexbor import LexborHTMLParser  # type: ignore[import-not-found]

    return LexborHTMLParser(page)


PEERS: dict[str, Callable[[bytes], object]] = {
    "goose3": goose3,
    "newspaper4k": newspaper4k,
    "trafilatura": trafilatura,
    "BeautifulSoup lxml": soup_lxml,
    "BeautifulSoup html.parser": soup_stdlib,
    "selectolax": selectolax,
}


def seconds(read: Callable[[bytes], object], pages: Sequence[bytes], rounds: int) -> float | None:
    """The sum of each page's best time; ``None`` when the peer is not installed. A page that a peer fails on counts."""
    best = [float("inf")] * len(pages)
    try:
        _read(read, pages[0])
        for _ in range(rounds):
            for place, page in enumerate(pages):
                began = time.process_time()
                _read(read, page)
                best[place] = min(best[place], time.process_time() - began)
    except ImportError:
        return None
    return sum(best)


def _read(read: Callable[[bytes], object], page: bytes) -> None:
    try:
        read(page)
    except ImportError:
        raise
    except Exception:
        pass  # somebody else's program, measured and not judged


def pages_of(corpus: Path) -> dict[str, list[bytes]]:
    """The corpus' web pages by sort (``SORTS``)."""
    from archiver.find.marks import any_mark

    sorts: dict[str, list[bytes]] = {sort: [] for sort in SORTS}
    for line in (corpus / "index.jsonl").read_text("utf-8").split("\n"):
        row: dict[str, Any] = json.loads(line) if line else {"kind": ""}
        if row["kind"] == "html":
            page = (corpus / row["file"]).read_bytes()
            expected = row["expected"]
            shows = expected["tweet_ids"] or any(embed["handle"] for embed in expected["embeds"])
            sorts["embeds" if shows else "marks only" if any_mark(page) else "no mark"].append(page)
    return sorts


def measure_here(corpus: Path) -> None:
    from archiver.find import find
    from archiver.find.marks import any_mark

    for sort, pages in pages_of(corpus).items():
        took = seconds(lambda page: find(page, key="k", name="page.html"), pages, ROUNDS)
        _print("archiver find", sort, pages, took)
        if sort == "no mark":
            _print("its question for marks", sort, pages, seconds(any_mark, pages, ROUNDS))


def measure_peers(lists: Path) -> None:
    """The peers of this Python, over the pages whose paths ``lists`` holds (JSON: sort → paths)."""
    for sort, paths in json.loads(lists.read_text("utf-8")).items():
        pages = [Path(path).read_bytes() for path in paths]
        for name, read in PEERS.items():
            few = pages[:: max(1, len(pages) // SAMPLE)] if name in SLOW else pages
            _print(name, sort, few, seconds(read, few, 1 if name in SLOW else ROUNDS))


def _print(name: str, sort: str, pages: Sequence[bytes], took: float | None) -> None:
    if took is None or not pages:
        return
    megabytes = sum(map(len, pages)) / 1e6
    line = f"{megabytes / took:9.1f} MB/s {len(pages) / took:9.1f} pages/s  ({len(pages)} pages, {megabytes:.1f} MB)"
    print(f"{name:26s} {sort:11s} {line}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable, help="where the peers are installed")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only-peers", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only_peers:
        measure_peers(args.only_peers)
        return 0
    if not (args.corpus / "index.jsonl").is_file():
        print(f"find: no labelled articles at {args.corpus}; nothing measured")
        return 0
    measure_here(args.corpus)
    if not args.no_peers:
        lists = Path("build/bench-find.json")
        lists.parent.mkdir(exist_ok=True)
        lists.write_text(json.dumps(paths_of(args.corpus)), encoding="utf-8")
        subprocess.run([args.peers, __file__, "--only-peers", str(lists.resolve())], check=False)
    return 0


def paths_of(corpus: Path) -> dict[str, list[str]]:
    """As ``pages_of``, the paths."""
    known = {page: sort for sort, pages in pages_of(corpus).items() for page in pages}
    paths: dict[str, list[str]] = {sort: [] for sort in SORTS}
    for path in sorted((corpus / "pages").iterdir()):
        if path.is_file() and (sort := known.get(path.read_bytes())):
            paths[sort].append(str(path))
    return paths


if __name__ == "__main__":
    sys.exit(main())
