"""One connection, and the exact bytes that cross it.

``Wire`` is an asyncio protocol on the socket's side and a stream on h11's side. Between the two stands a ``Take``: it
keeps every byte as it arrives, *before* anybody interprets it, and only then hands h11 a head that it accepts
(``message.HeadReader``).

Rule 1: a byte that arrives while no take is running belongs to nobody; the connection is cut at once. (What a server
sends early, but so late that the next request is already under way, no client can tell from an answer to it.)
Rule 2: nothing here closes the socket because of what h11 thinks. The owner closes, after what was still to be
recorded of a broken answer.
Rule 3: nothing waits here without somebody who ends it: the owner's deadlines call ``give_up``.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO, cast

from archiver.message import BadMessage, HeadReader
from archiver.model import Cut
from archiver.net.guard import Endpoint

SPOOL_ABOVE_BYTES = 1_000_000
HIGH_WATER_BYTES = 512 * 1024
STAGGER_S = 0.25
LINGER_S = 2.0
QUIET_S = 0.25
LINGER_BYTES = 1_000_000


class Take:
    """What one exchange leaves behind: the bytes sent, the bytes received, and why they end where they do.

    ``cut``: set when we, not the peer, ended it (``length``, ``time``). ``problem``: why the answer can't be read.
    ``failure``: an ``OSError`` of our own disk; nothing of the take can then be trusted.
    """

    def __init__(self, *, max_head_bytes: int, max_body_bytes: int) -> None:
        self.reader = HeadReader(max_head_bytes)
        self.sent = b""
        self.received_bytes = 0
        self.cut: Cut | None = None
        self.problem: str | None = None
        self.failure: OSError | None = None
        self._max_body_bytes = max_body_bytes
        self._limit: int | None = None
        self._held: list[bytes] = []
        self._spool: BinaryIO | None = None

    def receive(self, data: bytes) -> bytes:
        """Keep ``data`` and return what h11 is to see of it; nothing any more once it is cut."""
        shown = b""
        if self.problem is None:
            try:
                shown = self.reader.feed(data)
            except BadMessage as bad:
                self.problem = str(bad)
                self.narrow(len(data) + LINGER_BYTES)
        if self._limit is None and self.reader.head:
            self._limit = self.reader.end + self._max_body_bytes
        if self._limit is not None and self.received_bytes + len(data) > self._limit:
            data = data[: self._limit - self.received_bytes]
            self.cut = self.cut or "length"
        self._keep(data)
        return b"" if self.cut else shown

    def narrow(self, more_bytes: int) -> None:
        """Keep at most ``more_bytes`` from here on."""
        self._limit = min(self._limit or sys.maxsize, self.received_bytes + more_bytes)

    def received(self) -> BinaryIO:
        """All received bytes as a file (to be distrusted when ``failure`` is then set)."""
        if self._spool is None:
            return BytesIO(self._held[0] if len(self._held) == 1 else b"".join(self._held))
        try:
            self._spool.flush()
        except OSError as error:
            self.failure = error
        return self._spool

    def discard(self) -> None:
        """Let go of the bytes; nobody wants them."""
        if self._spool:
            self._spool.close()

    def _keep(self, data: bytes) -> None:
        self.received_bytes += len(data)
        try:
            if self._spool is None and self.received_bytes > SPOOL_ABOVE_BYTES:
                self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives us: the tape's owner closes it
                self._spool.writelines(self._held)
                self._held.clear()
            if self._spool is None:
                self._held.append(data)
            else:
                self._spool.write(data)
        except OSError as error:
            self.failure = error


class BrokenOff(Exception):
    """There is nothing more to read of this answer, though it did not end; the take and the wire say why."""


class Wire(asyncio.Protocol):
    """One TCP or TLS connection. ``peer``: the numeric address dialled. ``tls``: (protocol, cipher) or ``None``."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.tls: tuple[str, str] | None = None
        self.ended = False
        self.reset: Exception | None = None
        self._transport: asyncio.Transport
        self._poll: select.poll | None = None
        self._take: Take | None = None
        self._given_up = False
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    # what the socket says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        if tls := transport.get_extra_info("ssl_object"):
            self.tls = (tls.version(), tls.cipher()[0])
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        take = self._take
        if take is None:
            self.close()
            return
        shown = take.receive(data)
        if take.failure or take.cut or take.problem:
            self._wake()
        if shown:
            self._pending.append(shown)
            self._pending_bytes += len(shown)
            if self._pending_bytes > HIGH_WATER_BYTES and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.reset = exc
        self._poll = None
        self._wake()

    # what the owner says

    def begin(self, take: Take) -> None:
        """Everything that crosses from now on belongs to ``take``."""
        self._take, self._given_up = take, False

    def end(self) -> None:
        """The take is over."""
        self._take = None
        self._pending.clear()
        self._pending_bytes = 0

    def give_up(self) -> None:
        """Wake whoever waits here, with a timeout."""
        if self._take:
            self._take.cut = self._take.cut or "time"
        self._given_up = True
        self._wake()

    def close(self) -> None:
        """Close at once; what is still under way is thrown away."""
        self.ended = True
        self._transport.abort()

    @property
    def quiet(self) -> bool:
        """Open, and not a byte or an end waiting: fit for another exchange. Asks the kernel, not only the loop."""
        return not self.ended and not self._pending and self._poll is not None and not self._poll.poll(0)

    @property
    def behind(self) -> bool:
        """More has arrived than was read: whatever is slow, it is not the peer."""
        return bool(self._pending)

    async def linger(self) -> None:
        """Keep what still comes of an answer that can't be understood, until it ends, pauses, or grows too long."""
        take = self._take
        if take is None:
            return
        take.narrow(LINGER_BYTES)
        try:
            async with asyncio.timeout(LINGER_S):
                while not (self.ended or self._given_up or take.failure or take.cut):
                    self._pending.clear()
                    self._resume()
                    before = take.received_bytes
                    async with asyncio.timeout(QUIET_S):
                        while take.received_bytes == before and not self.ended:
                            await asyncio.sleep(QUIET_S / 20)
        except TimeoutError:
            pass  # which is how it is meant to end when the peer keeps the connection open

    # what h11 is fed with

    async def read(self) -> bytes:
        """What arrived, mended (all of it: it is in memory anyway); ``b""`` at the end. Raises ``BrokenOff``."""
        take = self._take
        if take is None:
            raise BrokenOff("no exchange is under way")
        while True:
            # whatever h11 has not read yet, it need not read: the take has it
            if self._given_up or take.problem or take.cut or take.failure:
                raise BrokenOff(take.problem or "enough")
            if self._pending:
                break
            if self.reset:
                raise BrokenOff(str(self.reset))
            if self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        self._pending.clear()
        self._resume()
        return data

    def write(self, data: bytes) -> None:
        """Send and keep. Does not wait for the kernel: what we send is one head of a few hundred bytes."""
        if self._take and not self._transport.is_closing():
            self._take.sent += data
            self._transport.write(data)

    def _resume(self) -> None:
        self._pending_bytes = 0
        if self._paused and not self.ended:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


