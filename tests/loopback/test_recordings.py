"""The miniature says what the real services said, as far as somebody recorded it (``../shared/fixtures``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any

import pytest

from tests.loopback.answers import Tries
from tests.loopback.gallery import ADA, KINDS
from tests.loopback.nouns import Account, Link, Photo, Post, minted_at, snowflake
from tests.loopback.oembed import ERRORS, embed, publish_x_com
from tests.loopback.recordings import needs_shared, recorded, recorded_json
from tests.loopback.scenarios import TOMBSTONES, tombstone_text
from tests.loopback.server import Asked
from tests.loopback.status_pages import x_com
from tests.loopback.syndication import ANSWERS, tombstone
from tests.loopback.tco import page, tco
from tests.loopback.tweets import created_at, tweet
from tests.loopback.x_world import World

pytestmark = needs_shared
FIXTURES = "fixtures"


def asked(target: str, host: str = "x.example", agent: str = "curl/8.2.1") -> Asked:
    return Asked(raw=b"", method="GET", target=target, host=host, headers={"user-agent": agent}, scheme="https")


@pytest.mark.parametrize(
    ("file", "to", "era"),
    [("body_2013.html", "http://bit.ly/XFwn3X", 2013), ("body_2016.html", "http://youtu.be/8EYeX5PkDXQ?a", 2016),
     ("body_2018_onward.html", "https://nyti.ms/2loU4p0", 2018)],
)  # fmt: skip
def test_the_page_of_tco(file: str, to: str, era: Any) -> None:
    """For the same destination, t.co's page is the recorded one, byte for byte."""
    assert page(Link(code="AnyCode001", to=to, era=era)) == recorded(f"{FIXTURES}/tco/{file}").rstrip(b"\n")


def test_the_headers_of_tco() -> None:
    """The page of 2021 had these headers, and those that have a constant value have it here too."""
    saved = recorded_json(f"{FIXTURES}/tco/recorded_2021-04-04_t.co_4DK3Jc2BTt_browser_200.json")
    link = Link(code="4DK3Jc2BTt", to="https://buff.ly/2uSOHDs")
    answer = World(links=(link,)).services()["t.co"](asked("/4DK3Jc2BTt", agent="Mozilla/5.0"))
    ours = {name.lower(): value for name, value in answer.headers}
    constant = {"cache-control", "server", "strict-transport-security", "vary", "x-xss-protection"}
    assert {name: ours[name] for name in constant} == {name: saved["headers"][name][0] for name in constant}
    assert {"expires", "x-connection-hash", "x-response-time", "set-cookie"} <= set(ours)
    assert answer.body.decode() == saved["body"]


def test_destinations_of_tco() -> None:
    """Every destination that was seen can be played back, t.co and pic.twitter.com alike; unknown codes are 404."""
    cases = recorded_json(f"{FIXTURES}/tco/cases.json")
    known = {url.rsplit("/", 1)[1]: to for url, to, _ in cases["destinations"] if "//t.co/" in url}
    service = tco({code: Link(code=code, to=to) for code, to in known.items() if to}, Tries())
    for code, to in known.items():
        answer = service(asked(f"/{code}"))
        assert (answer.status, dict(answer.headers).get("Location")) == ((301, to) if to else (404, None))


TWEETS = {
    "tweet_1641086480675225601_photo.json": ("photos", "links"),
    "tweet_1641895049427550208_quote.json": ("quoting", "escapes"),
    "tweet_1629262255744503809_card.json": ("card", "escapes"),
}


@pytest.mark.parametrize("file", TWEETS)
def test_the_fields_of_a_tweet(file: str) -> None:
    """What a recorded tweet has, ours has: the same fields, of the same types, at every depth."""
    ours = {path: kind for name in TWEETS[file] for path, kind in fields(tweet(KINDS[name]))}
    wanted = {
        path: kind
        for path, kind in fields(recorded_json(f"{FIXTURES}/syndication/{file}"))
        if not path.startswith((".card.binding_values", ".self_thread", ".possibly_sensitive"))
    }
    assert {path: ours.get(path) for path in wanted} == wanted


def fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field's path and the name of its type; all items of a list share one path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, f"{path}[]")
    else:
        yield path, type(value).__name__


