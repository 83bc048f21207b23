"""What is recorded for each scenario of the loopback web: the tables in ``docs/sources.md``, made by the reading.

``python -m tests.loopback.table`` writes them (``make table``); a test fails when one is stale. Everything is computed
from values: the miniature's pure services, the platform's pure reading, and the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.loopback import api_v2, archive_table, link_table, third_parties
from tests.loopback.nouns import snowflake
from tests.loopback.recorded import DEFAULT, POST, USUAL, drawn, later, looked, told, verdict
from tests.loopback.scenarios import SCENARIOS, Scenario
from tests.loopback.x_world import World

DOCUMENT = Path(__file__).parents[2] / "docs" / "sources.md"
END = "<!-- end of the table -->\n"
FUTURE = "an id of the future"


def services() -> str:
    """X's own two services, which are asked for every post."""
    shown = {name: (made, USUAL) for name, made in SCENARIOS.items() if "(Tweet)" not in name}
    shown[FUTURE] = (SCENARIOS["deleted"], snowflake("2031-01-01T00:00:00Z"))
    columns = ("scenario", "tweet-result", "oEmbed", "recorded at first", "a day later", "facts from")
    return drawn(columns, [_service_row(name, *made) for name, made in shown.items()])


def _service_row(name: str, scenario: Scenario, post_id: str) -> Sequence[str]:
    world = World(posts=(replace(POST, scenario=scenario),) if post_id == USUAL else ())
    body = looked(world, post_id=post_id)
    rows = [
        scenario.refusal if scenario.refusals > 1 else str(getattr(scenario, service))
        for service in ("tweet_result", "oembed")
    ]
    if name == FUTURE:
        rows = ["404 html", "404 html"]
    first = verdict(body)
    return (name, *rows, first, later(world, first, post_id=post_id), told(body))


_UNCLEAR = Scenario(tweet_result="empty object", oembed="403 not authorized")
_GONE = Scenario(tweet_result="404 html", oembed="403 other")


def api() -> str:
    """The official API: alone, and beside what X's own services say."""
    return _third("api", [*api_v2.ANSWERS, *api_v2.REFUSALS], lambda scenario, row: replace(scenario, api=row))


def fxtwitter() -> str:
    """FxTwitter: alone, and beside what X's own services say."""
    rows = ["public", *third_parties.FX_ANSWERS, "not json"]
    return _third("fxtwitter", rows, lambda scenario, row: replace(scenario, fxtwitter=row))


def _third(source: str, rows: Sequence[str], answering: Callable[[Scenario, str], Scenario]) -> str:
    def line(row: str) -> Sequence[str]:
        alone, unclear, gone = (
            World(posts=(replace(POST, scenario=answering(beside, row)),)) for beside in (Scenario(), _UNCLEAR, _GONE)
        )
        body = looked(alone, sources=(source,))
        first = verdict(body)
        both = (verdict(looked(world, sources=(*DEFAULT, source))) for world in (unclear, gone))
        return (row, first, later(alone, first, sources=(source,)), *both, told(body))

    columns = ("answer", "recorded, asked alone", "a day later", "beside `{}` and 403", "beside 404 and 403",
               "facts from")  # fmt: skip
    return drawn(columns, map(line, rows))


#: Every table by its name in the document.
TABLES: dict[str, Callable[[], str]] = {
    "services": services,
    "api": api,
    "fxtwitter": fxtwitter,
    "archives": archive_table.table,
    "submissions": archive_table.submissions,
    "links": link_table.table,
}


def written(document: str) -> str:
    """``document`` with the tables of now."""
    for name, table in TABLES.items():
        before, begin, rest = document.partition(f"<!-- make table: {name} -->\n")
        _, end, after = rest.partition(END)
        assert begin, name
        document = f"{before}{begin}{table()}{end}{after}"
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
