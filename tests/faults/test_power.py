"""What a power cut leaves, by the model that the rounds are played with."""

from __future__ import annotations

from tests.faults import power


def test_a_folder_that_was_never_synced_is_there_and_empty(tmp_path):
    """Its name was synced with the folder above it, what is in it was not; it does not become a file."""
    archive, shadow = tmp_path / "archive", tmp_path / "shadow"
    archive.mkdir()
    shadow.mkdir()
    before = power.disk(archive)
    (archive / "quarantine").mkdir()
    (archive / "quarantine" / "a.torn").write_bytes(b"torn")
    inode = (archive / "quarantine").stat().st_ino
    (shadow / "names-").write_text(f"{inode} quarantine\n")
    power.cut(archive, power.synced(before, shadow), hollow=False)
    assert (archive / "quarantine").is_dir()
    assert list((archive / "quarantine").iterdir()) == []
