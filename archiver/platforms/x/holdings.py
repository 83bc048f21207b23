"""What is held of a post's pictures and films, as the record shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archiver.model import Exchange, Fact
from archiver.platforms.x import media
from archiver.platforms.x.said import Said

Json = dict[str, object]


class Held:
    """Files by address, a rung of their ladders."""

    def __init__(self, kept: Mapping[str, Exchange]) -> None:
        self._kept = kept

    @classmethod
    def of(cls, exchanges: Sequence[Exchange]) -> Held:
        """The files of a capture."""
        return cls({one.request.url: one for one in exchanges if one.status in (200, 206)})

    def file(self, ladder: tuple[str, ...]) -> Json | None:
        """The best of ``ladder`` that is held, with the record that holds it; ``None`` when nothing is."""
        found = next((self._kept[url] for url in ladder if url in self._kept), None)
        return _file(found) if found else None


def _file(found: Exchange) -> Json:
    return {
        "url": found.url,
        "media_type": found.media_type,
        "bytes": found.payload_bytes,
        "cut": found.cut,
        "warc": found.warc.file,
        "record_id": found.warc.record_id,
        "payload_digest": found.payload_digest,
    }


def facts(said: Said, exchange: Exchange, held: Held) -> Iterator[tuple[str, Fact]]:
    """(field, fact) of what an answer shows: each medium, the avatar and the card with the file that is held."""

    def fact(value: object, how: str) -> Fact:
        return Fact(value=value, how=how, source=exchange.warc, at=exchange.started_at)

    if said.media and said.media_how:
        yield "media", fact([item(medium, held) for medium in said.media], said.media_how)
    if said.avatar and media.ours(said.avatar):
        shown = {"url": said.avatar, "file": held.file(media.avatar_ladder(said.avatar))}
        yield "avatar", fact(shown, said.avatar_how)
    if said.card:
        yield "card", fact({**said.card.value, "image": held.file(said.card.picture)}, said.card.how)


def item(medium: media.Medium, held: Held) -> Json:
    """A medium as the record shows it, with what is held of it."""
    return {
        "type": medium.type,
        "url": medium.url,
        "alt": medium.alt,
        "width": medium.width,
        "height": medium.height,
        "duration_s": medium.duration_s,
        "playlists": list(medium.playlists),
        "file": held.file(medium.ladder),
        "poster": held.file(medium.poster) if medium.poster else None,
    }
