"""A small article, its loopback web, and the program: what every round of faults is played on."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

from tests.crash_loop import lasting
from tests.faults import findings, power
from tests.faults.findings import State, expect
from tests.faults.zygote import Done, Fault, Program, built
from tests.loopback.nouns import Account, Link, Page, Photo, Post, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import LoopbackWeb
from tests.loopback.x_world import World
from tests.store.tapes import opened, tables

# Files so small that each save begins, closes and lists several of them. Without indexes: a thread of their own makes
# them, so that the order of changes would not be the same twice, and what they lose is made again (``store.indexing``).
_CONFIG = """
[archive]
dir = "archive"
max_warc_bytes = "12 KB"
cdxj = false
[network]
ca_bundle = "{ca}"
connect_to = {connect_to}
[politeness]
requests_per_second = 0
[archives]
wayback = false
"""
_ANNA = Account(handle="anna_example", name="Anna Example")
_POWER = ("power", "hollow")
_NEW_FILE = ".warc.gz.open"


def _world() -> World:
    at = "2024-05-06T07:0{}:11.123Z".format
    photo = Photo(media_id=snowflake(at(0), worker=2), width=32, height=20)
    seen = Post(post_id=snowflake(at(0)), by=_ANNA, text="What I saw.", photos=(photo,), pic="FaultPic00")
    gone = Post(post_id=snowflake(at(1)), by=_ANNA, text="What I said.", scenario=SCENARIOS["deleted"])
    page = Page(url="https://paper.example/story", body=b"<title>A story</title>" + b"words and words " * 200)
    links = (Link(code="FaultLink0", to=page.url), Link(code="FaultLink1", to=seen.url()))
    return World(posts=(seen, gone), links=links, pages=(page,))


def _article(world: World) -> str:
    seen, gone = world.posts
    page, post = (link.url for link in world.links)
    return f"An invented story.\n\nA post: {seen.url()}\n\nAnother: {gone.url()}\n\nMore at {page}\n\nAnd at {post}\n"


_BEGINNING = "An invented story, without anything to fetch: what matters is how an archive begins.\n"


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: the fault, what it hit (``kind path``, ``None``: it never came to pass), the exit code then; the same
    for a second fault, in the recovery from the first; and what was wrong afterwards (``None``: nothing)."""

    fault: Fault
    call: str | None
    code: int
    second: Fault | None
    second_call: str | None
    problem: str | None


