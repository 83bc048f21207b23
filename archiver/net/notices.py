"""Telling others how a night went: a dead man's switch that is pinged, and a command that gets the news.

Neither can harm a night: a ping has ten seconds in all, the command a minute, and what goes wrong is a sentence. The
addresses are the operator's own, so they may be private ones; nothing in them comes from a page, and no redirect is
followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

import httpx

from archiver.config import NetworkConfig
from archiver.net.client import tls_context, user_agent
from archiver.ports import Clock

Style = Literal["healthchecks", "cronitor"]
MOST_TOLD = 10_000
"""Bytes of a report that a ping carries (healthchecks keeps the first 100 kB, and shows less)."""
MOST_MESSAGE, _MOST_QUOTED = 2_000, 6_000
"""Characters of a Cronitor message (its documentation), and bytes of it in a URL, which servers bound, too."""
PING_S, _TRIES, _PAUSE_S = 10.0, 3, 1.0
COMMAND_S, _POLL_S = 60.0, 0.05
_MOST_SAID = 500


def ping_url(base: str, style: str, run: str, code: int | None, count: int = 0, text: str = "") -> str:
    """Where to ping at the start (``code`` ``None``) and at the end of ``run``.

    healthchecks.io/docs/http_api: ``/start``, then ``/<exit code>``, with the same ``rid`` (a UUID); codes 0 and 1 are
    ordinary nights, so both are ``/0``. cronitor.io/docs/telemetry-api: ``state``, ``series``, and the beginning of
    ``text`` as ``message``.
    """
    fine = code in (0, 1)
    if style == "cronitor":
        state = "run" if code is None else "complete" if fine else "fail"
        said = {"state": state, "series": run}
        if code is not None:
            said |= {"status_code": str(code), "metric": f"count:{count}"}
        if text:
            said |= {"message": _message(text)}
    else:
        base = base.rstrip("/") + ("/start" if code is None else f"/{0 if fine else code}")
        said = {"rid": str(uuid.uuid5(uuid.NAMESPACE_URL, run))}
    return f"{base}{'&' if '?' in base else '?'}{urlencode(said, errors='replace')}"


def _message(text: str) -> str:
    """The beginning of ``text`` that a URL can carry."""
    text = text[:MOST_MESSAGE]
    while len(quote(text, errors="replace")) > _MOST_QUOTED:
        text = text[: len(text) * 3 // 4]
    return text


async def ping(url: str, text: str, config: NetworkConfig, clock: Clock, *, limit_s: float = PING_S) -> str | None:
    """POST ``text`` (its first ``MOST_TOLD`` bytes) to ``url``, up to three times within ten seconds. Returns what went
    wrong, ``None`` when it was heard."""
    problem: str | None = None
    try:
        async with asyncio.timeout(limit_s):
            async with httpx.AsyncClient(trust_env=False, follow_redirects=False, verify=tls_context(config)) as client:
                for attempt in range(_TRIES):
                    if attempt:
                        await clock.sleep(_PAUSE_S)
                    problem = await _pinged(client, url, text, user_agent(config))
                    if problem is None:
                        return None
    except TimeoutError:
        problem = f"{problem}, and no answer in {limit_s:g} s" if problem else f"no answer in {limit_s:g} s"
    return f"the ping was not heard: {problem}"


async def _pinged(client: httpx.AsyncClient, url: str, text: str, called: str) -> str | None:
    headers = {"User-Agent": called, "Content-Type": "text/plain; charset=utf-8"}
    content = text.encode("utf-8", "replace")[:MOST_TOLD]
    try:
        async with client.stream("POST", url, content=content, headers=headers, timeout=None) as answer:
            return None if answer.status_code < 300 else f"answered {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"{type(error).__name__}: {error}"


async def not_reachable(url: str) -> str | None:
    """Why nobody could be pinged at ``url``, ``None`` when somebody listens there. Nothing is sent."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(PING_S):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
            )
    except (TimeoutError, OSError, ValueError) as error:
        return f"can't be reached: {str(error) or type(error).__name__}"
    writer.close()
    return None


async def tell(command: Sequence[str], text: str, *, limit_s: float = COMMAND_S) -> str | None:
    """Run ``command``, no shell between, with ``text`` on its standard input. Returns what went wrong, with the
    beginning of what it said on standard error, or ``None``.

    At the limit, and when cancelled, it is killed with all that it started; what it leaves behind when it ends by
    itself is its own affair.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        try:
            process = _started(command, text, writing)
        except (OSError, ValueError) as error:
            return f"the news command can't be run: {error}"
        finally:
            os.close(writing)
        said, left_s = b"", limit_s
        try:
            while process.poll() is None and left_s > 0:
                await asyncio.sleep(_POLL_S)
                left_s -= _POLL_S
                said = (said + _read(reading))[:_MOST_SAID]
        finally:
            late = process.poll() is None
            if late:
                _kill(process)
        said = (said + _read(reading))[:_MOST_SAID]
    finally:
        os.close(reading)
    if late:
        return f"the news command took more than {limit_s:g} s, and was killed{_words(said)}"
    return f"the news command ended with {process.returncode}{_words(said)}" if process.returncode else None


def _started(command: Sequence[str], text: str, errors: int) -> subprocess.Popen[bytes]:
    """With a file for its input: a pipe fills, and whoever does not read it would be waited for."""
    with tempfile.TemporaryFile() as news:
        news.write(text.encode("utf-8", "replace"))
        news.seek(0)
        return subprocess.Popen(  # noqa: S603  # the operator's own words, from config.toml
            command, stdin=news, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )


def _read(pipe: int) -> bytes:
    """What lies in the pipe, of which the rest is thrown away: whoever says a lot is not made to wait for us."""
    try:
        return os.read(pipe, 65_536)
    except BlockingIOError:
        return b""


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _words(said: bytes) -> str:
    """As one printable line behind a sentence."""
    line = " ".join(said.decode("utf-8", "replace").split())
    return f": {''.join(one if one.isprintable() else '?' for one in line)}" if line else ""
