"""The file that grows."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import textwrap

import pytest

from archiver.errors import Damaged, StoreError
from archiver.store import records, warc
from tests.store.tapes import NOW, members, names, plainly, post

INFO = records.warcinfo_part("a.warc.gz", NOW, [("software", "archiver/test")])
GROUP = records.document_group(post(), INFO.record_id)


def volume(name="a.warc.gz"):
    return warc.Volume(name=name, warcinfo=INFO, planned_bytes=0)


def test_names_follow_the_convention():
    """Prefix, UTC time to the millisecond, serial, host, process."""
    name = warc.file_name(NOW, 7)
    assert re.fullmatch(r"archiver-20260801120000123-00007-[A-Za-z0-9.-]+-[0-9]+\.warc\.gz", name)


def test_a_name_that_anybody_has_is_passed_over(tmp_path):
    """Growing, closed, or a link to nowhere: the next serial is taken."""
    (tmp_path / warc.file_name(NOW, 1)).touch()
    (tmp_path / f"{warc.file_name(NOW, 2)}.open").touch()
    (tmp_path / warc.file_name(NOW, 3)).symlink_to(tmp_path / "nowhere")
    assert warc.file_name(NOW, 4) == warc.unused_name(tmp_path, NOW, iter(range(1, 9)))


def test_only_our_own_regular_files_are_listed(tmp_path):
    """Others' WARCs, links and folders with a fitting name are none of ours."""
    ours = [warc.file_name(NOW, 1), f"{warc.file_name(NOW, 2)}.open"]
    for name in [*ours, "wget.warc.gz", "archiver-notes.txt", f"{ours[0]}.tmp"]:
        (tmp_path / name).touch()
    (tmp_path / warc.file_name(NOW, 3)).symlink_to(tmp_path / ours[0])
    (tmp_path / warc.file_name(NOW, 4)).mkdir()
    assert ours == warc.files(tmp_path)


def test_a_file_grows_and_is_closed(tmp_path):
    """Growing it is ``.open``; references hold; closing gives the final name and the digest of what is there."""
    file = warc.GrowingWarc(tmp_path, volume())
    refs = [file.append(GROUP), file.append(GROUP)]
    file.sync()
    assert names(tmp_path) == ["a.warc.gz.open"]
    assert file.end == file.path.stat().st_size
    digest = file.close()
    assert names(tmp_path) == ["a.warc.gz"]
    data = (tmp_path / "a.warc.gz").read_bytes()
    assert hashlib.sha256(data).hexdigest() == digest
    assert [dict(plainly(member)[0])["WARC-Type"] for member in members(tmp_path / "a.warc.gz")] == [
        "warcinfo",
        "metadata",
        "metadata",
    ]
    for ref in refs:
        member = data[ref.offset_bytes : ref.offset_bytes + ref.length_bytes]
        assert ("a.warc.gz", b"".join(_pieces(GROUP.parts[0]))) == (ref.file, member)


def _pieces(part):
    pieces: list[bytes] = []
    part.write_to(pieces.append)
    return pieces


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"old"), lambda path: path.symlink_to("/etc/hostname")])
def test_nothing_is_written_over(tmp_path, make):
    """Neither when a file is begun nor when it is closed; links are not followed."""
    make(tmp_path / "a.warc.gz.open")
    with pytest.raises(StoreError):
        warc.GrowingWarc(tmp_path, volume())
    file = warc.GrowingWarc(tmp_path, volume("b.warc.gz"))
    make(tmp_path / "b.warc.gz")
    with pytest.raises(StoreError, match="there already"):
        file.close()
    assert names(tmp_path) == ["a.warc.gz.open", "b.warc.gz", "b.warc.gz.open"]


def test_closing_is_finished_when_it_was_interrupted(tmp_path):
    """A crash between the new name and the end of the old one leaves both; that is no other file in the way."""
    (tmp_path / "a.warc.gz.open").write_bytes(b"all of it")
    os.link(tmp_path / "a.warc.gz.open", tmp_path / "a.warc.gz")
    warc.publish(tmp_path, "a.warc.gz")
    assert names(tmp_path) == ["a.warc.gz"]


def test_a_file_is_found_growing_or_closed(tmp_path):
    """By the name that references use; not through a link, and a missing one is damage."""
    (tmp_path / "a.warc.gz.open").write_bytes(b"growing")
    (tmp_path / "b.warc.gz").write_bytes(b"closed")
    (tmp_path / "c.warc.gz").symlink_to(tmp_path / "b.warc.gz")
    for name, data in (("a.warc.gz", b"growing"), ("b.warc.gz", b"closed")):
        fd = warc.open_to_read(tmp_path, name)
        assert data == os.read(fd, 100)
        os.close(fd)
    for name in ("c.warc.gz", "d.warc.gz"):
        with pytest.raises(Damaged):
            warc.open_to_read(tmp_path, name)


def test_short_writes_are_carried_on(tmp_path):
    """The kernel writes up to the limit and says so; the rest fails, what was written before stays, nothing is tried
    again."""
    program = f"""
        import resource
        from pathlib import Path
        from archiver.errors import StoreError
        from archiver.store import records, warc
        from tests.store.test_warc import GROUP, volume
        file = warc.GrowingWarc(Path({str(tmp_path)!r}), volume())
        file.append(GROUP)
        file.sync()
        safe = file.end
        resource.setrlimit(resource.RLIMIT_FSIZE, (safe + 10, resource.RLIM_INFINITY))
        file.append(GROUP)
        try:
            file.sync()
        except StoreError as error:
            print(safe, file.path.stat().st_size, error.exit_code, error, error.hint)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30,
                          check=True)  # fmt: skip
    safe, size, code, message = done.stdout.split(maxsplit=3)
    assert (int(safe) + 10, "74") == (int(size), code)
    assert "file size limit" in message
    assert "ulimit" in message
