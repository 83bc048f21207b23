"""A post on X: what to fetch for it, and what the answers say.

The services of ``sources`` are asked, in the order in which they are preferred; what the first that shows the post
names (photos, films, avatar, a card's picture) is fetched next. Everything here is pure: ``plan`` is called again with
what came back until it wants nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from archiver.errors import UnreadableCapture
from archiver.model import (
    GONE,
    LIMITED,
    Capture,
    Evidence,
    Exchange,
    Fact,
    Kept,
    Memento,
    Moment,
    PostRef,
    Reading,
    Request,
    Why,
)
from archiver.platforms.x import (
    api,
    archived,
    beside,
    fxtwitter,
    holdings,
    media,
    oembed,
    snowflake,
    syndication,
    urls,
    verdict,
)
from archiver.platforms.x.said import Said

Facts = dict[str, tuple[Fact, ...]]
_JSON_BYTES = 5_000_000
_SOURCES: dict[Why, str] = {
    "post": syndication.NAME,
    "oembed": oembed.NAME,
    "api": api.NAME,
    "fxtwitter": fxtwitter.NAME,
}
_Picture = Literal["media", "avatar", "card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class X:
    """The platform X (``ports.Platform``). ``sources``, endpoints, ``media`` and ``avatar``: as in ``config.toml``.
    ``bearer``: the official API's token; without one it is not asked."""

    name: str = "x"
    sources: tuple[str, ...] = ("tweet-result", "oembed")
    tweet_result_url: str = "https://cdn.syndication.twimg.com/tweet-result"
    oembed_url: str = "https://publish.twitter.com/oembed"
    api_url: str = "https://api.x.com/2/tweets"
    fxtwitter_url: str = "https://api.fxtwitter.com/2/status"
    bearer: str | None = field(default=None, repr=False)
    media: str = "all"
    avatar: bool = True

    def match(self, url: str) -> PostRef | None:
        """See ``ports.Platform``."""
        return urls.match(url)

    def short_link(self, url: str) -> str | None:
        """See ``ports.Platform``."""
        return urls.short_link(url)

    def canonical(self, ref: PostRef) -> str:
        """See ``ports.Platform``."""
        return urls.canonical(ref)

    def moment(self, post: PostRef) -> Moment | None:
        """See ``ports.Platform``."""
        return snowflake.moment(post.post_id)

    def addresses(self, post: PostRef, names: Sequence[str] = ()) -> tuple[tuple[str, bool], ...]:
        """See ``ports.ArchivedPlatform``."""
        return tuple(archived.addresses(post, names))

    def own_page(self, url: str) -> PostRef | None:
        """See ``ports.ArchivedPlatform``."""
        return urls.own_page(url)

    def beginnings(self, handle: str, day: date) -> tuple[str, ...]:
        """See ``ports.Platform``."""
        return archived.beginnings(handle, day)

    def keen(self, media_type: str, at: datetime) -> int:
        """See ``ports.Platform``."""
        return archived.keen(media_type, at)

    def kept(
        self, exchange: Exchange, post: PostRef, memento: Memento, held: Mapping[str, Exchange] = archived.NONE_HELD
    ) -> Kept:
        """See ``ports.ArchivedPlatform``."""
        return self._wanted(archived.read(exchange, post, memento, held))

    def beside(
        self,
        exchange: Exchange,
        post: PostRef,
        other: PostRef,
        memento: Memento | None = None,
        held: Mapping[str, Exchange] = archived.NONE_HELD,
    ) -> Kept:
        """See ``ports.ArchivedPlatform``."""
        if memento:
            return self._wanted(beside.read_archived(exchange, post, other, memento, held))
        return self._wanted(beside.read(exchange, post, other, held))

    def _wanted(self, kept: Kept) -> Kept:
        """``kept``, with what it names as far as media are kept at all."""
        if self.media == "none":
            return replace(kept, wanted=())
        kinds = ("image", "video") if self.media == "all" else ("image",)
        whys = ("media", "card", "avatar") if self.avatar else ("media", "card")
        return replace(kept, wanted=tuple(one for one in kept.wanted if one.kind in kinds and one.why in whys))

    def plan(self, post: PostRef, got: Sequence[Exchange]) -> tuple[Request, ...]:
        """See ``ports.Platform``."""
        statuses = {exchange.request.url: exchange.status for exchange in got}
        wanted = [*self._questions(post, got), *(self._pictures(post, got, statuses) if got else ())]
        once: dict[str, Request] = {}
        for request in wanted:
            if request.url not in statuses:
                once.setdefault(request.url, request)
        return tuple(once.values())

    def read(self, capture: Capture, *, earlier: Sequence[Evidence] = ()) -> Reading:
        """See ``ports.Platform``."""
        evidence: list[Evidence] = []
        problems: list[UnreadableCapture] = []
        unread: str | None = None
        facts: dict[str, list[Fact]] = {}
        held = holdings.Held.of(capture.exchanges)
        for exchange in self._by_preference(capture.exchanges):
            try:
                said = _said(exchange, capture.post.post_id)
            except UnreadableCapture as problem:
                problems.append(problem)
                unread = unread or (str(problem) if exchange.request.why == "post" else None)
                said = Said(availability="error", how=str(problem))
            evidence.append(_evidence(exchange, said))
            for name, fact in (*said.facts, *holdings.facts(said, exchange, held)):
                facts.setdefault(name, []).append(fact)
        clear = ("public", *GONE, *LIMITED)
        if problems and not any(one.says in clear for one in evidence):
            raise problems[0]
        unanswered: list[verdict.Word] = [
            ("rate_limited" if failure.word == "rate-limited" else "error", f"{source}: {failure.word}")
            for failure in capture.failures
            if (source := _SOURCES.get(failure.request.why))
        ]
        word, how = verdict.judge(evidence, unanswered, earlier=earlier, impossible=_impossible(capture))
        self._date(capture, facts)
        kept = {name: tuple(values) for name, values in facts.items()}
        return Reading(availability=word, how=how, facts=kept, evidence=tuple(evidence), unread=unread)

    def _by_preference(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """The services' answers, preferred ones first; a redirect of theirs is none."""
        answers = [one for one in exchanges if one.request.why in _SOURCES and not oembed.redirect(one)]
        order = {name: number for number, name in enumerate(self.sources)}
        return sorted(answers, key=lambda one: order.get(_SOURCES[one.request.why], len(order)))

    @staticmethod
    def _date(capture: Capture, facts: dict[str, list[Fact]]) -> None:
        """The id's own time comes before what anybody says; its source is the stored question that names the id."""
        source = next((exchange.warc for exchange in capture.exchanges), None)
        if source and (moment := snowflake.moment(capture.post.post_id)):
            flake = Fact(value=str(moment), how="snowflake", source=source, precision=moment.precision)
            facts["posted_at"] = [flake, *facts.get("posted_at", [])]

    def _questions(self, post: PostRef, got: Sequence[Exchange]) -> Iterator[Request]:
        for source in self.sources:
            match source:
                case syndication.NAME:
                    yield _question(syndication.request_url(self.tweet_result_url, post.post_id), "post", post)
                case oembed.NAME:
                    url = oembed.request_url(self.oembed_url, post.post_id, post.handle)
                    yield _question(url, "oembed", post)
                    for exchange in got:
                        if exchange.url == url and (other := oembed.redirect(exchange)):
                            yield _question(other, "oembed", post, via=url)
                case api.NAME if self.bearer:
                    secret = (("Authorization", f"Bearer {self.bearer}"),)
                    yield _question(api.request_url(self.api_url, post.post_id), "api", post, secret=secret)
                case fxtwitter.NAME:
                    yield _question(fxtwitter.request_url(self.fxtwitter_url, post.post_id), "fxtwitter", post)

    def _pictures(self, post: PostRef, got: Sequence[Exchange], statuses: Mapping[str, int]) -> Iterator[Request]:
        said, via = self._shown(post, got)
        if said is None or self.media == "none":
            return
        for why, ladder in self._ladders(said):
            url = next((url for url in ladder if statuses.get(url, 200) in (200, 206)), None)
            if url is not None:
                yield Request(
                    url=url,
                    why=why,
                    slot=f"media:{url}",
                    via=via,
                    accept="image/*, video/*;q=0.9, */*;q=0.5",
                    max_body_bytes=None if "//video." in url else media.PICTURE_BYTES,
                    max_decoded_bytes=0,
                )

    def _shown(self, post: PostRef, got: Sequence[Exchange]) -> tuple[Said | None, str | None]:
        """The preferred answer that names what the post shows, and its URL."""
        for exchange in self._by_preference(got):
            try:
                said = _said(exchange, post.post_id)
            except UnreadableCapture:
                continue
            if said.media or said.avatar or said.card:
                return said, exchange.url
        return None, None

    def _ladders(self, said: Said) -> Iterator[tuple[_Picture, tuple[str, ...]]]:
        for medium in said.media:
            yield "media", medium.poster or medium.ladder
            if medium.poster and self.media == "all":
                yield "media", medium.ladder
        if said.card:
            yield "card", said.card.picture
        if self.avatar and said.avatar:
            yield "avatar", media.avatar_ladder(said.avatar)


def _question(
    url: str, why: Why, post: PostRef, *, via: str | None = None, secret: tuple[tuple[str, str], ...] = ()
) -> Request:
    return Request(
        url=url,
        why=why,
        slot=post.key,
        via=via,
        accept="application/json",
        max_decoded_bytes=_JSON_BYTES,
        secret_headers=secret,
    )


def _said(exchange: Exchange, post_id: str) -> Said:
    match exchange.request.why:
        case "post":
            return syndication.said(exchange, post_id)
        case "oembed":
            return oembed.said(exchange)
        case "api":
            return api.said(exchange, post_id)
        case _:
            return fxtwitter.said(exchange, post_id)


def _evidence(exchange: Exchange, said: Said) -> Evidence:
    return Evidence(
        source=_SOURCES[exchange.request.why],
        says=said.availability,
        how=said.how,
        at=exchange.started_at,
        warc=exchange.warc,
    )


def _impossible(capture: Capture) -> str | None:
    """Why no post could have the id when it was asked for, or ``None``."""
    asked = max((exchange.started_at for exchange in capture.exchanges), default=None)
    made = snowflake.moment(capture.post.post_id)
    if asked is None or made is None or snowflake.moment(capture.post.post_id, asked):
        return None
    return f"the id is of {made}, and was asked for on {Moment(at=asked, precision='minute')}"
