from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from typing import Any, Literal

import pytest
from rich.console import Console

from archiver import printing, sheet
from archiver.model import Find, Outcome

HOSTILE = {
    "a colour": "\x1b[31mred\x1b[0m",
    "a title": "\x1b]0;evil\x07",
    "a link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "a cleared screen": "\x1b[2J\x1b[H",
    "an 8-bit sequence": "\x9b31mred",
    "a return": "harmless\rEVIL",
    "a backspace": "abc\b\b\bEVIL",
    "a bell": "\a",
    "a right-to-left override": "moc.\u202elive",
    "an isolate": "\u2066evil\u2069",
    "a direction mark": "a\u200eb\u200fc\u061cd",
    "nothing to be seen": "a\u200bb\ufeffc\u00add",
    "a tag character": "a\U000e0041",
    "a line separator": "a\u2028b\u2029c\x85d",
    "half a character": "a\ud800b",
    "a private character": "a\ue000b",
    "a NUL": "a\x00b",
}
MARKUP = [
    "[bold]x[/bold]",
    "[/]",
    "[/nothing]",
    "[link=https://evil.example]x[/link]",
    "[red",
    ":warning: :smile:",
    "[@click=app.quit]x[/]",
]


def row(text: str) -> dict[str, Any]:
    """A public record in which everything that strangers write is ``text``."""
    return {
        "article": text,
        "article_name": text,
        "article_source": {"warc": text, "offset": 1},
        "position": 0,
        "kind": "embed",
        "form": "blockquote",
        "url": f"https://x.com/{text}",
        "author": text,
        "handle": None,
        "posted_at": "2021-06-28",
        "text": text,
        "short_links": ["https://t.co/a"],
        "status": "pending",
        "availability": "ambiguous",
        "error": text,
        "try_again_at": "2026-08-01T13:00:00.000Z",
        "facts": {
            "author": [{"value": text, "how": text}],
            "media": [{"value": [medium(text, kind) for kind in ("photo", "video", text)], "how": "x"}],
            "avatar": [{"value": {"url": text, "file": None}, "how": text}],
            "links": [{"value": [{"short": text, "to": text}], "how": "x"}],
            "quoted": [{"value": {"platform": "x", "post_id": text, "handle": None}, "how": "x"}],
        },
        "claims": [
            {"field": "author", "value": text, "how": text, "verdict": "contradicted", "by": [text]},
            {"field": "handle", "value": text, "how": text, "verdict": "confirmed", "by": [text], "against": [text]},
        ],
        "evidence": [{"says": "public", "how": text, "at": "2026-08-01T12:00:00.000Z"}],
        "disagreements": [
            {
                "field": field,
                "what": text,
                "values": [{"value": text, "how": "a"}, {"value": text, "how": text}],
                **said,
            }
            for field, said in (("author", {"note": text}), ("availability", {}))
        ],
        "changes": [{"at": "2026-08-01T12:00:00.000Z", "what": "edited", "from": text, "to": text}],
        "missing": [{"what": "photo", "url": text, "why": text, "again": True}],
        "failures": [{"why": "oembed", "url": text, "word": "refused", "reason": text}],
        "links": [link(text)],
        "captures": [{"http_status": 200, "url": text, "warc": text, "offset": 1, "why": "post"}],
    }


def medium(text: str, kind: str) -> dict[str, Any]:
    file = {"bytes": 1234, "warc": text, "url": text, "cut": text}
    return {"type": kind, "url": text, "alt": text, "file": file, "poster": file, "playlists": [text]}


def link(text: str) -> dict[str, Any]:
    hops = [{"url": text, "http_status": 301, "warc": text}, {"url": text, "http_status": None, "warc": None}]
    return {"short": text, "end": text, "ended": "page", "hops": hops}


def outcome(record: dict[str, Any], *, firm: bool = False) -> Outcome:
    find = Find(article="https://a.example/", position=0, kind="embed", form="blockquote")
    return Outcome(find=find, status=record["status"], record=record, firm=firm)


WAYS: dict[str, Callable[[Console, str], None]] = {
    "finds": lambda console, text: printing.finds(console, [row(text)], outcome=False),
    "outcomes": lambda console, text: printing.finds(console, [row(text)], outcome=True),
    "waiting": lambda console, text: printing.waiting(console, [outcome(row(text))]),
    "record": lambda console, text: sheet.record(console, row(text), text),
    "record again": lambda console, text: sheet.record(console, row(text), text, again=True),
    "articles": lambda console, text: sheet.articles(console, [row(text)]),
    "chain": lambda console, text: sheet.chain(console, link(text)),
}


def printed(way: str, text: str, *, terminal: bool = False) -> str:
    out = io.StringIO()
    colours: Literal["truecolor"] | None = "truecolor" if terminal else None
    WAYS[way](Console(file=out, width=200, force_terminal=terminal, color_system=colours, emoji=False), text)
    return out.getvalue()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_that_strangers_write_reaches_the_terminal_as_a_command(way: str, what: str) -> None:
    """Escape sequences, links, direction and invisible characters are shown as escapes, in every view."""
    shown = printed(way, HOSTILE[what])
    assert all(char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in shown)
    assert "\\u" in shown


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", HOSTILE)
def test_on_a_terminal_too_the_only_sequences_are_our_own_colours(way: str, what: str) -> None:
    """The words of strangers stand between them, inert."""
    shown = printed(way, HOSTILE[what], terminal=True)
    for sequence in shown.split("\x1b")[1:]:
        assert sequence[0] == "["
        assert sequence.lstrip("[0123456789;")[0] == "m"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", MARKUP)
def test_the_printers_own_markup_means_nothing_in_strangers_text(way: str, text: str) -> None:
    """Square brackets and emoji names stay what was written."""
    assert text in printed(way, text)


def test_a_table_of_finds_says_what_who_when_and_where() -> None:
    """A row a find; the status only where something was done."""
    shown = printed("outcomes", "Jack")
    assert all(word in shown for word in ("embed", "blockquote", "Jack", "2021-06-28", "https://x.com/Jack", "pending"))
    assert "pending" not in printed("finds", "Jack")


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("pending", "down", True),
        ("failed", "odd", True),
        ("refused", "no", True),
        ("unavailable", "deleted", True),
        ("archived", None, False),
        ("already", None, False),
    ],
)
def test_only_what_is_not_simply_done_gets_a_line_of_its_own(status: str, error: str | None, told: bool) -> None:
    """What, why, and when it is tried again."""
    out = io.StringIO()
    kept = {**row("jack"), "status": status, "error": error}
    printing.waiting(Console(file=out, width=200), [outcome(kept), outcome(kept, firm=True)])
    assert bool(out.getvalue()) == told
    if told:
        assert (
            f"{status}: https://x.com/jack: {error} (again when saved again, or by a night after 2026" in out.getvalue()
        )
        assert "(not asked again before 2026-08-01T13:00Z)" in out.getvalue()


@pytest.mark.parametrize(
    ("post_id", "count", "said"),
    [
        (None, 1, ["   1 post resembles it, none beyond doubt"]),
        (None, 2, ["   2 posts resemble it, none beyond doubt"]),
        (None, 0, []),
        ("20", 1, []),
    ],
)
def test_a_list_says_how_many_posts_resemble_an_embed_without_an_id(post_id, count: int, said: list[str]) -> None:
    """Which these are is what `show` says."""
    out = io.StringIO()
    one = {**row("a"), "post_id": post_id, "identified": {"candidates": [{}] * count}}
    printing.finds(Console(file=out, width=300), [one], outcome=True)
    assert [line for line in out.getvalue().splitlines() if "beyond doubt" in line] == said
