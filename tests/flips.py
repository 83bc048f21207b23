"""``make flips``: one bit flipped in every byte of a small archive's catalog, each time looked at as by ``verify``.

The WARCs are read once; the catalog has pages of 512 bytes, so that little of it is empty. A byte may go unnoticed only
by this rule: with the bit flipped SQLite finds the file in order (``integrity_check``), and every table, the schema,
but for its blanks, and the two numbers in its header that we set read as before. Such bytes mean nothing: free space in
pages, SQLite's own counters. A file that is said to be open is a note, since a crash may leave it so. (WARC, manifest
and CDXJ are gone over in ``tests/store/verify/test_flips.py``.)
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from archiver.errors import ConfigError
from archiver.findings import Finding
from archiver.store.catalog import Catalog
from archiver.store.connection import FILE_NAME
from archiver.store.verify import archive
from archiver.store.verify.files import Counted
from archiver.store.verify.report import Report
from tests.store.tapes import article, copied, link, opened, outcome, post, reply, tape

PAGE_BYTES = 512


async def make(folder: Path) -> None:
    """Answers, a revisit, documents of every kind, in two closed files; then the catalog in small pages."""
    for part in range(2):
        one = await opened(folder)
        await one.keep(tape(reply(b"hello " * 300), slot=f"s{part}", url=f"https://a.example/{part}"))
        if not part:
            await one.add([post(), link(), article(outcomes=(outcome(),))])
            await one.decide("x:30", "restrict", "asked by mail")
        await one.aclose()
    connection = sqlite3.connect(folder / FILE_NAME)
    for said in ("journal_mode = DELETE", f"page_size = {PAGE_BYTES}"):
        connection.execute(f"PRAGMA {said}")
    connection.execute("VACUUM")
    connection.close()


def content(path: Path) -> list[Any] | str:
    """All that the file says; a sentence when it is not in order."""
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            found = [connection.execute(f"PRAGMA {name}").fetchall() for name in ("application_id", "user_version")]
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return "not in order"
            schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
            found.append([(kind, name, of, " ".join(str(sql or "").split())) for kind, name, of, sql in schema])
            tables = [name for kind, name, *_ in schema if kind == "table"]
            found += [sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in tables]
            return found
        finally:
            connection.close()
    except (sqlite3.Error, OverflowError, UnicodeError) as error:
        return str(error)


@dataclass
class Bench:
    """A copy of the archive whose catalog is flipped, and what its WARCs say, read once."""

    folder: Path
    data: bytes
    says: list[Any] | str
    fresh: Catalog
    hashes: dict[str, str]

    def check(self, tell: Any) -> None:
        """What ``archive.verify`` does, but for the reading of files."""
        report = Report(tell)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as work:
            catalog = archive._snapshot(self.folder, Path(work) / "then.sqlite", report)
            try:
                known, head = archive._known(catalog, report)
                listed = list(archive._listed(self.folder, known, report))
                for one in listed:
                    if not one.growing and one.name in self.hashes:
                        hashed: Future[str] = Future()
                        hashed.set_result(self.hashes[one.name])
                        archive._hash_agrees(hashed, one, report)
                archive.manifest(self.folder, listed, self.hashes, report, head)
                archive._compare(catalog, self.fresh, report)
            finally:
                if catalog is not None:
                    catalog.close()

    def flipped(self, at: int) -> str:
        """``caught``, ``means nothing``, or what went unnoticed."""
        data, path = self.data, self.folder / FILE_NAME
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << (at * 5 + at // 8) % 8)]) + data[at + 1 :])
        now = content(path)
        if now == self.says:
            return "means nothing"
        found: list[Finding] = []
        try:
            self.check(found.append)
        except ConfigError as error:  # made by a newer archiver, it says: exit code 78, and nothing is judged
            return "caught" if "newer" in str(error) else f"ConfigError: {error}"
        except Exception as error:  # verify must not end so, whatever a bit does
            return f"{type(error).__name__}: {error}"
        if any(one.level == "defect" or one.code == "unfinished" for one in found):  # a note: the next run mends it
            return "caught"
        if isinstance(now, str):
            return f"unnoticed: {now}"
        return f"unnoticed: {[(one, other) for one, other in zip(self.says, now, strict=False) if one != other]}"[:400]


@cache
def bench(folder: Path) -> Bench:
    """One for each process."""
    work = Path(tempfile.mkdtemp(prefix="flips-", dir=folder.parent))
    own = copied(folder, work / "archive")
    fresh, report = Catalog.open(work / "now.sqlite", lasting=False), Report(print)
    listed = list(archive._listed(own, archive._known(Catalog.reading(own / FILE_NAME), report)[0], report))
    hashes = archive.read_files(own, listed, fresh, report, Counted(), None)
    made = Bench(own, (own / FILE_NAME).read_bytes(), content(own / FILE_NAME), fresh, hashes)
    found: list[Finding] = []
    made.check(found.append)
    assert not found, "before anything is flipped nothing is wrong"
    return made


def part(folder: Path, start: int, end: int) -> list[tuple[int, str]]:
    return [(at, bench(folder).flipped(at)) for at in range(start, end)]


def rounds(folder: Path, step: int) -> Iterator[tuple[int, str]]:
    size = (folder / FILE_NAME).stat().st_size
    with ProcessPoolExecutor(2) as pool:
        starts = range(0, size, 256)
        for done in pool.map(part, *zip(*((folder, at, min(at + step, size)) for at in starts), strict=True)):
            yield from done


def main() -> int:
    """0 when every byte that means something was noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=256, metavar="N", help="bytes of each 256, from the first")
    step = min(parser.parse_args().sample, 256)
    with tempfile.TemporaryDirectory(prefix="flips-") as work:
        folder = Path(work) / "archive"
        asyncio.run(make(folder))
        counts: Counter[str] = Counter()
        for at, said in rounds(folder, step):
            counts[said if said in ("caught", "means nothing") else "unnoticed"] += 1
            if said not in ("caught", "means nothing"):
                print(f"byte {at} (page {at // PAGE_BYTES + 1}): {said}", flush=True)
        print(
            f"{sum(counts.values()):,} bytes of a catalog: {', '.join(f'{n:,} {said}' for said, n in counts.items())}"
        )
    return 1 if counts["unnoticed"] else 0


if __name__ == "__main__":
    sys.exit(main())
