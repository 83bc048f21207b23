"""One request, one attempt, one tape: the door to the street (``ports.Transport``).

    request → guard.place → pace.turn → a lane (idle, or dialled) → h11 over ``Wire`` → Take → Tape

A *lane* is one connection with its HTTP state. Lanes are kept open for their origin while they are idle, at most
``network.parallel`` of them in all; the one longest unused makes room for a new one. A lane is used again only after an
exchange that was whole, unambiguous, and followed by nothing.

Foreign exceptions (h11, ssl, OSError) become ours here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

import certifi
import h11

from archiver import __version__, message
from archiver.config import NetworkConfig, PolitenessConfig
from archiver.errors import BadReply, ConfigError, FetchError, RateLimited, Refused, StoreError, TimedOut, Unreachable
from archiver.model import Cut, Layout, Request, Tape
from archiver.net import guard
from archiver.net.guard import Place
from archiver.net.pace import Pace
from archiver.net.wire import BrokenOff, Take, Wire, dial
from archiver.ports import Clock

ACCEPT_ENCODING = "gzip, br, zstd"
_FORM = b"application/x-www-form-urlencoded"
MASK = b"***"
"""What a tape shows in place of a secret header's value."""

_THAT_IS_ALL = h11.EndOfMessage()


def user_agent(config: NetworkConfig) -> str:
    """What we call ourselves: the configured name, or ours with the contact. Never a browser's: t.co answers a
    ``Mozilla`` with a page instead of a redirect (protocols.md 1.1)."""
    contact = f" (+{config.contact})" if config.contact else ""
    return config.user_agent or f"archiver/{__version__}{contact}"


