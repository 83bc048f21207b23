"""twitter.com, x.com and their widgets show a visitor without JavaScript what ``protocols.md`` 2 and 4.3 say."""

import json
import re

import pytest

from tests.loopback.gallery import ADA, BY_SCENARIO, GALLERY, KINDS
from tests.loopback.server import Asked
from tests.loopback.status_pages import timeline
from tests.loopback.visitor import Visitor

PLAIN = KINDS["plain"]
SUSPENDED = BY_SCENARIO["tombstone: suspended"]


@pytest.mark.parametrize("host", ["twitter.com", "www.twitter.com", "mobile.twitter.com", "m.twitter.com"])
@pytest.mark.parametrize("rest", ["", "/photo/1", "?s=20"])
def test_twitter_com_leads_to_x_com(visitor: Visitor, host: str, rest: str) -> None:
    """A status page, in any form, is a redirect to the same address on x.com."""
    answer = visitor.ask(f"{PLAIN.url(host)}{rest}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{PLAIN.url()}{rest}")


@pytest.mark.parametrize(
    "path", [f"/ada_wren_eg/status/{PLAIN.post_id}", f"/i/web/status/{PLAIN.post_id}", "/a/status/1"]
)
def test_x_com_has_no_content(visitor: Visitor, path: str) -> None:
    """Its page is 200 and the same for every post: a title, a refresh to a token, and nothing of the post."""
    answer = visitor.ask(f"https://x.com{path}")
    assert answer.status_code == 200
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["content-encoding"] == "gzip"
    assert "<title>x.com</title>" in answer.text
    assert re.search(r'http-equiv="refresh" content="0; url = https://twitter\.com/x/migrate\?tok=[\w-]+"', answer.text)
    assert PLAIN.text not in answer.text


@pytest.mark.parametrize("host", ["twitter.com", "x.com"])
def test_a_stale_handle_leads_to_the_present_one(visitor: Visitor, host: str) -> None:
    """The id decides: another user in the path is 301 to the right one, and the rest of the path is kept."""
    answer = visitor.ask(f"https://{host}/old_name/status/{PLAIN.post_id}/photo/1")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{PLAIN.url(host)}/photo/1")


@pytest.mark.parametrize("host", ["twitter.com", "x.com"])
def test_a_suspended_account_leads_to_its_notice(visitor: Visitor, host: str) -> None:
    """Whoever is suspended has a notice instead of posts."""
    assert visitor.follow(SUSPENDED.url(host)) == [SUSPENDED.url(host), f"https://{host}/account/suspended"]


def test_server_trouble_shows_here_too(visitor: Visitor) -> None:
    """When the service is in trouble, its pages are."""
    assert visitor.ask(BY_SCENARIO["server trouble"].url()).status_code == 503


@pytest.mark.parametrize("host", ["platform.twitter.com", "platform.x.com"])
def test_the_embed_frame_is_a_shell(visitor: Visitor, host: str) -> None:
    """The frame carries the id in its address, and says nothing of the post."""
    answer = visitor.ask(f"https://{host}/embed/Tweet.html?id={PLAIN.post_id}&lang=en")
    assert (answer.status_code, PLAIN.text in answer.text) == (200, False)
    assert visitor.ask(f"https://{host}/widgets.js").headers["content-type"].startswith("application/javascript")


def test_the_timeline_is_refused(visitor: Visitor) -> None:
    """Since 2025 the profile timeline answers 429."""
    url = f"https://syndication.twitter.com/srv/timeline-profile/screen-name/{ADA.handle}"
    assert visitor.ask(url).status_code == 429


def test_the_timeline_as_it_was() -> None:
    """When it works, its page holds the tweets of that name as JSON."""
    path = f"/srv/timeline-profile/screen-name/{ADA.handle.upper()}"
    asked = Asked(raw=b"", method="GET", target=path, host="syndication.twitter.com", headers={}, scheme="https")
    page = timeline(GALLERY.posts, works=True)(asked).body.decode()
    found = re.search(r'<script id="__NEXT_DATA__" type="application/json">(.*?)</script>', page)
    assert found
    entries = json.loads(found[1])["props"]["pageProps"]["timeline"]["entries"]
    assert {entry["content"]["tweet"]["user"]["id_str"] for entry in entries} == {ADA.user_id}
