"""The house keeps its own rules: who may import whom (``.importlinter``)."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
LINT = Path(sys.executable).with_name("lint-imports")
PLANTED = {  # a line planted at the end of a file, and the contract that must break
    "a stage that reaches for the network": ("resolve.py", "import httpx", "the network belongs to net"),
    "a pure room with a clock": ("record.py", "import time", "pure rooms have no clock"),
    "a stage that knows another": ("capture.py", "from archiver import resolve", "the stages"),
    "the order of work with the cupboard": ("run.py", "from archiver.store import archive", "store: for tools"),
    "a cycle": ("find/page.py", "from archiver.find import finder", "no cycles"),
    "a platform that asks the configuration": ("platforms/x/post.py", "import archiver.config", "config: read by"),
    "a new room that nobody placed": ("newcomer.py", "from archiver import model", "model: everybody"),
    "a new room with a library of its own": ("newcomer.py", "import bs4", "bs4 and dateparser belong to find"),
}


def contracts(folder: Path) -> tuple[int, str]:
    """(exit code, what lint-imports prints) for the house in ``folder``."""
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": str(folder), "PATH": ""},
    )  # fmt: skip
    return done.returncode, done.stdout


def test_every_room_imports_only_what_it_may() -> None:
    """All contracts are kept."""
    code, said = contracts(TOP)
    assert code == 0, said


def test_every_module_is_placed() -> None:
    """Each module of the top floor is named in a contract that says who may import it."""
    parser = configparser.ConfigParser()
    parser.read(TOP / ".importlinter", "utf-8")
    placed = {
        name
        for section in parser.values()
        if section.get("type") == "protected"
        for name in section["protected_modules"].split()
    }
    files = [*(TOP / "archiver").glob("*.py"), *(TOP / "archiver").glob("*/__init__.py")]
    there = {f"archiver.{path.parent.name if path.parent.name != 'archiver' else path.stem}" for path in files}
    assert there - placed == {"archiver.__init__"}
    assert {name for name in placed if name.startswith("archiver.")} <= there


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house, once more, to plant things in."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(TOP / "archiver", folder / "archiver", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOP / ".importlinter", folder)
    return folder


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_violation_is_caught(what: str, copy: Path) -> None:
    """The contracts are not only there, they bite."""
    name, line, contract = PLANTED[what]
    file = copy / "archiver" / name
    before = file.read_bytes() if file.exists() else None
    file.write_bytes((before or b"") + b"\n" + line.encode() + b"\n")
    try:
        code, said = contracts(copy)
    finally:
        file.write_bytes(before) if before is not None else file.unlink()
    broken = [printed for printed in said.splitlines() if printed.endswith(" BROKEN")]
    assert code == 1
    assert any(printed.startswith(contract) for printed in broken), said
