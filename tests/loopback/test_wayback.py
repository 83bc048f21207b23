"""The miniature Wayback Machine answers every row of ``protocols.md`` 6, in the recorded shapes."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.loopback.nouns import Account, Post, snowflake
from tests.loopback.server import Asked
from tests.loopback.wayback import Capture, archive_org, in_json, of_post, surt, web_archive_org
from tests.shared import needs_shared, shared_json

POST = Post(post_id=snowflake("2018-05-21T16:20:45.310Z"), by=Account("Ada_eg", "Ada"), text="Hello, stairs")
CAPTURES = (
    of_post(POST, "20180522000000"),
    of_post(POST, "20190522000000", tail="?s=20"),
    in_json(POST, "20210101000000", {"data": {}}),
    Capture(url=POST.url("twitter.com"), stamp="20230701000000", status=404),
    Capture(url=POST.url("twitter.com"), stamp="20230801000000", status=302, to="https://twitter.com/login"),
    Capture(url=POST.url("twitter.com"), stamp="20230901000000", status=429, body=b"Rate limit exceeded"),
    Capture(url=POST.url("twitter.com"), stamp="20180601000000", revisit=True),
)
AVAILABLE, WEB = archive_org(CAPTURES), web_archive_org(CAPTURES)
INDEX = f"/cdx/search/cdx?url={quote(POST.url('twitter.com'), safe='')}&output=json"


def asked(target, host="web.archive.org", method="GET", body=b"", **headers):
    """A request as it arrives."""
    return Asked(raw=b"\r\n\r\n" + body, method=method, target=target, host=host, headers=headers, scheme="https")


def rows(target):
    """The rows of a listing, its header left out."""
    return json.loads(WEB(asked(target)).body)[1:]


@needs_shared
def test_availability_has_the_documented_shape():
    """Hit and miss: the same keys as documented; a scheme or a missing instant makes a miss."""
    shapes = shared_json("fixtures/archives/shapes.json")["availability"]
    said = json.loads(AVAILABLE(asked(f"/wayback/available?url={surt_free(POST)}&timestamp=20180101")).body)
    assert set(said) == set(shapes["hit"])
    assert set(said["archived_snapshots"]["closest"]) == set(shapes["hit"]["archived_snapshots"]["closest"])
    for target in (
        f"url={surt_free(POST)}",
        f"url=https://{surt_free(POST)}&timestamp=20180101",
        "url=a.example&timestamp=2018",
    ):
        assert json.loads(AVAILABLE(asked(f"/wayback/available?{target}")).body)["archived_snapshots"] == {}


def surt_free(post):
    """The post's address without its scheme."""
    return post.url("twitter.com").partition("://")[2]


def test_the_index_knows_exact_and_beginning_and_status():
    """Exactly that address; with a prefix its variants too; a filter by status; a revisit has none."""
    assert {row[1] for row in rows(INDEX)} == {one.stamp for one in CAPTURES if "?" not in one.url}
    good = rows(f"{INDEX}&matchType=prefix&filter=statuscode:200")
    assert {row[1] for row in good} == {"20180522000000", "20190522000000", "20210101000000"}
    assert [row[4] for row in rows(INDEX) if row[3] == "warc/revisit"] == ["-"]


def test_the_index_goes_on_where_the_key_says():
    """Pages with resume keys hold every row once, but for the doubled first of each page."""
    seen, key = set(), ""
    while True:
        page = rows(f"{INDEX}&limit=3&showResumeKey=true&resumeKey={quote(key, safe='')}")
        key = page[-1][0] if page[-2:-1] == [[]] else ""
        seen |= {row[1] for row in page if len(row) == 7}
        if not key:
            break
    assert seen == {one.stamp for one in CAPTURES if "?" not in one.url}


