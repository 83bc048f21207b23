"""The commands as documented: help with an example each, README and exit codes that agree with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from archiver import errors
from archiver.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONTEXT = click.Context(cli, info_name="archiver")
COMMANDS = {name: command for name in cli.list_commands(CONTEXT) if (command := cli.get_command(CONTEXT, name))}

POLICY = COMMANDS["policy"]
assert isinstance(POLICY, click.Group)


def help_of(name: str) -> str:
    """What ``archiver NAME --help`` prints."""
    name, _, below = name.partition(" ")
    command = COMMANDS[name]
    if below:
        assert isinstance(command, click.Group)
        command, name = command.commands[below], f"{name} {below}"
    return command.get_help(click.Context(command, info_name=f"archiver {name}", max_content_width=100))


@pytest.mark.parametrize("name", [*COMMANDS, *(f"policy {name}" for name in POLICY.commands)])
def test_the_help_of_a_command_ends_in_an_example(name):
    """A line that can be typed as it stands."""
    assert re.search(rf"^ +(?:.*\| )?archiver (--config \S+ )?{name}( \S|$)", help_of(name), re.MULTILINE)


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "no.toml", "list"],
        ["list", "--config", "no.toml"],
        ["list", "--config=no.toml", "--debug"],
        ["policy", "list", "--config", "no.toml"],
    ],
)
def test_the_program_s_options_may_stand_behind_the_command(words):
    """Where one adds them to the line that went wrong; tracebacks then, too."""
    done = subprocess.run([sys.executable, "-m", "archiver", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, "no.toml: no such file" in done.stderr) == (78, True)
    assert ("Traceback" in done.stderr) == ("--debug" in words)


@pytest.mark.parametrize("name", COMMANDS)
def test_they_are_explained_once(name):
    """In the program's own help."""
    assert "--debug" not in help_of(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_shows_every_command(name):
    """In a block to copy from."""
    assert re.search(rf"^archiver {name}\b", README, re.MULTILINE)


def test_the_readme_and_the_help_list_every_exit_code():
    """Those of the errors, and 0, 2, 69, 70, 130 and 143, which are no errors of ours."""
    tree = {
        error.exit_code for error in vars(errors).values() if isinstance(error, type) and hasattr(error, "exit_code")
    }
    documented = {
        int(code) for line in re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE) for code in line.split(",")
    }
    assert documented == tree | {0, 2, 69, 70, 130, 143}
    told = cli.get_help(click.Context(cli, info_name="archiver"))
    assert all(re.search(rf"\b{code}\b", told) for code in documented)


def test_every_command_that_is_listed_is_there_by_its_name():
    """And no other name is."""
    assert {name: command.name for name, command in COMMANDS.items()} == {
        name: name for name in cli.list_commands(CONTEXT)
    }
    assert cli.get_command(CONTEXT, "sav") is None


@pytest.mark.parametrize(("typed", "said"), [("sav", "Did you mean 'save'?"), ("zzzzzz", "No such command 'zzzzzz'.")])
def test_a_command_mistyped_is_answered_with_the_nearest(typed, said):
    """When there is one."""
    with pytest.raises(click.UsageError, match=re.escape(said)):
        cli.main([typed], standalone_mode=False)


def test_help_waits_for_no_library():
    """A command's own are loaded when it is used."""
    script = "import sys; from archiver.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"sqlalchemy", "bs4", "httpx", "rich", "dateparser"} & set(printed.split())


def test_every_option_is_explained():
    """No option without a word about it."""
    silent = [
        (name, option.name)
        for name, command in COMMANDS.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_every_target_of_the_makefile_is_explained():
    """``make help`` knows them all."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    explained = re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE)
    assert sorted(targets) == sorted(explained)


def test_no_line_of_the_readme_is_too_long_to_be_read():
    """Tables aside: 120 characters, as the code's."""
    assert [line for line in README.splitlines() if len(line) > 120 and not line.startswith("|")] == []
