from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Moment
from archiver.platforms import clocks
from tests.shared import needs_shared, shared_json

VECTORS: dict[str, list[dict[str, Any]]] = dict(shared_json("fixtures/other_platforms/id_time_vectors.json") or {})
READERS: dict[str, tuple[str, Callable[[str], Moment | None], str, int]] = {
    "instagram": ("shortcode", clocks.instagram, "ms", 1),
    "bluesky": ("rkey", clocks.bluesky, "us", 1_000),
    "linkedin": ("urn", clocks.linkedin, "ms", 1),
    "tiktok": ("id", clocks.tiktok, "s", -1_000),
    "mastodon": ("id", clocks.mastodon, "ms", 1),
}


@needs_shared
@pytest.mark.parametrize("network", READERS)
def test_ids_of_other_networks_carry_the_instants_that_were_observed(network: str) -> None:
    """Real posts, whose time is known from elsewhere."""
    field, read, unit, scale = READERS[network]
    assert VECTORS[network]
    for vector in VECTORS[network]:
        found = read(vector[field])
        assert found is not None, vector
        milliseconds = vector[unit] // scale if scale > 0 else vector[unit] * -scale
        assert round(found.at.timestamp() * 1000) == milliseconds


@pytest.mark.parametrize("network", READERS)
@given(text=st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_:-]{1,60}", fullmatch=True)))
def test_what_is_no_id_says_nothing(network: str, text: str) -> None:
    """Whatever the text: an instant between 1970 and 2100, or none."""
    found = READERS[network][1](text)
    assert found is None or 1970 <= found.at.year < 2100
