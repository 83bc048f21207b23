"""Telling others how a night went: a dead man's switch that is pinged, and a command that gets the news.

Neither can harm a night: each has ten seconds a try and three tries, and what goes wrong is a sentence in the log. The
addresses are the operator's own, so they may be private ones; nothing in them comes from a page, and no redirect is
followed.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlencode, urlsplit

import httpx

from archiver.config import NetworkConfig
from archiver.net.client import tls_context, user_agent
from archiver.ports import Clock

Style = Literal["healthchecks", "cronitor"]
MOST_TOLD = 10_000
"""Bytes of a report that a ping carries (healthchecks keeps the first 100 kB, and shows less)."""
_TRIES, _LIMIT_S, _PAUSE_S = 3, 10.0, 1.0
_COMMAND_LIMIT_S = 60.0


def ping_url(base: str, style: str, run: str, code: int | None, count: int = 0) -> str:
    """Where to ping at the start (``code`` ``None``) and at the end of ``run``.

    healthchecks.io/docs/http_api: ``/start``, then ``/<exit code>``, with the same ``rid`` (a UUID); codes 0 and 1 are
    ordinary nights, so both are ``/0``. cronitor.io/docs/telemetry-api: ``state`` and ``series``.
    """
    fine = code in (0, 1)
    if style == "cronitor":
        state = "run" if code is None else "complete" if fine else "fail"
        said = {"state": state, "series": run}
        if code is not None:
            said |= {"status_code": str(code), "metric": f"count:{count}"}
    else:
        base = base.rstrip("/") + ("/start" if code is None else f"/{0 if fine else code}")
        said = {"rid": str(uuid.uuid5(uuid.NAMESPACE_URL, run))}
    return f"{base}{'&' if '?' in base else '?'}{urlencode(said)}"


async def ping(url: str, text: str, config: NetworkConfig, clock: Clock) -> str | None:
    """POST ``text`` (its first ``MOST_TOLD`` bytes) to ``url``. Returns what went wrong, ``None`` when it was heard."""
    problem: str | None = None
    headers = {"User-Agent": user_agent(config), "Content-Type": "text/plain; charset=utf-8"}
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, verify=tls_context(config)) as client:
        for attempt in range(_TRIES):
            if attempt:
                await clock.sleep(_PAUSE_S)
            try:
                async with asyncio.timeout(_LIMIT_S):
                    async with client.stream(
                        "POST", url, content=text.encode("utf-8", "replace")[:MOST_TOLD], headers=headers
                    ) as answer:
                        problem = None if answer.status_code < 300 else f"answered {answer.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                return None
    return f"the ping was not heard: {problem}"


async def not_reachable(url: str) -> str | None:
    """Why nobody could be pinged at ``url``, ``None`` when somebody listens there. Nothing is sent."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_LIMIT_S):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
            )
    except (TimeoutError, OSError, ValueError) as error:
        return f"can't be reached: {str(error) or type(error).__name__}"
    writer.close()
    return None


async def tell(command: Sequence[str], text: str) -> str | None:
    """Run ``command``, no shell between, with ``text`` on its standard input. Returns what went wrong, or ``None``."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"the news command can't be run: {error}"
    try:
        async with asyncio.timeout(_COMMAND_LIMIT_S):
            await process.communicate(text.encode("utf-8", "replace"))
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"the news command took more than {_COMMAND_LIMIT_S:g} s, and was killed"
    return f"the news command ended with {process.returncode}" if process.returncode else None
