"""The few agreements between rooms. An implementation is built in ``tools`` and handed on as an argument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol

from archiver.model import (
    Capture,
    Decision,
    Document,
    Due,
    Evidence,
    Exchange,
    Kept,
    Memento,
    Moment,
    Outcome,
    PostRef,
    Reading,
    Request,
    Tape,
    WarcRef,
)

NONE_HELD: Mapping[str, Exchange] = {}
"""No picture."""


class Clock(Protocol):
    """Time, so that tests and nights can move it."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...


class Watcher(Protocol):
    """Somebody who looks on while a run works; told things, never asked."""

    def found(self, article: str, finds: int) -> None:
        """``article`` has been read and holds ``finds`` finds."""
        ...

    def settled(self, article: str, outcome: Outcome) -> None:
        """One find of ``article`` has come to its outcome."""
        ...


class Transport(Protocol):
    """The street side: one request, one attempt, the exact bytes. Nothing is stored."""

    async def exchange(self, request: Request) -> Tape:
        """The tape of one attempt, also when the answer is broken (``tape.error``, ``tape.cut``).

        Raises ``Refused``, ``Unreachable`` or ``TimedOut`` when no byte of an answer came back.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class Fetcher(Protocol):
    """The only way for a stage to reach the network: what it returns is already durable in a WARC."""

    async def fetch(self, request: Request) -> Exchange:
        """The answer, whatever its status; ``cut`` says when its body is incomplete.

        Raises ``FetchError`` when there is no complete response head, ``RateLimited`` for a 429 or 503 that patience
        did not outlast (its bytes are stored), ``StoreError`` when the bytes could not be made safe.
        """
        ...


class Glimpse(Protocol):
    """An answer that is not stored yet. ``body``: decoded, ``None`` when it could not be (``problem`` says why);
    ``cut``: why it is incomplete."""

    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes | None: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def cut(self) -> str | None: ...

    def header(self, name: str) -> str | None:
        """The first value of ``name`` (any case), or ``None``."""
        ...

    async def keep(self) -> WarcRef:
        """Store it; where it lies. To be done before anything that was read from it is written down."""
        ...


class Scout(Protocol):
    """Looks at sources, which say the same every night until there is news."""

    def look(self, request: Request) -> AbstractAsyncContextManager[Glimpse]:
        """One attempt. Raises ``FetchError`` when there is no complete response head; nothing of that is stored."""
        ...


class Manners(Protocol):
    """What was asked of whom, and how they bore it."""

    def counted(self) -> Mapping[str, Mapping[str, Any]]:
        """By host, since this run began: ``requests``, ``busy`` (429, 503), ``failed``, ``bytes``, ``waited_s``, and
        ``share`` (of the configured rate)."""
        ...

    def resting(self) -> Sequence[str]:
        """Hosts that are left alone now because they did not answer."""
        ...

    def known(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """What the next run must know: JSON values by kind and host."""
        ...


class Catalog(Protocol):
    """What the archive knows. Documents go into the WARC first, then into one transaction."""

    def article(self, key: str) -> Mapping[str, Any] | None:
        """The newest article document's body, or ``None``."""
        ...

    def post(self, ref: PostRef) -> Mapping[str, Any] | None:
        """The newest post document's body, or ``None``."""
        ...

    def link(self, short: str) -> Mapping[str, Any] | None:
        """The newest link document's body, or ``None``."""
        ...

    async def recall(self, request: Request) -> Exchange | None:
        """The newest complete exchange of this slot and URL as it is stored (``replayed``), ``None`` when there is
        none; nobody is asked. Raises ``Damaged``."""
        ...

    async def answer(self, record_id: str) -> Exchange | None:
        """The stored answer that this record holds (``replayed``), ``None`` when there is none. Raises ``Damaged``."""
        ...

    def known_as(self, identities: Sequence[str]) -> Mapping[str, str]:
        """Of these identities those that are known, each with its article's key."""
        ...

    def articles(
        self,
        key: str | None = None,
        *,
        limit: int | None = None,
        due_by: datetime | None = None,
        named: str | None = None,
    ) -> Iterable[Mapping[str, Any]]:
        """Rows of articles (or of one), newest first: key, name, url, title, saved_at, finds, waiting, error, due_at.
        ``due_by``: only those whose next look comes by then, what has waited longest first. ``named``: only those whose
        key or name contains it."""
        ...

    def sightings(
        self, key: str | None = None, *, limit: int | None = None, due_by: datetime | None = None, **where: str
    ) -> Iterable[Mapping[str, Any]]:
        """Public records with the key of their ``article``, newest article first, in the order of their positions;
        ``due_at`` and ``changes`` are those of the post or link as it is known now. ``due_by`` as in ``articles``.

        ``key``: only those of a post (``x:ID``) or of a link (its URL). ``where``: ``handle`` (any case, with or
        without @), ``status``, ``availability``, ``article`` (its key or name, or part of one). Raises ``UsageError``
        for another word.
        """
        ...

    def posts(self) -> Iterable[Mapping[str, Any]]:
        """The newest document's body of every post, in the order of platform and id, each with the ``warc`` and
        ``record_id`` of that document."""
        ...

    def links(self) -> Iterable[Mapping[str, Any]]:
        """The newest document's body of every link that was followed, in the order of the links, with ``warc`` and
        ``record_id`` of that document, ``first_seen`` and ``last_seen`` (WARC dates of the first and the last answer of
        the link itself, ``None`` without one), and with ``captured_at`` in each hop (``None`` without an answer)."""
        ...

    def looks(self) -> Iterable[Mapping[str, Any]]:
        """What was known of each post's availability, and when: platform, post_id, at (a WARC date), availability,
        availability_how, warc, record_id; one row for each document written, in the order of posts and times."""
        ...

    def policy(self, post: PostRef) -> Mapping[str, Any] | None:
        """What was decided about ``post``, or else about its handle (the one given, or the one that is known): the body
        of that decision (``key``, ``policy``, ``reason``, ``at``), or ``None``."""
        ...

    def policies(self) -> Iterable[Mapping[str, Any]]:
        """Every decision that holds, newest first."""
        ...

    def traces(self, key: str) -> Sequence[Mapping[str, Any]]:
        """What a purge of ``key`` would leave: ``what`` it is (an ``answer`` about another post, an article's ``page``,
        a ``link``, a ``record`` of ours, a ``report``, a ``leftover``, …), ``of`` which thing, and its ``records``."""
        ...

    async def decide(self, key: str, decision: Decision, reason: str, *, also: Sequence[str] = ()) -> Mapping[str, Any]:
        """``keep``, ``restrict`` or ``purge`` the post (``x:ID``) or all of a handle's (``@name``). ``also``: kinds of
        ``traces`` that a purge takes along, ``answer`` or ``page``.

        Returns the decision's body; of a purge with what was ``removed``, what is ``shared`` and so stays, and what is
        ``left`` (``traces``). Raises ``StoreError``."""
        ...

    @property
    def archive_id(self) -> str | None:
        """The archive's own URN, by which others may refer to its records; ``None`` before its first run."""
        ...

    async def add(self, documents: Sequence[Document]) -> Sequence[WarcRef]:
        """Append, sync, commit. Returns where each document lies."""
        ...

    async def add_file(self, uri: str, data: bytes, media_type: str) -> WarcRef:
        """Keep the bytes of a local file as a ``resource`` record under ``uri``; the earlier one if already kept."""
        ...


