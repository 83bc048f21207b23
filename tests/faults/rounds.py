"""Which faults there are, and the rounds that are played with them, several at a time."""

from __future__ import annotations

import fnmatch
import logging
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.util import Finalize

from tests.faults.stage import Round, Stage
from tests.faults.zygote import WHATS, Fault

# How many calls a save makes depends on who comes along in a batch; that many beyond the most that was seen are tried.
BEYOND = 10
_stage: Stage


# Where each can go wrong. Half a write needs a write. What a power cut leaves changes with each sync and nothing else,
# so that one before every sync is one at every moment (``hollow``'s names apart).
_WHERE = {"tear": "write *", "full": "write *", "power": "sync *", "hollow": "sync *"}


def faults(calls: Sequence[str]) -> list[Fault]:
    """Each way at each of those calls where it can come to pass, and at some more, for another run may make more."""
    return [
        Fault(at=at, what=what, only=only)
        for what, only in ((what, _WHERE.get(what, "")) for what in WHATS)
        for at in range(1, len(fnmatch.filter(calls, only or "*")) + BEYOND + 1)
    ]


def every(faults: list[Fault], sample: int | None) -> list[Fault]:
    """``sample`` of them, evenly spread; ``None``: all."""
    if sample is None or sample >= len(faults):
        return faults
    return [faults[number * len(faults) // sample] for number in range(sample)]


def is_double(fault: Fault) -> bool:
    """Whether the recovery from this fault gets one of its own: half of all, of every sort and at every place."""
    return (fault.at + [*WHATS].index(fault.what)) % 2 == 0


def play(faults: Iterable[Fault], *, kept: bool, recovery: bool, jobs: int) -> Iterator[Round]:
    """A round for each fault, as they are done, ``jobs`` at a time."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_enter, initargs=(kept, recovery))
    try:
        yield from pool.map(_round, faults)
    finally:  # who stops in the middle does not wait for the rest
        pool.shutdown(cancel_futures=True)


def _enter(kept: bool, recovery: bool) -> None:
    global _stage  # noqa: PLW0603  # one for each process of the pool
    logging.disable()
    _stage = Stage(kept=kept, recovery=recovery).__enter__()
    Finalize(None, _stage.__exit__, exitpriority=10)


def _round(fault: Fault) -> Round:
    return _stage.round(fault, twice=is_double(fault))