@pytest.mark.parametrize(
    ("stamp", "status", "memento"),
    [("20180522000000", 200, True), ("20180522000001", 302, False), ("20230701000000", 404, True),
     ("20230801000000", 302, True), ("20230901000000", 429, True)],
)  # fmt: skip
def test_replay_tells_archived_statuses_from_its_own(stamp, status, memento):
    """Archived answers have a Memento-Datetime; the way to the nearest one has a reason instead."""
    answer = WEB(asked(f"/web/{stamp}id_/{POST.url('twitter.com')}"))
    names = {name.lower() for name, _ in answer.headers}
    assert answer.status == status
    assert ("memento-datetime" in names) == memento
    assert ("x-archive-redirect-reason" in names) == (not memento)


def test_what_is_not_archived_is_the_archives_own_404():
    """No Memento-Datetime; by capture, by time or as a list of all."""
    nobody = "https://twitter.com/nobody/status/1"
    for target in (f"/web/20180522000000id_/{nobody}", f"/web/{nobody}", f"/web/timemap/link/{nobody}"):
        answer = WEB(asked(target))
        assert (answer.status, "memento-datetime" in names(answer)) == (404, False)


def names(answer):
    """The names of its headers."""
    return {name.lower() for name, _ in answer.headers}


def header(answer, name):
    return next(value for key, value in answer.headers if key.lower() == name)


URL = POST.url("twitter.com")
RELATIONS = re.compile(r'rel="([a-z ]+)"')


@pytest.mark.parametrize(
    ("stamp", "relations"),
    [
        ("20180522000000", ["first memento", "memento", "next memento", "last memento"]),
        ("20230701000000", ["first memento", "prev memento", "memento", "next memento", "last memento"]),
        ("20230901000000", ["first memento", "prev memento", "memento", "last memento"]),
    ],
)
def test_a_capture_names_its_neighbours(stamp, relations):
    """The page itself, all its captures, the way by time, and the captures first, before, behind and last."""
    told = RELATIONS.findall(header(WEB(asked(f"/web/{stamp}id_/{URL}")), "link"))
    assert told == ["original", "timemap", "timegate", *relations]


@pytest.mark.parametrize(
    ("accepts", "stamp"),
    [("Tue, 22 May 2018 12:00:00 GMT", "20180522000000"), ("Mon, 03 Jul 2023 00:00:00 GMT", "20230701000000"),
     (None, "20230901000000")],
)  # fmt: skip
def test_the_timegate_leads_to_the_nearest_capture(accepts, stamp):
    """302 by ``Accept-Datetime``; without it to the latest."""
    answer = WEB(asked(f"/web/{URL}", **({"accept-datetime": accepts} if accepts else {})))
    assert (answer.status, header(answer, "location")) == (302, f"https://web.archive.org/web/{stamp}/{URL}")
    assert "timemap" in RELATIONS.findall(header(answer, "link"))
    assert "memento-datetime" not in names(answer)


def test_the_timemap_lists_every_capture():
    """In link format, with its span; revisits are no captures by themselves."""
    answer = WEB(asked(f"/web/timemap/link/{URL}"))
    lines = answer.body.decode().split(",\n")
    assert answer.content_type == "application/link-format"
    assert [RELATIONS.findall(line)[0] for line in lines] == [
        "original", "self", "timegate", "first memento", "memento", "memento", "memento", "memento"
    ]  # fmt: skip
    assert 'from="Tue, 22 May 2018 00:00:00 GMT"; until="Fri, 01 Sep 2023 00:00:00 GMT"' in lines[1]


@pytest.mark.parametrize(("mode", "toolbar"), [("id_", False), ("if_", False), ("js_", False), ("", True)])
def test_only_people_see_the_toolbar(mode, toolbar):
    """Without a mode the page is dressed up; its own headers are told in both."""
    answer = WEB(asked(f"/web/20180522000000{mode}/{URL}"))
    assert (b"WAYBACK TOOLBAR" in answer.body) == toolbar
    assert header(answer, "x-archive-orig-server") == "tsa_f"


