"""Words typed → one call; results printed; exit code. A file for each family of commands."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence

import click

from archiver import __version__, printing
from archiver.cli import (
    doctor,
    export,
    imports,
    index,
    links,
    look,
    nightly,
    pack,
    policy,
    reread,
    save,
    shared,
    verify,
)
from archiver.errors import ArchiverError, StoreError

# Of files and archive such an error is an ArchiverError already; without a file's name it is of our own output.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_EXIT = """
\b
Exit codes: 0 everything settled (a post that is gone is settled) · 1 some finds failed or wait for another try ·
2 usage · 65 damaged data · 66 no such input · 69 nothing could be reached · 70 our bug · 73, 74 cannot create, cannot
write · 75 the archive is locked by another run · 78 configuration · 130, 143 stopped.
"""


@click.group(epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", "config_file", metavar="FILE", help="Configuration (else $ARCHIVER_CONFIG, else ./config.toml)."
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="archiver")
@click.pass_context
def cli(context: click.Context, config_file: str | None, debug: bool) -> None:
    """Keep the social posts that news articles quote: find embeds, resolve links, capture, record."""
    context.obj = {"config": config_file, "debug": debug}


for _command in (
    save.save,
    nightly.nightly,
    nightly.report_,
    links.find,
    links.resolve,
    look.list_,
    look.show,
    look.config_,
    doctor.doctor_,
    policy.policy,
    export.export_,
    pack.pack,
    imports.import_,
    index.index,
    verify.verify,
    verify.repair,
    reread.reread,
):
    cli.add_command(_command)


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
        code = shared.say(error, debug)
    except Exception as error:  # the one place where our own bugs become exit code 70
        if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is held back would fail again at exit
            code = shared.say(StoreError(f"standard output can't be written: {error.strerror}"), debug)
        else:
            code = _bug(error, debug)
    sys.exit(code or 0)


def _bug(error: Exception, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    click.echo(printing.harmless(f"archiver: a bug of ours: {type(error).__name__}: {error}"), err=True)
    if not debug:
        click.echo("  → run it again with --debug and report what it prints", err=True)
    return 70
