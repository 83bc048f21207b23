"""What of a post is not held though it was shown, why, and when it is asked for again. Pure.

Read from the body of the post's document (``record.post_document``) alone, so that it is the same whenever it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Body = Mapping[str, Any]
Json = dict[str, Any]
_NOUNS = {"photo": "photo", "video": "film", "animated_gif": "GIF"}
_CUT = {"length": "cut where a limit ends", "time": "cut: it took too long", "disconnect": "cut: the connection broke"}
_LATER = (408, 425, 429)
"""Answers, beside 5xx, that only say "not now"."""


def missing(body: Body) -> list[Json]:
    """Each file that a post shows and that is not held in full: ``what`` (``photo``, ``film``, ``GIF``, ``still``,
    ``avatar``, ``card picture``), its ``url`` as the answer names it, ``why`` in a sentence, and whether it is
    asked for ``again`` with the next look at the post."""
    facts = body.get("facts") or {}
    return [
        {"what": what, "url": url, "why": why, "again": again}
        for what, url, file, is_film in (*_media(_first(facts, "media")), *_pictures(facts))
        for why, again in _reason(body, url, file, is_film=is_film)
    ]


def in_words(body: Body) -> list[str]:
    """The same, a line each, of what may still come."""
    return [f"{one['what']} {one['url']}: {one['why']}" for one in missing(body) if one["again"]]


def broken(body: Body) -> list[str]:
    """Answers of the services themselves that are not whole, a line each."""
    newest = {one["url"]: one for one in body.get("captures") or () if one["why"] in ("post", "oembed", "api")}
    return [
        f"{one['why']}: {_said(one)}" for one in newest.values() if one.get("cut") or (one["http_status"] or 0) >= 500
    ]


def _first(facts: Mapping[str, Any], field: str) -> Any:
    return next((fact["value"] for fact in facts.get(field) or ()), None)


def _media(media: Sequence[Body] | None) -> Iterator[tuple[str, str, Body | None, bool]]:
    """(what, url, the file that is held, whether that is a film) of each medium, and of each film's still."""
    for one in media or ():
        is_film = one["type"] != "photo"
        yield _NOUNS[one["type"]], one["url"], one.get("file"), is_film
        if is_film:
            yield "still", one["url"], one.get("poster"), False


def _pictures(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, Body | None, bool]]:
    avatar, card = _first(facts, "avatar"), _first(facts, "card")
    if avatar:
        yield "avatar", avatar["url"], avatar.get("file"), False
    if card and card.get("url"):
        yield "card picture", card["url"], card.get("image"), False


def _reason(body: Body, url: str, file: Body | None, *, is_film: bool) -> Iterator[tuple[str, bool]]:
    """(why, whether again) of what is not held, or not in full; nothing of what is."""
    if file:
        if file.get("cut"):
            cut = str(file["cut"])
            yield f"{file['bytes']:,} bytes of it, {_CUT[cut]}", cut != "length"
        return
    of_card = url.startswith("https://t.co/") or "twimg.com" not in urlsplit(url).netloc
    failures = [one for one in body.get("failures") or () if _is_of(one, url, is_film=is_film, of_card=of_card)]
    answers = [one for one in body.get("captures") or () if _is_of(one, url, is_film=is_film, of_card=of_card)]
    if failures:
        yield f"{failures[-1]['word']}: {failures[-1]['reason']}", True
    elif answers:
        last = answers[-1]
        status = last["http_status"] or 0
        sizes = f", in each of {len(answers)} sizes" if len(answers) > 1 else ""
        yield _said(last) + sizes, last.get("cut") in ("time", "disconnect") or status in _LATER or status >= 500
    elif not of_card:
        yield "not asked for, by the configuration, or since the answer names no file of it", False


def _said(capture: Body) -> str:
    host = urlsplit(capture["url"]).hostname
    return f"{host} answered {capture['http_status']}{', ' + _CUT[capture['cut']] if capture.get('cut') else ''}"


def _is_of(asked: Body, url: str, *, is_film: bool, of_card: bool) -> bool:
    """Whether a question was for the file that an answer names ``url``: the same name, in whatever size."""
    if of_card:
        return bool(asked["why"] == "card")
    named = urlsplit(url).path.split("/")
    name = named[2].partition(".")[0] if len(named) > 2 else url
    return f"/{name}" in asked["url"] and ("//video." in asked["url"]) == is_film