def test_the_order_of_fields() -> None:
    """The fields that both have come in the recorded order."""
    saved = list(recorded_json(f"{FIXTURES}/syndication/tweet_1641086480675225601_photo.json"))
    ours = [name for name in tweet(KINDS["photos"]) if name in saved]
    assert ours == [name for name in saved if name in ours]


def test_a_recorded_tweet_can_be_rebuilt() -> None:
    """From its author, text and links, the recorded text, time, entities and edit window follow."""
    saved = recorded_json(f"{FIXTURES}/syndication/tweet_1641086480675225601_photo.json")
    by = Account(saved["user"]["screen_name"], saved["user"]["name"])
    links = tuple(Link(code=url["url"].rsplit("/", 1)[1], to=url["expanded_url"]) for url in saved["entities"]["urls"])
    media_link = saved["entities"]["media"][0]["url"]
    ours = tweet(
        Post(post_id=saved["id_str"], by=by, text=saved["text"].removesuffix(f" {media_link}"), links=links,
             pic=media_link.rsplit("/", 1)[1], photos=(Photo(media_id="1641084025845448705", width=1995, height=896),))
    )  # fmt: skip
    for field in ("created_at", "text", "display_text_range", "entities", "lang", "id_str"):
        assert ours[field] == saved[field]
    assert ours["edit_control"]["editable_until_msecs"] == saved["edit_control"]["editable_until_msecs"]
    for field in ("sizes", "display_url", "expanded_url", "indices", "type"):
        assert ours["mediaDetails"][0][field] == saved["mediaDetails"][0][field]


def test_every_row_of_answers_is_here() -> None:
    """Each answer of tweet-result that was ever seen is a row of the table, with its status and type."""
    post, known = KINDS["plain"], set()
    for row in ANSWERS.values():
        answer = row(post)
        known.add((str(answer.status), (answer.content_type or "").split(";")[0], shape(answer.body)))
    for seen in recorded_json(f"{FIXTURES}/syndication/answers.json")["answers"]:
        body = seen["body"]
        wanted = shape(json.dumps(body).encode() if isinstance(body, dict) else b"<html>")
        if body == "Tweet object" or "without" in body:
            wanted = "Tweet"
        if seen["status"] == 429:
            wanted = "text"
        statuses = ("500", "503") if seen["status"] == "5xx" else (str(seen["status"]),)
        assert any((status, seen["content_type"].split(";")[0], wanted) in known for status in statuses), seen["when"]


def shape(body: bytes) -> str:
    """The kind of a body: a tweet, a tombstone, the keys of another object, ``html`` or ``text``."""
    try:
        value = json.loads(body)
    except ValueError:
        return "html" if b"<html" in body else "text"
    return value.get("__typename") or " ".join(value)


def test_every_tombstone_text_is_here() -> None:
    """All fourteen texts can be said, and three more: two that others found in posts' place in the API, and one of a
    withheld post, which is our guess."""
    known = [why for why in TOMBSTONES if why not in ("withheld", "withheld for copyright", "media policy")]
    texts = {tombstone_text(why, new_words=new) for why in known for new in (True, False)}
    assert texts == set(recorded_json(f"{FIXTURES}/syndication/answers.json")["tombstone_texts"])
    assert all(json.loads(tombstone(text).body)["tombstone"]["text"]["text"] == text for text in texts)


OEMBEDS = ("feedbin_9to5mac_1280625051822436353.json", "recorded_publish.twitter.com.oembed.json",
           "recorded_publish.x.com.oembed.json", "tweepy_testgetoembed.json")  # fmt: skip


def oembed_body(file: str) -> str:
    text = recorded(f"{FIXTURES}/oembed/{file}").decode()
    value = json.loads(text)
    if "interactions" in value:
        return str(value["interactions"][0]["response"]["body"]["string"])
    return str(value.get("body", text))


