"""Full disks, limits, read-only folders and kill -9, each met by a real process."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.store.tapes import (
    members,
    names,
    plainly,
    tables,
    warcs,
)

OPEN = """
    import asyncio, sys, time
    from pathlib import Path
    from archiver.errors import ArchiverError
    from tests.store.tapes import opened, tape, reply
    async def main():
        try:
            archive = await opened(Path(sys.argv[1]))
            for number in range(int(sys.argv[2])):
                await archive.keep(tape(reply(b"%d" % number * 5000), slot=f"{sys.argv[3]}-{number}"))
                print(number, flush=True)
            await archive.aclose()
        except ArchiverError as error:
            print(f"exit {error.exit_code}: {error} ({error.hint})", flush=True)
            if "archive" in locals():
                await archive.aclose()
    asyncio.run(main())
"""


def run(folder, count, tag="x", shell=""):
    """What another process says that keeps ``count`` exchanges, perhaps under a limit."""
    inner = f"{shell} exec {sys.executable} -c '{textwrap.dedent(OPEN)}' {folder} {count} {tag}"
    return subprocess.run(["sh", "-c", inner], capture_output=True, text=True, timeout=60, check=False)


def _unshare(mount, folder, count):
    """``run`` where ``folder`` is mounted as ``mount`` says, seen by that process alone."""
    inner = (
        f"{mount} && {sys.executable} -c '{textwrap.dedent(OPEN)}' {folder} {count} x; cp -a {folder}/. {folder}.out"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inner], capture_output=True, text=True, timeout=60, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    return done


def test_a_full_disk(tmp_path):
    """A7: exit 74 with what to do; what was said to be kept is there; with room again, the rest goes on."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "archive.out").mkdir()
    done = _unshare(f"mount -t tmpfs -o size=400k none {folder}", folder, 500)
    said = done.stdout.splitlines()
    assert said[-1].startswith("exit 74: the disk is full at ")
    assert "free some space and run again" in said[-1]
    kept = len(said) - 1
    assert kept > 0
    assert "exit" not in run(f"{folder}.out", 1, "after").stdout
    rows = tables(tmp_path / "archive.out")["capture"]
    assert kept <= len([row for row in rows if row[1].startswith("x-")]) <= kept + 1


def test_a_read_only_archive(tmp_path):
    """A14: exit 73, in one line."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "archive.out").mkdir()
    done = _unshare(f"mount -t tmpfs none {folder} && mount -o remount,ro {folder}", folder, 1)
    assert done.stdout.startswith("exit 73: the archive ")
    assert "Read-only" in done.stdout


def test_a_file_size_limit(tmp_path):
    """A16: exit 74; the next run finds everything that was said to be kept, and nothing else."""
    folder = tmp_path / "archive"
    done = run(folder, 500, shell="ulimit -f 100;")
    said = done.stdout.splitlines()
    assert said[-1].startswith("exit 74: ")
    assert "exit" not in run(folder, 1, "after").stdout
    slots = {row[1] for row in tables(folder)["capture"]}
    assert {f"x-{number}" for number in range(len(said) - 1)} <= slots


def test_kill_9_at_any_moment(tmp_path):
    """Ten times in one archive: nothing that was said to be kept is lost, nothing is there twice, every file is whole,
    and what was in a closed file stays as it was."""
    folder, said, bytes_before = tmp_path / "archive", set(), {}
    for number in range(10):
        command = [sys.executable, "-c", textwrap.dedent(OPEN), str(folder), "100000", str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for line in process.stdout:
                said.add(f"{number}-{line.strip()}")
                if number * 3 < int(line):
                    process.kill()
    assert "exit" not in run(folder, 1, "last").stdout
    slots = [row[1] for row in tables(folder)["capture"]]
    assert said <= set(slots)
    assert len(slots) == len(set(slots))
    assert not [name for name in names(folder) if name.endswith(".open")]
    ids = [dict(plainly(member)[0])["WARC-Record-ID"] for path in warcs(folder) for member in members(path)]
    assert len(ids) == len(set(ids)) == 3 * len(slots) + len(warcs(folder))
    bytes_before.update({path: path.read_bytes() for path in warcs(folder)})
    run(folder, 1, "once more")
    assert all(path.read_bytes() == data for path, data in bytes_before.items())
