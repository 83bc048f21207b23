"""What is handed to sysadmins is taken by the programs that it is for."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CONTRIB = Path(__file__).parent.parent / "contrib"
SYSTEMD = shutil.which("systemd-analyze")


@pytest.mark.skipif(not SYSTEMD, reason="systemd-analyze is not installed here")
def test_systemd_finds_no_fault_with_the_units(tmp_path):
    """With a program where the units look for it."""
    program = shutil.which("true")
    for unit in (CONTRIB / "systemd").iterdir():
        text = unit.read_text().replace("/opt/archiver/.venv/bin/archiver", str(program))
        (tmp_path / unit.name.replace("@.", "@x.")).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(
        [str(SYSTEMD), "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if any(Path(unit).name in line for unit in units)]
    assert said == []


@pytest.mark.skipif(not SYSTEMD, reason="systemd-analyze is not installed here")
def test_the_timer_means_every_night():
    """``systemd-analyze calendar`` reads it as we do."""
    (when,) = re.findall(r"^OnCalendar=(.*)$", (CONTRIB / "systemd" / "archiver.timer").read_text(), re.MULTILINE)
    done = subprocess.run([str(SYSTEMD), "calendar", when], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "*-*-* 02:30:00" in done.stdout) == (0, True)


def test_the_crontab_has_five_fields_and_a_command_with_a_whole_path():
    """cron knows no PATH, and takes % for an end of line unless the crontab says otherwise."""
    lines = [line for line in (CONTRIB / "crontab").read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        *when, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in when)
        assert command.startswith("/")
        assert re.search(r"(?<!\\)%", command) is None
