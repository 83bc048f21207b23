"""What is told of an archive's folder without touching it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archiver.store import connection, health

MOUNTS = """\
22 1 252:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /srv/my\\040files rw - nfs4 server:/files rw
31 22 0:41 / /srv rw - xfs /dev/vdb rw
32 22 0:42 / /srv rw - btrfs /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/etc", "ext4"), ("/srv/warcs", "btrfs"), ("/srv/my files/warcs", "nfs4"), ("/srvx", "ext4")],
)
def test_the_file_system_is_that_of_the_longest_mount_point(tmp_path, path, kind):
    """Of two mounts on one point the later one counts; spaces are written as \\040 there (proc(5))."""
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert health.file_system(Path(path), tmp_path / "mountinfo") == kind


def test_where_the_system_does_not_say_the_file_system_is_unknown(tmp_path):
    """Not Linux, or no /proc."""
    assert health.file_system(tmp_path, tmp_path / "none") is None


def test_a_folder_that_is_not_there_is_judged_by_the_one_above(tmp_path):
    """Nothing is made."""
    found = health.examine(tmp_path / "a" / "warcs")
    assert (found.exists, found.writable, found.room, found.schema) == (False, True, str(tmp_path), None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_catalog_is_said_to_be_none(tmp_path):
    """Also when SQLite would open it."""
    (tmp_path / connection.FILE_NAME).write_bytes(b"no database, but long enough to have a header" * 10)
    assert health.examine(tmp_path).catalog_problem


def test_a_file_where_the_folder_should_be_can_not_be_written(tmp_path):
    """The archive can't be made there."""
    (tmp_path / "warcs").write_text("")
    assert not health.examine(tmp_path / "warcs").writable


def test_permissions_of_a_file_nobody_can_read_are_unknown(tmp_path):
    """``None``, whether it is missing or closed to us."""
    secret = tmp_path / "bearer"
    assert health.permissions(secret) is None
    secret.write_text("x")
    secret.chmod(0o600)
    assert health.permissions(secret) == 0o600
    if os.geteuid() != 0:
        secret.chmod(0o000)
        assert health.permissions(secret) is None