@pytest.mark.parametrize("file", OEMBEDS)
def test_an_embed_can_be_rebuilt(file: str) -> None:
    """From its author and text the recorded body follows, escapes and all; only the line ends behind it differ."""
    body = oembed_body(file)
    saved = json.loads(body)
    found = re.search(r'<p lang="(\w+)" dir="ltr">(.*)</p>', saved["html"], re.DOTALL)
    assert found
    post = Post(
        post_id=saved["url"].rsplit("/", 1)[1],
        by=Account(saved["author_url"].rsplit("/", 1)[1], saved["author_name"]),
        text=unescape(re.sub(r"<[^>]+>", "", found[2])),
        lang=found[1],
    )
    assert without_line_ends(embed(post, {}).decode()) == without_line_ends(body)


def without_line_ends(body: str) -> str:
    return body.replace("\\n", "").strip()


def test_errors_of_oembed() -> None:
    """Every recorded refusal is a row of ours."""
    for seen in recorded_json(f"{FIXTURES}/oembed/errors.json"):
        bodies = [row(asked("/oembed?url=https%3A%2F%2Ftwitter.com%2Fzoolininfts%2Fstatus%2F1928051687077314857"))
                  for row in ERRORS.values()]  # fmt: skip
        same_status = [answer for answer in bodies if answer.status == seen["status"]]
        assert same_status
        if isinstance(seen["body"], dict):
            assert seen["body"] in [json.loads(answer.body) for answer in same_status if b"{" in answer.body]


def test_publish_x_com_is_recorded() -> None:
    """The recorded hop had this Location and these headers."""
    saved = recorded_json(f"{FIXTURES}/oembed/recorded_publish.x.com.oembed.json")["headers"]
    target = saved["location"][0].removeprefix("https://publish.twitter.com")
    headers = dict(publish_x_com(asked(target)).headers)
    assert (headers["Location"], headers["cache-control"]) == (saved["location"][0], saved["cache-control"][0])


MIGRATE_PAGE = (
    r"<title>x\.com</title>",
    r'http-equiv="refresh" content="0; url = https://twitter\.com/x/migrate\?tok=',
    r'document\.location = "https://twitter\.com/x/migrate\?tok=',
    r"<body[^>]*>\s*</body>",
)


def test_the_migrate_page() -> None:
    """The recorded page of x.com and ours have the title, the refresh and an empty body in common."""
    saved = recorded_json(f"{FIXTURES}/oembed/recorded_2024_twitter.com_to_x.com_migrate_page.json")["body"]
    ours = x_com({})(asked("/pepephone/status/436461658601713664")).body.decode()
    for pattern in MIGRATE_PAGE:
        assert re.search(pattern, saved)
        assert re.search(pattern, ours)


def test_the_api_with_nothing_found() -> None:
    """Fifteen missing tweets are answered exactly as they were in 2021."""
    saved = recorded_json(f"{FIXTURES}/syndication/apiv2_not_found_body_2021-12-19.json")
    ids = ",".join(error["value"] for error in saved["errors"])
    request = Asked(raw=b"", method="GET", target=f"/2/tweets?ids={ids}", host="api.x.com",
                    headers={"authorization": "Bearer none"}, scheme="https")  # fmt: skip
    assert json.loads(World().services()["api.x.com"](request).body) == saved


def test_ids_and_times() -> None:
    """The 33 ids of saved pages were minted in the second that those pages print."""
    for pair in recorded_json(f"{FIXTURES}/snowflake/legacy_html_pairs.json"):
        minted = minted_at(pair["id"])
        assert int(minted.timestamp()) == pair["data_time"]
        again = snowflake(minted.isoformat(), worker=(int(pair["id"]) >> 12) & 1023, sequence=int(pair["id"]) & 4095)
        assert again == pair["id"]


def test_media_names_hold_their_ids() -> None:
    """The first eleven letters of a recorded name, which hold the id, are those of ours for that id."""
    for known in recorded_json(f"{FIXTURES}/urls/media_urls.json")["name_to_id"]:
        photo = Photo(media_id=str(known["media_id"]))
        assert (photo.name[:10], len(photo.name)) == (known["name"][:10], 15)


def test_created_at_has_no_milliseconds() -> None:
    """The recorded time is the second of the id."""
    saved = recorded_json(f"{FIXTURES}/syndication/tweet_1641895049427550208_quote.json")
    post = Post(post_id=saved["id_str"], by=ADA, text="")
    assert created_at(post) == saved["created_at"]
    assert datetime.fromisoformat(saved["created_at"]) == post.posted_at.replace(microsecond=0)
