"""What the user named → its bytes: an address, a file, standard input, a folder of pages, a crawl. Files are opened,
and nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from archiver.errors import ArchiverError, NoInput, Refused
from archiver.net import guard
from archiver.platforms import short_link
from archiver.store import crawls, folders
from archiver.store import intake as disk

_ANY_PORT = frozenset(range(1, 65_536))
_MEDIA_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}


class Named(NamedTuple):
    """What the user named, or a part of it; the fields of ``run.Target``."""

    name: str
    url: str | None
    data: bytes | None
    media_type: str | None
    charset: str | None = None


def document(name: str, url: str | None = None) -> Named:
    """One article: a web address, a file, or ``-``; ``url`` is where a file comes from. Raises ``NoInput``, also for an
    address that is none, and for what holds many."""
    url = web_address(url) if url is not None else None
    if name != "-" and "://" not in name:
        is_folder = folders.is_folder(name)
        if is_folder or crawls.is_crawl(Path(name)):
            what = "not a regular file but a folder" if is_folder else "not one article but a crawl of many"
            raise NoInput(f"{name}: {what}", hint=f"archiver find {name} looks through it")
    own_url, data = read_target(name)
    if name == "-" and data is not None and crawls.begins_crawl(data[: crawls.FIRST_BYTES]):
        raise NoInput("-: not one article but a crawl of many", hint="archiver find - looks through it")
    media_type = _MEDIA_TYPES.get(Path(name).suffix.lower()) if data is not None else None
    return Named(name, own_url or url, data, media_type)


def documents(name: str, url: str | None, tell: Callable[[ArchiverError], None]) -> Iterator[Named]:
    """Every article that ``name`` holds: itself, as ``document``; what a folder's files hold; a WARC's or WACZ's texts.

    ``tell`` gets an error for whatever was skipped. Raises ``NoInput`` as ``document`` does, or for nothing."""
    if url is not None or "://" in name:
        yield document(name, url)
    elif name == "-":
        yield from _of_stdin(tell)
    elif folders.is_folder(name):
        found = 0
        for file in folders.pages_below(Path(name), tell):
            found += 1
            try:
                yield from _of_file(str(file), tell)
            except NoInput as error:
                tell(error)
        if not found:
            raise NoInput(f"{name}: no articles below it", hint=f"looked for *{', *'.join(folders.SUFFIXES)}")
    else:
        yield from _of_file(name, tell)


def _of_file(name: str, tell: Callable[[ArchiverError], None]) -> Iterator[Named]:
    path = Path(name)
    if crawls.is_crawl(path):
        yield from map(_of_crawl, crawls.answers(path, tell))
    else:
        yield document(name)


def _of_stdin(tell: Callable[[ArchiverError], None]) -> Iterator[Named]:
    stream = disk.stdin()
    first = stream.read(crawls.FIRST_BYTES)
    if crawls.begins_crawl(first):
        with crawls.spooled(first, stream) as file:
            yield from map(_of_crawl, crawls.answers_in(file, "-", tell))
    else:
        rest = stream.read(disk.MAX_BYTES + 1 - len(first))
        yield Named("-", None, disk.checked("-", first + rest), None)


def _of_crawl(answer: crawls.Answer) -> Named:
    return Named(answer.name, answer.url, answer.body, answer.media_type, answer.charset)


def read_target(name: str) -> tuple[str | None, bytes | None]:
    """(URL, ``None``) for a web address, (``None``, bytes) for a file or ``-``. Raises ``NoInput``, also for an address
    that is none."""
    scheme = name.partition("://")[0].lower() if "://" in name[:12] else ""
    if scheme in ("http", "https"):
        return web_address(name), None
    if scheme:
        raise NoInput(f"{name}: only http:// and https:// addresses can be archived")
    return None, disk.read_file(name)


def web_address(text: str) -> str:
    """``text``, if it is an address that may be asked for, whatever its port; else ``NoInput`` with the reason."""
    try:
        guard.place(text, _ANY_PORT)
    except Refused as error:
        raise NoInput(f"no web address: {error}") from error
    return text


def link(text: str) -> str:
    """The short link that ``text`` is, with its scheme, else ``text`` as ``web_address`` has it."""
    return short_link(text) or web_address(text)
