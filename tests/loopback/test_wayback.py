"""The miniature Wayback Machine answers every row of ``protocols.md`` 6, in the recorded shapes."""

from __future__ import annotations

import json
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
        page = rows(f"{INDEX}&limit=2&showResumeKey=true&resumeKey={quote(key, safe='')}")
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
    """No Memento-Datetime."""
    answer = WEB(asked("/web/20180522000000id_/https://twitter.com/nobody/status/1"))
    assert (answer.status, answer.headers) == (404, ())


def test_save_page_now_makes_one_job_an_address():
    """Accepted, the same within the hour, pending, then done; without a key it is refused."""
    headers = {"authorization": "LOW key:secret"}
    first, again = (
        json.loads(WEB(asked("/save", method="POST", body=b"url=https%3A%2F%2Fx.example%2F", **headers)).body)
        for _ in range(2)
    )
    assert first["job_id"] == again["job_id"]
    assert "message" in again
    looks = [json.loads(WEB(asked(f"/save/status/{first['job_id']}")).body)["status"] for _ in range(2)]
    assert looks == ["pending", "success"]
    assert WEB(asked("/save", method="POST", body=b"url=x")).status == 401


def test_keys_are_canonical():
    """Host reversed without www, lower case, no scheme: x.com is another key than twitter.com."""
    assert surt("https://www.Twitter.com/Ada/status/1?s=20") == "com,twitter)/ada/status/1?s=20"
    assert surt("x.com/Ada/status/1") == "com,x)/ada/status/1"
