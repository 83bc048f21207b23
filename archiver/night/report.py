"""What a night adds up to. Pure.

``Tally`` is what happened, as it happens; ``report`` is what ``reports/RUN.json`` keeps (``docs/nights.md``); the rest
is the same for a person, for Prometheus, for the newsroom, and as an exit code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archiver.model import counted

Json = dict[str, Any]
MOST_NAMED = 1_000
_SHOWN = 10
EMPTY_TOO_OFTEN = 3
NEWS = ("gone", "returned", "edited", "renamed", "changed")
_POSTS = ("checked", "tried again", *NEWS)
_ARTICLES = ("announced", "new", "checked", "edited")
_STATES = ("well", "broken", "empty", "resting", "not read")
_UNREAD = ("broken", "resting")
_NOT_REACHED = ("unreachable", "timed-out", "bad-reply", "rate-limited", "overloaded")


@dataclass(slots=True)
class Tally:
    """``articles`` and ``posts``: counts by word (``new``, ``checked``, ``edited``, ``gone``, …). ``failed``: by class.
    ``changes``: what the newsroom wants to hear of. ``sources``: what came of each, by name. ``left``: how much a limit
    left for the next night, sources among it."""

    articles: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    embeds: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    changes: list[Json] = field(default_factory=list)
    problems: list[Json] = field(default_factory=list)
    sources: dict[str, Json] = field(default_factory=dict)
    given_up: int = 0
    left: int = 0

    def changed(self, kind: str, key: str, change: Mapping[str, Any]) -> None:
        """A post or article is not as it was."""
        (self.posts if kind == "post" else self.articles)[str(change["what"])] += 1
        if len(self.changes) < MOST_NAMED:
            self.changes.append({"kind": kind, "key": key, **change})

    def forget_changes(self) -> None:
        """They are told anew, by who knows more of them: those of a run that was killed before it could say so, too."""
        self.changes.clear()
        for word in NEWS:
            self.posts.pop(word, None)
            self.articles.pop(word, None)

    def problem(self, kind: str, key: str, word: str, said: str) -> None:
        """Something did not work; it will be tried again."""
        self.failed[word] += 1
        if len(self.problems) < MOST_NAMED:
            self.problems.append({"kind": kind, "key": key, "word": word, "said": said[:500]})


def report(
    tally: Tally,
    *,
    run: str,
    began_at: str,
    ended_at: str,
    elapsed_s: float,
    stopped_by: str | None,
    error: str | None,
    code: int,
    version: str,
    robots: str,
    hosts: Mapping[str, Mapping[str, Any]],
    resting: Sequence[str],
    waiting: Mapping[str, Any],
    later: Mapping[str, Any],
    warcs: Sequence[Mapping[str, Any]],
    free_bytes: int | None,
    told: Mapping[str, Any],
) -> Json:
    """The report of a night as JSON values. ``error``: what ended it, ``None`` when nothing did. ``told``: ``until``
    when all that changed is told, how many ``changes`` the newsroom was told of, and the ``problems`` with telling."""
    return {
        "run": run,
        "version": version,
        "began_at": began_at,
        "ended_at": ended_at,
        "elapsed_s": round(elapsed_s, 1),
        "exit_code": code,
        "stopped_by": stopped_by,
        "error": error,
        "robots": robots,
        "articles": dict(tally.articles),
        "embeds": dict(tally.embeds),
        "posts": dict(tally.posts),
        "links": dict(tally.links),
        "failed": dict(tally.failed),
        "changes": tally.changes,
        "problems": tally.problems,
        "sources": tally.sources,
        "requests": sum(host["requests"] for host in hosts.values()),
        "busy": sum(host["busy"] for host in hosts.values()),
        "waited_s": round(sum(host["waited_s"] for host in hosts.values()), 1),
        "received_bytes": sum(host["bytes"] for host in hosts.values()),
        "hosts": {name: dict(host) for name, host in sorted(hosts.items())},
        "resting": list(resting),
        "warcs": [dict(one) for one in warcs],
        "waiting": dict(waiting),
        "later": dict(later),
        "free_bytes": free_bytes,
        "told": dict(told),
    }


def exit_code(
    tally: Tally, hosts: Mapping[str, Mapping[str, Any]], stopped_by: str | None, *, untold: bool = False
) -> int:
    """0: all that was due is done, also when a limit ended the night with something done; 69: it was there, and nobody
    could be reached, or not one source could be read; 74: the disk had less free than it should, and nothing was done;
    75: another limit kept it from everything; 130, 143: stopped; 1: something failed, a source is broken, not read to
    its end, or empty for the third time, or news are ``untold``."""
    if stopped_by in ("SIGINT", "SIGTERM"):
        return 130 if stopped_by == "SIGINT" else 143
    counts = (tally.articles, tally.posts, tally.links)
    done = sum(count for counted_ in counts for word, count in counted_.items() if word not in NEWS)
    if stopped_by == "min-free" and not done:
        return 74
    if stopped_by and tally.left and not done and not tally.failed:
        return 75
    asked = sum(host["requests"] for host in hosts.values())
    answered = asked - sum(host["failed"] for host in hosts.values())
    if not answered and (asked or any(tally.failed[word] for word in _NOT_REACHED)):
        return 69
    if _all_unread(tally.sources):
        return 69
    unwell = any(one["state"] != "well" for one in tally.sources.values())
    return 1 if untold or tally.failed or unwell else 0


def _all_unread(sources: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether there are sources, and nothing could be read of any; one that is wrong in part was read."""
    return bool(sources) and all(one["state"] in _UNREAD and not one.get("entries") for one in sources.values())


