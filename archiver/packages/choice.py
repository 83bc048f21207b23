"""Which articles a package is of, by what the user named."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from archiver.errors import NoInput, UsageError
from archiver.platforms import match, short_link
from archiver.store.archive import Archive
from archiver.store.records import warc_date


def of_target(archive: Archive, target: str) -> list[str]:
    """Articles whose key or name is ``target``, or, when none is, contains it; for a post (id or URL) or a short link,
    those that show it. Raises ``NoInput``."""
    keys = [f"x:{target}"] if target.isascii() and target.isdigit() else []
    post = match(target)
    keys += [post.key] if post else []
    keys += [short] if (short := short_link(target)) else []
    for key in keys:
        if found := [str(row["article"]) for row in archive.sightings(key)]:
            return sorted(set(found))
    rows = list(archive.articles())
    named = [str(row["key"]) for row in rows if target in (row["key"], row["name"])]
    named = named or [str(row["key"]) for row in rows if target and target in f"{row['key']} {row['name']}"]
    if not named:
        raise NoInput(f"{target}: not in the archive", hint="`archiver list --articles` shows what is there")
    return named


def of_night(archive: Archive, night: date) -> list[str]:
    """Articles about which something was written on that day (UTC). Raises ``NoInput``."""
    first = datetime(night.year, night.month, night.day, tzinfo=UTC)
    found = archive.places.articles_written(warc_date(first), warc_date(first + timedelta(days=1)))
    if not found:
        raise NoInput(f"no article was saved on {night}", hint="`archiver list --articles` shows when")
    return found


def of_query(archive: Archive, query: str) -> list[str]:
    """Articles with a sighting that ``archiver list`` would show: ``handle=NAME availability=deleted``.

    Raises ``UsageError``, ``NoInput``.
    """
    where = dict(_pair(word) for word in _words(query))
    found = {str(row["article"]) for row in archive.sightings(None, limit=None, due_by=None, **where)}
    if not found:
        raise NoInput(f"nothing in the archive has {query}", hint="`archiver list` takes the same words as options")
    return sorted(found)


def _words(query: str) -> Sequence[str]:
    try:
        words = shlex.split(query)
    except ValueError as error:
        raise UsageError(f"--query {query}: {error}") from error
    if not words:
        raise UsageError("--query names nothing", hint="for instance --query 'handle=NAME availability=deleted'")
    return words


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or name not in ("handle", "availability", "status", "article"):
        raise UsageError(f"--query {word}: wants handle=, availability=, status= or article=")
    return name, value
