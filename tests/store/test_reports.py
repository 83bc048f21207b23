"""Reports of nights, on disk."""

from __future__ import annotations

import pytest

from archiver.errors import NoInput, StoreError
from archiver.store import reports

RUN, LATER = "20261122T023000Z-abcdef", "20261123T023000Z-abcdef"


def test_a_report_is_kept_under_its_run_and_as_the_latest(tmp_path):
    """The newest is read when no run is named."""
    reports.write(tmp_path, RUN, {"run": RUN})
    reports.write(tmp_path, LATER, {"run": LATER, "name": "ÄÖ\ud800"})
    assert reports.read(tmp_path)["run"] == LATER
    assert reports.read(tmp_path, RUN) == {"run": RUN}
    assert reports.runs(tmp_path) == [LATER, RUN]
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        f"{RUN}.json",
        f"{LATER}.json",
        "latest.json",
    ]


@pytest.mark.parametrize("run", ["../../etc/passwd", "latest", "", "20261122T023000Z-abcdeg/"])
def test_only_the_name_of_a_run_is_one(tmp_path, run):
    """No name leads elsewhere."""
    with pytest.raises(NoInput, match="not the name of a run"):
        reports.read(tmp_path, run)


def test_without_a_report_there_is_no_input(tmp_path):
    """With what to do about it; and one that is damaged says so."""
    with pytest.raises(NoInput) as said:
        reports.read(tmp_path)
    assert said.value.hint == "`archiver nightly` writes one"
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "latest.json").write_text("{")
    with pytest.raises(NoInput, match="can't be read"):
        reports.read(tmp_path)


def test_a_report_that_can_not_be_written_is_a_store_error(tmp_path):
    """A file stands where its folder should be."""
    (tmp_path / "reports").write_text("")
    with pytest.raises(StoreError):
        reports.write(tmp_path, RUN, {})


def test_a_file_is_put_in_one_piece(tmp_path):
    """The old one stays when the new one can't be written; nothing is left beside it."""
    reports.put(tmp_path / "a.prom", b"one")
    with pytest.raises(TypeError):
        reports.put(tmp_path / "a.prom", None)  # type: ignore[arg-type]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"]
