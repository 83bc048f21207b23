"""A few of the rounds of ``make faults``, and that its counting misses nothing."""

from __future__ import annotations

import logging
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.stage import Stage
from tests.faults.zygote import Fault

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="the shim is C, and there is no gcc")

_KINDS = {
    **dict.fromkeys(("write", "pwrite64", "writev", "pwritev", "pwritev2"), "write"),
    **dict.fromkeys(("fsync", "fdatasync", "sync_file_range"), "sync"),
    **dict.fromkeys(("truncate", "ftruncate", "fallocate"), "truncate"),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), "unlink"),
    **dict.fromkeys(("rename", "renameat", "renameat2"), "rename"),
    **dict.fromkeys(("link", "linkat", "symlink", "symlinkat"), "link"),
    **dict.fromkeys(("copy_file_range", "sendfile", "splice", "io_uring_enter"), "other"),
}


@pytest.fixture(scope="module")
def stage():
    logging.disable()  # recovery's warnings, which are this module's everyday
    with Stage(kept=True) as made:
        yield made
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("write *.warc.gz.open", "tear"),
        ("sync *.warc.gz.open", "EIO"),
        ("write catalog.sqlite-wal", "full"),
        ("unlink *.warc.gz.open", "kill"),
        ("sync manifest.jsonl", "power"),
    ],
)
def test_a_save_goes_on_after_a_fault_and_a_fault_in_its_recovery(stage, call, what):
    """Nothing lost, nothing twice, no earlier byte changed."""
    played = stage.round(Fault(at=2, what=what, only=call), twice=True)
    assert played.problem is None
    assert played.call
    assert played.second_call


def test_what_recovery_takes_up_is_synced_first(stage):
    """A group that a killed run wrote but did not sync is taken up, and the power fails: the catalog names nothing that
    is gone with it."""
    killed = Fault(at=2, what="kill", only="sync *.warc.gz.open")
    for at in (3, 5):
        played = stage.round(killed, twice=Fault(at=at, what="power", only="sync *"))
        assert played.problem is None
        assert played.second_call


def test_without_recovery_the_same_is_seen_to_fail(stage):
    """The control: what is checked would notice."""
    with stage.without_recovery():
        assert stage.round(Fault(at=1, what="kill", only="unlink *.warc.gz.open"), twice=False).problem


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is the witness")
def test_every_change_of_the_archive_is_counted(tmp_path):
    """What the kernel was asked to change, as strace heard it, is what the shim counted: call by call, and no other way
    to change a file was used."""
    heard = tmp_path / "strace"
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-qq",
        "-s",
        "0",
        "-o",
        str(heard),
        "-e",
        f"trace={','.join(_KINDS)}",
    ]
    with Stage(kept=True, witness=command) as stage:
        heard.write_text("")
        counted = Counter(call for call in stage.calls_of_a_save() if not call.startswith("make "))
        lines = heard.read_text().splitlines()
        assert Counter(filter(None, (_change(line, stage.archive) for line in lines))) == counted


def _change(line: str, archive: Path) -> str | None:
    """``kind path`` of a call on the archive's folder, ``None`` for any other; a link's path is its new one."""
    found = re.match(r"\d+ +(\w+)\((.*)", line)
    if not found:
        return None
    paths = re.findall(rf"""[<"]{re.escape(str(archive))}(?:/([^">]*))?[">]""", found[2])
    return f"{_KINDS[found[1]]} {paths[-1]}" if paths else None