async def dial(endpoints: Sequence[Endpoint], context: ssl.SSLContext | None, name: str) -> Wire:
    """A connection to the first endpoint that answers; the next is tried a quarter second later, or as soon as one
    failed (RFC 8305, without its sorting). With ``context``, TLS is spoken and the peer verified as ``name``.

    Raises ``OSError`` (``ssl.SSLError`` included) of the first endpoint when none answers. Has no deadline of its own.
    """
    loop = asyncio.get_running_loop()
    sock = await _first_socket(loop, endpoints)
    try:
        peer = sock.getpeername()[0]
        _, wire = await loop.create_connection(
            lambda: Wire(peer), sock=sock, ssl=context, server_hostname=name if context else None
        )
    except BaseException:
        sock.close()  # again, where a transport already had it: asyncio lets go of it before it raises
        raise
    return wire


async def _first_socket(loop: asyncio.AbstractEventLoop, endpoints: Sequence[Endpoint]) -> socket.socket:
    if len(endpoints) == 1:
        return await _socket(loop, endpoints[0])
    waiting = list(endpoints)
    running: set[asyncio.Task[socket.socket]] = set()
    errors: list[BaseException] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(_socket(loop, waiting.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if error := task.exception():
                    errors.append(error)
                else:
                    running |= done - {task}
                    return task.result()
        raise errors[0]
    finally:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, socket.socket):
                result.close()


async def _socket(loop: asyncio.AbstractEventLoop, endpoint: Endpoint) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, (endpoint.address, endpoint.port))
    except BaseException:
        sock.close()
        raise
    return sock
