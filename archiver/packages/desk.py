"""What the commands ask for, over the configured archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.config import Config
from archiver.errors import BadReply
from archiver.findings import Finding
from archiver.packages import choice as choosing
from archiver.packages import pack as packing
from archiver.packages import proof, seal, stamp
from archiver.packages.proof import Proof
from archiver.store import intake, keys, outgoing
from archiver.store.archive import Archive

Ask = Callable[[str, bytes, str], bytes]
"""(URL, body, media type) → the body of the answer. Raises ``FetchError``."""
_MOST_TOKEN_BYTES, _MOST_ROOT_BYTES, _MOST_KEY_BYTES = 100_000, 10_000_000, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a package is to be of: ``targets``, or a ``night``, or a ``query``, or (none of them) everything."""

    targets: Sequence[str] = ()
    night: date | None = None
    query: str | None = None


def pack(
    config: Config,
    choice: Choice,
    path: Path,
    ask: Ask,
    made: Callable[[Path, str], None],
    *,
    title: str | None = None,
    replace: bool = False,
) -> dict[str, Any]:
    """Make the package; what it holds, as JSON values (``packages.pack.Packed``), and ``stamped_at``.

    ``made`` is told path and fingerprint of a signing key that had to be made: at the last moment, so that what can't
    be packed leaves none. ``ask`` puts a question to the timestamp authority, where one is configured. Raises what
    ``packages.pack.pack`` does, and ``FetchError`` when the authority can't be had or gives no timestamp: the package
    is there then, without.
    """
    terms = packing.Terms(
        created=_created(),
        software=f"archiver/{__version__}",
        title=title or path.stem,
        description=" ".join([*choice.targets, *filter(None, (str(choice.night or ""), choice.query))]),
        key=_key(config.pack.key, made) if config.pack.sign else None,
    )
    with Archive.reading(config.archive.dir) as archive:
        packed = packing.pack(archive, _chosen(archive, choice), path, terms, replace=replace)
    at = _stamp(config, path, ask, replace=replace) if config.pack.timestamp_url else None
    return {**asdict(packed), "stamped_at": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None}


def _key(path: Path, made: Callable[[Path, str], None]) -> Callable[[], bytes]:
    """Whoever gives the key in ``path``. One that can't be used is found now, before any work."""
    held = keys.held(path)
    if held is not None:
        seal.signer(held)
    else:
        seal.ready()

    def give() -> bytes:
        if held is not None:
            return held
        pem = seal.new_key()
        keys.kept(path, pem)
        made(path, seal.signer(pem))
        return pem

    return give


def prove(config: Config, path: Path, tell: Callable[[Finding], None], key: str | None = None) -> Proof:
    """Check a package, with the timestamp that lies beside it (``FILE.tsr``). ``key``: see ``named_key``. Raises
    ``NoInput``, ``ConfigError``."""
    token = _beside(path)
    kept = intake.read_file(str(token), max_bytes=_MOST_TOKEN_BYTES) if token.is_file() else None
    return proof.prove(path, tell, roots=_roots(config), token=kept, key=key)


def named_key(said: str) -> str:
    """The fingerprint of the key that the user names: by its fingerprint, or by a file that holds it. Raises
    ``NoInput``, ``UsageError``."""
    if not said.lower().startswith("sha256:"):
        return seal.named(intake.read_file(said, max_bytes=_MOST_KEY_BYTES))
    return seal.named(said.encode())


def _stamp(config: Config, path: Path, ask: Ask, *, replace: bool) -> datetime:
    url = config.pack.timestamp_url
    data = proof.sealed_bytes(path)
    token = ask(url, stamp.query(data), stamp.QUERY_TYPE)
    try:
        at, _ = stamp.when(token, data, _roots(config))
    except stamp.BadStamp as error:
        raise BadReply(url, f"the timestamp authority gave no timestamp that holds: {error}") from error
    with outgoing.new_file(_beside(path), replace=replace) as file:
        file.write(token)
    return at


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{stamp.SUFFIX}")


def _roots(config: Config) -> bytes | None:
    named = config.pack.timestamp_roots
    return intake.read_file(str(named), max_bytes=_MOST_ROOT_BYTES) if named else None


def _chosen(archive: Archive, choice: Choice) -> list[str] | None:
    if choice.targets:
        return [key for target in choice.targets for key in choosing.of_target(archive, target)]
    if choice.night:
        return choosing.of_night(archive, choice.night)
    return choosing.of_query(archive, choice.query) if choice.query else None


def _created() -> datetime:
    """Now, or the time that reproducible builds agree on (``SOURCE_DATE_EPOCH``, seconds)."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(said), UTC) if said.isascii() and said.isdigit() else datetime.now(UTC)
