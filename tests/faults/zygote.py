"""The real program, run again and again by children of one warm process, each with one call of its going wrong.

Starting Python and importing the program takes ten times longer than a small ``save``, and a save changes its archive's
folder some hundred times. A child is a process of its own all the same: it is killed, it holds its locks and its files,
and nobody cleans up after it.

Run by ``Program`` with ``shim.c`` preloaded: a task (JSON) a line on standard input, its result on standard output.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

WHATS = {
    "kill": (1, 0),
    "tear": (2, 0),
    "EIO": (3, errno.EIO),
    "ENOSPC": (3, errno.ENOSPC),
    "full": (4, errno.ENOSPC),
    "power": (1, 0),
    "hollow": (1, 0),
}
_PATIENCE_S = 300


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The ``at``-th change (from 1) that the program makes to its archive's folder goes wrong; ``only`` of those whose
    ``kind path`` fits that pattern (as a shell's), where there is one. ``what``: ``kill``
    before it; ``tear``: killed when half of its bytes are written, or right after it; ``EIO`` or ``ENOSPC``, once;
    ``full``: half of its bytes are written, and from then on there is no room for anything. ``power``: as ``kill``,
    and what was never synced, bytes and names, is lost; ``hollow``: the names stay, with only the bytes synced."""

    at: int
    what: str
    only: str = ""


@dataclass(frozen=True, kw_only=True)
class Done:
    """``code``: the exit code, negative for the signal that killed it. ``calls``: each change that the program made to
    the archive's folder or tried to, as ``kind path``; ``hit``: the one that went wrong, ``None`` for none."""

    code: int
    out: str
    err: str
    calls: tuple[str, ...]
    hit: str | None


class Program:
    """The program, warm. ``archive``: the folder whose changes are counted; ``shadow``: a folder that gets what of it
    is safe, where power cuts are played. ``witness``: a command that watches the program. To be closed."""

    def __init__(self, archive: Path, shim: Path, *, shadow: Path | None = None, witness: Sequence[str] = ()) -> None:
        self._archive = archive
        self._shadow = shadow
        environment = {**os.environ, "LD_PRELOAD": str(shim)}
        self._process = subprocess.Popen(
            [*witness, sys.executable, "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, *words: str | Path, fault: Fault | None = None, recovery: bool = True, at_home: bool = False) -> Done:
        """What came of one command. ``recovery``: without it, the program takes what a stopped run left as it is.
        ``at_home``: not in a child."""
        about = {"archive": str(self._archive), "shadow": str(self._shadow or "")}
        task = {**about, "words": [*map(str, words)], "recovery": recovery, "at_home": at_home}
        if fault:
            task |= {"at": fault.at, "what": fault.what, "only": fault.only}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        calls = said.pop("calls")
        hit = next((call[1:] for call in calls if call[0] == "!"), None)
        return Done(**said, calls=tuple(call.removeprefix("!") for call in calls), hit=hit)

    def warm(self, *words: str | Path) -> None:
        """Run a command in the warm process itself: whatever is made once, its children need not make again."""
        self.run(*words, at_home=True)

    def close(self) -> None:
        self._process.communicate()


def built(folder: Path) -> Path:
    """The shim, compiled into ``folder``."""
    shim = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *flags, "-o", str(shim), str(source), "-ldl", "-lpthread"], check=True)
    return shim


def _attend() -> None:
    importlib.import_module("archiver.cli")
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        task = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as log:
            for fd, file in enumerate((out, err), start=1):
                os.dup2(file.fileno(), fd)
            code = _be_the_program(task) if task["at_home"] else _in_a_child(task, log.fileno())
            texts = [_text(file) for file in (out, err, log)]
        said = {"code": code, "out": texts[0], "err": texts[1], "calls": texts[2].splitlines()}
        print(json.dumps(said), file=answers, flush=True)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


def _in_a_child(task: dict[str, Any], log: int) -> int:
    child = os.fork()
    if not child:
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            signal.alarm(_PATIENCE_S)
            if not task["recovery"]:
                _forget_recovery()
            what, error = WHATS.get(task.get("what", ""), (0, 0))
            folder, shadow, only = (task.get(name, "").encode() for name in ("archive", "shadow", "only"))
            ctypes.CDLL(None).arm(folder, shadow, log, only, task.get("at", 0), what, error)
            code = _be_the_program(task)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _be_the_program(task: dict[str, Any]) -> int:
    from archiver.cli import main

    try:
        main(task["words"])
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _forget_recovery() -> None:
    """The control: a program whose makers forgot what a stopped run leaves behind."""
    from archiver.store import recovery

    recovery.recover = lambda folder, catalog: ()


if __name__ == "__main__":
    _attend()
