"""The real program on a miniature web, without internet: ``python -m tests.loopback.demo FOLDER``.

Starts the sample world over TLS, saves both example articles with the program as anybody would run it, saves them again
to show that nothing is captured twice, and leaves a filled archive in FOLDER. An earlier demo there is replaced; a
folder that holds anything else is left alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb

CONFIG, ARCHIVE, AUTHORITY, KEY = "config.toml", "archive", "loopback-ca.pem", "signing-key.pem"
MARK = ".made-by-the-demo"
_OURS = {CONFIG, ARCHIVE, AUTHORITY, KEY, MARK}
_WAITING = 1  # exit code of a save after which some finds wait for another try, as the dead host's link does


class NotOurs(Exception):
    """The folder holds something that the demo did not make; nothing was touched."""


def main(arguments: Sequence[str]) -> int:
    """Run the demo into the one folder named. 0: it went as it should, 1: it did not, 2: not started."""
    if len(arguments) != 1:
        print("usage: python -m tests.loopback.demo FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        make_room(folder)
    except NotOurs as reason:
        print(f"demo: {reason}", file=sys.stderr)
        print(
            "  → move what you want to keep elsewhere and delete the folder, or: make demo DEMO=another/folder",
            file=sys.stderr,
        )
        return 2
    with LoopbackWeb(sample.sample_world().hosts(), folder=folder) as web:
        went_well = tour(folder, web)
    _farewell(folder)
    return 0 if went_well else 1


def make_room(folder: Path) -> None:
    """An empty ``folder`` with our mark in it. Raises ``NotOurs`` when it holds anything but an earlier demo."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOurs(f"{folder} is no folder")
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if there and (MARK not in there or not there <= _OURS):
        strangers = ", ".join(sorted(there - _OURS)) or "no mark of an earlier demo"
        raise NotOurs(f"{folder} is not empty, and not (only) an earlier demo: {strangers}")
    if there:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("The next `make demo` replaces this folder.\n")


def configuration(web: LoopbackWeb) -> str:
    """The text of a ``config.toml`` that leads every name to ``web``."""
    return (
        "# Written by the demo. `connect_to` leads every name to the miniature web, which is gone when the demo is:\n"
        "# reading commands (list, show) go on working, and saving finds nobody.\n"
        f'[archive]\ndir = "{ARCHIVE}"\n\n'
        f'[network]\nca_bundle = "{AUTHORITY}"\nconnect_to = {web.connect_to_toml}\ntries = 2\nmax_wait_s = 1\n\n'
        "[politeness]\nrequests_per_second = 0  # there is nobody to be polite to\n\n"
        "[archives]\ncdx_per_minute = 0\nmementos_per_minute = 0\n\n"
        f'[pack]\nkey = "{KEY}"  # a package of this archive is nothing to sign with your own\n'
    )


def tour(folder: Path, web: LoopbackWeb) -> bool:
    """Write the configuration and run every command of the demo, in order; whether all of them ended as they should."""
    (folder / CONFIG).write_text(configuration(web))
    articles = [_shown(sample.ARTICLE_TXT), sample.ARTICLE_URL]
    steps = (
        ("What is embedded in the text? (no network)", ["find", articles[0]], {0}),
        ("Save both articles.", ["save", *articles], {0, _WAITING}),
        ("Save them again: nothing is captured twice.", ["save", *articles], {0, _WAITING}),
        ("What does the archive hold?", ["list"], {0}),
        ("Everything known about one post, each fact with its source.", ["show", sample.BEAM.post_id], {0}),
        ("A post that its author deleted, from the Wayback Machine.", ["show", sample.CONFESSION.post_id], {0}),
        ("An embed of text alone, known by its account, day and words.", ["show", sample.LATEST.post_id], {0}),
        ("A link that went through four hands.", ["show", sample.PAGE_LINKS["a chain"].url], {0}),
    )
    went_well = True
    for why, words, expected in steps:
        before = len(web.log)
        code = _run(folder, why, words)
        _tell_traffic(web, before)
        if code not in expected:
            print(f"-- exit code {code}, expected {' or '.join(map(str, sorted(expected)))}")
            went_well = False
    return went_well


def _run(folder: Path, why: str, words: Sequence[str]) -> int:
    """Run one command of the program, its output going where ours goes; its exit code."""
    command = ["--config", _shown(folder / CONFIG), *words]
    print(f"\n# {why}\n$ archiver {shlex.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", "archiver", *command], check=False, timeout=300).returncode


def _tell_traffic(web: LoopbackWeb, before: int) -> None:
    asked = Counter(crossing.asked.host for crossing in web.log[before:])
    hosts = ", ".join(f"{host} {count}" for host, count in asked.most_common())
    print(f"-- requests that the miniature web saw: {asked.total()}" + (f" ({hosts})" if hosts else ""), flush=True)


def _farewell(folder: Path) -> None:
    """What there is to look at now."""
    archive = folder / ARCHIVE
    print(f"\n# What is left in {_shown(archive)}")
    for path in sorted(path for path in archive.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size:>10,} bytes  {path.relative_to(archive)}")
    warcs, config = shlex.quote(_shown(archive)), shlex.quote(_shown(folder / CONFIG))
    ours = shlex.quote(_shown(Path(sys.executable).with_name("archiver")))
    print("\n# Look inside")
    print(f"zcat -f {warcs}/*.warc.gz* | less                # every byte that crossed the wire")
    print(f"{ours} --config {config} list --json    # the catalog, as JSON Lines")
    print(f"{ours} --config {config} show ID        # one post, link or article")


def _shown(path: Path) -> str:
    """``path`` as a person would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
