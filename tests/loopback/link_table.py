"""Where short links lead, and what is recorded of them: every manner of t.co and of the other shorteners."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from archiver import outcome, record, resolve
from archiver.model import Find
from archiver.platforms.x import urls
from tests.loopback.gallery import END, GALLERY, LINKS, SHORT_LINKS
from tests.loopback.miniature import Miniature
from tests.loopback.recorded import FIRST, drawn
from tests.loopback.shorteners import FOLDERS, HABITS

_CODE = LINKS["to a page"].code


def table() -> str:
    """Each link of the gallery, asked for as the program does; those that end alike share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, url in _links():
        alike.setdefault(_row(url), []).append(name)
    columns = ("link", "answers", "ends", "recorded", "why")
    return drawn(columns, [(" · ".join(names), *row) for row, names in alike.items()])


def _links() -> Iterator[tuple[str, str]]:
    yield "t.co: unknown", "https://t.co/Unknown001"
    for name, link in LINKS.items():
        yield f"t.co: {name}", link.url
    yield "t.co with `?amp=1`", f"https://t.co/{_CODE}?amp=1"
    yield "pic.twitter.com", f"https://pic.twitter.com/{_CODE}"
    yield "pic.x.com", f"https://pic.x.com/{_CODE}"
    for name, short in SHORT_LINKS.items():
        if name not in ("loop", "stks", "api.pinterest.com"):
            yield f"{name}: good" if name in HABITS else f"any host: {name}", short.url
    yield "bit.ly: a preview", "https://bit.ly/good+"
    for host in HABITS:
        yield f"{host}: unknown", f"https://{host}{FOLDERS.get(host, '/')}unknown"


def _row(url: str) -> tuple[str, ...]:
    followed = asyncio.run(resolve.resolve(url, Miniature(GALLERY.services(), FIRST), urls.match))
    waits = followed.try_again_after_s is not None
    document = record.link_document(followed, at=FIRST, settled=not waits, try_again_at=FIRST if waits else None)
    find = Find(article="a", position=0, kind="link", form="short-link", url=url)
    status = "(its post's)" if followed.ended == "post" else outcome.of_links(find, [document.body], True).status
    answers = str(len([hop for hop in followed.hops if hop.http_status]))
    why = re.sub(re.escape(urlsplit(url).netloc), "HOST", followed.error or "")
    why = re.sub(r"\(it answers with .*\)", "(its own way of saying so)", why)
    return answers, _end(followed.ended, followed.end), status, why


def _end(ended: str, end: str | None) -> str:
    """The word of the end, and where it is, unless that is the page where all of them lead."""
    place = urlsplit(end or "")
    where = "" if end == END or ended in ("gone", "error", "pending", "loop") else f" {place.netloc}{place.path}"
    return f"{ended}:{where}" if where else ended
