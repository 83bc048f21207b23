"""Every noun that crosses a room's threshold.

All values are frozen. Datetimes are aware UTC; durations end in ``_s`` (float seconds), sizes and offsets in
``_bytes``; digests name their algorithm (``sha256:<hex>``); ids are strings; collections are tuples; ``None`` means
"not known", never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, Literal

Precision = Literal["estimated", "day", "minute", "second", "millisecond"]
Why = Literal[
    "article", "source", "robots", "hop", "post", "oembed", "api", "fxtwitter", "media", "avatar", "card", "listing",
    "memento", "submit", "import",
]  # fmt: skip
Cut = Literal["length", "time", "disconnect"]
Kind = Literal["embed", "link"]
Decision = Literal["keep", "restrict", "purge"]
Availability = Literal[
    "public", "deleted", "suspended", "protected", "account_gone", "violated_rules", "age_restricted", "withheld",
    "unavailable", "impossible", "ambiguous", "rate_limited", "error",
]  # fmt: skip
Status = Literal["archived", "already", "unavailable", "pending", "refused", "failed"]
Ended = Literal["post", "page", "gone", "unsafe", "loop", "too-many-hops", "refused", "pending", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant, no finer than ``precision``. ``at`` is aware UTC; for ``day`` it is that UTC day's midnight.
    ``estimated``: the UTC day, give or take one."""

    at: datetime
    precision: Precision

    def __str__(self) -> str:
        """``2021-06-28`` (day and estimated), ``…T05:58Z``, ``…T05:58:41.000Z`` (second and millisecond)."""
        at = self.at.astimezone(UTC)
        match self.precision:
            case "day" | "estimated":
                return at.strftime("%Y-%m-%d")
            case "minute":
                return at.strftime("%Y-%m-%dT%H:%MZ")
            case _:
                return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"

    @classmethod
    def of_day(cls, day: date) -> Moment:
        return cls(at=datetime(day.year, day.month, day.day, tzinfo=UTC), precision="day")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRef:
    """Where a record lies. ``file`` is relative to the archive folder, without the ``.open`` of a growing file;
    ``offset_bytes`` and ``length_bytes`` are those of its gzip member."""

    file: str
    record_id: str
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to ask for, and why: a GET, or with ``form`` (name, value) a POST of those.

    ``slot`` names the piece of work that it belongs to (``x:1409390776546258944``, ``hop:https://t.co/X9DJa7awAM``):
    a complete exchange of a slot is never fetched again. ``via`` is the URL that led here. ``max_body_bytes`` and
    ``max_decoded_bytes`` are limits below the configured ones, or ``None``; ``max_decoded_bytes=0`` says that nobody
    reads the body (media), so it is not decoded. ``secret_headers``: (name, value) pairs that are sent and never
    stored: whoever keeps the request masks their values.
    reads the body (media), so it is not decoded. ``conditions``: (name, value) pairs such as ``("If-None-Match", …)``,
    sent along, so that a 304 can say that nothing has changed.
    """

    url: str
    why: Why
    slot: str
    via: str | None = None
    accept: str = "*/*"
    max_body_bytes: int | None = None
    max_decoded_bytes: int | None = None
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    conditions: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, whose bytes are durable in a WARC at ``warc`` (the response record).

    ``headers``: pairs in wire order, original case, latin-1 text. ``body``: the entity body with content coding
    removed, ``None`` when it was not asked for or could not be decoded (``body_problem`` says why). ``cut``: why the
    body is incomplete, ``None`` when it is whole. ``payload_digest``: of the entity body, transfer coding removed and
    content coding kept (WARC 1.1, 5.9). ``peer``: the address that answered. ``replayed``: read back from the archive
    instead of the network.
    """

    request: Request
    url: str
    started_at: datetime
    elapsed_s: float
    peer: str | None
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    body_problem: str | None = None
    payload_digest: str | None = None
    payload_bytes: int = 0
    cut: Cut | None = None
    warc: WarcRef
    replayed: bool = False

    def header(self, name: str) -> str | None:
        """The first value of ``name`` (any case), or ``None``."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def media_type(self) -> str:
        """``text/html`` of ``Text/HTML; charset=…``; empty when there is none."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a response lie within the bytes received (all offsets in bytes from their start).

    ``interim``: (start, end) of each 1xx head, blank line included. ``head_start`` to ``head_end``: the final head,
    blank line included. ``body_end``: end of the message (framing and trailers included); bytes from there on do not
    belong to it. ``chunked``: whether the body between is chunk-framed. ``complete``: the message is whole.
    """

    interim: tuple[tuple[int, int], ...]
    head_start: int
    head_end: int
    body_end: int
    chunked: bool
    complete: bool
    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """What crossed one connection for one request: the exact plaintext bytes, nothing re-serialised.

    ``received``: a readable, seekable file (an unlinked spool above 1 MB) of ``received_bytes`` bytes, positioned
    anywhere; its owner is whoever holds the tape, and closes it. ``layout``: ``None`` when no complete response head
    came. ``cut``: why the message is incomplete. ``error``: set when there is no complete head, or an ambiguous one.
    ``tls``: (protocol, cipher), for instance ``("TLSv1.3", "TLS_AES_256_GCM_SHA384")``; ``None`` on plain TCP.
    """

    request: Request
    url: str
    started_at: datetime
    elapsed_s: float
    peer: str | None
    tls: tuple[str, str] | None
    sent: bytes
    received: BinaryIO
    received_bytes: int
    layout: Layout | None
    cut: Cut | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """A post's identity (platform and id); the handle is decoration and may be stale or ``None``."""

    platform: str
    post_id: str
    handle: str | None = None

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.post_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One embed or link as the article itself shows it; a claim of the article, not a fact about the post.

    ``article``: the article's key. ``position``: 0-based, document order. ``form``: how it was written
    (``blockquote``, ``plain-text``, ``iframe``, ``url``, …). ``post``: ``None`` without an id. ``url``: canonical post
    URL, or the link as normalised, ``None`` when only text is left. ``date``: as printed (a UTC day) or exact
    (``data-datetime``). ``problem``: why no post can be what is shown (an id that was never given), ``None`` when there
    is nothing wrong; ``post`` is ``None`` then, and ``url`` the address as it is written. ``short_links``:
    ``https://t.co/…`` links inside the embed, in order. ``snippet``: the source text or markup that it was read from,
    at most 4,000 characters.
    """

    article: str
    position: int
    kind: Kind
    form: str
    platform: str | None = None
    post: PostRef | None = None
    url: str | None = None
    author: str | None = None
    handle: str | None = None
    date: Moment | None = None
    text: str | None = None
    lang: str | None = None
    short_links: tuple[str, ...] = ()
    problem: str | None = None
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The document that finds are read from.

    ``key``: its identity in the archive: the normalised URL, or ``urn:archiver:file:sha256:<hex>`` for a file without
    one. ``name``: what the user called it (URL, file name, ``-``). ``kind``: ``html`` or ``text``. ``base_url``: what
    relative links are resolved against. ``source``: the record that holds its bytes; ``None`` when nothing is stored
    (``find``). ``truncated``: the page could not be read to its end.
    """

    key: str
    name: str
    kind: Literal["html", "text", "other"]
    url: str | None = None
    canonical_url: str | None = None
    base_url: str | None = None
    title: str | None = None
    lang: str | None = None
    source: WarcRef | None = None
    fetched_at: datetime | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of a chain. ``location``: where it leads next (absolute), ``None`` at the end."""

    url: str
    http_status: int | None
    location: str | None
    warc: WarcRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a link leads. ``end``: the last URL known. ``ended``: how. ``post``: set when ``ended`` is ``post``.
    ``error``: a sentence when it ended badly. ``try_again_after_s``: when a further try can help, else ``None``."""

    short: str
    end: str
    ended: Ended
    hops: tuple[Hop, ...]
    post: PostRef | None = None
    error: str | None = None
    try_again_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that got no usable answer. ``word``: class of failure (``unreachable``, ``rate-limited``, …)."""

    request: Request
    word: str
    reason: str
    retry: bool
    retry_after_s: float | None = None


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
    ``memento``: the web archive's capture that says so, ``None`` for what a service said to ourselves."""

    value: object
    how: str
    source: WarcRef | None
    precision: Precision | None = None
    at: datetime | None = None
    memento: Memento | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that an archived post names. ``url``: as named there, and so where archives may have it; ``ladder``:
    where its host may still have it, best first."""

    url: str
    ladder: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a web archive's capture shows of a post. ``facts``: (field, fact); empty when it shows none, and then
    ``nothing`` says in words what it is instead. ``wanted``: the pictures that it names and that are to be kept."""

    facts: tuple[tuple[str, Fact], ...] = ()
    nothing: str | None = None
    wanted: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What came of looking for one post. ``facts``: by field, empty when nothing was recovered; ``memento``: the
    capture that shows it, ``shown``: its answer, ``wanted``: the pictures that it names. ``seen``: one sentence on what
    was looked at. ``settled``: another look would find the same. ``exchanges`` and ``failures``: of every question, in
    order."""

    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    memento: Memento | None = None
    shown: Exchange | None = None
    wanted: tuple[Picture, ...] = ()
    seen: str
    settled: bool
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
class Identification:
    """What a web archive tells about an embed without an id. ``post`` and ``found``: the one post whose words are the
    embed's, ``None`` when there is none or more than one. ``candidates``: those that resemble it, the likest first.
    ``listed``: posts of that account and day in the archive; ``read``: those whose words could be read; ``whole``:
    nothing listed was left out. ``seen``: all this in a sentence. ``settled``: another look would find the same, else
    ``retry_after_s`` says when it may help, ``None`` when nobody said."""

    post: PostRef | None
    found: Candidate | None
    candidates: tuple[Candidate, ...]
    listed: int
    read: int
    whole: bool
    seen: str
    settled: bool
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
    included; ``facts``: by field, preferred source first; ``evidence``: of this capture, in the order of asking."""

    availability: Availability
    how: str
    facts: Mapping[str, tuple[Fact, ...]]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    """What the services answered about a post.

    ``facts``: by field name (``author``, ``handle``, ``author_id``, ``posted_at``, ``text``, ``lang``, ``media``,
    ``quoted``, ``in_reply_to``, …), preferred source first. ``availability``: from the answers, never guessed, and
    ``None`` when nobody answered; ``availability_how`` says from which, and ``evidence`` names them all. ``settled``:
    nothing is left that another try could add. ``recovery``: what web archives hold, ``None`` when they were not asked.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one find. ``record``: the public record as JSON values (``docs/record.md``). ``settled``: nothing
    is left to try; otherwise ``try_again_at`` (aware UTC) says when. ``error``: a sentence, or ``None``."""

    find: Find
    status: Status
    record: Mapping[str, Any]
    error: str | None = None
    try_again_at: datetime | None = None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What there is to know about an archive's folder without opening it.

    ``folder``: the archive's, which need not be there yet. ``room``: the nearest folder that is there, where the
    disk was asked. ``writable``: whether this user may write in ``room``. ``foreign_owner``: its owner's user id when
    that is somebody else, and ``mode`` its permission bits. ``file_system``: its type (``ext4``, ``nfs4``), ``None``
    where the system doesn't say. ``holder``: who writes the archive now, ``None`` when nobody does or it can't be told.
    ``unclean``: nobody does, and the last one never said that it was done. ``schema``: the catalog's version, ``None``
    without a catalog; ``catalog_problem``: why it can't be read. ``warcs`` and ``growing``: files, closed and not."""

    folder: str
    room: str
    exists: bool
    writable: bool
    foreign_owner: int | None
    mode: int
    free_bytes: int
    total_bytes: int
    file_system: str | None
    holder: str | None = None
    unclean: bool = False
    schema: int | None = None
    schema_known: int = 0
    catalog_problem: str | None = None
    warcs: int = 0
    growing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """``problem``: why ``host`` can't be asked, ``None`` when it answers (whatever it says). ``peer``: its address.
    ``behind_s``: how far this machine's clock is behind the ``Date`` that it answered with (RFC 9110, 6.6.1), seconds,
    half a round trip allowed for; ``None`` without one."""

    host: str
    problem: str | None = None
    peer: str | None = None
    behind_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something whose next look has come. ``key``: an article's key, a post's (``x:ID``) or a link. ``at``: since when,
    as the catalog writes it. ``tries``: looks in a row that nobody answered."""

    kind: Literal["article", "post", "link"]
    key: str
    at: str
    tries: int = 0
