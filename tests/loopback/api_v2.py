"""The official API, version 2: ``api.x.com/2/tweets`` (``protocols.md`` 4.5). A lookup is 200 also for what is missing.

``ANSWERS`` are its ways to answer for one post, by the words of ``Scenario.api``. Objects hold what the question asks
for (``tweet.fields``, ``expansions``) and what they always have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time
from typing import Any

from tests.loopback.answers import Answer, Headers, as_json, html
from tests.loopback.nouns import Account, Photo, Post, Video, number_from
from tests.loopback.server import Asked

#: What a scenario's ``standing`` means here, where ``Scenario.api`` says nothing else.
ROW_OF_STANDING = {
    "public": "data", "deleted": "not found", "suspended": "not found", "private": "not authorized", "broken": "503",
}  # fmt: skip
_PROBLEMS = "https://api.twitter.com/2/problems"
_ALWAYS = ("id", "text", "edit_history_tweet_ids")
_MOST = 300


@dataclass(frozen=True)
class Question:
    """What a request wants: ``fields`` of posts, ``expansions`` into ``includes``."""

    fields: frozenset[str]
    expansions: frozenset[str]

    @classmethod
    def of(cls, asked: Asked) -> Question:
        fields, expansions = (
            frozenset(asked.query.get(name, "").split(",")) for name in ("tweet.fields", "expansions")
        )
        implied = {name.partition(".")[0] for name in expansions}  # an expansion brings the ids that it follows
        return cls(fields | implied | set(_ALWAYS), expansions)


#: A post, what is wanted → (its object, problems).
Row = Callable[[Post, Question], tuple[dict[str, Any] | None, list[dict[str, str]]]]


def api_v2(posts: Mapping[str, Post]) -> Callable[[Asked], Answer]:
    """What ``api.x.com/2/tweets`` answers: 401 without a bearer token, 400 for what are no ids, else what each post's
    scenario says; one that answers for the whole request (429, 503 …) does so for all."""

    def service(asked: Asked) -> Answer:
        if asked.path != "/2/tweets":
            return as_json(404, _problem("Not Found", 404))
        if not asked.headers.get("authorization", "").startswith("Bearer "):
            return as_json(401, _problem("Unauthorized", 401))
        ids = [each for each in asked.query.get("ids", "").split(",") if each]
        if not 0 < len(ids) <= 100 or not all(re.fullmatch(r"\d{1,19}", each, re.ASCII) for each in ids):
            return as_json(400, _problem("Invalid Request", 400, "invalid-request"))
        rows = {each: _row(posts.get(each)) for each in ids}
        refusal = next((REFUSALS[row] for row in rows.values() if row in REFUSALS), None)
        return refusal() if refusal else _lookup(rows, posts, Question.of(asked))

    return service


def _row(post: Post | None) -> str:
    if post is None:
        return "not found"
    return post.scenario.api or ROW_OF_STANDING[post.scenario.standing]


def _lookup(rows: Mapping[str, str], posts: Mapping[str, Post], question: Question) -> Answer:
    shown: list[Post] = []
    data: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for post_id, row in rows.items():
        post = posts.get(post_id)
        found, problems = ANSWERS[row](post, question) if post else (None, [not_found(post_id)])
        errors += problems
        if post and found:
            shown.append(post)
            data.append(found)
    includes = _includes(shown, question)
    told = {"data": data, "includes": includes, "errors": errors}
    return as_json(200, {name: value for name, value in told.items() if value}, headers=_limits(_MOST - 1))


def tweet_object(post: Post, question: Question) -> dict[str, Any]:
    """A post's object, with what was asked for."""
    media = [_media_key(each) for each in post.media]
    attached = {"media_keys": media, "poll_ids": [_poll_id(post)] if post.poll else []}
    others = {"quoted": post.quotes, "replied_to": post.replies_to}
    whole: dict[str, Any] = {
        "id": post.post_id,
        "text": _escaped(post.full_text),
        "edit_history_tweet_ids": list(post.edit_ids or (post.post_id,)),
        "author_id": post.by.user_id,
        "created_at": post.posted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lang": post.lang,
        "entities": _entities(post),
        "possibly_sensitive": bool(post.sensitive),
        "public_metrics": {f"{name}_count": post.count(name) for name in
                           ("retweet", "reply", "like", "quote", "bookmark", "impression")},
        "attachments": {name: keys for name, keys in attached.items() if keys},
        "referenced_tweets": [{"type": kind, "id": other.post_id} for kind, other in others.items() if other],
        "note_tweet": {"text": _escaped(post.note_text), "entities": _entities(post)} if post.note_text else None,
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value not in ({}, [], None) and name in question.fields}


