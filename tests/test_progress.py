"""A terminal shows progress and results, each on lines of its own; a file gets the results."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.test_cli import ROOT


def screen(sent: str) -> list[str]:
    """The lines that a terminal shows after it was ``sent`` this: carriage return, line feed, erase, cursor up."""
    lines, row, column = [""], 0, 0
    for part in re.findall("\x1b\\[[0-9;?]*[A-Za-z]|.", sent, re.DOTALL):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column = 0
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif len(part) == 1:
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def on_terminal(folder, *words, out=None):
    """(exit code, what a terminal shows) of a command whose standard error it is, and its standard output unless
    ``out`` is."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "archiver", *map(str, words)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=out or theirs, stderr=theirs, cwd=folder, env=environment
    ) as run:
        os.close(theirs)
        sent = b""
        try:
            while data := os.read(ours, 65_536):
                sent += data
        except OSError:  # the other end is closed
            pass
        os.close(ours)
    return run.returncode, screen(sent.decode())


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder whose archive finds nobody."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "config.toml").write_text(
        '[network]\nconnect_to = { "*:443" = "127.0.0.1:9" }\ntries = 1\n[archives]\nwayback = false\n'
        "[politeness]\nrequests_per_second = 0\n"
    )
    return folder


def test_results_stand_alone(desk):
    """No bar is left, before them or behind."""
    _, shown = on_terminal(desk, "save", ROOT / "examples" / "article.txt")
    assert not any("━" in line for line in shown)
    assert shown[0] == str(ROOT / "examples" / "article.txt")
    assert shown[1].split() == ["#", "kind", "form", "who", "when", "status"]


def test_a_file_gets_the_results_though_a_terminal_shows_the_progress(desk):
    """All of them; the terminal none."""
    with (desk / "out.jsonl").open("wb") as out:
        _, shown = on_terminal(desk, "save", "--json", ROOT / "examples" / "article.txt", out=out)
    rows = [json.loads(line) for line in (desk / "out.jsonl").read_text().splitlines()]
    assert len(rows) >= 3
    assert not any(shown)


def test_findings_of_verify_stand_alone(desk):
    """One a line."""
    (desk / "x.warc").write_bytes(b"no WARC at all\r\n" * 3)
    command = [sys.executable, "-m", "archiver", "verify", "x.warc"]
    piped = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)
    code, shown = on_terminal(desk, "verify", "x.warc")
    assert code == piped.returncode == 65
    assert [line for line in shown if line] == piped.stdout.splitlines()
