"""Thirty nights: each report says exactly what happened, nothing is fetched without need, nobody is hurried."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from archiver.cli import main
from archiver.night.order import MOST_IDLE
from archiver.page import BELIEVED
from tests.loopback.server import Crossing, LoopbackWeb
from tests.month import (
    ARTICLES,
    BUSY,
    EDITED_ON,
    EDITED_POST,
    FATES,
    FIRST,
    LYING_ARTICLE,
    NIGHTS,
    OUTAGE,
    RATE,
    STUCK_POST,
    Month,
    held,
    post,
)

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "record.schema.json").read_text("utf-8"))
GONE = {"deleted", "suspended"}


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """(what was due, the report, what the web was asked) of each night, and the month itself."""
    folder = tmp_path_factory.mktemp("month")
    nights: dict[int, tuple[Mapping[str, Any], Mapping[str, Any], Sequence[Crossing]]] = {}
    with LoopbackWeb({}, folder=folder) as web:
        made = Month(folder, web)
        for on in range(1, NIGHTS + 1):
            due, before = made.due(on), len(web.log)
            nights[on] = (due, made.night(on), web.log[before:])
        yield made, nights


def new_articles(on: int) -> tuple[int, ...]:
    """A night on which nobody is reached leaves its articles to the next."""
    late = ARTICLES.get(on - 1, ()) if on - 1 == OUTAGE else ()
    return () if on == OUTAGE else (*late, *ARTICLES.get(on, ()))


def test_every_new_article_is_taken_on_the_night_that_names_it(month):
    """Once, though two feeds name one of them."""
    _, nights = month
    assert {on: report["articles"].get("new", 0) for on, (_, report, _) in nights.items()} == {
        on: len(new_articles(on)) for on in nights
    }
    assert all(report["articles"]["announced"] == len(new_articles(on)) for on, (_, report, _) in nights.items())


def test_everything_due_is_looked_at_and_nothing_else(month):
    """Posts and articles, on every night that reached anybody."""
    _, nights = month
    for on, (due, report, _) in nights.items():
        if on == OUTAGE:
            continue
        posts = [body for key, body in due.items() if key.startswith("x:")]
        looked = report["posts"].get("checked", 0) + report["posts"].get("tried again", 0)
        assert looked == len(posts), on
        assert report["articles"].get("checked", 0) == len(due) - len(posts), on


def test_every_change_is_noticed_on_the_next_look_that_can_tell(month):
    """Deleted, suspended (whose second look is the proof), edited, and back; nothing else ever is said to change."""
    made, nights = month
    seen = [(on, one["key"], one["what"]) for on, (_, report, _) in nights.items() for one in report["changes"]]
    for number, fates in FATES.items():
        key = f"x:{post(number, 1).post_id}"
        told = [(on, what) for on, about, what in seen if about == key]
        clear = [scenario.standing for _, scenario in sorted(fates.items())]
        assert [what for _, what in told] == ["gone" if one in GONE else "returned" for one in clear], number
        for (since, _), (on, _) in zip(sorted(fates.items()), told, strict=True):
            due_between = [
                night
                for night in range(since, on)
                if _look_is_due(key, nights[night][0], night) and night not in (BUSY, OUTAGE)
            ]
            assert on >= since
            assert len(due_between) <= 1, (number, since, on)  # the first of two looks that only together are proof
    edited = f"x:{post(EDITED_POST, 1).post_id}"
    first_look = next(on for on in nights if on >= EDITED_ON and edited in nights[on][0])
    assert [(on, what) for on, key, what in seen if key == edited] == [(first_look, "edited")]
    articles = [(key, what) for _, key, what in seen if key.startswith("https:")]
    assert articles == [("https://news.example/2", "edited"), ("https://news.example/3", "edited")]
    assert {what for _, _, what in seen} == {"gone", "returned", "edited"}
    assert made.knowledge()["articles"][1]["changes"][0][0] == "edited"


def test_a_quiet_night_costs_two_conditional_requests_and_writes_nothing(month):
    """Both feeds say 304."""
    _, nights = month
    quiet = [on for on, (due, _, _) in nights.items() if not due and not new_articles(on) and on != OUTAGE]
    assert quiet
    for on in quiet:
        _, report, asked = nights[on]
        assert (len(asked), report["warcs"]) == (2, []), on


def test_nothing_is_fetched_without_need(month):
    """A page for each article that is new or due; two questions for each post that is new or due; a picture once."""
    _, nights = month
    known: set[int] = set()
    for on, (due, _, asked) in nights.items():
        counted: dict[str, int] = defaultdict(int)
        for crossing in asked:
            counted[crossing.asked.host] += 1
        pages = len(new_articles(on)) + sum(not key.startswith("x:") for key in due)
        quoted = {one for article in range(1, 11) if _known_on(article, on) for one in held(article, on)}
        posts = {number for number in range(12) if _look_is_due(f"x:{post(number, on).post_id}", due, on)}
        fresh = _captured_first(on, due, quoted) - known
        if on == OUTAGE:
            assert not asked
            continue
        assert counted["news.example"] == pages, on
        twice = 1 if on == BUSY + 1 else 0  # looked at under its id alone, and tried again as its article names it
        assert counted["publish.twitter.com"] == len(posts | fresh) + twice, on
        assert counted["cdn.syndication.twimg.com"] <= len(posts | fresh) + twice, on
        known |= fresh
    pictures = [one.url for _, _, asked in nights.values() for one in asked if one.asked.host == "pbs.twimg.com"]
    had = [url for url in pictures if post(STUCK_POST, 1).photos[0].name not in url]
    assert 0 < len(had) == len(set(had)) < len(pictures)


def test_a_known_page_is_asked_only_whether_it_has_changed(month):
    """By every look in the fortnight after it was had in full; its answer is a 304 unless it was edited, and a page
    whose ETag stays though its posts change is found out by the first look after that, and not believed again."""
    made, nights = month
    liar = made.knowledge()["articles"][LYING_ARTICLE - 1]
    found = int(liar["changes"][0][3][-2:])
    assert (len(liar["changes"]), liar["lies"], found > BELIEVED.days) == (1, True, True)
    whole = {article: min(on for on in nights if article in new_articles(on)) for article in range(1, 11)}
    answered: dict[bytes, int] = defaultdict(int)
    for on, (due, report, asked) in nights.items():
        looked = {int(key.rsplit("/", 1)[1]) for key in due if not key.startswith("x:")}
        unchanged = 0
        for crossing in (one for one in asked if one.asked.host == "news.example"):
            article = int(crossing.url.rsplit("/", 1)[1])
            conditional = article in looked and on - whole[article] <= BELIEVED.days
            conditional = conditional and not (article == LYING_ARTICLE and on > found)
            assert ("if-none-match" in crossing.asked.headers) == conditional, (on, article)
            status = bytes(crossing.sent).split(b" ", 2)[1]
            answered[status] += 1
            unchanged += status == b"304"
            whole[article] = whole[article] if status == b"304" else on
        assert report["articles"].get("unchanged", 0) == unchanged, on
    assert answered[b"304"] > 2 * (answered[b"200"] - len(whole))


def _look_is_due(key: str, due: Mapping[str, Any], on: int) -> bool:
    """Whether the services are to be asked about a post tonight, and not only for a picture that failed."""
    until = (FIRST + timedelta(days=on - 1) + MOST_IDLE).isoformat()
    return key in due and (due[key].get("watch_at") or "") <= until


def _known_on(article: int, on: int) -> bool:
    return any(article in articles for since, articles in ARTICLES.items() if since <= on)


def _captured_first(on: int, due: Mapping[str, Any], quoted: set[int]) -> set[int]:
    """Posts of the articles that are read on this night."""
    read = [*new_articles(on), *(int(key.rsplit("/", 1)[1]) for key in due if not key.startswith("x:"))]
    return {one for article in read for one in held(article, on)} & quoted


def test_a_broken_and_an_empty_feed_are_named_and_cost_only_themselves(month):
    """500 for three nights; empty for three, of which the third is told; an outage of all is 69."""
    _, nights = month
    said = {on: report["sources"]["sport"]["state"] for on, (_, report, _) in nights.items()}
    assert {on for on, state in said.items() if state == "broken"} == {6, 7, 8, OUTAGE}
    assert {on for on, state in said.items() if state == "empty"} == {17}
    assert [on for on, (_, report, _) in nights.items() if report["exit_code"] == 69] == [OUTAGE]
    assert all(nights[on][1]["sources"]["front"]["state"] == "well" for on in nights if on != OUTAGE)


def test_a_host_that_rate_limits_is_left_alone(month):
    """After its first 429, with an hour's Retry-After, it gets no new request that night; all is made up for later."""
    _, nights = month
    due, report, asked = nights[BUSY]
    busy = [one for one in asked if one.asked.host == "cdn.syndication.twimg.com"]
    wanted = sum(key.startswith("x:") for key in due) + len(held(new_articles(BUSY)[0], BUSY))
    assert 1 <= len(busy) < wanted
    assert report["busy"] == len(busy)
    assert report["hosts"]["cdn.syndication.twimg.com"]["share"] == 0.5
    assert nights[BUSY + 1][1]["posts"]["tried again"] > 0


