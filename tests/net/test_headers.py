"""Headers that a request brings along."""

from __future__ import annotations

import pytest

from archiver.net.client import Client
from tests.loopback.server import LoopbackWeb
from tests.net.street import request

URL = "http://page.hostile.test/feed"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ('"33a64df5"', True),
        ('W/"0815 a"', True),
        ("Wed, 21 Oct 2026 07:28:00 GMT", True),
        ('"a"\r\nX-Forged: 1', False),
        ('"a\0"', False),
        ('"caf\xe9"', False),
        (" padded", False),
    ],
)
async def test_conditions_are_sent_when_they_can_be(visitor: Client, web: LoopbackWeb, value: str, sent: bool):
    """A validator goes back as the server gave it; one that is no header's value is left out, and nothing is forged."""
    tape = await visitor.exchange(request(URL, conditions=(("If-None-Match", value),)))
    tape.received.close()
    assert (f"If-None-Match: {value}\r\n".encode() in tape.sent) == sent
    assert b"X-Forged" not in tape.sent
    assert web.log[-1].received == tape.sent
