"""What web archives hold of a post that its service does not show, or may stop to show.

::

    nearest capture to the day of the post ─► shows it? ─► done
                                               │ no
    captures of its addresses, one by one ─► the likeliest ones ─► the first that shows it

A capture that is a shell, a login wall or an error shows nothing, and the next one is looked at, up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from archiver.archives.cdx import Row
from archiver.consult import Consultation, chosen
from archiver.model import Exchange, Fact, Memento, Moment, Picture, PostRef, Recovery, counted
from archiver.ports import ArchivedPlatform

_CLOCKS_DIFFER = timedelta(days=1)


async def recover(post: PostRef, made: Moment | None, platform: ArchivedPlatform, archive: Consultation) -> Recovery:
    """The post as the archive has it. ``made``: when it was posted, ``None`` when its id does not tell."""
    look = _Look(post, made, platform, archive)
    addresses = platform.addresses(post)
    if addresses and made and (near := await archive.nearest(addresses[0][0], made.at)):
        await look.at(near.stamp, near.original)
    for url, prefix in addresses:
        if look.over:
            break
        listed = await archive.listed(url, prefix=prefix)
        for row in chosen(_of_post(listed.rows, post, platform), platform):
            if look.over:
                break
            await look.at(row.stamp, row.original)
    return look.recovery()


class _Look:
    """The captures looked at so far, and the first that shows the post."""

    def __init__(self, post: PostRef, made: Moment | None, platform: ArchivedPlatform, archive: Consultation) -> None:
        self._post, self._made, self._platform, self._archive = post, made, platform, archive
        self._seen: dict[tuple[str, str], str] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._memento: Memento | None = None
        self._shown: Exchange | None = None
        self._wanted: tuple[Picture, ...] = ()

    @property
    def over(self) -> bool:
        return bool(self._facts) or len(self._seen) >= self._archive.desk.mementos

    async def at(self, stamp: str, url: str) -> None:
        """Look at one capture, unless it was looked at."""
        if (stamp, url) in self._seen:
            return
        found = await self._archive.memento(stamp, url)
        if found is None:
            self._seen[stamp, url] = "no answer"
            return
        exchange, memento = found
        if self._made and memento.at < self._made.at - _CLOCKS_DIFFER:
            self._seen[stamp, url] = "captured before the post was made"
            return
        kept = self._platform.kept(exchange, self._post, memento)
        self._seen[stamp, url] = kept.nothing or "shows the post"
        for name, fact in kept.facts:
            self._facts[name] = (*self._facts.get(name, ()), fact)
        if kept.facts:
            self._memento, self._shown, self._wanted = memento, exchange, kept.wanted

    def recovery(self) -> Recovery:
        said = ", ".join(f"{stamp[:8]}: {nothing}" for (stamp, _), nothing in self._seen.items())
        seen = f"{counted(len(self._seen), 'capture')} looked at ({said})" if self._seen else "no capture found"
        troubles = "; ".join(dict.fromkeys(self._archive.troubles))
        return Recovery(
            facts=self._facts,
            memento=self._memento,
            shown=self._shown,
            wanted=self._wanted,
            seen=f"{seen}; {troubles}" if troubles and not self._facts else seen,
            settled=bool(self._facts) or not troubles,
            exchanges=tuple(self._archive.exchanges),
            failures=tuple(self._archive.failures),
        )


def _of_post(rows: Sequence[Row], post: PostRef, platform: ArchivedPlatform) -> list[Row]:
    """Those of the post itself: the beginning of an address may be another's too."""
    return [row for row in rows if (found := platform.match(row.original)) and found.post_id == post.post_id]
