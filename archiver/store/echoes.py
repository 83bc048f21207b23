"""A secret that a service was asked with and says back: masked as cookies are, wherever it stands in its answer.

A token goes to one service, in one header. If that service repeats it (in an error, say), its bytes become as many
``*`` before anything is digested or written. It is found as it was sent, and as JSON, HTML and URLs would write it; not
within a packed body, which is why nothing is packed for who asks with a secret, and not across two chunks.
"""

from __future__ import annotations

import html
import json
from dataclasses import replace
from urllib.parse import quote

from archiver.model import Tape

_PIECE = 1 << 18
_LEAST_BYTES = 8


def masked(tape: Tape) -> tuple[Tape, int]:
    """The tape without the values of its request's secret headers, and how often one was masked. The bytes received are
    written over where they are."""
    secrets = {secret for _, value in tape.request.secret_headers for secret in _forms(value)}
    count = sum(_mask(tape, secret) for secret in sorted(secrets, key=len, reverse=True))
    if not count or tape.layout is None:
        return tape, count
    headers = tuple((name, _without(value, secrets)) for name, value in tape.layout.headers)
    return replace(tape, layout=replace(tape.layout, headers=headers)), count


def _forms(value: str) -> set[bytes]:
    """A header's value, and of ``Bearer TOKEN`` the token, of ``LOW key:secret`` also the secret, however written."""
    words = {value, value.rpartition(" ")[2], value.rpartition(" ")[2].rpartition(":")[2]}
    forms = {form for word in words for form in (word, html.escape(word), quote(word), quote(word, safe=""))}
    forms |= {json.dumps(word)[1:-1] for word in words} | {word.replace("/", "\\/") for word in words}
    return {form.encode() for form in forms if len(form) >= _LEAST_BYTES}


def _mask(tape: Tape, secret: bytes) -> int:
    file, at, count = tape.received, 0, 0
    while at < tape.received_bytes:
        file.seek(at)
        piece = file.read(min(_PIECE + len(secret), tape.received_bytes - at))
        place = piece.find(secret)
        if place < 0:
            at += max(len(piece) - len(secret) + 1, 1)
            continue
        file.seek(at + place)
        file.write(b"*" * len(secret))
        at, count = at + place + len(secret), count + 1
    return count


def _without(value: str, secrets: set[bytes]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        value = value.replace(secret.decode("latin-1"), "*" * len(secret))
    return value
