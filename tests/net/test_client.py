"""One attempt: deadlines, limits, poison, broken answers, TLS, and connections that never leak."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from archiver.errors import BadReply, ConfigError, FetchError, RateLimited, TimedOut, Unreachable
from archiver.model import Tape
from archiver.net.client import Client, tls_context, user_agent
from tests.loopback.server import Asked, Line, LoopbackWeb, reply
from tests.net.street import UNHURRIED, SkippingClock, WallClock, client, crossing, network, received, request

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server of raw connections on this loop, as a target for ``connect_to``."""

    tasks: set[asyncio.Task[Any] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks))
        await asyncio.sleep(0.01)  # lets the transports close


def aimed(target: str, **changes: Any) -> Client:
    """A client for which every name is at ``target``."""
    host, _, port = target.rpartition(":")
    return client(connect_to={("*", 80): (host, int(port)), ("*", 443): (host, int(port))}, **changes)


async def test_the_request_is_what_we_mean_to_send(web: LoopbackWeb):
    """Name, accepted codings and media type; no cookie, no referrer, nothing of the environment's."""
    visitor = client(web, contact="mailto:archive@example.org")
    tape = await visitor.exchange(request("http://page.hostile.test/a?b=c#d", accept="text/html"))
    tape.received.close()
    assert tape.url == "http://page.hostile.test/a?b=c"
    assert tape.sent == (
        b"GET /a?b=c HTTP/1.1\r\nHost: page.hostile.test\r\n"
        b"User-Agent: archiver/0.1.0 (+mailto:archive@example.org)\r\n"
        b"Accept: text/html\r\nAccept-Encoding: gzip, br, zstd\r\n\r\n"
    )
    await visitor.aclose()


def test_we_call_ourselves_what_the_user_says():
    """A configured name is sent as it is; ours never looks like a browser's, to which t.co answers with a page."""
    assert user_agent(network(user_agent="curl/8")) == "curl/8"
    assert "Mozilla" not in user_agent(network())


async def test_cookies_and_redirects_are_only_recorded(web: LoopbackWeb, visitor: Client):
    """A redirect is an answer like any other, and what a server wants remembered is not."""
    tape = await visitor.exchange(request("http://a.hostile.test/to/b.hostile.test"))
    assert tape.layout is not None
    assert tape.layout.status == 302
    tape.received.close()
    for _ in range(2):
        tape = await visitor.exchange(request("http://duphdr.wire.test/"))
        tape.received.close()
        assert b"ookie" not in tape.sent


