"""What is known of a post, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from archiver.model.article import Find
from archiver.model.exchange import Exchange, Failure, WarcRef
from archiver.model.terms import Availability, PostRef, Precision, Status, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """All that was fetched for one post, in fetch order, and what failed."""

    post: PostRef
    exchanges: tuple[Exchange, ...]
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """A web archive's capture. ``at``: when the archive got it (aware UTC, whole seconds); ``url``: where the archive
    gives its bytes."""

    at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value and where it was read. ``value``: what the public record shows (text, number, or a small JSON object).
    ``how``: source and field (``tweet-result.user.screen_name``, ``snowflake``, ``blockquote``). ``source``: the
    record whose bytes say so; ``None`` only where nothing is stored (``find``). ``precision``: for times. ``at``: when
    the source said so (aware UTC), ``None`` where that is not known or means nothing (a time computed from an id).
    ``memento``: the web archive's capture that says so, ``None`` for what a service said to ourselves. ``shown_in``:
    the other post whose answer says so, since it quotes or answers this one. ``before``: of a text that may begin
    earlier, the words before it, as ``Find.text_before``."""

    value: object
    how: str
    source: WarcRef | None
    precision: Precision | None = None
    at: datetime | None = None
    memento: Memento | None = None
    shown_in: PostRef | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture or film (``video``) that an archive, or an answer about another post, names. ``ladder``: where its own
    host may still have it, best first; its first rung is its name. ``archived``: under which addresses web archives may
    have it, likeliest first. ``why``: what it is of the post. ``max_bytes``: what it may be long, ``None``: as
    configured."""

    ladder: tuple[str, ...]
    archived: tuple[str, ...] = ()
    kind: Literal["image", "video"] = "image"
    why: Why = "media"
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a web archive's capture, or an answer about another post, shows of a post. ``facts``: (field, fact); empty
    when it shows none, and then ``nothing`` says in words what it is instead. ``wanted``: the pictures and films that
    it names and that are to be kept."""

    facts: tuple[tuple[str, Fact], ...] = ()
    nothing: str | None = None
    wanted: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What came of looking for one post. ``facts``: by field, empty when nothing was recovered; ``memento``: the
    capture that shows it, ``shown``: its answer, ``wanted``: the pictures that it names. ``seen``: one sentence on what
    was looked at, ``handles``: under which. ``settled``: another look would find the same. ``exchanges`` and
    ``failures``: of every question, in order."""

    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    memento: Memento | None = None
    shown: Exchange | None = None
    wanted: tuple[Picture, ...] = ()
    seen: str
    settled: bool
    handles: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A post that may be an embed's. ``confidence``: how its words, as archived, compare with the embed's: ``same``
    (letter for letter), ``cut`` (one is the other's beginning, cut by an ellipsis), ``tail`` (one is the other's end),
    ``short`` (the same, but too short to prove anything), ``alike`` or ``other``; ``ratio``: 0 to 1. ``source``: the
    record that holds ``memento``."""

    post_id: str
    url: str
    confidence: Literal["same", "cut", "tail", "short", "alike", "other"]
    ratio: float
    memento: Memento
    source: WarcRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What of a crowded day's posts is left for the next look: those ``after`` this id, ``count`` of them. ``read``: of
    how many before it the words could be read."""

    after: str
    count: int
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What a web archive tells about an embed without an id. ``post`` and ``found``: the one post whose words are the
    embed's, ``None`` when there is none or more than one. ``candidates``: those that resemble it, the likest first.
    ``listed``: posts of that account and day in the archive; ``read``: those whose words could be read; ``whole``:
    nothing listed was left out. ``rest``: what the next look reads, ``None`` when it reads all. ``seen``: all this in a
    sentence. ``settled``: another look would find the same, else ``retry_after_s`` says when it may help, ``None`` when
    nobody said."""

    post: PostRef | None
    found: Candidate | None
    candidates: tuple[Candidate, ...]
    listed: int
    read: int
    whole: bool
    seen: str
    settled: bool
    rest: Rest | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one answer says about whether a post can be seen. ``source``: the service (``tweet-result``). ``how``: the
    part of its answer that says so. ``at``: when it answered, aware UTC. ``warc``: the record with its bytes."""

    source: str
    says: Availability
    how: str
    at: datetime
    warc: WarcRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a platform makes of a capture. ``availability`` and ``how``: what all the evidence adds up to, earlier looks
    included; ``facts``: by field, preferred source first; ``evidence``: of this capture, in the order of asking.
    ``unread``: what is wrong with the answer that names a post's media, though another source shows the post; ``None``
    when nothing is."""

    availability: Availability
    how: str
    facts: Mapping[str, tuple[Fact, ...]]
    evidence: tuple[Evidence, ...]
    unread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    """What the services answered about a post.

    ``facts``: by field name (``author``, ``handle``, ``author_id``, ``posted_at``, ``text``, ``lang``, ``media``,
    ``quoted``, ``in_reply_to``, …), preferred source first. ``availability``: from the answers, never guessed, and
    ``None`` when nobody answered; ``availability_how`` says from which, and ``evidence`` names them all. ``settled``:
    nothing is left that another try could add. ``recovery``: what web archives hold, ``None`` when they were not asked.
    ``unread``: as in ``Reading``; such a post is not settled, since a later version of this program may read it.
    """

    post: PostRef
    availability: Availability | None
    availability_how: str
    facts: Mapping[str, tuple[Fact, ...]]
    captures: tuple[Exchange, ...]
    failures: tuple[Failure, ...]
    settled: bool
    evidence: tuple[Evidence, ...] = ()
    recovery: Recovery | None = None
    unread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one find. ``record``: the public record as JSON values (``docs/record.md``). ``settled``: nothing
    is left to try; otherwise ``try_again_at`` (aware UTC) says when, and ``firm`` that nobody is asked before then,
    whoever wants it. ``error``: a sentence, or ``None``."""

    find: Find
    status: Status
    record: Mapping[str, Any]
    error: str | None = None
    try_again_at: datetime | None = None
    firm: bool = False

    @property
    def settled(self) -> bool:
        return self.status in ("archived", "already", "unavailable", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A JSON record of ours: what is known about one article, post or link at ``at``, superseding earlier ones.

    ``body``: JSON values; with all documents of an archive the catalog can be rebuilt. ``refers_to``: the capture that
    it chiefly describes, or ``None``. Stored under ``urn:archiver:<kind>:<key>``, a URI that no page has, so that no
    replay tool takes it for one.
    """

    kind: Literal["article", "post", "link", "policy"]
    key: str
    at: datetime
    body: Mapping[str, Any]
    refers_to: WarcRef | None = None

    @property
    def uri(self) -> str:
        return f"urn:archiver:{self.kind}:{self.key.removeprefix('urn:archiver:')}"
