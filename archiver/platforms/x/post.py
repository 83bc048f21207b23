"""A post on X: what to fetch for it, and what the answers say.

Two services without login are asked (``tweet-result``, ``oembed``); what the first names (photos, films, avatar) is
fetched next. Everything here is pure: ``plan`` is called again with what came back until it wants nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Capture, Exchange, Fact, Failure, PostRef, Request
from archiver.platforms.x import media, oembed, snowflake, syndication, urls

Facts = dict[str, tuple[Fact, ...]]
_JSON_BYTES = 5_000_000
# Answers that say why a post can't be seen; what is only ambiguous or failed ranks below them.
_GONE: tuple[Availability, ...] = (
    "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "unavailable",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class X:
    """The platform X (``ports.Platform``). ``sources``, endpoints, ``media`` and ``avatar``: as in ``config.toml``."""

    name: str = "x"
    sources: tuple[str, ...] = ("tweet-result", "oembed")
    tweet_result_url: str = "https://cdn.syndication.twimg.com/tweet-result"
    oembed_url: str = "https://publish.twitter.com/oembed"
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

    def plan(self, post: PostRef, got: Sequence[Exchange]) -> tuple[Request, ...]:
        """See ``ports.Platform``."""
        statuses = {exchange.request.url: exchange.status for exchange in got}
        wanted = [*self._questions(post, got), *self._media(post, got, statuses)]
        once: dict[str, Request] = {}
        for request in wanted:
            if request.url not in statuses:
                once.setdefault(request.url, request)
        return tuple(once.values())

    def read(self, capture: Capture) -> tuple[Availability, str, Facts]:
        """See ``ports.Platform``."""
        facts: dict[str, list[Fact]] = {}
        verdicts: list[tuple[Availability, str]] = []
        problems: list[UnreadableCapture] = []
        for exchange in capture.exchanges:
            try:
                for field, fact in self._facts(exchange, capture, verdicts):
                    facts.setdefault(field, []).append(fact)
            except UnreadableCapture as problem:
                problems.append(problem)
        if problems and not any(word == "public" or word in _GONE for word, _ in verdicts):
            raise problems[0]
        verdicts += [("error", str(problem)) for problem in problems]
        verdicts += [_unanswered(failure) for failure in capture.failures if failure.request.why in ("post", "oembed")]
        source = next((exchange.warc for exchange in capture.exchanges), None)
        if source and (moment := snowflake.moment(capture.post.post_id)):
            flake = Fact(value=str(moment), how="snowflake", source=source, precision=moment.precision)
            facts["posted_at"] = [flake, *facts.get("posted_at", [])]
        word, how = _verdict(verdicts)
        return word, how, {field: tuple(values) for field, values in facts.items()}

    def _questions(self, post: PostRef, got: Sequence[Exchange]) -> Iterator[Request]:
        slot = post.key
        if "tweet-result" in self.sources:
            url = syndication.request_url(self.tweet_result_url, post.post_id)
            yield Request(url=url, why="post", slot=slot, accept="application/json", max_decoded_bytes=_JSON_BYTES)
        if "oembed" in self.sources:
            url = oembed.request_url(self.oembed_url, post.post_id, post.handle)
            asked = Request(url=url, why="oembed", slot=slot, accept="application/json", max_decoded_bytes=_JSON_BYTES)
            yield asked
            for exchange in got:
                if exchange.url == url and (other := oembed.redirect(exchange)):
                    yield Request(
                        url=other,
                        why="oembed",
                        slot=slot,
                        via=url,
                        accept="application/json",
                        max_decoded_bytes=_JSON_BYTES,
                    )

    def _media(self, post: PostRef, got: Sequence[Exchange], statuses: Mapping[str, int]) -> Iterator[Request]:
        tweet, via = self._tweet(got)
        if tweet is None:
            return
        for why, ladder in self._ladders(tweet):
            url = next((url for url in ladder if statuses.get(url, 200) in (200, 206)), None)
            if url is not None:
                yield Request(
                    url=url,
                    why=why,
                    slot=f"media:{url}",
                    via=via,
                    accept="image/*, video/*;q=0.9, */*;q=0.5",
                    max_decoded_bytes=0,
                )

    def _tweet(self, got: Sequence[Exchange]) -> tuple[Mapping[str, Any] | None, str | None]:
        for exchange in got:
            if exchange.request.why == "post":
                try:
                    return syndication.read(exchange).tweet, exchange.url
                except UnreadableCapture:
                    return None, None
        return None, None

    def _ladders(self, tweet: Mapping[str, Any]) -> Iterator[tuple[Literal["media", "avatar"], tuple[str, ...]]]:
        for medium in media.media(tweet):
            if medium.type == "photo" and self.media != "none":
                yield "media", medium.ladder
            elif self.media != "none":
                yield "media", medium.poster
                if self.media == "all":
                    yield "media", medium.ladder
        user = tweet.get("user")
        picture = user.get("profile_image_url_https") if isinstance(user, dict) else None
        if self.avatar and self.media != "none" and isinstance(picture, str):
            yield "avatar", media.avatar_ladder(picture)

    def _facts(
        self, exchange: Exchange, capture: Capture, verdicts: list[tuple[Availability, str]]
    ) -> Iterator[tuple[str, Fact]]:
        match exchange.request.why:
            case "post":
                answer = syndication.read(exchange)
                if answer.tweet is not None and answer.tweet.get("id_str") != capture.post.post_id:
                    raise UnreadableCapture("tweet-result.id_str", "not the post that was asked for")
                if answer.tweet is not None:
                    yield from list(syndication.facts(answer.tweet, exchange))
                    if items := _items(answer.tweet, capture):
                        yield "media", Fact(value=items, how="tweet-result.mediaDetails", source=exchange.warc)
                verdicts.append((answer.availability, answer.how))
            case "oembed" if not oembed.redirect(exchange):
                word, how = oembed.availability(exchange)
                if word == "public":
                    yield from list(oembed.facts(exchange))
                verdicts.append((word, how))


def _items(tweet: Mapping[str, Any], capture: Capture) -> list[dict[str, object]]:
    """The media as the public record shows them, each with the records that hold it (``None``: not fetched)."""
    kept = {exchange.request.url: exchange for exchange in capture.exchanges if exchange.status in (200, 206)}

    def held(ladder: tuple[str, ...]) -> dict[str, object] | None:
        found = next((kept[url] for url in ladder if url in kept), None)
        if found is None:
            return None
        whole = {"warc": found.warc.file, "record_id": found.warc.record_id, "payload_digest": found.payload_digest}
        return {
            "url": found.url,
            "media_type": found.media_type,
            "bytes": found.payload_bytes,
            "cut": found.cut,
            **whole,
        }

    return [
        {
            "type": medium.type,
            "url": medium.url,
            "alt": medium.alt,
            "width": medium.width,
            "height": medium.height,
            "duration_s": medium.duration_s,
            "playlists": list(medium.playlists),
            "file": held(medium.ladder),
            "poster": held(medium.poster) if medium.poster else None,
        }
        for medium in media.media(tweet)
    ]


def _unanswered(failure: Failure) -> tuple[Availability, str]:
    source = "tweet-result" if failure.request.why == "post" else failure.request.why
    return "rate_limited" if failure.word == "rate-limited" else "error", f"{source}: {failure.word}"


def _verdict(verdicts: Sequence[tuple[Availability, str]]) -> tuple[Availability, str]:
    """One availability from what the services said, in order of asking.

    Shown by tweet-result: public. Else what a service says in words about why not. oEmbed is cached for a century, so
    what it shows is "public" only where tweet-result says nothing, and contradicts a 404 without settling it. A 404
    alone says "deleted" only when no other service that was asked says, or may yet say, something else. Else the
    least empty of the rest.
    """
    shown = [how for word, how in verdicts if word == "public"]
    specific = [(word, how) for word, how in verdicts if word in _GONE]
    told = [pair for pair in specific if pair[0] != "deleted" or "tombstone" in pair[1]]
    if shown and (not specific or "tweet-result" in shown):
        return "public", " + ".join(shown)
    if told:
        return told[0]
    if specific and len(specific) == len(verdicts):
        return "deleted", " + ".join(how for _, how in specific)
    if specific:
        return "ambiguous", " + ".join(how for _, how in verdicts)
    for word in ("ambiguous", "rate_limited", "error"):
        for pair in verdicts:
            if pair[0] == word:
                return pair
    return "error", "no service answered"
