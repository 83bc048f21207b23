"""Runs exchanges in a process of its own: ``python -m tests.net.errand`` with a JSON errand on standard input.

An errand is {"network": changes to the configuration, "urls": [...], "loop": "asyncio" or "uvloop", "together": whether
to ask all at once, "max_file_bytes": a limit for every file written, or null}. One JSON line comes back for each URL,
then one with the peak resident memory and how many files were left open.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archiver import config, message
from archiver.errors import ArchiverError
from archiver.model import Tape
from archiver.net.client import Client
from tests.net.street import UNHURRIED, WallClock, connect_to, request, rss_bytes


def _changes(network: dict[str, Any]) -> dict[str, Any]:
    readers: dict[str, Callable[[Any], Any]] = {"ca_bundle": Path, "connect_to": connect_to, "allowed_ports": frozenset}
    return {key: readers[key](value) if key in readers else value for key, value in network.items()}


def _told(tape: Tape, limit_bytes: int) -> dict[str, Any]:
    tape.received.seek(0)
    digest = hashlib.sha256()
    while block := tape.received.read(2**16):
        digest.update(block)
    told = {
        "cut": tape.cut,
        "error": type(tape.error).__name__,
        "bytes": tape.received_bytes,
        "sha256": digest.hexdigest(),
    }
    told |= {"sent": tape.sent.decode("latin-1")}
    if tape.layout:
        told |= {"status": tape.layout.status, "complete": tape.layout.complete}
        try:
            codings = message.codings(tape.layout.headers)
            told["decoded"] = len(message.decode(message.entity(tape.received, tape.layout), codings, limit_bytes))
        except message.Undecodable as problem:
            told["undecodable"] = str(problem)
    tape.received.close()
    return told


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _run(errand: dict[str, Any]) -> None:
    network = dataclasses.replace(config.load(None).network, **_changes(errand["network"]))
    visitor = Client(network, UNHURRIED, WallClock())
    before = _open_files()

    async def visit(url: str) -> dict[str, Any]:
        try:
            return _told(await visitor.exchange(request(url)), network.max_decoded_bytes)
        except ArchiverError as error:
            return {"raised": type(error).__name__, "why": str(error)}

    batches = [errand["urls"]] if errand.get("together") else [[url] for url in errand["urls"]]
    for batch in batches:
        for told in await asyncio.gather(*(visit(url) for url in batch)):
            print(json.dumps(told), flush=True)
    await visitor.aclose()
    await asyncio.sleep(0.05)
    print(json.dumps({"peak_bytes": rss_bytes(), "files_left_open": _open_files() - before}))


def main() -> None:
    errand = json.load(sys.stdin)
    if errand.get("max_file_bytes"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (errand["max_file_bytes"],) * 2)
    if errand.get("loop") == "uvloop":
        import uvloop

        uvloop.run(_run(errand))
    else:
        asyncio.run(_run(errand))


if __name__ == "__main__":
    main()
