"""Somebody who asks a ``LoopbackWeb`` one thing at a time, over TLS, and follows nothing."""

from __future__ import annotations

import ssl

import httpx

from tests.loopback.server import LoopbackWeb

CURL = "curl/8.5.0"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Visitor:
    """A client that trusts the web's own authority. Every question has a connection of its own, so that each host must
    show its own certificate."""

    def __init__(self, web: LoopbackWeb) -> None:
        self.web = web
        context = ssl.create_default_context(cafile=str(web.ca_bundle))
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(verify=context, limits=limits, trust_env=False, timeout=10)

    def ask(self, url: str, *, agent: str | None = CURL, method: str = "GET", **headers: str) -> httpx.Response:
        """The answer to one request for ``url``. ``agent``: ``None`` sends no User-Agent. ``headers``: names with
        ``_`` for ``-``."""
        wanted = httpx.URL(url)
        port = self.web.tls_port if wanted.scheme == "https" else self.web.plain_port
        request = self._client.build_request(
            method,
            wanted.copy_with(host=self.web.address, port=port),
            headers={"Host": wanted.host, **{name.replace("_", "-"): value for name, value in headers.items()}},
            extensions={"sni_hostname": wanted.host},
        )
        del request.headers["User-Agent"]
        if agent is not None:
            request.headers["User-Agent"] = agent
        return self._client.send(request)

    def follow(self, url: str, *, at_most: int = 20) -> list[str]:
        """Every address of a chain of redirects, ``url`` first: until there is no ``Location``, or ``at_most`` hops."""
        stops = [url]
        while len(stops) <= at_most and (to := self.ask(stops[-1]).headers.get("location")):
            stops.append(str(httpx.URL(stops[-1]).join(to)))
        return stops

    def close(self) -> None:
        self._client.close()
