"""A month that is disturbed must end as an undisturbed one: ``python -m tests.night_loop`` (minutes).

Each night runs as a process of its own. At a random moment it is killed, told to stop, runs out of room, or meets a
second run; then it is run again, a minute later by its clock, until it ends. At the end every post and article is
known as if nothing had happened, and the WARCs hold no torn record and no slot twice.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.loopback.server import LoopbackWeb
from tests.month import NIGHTS, OUTAGE, Month

WAYS = ("kill", "stop", "full", "overlap")
_ENDED = (0, 1, 69)


def main() -> int:
    """0: the same end, in every way; 1: not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=NIGHTS, help="fewer than 13 end before all is noticed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("ways", nargs="*", default=list(WAYS))
    said = parser.parse_args()
    chance = random.Random(said.seed)
    expected = _knowledge(said.nights, None, chance)
    worst = 0
    for way in said.ways:
        began = time.monotonic()
        counts: Counter[str] = Counter()
        known = _knowledge(said.nights, way, chance, counts)
        same = known == expected
        if not same:
            _differences(known, expected)
        told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        print(f"{way}: {'the same end' if same else 'ANOTHER END'} after {told} ({time.monotonic() - began:.0f} s)")
        worst = worst or (0 if same else 1)
    return worst


def _knowledge(nights: int, way: str | None, chance: random.Random, counts: Counter[str] | None = None) -> Any:
    """What is known after so many nights, each disturbed in ``way``."""
    folder = Path(tempfile.mkdtemp(prefix="month-"))
    try:
        with LoopbackWeb({}, folder=folder, keep_log=False) as web:
            month = Month(folder, web)
            for on in range(1, nights + 1):
                month.begin(on)
                if way is not None and on != OUTAGE:
                    assert counts is not None
                    _disturbed(folder, on, way, chance, counts)
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


def _disturbed(folder: Path, on: int, way: str, chance: random.Random, counts: Counter[str]) -> None:
    room = chance.randrange(2_000, 60_000)
    running = _start(folder, on, 0, room if way == "full" else None)
    moment = chance.uniform(0.0, 1.5)
    if way == "overlap":
        second = _start(folder, on, 0, None)
        codes = (running.wait(120), second.wait(120))
        # Both may run to their end, one behind the other; never both at once.
        counts["met another" if 75 in codes else "came later"] += 1
        assert all(code in (*_ENDED, 75) for code in codes), codes
        return
    if way in ("kill", "stop"):
        _begun(folder / "archive" / "lock", running)
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL if way == "kill" else signal.SIGTERM)
    code = running.wait(120)
    counts[f"ended with {code}"] += 1
    allowed = {"kill": (*_ENDED, -9), "stop": (*_ENDED, 143, -15), "full": (*_ENDED, 73, 74)}
    assert code in allowed[way], (on, code, running.stderr.read() if running.stderr else "")


def _begun(lock: Path, running: subprocess.Popen[str]) -> None:
    """Return once the night holds the archive: what comes before is only the start of a program."""
    while running.poll() is None and not (lock.exists() and lock.stat().st_size):
        time.sleep(0.005)


def _to_its_end(folder: Path, on: int, minutes: int) -> int:
    running = _start(folder, on, minutes, None)
    _, said = running.communicate(timeout=180)
    if running.returncode not in _ENDED:
        print(said, file=sys.stderr)
    return running.returncode


def _start(folder: Path, on: int, minutes: int, room: int | None) -> subprocess.Popen[str]:
    """``room``: no file may be longer than so many bytes."""

    def limit() -> None:
        if room is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    command = [sys.executable, "-m", "tests.month", str(folder), str(on), str(minutes)]
    return subprocess.Popen(  # the limit is the whole point, and this process has no threads that fork could meet
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509
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
