"""One question to a timestamp authority that the operator chose (RFC 3161, 3.4): a POST, and its bounded answer.

It goes around the guard and the archive on purpose: the address is configured, not found in a page, and what comes back
is kept beside a package, not in a WARC.
"""

from __future__ import annotations

import ssl

import httpx

from archiver.config import NetworkConfig
from archiver.errors import BadReply, TimedOut, Unreachable

_MOST_BYTES = 100_000


def ask(url: str, question: bytes, media_type: str, network: NetworkConfig) -> bytes:
    """The body of its 200 answer. Raises ``Unreachable``, ``TimedOut`` or ``BadReply``."""
    trusted = ssl.create_default_context(cafile=str(network.ca_bundle) if network.ca_bundle else None)
    headers = {"Content-Type": media_type, "Accept": "application/timestamp-reply"}
    try:
        with (
            httpx.Client(verify=trusted, trust_env=False, timeout=network.head_timeout_s) as client,
            client.stream("POST", url, content=question, headers=headers) as answer,
        ):
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise BadReply(url, f"the authority sent more than {_MOST_BYTES:,} bytes")
    except httpx.TimeoutException as error:
        raise TimedOut(url, "the timestamp authority took too long") from error
    except httpx.HTTPError as error:
        raise Unreachable(url, f"the timestamp authority can't be had: {error}") from error
    if answer.status_code != 200:
        raise BadReply(url, f"the timestamp authority answered {answer.status_code}")
    return body
