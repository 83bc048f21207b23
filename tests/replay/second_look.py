"""Two looks at two pages, a day apart, in files of their own, with every kind of revisit that we write.

::

    first day    unmodified 200   same 200 (chunked, gzip)   first.png 200   again.png ─► revisit of first.png
    next day     unmodified 304   same ─► revisit            first.png ─► revisit
"""

from __future__ import annotations

import asyncio
import gzip
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from archiver.model import Request
from tests.loopback.pictures import png
from tests.store.tapes import SetClock, opened, reply, tape

SITE = "https://desk.example"
FIRST_DAY = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
NEXT_DAY = FIRST_DAY + timedelta(days=1)
WORD = "looked"
PICTURE = png("second look", 320, 200) + bytes(range(256)) * 8  # behind its end a PNG may hold anything
PICTURES = ("first.png", "again.png")
PAGE = (
    "<!doctype html><meta charset=utf-8><title>Twice</title><p>We looked at this page twice.</p>"
    + "".join(f'<p><img src="/{name}" alt="{name}"></p>' for name in PICTURES)
    + f"<!-- {random.Random(4).randbytes(2_000).hex()} -->"  # also packed long enough to be stored once
).encode()


@dataclass(frozen=True)
class Look:
    """An address of that time, the ``kind`` of the record that holds it, and the digests of pictures that it shows."""

    name: str
    url: str
    at: datetime
    kind: str
    pictures: tuple[str, ...]

    @property
    def ts(self) -> str:
        return f"{self.at:%Y%m%d%H%M%S}"


def looks() -> list[Look]:
    """Everything that is to be shown."""
    both, one = (sha256(PICTURE).hexdigest(),) * 2, (sha256(PICTURE).hexdigest(),)
    return [
        Look("unmodified-first-day", f"{SITE}/unmodified", FIRST_DAY, "response", both),
        Look("unmodified-next-day", f"{SITE}/unmodified", NEXT_DAY, "304", both),
        Look("same-first-day", f"{SITE}/same", FIRST_DAY, "response", both),
        Look("same-next-day", f"{SITE}/same", NEXT_DAY, "revisit", both),
        Look("other-url", f"{SITE}/again.png", FIRST_DAY, "revisit", one),
        Look("picture-next-day", f"{SITE}/first.png", NEXT_DAY, "revisit", one),
    ]


def fill(folder: Path) -> None:
    """Add both looks to the archive in ``folder``."""
    asyncio.run(_fill(folder))


async def _fill(folder: Path) -> None:
    whole, packed = reply(PAGE), gzip.compress(PAGE, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    same = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    picture = reply(PICTURE, kind="image/png")
    days = {
        FIRST_DAY: {"unmodified": whole, "same": same, **dict.fromkeys(PICTURES, picture)},
        NEXT_DAY: {"unmodified": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n', "same": same, "first.png": picture},
    }
    for day, answers in days.items():
        archive = await opened(folder, clock=SetClock(day))
        for name, answer in answers.items():
            url, slot = f"{SITE}/{name}", f"{name}@{day:%d}"
            conditions = (("If-None-Match", '"1"'),) if name == "unmodified" and day == NEXT_DAY else ()
            asked = Request(url=url, why="article", slot=slot, conditions=conditions)
            await archive.keep(replace(tape(answer, url=url, slot=slot, started_at=day), request=asked))
        await archive.aclose()
