"""Every change that a ``save`` makes to its archive's folder goes wrong, once in each way; then ``save`` again.

``make faults`` runs it: every write, sync, rename, link, unlink, truncation and making of a file, in an archive that
the save begins and in one that it goes on with, times killed before it, killed in the middle of it, EIO, ENOSPC, and a
disk that is full from there on. Every other round has a second fault while the first one is recovered from. After each,
all of ``findings`` and ``Stage`` must hold. At last the control: without recovery, such rounds must be seen to fail.
"""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import time
from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from tests.faults.rounds import every, faults, play
from tests.faults.stage import Round, Stage
from tests.faults.zygote import WHATS, Fault

_CONTROL_EVERY = 5
_TOLD_EVERY = 100


def family(call: str) -> str:
    """``kind path`` without what differs from run to run."""
    kind, _, path = call.partition(" ")
    path = re.sub(r"archiver-.*?\.warc\.gz", "*.warc.gz", path)
    return f"{kind} {re.sub(r'gz.[0-9]+.torn', 'gz.*.torn', path) or 'the folder'}"


def shown(console: Console, title: str, rounds: list[Round]) -> None:
    """What was hit, how often, and what came of it."""
    hit = [one for one in rounds if one.call is not None]
    table = Table("call", *WHATS, "wrong", title=title, title_justify="left")
    counts = Counter((family(one.call or ""), one.fault.what) for one in hit)
    wrong = Counter(family(one.call or "") for one in hit if one.problem)
    for call in sorted({call for call, _ in counts}):
        table.add_row(call, *(str(counts[call, what]) for what in WHATS), str(wrong[call]))
    table.add_section()
    table.add_row("all", *(str(sum(one.fault.what == what for one in hit)) for what in WHATS), str(wrong.total()))
    console.print(table)
    codes = Counter(one.code for one in hit)
    seconds = Counter(one.second.what for one in hit if one.second and one.second_call)
    console.print(
        f"{len(hit)} rounds, {seconds.total()} of them with a second fault in the recovery "
        f"({', '.join(f'{count} {what}' for what, count in sorted(seconds.items()))}); exit codes of the first: "
        f"{', '.join(f'{code} ({count})' for code, count in sorted(codes.items()))}; "
        f"{len(rounds) - len(hit)} faults beyond the end."
    )


def _wrong(one: Round) -> str:
    second = f", then {one.second.what} at {one.second.at} ({one.second_call})" if one.second else ""
    return f"[red]{one.fault.what} at {one.fault.at} ({one.call}){second}[/]: {escape(one.problem or '')}"


def _played(console: Console, kept: bool, options: argparse.Namespace) -> list[Round]:
    with Stage(kept=kept) as stage:
        calls = max((stage.calls_of_a_save() for _ in range(5)), key=len)
    chosen = [Fault(at=options.at, what=options.what[0])] if options.at else faults(calls)
    chosen = every([fault for fault in chosen if fault.what in options.what], options.sample)
    title = "A save into an archive that has an article already" if kept else "A save that begins an archive"
    running = play(chosen, kept=kept, recovery=True, jobs=options.jobs)
    rounds = []
    try:
        for one in track(running, title, len(chosen), console=console, disable=not console.is_terminal):
            rounds.append(one)
            if one.problem:
                console.print(_wrong(one))
            if len(rounds) % _TOLD_EVERY == 0 and not console.is_terminal:
                console.print(f"{len(rounds)} of {len(chosen)} rounds")
    finally:  # also when somebody has seen enough
        shown(console, title, rounds)
    return rounds


def _control(console: Console, jobs: int, sample: int | None) -> bool:
    """Whether rounds without recovery are seen to fail."""
    with Stage(kept=True) as stage:
        kills = [fault for fault in faults(stage.calls_of_a_save()) if fault.what == "kill"]
    kills = every(kills, min(len(kills) // _CONTROL_EVERY, sample or len(kills)))
    played = [one for one in play(kills, kept=True, recovery=False, jobs=jobs) if one.call]
    seen = sum(one.problem is not None for one in played)
    console.print(f"Control: without recovery, {seen} of {len(played)} kills are seen to do harm.")
    return seen > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="only so many rounds, evenly spread, of each archive")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many rounds at a time")
    parser.add_argument("--what", choices=WHATS, action="append", help="only this way to go wrong")
    parser.add_argument("--archive", choices=("begun", "kept"), help="only a save that begins one, or goes on with one")
    parser.add_argument("--at", type=int, metavar="N", help="only at this call of all, with --what")
    options = parser.parse_args()
    options.what = options.what or [*WHATS]
    logging.disable()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the pool's processes would outlive this one
    console, began = Console(highlight=False), time.monotonic()
    both = {"begun": (False,), "kept": (True,)}.get(options.archive, (False, True))
    rounds = [one for kept in both for one in _played(console, kept, options)]
    is_right = not any(one.problem for one in rounds)
    if not options.at:
        is_right &= _control(console, options.jobs, options.sample)
    said = "Nothing lost, nothing twice, nothing changed" if is_right else "Something is wrong"
    console.print(f"{said} ({time.monotonic() - began:.0f} s).")
    return int(not is_right)


if __name__ == "__main__":
    sys.exit(main())