def shown(report: Mapping[str, Any]) -> list[str]:
    """``page``, of whatever lies where a report should. Raises ``ValueError`` when it is none."""
    try:
        if not all(isinstance(report[name], str) for name in ("run", "began_at", "ended_at")):
            raise TypeError("no run, or no times")
        return list(page(report))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"no report of a night ({type(error).__name__}: {error})") from error


def page(report: Mapping[str, Any]) -> Iterator[str]:
    """The report for a person, line by line, its verdict first."""
    yield _verdict(report)
    for noun in ("articles", "embeds", "posts", "links"):
        if any(report[noun].values()):
            yield f"  {noun}: {_counts(report[noun])}"
    for name, source in report["sources"].items():
        if source["state"] != "well":
            yield f"  source {name}: {source['state']}: {source['said']}"
    if report["failed"]:
        yield f"  failed: {_counts(report['failed'])}"
        for one in report["problems"][:_SHOWN]:
            yield f"    {one['key']}: {one['said']}"
        if len(report["problems"]) > _SHOWN:
            yield f"    and {len(report['problems']) - _SHOWN:,} more: reports/{report['run']}.json"
    yield from (f"  {line}" for line in news(report["changes"]))
    if report["requests"]:
        waited = f", {report['waited_s']:,.0f} s waited" if report["waited_s"] >= 1 else ""
        busy = f", {report['busy']:,} answered 429 or 503" if report["busy"] else ""
        yield f"  {counted(report['requests'], 'request')}, {counted(report['received_bytes'], 'byte')}{busy}{waited}"
    for warc in report["warcs"]:
        yield f"  {warc['file']}: {counted(warc['bytes'], 'byte')}, sha256 {warc['sha256'] or 'not known yet'}"
    left = {kind: count for kind, count in report["waiting"].items() if kind != "oldest" and count}
    if left:
        yield f"  still due: {_counts(left)}, the oldest since {str(report['waiting']['oldest'])[:16]}Z"
    if _waits(report):
        kinds = {f"{kind}{'s' * (count != 1)}": count for kind, count in report["later"].items() if kind != "next"}
        yield f"  not settled, and tried again later: {_counts(kinds)}, the next after {report['later']['next'][:16]}Z"
    for said in (report.get("told") or {}).get("problems") or ():
        yield f"  {said}"
    if report["resting"]:
        yield f"  left alone until they answer again: {', '.join(report['resting'][:_SHOWN])}"


