"""Every change that a purge makes to its archive's folder goes wrong, once in each way; then it is opened again.

``make faults`` runs it, behind the rounds of ``save``. After each round the purge either never began (all is there, and
a second one removes it) or was finished by the mere opening; never is a file half purged, and no other record has
changed a byte or its place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.faults.findings import Lost, expect
from tests.faults.rounds import every, faults, is_double
from tests.faults.zygote import Done, Fault, Program, built
from tests.store.tapes import opened
from tests.store.test_purge import KEY, SECRET, fill, holds, spans

_PURGE = ("policy", "purge", KEY, "--reason", "asked by mail", "--yes")
_OPEN = ("policy", "restrict", "x:999", "--reason", "only to open it")


def spans_of_whole_files(folder: Path) -> dict[tuple[str, int], bytes]:
    """``spans`` of the closed files; a growing one may be torn."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for path in folder.glob("*.warc.gz"):
            shutil.copy(path, copy)
        return dict(spans(copy))


class Stage:
    """One archive, and the program."""

    def __init__(self, folder: Path, program: Program) -> None:
        self._program = program
        self._config = folder / "config.toml"
        self.archive, self._origin = folder / "archive", folder / "origin"
        self._config.write_text('[archive]\ndir = "archive"\nmax_warc_bytes = "4 KB"\ncdxj = false\n')
        asyncio.run(self._fill())
        self._before = spans(self._origin)
        self._of_one: set[tuple[str, int]] = set()
        self.half_done = 0

    async def _fill(self) -> None:
        archive = await opened(self._origin, max_warc_bytes=4_000)
        await fill(archive)
        await archive.aclose()

    def begin(self) -> None:
        shutil.rmtree(self.archive, ignore_errors=True)
        shutil.copytree(self._origin, self.archive)

    def run(self, *words: str, fault: Fault | None = None) -> Done:
        return self._program.run("--config", str(self._config), *words, fault=fault)

    def round(self, fault: Fault) -> str | None:
        """What the fault hit, ``None`` when it never came to pass. Raises ``Lost``."""
        self.begin()
        first = self.run(*_PURGE, fault=fault)
        self.half_done += first.code != 0 and self._is_half_done()
        if is_double(fault):
            self.run(*_OPEN, fault=Fault(at=fault.at % 9 + 1, what=fault.what))
        self.well(_OPEN)
        decisions = {one["key"]: one for one in map(json.loads, self.run("policy", "list", "--json").out.splitlines())}
        if KEY in decisions:
            expect(decisions[KEY].get("state") == "done", "the purge was not finished")
            self.gone()
        else:
            expect(self._before.items() <= spans(self.archive).items(), "it never began, and something is changed")
        self.well(_PURGE)
        self.gone()
        self.others()
        verified = self.run("verify")
        expect(verified.code == 0, f"verify: {verified.out}{verified.err}")
        return first.hit

    def well(self, words: tuple[str, ...]) -> None:
        done = self.run(*words)
        expect(done.code == 0, f"{words[1]} ended with {done.code}: {done.err}")

    def gone(self) -> None:
        """Nothing of the post is to be read, and nothing is left lying about."""
        expect(not holds(self.archive, SECRET), f"still in {holds(self.archive, SECRET)}")
        left = [path.name for path in self.archive.iterdir() if path.name.endswith((".purging", ".open"))]
        expect(not left, f"left lying about: {left}")

    def others(self) -> None:
        """Every member that holds nothing of the post is where it was, as it was."""
        after = spans(self.archive)
        changed = {place for place, data in self._before.items() if after.get(place) != data}
        expect(changed == self._of_one, f"changed besides: {changed ^ self._of_one}")

    def _is_half_done(self) -> bool:
        """Whether some of it is purged and some is not, or something lies about: what an opening must mend."""
        changed = self._before.items() - spans_of_whole_files(self.archive).items()
        return bool(changed) and bool(holds(self.archive, SECRET))

    def undisturbed(self) -> tuple[str, ...]:
        """Purge once; the changes that it takes."""
        self.begin()
        done = self.run(*_PURGE)
        expect(done.code == 0, f"an undisturbed purge ended with {done.code}: {done.err}")
        after = spans(self.archive)
        self._of_one = {place for place, data in self._before.items() if after.get(place) != data}
        return done.calls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="so many rounds, evenly spread, instead of all")
    options = parser.parse_args()
    logging.disable()
    codes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="archiver-faults-") as name:
        folder = Path(name).resolve()
        with closing(Program(folder / "archive", built(folder))) as program:
            stage = Stage(folder, program)
            calls = stage.undisturbed()
            chosen = [fault for fault in faults(calls) if fault.what not in ("power", "hollow")]
            for fault in every(chosen, options.sample):
                try:
                    codes["hit" if stage.round(fault) else "beyond"] += 1
                except Lost as problem:
                    codes["wrong"] += 1
                    print(f"{fault.what} at {fault.at}: {problem}")
    rounds = ", ".join(f"{number} {word}" for word, number in sorted(codes.items()))
    print(f"purge: {len(calls)} changes undisturbed; rounds: {rounds}; {stage.half_done} left it half done")
    return 1 if codes["wrong"] or not codes["hit"] or not stage.half_done else 0


if __name__ == "__main__":
    sys.exit(main())