def _includes(posts: list[Post], question: Question) -> dict[str, list[dict[str, Any]]]:
    media = {_media_key(each): _media(each) for post in posts for each in post.media}
    others = {other.post_id: other for post in posts for other in (post.quotes, post.replies_to) if other}
    accounts = {each.by.user_id: each.by for each in (*posts, *others.values())}
    whole: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "users": ("author_id", [_user(each) for each in accounts.values()]),
        "media": ("attachments.media_keys", list(media.values())),
        "polls": ("attachments.poll_ids", [_poll(post) for post in posts if post.poll]),
        "tweets": ("referenced_tweets.id.author_id", [tweet_object(each, question) for each in others.values()]),
    }
    return {name: found for name, (wanted, found) in whole.items() if found and wanted in question.expansions}


def _user(account: Account) -> dict[str, Any]:
    return {
        "id": account.user_id,
        "name": account.name,
        "username": account.handle,
        "profile_image_url": account.avatar,
    }


def _media_key(media: Photo | Video) -> str:
    kind = 3 if isinstance(media, Photo) else 16 if media.is_gif else 7
    return f"{kind}_{media.media_id}"


def _media(media: Photo | Video) -> dict[str, Any]:
    common = {"media_key": _media_key(media), "width": media.width, "height": media.height}
    alt = {"alt_text": media.alt} if media.alt else {}
    if isinstance(media, Photo):
        return {**common, "type": "photo", "url": media.url, **alt}
    variants = [
        {"content_type": each.content_type, "url": each.url, **({"bit_rate": each.bitrate} if each.bitrate else {})}
        for each in media.variants
    ]
    film = {"preview_image_url": media.poster, "variants": variants}
    if media.is_gif:
        return {**common, "type": "animated_gif", **film, **alt}
    return {**common, "type": "video", **film, "duration_ms": media.duration_ms, **alt}


def _poll_id(post: Post) -> str:
    return str(10**18 + number_from(f"poll {post.post_id}", 10**17))


def _poll(post: Post) -> dict[str, Any]:
    assert post.poll
    options = [{"position": place, "label": label, "votes": votes} for place, (label, votes) in
               enumerate(post.poll.choices, 1)]  # fmt: skip
    status = "closed" if post.poll.final else "open"
    end = post.poll.ends_at.replace("Z", ".000Z")
    return {"id": _poll_id(post), "options": options, "voting_status": status, "end_datetime": end}


def _entities(post: Post) -> dict[str, list[dict[str, Any]]]:
    """Links, tags and names with their places; an object without any has no such field."""
    urls = [
        {**_place(post, link.url), "url": link.url, "expanded_url": link.to, "display_url": link.display}
        for link in post.links
    ]
    if post.media_link:
        url, to = post.media_link.url, post.media_link.to
        shown = {"url": url, "expanded_url": to, "display_url": f"pic.x.com/{post.pic}"}
        urls += [{**_place(post, url), **shown, "media_key": _media_key(each)} for each in post.media]
    tags = [{"start": one.start(), "end": one.end(), "tag": one[1]} for one in post.find(r"#(\w+)")]
    names = [{"start": one.start(), "end": one.end(), "username": one[1]} for one in post.find(r"@(\w+)")]
    return {name: found for name, found in (("urls", urls), ("hashtags", tags), ("mentions", names)) if found}


