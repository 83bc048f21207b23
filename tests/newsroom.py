"""A newsroom with one archive on one loopback web, which runs the real program as its people do."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from archiver.cli import main
from tests.loopback.server import LoopbackWeb

# Patience and politeness as short as tests want them; everything else is as shipped.
SETTINGS = """
[archive]
dir = "archive"
[network]
ca_bundle = "{ca}"
connect_to = {connect_to}
tries = 2
max_wait_s = 0.05
{network}
[politeness]
requests_per_second = 0
[archives]
wayback = {wayback}
cdx_per_minute = 0
mementos_per_minute = 0
saves_per_minute = 0
save_wait_s = 0
save_page_now = {submits}
"""


@dataclass(frozen=True)
class Said:
    """What a command said. ``rows``: its JSON Lines."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Newsroom:
    """``folder`` holds config.toml and the archive. ``network``: further lines of that section. ``wayback``: whether
    web archives are asked; only tests about them do, since every post that is gone then costs questions."""

    def __init__(
        self, folder: Path, web: LoopbackWeb, *, network: str = "", wayback: bool = False, submits: bool = False
    ) -> None:
        self.folder = folder
        self.web = web
        self.archive = folder / "archive"
        self.config = folder / "config.toml"
        self.wayback = wayback
        self.submits = submits
        self.connect(web.connect_to_toml, network)

    def connect(self, connect_to: str, network: str = "") -> None:
        """Lead every name to ``connect_to`` from now on."""
        wayback, submits = str(self.wayback).lower(), str(self.submits).lower()
        self.config.write_text(
            SETTINGS.format(
                ca=self.web.ca_bundle, connect_to=connect_to, network=network, wayback=wayback, submits=submits
            )
        )

    def unplug(self) -> None:
        """No name leads anywhere any more: port 9 (discard) refuses."""
        self.connect('{ "*:443" = "127.0.0.1:9", "*:80" = "127.0.0.1:9" }')

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def archiver(self, *words: str | Path) -> Said:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main(["--config", str(self.config), *map(str, words)])
            except SystemExit as stop:
                code = stop.code
        return Said(int(code or 0), out.getvalue(), err.getvalue())

    def save(self, *targets: str | Path) -> Said:
        """``save --json``."""
        return self.archiver("save", "--json", *targets)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        command = [sys.executable, "-m", "archiver", "--config", str(self.config), *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def piped(self, data: bytes, *words: str | Path) -> Said:
        """Run a command as a process of its own, with ``data`` as its standard input."""
        command = [sys.executable, "-m", "archiver", "--config", str(self.config), *map(str, words)]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def records(self, kind: str | None = None) -> Iterator[tuple[Any, bytes]]:
        """(WARC headers, block) of every record of the archive, read with warcio; blocks are as they were stored."""
        for path in sorted(self.archive.glob("*.warc.gz")):
            gzip.decompress(path.read_bytes())
            with path.open("rb") as file:
                for record in ArchiveIterator(file, no_record_parse=True):
                    if kind in (None, record.rec_type):
                        yield record.rec_headers, record.raw_stream.read()


def row(rows: list[dict[str, Any]], position: int) -> dict[str, Any]:
    """The row of the find at ``position``."""
    return next(row for row in rows if row["position"] == position)
