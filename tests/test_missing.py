from __future__ import annotations

from typing import Any

import pytest

from archiver.missing import broken, in_words, missing

PHOTO = "https://pbs.twimg.com/media/GabcdefXYAA.jpg"
STILL = "https://pbs.twimg.com/ext_tw_video_thumb/1791959439796867072/pu/img/IuDBIeTq.jpg"
FILM = "https://video.twimg.com/ext_tw_video/1791959439796867072/pu/vid/avc1/1280x720/d39x.mp4?tag=12"
FACE = "https://pbs.twimg.com/profile_images/1079889941099451243/HngSTMeJ_normal.jpg"
HELD = {"bytes": 1_000, "cut": None}


def medium(kind: str, url: str, file: object = None, poster: object = None) -> dict[str, Any]:
    return {"type": kind, "url": url, "file": file, "poster": poster}


def post(*media: dict[str, Any], captures: object = (), failures: object = (), **facts: object) -> dict[str, Any]:
    """A post's document with these media, and what came of asking for them."""
    told = {"media": [{"value": list(media)}]} if media else {}
    return {
        "facts": told | {field: [{"value": value}] for field, value in facts.items()},
        "captures": captures,
        "failures": failures,
    }


def got(url: str, status: int, why: str = "media", cut: str | None = None) -> dict[str, Any]:
    return {"url": url, "why": why, "http_status": status, "cut": cut}


def lost(url: str, word: str, why: str = "media") -> dict[str, Any]:
    return {"url": url, "why": why, "word": word, "reason": "so it is"}


SIZES = [got(f"https://pbs.twimg.com/media/GabcdefXYAA?format=jpg&name={size}", 404) for size in ("orig", "large")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, []),
        (post(medium("photo", PHOTO, HELD)), []),
        (post(medium("video", STILL, HELD, HELD)), []),
        (post(medium("photo", PHOTO), captures=SIZES[:1]), [("photo", "pbs.twimg.com answered 404", False)]),
        (post(medium("photo", PHOTO), captures=SIZES),
         [("photo", "pbs.twimg.com answered 404, in each of 2 sizes", False)]),
        (post(medium("photo", PHOTO), captures=[got(f"{PHOTO}?x", 500)]),
         [("photo", "pbs.twimg.com answered 500", True)]),
        (post(medium("photo", PHOTO), failures=[lost(f"{PHOTO}?x", "over-budget")]),
         [("photo", "over-budget: so it is", True)]),
        (post(medium("photo", PHOTO)),
         [("photo", "not asked for, by the configuration, or since the answer names no file of it", False)]),
        (post(medium("photo", PHOTO, {"bytes": 1_000, "cut": "length"})),
         [("photo", "1,000 bytes of it, cut where a limit ends", False)]),
        (post(medium("photo", PHOTO, {"bytes": 1_000, "cut": "time"})),
         [("photo", "1,000 bytes of it, cut: it took too long", True)]),
        # the still is held, the film failed; and the other way round
        (post(medium("video", STILL, None, HELD), failures=[lost(FILM, "timed-out")]),
         [("film", "timed-out: so it is", True)]),
        (post(medium("animated_gif", STILL, HELD), captures=[got(STILL, 403), got(FILM, 200)]),
         [("still", "pbs.twimg.com answered 403", False)]),
        (post(avatar={"url": FACE, "file": None}, captures=[got(FACE.replace("_normal", ""), 404, "avatar")]),
         [("avatar", "pbs.twimg.com answered 404", False)]),
        (post(avatar={"url": FACE, "file": None}, failures=[lost(FACE, "unreachable", "avatar")]),
         [("avatar", "unreachable: so it is", True)]),
        (post(card={"url": "https://t.co/CardLink01", "image": None}), []),
        (post(card={"url": "https://t.co/CardLink01", "image": None},
              failures=[lost("https://pbs.twimg.com/card_img/1/a", "refused", "card")]),
         [("card picture", "refused: so it is", True)]),
    ],
)  # fmt: skip
def test_what_is_not_held_says_why_and_whether_it_is_asked_for_again(
    body: Any, expected: list[tuple[str, str, bool]]
) -> None:
    """A refusal is final; what failed, was busy or broke off comes again with the next look."""
    assert [(one["what"], one["why"], one["again"]) for one in missing(body)] == expected
    assert len(in_words(body)) == sum(again for *_, again in expected)


def test_a_services_own_answer_may_be_broken() -> None:
    """The newest of each address counts."""
    body = post(captures=[got("https://a.example/", 500, "post"), got("https://a.example/", 200, "post")])
    assert broken(body) == []
    body = post(captures=[got("https://a.example/", 200, "oembed", cut="disconnect")])
    assert broken(body) == ["oembed: a.example answered 200, cut: the connection broke"]