def news(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the newsroom wants to hear, a line each; nothing without news."""
    counts = Counter((one["kind"], one["what"]) for one in changes)
    for (kind, what), count in counts.items():
        yield f"{counted(count, kind)} {what}:"
        named = [one for one in changes if (one["kind"], one["what"]) == (kind, what)]
        for one in named[:_SHOWN]:
            was = f" ({one['from']} → {one['to']})" if what in ("gone", "returned", "changed", "renamed") else ""
            yield f"  {one.get('url') or one['key']}{was}{_quoted_by(one)}"
        if len(named) > _SHOWN:
            yield f"  and {len(named) - _SHOWN:,} more"


def _quoted_by(change: Mapping[str, Any]) -> str:
    articles = change.get("articles") or ()
    return f", quoted by {', '.join(articles[:3])}{' …' * (len(articles) > 3)}" if articles else ""


def metrics(report: Mapping[str, Any], *, ended_s: float, last_success_s: float | None) -> str:
    """The textfile collector's format: gauges, no timestamps of their own, constant help texts."""
    rows: list[tuple[str, str, Iterable[tuple[str, float]]]] = [
        ("last_run_timestamp_seconds", "When the last night ended.", [("", ended_s)]),
        ("exit_code", "The last night's exit code.", [("", report["exit_code"])]),
        ("duration_seconds", "How long the last night took.", [("", report["elapsed_s"])]),
        ("requests", "Requests of the last night.", [("", report["requests"])]),
        ("busy_answers", "Answers 429 and 503 of the last night.", [("", report["busy"])]),
        ("received_bytes", "Bytes received in the last night.", [("", report["received_bytes"])]),
        ("articles", "Articles of the last night by what came of them.", _labelled(report["articles"], _ARTICLES)),
        ("posts", "Posts of the last night by what came of them.", _labelled(report["posts"], _POSTS)),
        ("failed", "Failures of the last night by class.", _labelled(report["failed"])),
        (
            "sources",
            "Sources by their state.",
            _labelled(Counter(s["state"] for s in report["sources"].values()), _STATES),
        ),
        ("untold", "What the last night could not tell, or not to everybody.", [("", len(report["told"]["problems"]))]),
        ("due", "What is still due.", _labelled({k: v for k, v in report["waiting"].items() if k != "oldest"})),
        (
            "unsettled",
            "What is tried again later.",
            _labelled({k: v for k, v in report["later"].items() if k != "next"}),
        ),
    ]
    if last_success_s is not None:
        rows.append(("last_success_timestamp_seconds", "When a night last ended with 0 or 1.", [("", last_success_s)]))
    if report["free_bytes"] is not None:
        rows.append(("free_bytes", "Free on the archive's disk.", [("", report["free_bytes"])]))
    lines = []
    for name, told, values in rows:
        lines += [f"# HELP archiver_{name} {told}", f"# TYPE archiver_{name} gauge"]
        lines += [f"archiver_{name}{label} {value:g}" if value < 1e6 else f"archiver_{name}{label} {value:.0f}"
                  for label, value in values]  # fmt: skip
    return "\n".join(lines) + "\n"


def _labelled(counts: Mapping[str, float], always: Iterable[str] = ()) -> Iterator[tuple[str, float]]:
    """``always``: what is there at 0, too, so that an alert on its increase works the first time."""
    for word, count in sorted({**dict.fromkeys(always, 0), **counts}.items()):
        escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        yield f'{{what="{escaped}"}}', count


def _verdict(report: Mapping[str, Any]) -> str:
    code, stopped = report["exit_code"], report["stopped_by"]
    unavailable = "no source could be read" if _all_unread(report["sources"]) else "nothing could be reached"
    well = "all that was due is done" if _waits(report) else "all well"
    words = {
        0: well,
        1: "something failed or waits",
        69: unavailable,
        74: "nothing done for want of room",
        75: "nothing done",
    }
    said = report["error"] or words.get(code, "stopped")
    ended = f", ended by {stopped}; the next run goes on" if stopped else ""
    return f"night {report['run']}: {said}{ended} ({report['elapsed_s']:,.0f} s, exit code {code})"


def _waits(report: Mapping[str, Any]) -> bool:
    """Whether something could not be settled, and its time for another try has not come."""
    return any(count for kind, count in (report.get("later") or {}).items() if kind != "next")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()) if count)