def test_no_host_is_ever_asked_faster_than_its_rate(month):
    """By the web's own log, in which a handshake or a busy machine may delay a line: of all intervals between a host's
    requests the middle one is a quarter of what its rate allows at the least (without a pace it would be a twentieth),
    and no row of requests shorter by more than such a delay."""
    _, nights = month
    delay_s = 1.0
    between: dict[str, list[float]] = defaultdict(list)
    for on, (_, _, asked) in nights.items():
        times: dict[str, list[float]] = defaultdict(list)
        for crossing in asked:
            times[crossing.asked.host].append(crossing.at)
        for host, at in times.items():
            between[host] += [later - sooner for sooner, later in pairwise(at)]
            for row in range(1, len(at)):
                assert all(at[i + row] - at[i] >= row / RATE - delay_s for i in range(len(at) - row)), (on, host)
    often = {host: intervals for host, intervals in between.items() if len(intervals) > 20}
    assert often.keys() >= {"news.example", "publish.twitter.com"}
    for host, intervals in often.items():
        assert median(intervals) >= 0.25 / RATE, host


def test_the_reports_are_kept(month):
    """One for each night, and the latest."""
    made, nights = month
    kept = sorted(path.name for path in (made.folder / "archive" / "reports").iterdir())
    assert kept == sorted(
        [f"{report['run']}.json" for _, report, _ in nights.values()] + ["begun", "latest.json", "told.json"]
    )