class Stage:
    """``kept``: whether the archive holds an earlier article already, or is made by the round's own save. ``recovery``:
    without it (the control), the program does not look at what a stopped run left. ``witness``: see ``Program``. A
    context manager."""

    def __init__(self, *, kept: bool, recovery: bool = True, witness: Sequence[str] = ()) -> None:
        self._kept = kept
        self._witness = witness
        self._sent: defaultdict[str, set[bytes]] = defaultdict(set)
        self._recovery = recovery

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="archiver-faults-"))).resolve()
            self.archive, self._origin = self._folder / "archive", self._folder / "origin"
            world = _world()
            self._web = stack.enter_context(LoopbackWeb(world.hosts(), folder=self._folder))
            config = _CONFIG.format(ca=self._web.ca_bundle, connect_to=self._web.connect_to_toml)
            (self._folder / "config.toml").write_text(config)
            (self._folder / "article.txt").write_text(_article(world) if self._kept else _BEGINNING)
            (self._folder / "earlier.txt").write_text(f"An earlier story.\n\nA post: {world.posts[0].url()}\n")
            self._shadow = self._folder / "shadow"
            program = Program(self.archive, built(self._folder), shadow=self._shadow, witness=self._witness)
            self._program = stack.enter_context(closing(program))
            self._begin_undisturbed()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _begin_undisturbed(self) -> None:
        self._program.warm(*self._words("save", "--json", self._folder / "article.txt"))
        shutil.rmtree(self.archive)
        if self._kept:
            expect(self._archiver("save", self._folder / "earlier.txt").code == 0, "the earlier save failed")
            _copy(self.archive, self._origin)
        done = self.save()
        expect(done.code == 0, f"an undisturbed save ended with {done.code}: {done.err}")
        self._said, self._captured = self._says(), findings.captured(self.archive)

    def _archiver(self, *words: str | Path, **how: Any) -> Done:
        return self._program.run(*self._words(*words), **how)

    def _words(self, *words: str | Path) -> tuple[str | Path, ...]:
        return ("--config", self._folder / "config.toml", *words)

    def save(self, fault: Fault | None = None) -> Done:
        """``archiver save`` of the article."""
        shutil.rmtree(self._shadow, ignore_errors=True)
        self._shadow.mkdir()
        return self._archiver("save", "--json", self._folder / "article.txt", fault=fault, recovery=self._recovery)

    @contextmanager
    def without_recovery(self) -> Iterator[None]:
        """Meanwhile, the control."""
        self._recovery = False
        try:
            yield
        finally:
            self._recovery = True

    def calls_of_a_save(self) -> tuple[str, ...]:
        """The changes that an undisturbed save makes this time."""
        self.begin()
        return self.save().calls

    def begin(self) -> None:
        """The archive as it was before the save."""
        shutil.rmtree(self.archive, ignore_errors=True)
        if self._kept:
            _copy(self._origin, self.archive)
        self._safe = power.disk(self.archive)

    def round(self, fault: Fault, *, twice: bool | Fault) -> Round:
        """Save with a fault, save again, and see. ``twice``: with a second fault while the first one is recovered from,
        this one, or (``True``) at another of its calls and of another sort each time."""
        self.begin()
        first, left = self._broken(fault)
        second, second_call, problem = None, None, None
        try:
            _check_broken(first, fault, left)
            broken = [left]
            if twice:
                second = twice if isinstance(twice, Fault) else _second(fault, self._recovering())
                again, left = self._broken(second)
                second_call = again.hit
                _check_broken(again, second, left)
                if second.what in _POWER:  # what was only written, and named by nobody, may be gone with it
                    broken = [replace(left, promised=broken[0].promised | left.promised)]
                else:
                    broken.append(left)
            self._finish(broken)
        except AssertionError as error:
            problem = str(error)
        return Round(
            fault=fault,
            call=first.hit,
            code=first.code,
            second=second,
            second_call=second_call,
            problem=problem,
        )

    def _broken(self, fault: Fault) -> tuple[Done, State]:
        """A save with that fault, and the archive as it left it."""
        done = self.save(fault)
        left = findings.state(self.archive)
        self._safe = power.synced(self._safe, self._shadow)
        if not done.hit or fault.what not in _POWER:
            return done, left
        power.cut(self.archive, self._safe, hollow=fault.what == "hollow")
        self._safe = power.disk(self.archive)
        return done, replace(findings.state(self.archive), promised=left.promised)

    def _recovering(self) -> tuple[str, ...]:
        """The changes that the next save will make before it begins a file, which is what recovery does."""
        aside = self._folder / "broken"
        if self.archive.exists():
            self.archive.rename(aside)
            _copy(aside, self.archive)
        calls = self.save().calls
        shutil.rmtree(self.archive)
        if aside.exists():
            aside.rename(self.archive)
        begun = (number for number, call in enumerate(calls) if call.startswith("make") and call.endswith(_NEW_FILE))
        return calls[: next(begun, None)]

    def _finish(self, broken: Sequence[State]) -> None:
        """Save undisturbed, and check everything."""
        done = self.save()
        expect(done.code == 0, f"the save afterwards ended with {done.code}: {done.err}")
        after = findings.state(self.archive)
        findings.check_facts_have_bytes(after)
        for before in broken:
            findings.check_nothing_changed(before, after)
        findings.check_in_order(self.archive, after)
        verified = self._archiver("verify")
        expect(verified.code == 0, f"verify ended with {verified.code}: {verified.out}{verified.err}")
        self._check_answers(after)
        expect(findings.captured(self.archive) == self._captured, "not each thing was captured and written about once")
        self._check_says_the_same()
        self._check_rebuilt()
        self._check_at_rest(after)

    def _check_says_the_same(self) -> None:
        """What an undisturbed save's archive says."""
        nothing: dict[str, Any] = {}
        for now, before in zip_longest(self._says(), self._said, fillvalue=nothing):
            other = [
                (name, now.get(name), before.get(name))
                for name in (now | before).keys() - {"due_at"}  # counted from when each save looked
                if now.get(name) != before.get(name)
            ]
            expect(not other, f"the archive says something else than an undisturbed one: {other}")

    def _check_answers(self, after: State) -> None:
        """Byte for byte what the web sent."""
        while self._web.log:
            crossing = self._web.log.pop()
            self._sent[crossing.url].add(bytes(crossing.sent))
        for url, block, whole in findings.answers(after):
            known = self._sent[url]
            right = block in known if whole else any(one.startswith(block) for one in known)
            expect(right, f"{url}: other bytes than the web sent")

    def _check_rebuilt(self) -> None:
        """The catalog is what the WARCs make it."""
        copy = self._folder / "rebuilt"
        copy.mkdir()
        try:
            for path in [*self.archive.glob("*.warc.gz"), self.archive / "manifest.jsonl"]:
                shutil.copy(path, copy)
            asyncio.run(_opened_and_closed(copy))
            expect(tables(copy) == tables(self.archive), "the catalog is not what the WARCs make it")
        finally:
            shutil.rmtree(copy)

    def _check_at_rest(self, after: State) -> None:
        """Another save asks nobody, and writes nothing."""
        before = len(self._web.log)
        done = self.save()
        expect(done.code == 0, f"a further save ended with {done.code}: {done.err}")
        expect(len(self._web.log) == before, "a further save asked the web again")
        expect(findings.state(self.archive) == after, "a further save changed the archive")

    def _says(self) -> list[dict[str, Any]]:
        lines = self._archiver("list", "--json").out.splitlines()
        rows = sorted((json.loads(line) for line in lines), key=lambda row: (row["article"], int(row["position"])))
        return [lasting(row) for row in rows]


def _copy(folder: Path, to: Path) -> None:
    """With its hard links, which shutil would make files of their own: a kill may leave a WARC with two names."""
    subprocess.run(["cp", "-a", folder, to], check=True)


async def _opened_and_closed(folder: Path) -> None:
    await (await opened(folder)).aclose()


def _check_broken(done: Done, fault: Fault, left: State) -> None:
    """The program was killed, or said what happened and what to do, or nothing came of the fault; and whatever the
    catalog names is there."""
    findings.check_facts_have_bytes(left)
    if fault.what not in ("EIO", "ENOSPC", "full"):
        expect(done.code == -9 if done.hit else done.code == 0, f"it ended with {done.code}: {done.err}")
        return
    expect(done.code in (0, 73, 74), f"it ended with {done.code}: {done.err}")
    expect("Traceback" not in done.err, f"it said {done.err}")
    if done.code:
        # What was recovered may have been said before it.
        expect(re.search(r"^archiver: .+\n  → ", done.err, re.M), f"it did not say what to do: {done.err}")


def _second(first: Fault, recovery: tuple[str, ...]) -> Fault:
    sorts = ("kill", "EIO", "power", "tear", "ENOSPC", "hollow", "full")
    return Fault(at=1 + first.at * 7 % len(recovery), what=sorts[(first.at + first.at // 7) % len(sorts)])
