"""``make interop``: an archive with every kind of record, read by every other tool of the field that can be installed.

The tools live in a virtual environment of their own (the first argument), so that nothing of theirs is imported here.
Each must read every file, and may complain of nothing but what ``known`` lists: what they themselves get wrong, each
with its reason (``../shared/warc.md`` C.2.1 and C.2.8).
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import brotli

from archiver.errors import ArchiverError
from archiver.findings import Finding
from archiver.store.verify import archive as verifying
from tests.store.tapes import (
    NOW,
    SetClock,
    article,
    chunked,
    link,
    opened,
    outcome,
    plainly,
    post,
    reply,
    tape,
    warcs,
)

PAGE = b"<html><p>" + b"a page that is long enough to be stored once " * 60 + b"</p></html>"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20
MOVED = "Location: https://x.com/jack/status/20\r\n"
CODED = {"gzip": gzip.compress(PAGE), "br": brotli.compress(PAGE), "deflate": zlib.compress(PAGE)}
KINDS = ("warcinfo", "response", "request", "metadata", "resource", "revisit")


async def fill(folder: Path) -> None:
    """Every kind of record that we write, in two files."""
    answers = {
        "plain": reply(PAGE),
        "chunked": chunked(PAGE[:900], PAGE[900:]),
        "chunked gzip": chunked(CODED["gzip"]).replace(b"Transfer-", b"Content-Encoding: gzip\r\nTransfer-", 1),
        "gzip": reply(CODED["gzip"], extra="Content-Encoding: gzip\r\n"),
        "br": reply(CODED["br"], extra="Content-Encoding: br\r\n"),
        "deflate": reply(CODED["deflate"], extra="Content-Encoding: deflate\r\n"),
        "redirect": reply(b"", status="301 Moved Permanently", extra=MOVED),
        "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(b"after a hint"),
        "excess": reply(b"and more") + b"HTTP/1.1 200 OK\r\n\r\n",
        "not found": reply(b"gone", status="404 Not Found"),
        "empty": reply(b""),
        "post": reply(b'{"id_str":"20","text":"just setting up my twttr"}', kind="application/json"),
        "picture": reply(PICTURE, kind="image/jpeg"),
        "the same picture": reply(PICTURE, kind="image/jpeg"),
        "film": reply(PICTURE * 300, kind="video/mp4"),
    }
    for part in range(2):
        clock = SetClock(NOW + timedelta(hours=part))
        archive = await opened(folder, clock=clock)
        for name, answer in answers.items():
            url = f"https://site.example/{name.replace(' ', '-')}"
            made = tape(answer, url=url, slot=f"{name}-{part}", why="media", started_at=clock.at)
            await archive.keep(made)
        url = "https://site.example/cut"
        cut = tape(reply(PAGE)[:-500], url=url, slot=f"cut-{part}", cut="length", started_at=clock.at)
        await archive.keep(cut)
        for name, answer in (("nothing", b""), ("half a head", b"HTTP/1.1 2")):
            try:
                await archive.keep(tape(answer, url=f"https://site.example/{part}", slot=f"{name}-{part}"))
            except ArchiverError:
                continue
        await archive.add([post(), link(), article(outcomes=(outcome(),))])
        await archive.add_file(f"urn:archiver:file:sha256:0{part}", b"An article, from a file.", "text/plain")
        await archive.aclose()


def records(path: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    """(headers, block) of each record, read with nothing but zlib and split."""
    data = path.read_bytes()
    while data:
        codec = zlib.decompressobj(31)
        headers, block = plainly(codec.decompress(data))
        yield dict(headers), block
        data = codec.unused_data


def known(folder: Path) -> tuple[set[str], set[str], set[str]]:
    """Ids of the records that the tools wrongly fault: answers in chunks, whose payload digest is that of the entity
    body (C.2.1); revisits and resources, whose payload they look for in the wrong place (C.2.8); answers that broke off
    in their head."""
    chunks, elsewhere, headless = set(), set(), set()
    for path in warcs(folder):
        for headers, block in records(path):
            record_id, kind = headers["WARC-Record-ID"], headers["WARC-Type"]
            if kind in ("revisit", "resource"):
                elsewhere.add(record_id)
            elif kind == "response" and b"transfer-encoding: chunked" in block[:500].lower():
                chunks.add(record_id)
            elif kind == "response" and b"\r\n\r\n" not in block:
                headless.add(record_id)
    return chunks, elsewhere, headless


def in_base32(path: Path, to: Path) -> Path:
    """A copy whose digests are written as warcat alone can read them: Base32 instead of hex (both are tokens, 5.8)."""

    def written(match: re.Match[bytes]) -> bytes:
        return match[1] + base64.b32encode(bytes.fromhex(match[2].decode()))

    data, out = path.read_bytes(), []
    while data:
        codec = zlib.decompressobj(31)
        head, blank, block = codec.decompress(data).partition(b"\r\n\r\n")
        out.append(gzip.compress(re.sub(rb"(-Digest: sha256:)([0-9a-f]{64})", written, head) + blank + block))
        data = codec.unused_data
    to.write_bytes(b"".join(out))
    return to


def run(command: Sequence[str | Path], *, may_fail: bool = False) -> str:
    """What a tool says; ``may_fail``: it exits so when it complains."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0 or (may_fail and "Traceback (most recent call last)" not in done.stdout), said[-2000:]
    return said