@pytest.mark.parametrize(
    ("path", "error", "cut", "head"),
    [
        ("drip-head", TimedOut, "time", False),
        ("drip-body", None, "time", True),
        ("stall-in-body", None, "time", True),
        ("cut", None, "disconnect", True),
        ("cut-in-head", BadReply, "disconnect", False),
        ("switch", BadReply, None, False),
        ("strange-version", BadReply, None, False),
        ("negative-status", BadReply, None, False),
        ("infinite", None, "length", True),
        ("huge-length", None, "length", True),
        ("infinite-chunks", None, "length", True),
        ("header-flood", BadReply, "length", False),
        ("long-header", BadReply, "length", False),
        ("interim-flood", BadReply, "length", False),
        ("long-status-line", BadReply, "length", False),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_broken_answer_is_kept_with_what_is_wrong_with_it(
    web: LoopbackWeb, scheme: str, path: str, error: type | None, cut: str | None, head: bool
):
    """Drips, stalls, cuts, floods: ended in bounded time and bytes, and what came is on the tape."""
    visitor = client(web, head_timeout_s=0.3, min_rate_window_s=0.2 if cut == "time" else 5, max_body_bytes=300_000)
    tape = await visitor.exchange(request(f"{scheme}://bad.hostile.test/{path}"))
    assert tape.elapsed_s < 10
    assert (type(tape.error) if tape.error else None, tape.cut) == (error, cut)
    assert (tape.layout is not None) is head
    assert 0 < len(received(tape)) < 1_700_000
    await visitor.aclose()


@pytest.mark.parametrize("own", [None, 1000])
@pytest.mark.parametrize("path", ["infinite", "huge-length"])
async def test_a_body_is_cut_exactly_at_the_limit(web: LoopbackWeb, path: str, own: int | None):
    """The configured limit, or the request's own lower one, to the byte; a length of 10^15 reserves nothing."""
    visitor = client(web, max_body_bytes=3_000_000)
    tape = await visitor.exchange(request(f"http://bad.hostile.test/{path}", max_body_bytes=own))
    assert tape.layout is not None
    assert tape.cut == "length"
    assert tape.received_bytes - tape.layout.head_end == (own or 3_000_000)
    assert tape.layout.body_end == tape.received_bytes == len(received(tape))


async def test_a_body_of_exactly_the_limit_is_whole(web: LoopbackWeb):
    """As long as allowed is not too long."""
    visitor = client(web, max_body_bytes=15)
    for name in ("plain", "http10"):
        tape = await visitor.exchange(request(f"http://{name}.wire.test/limit"))
        assert (tape.cut, received(tape)[-15:]) == (None, b"hello, archive\n")
    await visitor.aclose()


@pytest.mark.parametrize("changes", [{"head_timeout_s": 0.2}, {"total_timeout_s": 0.2}])
async def test_silence_ends_with_the_deadline(web: LoopbackWeb, changes: dict[str, float]):
    """A server that takes the request and never answers: TimedOut, since there is nothing to keep."""
    visitor = client(web, **changes)
    with pytest.raises(TimedOut):
        await visitor.exchange(request("https://bad.hostile.test/stall"))


async def test_the_total_deadline_ends_what_is_fast_enough_but_endless(web: LoopbackWeb):
    """Bytes that keep flowing at a good rate are cut by time in the end."""

    async def forever(asked: Asked, line: Line) -> None:
        await line.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await line.send(b"x" * 2000)
            await asyncio.sleep(0.02)

    web.hosts["forever.test"] = forever
    visitor = client(web, total_timeout_s=0.6, min_rate_window_s=0.1)
    tape = await visitor.exchange(request("http://forever.test/"))
    assert tape.cut == "time"
    assert 0.5 < tape.elapsed_s < 1.5
    assert len(received(tape)) > 10_000


async def test_a_slow_but_steady_answer_is_let_through(web: LoopbackWeb):
    """What keeps above the least rate is not ended, however many windows it takes."""

    async def steady(asked: Asked, line: Line) -> None:
        await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        for _ in range(10):
            await line.send(b"x" * 400)
            await asyncio.sleep(0.06)

    web.hosts["steady.test"] = steady
    visitor = client(web, head_timeout_s=0.15, min_rate_window_s=0.15, min_bytes_per_s=1000)
    tape = await visitor.exchange(request("http://steady.test/"))
    assert (tape.cut, len(received(tape))) == (None, 4000 + 41)
    await visitor.aclose()


@pytest.mark.parametrize("path", ["poison", "late-poison", "bodied-304"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_second_answer_behind_the_first_never_becomes_anybodys(web: LoopbackWeb, scheme: str, path: str):
    """A forged answer sent ahead, at once or later, is not what the next request on the origin gets."""
    visitor = client(web)
    # what comes after the next request was sent can't be told from an answer to it, by any client
    for pause in (0.15,) if path == "late-poison" else (0, 0.15):
        tape = await visitor.exchange(request(f"{scheme}://p.hostile.test/{path}"))
        tape.received.close()
        await asyncio.sleep(pause)
        tape = await visitor.exchange(request(f"{scheme}://p.hostile.test/honest"))
        assert tape.layout is not None
        assert tape.layout.complete
        assert received(tape)[tape.layout.head_end :] == b"an honest page"
    await visitor.aclose()


async def test_a_reset_without_an_answer_is_a_bad_reply(web: LoopbackWeb, visitor: Client):
    """Not a byte came back: there is nothing to keep, and another try may help."""
    with pytest.raises(BadReply) as raised:
        await visitor.exchange(request("http://bad.hostile.test/reset"))
    assert raised.value.retry


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced_unseen(web: LoopbackWeb):
    """A kept connection that turns out dead on the next request costs a fresh one, not an error."""
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(200, b"answer"))
        await reader.readuntil(b"\r\n\r\n")  # the second request is read, and the connection closed without a word

    async with raw_server(once) as target:
        visitor = aimed(target)
        for _ in range(3):
            tape = await visitor.exchange(request("http://once.test/"))
            assert received(tape).endswith(b"answer")
        await visitor.aclose()
    assert connections == 3


async def test_idle_connections_are_capped_and_the_longest_unused_goes_first(web: LoopbackWeb):
    """With room for two, a third origin closes the one that was not used for longest."""
    visitor = client(web, parallel=2)

    async def connection(host: str) -> int:
        url = f"http://{host}.hostile.test/?{time.monotonic_ns()}"
        (await visitor.exchange(request(url))).received.close()
        return crossing(web, url).connection

    a, b = await connection("a"), await connection("b")
    assert await connection("a") == a
    await connection("c")
    assert await connection("a") == a
    assert await connection("b") != b
    await visitor.aclose()


async def test_no_more_exchanges_run_at_once_than_allowed(web: LoopbackWeb):
    """The rest wait for a place; all are answered."""
    running = most = 0

    async def slow(asked: Asked, line: Line) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        await line.send(reply(200, b"done"))

    web.hosts["slow.test"] = slow
    visitor = client(web, parallel=3)
    tapes = await asyncio.gather(*(visitor.exchange(request("http://slow.test/")) for _ in range(12)))
    assert all(received(tape).endswith(b"done") for tape in tapes)
    assert most == 3
    await visitor.aclose()


@pytest.mark.parametrize("path", ["stall", "drip-body", "infinite"])
async def test_a_cancelled_exchange_closes_its_connection_and_frees_its_place(web: LoopbackWeb, path: str):
    """Cancelled while waiting or reading: the place is free at once, and the next exchange is whole."""
    visitor = client(web, parallel=1)
    for _ in range(3):
        task = asyncio.create_task(visitor.exchange(request(f"https://gone.hostile.test/{path}")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    tape = await visitor.exchange(request("https://gone.hostile.test/honest"))
    assert received(tape).endswith(b"an honest page")
    await visitor.aclose()


async def test_who_is_unreachable_is_named_with_the_reason():
    """A closed port and a name without address are Unreachable; a resolver that hangs is TimedOut."""

    async def hangs(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Unreachable, match="refused"):
        await aimed("127.0.0.1:1").exchange(request("http://closed.test/"))
    for resolve, error in ((unknown, Unreachable), (hangs, TimedOut)):
        visitor = Client(network(connect_timeout_s=0.2), UNHURRIED, WallClock(), resolve=resolve)
        with pytest.raises(error):
            await visitor.exchange(request("http://nowhere.test/"))


async def test_the_next_address_is_tried_when_one_does_not_answer(web: LoopbackWeb):
    """Every address of a name gets its chance, soon: here one refuses, and the next serves."""

    async def two(host: str, port: int) -> Sequence[str]:
        return ["::1", "127.0.0.1"]

    visitor = Client(network(web), UNHURRIED, WallClock(), resolve=two)
    tape = await visitor.exchange(request("https://two.hostile.test/"))
    assert (tape.peer, received(tape)[-14:]) == ("127.0.0.1", b"an honest page")
    await visitor.aclose()


async def test_a_handshake_that_stalls_ends_with_the_connect_deadline():
    """A server that accepts and never says hello."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(mute) as target:
        with pytest.raises(TimedOut, match="no connection within"):
            await aimed(target, connect_timeout_s=0.3).exchange(request("https://mute.test/"))


def _certified(name: str, *, expired: bool = False) -> tuple[trustme.CA, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
    authority.issue_cert(name, not_after=until).configure_cert(context)
    return authority, context


@pytest.mark.parametrize(
    ("name", "trusted", "expired", "old", "why"),
    [
        ("bank.test", False, False, False, "TLS: .*(self.signed|unable to get)"),
        ("other.test", True, False, False, "TLS: .*ostname"),
        ("bank.test", True, True, False, "TLS: .*expired.*clock"),
        ("bank.test", True, False, True, "TLS|reset|closed"),
    ],
)
async def test_a_server_that_cannot_prove_who_it_is_is_unreachable(
    tmp_path: Path, name: str, trusted: bool, expired: bool, old: bool, why: str
):
    """Unknown authority, another's name, an expired certificate, TLS below 1.2: no request is sent, and it says why."""
    authority, context = _certified(name, expired=expired)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    asked = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked = True

    async with raw_server(serve, context) as target:
        visitor = aimed(target, ca_bundle=tmp_path / "ca.pem" if trusted else None)
        with pytest.raises(Unreachable, match=why):
            await visitor.exchange(request("https://bank.test/"))
    assert not asked


def test_a_bundle_without_certificates_is_a_configuration_error(tmp_path: Path):
    """The key and the file are named."""
    (tmp_path / "empty.pem").write_text("nothing here")
    with pytest.raises(ConfigError, match=r"network.ca_bundle: .*empty\.pem"):
        tls_context(network(ca_bundle=tmp_path / "empty.pem"))


async def test_a_host_that_wants_to_be_left_alone_for_long_is_not_asked(web: LoopbackWeb):
    """Longer than this run may wait: RateLimited with the rest of the time, and not a byte goes out."""
    visitor = Client(network(web, max_wait_s=30), UNHURRIED, SkippingClock())
    visitor.pace.penalise("alone.hostile.test", 31)
    before = len(web.log)
    with pytest.raises(RateLimited) as raised:
        await visitor.exchange(request("https://alone.hostile.test/"))
    assert (raised.value.retry_after_s, len(web.log)) == (31, before)


async def test_every_failure_is_one_of_ours(web: LoopbackWeb):
    """Whatever a hostile host does, what comes out is a tape or a FetchError."""
    from tests.loopback.hostile import ROUTES

    visitor = client(web, head_timeout_s=0.3, min_rate_window_s=0.2, max_body_bytes=100_000, total_timeout_s=1)

    async def visit(path: str) -> object:
        try:
            tape = await visitor.exchange(request(f"https://all.hostile.test/{path}"))
        except FetchError as error:
            return error
        tape.received.close()
        return tape

    ends = await asyncio.gather(*(visit(path) for path in ROUTES))
    await visitor.aclose()
    assert {type(end) for end in ends if not isinstance(end, FetchError)} == {Tape}
