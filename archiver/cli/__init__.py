"""Words typed → one call; results printed; exit code. A file for each family of commands."""

from __future__ import annotations

import asyncio
import difflib
import errno
import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

import click

from archiver import __version__
from archiver.cli import failure
from archiver.errors import ArchiverError, StoreError

# Of files and archive such an error is an ArchiverError already; without a file's name it is of our own output.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_EPILOG = """
\b
Examples:
  archiver find article.html             what it quotes; nothing is kept, and no network used
  archiver save https://news.example/1   keep the article and all that it quotes
  archiver COMMAND --help                each command, with examples

\b
Exit codes: 0 everything settled (a post that is gone is settled) · 1 some finds failed or wait for another try ·
2 usage · 65 damaged data · 66 no such input · 69 nothing could be reached · 70 our bug · 73, 74 cannot create, cannot
write, or no room · 75 the archive is locked by another run · 78 configuration · 130, 143 stopped.
"""


class Place(NamedTuple):
    """Where a command is: ``archiver.cli.<module>``, the name there, and what it does, in a line."""

    module: str
    name: str
    line: str


COMMANDS: Mapping[str, Mapping[str, Place]] = {
    "Archive": {
        "save": Place("save", "save", "Archive articles: a URL, an HTML or text file, or - for standard input."),
        "nightly": Place("nightly", "nightly", "Archive what is new in the sources, and look again at what is due."),
        "resolve": Place("links", "resolve", "Follow links hop by hop, and keep every hop."),
        "reread": Place("reread", "reread", "Read everything that is stored again, without the network."),
    },
    "Look": {
        "find": Place("links", "find", "Print what is embedded in articles; nothing is kept."),
        "list": Place("look", "list_", "List what the archive holds."),
        "show": Place("look", "show", "Show everything known about one post, link or article."),
        "report": Place("nightly", "report_", "Say how the last night went, or another one."),
    },
    "Hand on": {
        "pack": Place("pack", "pack", "Make a WACZ of articles and all that belongs to them."),
        "export": Place("export", "export_", "Write a table: posts, sightings, hops, availability or ledger."),
        "import": Place("imports", "import_", "Take in WACZ and WARC files, and ledgers of short links."),
    },
    "Take care": {
        "verify": Place("verify", "verify", "Check the whole archive, WARC files, or a WACZ."),
        "repair": Place("verify", "repair", "Salvage every whole record of a damaged WARC into a new one."),
        "index": Place("index", "index", "Make the CDXJ of each closed WARC that has none."),
        "policy": Place("policy", "policy", "Keep, hide or remove a post, or all posts of a handle."),
        "doctor": Place("doctor", "doctor_", "Look for whatever would keep a run from going well."),
        "config": Place("config", "config_", "Print the effective configuration, or every problem in it."),
    },
}


class _Commands(click.Group):
    """A command's module is loaded when it is used: each needs libraries of its own, some of which take long."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for family in COMMANDS.values() for name in family]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        for family in COMMANDS.values():
            if place := family.get(name):
                command = getattr(import_module(f"archiver.cli.{place.module}"), place.name)
                assert isinstance(command, click.Command)
                return _with_options_of_all(command)
        return None

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            if near := difflib.get_close_matches(args[0], self.list_commands(context), n=1):
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", context) from error
            raise

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for title, family in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, place.line) for name, place in family.items()])


def _with_options_of_all(command: click.Command) -> click.Command:
    """``command`` (and those below it), which takes ``--config`` and ``--debug`` behind its name, too: there one adds
    them to the line that just went wrong."""
    if not any(isinstance(one, _OfAll) for one in command.params):
        command.params += [
            _OfAll("--config", metavar="FILE"),
            _OfAll("--debug", is_flag=True),
        ]
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _with_options_of_all(below)
    return command


class _OfAll(click.Option):
    """An option of the program that stands behind a command; its help is the program's."""

    def __init__(self, name: str, *, metavar: str | None = None, is_flag: bool = False) -> None:
        super().__init__(
            [name], metavar=metavar, is_flag=is_flag, hidden=True, expose_value=False, callback=self._kept,
            help="As before the command.",
        )  # fmt: skip

    def _kept(self, context: click.Context, option: click.Parameter, value: object) -> None:
        if value and context.find_root().obj is not None:
            context.find_root().obj[option.name] = value


@click.command(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config", "config_file", metavar="FILE", help="Configuration (else $ARCHIVER_CONFIG, else ./config.toml)."
)
@click.option("--debug", is_flag=True, help="Show tracebacks. Both may stand behind the command, too.")
@click.version_option(__version__, prog_name="archiver")
@click.pass_context
def cli(context: click.Context, config_file: str | None, debug: bool) -> None:
    """Keep the social posts that news articles quote: find embeds, resolve links, capture, record."""
    context.obj = {"config": config_file, "debug": debug}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command ``archiver``: runs, prints errors as one line with what to do next, and exits."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale says: names and texts are of all scripts
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = cli.main(args=words, prog_name="archiver", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()  # what is still held back, while there is somebody to tell that it can't be written
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except asyncio.CancelledError:
        code = 128 + signal.SIGTERM
    except ArchiverError as error:
        code = failure.say(error, debug)
    except Exception as error:  # the one place where our own bugs become exit code 70
        if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is held back would fail again at exit
            code = failure.say(StoreError(f"standard output can't be written: {error.strerror}"), debug)
        else:
            code = failure.bug(error, debug)
    sys.exit(code or 0)
