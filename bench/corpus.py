"""Recall and precision of ``find`` on labelled real articles: ``python -m bench.corpus [--corpus DIR] [--check]``.

The corpus lies beside the repository (``../shared/corpus``; its README explains the labels) and is not part of it. What
is counted:

* **embeds**: posts that the labels say are shown, by id; feeds of sidebars, other articles in a page's state and pages
  of X itself are neither asked for nor held against anybody, as the corpus says.
* **embeds without an id**: what is left as text; known by handle, and by the printed day where there is one.
* **short links**: codes of t.co and pic.twitter.com anywhere in the document.
* **handle, author, date**: of every labelled embed that prints them, found or not. The date is compared as the UTC day
  that the printed line states. The handle is compared without case.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.find import find
from archiver.find.dates import DateReader
from archiver.model import Find

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
REPORT = Path(__file__).parents[1] / "docs" / "corpus.md"
BARS = {
    "embeds": (0.99, 0.99),
    "short links": (0.99, 0.99),
    "handle": (0.98, 0.0),
    "date": (0.98, 0.0),
}
"""Least recall and precision, per measure."""
REASONS = {
    "macworld.rss: embed of @None": "the feed cuts the post off before its attribution: no id, handle or day is left",
    "markupvalidator.response.html: https://t.co/": "the label leaves out a link that the page hands to its slideshow",
    "index.md: embed of @borisschapira": "the label leaves out a quoted post with its attribution and day",
    "allthis.json: embed 929938579085807616": "the label calls X's embed markup of 2010 (Blackbird Pie) a link",
    "3f65af7b6b.txt: date of 1196553520201248768": "an extractor tore the markup inside JSON; the day is lost in it",
}
"""Why a difference stays: what the document or its label is like, by how the difference's line goes on."""
IGNORED = ("feed_tweet_ids", "other_article_tweet_ids", "self_page_tweet_ids")
CODE_CHARS = 10


@dataclass(slots=True)
class Score:
    """``right``, ``missed`` (asked for, not given), ``wrong`` (given, not asked for)."""

    right: int = 0
    missed: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    def add(self, right: int, missed: int, wrong: int = 0) -> None:
        self.right += right
        self.missed += missed
        self.wrong += wrong


@dataclass(slots=True)
class Tally:
    """All scores: by measure, by form and by language of the embeds; ``faults``: each difference in words."""

    measures: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    forms: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    languages: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    faults: list[str] = field(default_factory=list)

    def fault(self, row: dict[str, Any], what: str) -> None:
        line = f"{row['file'].removeprefix('pages/')}: {what}"
        reason = next((reason for sign, reason in REASONS.items() if sign in line), None)
        self.faults.append(f"{line} ({reason})" if reason else line)


def weigh(corpus: Path, rows: Iterable[dict[str, Any]]) -> Tally:
    tally = Tally()
    for row in rows:
        finds = find((corpus / row["file"]).read_bytes(), key="corpus", name=row["file"]).finds
        _embeds(tally, row, finds)
        _links(tally, row, finds)
        _short_links(tally, row, finds)
        _facts(tally, row, finds)
    return tally


def _embeds(tally: Tally, row: dict[str, Any], finds: Sequence[Find]) -> None:
    wanted = set(row["expected"]["tweet_ids"])
    ignored = {one for name in IGNORED for one in row["expected"].get(name, ())} - wanted
    given = {seen.post.post_id: seen for seen in finds if seen.kind == "embed" and seen.post}
    missed, wrong = wanted - set(given), set(given) - wanted - ignored
    tally.measures["embeds"].add(len(wanted) - len(missed), len(missed), len(wrong))
    tally.languages[row["lang"] or "?"].add(len(wanted) - len(missed), len(missed), len(wrong))
    forms = {embed["id"]: embed["form"] for embed in row["expected"]["embeds"] if embed["id"]}
    for one in wanted:
        tally.forms[forms.get(one, "?")].add(one not in missed, one in missed)
    for one in sorted(missed):
        tally.fault(row, f"embed {one} missed ({forms.get(one, '?')})")
    for one in sorted(wrong):
        tally.fault(row, f"embed {one} is none ({given[one].form})")
    order = [one for one in given if one in wanted]
    if order != [one for one in dict.fromkeys(row["expected"]["tweet_ids"]) if one in given]:
        tally.fault(row, "not in document order")


def _links(tally: Tally, row: dict[str, Any], finds: Sequence[Find]) -> None:
    shown = set(row["expected"]["tweet_ids"])
    wanted = set(row["expected"]["linked_tweet_ids"]) - shown
    ignored = {one for name in IGNORED for one in row["expected"].get(name, ())}
    given = {seen.post.post_id for seen in finds if seen.kind == "link" and seen.post} - ignored - shown
    tally.measures["linked posts"].add(len(wanted & given), len(wanted - given), len(given - wanted))


def _short_links(tally: Tally, row: dict[str, Any], finds: Sequence[Find]) -> None:
    codes = [*row["expected"]["tco"], *row["expected"]["pic"]]
    wanted = {f"https://t.co/{code[:CODE_CHARS]}" for code in codes}
    given = {link for seen in finds for link in seen.short_links}
    given |= {seen.url for seen in finds if seen.form == "short-link" and seen.url}
    tally.measures["short links"].add(len(wanted & given), len(wanted - given), len(given - wanted))
    for link in sorted(wanted - given):
        tally.fault(row, f"{link} missed")
    for link in sorted(given - wanted):
        tally.fault(row, f"{link} is none")


