"""A month that is disturbed must end as an undisturbed one: ``python -m tests.night_loop`` (minutes).

Each night runs as a process of its own. At a random moment it is killed, told to stop, finds the disk full, or meets a
second run; then it is run again, a minute later by its clock, until it ends. At the end every post and article is
known as if nothing had happened, and the WARCs hold no torn record and no slot twice.

``full``: a random one of the night's changes to the archive's folder, and every later one that needs room, gets ENOSPC
(``faults/shim.c``, wants gcc). ``disk``: the archive lies on a real file system (tmpfs) that has some KB left; where
nobody may mount one, that is said and left out.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.zygote import built
from tests.loopback.server import LoopbackWeb
from tests.month import NIGHTS, OUTAGE, Month

WAYS = ("kill", "stop", "full", "disk", "overlap")
_PAGE = 4096
_ENDED = (0, 1, 69)
_CHANGES = 120
"""A night of some looks makes more changes than that to its archive's folder, a quiet one fewer."""


def main() -> int:
    """0: the same end, in every way; 1: not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=NIGHTS, help="fewer than 13 end before all is noticed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("ways", nargs="*", default=list(WAYS))
    said = parser.parse_args()
    chance = random.Random(said.seed)
    expected = knowledge(said.nights, None, chance)
    worst = 0
    for way in said.ways:
        if way == "disk" and not _may_mount():
            print("disk: left out, nobody here may mount a tmpfs")
            continue
        began = time.monotonic()
        counts: Counter[str] = Counter()
        known = knowledge(said.nights, way, chance, counts)
        same = known == expected
        if not same:
            _differences(known, expected)
        told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        print(f"{way}: {'the same end' if same else 'ANOTHER END'} after {told} ({time.monotonic() - began:.0f} s)")
        worst = worst or (0 if same else 1)
    return worst


def knowledge(nights: int, way: str | None, chance: random.Random, counts: Counter[str] | None = None) -> Any:
    """What is known after so many nights, each disturbed in ``way``."""
    folder = Path(tempfile.mkdtemp(prefix="month-"))
    try:
        with LoopbackWeb({}, folder=folder, keep_log=False) as web, _disk(folder / "archive", way == "disk"):
            month = Month(folder, web)
            shim = built(folder) if way == "full" else None
            for on in range(1, nights + 1):
                month.begin(on)
                if way is not None and on != OUTAGE:
                    assert counts is not None
                    _disturbed(folder, on, way, chance, counts, shim)
                code = _to_its_end(folder, on, 1 if way else 0)
                assert code in _ENDED, (on, code)
            checked = subprocess.run(
                [sys.executable, "-m", "archiver", "--config", folder / "config.toml", "verify"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert checked.returncode == 0, checked.stdout + checked.stderr
            return _undated(month.knowledge())
    finally:
        shutil.rmtree(folder)


def _disturbed(folder: Path, on: int, way: str, chance: random.Random, counts: Counter[str], shim: Path | None) -> None:
    moment = chance.uniform(0.0, 1.5)
    if way == "overlap":
        _met(folder, on, counts)
        return
    if way == "disk":
        _room(folder / "archive", chance.randrange(1, 50) * _PAGE)
    running = _start(folder, on, 0, shim, chance.randrange(1, _CHANGES))
    if way in ("kill", "stop"):
        _begun(folder / "archive" / "lock", running)
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL if way == "kill" else signal.SIGTERM)
    _, said = running.communicate(timeout=120)
    code = running.returncode
    counts[f"ended with {code}"] += 1
    allowed = {"kill": (*_ENDED, -9), "stop": (*_ENDED, 143, -15)}.get(way, (*_ENDED, 73, 74))
    assert code in allowed, (on, code, said)
    if way == "disk":
        _room(folder / "archive", None)


def _met(folder: Path, on: int, counts: Counter[str]) -> None:
    running, second = _start(folder, on, 0), _start(folder, on, 0)
    codes = (running.wait(120), second.wait(120))
    # Both may run to their end, one behind the other; never both at once.
    counts["met another" if 75 in codes else "came later"] += 1
    assert all(code in (*_ENDED, 75) for code in codes), codes


@contextmanager
def _disk(folder: Path, wanted: bool) -> Iterator[None]:
    """A file system of its own in ``folder``, if it is ``wanted``."""
    if not wanted:
        yield
        return
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def _room(folder: Path, free_bytes: int | None) -> None:
    """Leave so many bytes in the file system, or more than enough."""
    there = os.statvfs(folder)
    used = (there.f_blocks - there.f_bfree) * there.f_frsize
    size = 2**30 if free_bytes is None else used + free_bytes
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def _may_mount() -> bool:
    folder = Path(tempfile.mkdtemp(prefix="month-"))
    try:
        with _disk(folder / "archive", True):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        shutil.rmtree(folder)


def _begun(lock: Path, running: subprocess.Popen[str]) -> None:
    """Return once the night holds the archive: what comes before is only the start of a program."""
    while running.poll() is None and not (lock.exists() and lock.stat().st_size):
        time.sleep(0.005)


def _to_its_end(folder: Path, on: int, minutes: int) -> int:
    running = _start(folder, on, minutes)
    _, said = running.communicate(timeout=180)
    if running.returncode not in _ENDED:
        print(said, file=sys.stderr)
    return running.returncode


def _start(folder: Path, on: int, minutes: int, shim: Path | None = None, change: int = 0) -> subprocess.Popen[str]:
    """``shim``: from its ``change``-th change on, the night finds no room in the archive's folder."""
    command = [sys.executable, "-m", "tests.month", str(folder), str(on), str(minutes)]
    environment = {**os.environ, "LD_PRELOAD": str(shim)} if shim else None
    return subprocess.Popen(
        [*command, str(change)] if shim else command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def _differences(known: dict[str, list[Any]], expected: dict[str, list[Any]]) -> None:
    for kind, rows in expected.items():
        for one, other in zip(known[kind], rows, strict=False):
            if one != other:
                print(f"  {one}\n  instead of\n  {other}")


def _undated(known: dict[str, Any]) -> Any:
    """The night on which something was noticed may be the next one: the time of a look decides about the next."""
    return {kind: [{**one, "changes": [change[:3] for change in one["changes"]]} for one in rows]
            for kind, rows in known.items()}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
