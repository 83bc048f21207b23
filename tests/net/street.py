"""What the tests of the net room need of the world: clocks, a configuration, and a trap."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archiver import config
from archiver.config import NetworkConfig, PolitenessConfig
from archiver.model import Request, Tape
from archiver.net.client import Client
from tests.loopback.server import Crossing, LoopbackWeb

UNHURRIED = PolitenessConfig(requests_per_second=0, hosts={})


class WallClock:
    """The machine's time (``ports.Clock``)."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SkippingClock:
    """Time that passes only by sleeping, at once, and remembers how long each sleep was (``ports.Clock``)."""

    def __init__(self, now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self.start = now
        self.passed_s = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return 1000 + self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        until = self.passed_s + seconds
        await asyncio.sleep(0)
        self.passed_s = max(self.passed_s, until)


def network(web: LoopbackWeb | None = None, **changes: Any) -> NetworkConfig:
    """The default configuration, every name leading to ``web``, with quick deadlines and ``changes``."""
    quick: dict[str, Any] = {"connect_timeout_s": 5.0, "head_timeout_s": 5.0, "total_timeout_s": 20.0}
    if web:
        quick |= {"ca_bundle": web.ca_bundle, "connect_to": connect_to(web.connect_to)}
    return dataclasses.replace(config.load(None).network, **(quick | changes))


def connect_to(written: Mapping[str, str]) -> dict[tuple[str, int], tuple[str, int]]:
    pairs = {}
    for name, target in written.items():
        (host, _, port), (to, _, to_port) = name.rpartition(":"), target.rpartition(":")
        pairs[host, int(port)] = (to, int(to_port))
    return pairs


def client(web: LoopbackWeb | None = None, **changes: Any) -> Client:
    return Client(network(web, **changes), UNHURRIED, WallClock())


def request(url: str, **more: Any) -> Request:
    return Request(url=url, why="hop", slot=f"test:{url}", **more)


def received(tape: Tape) -> bytes:
    """All that came back; the tape's file is closed."""
    tape.received.seek(0)
    data = tape.received.read()
    tape.received.close()
    assert len(data) == tape.received_bytes
    return data


def crossing(web: LoopbackWeb, url: str) -> Crossing:
    """What the server saw of the one request for ``url``."""
    (found,) = [entry for entry in list(web.log) if entry.url == url]
    return found


class Trap:
    """Listens on one port of every loopback address; a connection that gets there waits to be found."""

    def __init__(self) -> None:
        self._v4 = socket.create_server(("0.0.0.0", 0), backlog=128)
        self.port = self._v4.getsockname()[1]
        self._v6 = socket.create_server(("::", self.port), family=socket.AF_INET6, backlog=128)
        for sock in (self._v4, self._v6):
            sock.setblocking(False)

    def caught(self) -> list[str]:
        """The addresses under which anything connected since the last call."""
        found = []
        for sock in (self._v4, self._v6):
            while True:
                try:
                    connection, _ = sock.accept()
                except BlockingIOError:
                    break
                found.append(connection.getsockname()[0])
                connection.close()
        return found

    def close(self) -> None:
        self._v4.close()
        self._v6.close()


def rss_bytes(pid: str = "self") -> int:
    """The peak resident memory of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no VmHWM of {pid}")
