"""What web archives hold of a post that its service does not show, or may stop to show.

::

    nearest capture to the day of the post ─► shows it? ─► done
                                               │ no
    captures of its addresses, one by one ─► the likeliest ones ─► the first that shows it

A capture that is a shell, a login wall or an error shows nothing, and the next one is looked at, up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence

from archiver.consult import Consultation, chosen, shows
from archiver.model import Exchange, Fact, Memento, Moment, Picture, PostRef, Recovery, counted
from archiver.ports import ArchivedPlatform


async def recover(
    post: PostRef, made: Moment | None, platform: ArchivedPlatform, archive: Consultation, names: Sequence[str] = ()
) -> Recovery:
    """The post as the archive has it. ``made``: when it was posted, ``None`` when its id does not tell. ``names``:
    handles beside the post's own under which it may have been captured."""
    look = _Look(post, made, platform, archive)
    addresses = platform.addresses(post, names)
    handles = _handles(addresses, platform)
    for url, _ in addresses[: max(1, len(handles))] if made else ():
        if not look.over and made and (near := await archive.nearest(url, made.at)):
            await look.at(near.stamp, near.original)
    for url, prefix in addresses:
        if look.over:
            break
        listed = await archive.listed(url, prefix=prefix)
        look.heard(listed.problem)
        for row in chosen([row for row in listed.rows if look.is_of(row.original)], platform):
            if look.over:
                break
            await look.at(row.stamp, row.original)
    return look.recovery(handles)


def _handles(addresses: Sequence[tuple[str, bool]], platform: ArchivedPlatform) -> tuple[str, ...]:
    """Those that stand in the addresses, in their order."""
    pages = (platform.own_page(url) for url, _ in addresses)
    return tuple(dict.fromkeys(page.handle for page in pages if page and page.handle))


class _Look:
    """The captures looked at so far, and the first that shows the post."""

    def __init__(self, post: PostRef, made: Moment | None, platform: ArchivedPlatform, archive: Consultation) -> None:
        self._post, self._made, self._platform, self._archive = post, made, platform, archive
        self._seen: dict[tuple[str, str], str] = {}
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._memento: Memento | None = None
        self._shown: Exchange | None = None
        self._wanted: tuple[Picture, ...] = ()
        self._problems: dict[str, None] = {}

    def heard(self, problem: str | None) -> None:
        """Why a listing is not whole, ``None`` when it is."""
        if problem:
            self._problems[problem] = None

    @property
    def over(self) -> bool:
        return bool(self._facts) or len(self._seen) >= self._archive.desk.mementos

    def is_of(self, url: str) -> bool:
        """Whether ``url`` is the post's own page: the beginning of an address may be another's too, and an archive may
        name anything."""
        page = self._platform.own_page(url)
        return page is not None and page.post_id == self._post.post_id

    async def at(self, stamp: str, url: str) -> None:
        """Look at one capture of the post's page, unless it was looked at."""
        if (stamp, url) in self._seen or not self.is_of(url):
            return
        found = await self._archive.memento(stamp, url)
        if found is None:
            self._seen[stamp, url] = "no answer"
            return
        exchange, memento = found
        kept = shows(found, self._post, self._made, self._platform)
        self._seen[stamp, url] = kept.nothing or "shows the post"
        for name, fact in kept.facts:
            self._facts[name] = (*self._facts.get(name, ()), fact)
        if kept.facts:
            self._memento, self._shown, self._wanted = memento, exchange, kept.wanted

    def recovery(self, handles: tuple[str, ...]) -> Recovery:
        """What came of it, under these ``handles``."""
        said = ", ".join(f"{stamp[:8]}: {nothing}" for (stamp, _), nothing in self._seen.items())
        seen = f"{counted(len(self._seen), 'capture')} looked at ({said})" if self._seen else "no capture found"
        troubles = "; ".join(dict.fromkeys(self._archive.troubles))
        stood = "; ".join(dict.fromkeys([*self._archive.troubles, *self._problems]))
        return Recovery(
            facts=self._facts,
            memento=self._memento,
            shown=self._shown,
            wanted=self._wanted,
            seen=f"{seen}; {stood}" if stood and not self._facts else seen,
            settled=bool(self._facts) or not troubles,
            handles=handles,
            exchanges=tuple(self._archive.exchanges),
            failures=tuple(self._archive.failures),
        )