def _place(post: Post, words: str) -> dict[str, int]:
    start = post.full_text.find(words)
    return {"start": start, "end": start + len(words)}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def not_found(post_id: str, parameter: str = "ids") -> dict[str, str]:
    """The recorded problem with a post that is not there."""
    detail = f"Could not find tweet with {parameter}: [{post_id}]."
    return _about(post_id, "Not Found Error", "resource-not-found", detail, parameter)


def _about(post_id: str, title: str, problem: str, detail: str, parameter: str = "ids") -> dict[str, str]:
    return {
        "value": post_id,
        "detail": detail,
        "title": title,
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": post_id,
        "type": f"{_PROBLEMS}/{problem}",
    }


def _without(title: str, problem: str, detail: str) -> Row:
    return lambda post, _: (None, [_about(post.post_id, title, problem, detail.format(post.post_id))])


def _withheld(*countries: str, copyright_claim: bool = False) -> Row:
    """Countries by their two letters; ``XX`` stands for all of them, ``XY`` for a claim of copyright."""

    def row(post: Post, question: Question) -> tuple[dict[str, Any], list[dict[str, str]]]:
        told = tweet_object(post, question)
        if copyright_claim or "XX" in countries:
            reason = "in response to a report from the copyright holder" if copyright_claim else "worldwide"
            told["text"] = f"This Post from @{post.by.handle} has been withheld {reason}. Learn more."
        withheld = {"copyright": copyright_claim, "country_codes": list(countries), "scope": "tweet"}
        return {**told, **({"withheld": withheld} if "withheld" in question.fields else {})}, []

    return row


def _quoted_gone(post: Post, question: Question) -> tuple[dict[str, Any], list[dict[str, str]]]:
    gone = post.quotes.post_id if post.quotes else "20"
    return tweet_object(post, question), [not_found(gone, "referenced_tweets.id")]


#: What a lookup says of one post.
ANSWERS: dict[str, Row] = {
    "data": lambda post, question: (tweet_object(post, question), []),
    "data, its quoted post not found": _quoted_gone,
    "withheld in a country": _withheld("DE"),
    "withheld everywhere": _withheld("XX"),
    "withheld for copyright": _withheld("XY", copyright_claim=True),
    "not found": lambda post, _: (None, [not_found(post.post_id)]),
    "not authorized": _without(
        "Authorization Error",
        "not-authorized-for-resource",
        "Sorry, you are not authorized to see the Tweet with ids: [{}].",
    ),
    "suspended": _without("Forbidden", "resource-not-found", "User has been suspended: [{}]."),
    "another problem": _without("Operational Disconnect", "operational-disconnect", "Something about [{}]."),
    "neither": lambda *_: (None, []),
}
#: What a request is answered as a whole.
REFUSALS: dict[str, Callable[[], Answer]] = {
    "400": lambda: as_json(400, _problem("Invalid Request", 400, "invalid-request")),
    "401": lambda: as_json(401, _problem("Unauthorized", 401)),
    "403": lambda: as_json(403, {**_problem("Client Forbidden", 403, "client-forbidden"), "reason": "not-enrolled"}),
    "429": lambda: as_json(429, _problem("Too Many Requests", 429), headers=_limits(0)),
    "429 for the month": lambda: as_json(429, _problem("UsageCapExceeded", 429, "usage-capped")),
    "500": lambda: as_json(500, _problem("Internal Server Error", 500)),
    "503": lambda: as_json(503, _problem("Service Unavailable", 503)),
    "not json": lambda: html(200, "X Developers", "Please sign in."),
    "cut json": lambda: Answer(status=200, body=b'{"data":[{"id":"', content_type="application/json; charset=utf-8"),
}  # fmt: skip


def _problem(title: str, status: int, kind: str | None = None) -> dict[str, Any]:
    return {"title": title, "type": f"{_PROBLEMS}/{kind}" if kind else "about:blank", "status": status, "detail": title}


def _limits(remaining: int) -> Headers:
    reset = str(int(time()) + 900)
    return (
        ("x-rate-limit-limit", str(_MOST)),
        ("x-rate-limit-remaining", str(remaining)),
        ("x-rate-limit-reset", reset),
    )
