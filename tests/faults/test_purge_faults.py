"""A few of the rounds of ``python -m tests.faults.purge``."""

from __future__ import annotations

import logging
import shutil
from contextlib import closing

import pytest

from tests.faults.purge import Stage
from tests.faults.zygote import Fault, Program, built

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="the shim is C, and there is no gcc")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """An archive with two posts, and the program."""
    logging.disable()
    folder = tmp_path_factory.mktemp("purge").resolve()
    with closing(Program(folder / "archive", built(folder))) as program:
        made = Stage(folder, program)
        made.undisturbed()
        yield made
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("write *.purging", "tear"),
        ("sync manifest.jsonl", "kill"),
        ("write manifest.jsonl", "full"),
    ],
)
def test_a_purge_is_finished_after_a_fault(stage, call, what):
    """By the next start, whatever it was that went wrong; and no other record changes."""
    assert stage.round(Fault(at=2, what=what, only=call))
