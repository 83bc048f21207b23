"""Canaries: secrets that are nowhere to be found after a night's work, in the archive or in what was said."""

from __future__ import annotations

import asyncio
import base64
import gzip
import re
from dataclasses import replace

import pytest

from tests.loopback import sample_world as sample
from tests.loopback.server import LoopbackWeb
from tests.newsroom import Newsroom

TOKEN, COOKIE, PASSWORD = "CANARY-TOKEN-0123456789", "CANARY-COOKIE-0123456789", "CANARY-PASSWORD"
HANDED_OUT = (("Set-Cookie", f"guest_id={COOKIE}; Path=/; Secure"), ("set-cookie", f"ct0={COOKIE}"))


HINTS = f"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early={COOKIE}\r\n\r\n".encode()


def handing_out(service):
    """The same service, which gives everybody a cookie, also before it answers, with a redirect or an error, and says
    back whatever it was authorized with."""

    async def speak(asked, line):
        said = service(asked)
        echoed = (("X-Authorized-As", asked.headers["authorization"]),) if "authorization" in asked.headers else ()
        await line.send(HINTS)
        await asyncio.sleep(said.wait_s)
        await line.send(replace(said, headers=(*said.headers, *HANDED_OUT, *echoed)).wire(asked))
        if said.ends_connection:
            line.drop()

    return speak


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A newsroom with a token for X's official API, on a web where everybody hands out cookies."""
    monkeypatch.setenv("ARCHIVER_X_BEARER", TOKEN)
    services = sample.sample_world().services()
    with LoopbackWeb({host: handing_out(one) for host, one in services.items()}, folder=tmp_path) as web:
        room = Newsroom(tmp_path, web)
        with room.config.open("a") as config:
            config.write('[x]\nsources = ["api", "tweet-result", "oembed"]\n')
        yield room


def everything(folder):
    """Every file below a folder as bytes, WARC files unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            interim = re.findall(rb"archiver-interim: (\S+)", data)
            yield path, data + b"".join(map(base64.b64decode, interim))


def test_no_secret_is_kept_or_said(room):
    """Cookies, the token and a password: not in any file of the archive, not on any screen, not in any error."""
    secrets = (TOKEN, COOKIE, PASSWORD)
    said = [room.save(sample.ARTICLE_URL), room.save("--again", sample.ARTICLE_URL)]
    assert [row for row in said[0].rows if row["status"] == "archived"]
    said += [room.archiver("list", "--json"), room.archiver("verify"), room.archiver("--debug", "config")]
    said += [room.archiver("show", row["url"]) for row in said[0].rows[:3]]
    wrong = f"https://editor:{PASSWORD}@news.example/a"
    said += [room.archiver("--debug", "save", wrong), room.save(wrong), room.archiver("resolve", wrong)]
    for one in said:
        assert not [secret for secret in secrets if secret in one.out + one.err]
    files = dict(everything(room.archive))
    assert len(files) > 3
    for path, data in files.items():
        assert not [secret for secret in secrets if secret.encode() in data], path


def test_the_canary_is_seen_where_it_is(room):
    """With masking off a cookie is in the archive: the search above would have found it."""
    settings = room.config.read_text()
    room.config.write_text(settings.replace("[archive]", "[archive]\nmask_cookies = false"))
    room.save(sample.ARTICLE_URL)
    assert any(COOKIE.encode() in data for _, data in everything(room.archive))


def test_what_was_left_out_is_said(room):
    """In the metadata of each capture: that there were cookies, and that a header of the request was masked."""
    room.save(sample.ARTICLE_URL)
    about = b"".join(block for _, block in room.records("metadata"))
    assert about.count(b"archiver-masked-set-cookie: 3\r\n") == len(list(room.records("request")))
    assert b"archiver-masked-request-header: Authorization\r\n" in about
    assert b"archiver-masked-secret: 1\r\n" in about
    blocks = b"".join(block for _, block in room.records("response"))
    assert f"guest_id={'*' * len(COOKIE)}; Path=/; Secure\r\n".encode() in blocks


def test_nothing_is_sent_that_nobody_asked_for(room):
    """No cookie ever, however often a host hands one out; the token to X's API alone."""
    room.save(sample.ARTICLE_URL)
    room.save("--again", sample.ARTICLE_URL)
    assert room.web.log
    for crossing in room.web.log:
        names = crossing.asked.headers.keys()
        assert "cookie" not in names
        assert ("authorization" in names) == (crossing.asked.host == "api.x.com"), crossing.url
        assert (TOKEN.encode() in crossing.received) == (crossing.asked.host == "api.x.com")
