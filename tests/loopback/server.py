"""A web of many hosts on one loopback address: real sockets, real TLS, and a log of every byte.

A *host* is an async function of what was asked (``Asked``) and the line to answer on (``Line``). It writes raw bytes,
so it can answer in any form, broken ones included. The server runs in a thread of its own, so that a test can run the
real program against it, in-process or as a subprocess::

    with LoopbackWeb({"t.co": answer_tco}, folder=tmp_path) as web:
        config = f'connect_to = {web.connect_to_toml}\\nca_bundle = "{web.ca_bundle}"'
        ...
        assert web.log[0].sent == b"HTTP/1.1 301 …"
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import trustme


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. ``raw``: its exact head. ``headers``: lower-case names. ``path`` without query."""

    raw: bytes
    method: str
    target: str
    host: str
    headers: dict[str, str]
    scheme: str

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Crossing:
    """One exchange as the server saw it: exact bytes received and sent, which connection, and when it was asked."""

    asked: Asked
    connection: int
    at: float
    sent: bytearray = field(default_factory=bytearray)

    @property
    def received(self) -> bytes:
        return self.asked.raw

    @property
    def url(self) -> str:
        return f"{self.asked.scheme}://{self.asked.host}{self.asked.target}"


class Line:
    """The way back to the client. Everything sent is logged; ``drop`` and ``reset`` end the connection."""

    def __init__(self, writer: asyncio.StreamWriter, crossing: Crossing) -> None:
        self._writer = writer
        self._crossing = crossing
        self.open = True

    async def send(self, data: bytes, *, log: bool = True) -> None:
        if self._writer.transport.is_closing():
            raise ConnectionResetError("the client went away")
        if log:
            self._crossing.sent += data
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)  # drain alone need not let others run, and some hosts never stop sending

    def drop(self) -> None:
        """Close after what was sent, without another word."""
        self.open = False

    def reset(self) -> None:
        """Send a TCP reset instead of an end."""
        self.open = False
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Host = Callable[[Asked, Line], Awaitable[None]]


def reply(status: int | str, body: bytes = b"", *headers: tuple[str, str], content_type: str | None = None) -> bytes:
    """A plain, well-formed answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status if isinstance(status, str) else f'{status} {_REASONS.get(status, chr(45))}'}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    307: "Temporary Redirect",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class LoopbackWeb:
    """Serves ``hosts`` by name, over TLS and in the clear, on ephemeral ports of ``address``.

    A name is a host name or ``*.domain``; what nobody serves answers 404. ``delay_s`` is waited before every answer
    (a round trip's latency). ``names``: the DNS names that the certificate is good for, when not simply those of
    ``hosts``. ``log`` grows by one ``Crossing`` a request, in order of arrival.
    """

    def __init__(self, hosts: Mapping[str, Host], *, folder: Path, delay_s: float = 0, address: str = "127.0.0.1",
                 keep_log: bool = True) -> None:  # fmt: skip
        self.hosts = dict(hosts)
        self.delay_s = delay_s
        self.address = address
        self.log: list[Crossing] = []
        self.connections = 0
        self._keep_log = keep_log
        self._authority = trustme.CA(organization_name="archiver loopback web")
        self.ca_bundle = folder / "loopback-ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_bundle))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="loopback-web")
        self._servers: list[asyncio.Server] = []
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.tls_port = self.plain_port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def connect_to(self) -> dict[str, str]:
        """The value of ``network.connect_to`` that leads every name here."""
        return {"*:443": f"{self.address}:{self.tls_port}", "*:80": f"{self.address}:{self.plain_port}"}

    @property
    def connect_to_toml(self) -> str:
        return "{ " + ", ".join(f'"{name}" = "{target}"' for name, target in self.connect_to.items()) + " }"

    def asked(self, host: str) -> list[str]:
        """The targets that ``host`` was asked for, in order."""
        return [crossing.asked.target for crossing in list(self.log) if crossing.asked.host == host]

    async def _start(self) -> None:
        default = self._context("loopback.invalid")
        default.sni_callback = self._choose
        for tls in (default, None):
            server = await asyncio.start_server(self._connected, self.address, 0, ssl=tls, backlog=512, limit=2**20)
            self._servers.append(server)
        self.tls_port, self.plain_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _context(self, name: str) -> ssl.SSLContext:
        if name not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(name).configure_cert(context)
            self._contexts[name] = context
        return self._contexts[name]

    def _choose(self, sock: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name and self._host(name):
            sock.context = self._context(name)

    def _host(self, name: str) -> Host | None:
        return self.hosts.get(name) or self.hosts.get("*." + name.partition(".")[2])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        scheme = "https" if writer.get_extra_info("ssl_object") else "http"
        try:
            while asked := await _read_request(reader, scheme):
                crossing = Crossing(asked, connection, time.time())
                if self._keep_log:
                    self.log.append(crossing)
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                line = Line(writer, crossing)
                await (self._host(asked.host) or _nobody)(asked, line)
                if not line.open:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError, asyncio.CancelledError):
            pass  # the client went away, as clients do, or this web is closing
        finally:
            writer.close()


async def _nobody(_: Asked, line: Line) -> None:
    await line.send(reply(404, b"nobody here", content_type="text/plain"))


async def _read_request(reader: asyncio.StreamReader, scheme: str) -> Asked | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    if length := int(headers.get("content-length", "0")):
        raw += await reader.readexactly(length)
    host = (
        headers.get("host", "").rsplit(":", 1)[0] if not target.startswith("http") else urlsplit(target).hostname or ""
    )
    if target.startswith("http"):
        target = target.split("/", 3)[-1].join(["/", ""]) if target.count("/") > 2 else "/"
    return Asked(raw=raw, method=method, target=target, host=host.lower(), headers=headers, scheme=scheme)