class Nights(Catalog, Protocol):
    """What nights ask of the archive, and what they remember in it beside the records. What they remember is lost with
    the catalog, and learnt anew."""

    def due(self, now: datetime) -> Iterator[Due]:
        """Everything whose next look has come by ``now``, oldest first, in pages: what is dealt with meanwhile, and so
        is due later, does not come again."""
        ...

    def waiting(self, now: datetime) -> Mapping[str, Any]:
        """How many articles, posts and links are due by ``now``, and since when the ``oldest`` (``None``: none is)."""
        ...

    def later(self, now: datetime) -> Mapping[str, Any]:
        """How many articles, posts and links could not be settled and are tried again after ``now``, and when the
        ``next`` of them is (``None``: none waits)."""
        ...

    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """The WARC files by name: ``bytes``, ``closed``, and ``sha256``, which is ``None`` while they grow."""
        ...

    def changes(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """What changed after ``since`` and until ``until``, by the documents of posts and articles: ``kind``, ``key``,
        and the change (``at``, ``what``, ``from``, ``to``); of posts also ``url`` and the ``articles`` that quote it.
        Looks only at what was written after ``since``."""
        ...

    def quoting(self, kind: str, key: str) -> Sequence[str]:
        """The keys of the articles that quote a post (``x:ID``) or hold a link."""
        ...

    def local(self, record_id: str) -> tuple[bytes, str | None] | None:
        """(the bytes, the media type) of a local file that was kept; ``None`` when the record is none."""
        ...

    async def postpone(self, due: Due, until: datetime, tries: int, word: str) -> None:
        """A look that left nothing to record: it rests until then, unless a document says otherwise first."""
        ...

    def set_right(self, now: datetime) -> None:
        """What was looked at in the future (``ASTRAY``), because a clock was wrong, is due ``now``."""
        ...

    def recall_all(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """What was remembered under ``kind`` (``source``, ``host``), by name."""
        ...

    def remember(self, kind: str, values: Mapping[str, Mapping[str, Any]], *, alone: bool = False) -> None:
        """Remember JSON values by name, each in place of the earlier one; ``alone``: and forget all others."""
        ...


class Platform(Protocol):
    """One network, pure: nothing here does I/O."""

    @property
    def name(self) -> str:
        """The word by which records name it (``x``)."""
        ...

    def match(self, url: str) -> PostRef | None:
        """The post that ``url`` shows, in any of its forms, or ``None``."""
        ...

    def short_link(self, url: str) -> str | None:
        """The normalised short link that ``url`` is one of (``pic.x.com/X`` → ``https://t.co/X``), or ``None``."""
        ...

    def canonical(self, ref: PostRef) -> str:
        """The post's canonical URL."""
        ...

    def plan(self, post: PostRef, got: Sequence[Exchange]) -> Sequence[Request]:
        """What to fetch next, given what came back so far; empty when satisfied. Never asks twice for one URL."""
        ...

    def read(self, capture: Capture, *, earlier: Sequence[Evidence] = ()) -> Reading:
        """What the answers say, and what they add up to with the evidence of ``earlier`` looks. Raises
        ``UnreadableCapture`` when a needed field is missing or of another type."""
        ...


class ArchivedPlatform(Platform, Protocol):
    """A network whose posts web archives keep, pure: where they keep them, and what their captures show."""

    def moment(self, post: PostRef) -> Moment | None:
        """When the post was made, read from its id alone; ``None`` where the id does not tell."""
        ...

    def addresses(self, post: PostRef, names: Sequence[str] = ()) -> Sequence[tuple[str, bool]]:
        """(address, whether it is only the beginning of others) under which web archives keep the post, the likeliest
        first. ``names``: further handles that its author has or had; of too many only the first are used."""
        ...

    def own_page(self, url: str) -> PostRef | None:
        """The post whose page on the network's own site ``url`` is; ``None`` for every other address, mirrors too."""
        ...

    def beginnings(self, handle: str, day: date) -> Sequence[str]:
        """The beginnings of the addresses of all that ``handle`` posted on the UTC ``day``; they may hold other days'
        posts too. Empty where addresses do not tell the day."""
        ...

    def keen(self, media_type: str, at: datetime) -> int:
        """How likely a capture of that type and instant shows its post: lower is likelier."""
        ...

    def beside(
        self,
        exchange: Exchange,
        post: PostRef,
        other: PostRef,
        memento: Memento | None = None,
        held: Mapping[str, Exchange] = NONE_HELD,
    ) -> Kept:
        """What an answer about ``other`` shows of ``post``, which that one quotes or answers. ``memento``: the web
        archive's capture that it is, ``None`` for a service's own answer. ``held``: as in ``kept``. Never raises: what
        can't be read shows nothing."""
        ...

    def kept(
        self, exchange: Exchange, post: PostRef, memento: Memento, held: Mapping[str, Exchange] = NONE_HELD
    ) -> Kept:
        """What an archived answer shows of the post. ``held``: the pictures and films that are held, by the first rung
        of their ladders. Never raises: what can't be read shows nothing."""
        ...