def tls_context(config: NetworkConfig) -> ssl.SSLContext:
    """Verifies always, TLS 1.2 at least: trusts the system's roots, certifi's, and ``ca_bundle``'s.

    Raises ``ConfigError`` when ``ca_bundle`` holds no certificates.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    if config.ca_bundle:
        try:
            context.load_verify_locations(config.ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError([f"network.ca_bundle: {config.ca_bundle}: {error.strerror or error}"]) from error
    return context


class Client:
    """The ``Transport`` over h11. ``pace``: its politeness, which patience tells about hosts to leave alone."""

    def __init__(
        self,
        config: NetworkConfig,
        politeness: PolitenessConfig,
        clock: Clock,
        *,
        resolve: guard.Resolve = guard.lookup,
    ) -> None:
        self.pace = Pace(politeness, clock)
        self._config = config
        self._clock = clock
        self._resolve = resolve
        self._room = asyncio.Semaphore(config.parallel)
        self._busy = 0
        self._idle: OrderedDict[_Lane, None] = OrderedDict()
        self._tls: ssl.SSLContext | None = None
        self._agent = user_agent(config).encode("ascii", "replace")

    async def exchange(self, request: Request) -> Tape:
        """The tape of one attempt, ``error`` or ``cut`` set when the answer is broken; no redirect is followed.

        Raises ``Refused`` (guard), ``RateLimited`` (the host wants to be left alone for longer than
        ``network.max_wait_s``), ``Unreachable`` (DNS, connect, TLS), ``TimedOut`` or ``BadReply`` when not a byte of an
        answer came, ``StoreError`` when our own disk could not hold it.
        """
        place = guard.place(request.url, self._config.allowed_ports)
        if request.secret_headers and place.scheme != "https":
            raise Refused(place.url, "a secret is never sent unencrypted")
        if penalty_s := await self._turn(place):
            raise RateLimited(place.url, f"{place.host} wants to be left alone", retry_after_s=penalty_s)
        async with self._room:
            self._busy += 1
            try:
                return await self._attempt(_Asking(request, place, self._clock.now(), _loop_s()))
            finally:
                self._busy -= 1

    async def _turn(self, place: Place) -> float:
        return await self.pace.turn(place.host, self._config.max_wait_s, path=place.target.decode("ascii"))

    async def aclose(self) -> None:
        """Close every idle connection; exchanges under way close theirs when they end."""
        while self._idle:
            self._idle.popitem()[0].wire.close()
        await asyncio.sleep(0)  # lets the transports close their sockets

    async def _attempt(self, asking: _Asking) -> Tape:
        lane = self._take_idle(asking.place)
        if lane:
            with contextlib.suppress(_Stale):
                return await self._use(lane, asking)
        return await self._use(await self._open(asking.place), asking)

    async def _use(self, lane: _Lane, asking: _Asking) -> Tape:
        """Raises ``_Stale`` when a lane that was used before turns out to have been closed by the peer."""
        limit = min(self._config.max_body_bytes, asking.request.max_body_bytes or self._config.max_body_bytes)
        take = Take(max_head_bytes=self._config.max_head_bytes, max_body_bytes=limit)
        layout: Layout | None = None
        tape: Tape | None = None
        try:
            layout = await lane.run(take, self._headers(asking), asking, self._config)
            if not take.received_bytes:
                raise lane.silent(take, asking.place.url)
            tape = _tape(lane, take, layout, asking)
        finally:
            self._after(lane, take, layout)
            if tape is None:
                take.discard()
        return tape

    def _headers(self, asking: _Asking) -> list[tuple[bytes, bytes]]:
        length = [(b"Content-Type", _FORM), (b"Content-Length", b"%d" % len(asking.body))] if asking.body else []
        return [
            (b"Host", asking.place.authority.encode("ascii")),
            (b"User-Agent", self._agent),
            (b"Accept", asking.request.accept.encode("ascii")),
            # In a packed answer nobody could find the secret that a service may say back (``store.echoes``).
            (b"Accept-Encoding", b"identity" if asking.request.secret_headers else ACCEPT_ENCODING.encode("ascii")),
            *((name.encode("ascii"), value.encode("ascii")) for name, value in asking.request.secret_headers),
            *((name.encode("ascii"), value.encode()) for name, value in asking.request.conditions if _plain(value)),
            *length,
        ]

    def _take_idle(self, place: Place) -> _Lane | None:
        origin = (place.scheme, place.host, place.port)
        for lane in [lane for lane in reversed(self._idle) if lane.origin == origin]:
            del self._idle[lane]
            if lane.wire.quiet:
                return lane
            lane.wire.close()
        return None

    def _after(self, lane: _Lane, take: Take, layout: Layout | None) -> None:
        lane.wire.end()
        if layout and layout.complete and layout.body_end == take.received_bytes and lane.reusable:
            lane.used = True
            self._idle[lane] = None
        else:
            lane.wire.close()

    async def _open(self, place: Place) -> _Lane:
        while self._idle and len(self._idle) + self._busy > self._config.parallel:
            self._idle.popitem(last=False)[0].wire.close()
        try:
            async with asyncio.timeout(self._config.connect_timeout_s):
                endpoints = await guard.endpoints(place, self._config.connect_to, self._resolve)
                context = self._context() if place.scheme == "https" else None
                wire = await dial(endpoints, context, place.host)
        except TimeoutError as error:
            raise TimedOut(place.url, f"no connection within {self._config.connect_timeout_s:g} s") from error
        except ssl.SSLError as error:
            raise Unreachable(place.url, f"TLS: {_said(error)}") from error
        except OSError as error:
            raise Unreachable(place.url, f"no connection: {_why(error)}") from error
        return _Lane(place, wire)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context(self._config)
        return self._tls


class _Asking(NamedTuple):
    """What is asked, and since when: ``started_at`` by the clock, ``began`` by the event loop's."""

    request: Request
    place: Place
    started_at: datetime
    began: float

    @property
    def method(self) -> bytes:
        return b"POST" if self.request.form else b"GET"

    @property
    def body(self) -> bytes:
        return urlencode(self.request.form).encode("ascii")


def _tape(lane: _Lane, take: Take, layout: Layout | None, asking: _Asking) -> Tape:
    received, url = take.received(), asking.place.url
    if take.failure:
        raise StoreError(f"no room for an answer: {take.failure.strerror}") from take.failure
    cut: Cut | None = take.cut
    error: FetchError | None = None
    if layout:
        cut = None if layout.complete else cut or "disconnect"
    elif take.problem:
        error = BadReply(url, take.problem)
    elif cut == "time":
        error = TimedOut(url, "no complete response head in time")
    else:
        cut = cut or "disconnect"
        error = BadReply(url, "the connection ended within the response head")
    return Tape(
        request=asking.request, url=url, started_at=asking.started_at, elapsed_s=_loop_s() - asking.began,
        peer=lane.wire.peer, tls=lane.wire.tls, sent=_masked(take.sent, asking.request), received=received,
        received_bytes=take.received_bytes, layout=layout, cut=cut, error=error,
    )  # fmt: skip


def _masked(sent: bytes, request: Request) -> bytes:
    """What was sent, without the values that nobody may keep."""
    for _, value in request.secret_headers:
        sent = sent.replace(value.encode("ascii"), MASK)
    return sent


