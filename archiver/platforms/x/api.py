"""The official API, version 2 (``protocols`` 4.5): paid, optional, with a bearer token that no WARC ever holds.

A lookup answers 200 also for what it does not find: then ``errors`` says why. 401, 403 and 5xx say nothing of the post.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from archiver.errors import UnreadableCapture
from archiver.model import Availability, Exchange, Fact
from archiver.platforms.x import media
from archiver.platforms.x.said import Said, Telling, json_object, post_value
from archiver.platforms.x.shapes import count, member, members, plain, text
from archiver.platforms.x.tweet import instant, links_of

NAME = "api"
_ASKED = {
    "tweet.fields": "author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,possibly_sensitive,"
    "public_metrics,referenced_tweets,withheld",
    "expansions": "author_id,attachments.media_keys,attachments.poll_ids,referenced_tweets.id.author_id",
    "user.fields": "profile_image_url",
    "media.fields": "alt_text,duration_ms,height,preview_image_url,url,variants,width",
    "poll.fields": "end_datetime,voting_status",
}
# Codes that are no countries (docs: "Withheld content fields"): everywhere, and by a claim of copyright.
_EVERYWHERE = ("XX", "XY")
_COUNTS = {
    "like_count": "likes",
    "reply_count": "replies",
    "retweet_count": "reposts",
    "quote_count": "quotes",
    "bookmark_count": "bookmarks",
    "impression_count": "views",
}


def request_url(endpoint: str, post_id: str) -> str:
    """The URL that asks ``endpoint`` for ``post_id``; the token goes into a header."""
    return f"{endpoint}?{urlencode({'ids': post_id, **_ASKED}, safe=',')}"


def said(exchange: Exchange, post_id: str) -> Said:
    """What the answer says about ``post_id``. Raises ``UnreadableCapture``."""
    if exchange.status != 200:
        return Said(availability="rate_limited" if exchange.status == 429 else "error", how=f"api.{exchange.status}")
    data = json_object(exchange, NAME)
    found = next((one for one in members(data.get("data")) if one.get("id") == post_id), None)
    if found is None:
        word, how = _problem(data, post_id)
        return Said(availability=word, how=how)
    included = member(data.get("includes"))
    by_key = {str(each.get("media_key")): each for each in members(included.get("media"))}
    keys = member(found.get("attachments")).get("media_keys")
    shown = [medium for key in (keys if isinstance(keys, list) else ()) if (medium := _medium(by_key.get(str(key))))]
    user = _user(included, found.get("author_id"))
    facts = tuple(_facts(found, included, Telling(NAME, exchange)))
    if _is_withheld(found):  # then the text is a notice, in the post's place
        return Said(
            availability="withheld",
            how="api.data.withheld",
            facts=tuple((name, fact) for name, fact in facts if name not in ("text", "links", "lang")),
        )
    return Said(
        availability="public",
        how=NAME,
        facts=facts,
        media=tuple(shown),
        media_how="api.includes.media" if shown else None,
        avatar=text(user.get("profile_image_url")),
        avatar_how="api.includes.users.profile_image_url",
    )


def _problem(data: Mapping[str, Any], post_id: str) -> tuple[Availability, str]:
    mine = (one for one in members(data.get("errors")) if post_id in (one.get("resource_id"), one.get("value")))
    error = next(mine, None)
    if error is None:
        raise UnreadableCapture("api.data", "neither the post nor an error about it")
    kind, detail = str(error.get("type")).rpartition("/")[2], str(error.get("detail"))
    if "suspended" in detail:
        return "suspended", "api.errors.detail"
    if kind == "resource-not-found":
        return "deleted", "api.errors.resource_not_found"
    if kind == "not-authorized-for-resource":
        return "protected", "api.errors.not_authorized_for_resource"
    return "ambiguous", "api.errors"


def _is_withheld(found: Mapping[str, Any]) -> bool:
    """Whether nobody is shown the post. What is withheld in some countries only is public elsewhere."""
    withheld = member(found.get("withheld"))
    return withheld.get("copyright") is True or any(code in _EVERYWHERE for code in _countries(withheld))


def _countries(withheld: Mapping[str, Any]) -> list[str]:
    codes = withheld.get("country_codes")
    return [each for each in codes if isinstance(each, str)] if isinstance(codes, list) else []


def _facts(found: Mapping[str, Any], included: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    account = telling.need(found, "author_id", str, "data.")
    user = _user(included, account)
    if name := text(user.get("name")):
        yield "author", telling.fact(name, "includes.users.name")
    if user:
        yield "handle", telling.fact(telling.handle(user, "username", "includes.users."), "includes.users.username")
    yield "author_id", telling.fact(account, "data.author_id")
    created = instant(telling, "data.created_at", telling.need(found, "created_at", str, "data."))
    yield "posted_at", telling.fact(str(created), "data.created_at", created.precision)
    long = member(found.get("note_tweet"))
    if whole := text(long.get("text")):
        yield "text", telling.fact(plain(whole), "data.note_tweet.text")
    else:
        yield "text", telling.fact(plain(telling.need(found, "text", str, "data.")), "data.text")
    for told, how in ((long, "data.note_tweet.entities.urls"), (found, "data.entities.urls")):
        if links := links_of(member(told.get("entities"))):
            yield "links", telling.fact(links, how)
            break
    if lang := text(found.get("lang")):
        yield "lang", telling.fact(lang, "data.lang")
    yield from _others(found, included, telling)
    yield from _details(found, included, telling)


def _others(found: Mapping[str, Any], included: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    authors = {str(each.get("id")): each.get("author_id") for each in members(included.get("tweets"))}
    for field, kind in (("in_reply_to", "replied_to"), ("quoted", "quoted")):
        for other in members(found.get("referenced_tweets")):
            handle = _user(included, authors.get(str(other.get("id")))).get("username")
            if other.get("type") == kind and (named := post_value(other.get("id"), handle)):
                yield field, telling.fact(named, "data.referenced_tweets")


def _details(found: Mapping[str, Any], included: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, Fact]]:
    metrics = member(found.get("public_metrics"))
    counts = {ours: number for theirs, ours in _COUNTS.items() if (number := count(metrics.get(theirs))) is not None}
    if counts:
        yield "counts", telling.fact(counts, "data.public_metrics")
    if poll := _own_poll(found, included):
        yield "poll", telling.fact(_poll(poll), "includes.polls")
    versions = found.get("edit_history_tweet_ids")
    ids = [each for each in versions if isinstance(each, str)] if isinstance(versions, list) else []
    if len(ids) > 1:
        yield "edits", telling.fact({"post_ids": ids[:100], "until": None}, "data.edit_history_tweet_ids")
    if isinstance(found.get("possibly_sensitive"), bool):
        yield "sensitive", telling.fact(found["possibly_sensitive"], "data.possibly_sensitive")
    if countries := _countries(member(found.get("withheld"))):
        yield "withheld_in", telling.fact(countries[:300], "data.withheld.country_codes")


def _own_poll(found: Mapping[str, Any], included: Mapping[str, Any]) -> dict[str, Any] | None:
    """The poll that the post itself has, ``None`` without one."""
    ids = member(found.get("attachments")).get("poll_ids")
    named = ids if isinstance(ids, list) else []
    return next((poll for poll in members(included.get("polls")) if poll.get("id") in named), None)


def _poll(poll: Mapping[str, Any]) -> dict[str, object]:
    choices = [
        {"label": choice["label"], "votes": count(choice.get("votes"))}
        for choice in members(poll.get("options"))
        if text(choice.get("label"))
    ]
    status = poll.get("voting_status")
    final = status == "closed" if isinstance(status, str) else None
    return {"choices": choices, "ends_at": text(poll.get("end_datetime")), "counted_at": None, "final": final}


def _user(included: Mapping[str, Any], account: object) -> dict[str, Any]:
    return next((each for each in members(included.get("users")) if account and each.get("id") == account), {})


def _medium(entry: Mapping[str, Any] | None) -> media.Medium | None:
    """A medium as ``media.media`` makes it: the API names the same files by other words."""
    if entry is None:
        return None
    variants = [{**each, "bitrate": each.get("bit_rate")} for each in members(entry.get("variants"))]
    millis = entry.get("duration_ms")
    renamed = {
        "type": entry.get("type"),
        "media_url_https": entry.get("url") or entry.get("preview_image_url"),
        "ext_alt_text": entry.get("alt_text"),
        "original_info": {"width": entry.get("width"), "height": entry.get("height")},
        "video_info": {"duration_millis": millis, "variants": variants},
    }
    return next(media.media({"mediaDetails": [renamed]}), None)
