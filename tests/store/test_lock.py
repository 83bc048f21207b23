"""One writer at a time, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest

from archiver.errors import AlreadyRunning, CannotCreate
from archiver.store.lock import Lock
from tests.store.tapes import NOW

HOLD = """
    import subprocess, sys, time
    from datetime import UTC, datetime
    from pathlib import Path
    from archiver.store.lock import Lock
    lock = Lock.take(Path(sys.argv[1]), datetime.now(UTC))
    {more}
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder, more=""):
    """A process that holds the lock, until it is killed."""
    program = textwrap.dedent(HOLD).format(more=more)
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_has_it(tmp_path):
    """At once, with process, host, start and command."""
    with holder(tmp_path) as process:
        with pytest.raises(AlreadyRunning) as caught:
            Lock.take(tmp_path, NOW)
        message = str(caught.value)
        assert f"process {process.pid} on {os.uname().nodename} since 2" in message
        assert "(-c)" in message


def test_a_killed_holder_leaves_no_lock_but_a_trace(tmp_path):
    """After kill -9 the lock is free, and says that nothing was closed in order."""
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        lock = Lock.take(tmp_path, NOW)
        assert lock.unclean
        lock.release(clean=True)
    lock = Lock.take(tmp_path, NOW)
    assert not lock.unclean
    lock.release(clean=False)
    assert Lock.take(tmp_path, NOW).unclean


def test_children_do_not_inherit_it(tmp_path):
    """The holder's child outlives it, and keeps nobody out."""
    child = 'child = subprocess.Popen(["sleep", "5"], close_fds=False); print(child.pid, flush=True)'
    program = textwrap.dedent(HOLD).format(more=child)
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.kill()
        process.wait()
        os.kill(pid, 0)
        Lock.take(tmp_path, NOW).release(clean=True)
        os.kill(pid, 9)


def test_opening_and_closing_the_file_elsewhere_does_not_drop_it(tmp_path):
    """As it would with lockf."""
    lock = Lock.take(tmp_path, NOW)
    (tmp_path / "lock").read_bytes()
    with pytest.raises(AlreadyRunning):
        Lock.take(tmp_path, NOW)
    lock.release(clean=True)


def test_a_deleted_lock_file_lets_the_next_one_in_and_not_the_holder_back(tmp_path):
    """Who takes the lock looks whether its file is still the one with that name."""
    first = Lock.take(tmp_path, NOW)
    (tmp_path / "lock").unlink()
    second = Lock.take(tmp_path, NOW)
    with pytest.raises(AlreadyRunning):
        Lock.take(tmp_path, NOW)
    first.release(clean=True)
    second.release(clean=True)


@pytest.mark.parametrize("content", [b"", b"not json", b'["a"]', b'{"pid": "\\u001b[31m\\n", "host": 5}'])
def test_whatever_the_file_says_the_message_is_one_line(tmp_path, content):
    """Half written, of another program, or hostile."""
    lock = Lock.take(tmp_path, NOW)
    (tmp_path / "lock").write_bytes(content)
    with pytest.raises(AlreadyRunning) as caught:
        Lock.take(tmp_path, NOW)
    assert str(caught.value).isprintable()
    lock.release(clean=True)


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """Nobody can make us write elsewhere."""
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotCreate):
        Lock.take(tmp_path, NOW)
    assert not (tmp_path / "elsewhere").exists()