def _plain(value: str) -> bool:
    """Whether a value that a server once gave may stand in a header of ours."""
    return value.isascii() and value.isprintable() and value == value.strip()


def _loop_s() -> float:
    return asyncio.get_running_loop().time()


class _Stale(Exception):
    """A connection that was used before gave no answer at all: ask again on a fresh one (RFC 9112, 9.3.1)."""


class _Lane:
    """One connection with its HTTP state."""

    def __init__(self, place: Place, wire: Wire) -> None:
        self.origin = (place.scheme, place.host, place.port)
        self.wire = wire
        self.used = False
        self._http = h11.Connection(h11.CLIENT)

    @property
    def reusable(self) -> bool:
        """h11 thinks so too, and nothing waits on the line."""
        return self._http.our_state is h11.DONE is self._http.their_state and not self.wire.ended

    def silent(self, take: Take, url: str) -> Exception:
        """What to raise when not a byte of an answer came."""
        if take.cut == "time":
            return TimedOut(url, "no answer in time")
        if self.used:
            return _Stale()
        return BadReply(url, f"no answer: {self.wire.reset or 'the connection was closed'}")

    async def run(
        self, take: Take, headers: list[tuple[bytes, bytes]], asking: _Asking, config: NetworkConfig
    ) -> Layout | None:
        """Ask, and keep the answer in ``take``. Returns how it is laid out, ``None`` without a readable head."""
        self.wire.begin(take)
        watch = _Watch(self.wire, take, config, asking.began)
        try:
            layout = await self._ask(take, headers, asking)
        finally:
            watch.stop()
        if not self._clear(take, layout):
            await self.wire.linger()
            layout = self._layout(take)
        return layout

    async def _ask(self, take: Take, headers: list[tuple[bytes, bytes]], asking: _Asking) -> Layout | None:
        with contextlib.suppress(BrokenOff, h11.RemoteProtocolError):
            if self.used:
                self._http.start_next_cycle()
            head = self._http.send(h11.Request(method=asking.method, target=asking.place.target, headers=headers))
            body = self._http.send(h11.Data(data=asking.body)) if asking.body else None
            self.wire.write((head or b"") + (body or b""))
            self._http.send(_THAT_IS_ALL)
            await self._hear(take)
        return self._layout(take)

    async def _hear(self, take: Take) -> None:
        """Read until the answer ends; h11 says where. What it says is thrown away: the take has the bytes already."""
        events = 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self.wire.read())
                continue
            if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
                return
            events += 1
            if events % 1000 == 0:
                await asyncio.sleep(0)  # thousands of chunks in one read shall not hold up everybody else
            if events > message.MAX_CHUNKS:
                take.cut = take.cut or "length"
                return

    def _layout(self, take: Take) -> Layout | None:
        if take.problem or take.failure or not take.reader.head:
            return None
        # asyncio does not tell whether TLS ended with a close_notify, so the end of the connection has to do
        closed = self.wire.ended and self.wire.reset is None and take.cut is None
        return message.lay_out(take.reader, take.received(), take.received_bytes, closed=closed)

    def _clear(self, take: Take, layout: Layout | None) -> bool:
        """Whether nothing more is to be expected of this exchange."""
        if self.wire.ended or take.cut or take.failure:
            return True
        return layout is not None and layout.complete and layout.body_end == take.received_bytes


class _Watch:
    """Ends an exchange that has no head in time, takes too long in all, or is too slow for a whole window."""

    def __init__(self, wire: Wire, take: Take, config: NetworkConfig, began: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire, self._take, self._config = wire, take, config
        self._head_by = self._loop.time() + config.head_timeout_s
        self._end_by = began + config.total_timeout_s
        self._mark: int | None = None
        self._window_s = config.min_rate_window_s
        self._timer = self._loop.call_at(min(self._head_by, self._end_by), self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now, received = self._loop.time(), self._take.received_bytes
        least = self._config.min_bytes_per_s * self._window_s
        slow = self._mark is not None and received - self._mark < least and not self._wire.behind
        if now >= self._end_by or self._take.reader.head is None or slow:
            self._wire.give_up()
            return
        self._mark = received
        self._timer = self._loop.call_at(min(now + self._window_s, self._end_by), self._look)


def _why(error: OSError) -> str:
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)  # asyncio's own text names the address, but not the reason
    return error.strerror or str(error) or "closed while connecting"


def _said(error: ssl.SSLError) -> str:
    words = getattr(error, "verify_message", None) or error.reason or str(error)
    return f"{words} (or this machine's clock is wrong)" if "expired" in words or "not yet valid" in words else words
