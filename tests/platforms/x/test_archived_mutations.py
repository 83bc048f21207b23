"""Archived answers come in any state. Whatever a page or its JSON became, reading it ends in facts that stand in it, or
in nothing with the reason; nothing crashes, and no other post's words become this one's."""

from __future__ import annotations

import copy
import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archives import wayback
from archiver.model import Kept, Memento, PostRef
from archiver.platforms.x import archived
from tests.answers import answer, in_json
from tests.loopback.legacy import legacy_page, version_1, version_2
from tests.loopback.nouns import Account, Post, snowflake
from tests.platforms.x.test_mutations import JUNK, OURS, POST, change, leaves, places

WHEN = Memento(at=datetime(2024, 3, 2, tzinfo=UTC), url="https://web.archive.org/web/20240302000000id_/https://x.com/")
REF = PostRef(platform="x", post_id=POST.post_id, handle=POST.by.handle)
OTHER = Post(
    post_id=snowflake("2024-03-01T11:00:00Z"),
    by=Account(handle="somebody_else", name="Somebody Else"),
    text="Words of somebody else altogether",
)
PAGE = legacy_page(POST, answers=(OTHER,))
HIT = {
    "url": "twitter.com/a/status/1",
    "archived_snapshots": {
        "closest": {
            "available": True,
            "url": "http://web.archive.org/web/20240302000000/https://twitter.com/a/status/1",
            "timestamp": "20240302000000",
            "status": "200",
        }
    },
}


def _letters(text: str) -> str:
    """Its letters and digits, escapes undone: what broken markup leaves between them is nobody's word."""
    return re.sub(r"\W", "", html.unescape(html.unescape(text)))


def _is_of(whole: str, word: str) -> bool:
    """Whether the word stands there, or both its parts do: broken markup glues neighbours together."""
    return any(word[:place] in whole and word[place:] in whole for place in range(len(word) + 1))


def stands_in(kept: Kept, source: str) -> None:
    """Every word of every fact stands in the answer, whatever escapes and markup lie between, and none is another's."""
    whole = "".join(_letters(one) for one in (source, re.sub(r"<[^<>]*>", "", source)))
    for field, fact in kept.facts:
        assert fact.memento == WHEN
        for leaf in leaves(fact.value) if field != "posted_at" else ():
            if isinstance(leaf, str) and leaf not in OURS:
                assert all(_is_of(whole, _letters(word)) for word in leaf.split()), (field, leaf)
                assert "somebody else altogether" not in leaf


@pytest.mark.parametrize("told", [version_1(POST), version_2(POST)], ids=["version 1.1", "version 2"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_json_that_changed_invents_nothing(told: dict[str, Any], data: st.DataObject) -> None:
    """Up to four fields removed, or of another type."""
    changed = copy.deepcopy(told)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(changed)) or [("",)]))
        change(changed, path, copy.deepcopy(data.draw(st.one_of(st.just(...), JUNK))))
    exchange = in_json(changed)
    kept = archived.read(exchange, REF, WHEN)
    assert bool(kept.facts) != bool(kept.nothing)
    said = {leaf for leaf in leaves(changed) if isinstance(leaf, str | int)}
    stands_in(kept, " ".join(str(leaf).encode("utf-16", "surrogatepass").decode("utf-16", "replace") for leaf in said))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_page_that_changed_invents_nothing(data: st.DataObject) -> None:
    """Pieces cut out, doubled, or replaced by markup that does not belong there."""
    page = PAGE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(page) - 1))
        end = min(len(page), start + data.draw(st.integers(1, 400)))
        piece = data.draw(st.sampled_from(["", "<p>", "</div>", "<div", '"', "&amp;", page[start:end] * 2]))
        page = page[:start] + piece + page[end:]
    kept = archived.read(answer(body=page), REF, WHEN)
    assert bool(kept.facts) != bool(kept.nothing)
    stands_in(kept, page)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_hit_that_changed_names_a_capture_or_none(data: st.DataObject) -> None:
    """Availability names what stands in its answer, with a real instant."""
    changed = copy.deepcopy(HIT)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(changed)) or [("",)]))
        change(changed, path, copy.deepcopy(data.draw(st.one_of(st.just(...), JUNK))))
    exchange = in_json(changed)
    found = wayback.read_availability(exchange)
    if found:
        assert found.original in json.dumps(changed)
        assert found.at == datetime.strptime(found.stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
