"""Every error that crosses a room's threshold, and what it means to the caller.

::

    ArchiverError                     exit 1
     ├── UsageError                   exit 2
     ├── NoInput                      exit 66   the named file, list or feed is not there
     ├── NotText                      exit 65   the named file is no text
     ├── ConfigError                  exit 78   every problem at once
     ├── FetchError                   exit 1    no complete answer; becomes an Outcome
     │    ├── Refused                           the guard said no
     │    │    └── Misled             retry     a name that leads to a private address today
     │    ├── Unreachable   exit 69   retry     DNS, connect, TLS
     │    │    └── Resting            retry     did not answer for a while, and is left alone
    │    │    └── Resting            retry     did not answer for a while, and is left alone
     │    ├── TimedOut      exit 69   retry     a deadline or the least throughput
     │    ├── RateLimited             retry     429, or a host that wants to be left alone
     │    │    └── Overloaded         retry     503
     │    ├── BadReply                retry     no complete response head
    │    └── NotHeld                 retry     only the archive was asked, and it has no such answer
     ├── ResolveError                 exit 1    a short link that ends badly; the hops are kept
     │    ├── TooManyHops
     │    ├── LoopingLink
     │    └── NotALink
     ├── UnreadableCapture            exit 1    the platform changed shape: which field
     ├── StoreError                   exit 74   could not write
     │    ├── CannotCreate            exit 73   the archive folder can't be made or written
     │    └── Damaged                 exit 65   what is there is not what was committed
     └── AlreadyRunning               exit 75   the lock is held

A post that is gone is a finding, not an error. Only ``net`` and ``store`` translate foreign exceptions into these;
``run`` turns one ``ArchiverError`` per find into an ``Outcome``. Anything else is our bug (exit 70).
"""

from __future__ import annotations

from collections.abc import Sequence


class ArchiverError(Exception):
    """Base of all. ``str()`` is one line for a person; ``hint`` says what to do next, or is ``None``."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ArchiverError):
    """The words typed make no sense together."""

    exit_code = 2


class NoInput(ArchiverError):
    """A named input does not exist, is not readable, or is empty."""

    exit_code = 66


class NotText(ArchiverError):
    """``name`` is no text in which posts could be looked for. ``what``: what it is instead, in words."""

    exit_code = 65

    def __init__(self, name: str, what: str) -> None:
        is_pdf = what.lower() in ("a pdf", "application/pdf")
        hint = "pdftotext FILE.pdf - | archiver save -" if is_pdf else "give the page or the text that holds the posts"
        super().__init__(f"{name}: looks like {what}, not looked through", hint=hint)


class ConfigError(ArchiverError):
    """``problems``: one sentence each, all that were found."""

    exit_code = 78

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems), hint="config.toml at the top of the project explains every key")
        self.problems = tuple(problems)


class FetchError(ArchiverError):
    """No complete response head came back for ``url``.

    ``retry``: whether asking again later can help. ``retry_after_s``: seconds that the server, or our own back-off,
    wants to pass first; ``None`` when nobody said.
    """

    retry = False
    word = "failed"

    def __init__(self, url: str, reason: str, *, retry_after_s: float | None = None, hint: str | None = None) -> None:
        super().__init__(f"{reason} ({url})", hint=hint)
        self.url = url
        self.reason = reason
        self.retry_after_s = retry_after_s


class Refused(FetchError):
    """The guard does not connect there: scheme, port, userinfo, or a private address."""

    word = "refused"


class Misled(Refused):
    """A name leads to a private address: it is not connected to. Tomorrow it may lead elsewhere: captive portals and
    broken resolvers answer for every name."""

    retry = True


class Unreachable(FetchError):
    """Name resolution, connect or TLS failed."""

    exit_code = 69
    retry = True
    word = "unreachable"


class Resting(Unreachable):
    """The host failed so often that this run leaves it alone."""


class TimedOut(FetchError):
    """A deadline passed before a complete response head."""

    exit_code = 69
    retry = True
    word = "timed-out"


class RateLimited(FetchError):
    """429, or a wait longer than this run may take."""

    retry = True
    word = "rate-limited"


class Overloaded(RateLimited):
    """503: the host is in trouble of its own, whoever asks; it is left alone as one that limits us."""

    word = "overloaded"


class BadReply(FetchError):
    """Something came back that has no complete and unambiguous response head."""

    retry = True
    word = "bad-reply"


class NotHeld(FetchError):
    """The archive holds no such answer, and nobody else was to be asked."""

    retry = True
    word = "not-held"


class ResolveError(ArchiverError):
    """A link that does not end well; what was followed until then is in the ``Resolution``."""

    word = "unresolved"


class TooManyHops(ResolveError):
    """More redirects than allowed."""

    word = "too-many-hops"


class LoopingLink(ResolveError):
    """A hop that leads to a place already visited."""

    word = "looping-link"


class NotALink(ResolveError):
    """The service says that there is no such link, or the text is no URL that can be followed."""

    word = "not-a-link"


class UnreadableCapture(ArchiverError):
    """An answer whose needed ``field`` is missing or of another type; its bytes are safe."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class StoreError(ArchiverError):
    """The archive could not be written (disk full, I/O error)."""

    exit_code = 74


class CannotCreate(StoreError):
    """The archive folder, or a file in it, can't be created."""

    exit_code = 73


class Damaged(StoreError):
    """What is on disk is not what was committed."""

    exit_code = 65


class AlreadyRunning(ArchiverError):
    """Another process holds the archive's lock; the message names it."""

    exit_code = 75