def of_warcio(bin_: Path, path: Path, _: Path) -> set[str]:
    """The ids that `warcio check` faults."""
    said = run([bin_ / "warcio", "check", path], may_fail=True)
    assert "Traceback" not in said, said[-1000:]
    return set(re.findall(r"WARC-Record-ID (<[^>]+>)", said))


def of_fastwarc(bin_: Path, path: Path, work: Path) -> set[str]:
    """The ids whose block or payload FastWARC faults."""
    said = work / "fastwarc.txt"
    run([bin_ / "fastwarc", "check", "-q", "-p", "-o", said, path], may_fail=True)
    lines = said.read_text().splitlines()
    assert len(lines) == sum(1 for _ in records(path)), "it reads every record"
    good = re.compile(r".*: OK, PAYLOAD_(?:OK|NO_DIGEST)")
    return {line.partition(": ")[0] for line in lines if not good.fullmatch(line)}


def of_warcat(bin_: Path, path: Path, work: Path) -> set[str]:
    """The ids that warcat faults."""
    copy = in_base32(path, work / path.name)
    said = run([bin_ / "python", "-m", "warcat", "--keep-going", "verify", copy], may_fail=True)
    return set(re.findall(r"Record (<[^>]+>) failed validation", said))


def of_gzip(_: Path, path: Path, __: Path) -> set[str]:
    """Nothing, or it fails."""
    run(["gzip", "-t", path])
    return set()


def of_cdxj(bin_: Path, path: Path, _: Path) -> set[str]:
    """The responses that can be replayed, and that cdxj-indexer does not list."""
    listed = run([bin_ / "cdxj-indexer", path])
    return {
        headers["WARC-Record-ID"]
        for headers, block in records(path)
        if headers["WARC-Type"] in ("response", "revisit")
        and block.startswith(b"HTTP/1.1 200 OK\r\n")
        and f'"{headers["WARC-Target-URI"]}"' not in listed
    }


def main() -> int:
    """Each tool over each file; 1 when one of them complains of something that is not known."""
    bin_ = Path(sys.argv[1]).absolute() / "bin"
    failed = 0
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        work, archive = Path(folder), Path(folder) / "archive"
        asyncio.run(fill(archive))
        found: list[Finding] = []
        checked = verifying.verify(archive, found.append)
        there = {headers["WARC-Type"] for path in warcs(archive) for headers, _ in records(path)}
        assert there == set(KINDS), there
        print(
            f"archiver verify     {checked.records} records: {[one.problem for one in found] or 'no defect, no note'}"
        )
        chunks, elsewhere, headless = known(archive)
        tools: dict[str, tuple[Callable[[Path, Path, Path], set[str]], dict[str, set[str]]]] = {
            "gzip -t": (of_gzip, {}),
            "warcio check": (of_warcio, {"C.2.1": chunks}),
            "fastwarc check -p": (of_fastwarc, {"C.2.1": chunks, "C.2.8": elsewhere}),
            "warcat verify": (of_warcat, {"C.2.1": chunks, "C.2.8": elsewhere, "no head": headless}),
            "cdxj-indexer": (of_cdxj, {}),
        }
        for name, (look, alarms) in tools.items():
            faulted = set().union(*(look(bin_, path, work) for path in warcs(archive)))
            unknown = faulted - set().union(*alarms.values())
            told = ", ".join(f"{len(faulted & ids)} known false alarms ({why})" for why, ids in alarms.items())
            print(f"{name:19} {told or 'no complaint'}{f', AND {sorted(unknown)}' if unknown else ''}")
            failed += bool(unknown)
        failed += packed(bin_, work)
    return min(failed, 1)


def packed(bin_: Path, work: Path) -> bool:
    """Whether `wacz validate` complains of a package of the whole archive."""
    (work / "config.toml").write_text('[archive]\ndir = "archive"\n')
    package = work / "all.wacz"
    run([Path(sys.executable).with_name("archiver"), "--config", work / "config.toml", "pack", "--all", "-o", package])
    said = run([bin_ / "wacz", "validate", "-f", package], may_fail=True)
    valid = "Valid WACZ" in said or "valid" in said.lower().split("validating")[-1]
    print(f"wacz validate       {'no complaint' if valid else said}")
    return not valid


if __name__ == "__main__":
    sys.exit(main())
