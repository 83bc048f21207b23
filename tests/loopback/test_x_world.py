"""The world as a whole: every host speaks TLS with its own name, and bodies cross the wire in every form."""

import ssl
from pathlib import Path

import httpx
import pytest

from tests.loopback.answers import FORMS, Answer
from tests.loopback.gallery import BY_SCENARIO, GALLERY, KINDS, QUOTED
from tests.loopback.nouns import Account, Link, Page, Post, minted_at, snowflake
from tests.loopback.scenarios import SCENARIOS
from tests.loopback.server import Asked
from tests.loopback.shorteners import HABITS
from tests.loopback.visitor import Visitor
from tests.loopback.x_world import World

ASKED = Asked(
    raw=b"", method="GET", target="/", host="x.example", headers={"accept-encoding": "gzip, br"}, scheme="https"
)


@pytest.mark.parametrize("host", sorted(GALLERY.services()))
def test_every_host_answers_for_itself(visitor: Visitor, host: str) -> None:
    """Each name shows a certificate of its own, and whatever it answers is well-formed."""
    assert visitor.ask(f"https://{host}/").http_version == "HTTP/1.1"


def test_nobody_has_no_certificate(visitor: Visitor) -> None:
    """A name that no host has cannot be reached over TLS, and is 404 in the clear."""
    with pytest.raises(httpx.ConnectError, match="certificate"):
        visitor.ask("https://nobody.example/")
    assert visitor.ask("http://nobody.example/").status_code == 404


@pytest.mark.parametrize("form", ["gzip", "chunked", "chunked gzip", "brotli"])
def test_a_body_is_the_same_in_every_form(visitor: Visitor, form: str) -> None:
    """Coded or chunked, it is the same JSON, and its head says how it was sent."""
    post = BY_SCENARIO[form]
    url = f"https://cdn.syndication.twimg.com/tweet-result?id={post.post_id}&token=a"
    coded, plain = visitor.ask(url, Accept_Encoding="gzip, br"), visitor.ask(url, Accept_Encoding="identity")
    assert coded.json() == plain.json()
    assert coded.headers.get("content-encoding") == FORMS[form].coding
    assert ("transfer-encoding" in coded.headers) == FORMS[form].chunked
    assert "content-encoding" not in plain.headers


def test_a_cut_body_ends_early(visitor: Visitor) -> None:
    """ "cut" promises more than it sends, and hangs up."""
    url = f"https://cdn.syndication.twimg.com/tweet-result?id={BY_SCENARIO['cut'].post_id}&token=a"
    with pytest.raises(httpx.RemoteProtocolError):
        visitor.ask(url)


def test_chunks_are_several() -> None:
    """A chunked body has more than one chunk, so that reading only the first is noticed."""
    wire = Answer(status=200, body=b"x" * 1500, form="chunked").wire(ASKED)
    assert wire.endswith(b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n")
    assert wire.count(b"2bc\r\n") == 2


def test_a_head_has_the_same_head(visitor: Visitor) -> None:
    """HEAD is answered with the length of the body that GET would have."""
    url = "https://pages.example/end"
    get, head = visitor.ask(url), visitor.ask(url, method="HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(get.content)))


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("/end", [200]), ("/missing", [404]), ("/nowhere", [404]), ("/paper.pdf", [200]), ("/busy", [503, 200]),
     ("/slow", [200]), ("/end?a=1", [200])],
)  # fmt: skip
def test_plain_pages(visitor: Visitor, path: str, statuses: list[int]) -> None:
    """Destinations may be pages, papers, missing, slow, or busy at first."""
    answers = [visitor.ask(f"https://pages.example{path}") for _ in statuses]
    assert [answer.status_code for answer in answers] == statuses
    assert answers[-1].elapsed.total_seconds() >= (0.3 if path == "/slow" else 0)


def test_a_cut_connection_says_so() -> None:
    """Only a cut body, or a head that says "close", ends the connection."""
    assert Answer(status=200, form="cut").ends_connection
    assert Answer(status=200, headers=(("Connection", "close"),)).ends_connection
    assert not Answer(status=200).ends_connection


@pytest.mark.parametrize("at", ["2012-07-03T04:41:33.120+00:00", "2024-12-31T23:59:59.999+00:00"])
def test_ids_are_their_times(at: str) -> None:
    """An id gives back the millisecond it was minted at."""
    assert minted_at(snowflake(at, worker=1023, sequence=4095)).isoformat(timespec="milliseconds") == at


def test_worlds_add_up() -> None:
    """Two worlds together know what each knows; of two truths, the later holds; refusals are counted anew."""
    by = Account("a_eg", "A")
    old, new = (Post(post_id="1", by=by, text=text) for text in ("old", "new"))
    link = Link(code="Once000001", to="https://b.example/", refusals=1)
    world = World(posts=(old,), links=(link,)) | World(posts=(new,), pages=(Page(url="https://b.example/"),))
    assert world.posts_by_id["1"].text == "new"
    assert {"b.example", "t.co"} <= set(world.hosts())
    asked = Asked(raw=b"", method="GET", target="/Once000001", host="t.co", headers={}, scheme="https")
    assert [world.services()["t.co"](asked).status for _ in range(2)] == [429, 429]


def test_quoted_posts_exist_by_themselves() -> None:
    """A post that is only quoted, and its picture's link, can be asked for too."""
    quoting = KINDS["quoting"]
    world = World(posts=(quoting,))
    assert set(world.posts_by_id) == {quoting.post_id, QUOTED.post_id}
    assert set(world.links_by_code) == {"QuoteLink1", "LinkOne001", "QuotedPic1"}


def test_the_authority_is_needed(visitor: Visitor) -> None:
    """A client that does not know the web's own authority does not trust it."""
    url = f"https://{visitor.web.address}:{visitor.web.tls_port}/"
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url, verify=ssl.create_default_context(), trust_env=False)


def test_the_documentation_is_complete() -> None:
    """``docs/loopback.md`` names every host but the shorteners, and every scenario."""
    documentation = (Path(__file__).parents[2] / "docs/loopback.md").read_text("utf-8")
    hosts = {host for host in World().services() if not host.startswith(("www.", "m.", "mobile."))} - set(HABITS)
    scenarios = {name.removeprefix("tombstone (Tweet): ").removeprefix("tombstone: ") for name in SCENARIOS}
    assert [word for word in sorted(hosts | scenarios) if word not in documentation] == []
