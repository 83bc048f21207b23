"""The miniature index of captures knows every parameter of the CDX server's README (``protocols.md`` 6.2)."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.loopback.captures import NAMES, Capture
from tests.loopback.cdx import listing, refusal
from tests.loopback.server import Asked
from tests.shared import SHARED, needs_shared

ADA = "https://twitter.com/Ada/status/1"
CAPTURES = (
    Capture(url=ADA, stamp="20180101000000", body=b"one"),
    Capture(url=ADA, stamp="20180101060000", body=b"one"),
    Capture(url=ADA, stamp="20190101000000", body=b"one", revisit=True),
    Capture(url=ADA, stamp="20200101000000", body=b"gone", status=404),
    Capture(url=ADA, stamp="20210101000000", body=b"{}", media_type="application/json"),
    Capture(url=f"{ADA}?s=20", stamp="20180601000000", body=b"one"),
    Capture(url="https://mobile.twitter.com/Ada/status/1", stamp="20180701000000", body=b"small"),
    Capture(url="https://x.com/Ada/status/1", stamp="20240101000000", body=b"shell"),
)
ALL_OF_IT = ["20180101000000", "20180101060000", "20190101000000", "20200101000000", "20210101000000"]


def answered(parameters, url=ADA):
    """The answer to a question about ``url``."""
    target = f"/cdx/search/cdx?url={quote(url, safe='')}{parameters and '&'}{parameters}"
    asked = Asked(raw=b"", method="GET", target=target, host="web.archive.org", headers={}, scheme="https")
    return listing(asked, CAPTURES)


def rows(parameters, url=ADA):
    """The cells of each row, doubled ones once; a resume key is a row of one cell behind an empty one."""
    lines = answered(parameters, url).body.decode().splitlines()
    return [line.split(" ") for line in dict.fromkeys(lines)]


def stamps(parameters, url=ADA):
    return [row[1] for row in rows(parameters, url)]


@pytest.mark.parametrize(
    ("parameters", "url", "hosts"),
    [
        ("", ADA, {"com,twitter": 5}),
        ("matchType=exact", "http://www.twitter.com/ADA/status/1", {"com,twitter": 5}),
        ("matchType=prefix", ADA, {"com,twitter": 6}),
        ("", "twitter.com/Ada/*", {"com,twitter": 6}),
        ("matchType=host", "twitter.com/whatever", {"com,twitter": 6}),
        ("matchType=domain", "twitter.com", {"com,twitter": 6, "com,twitter,mobile": 1}),
        ("", "*.twitter.com", {"com,twitter": 6, "com,twitter,mobile": 1}),
        ("", "https://x.com/Ada/status/1", {"com,x": 1}),
    ],
)
def test_whose_captures_are_meant(parameters, url, hosts):
    """Exactly this address, what begins so, this host, or its subdomains too: by parameter or wildcard; scheme, www and
    case are no difference, and x.com is another host than twitter.com."""
    found = [row[0].partition(")")[0] for row in rows(parameters, url)]
    assert {host: found.count(host) for host in found} == hosts


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("from=2019&to=2020", ALL_OF_IT[2:4]),
        ("from=20180101060000&to=20180101060000", ALL_OF_IT[1:2]),
        ("to=2018", ALL_OF_IT[:2]),
        ("filter=statuscode:200", [*ALL_OF_IT[:2], ALL_OF_IT[4]]),
        ("filter=!statuscode:200", ALL_OF_IT[2:4]),
        ("filter=!mimetype:text/html&filter=!statuscode:-", ALL_OF_IT[4:]),
        ("filter=4:40.", ALL_OF_IT[3:4]),
        ("collapse=timestamp:4", [ALL_OF_IT[0], *ALL_OF_IT[2:]]),
        ("collapse=digest", [ALL_OF_IT[0], *ALL_OF_IT[3:]]),
        ("collapse=urlkey", ALL_OF_IT[:1]),
        ("limit=-2", ALL_OF_IT[3:]),
        ("limit=-1", ALL_OF_IT[4:]),
        ("fastLatest=true", ALL_OF_IT[4:]),
        ("fastLatest=true&limit=-3", ALL_OF_IT[2:]),
        ("offset=3&limit=2", ALL_OF_IT[2:4]),
        ("page=0&pageSize=1", ALL_OF_IT[:2]),
        ("page=1&pageSize=1", ALL_OF_IT[2:]),
        ("page=2&pageSize=1", []),
        ("page=-1", ALL_OF_IT),
    ],
)
def test_which_of_them_are_listed(parameters, wanted):
    """Time, conditions, neighbours that are alike, the last ones, the next ones, pages."""
    assert stamps(parameters) == wanted


def test_the_number_of_pages_is_an_answer_by_itself():
    """Six rows, the doubled one among them, are two blocks of the miniature, and one page as shipped."""
    assert answered("showNumPages=true&pageSize=1").body == b"2\n"
    assert answered("showNumPages=true").body == b"1\n"


def test_the_first_row_comes_twice_and_counts_twice():
    """As recorded: within the limit."""
    lines = answered("limit=2").body.decode().splitlines()
    assert len(lines) == 2
    assert lines[0] == lines[1]


@pytest.mark.parametrize("output", ["", "&output=json"])
def test_the_key_of_the_next_page_names_what_comes_behind(output):
    """It stands behind an empty line, in its own encoding; one step behind the last row that was shown."""
    body = answered(f"limit=3&showResumeKey=true{output}").body.decode()
    shown = json.loads(body)[-2:] if output else body.splitlines()[-2:]
    key = "com%2Ctwitter%29%2Fada%2Fstatus%2F1+20180101060001"
    assert shown == ([[], [key]] if output else ["", key])
    assert stamps(f"showResumeKey=true&resumeKey={quote(key, safe='')}") == ALL_OF_IT[2:]


def test_a_key_behind_a_nine_is_no_digit():
    """Recorded: behind …39 comes …3:, as bytes are ordered."""
    asked = Asked(raw=b"", method="GET", target=f"/cdx/search/cdx?url={ADA}&limit=1&showResumeKey=true",
                  host="web.archive.org", headers={}, scheme="https")  # fmt: skip
    held = (Capture(url=ADA, stamp="20010414005939"), Capture(url=ADA, stamp="20020101000000"))
    assert listing(asked, held).body.endswith(b"\n\ncom%2Ctwitter%29%2Fada%2Fstatus%2F1+2001041400593%3A\n")


def test_a_revisit_has_no_status_of_its_own():
    """Unless it is resolved: then it has those of the first capture of the same bytes."""
    assert rows("from=2019&to=2019")[0][3:5] == ["warc/revisit", "-"]
    assert rows("from=2019&to=2019&resolveRevisits=true")[0][3:5] == ["text/html", "200"]


def test_the_same_bytes_are_counted():
    """A further column says how many rows of them stand before; revisits are resolved."""
    assert [row[7] for row in rows("showDupeCount=true")] == ["0", "1", "2", "0", "0"]
    assert json.loads(answered("showDupeCount=true&output=json").body)[0] == [*NAMES, "dupecount"]
    assert rows("showDupeCount=true")[2][3] == "text/html"


def test_columns_are_chosen():
    """In the order of the question, in both forms."""
    assert rows("fl=timestamp,mimetype&limit=-1") == [["20210101000000", "application/json"]]
    assert json.loads(answered("fl=statuscode,timestamp&output=json&limit=-1").body) == [
        ["statuscode", "timestamp"],
        ["200", "20210101000000"],
    ]


def test_nothing_is_an_empty_body_or_an_empty_list():
    """As plain rows and as JSON."""
    assert answered("", "nobody.example").body == b""
    assert answered("output=json", "nobody.example").body == b"[]"


def test_an_answer_is_packed_unless_that_is_not_wanted():
    """Rows are gzipped for who takes that."""
    assert (answered("").form, answered("gzip=false").form) == ("gzip", "plain")


def test_a_question_about_nothing_is_refused():
    """``url`` is the one parameter that is needed."""
    asked = Asked(raw=b"", method="GET", target="/cdx/search/cdx?limit=1", host="x", headers={}, scheme="https")
    assert listing(asked, CAPTURES).status == 400


@pytest.mark.parametrize(
    ("trouble", "exception"),
    [("blocked", "AdministrativeAccessControlException"), ("robots", "RobotAccessControlException")],
)
def test_a_refusal_says_who_hides_the_site(trouble, exception):
    """403, the reason in a header and as the body."""
    answer = refusal(trouble)
    said = dict(answer.headers)["X-Archive-Wayback-Runtime-Error"]
    assert (answer.status, answer.content_type) == (403, "text/plain;charset=UTF-8")
    assert exception in said
    assert answer.body.decode() == f"{said}\n"


@needs_shared
@pytest.mark.parametrize("cassette", ["test_search", "test_search_multipage", "test_search_with_filter"])
def test_every_recorded_header_is_here(cassette):
    """But those that belong to one connection or one measurement."""
    recorded = json.loads((SHARED / f"fixtures/archives/edgi_cassettes/{cassette}.json").read_bytes())
    of_the_wire = {"connection", "date", "transfer-encoding", "content-encoding", "content-type"}
    wanted = {name.lower() for name in recorded["interactions"][0]["response"]["headers"]} - of_the_wire
    assert wanted <= {name.lower() for name, _ in answered("").headers}


@needs_shared
def test_a_recorded_refusal_can_be_rebuilt():
    """The body and the header of 2020."""
    name = "fixtures/archives/edgi_cassettes/test_search_raises_for_blocked_urls.json"
    saved = json.loads((SHARED / name).read_bytes())["interactions"][0]["response"]
    error = "X-Archive-Wayback-Runtime-Error"
    assert dict(refusal("blocked").headers)[error] == saved["headers"][error]