def said(made: Month, *words: str) -> str:
    """What a command says about the month's archive."""
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main(["--config", str(made.folder / "config.toml"), *words])
    assert ended.value.code == 0
    return out.getvalue()


def rows(made: Month, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(made, *words, "--json").splitlines()]


@pytest.mark.parametrize(("words", "definition"), [(("list",), "saved"), (("list", "--articles"), "listed")])
def test_every_row_says_what_changed_and_when_it_is_looked_at_next(month, words, definition):
    """As ``docs/record.schema.json`` has it; the changes are those of the reports. ``--due``: longest wait first."""
    made, nights = month
    schema = {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{definition}"}]}
    shown = rows(made, *words)
    for row in shown:
        Draft202012Validator(schema).validate(row)
    told = {(one["at"], one["what"]) for _, report, _ in nights.values() for one in report["changes"]
            if (one["kind"] == "article") == (definition == "listed")}  # fmt: skip
    assert {(one["at"], one["what"]) for row in shown for one in row["changes"]} == told
    assert told
    assert all(row["due_at"] for row in shown)
    due = [row["due_at"] for row in rows(made, *words, "--due")]
    assert due == sorted(due)
    assert len(due) == len(shown)


def test_a_person_sees_what_changed_and_what_comes_next(month):
    """Of an article: when its page was had, when it was last found unchanged, what was added. Of a post: what became of
    it; a renewed look is dated."""
    made, _ = month
    article = said(made, "show", "https://news.example/2")
    assert re.search(r"unchanged +2026-03-\S+, by its server's word\n", article)
    assert re.search(r"next look +2026-", article)
    assert re.search(rf"changed +2026-03-\S+ edited; added https://x.com/\S+{post(11, 1).post_id}", article)
    assert re.search(r"changed +2026-03-\S+ gone: public → deleted", said(made, "show", post(1, 1).post_id))
    edited = said(made, "show", post(EDITED_POST, 1).post_id)
    assert "text, edited: the post was edited (tweet-result.text showed the other words on 2026-03-" in edited
    assert re.search(r"seen +public, says tweet-result, oembed \d+ times, 2026-03-\S+ to 2026-03-\S+\n", edited)