def _facts(tally: Tally, row: dict[str, Any], finds: Sequence[Find]) -> None:
    """Handle, author and date of every embed of the page's own, and the embeds that have no id."""
    dates = DateReader(row["lang"] or None)
    embeds = [seen for seen in finds if seen.kind == "embed"]
    by_id = {seen.post.post_id: seen for seen in embeds if seen.post}
    used: set[int] = set()
    for embed in row["expected"]["embeds"]:
        if embed.get("scope", "page") != "page":
            continue
        day = str(dates.line(embed["date_text"] or "") or "")[:10]
        if embed["id"]:
            seen = by_id.get(embed["id"])
        else:
            place = _match(embeds, used, embed["handle"], day)
            seen = embeds[place] if place is not None else None
            used |= {place} if place is not None else set()
            tally.measures["embeds without an id"].add(seen is not None, seen is None)
            tally.forms[embed["form"]].add(seen is not None, seen is None)
            if seen is None:
                tally.fault(row, f"embed of @{embed['handle']} {embed['date_text']} missed ({embed['form']})")
        _compare(tally, row, embed, seen, day)
    handles = {(embed["handle"] or "").lower() for embed in row["expected"]["embeds"]}
    for seen in embeds:
        if seen.post is None and (seen.handle or "").lower() not in handles:
            tally.measures["embeds without an id"].add(0, 0, 1)
            tally.fault(row, f"embed of @{seen.handle} {seen.date} is none")


def _match(embeds: Sequence[Find], used: set[int], handle: str | None, day: str) -> int | None:
    for place, seen in enumerate(embeds):
        same = (seen.handle or "").lower() == (handle or "").lower()
        if place not in used and same and (not day or not seen.date or str(seen.date)[:10] == day):
            return place
    return None


def _compare(tally: Tally, row: dict[str, Any], embed: dict[str, Any], seen: Find | None, day: str) -> None:
    said = {
        "handle": (seen.handle or "").lower() if seen else "",
        "author": (seen.author or "") if seen else "",
        "date": str(seen.date or "")[:10] if seen else "",
    }
    wanted = {"handle": (embed["handle"] or "").lower(), "author": embed["author"] or "", "date": day}
    for name, value in wanted.items():
        if value:
            exact = said[name] == value
            tally.measures[name].add(exact, not exact, not exact and bool(said[name]))
            if not exact and seen:
                tally.fault(row, f"{name} of {embed['id']}: {said[name]!r}, not {value!r}")


def table(title: str, scores: dict[str, Score]) -> Iterator[str]:
    yield f"| {title} | asked for | found | wrong | recall | precision |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, score in scores.items():
        if score.right + score.missed + score.wrong:
            counts = f"{score.right + score.missed} | {score.right} | {score.wrong}"
            yield f"| {name} | {counts} | {score.recall:.3f} | {score.precision:.3f} |"
    yield ""


def report(tally: Tally, documents: Counter[str]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in documents.most_common())
    lines = [
        "# Recall and precision on labelled articles",
        "",
        f"Written by `make corpus`: {documents.total()} real documents ({kinds}).",
        "They were labelled by hand, are other people's pages, and no part of this repository.",
        "A wrong find is one that the labels don't know.",
        "",
        *table("measure", dict(tally.measures)),
        "By the form of the embed, as the labels name it (with and without an id):",
        "",
        *table("form", dict(sorted(tally.forms.items(), key=lambda item: -(item[1].right + item[1].missed)))),
        "By the language of the document (embeds with an id):",
        "",
        *table("language", dict(sorted(tally.languages.items(), key=lambda item: -(item[1].right + item[1].missed)))),
        "Every difference between the labels and what was found:",
        "",
        *(f"* {fault}" for fault in tally.faults),
    ]
    return "\n".join(lines) + "\n"


def below(tally: Tally) -> list[str]:
    """The bars that were not reached, in words."""
    return [
        f"{name}: recall {score.recall:.4f}, precision {score.precision:.4f}; at least {recall} and {precision}"
        for name, (recall, precision) in BARS.items()
        if (score := tally.measures[name]).recall < recall or score.precision < precision
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--report", type=Path, default=REPORT, help="where the table is written; - for nowhere")
    parser.add_argument("--check", action="store_true", help="fail when a bar is not reached")
    args = parser.parse_args()
    index = args.corpus / "index.jsonl"
    if not index.is_file():
        print(f"corpus: no labelled articles at {args.corpus}; nothing measured")
        return 0
    rows = [json.loads(line) for line in index.read_text("utf-8").split("\n") if line]
    tally = weigh(args.corpus, rows)
    text = report(tally, Counter(row["kind"] for row in rows))
    print(text)
    if str(args.report) != "-":
        args.report.write_text(text, encoding="utf-8")
    problems = below(tally)
    for problem in problems:
        print(f"below the bar: {problem}", file=sys.stderr)
    return 1 if problems and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