def test_an_archived_redirect_is_a_page_for_people():
    """Recorded: 200 without Memento-Datetime, which says what X answered; with ``id_`` it is the redirect itself."""
    page = WEB(asked(f"/web/20230801000000/{URL}"))
    assert (page.status, "memento-datetime" in names(page)) == (200, False)
    assert b"Got an HTTP 302 response at crawl time" in page.body
    way = WEB(asked(f"/web/20230801000000id_/{URL}"))
    assert header(way, "location") == "https://web.archive.org/web/20230801000000id_/https://twitter.com/login"


@pytest.mark.parametrize("trouble", ["blocked", "robots"])
def test_a_hidden_site_is_hidden_everywhere(trouble):
    """The index refuses, the replay shows a page that says so (recorded as 200), availability knows of nothing."""
    web, available = web_archive_org(CAPTURES, trouble), archive_org(CAPTURES, trouble)
    assert web(asked(INDEX)).status == 403
    page = web(asked(f"/web/20180522000000id_/{URL}"))
    assert (page.status, "memento-datetime" in names(page)) == (200, False)
    said = json.loads(available(asked(f"/wayback/available?url={surt_free(POST)}&timestamp=20180101")).body)
    assert said["archived_snapshots"] == {}


@pytest.mark.parametrize(("trouble", "status"), [("429", 429), ("503", 503)])
def test_the_archive_may_be_in_trouble(trouble, status):
    """Without Retry-After, whatever is asked for."""
    for target in (INDEX, f"/web/20180522000000id_/{URL}", "/save"):
        answer = web_archive_org(CAPTURES, trouble)(asked(target))
        assert (answer.status, "retry-after" in names(answer)) == (status, False)


RECORDED = {
    "test_get_memento": "/web/20180522000000id_/",
    "test_get_memento_works_on_archived_rate_limit_responses": "/web/20230901000000id_/",
    "test_get_memento_raises_when_memento_is_outside_target_window": "/web/20180523000000id_/",
    "test_get_memento_raises_no_memento_error": "/web/20180523000000id_/https://nobody.example/",
    "test_get_memento_with_redirect_in_view_mode": "/web/20230801000000/",
}
OF_THE_DAY = {"connection", "date", "transfer-encoding", "content-encoding", "content-length", "content-type",
              "server-timing", "content-security-policy", "x-cache-key", "x-archive-screenname"}  # fmt: skip


@needs_shared
@pytest.mark.parametrize("cassette", RECORDED)
def test_every_recorded_header_is_here(cassette):
    """But those of one connection, one measurement or one archived site; the statuses are the recorded ones."""
    name = f"fixtures/archives/edgi_cassettes/{cassette}.json"
    saved = shared_json(name)["interactions"][0]["response"]
    target = RECORDED[cassette]
    answer = WEB(asked(target if "nobody" in target else target + URL))
    wanted = {name.lower() for name in saved["headers"]} - OF_THE_DAY
    wanted = {name for name in wanted if not name.startswith("x-archive-orig-")}
    assert (answer.status, wanted - names(answer)) == (saved["status"]["code"], set())


@needs_shared
def test_the_relations_of_a_recorded_capture_are_ours():
    """The same words in the same order, each with its time."""
    saved = shared_json("fixtures/archives/edgi_cassettes/test_get_memento.json")["interactions"][0]["response"]
    ours = header(WEB(asked(f"/web/20230701000000id_/{URL}")), "link")
    for pattern in (RELATIONS, re.compile(r'(?:memento)"; (\w+)=')):
        assert pattern.findall(ours) == pattern.findall(saved["headers"]["link"])


def test_keys_are_canonical():
    """Host reversed without www, lower case, no scheme: x.com is another key than twitter.com."""
    assert surt("https://www.Twitter.com/Ada/status/1?s=20") == "com,twitter)/ada/status/1?s=20"
    assert surt("x.com/Ada/status/1") == "com,x)/ada/status/1"
