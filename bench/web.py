"""A fast loopback web for the benchmarks, in a process of its own: canned answers, optional latency.

It speaks plain HTTP and TLS to us (through ``connect_to``), and to wget as a proxy (absolute targets and CONNECT), so
that both ask for the very same URLs. Run as ``python -m bench.web FOLDER DELAY_S``; prints its two ports.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import trustme
import uvloop

from bench import lists


class Peer(asyncio.Protocol):
    """One connection. Answers come from ``answers`` by host and target; what is not there is a 404."""

    def __init__(self, answers: dict[tuple[str, str], bytes], delay_s: float, tls: ssl.SSLContext) -> None:
        self._answers = answers
        self._delay_s = delay_s
        self._tls = tls
        self._pending = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head, self._pending = self._pending[:end], self._pending[end + 4 :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        first, _, rest = head.partition(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        if method == "CONNECT":
            self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            asyncio.get_running_loop().create_task(self._start_tls())
            return
        if target.startswith("http://"):
            host, _, path = target[7:].partition("/")
            target = f"/{path}"
        else:
            at = rest.lower().find(b"host: ") + 6
            host = rest[at : rest.find(b"\r\n", at) if rest.find(b"\r\n", at) > 0 else None].decode("latin-1")
        answer = self._answers.get((host, target)) or lists.computed(host, target) or lists.NOT_FOUND
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._write, answer)
        else:
            self._transport.write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    async def _start_tls(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport = await loop.start_tls(self._transport, self, self._tls, server_side=True)


async def serve(folder: Path, delay_s: float) -> None:
    """Listen until killed; the ports are printed as one JSON line."""
    authority = trustme.CA(organization_name="archiver benchmark")
    authority.cert_pem.write_to_path(str(folder / "bench-ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*lists.HOSTS).configure_cert(tls)
    answers = lists.answers()
    loop = asyncio.get_running_loop()

    def peer() -> Peer:
        return Peer(answers, delay_s, tls)

    plain = await loop.create_server(peer, "127.0.0.1", 0, backlog=512)
    secure = await loop.create_server(peer, "127.0.0.1", 0, ssl=tls, backlog=512)
    ports = {"plain": plain.sockets[0].getsockname()[1], "tls": secure.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
