"""What a night adds up to: its exit code and its verdict."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from archiver import night

ANSWERED = {"news.example": {"requests": 3, "failed": 0, "busy": 0, "bytes": 9_000, "waited_s": 0.0}}
SILENT = {"news.example": {"requests": 3, "failed": 3, "busy": 0, "bytes": 0, "waited_s": 0.0}}


def tally(*states: str, articles: int = 0, failed: str | None = None) -> night.Tally:
    """Of a night whose sources ended so, with so many new articles and one failure of that class."""
    made = night.Tally(articles=Counter(new=articles), failed=Counter([failed] if failed else []))
    made.sources.update({f"s{n}": {"state": state, "said": ""} for n, state in enumerate(states)})
    return made


CODES: list[tuple[night.Tally, dict[str, Any], str | None, int, str]] = [
    (tally("well"), ANSWERED, None, 0, "all well"),
    (tally("well", articles=1), ANSWERED, "max-time", 0, "the next run goes on"),
    (tally("well", "broken", articles=1), ANSWERED, None, 1, "something failed"),
    (tally("well", "empty"), ANSWERED, None, 1, "something failed"),
    (tally("well", failed="timed-out"), ANSWERED, None, 1, "something failed"),
    (tally("broken"), ANSWERED, None, 69, "no source could be read"),
    (tally("broken", "resting", articles=1), ANSWERED, None, 69, "no source could be read"),
    (tally("well", failed="unreachable"), SILENT, None, 69, "nothing could be reached"),
    (tally(failed="rate-limited"), {}, None, 69, "nothing could be reached"),
    (tally(), {}, "min-free", 74, "nothing done for want of room"),
    (tally("well", articles=1), ANSWERED, "SIGTERM", 143, "ended by SIGTERM"),
    (tally("broken"), SILENT, "SIGINT", 130, "ended by SIGINT"),
]


def reported(
    told: night.Tally, hosts: dict[str, Any], stopped_by: str | None, code: int, later: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The night's report."""
    return night.report(
        told, run="20260705T023000Z-abcdef", began_at="", ended_at="", elapsed_s=1, stopped_by=stopped_by, error=None,
        code=code, version="1", robots="ignore", hosts=hosts, resting=(), waiting={}, later=later or {}, warcs=(),
        free_bytes=None, told={"until": None, "changes": 0, "problems": []},
    )  # fmt: skip


@pytest.mark.parametrize(("told", "hosts", "stopped_by", "code", "word"), CODES)
def test_a_night_ends_with_a_code_and_a_verdict(told, hosts, stopped_by, code, word):
    """A night that could read none of its sources is no success, whatever else was done."""
    assert night.exit_code(told, hosts, stopped_by) == code
    assert word in next(iter(night.page(reported(told, hosts, stopped_by, code))))


def test_what_waits_for_a_later_night_is_said():
    """All that was due is done, and that is not everything."""
    later = {"article": 0, "post": 1, "link": 2, "next": "2026-07-06T02:30:00.000Z"}
    page = list(night.page(reported(tally("well"), ANSWERED, None, 0, later)))
    assert "all that was due is done" in page[0]
    assert "  not settled, and tried again later: 2 links, 1 post, the next after 2026-07-06T02:30Z" in page


def test_every_count_is_there_from_the_first_night_on():
    """At zero; labels are the report's own words, and none can end its line."""
    told = tally("well")
    told.articles.update({"from the feed": 2, 'a "b"\\\n': 1})
    lines = night.metrics(reported(told, ANSWERED, None, 0), ended_s=1, last_success_s=None).splitlines()
    assert {'archiver_posts{what="gone"} 0', 'archiver_sources{what="broken"} 0', "archiver_untold 0"} <= set(lines)
    assert 'archiver_articles{what="from the feed"} 2' in lines
    assert 'archiver_articles{what="a \\"b\\"\\\\\\n"} 1' in lines


@pytest.mark.parametrize("strange", [{}, {"run": "x"}, [], None, {"run": 1, "began_at": 2, "ended_at": 3}])
def test_what_is_no_report_is_said_to_be_none(strange):
    """Whatever lies there."""
    with pytest.raises(ValueError, match="no report of a night"):
        night.shown(strange)
