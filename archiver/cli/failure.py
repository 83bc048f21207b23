"""An error, said in a line, with what to do next."""

from __future__ import annotations

import traceback

import click

from archiver import terminal
from archiver.errors import ArchiverError


def say(error: ArchiverError, debug: bool) -> int:
    """Print the error, and what to do next; its exit code."""
    if debug:
        traceback.print_exception(error)
    problems = getattr(error, "problems", (str(error),))
    for problem in problems:
        click.echo(terminal.harmless(f"archiver: {problem}"), err=True)
    if error.hint:
        click.echo(terminal.harmless(f"  → {error.hint}"), err=True)
    return error.exit_code


def bug(error: Exception, debug: bool) -> int:
    """Print what went wrong in us, and how to report it; 70."""
    if debug:
        traceback.print_exception(error)
    click.echo(terminal.harmless(f"archiver: a bug of ours: {type(error).__name__}: {error}"), err=True)
    if not debug:
        click.echo("  → run it again with --debug and report what it prints", err=True)
    return 70
