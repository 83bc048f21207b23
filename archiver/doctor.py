"""``archiver doctor``: what was looked at → what is well, what is not, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from archiver.model import Errand, Health, Probed, instant

State = Literal["well", "warning", "trouble"]
GIB = 1 << 30
_LEAST_FREE, _LITTLE_FREE = GIB, 10 * GIB
_STOPPED = (69, 130, 143)
_CLOCK_WARNING_S, _CLOCK_TROUBLE_S = 30.0, 300.0
_OLD = timedelta(hours=36)
_AHEAD = timedelta(minutes=5)
# A lock or a sync over these says less than it seems to (faults.md A22).
_SHARED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``said``: a sentence; ``hint``: what to do, ``None`` when all is well."""

    name: str
    state: State
    said: str
    hint: str | None = None


def of_folder(found: Health, *, min_free_bytes: int = 0) -> Iterator[Finding]:
    """Permissions, disk, lock and catalog of the archive's folder. ``min_free_bytes``: with less, a night does
    nothing."""
    yield _permissions(found)
    if found.missing:
        shown = ", ".join(found.missing[:3]) + (" …" if found.missing[3:] else "")
        yield Finding(
            name="files",
            state="trouble",
            said=f"{len(found.missing)} that the manifest names are not there: {shown}",
            hint="put them back from a backup; `archiver verify` says what else is missing",
        )
    yield _room(found, min_free_bytes)
    if found.file_system in _SHARED or (found.file_system or "").startswith("fuse."):
        yield Finding(
            name="file system",
            state="warning",
            said=f"{found.room} is on {found.file_system}, where locks and syncs may not hold what they promise",
            hint="keep the archive on a disk of this machine, and copy closed WARCs away from there",
        )
    else:
        yield Finding(name="file system", state="well", said=found.file_system or "not known here")
    yield _lock(found)
    yield _catalog(found)


def _permissions(found: Health) -> Finding:
    if not found.writable:
        hint = f"make {found.room} writable for this user, or set archive.dir to a folder that is"
        return Finding(name="archive", state="trouble", said=f"{found.room} can't be written", hint=hint)
    if found.exists and found.mode & 0o002:
        hint = f"chmod o-w {found.room}"
        return Finding(name="archive", state="trouble", said=f"anybody may write in {found.room}", hint=hint)
    if found.exists and found.foreign_owner is not None:
        said = f"{found.room} belongs to another user (id {found.foreign_owner})"
        return Finding(
            name="archive", state="warning", said=said, hint="run archiver as the user that owns its archive"
        )
    said = f"{found.folder}: {found.warcs} WARCs closed, {found.growing} growing"
    return Finding(name="archive", state="well", said=said if found.exists else f"{found.folder} will be made")


def _room(found: Health, min_free_bytes: int) -> Finding:
    said = f"{found.free_bytes / GIB:.1f} of {found.total_bytes / GIB:.1f} GiB free at {found.room}"
    if found.free_bytes < min_free_bytes:
        said = f"{said}, less than nightly.min_free_bytes ({min_free_bytes / GIB:.1f} GiB)"
        return Finding(
            name="disk", state="trouble", said=said, hint="free some space: until then no night does anything"
        )
    if found.free_bytes < _LEAST_FREE:
        return Finding(
            name="disk", state="trouble", said=said, hint="free some space: a run that meets a full disk ends"
        )
    if found.free_bytes < max(_LITTLE_FREE, 2 * min_free_bytes):
        return Finding(name="disk", state="warning", said=said, hint="plan for more room")
    return Finding(name="disk", state="well", said=said)


def _lock(found: Health) -> Finding:
    if found.holder:
        return Finding(name="lock", state="well", said=f"held by {found.holder}")
    if found.unclean:
        said = "the last run was killed; the next one will take up what it left"
        return Finding(
            name="lock", state="warning", said=said, hint="nothing needs doing; `archiver verify` checks it all"
        )
    return Finding(name="lock", state="well", said="free")


def _catalog(found: Health) -> Finding:
    anew = "the next `archiver save` makes it anew from the WARCs"
    if found.catalog_problem:
        return Finding(name="catalog", state="trouble", said=found.catalog_problem, hint=anew)
    if found.schema is None:
        if found.warcs or found.growing:
            return Finding(name="catalog", state="warning", said="missing, though there are WARCs", hint=anew)
        return Finding(name="catalog", state="well", said="none yet")
    if found.schema > found.schema_known:
        said = f"made by a newer archiver (schema {found.schema}; this one knows {found.schema_known})"
        return Finding(name="catalog", state="trouble", said=said, hint="install that archiver again")
    if found.schema < found.schema_known:
        return Finding(name="catalog", state="warning", said=f"of an older archiver (schema {found.schema})", hint=anew)
    return Finding(name="catalog", state="well", said=f"schema {found.schema}")


def of_indexes(*, wanted: bool, installed: bool) -> Iterator[Finding]:
    """``wanted``: the configuration says that CDXJ indexes be kept; ``installed``: cdxj-indexer can be used."""
    if wanted and not installed:
        hint = "pip install 'archiver[pack]', or set archive.cdxj = false"
        yield Finding(name="indexes", state="warning", said="no CDXJ is kept: cdxj-indexer is missing", hint=hint)
    else:
        yield Finding(name="indexes", state="well", said="kept as files close" if wanted else "not kept (archive.cdxj)")


def of_settings(*, contact: str, user_agent: str, secrets: Mapping[str, int | None]) -> Iterator[Finding]:
    """``user_agent``: as it is sent. ``secrets``: the configured files that hold one, each with its permission bits,
    ``None`` when it can't be read."""
    if contact or "://" in user_agent or "@" in user_agent:
        yield Finding(name="user agent", state="well", said=user_agent)
    else:
        hint = "set network.contact to an address where a site's admin can reach you"
        yield Finding(name="user agent", state="warning", said=f"{user_agent} names nobody to turn to", hint=hint)
    for path, mode in secrets.items():
        if mode is None:
            yield Finding(
                name="secret", state="trouble", said=f"{path} can't be read", hint="mend the path or its mode"
            )
        elif mode & 0o077:
            yield Finding(name="secret", state="trouble", said=f"others may read {path}", hint=f"chmod 600 {path}")
        else:
            yield Finding(name="secret", state="well", said=path)


def of_errands(needed: Iterable[Errand]) -> Iterator[Finding]:
    """What a night needs of this machine beside its archive."""
    for one in needed:
        if one.problem:
            said = f"{one.what}: {one.problem}"
            yield Finding(name=one.name, state="trouble", said=said, hint="mend it, or what config.toml says of it")
        else:
            yield Finding(name=one.name, state="well", said=one.what)


def of_sources(heard: Mapping[str, Probed]) -> Iterator[Finding]:
    """Whether each source on the web answers with something; by its name."""
    for name, answer in heard.items():
        problem = answer.problem
        if not problem and answer.status is not None and answer.status >= 400:
            problem = f"answered {answer.status}"
        if problem:
            hint = "look at it in a browser; a source that moved wants its new address in config.toml"
            yield Finding(name=f"source {name}", state="trouble", said=f"{answer.url}: {problem}", hint=hint)
        else:
            yield Finding(name=f"source {name}", state="well", said=f"{answer.url} answers {answer.status}")


def of_network(heard: Sequence[Probed]) -> Iterator[Finding]:
    """Whether each service answers, whatever it says, and what its ``Date`` says of this machine's clock."""
    for answer in heard:
        host = urlsplit(answer.url).netloc
        if answer.problem:
            hint = "check DNS, firewall and network.connect_to; a service may also just be down"
            yield Finding(name=host, state="trouble", said=answer.problem, hint=hint)
        else:
            yield Finding(name=host, state="well", said=f"answers from {answer.peer}")
    offsets = sorted((one.behind_s for one in heard if one.behind_s is not None), key=abs)
    if not offsets:
        return
    middle = offsets[len(offsets) // 2]  # one host's clock may be wrong, most are not
    said = f"{abs(middle):.0f} s {'behind' if middle > 0 else 'ahead of'} what {len(offsets)} services say"
    state: State = "well"
    if abs(middle) > _CLOCK_WARNING_S:
        state = "trouble" if abs(middle) > _CLOCK_TROUBLE_S else "warning"
    advice = None
    if state != "well":
        advice = "set this machine's clock (timedatectl set-ntp true): every record is dated by it"
    yield Finding(name="clock", state=state, said=said, hint=advice)


def of_reports(
    latest: Mapping[str, Any] | None, now: datetime, *, spoilt: str | None = None, unreported: str | None = None
) -> Iterator[Finding]:
    """``latest``: the newest report that can be read, ``None`` without one. ``spoilt``: what is wrong with
    ``latest.json``. ``unreported``: the run that began last, if it left no report and is not under way."""
    if spoilt:
        yield Finding(name="reports", state="warning", said=spoilt, hint="the next night writes it anew")
    if unreported:
        said = f"{unreported} began last, and left no report: it was killed, or could not write one"
        yield Finding(
            name="nights", state="warning", said=said, hint="look at its log; the next night tells what it found"
        )
    if latest is None:
        if not unreported and not spoilt:
            yield Finding(name="nights", state="well", said="no night has run yet")
        return
    yield _last_night(latest, now)


def _last_night(latest: Mapping[str, Any], now: datetime) -> Finding:
    code, hint = latest["exit_code"], "`archiver report` says what stopped it"
    ended = f" ({latest['error'] or latest['stopped_by']})" if latest["error"] or latest["stopped_by"] else ""
    said = f"the last ended {latest['ended_at']} with exit code {code}{ended}"
    at = instant(latest.get("last_success_at"))
    if at is not None and at - now > _AHEAD:
        said = f"{said}; the last that ended well did so in the future, {at:%Y-%m-%d %H:%M}Z: was the clock wrong?"
        hint = "set this machine's clock (timedatectl set-ntp true): every record is dated by it"
        return Finding(name="nights", state="trouble", said=said, hint=hint)
    if at is None or now - at > _OLD:
        since = f"none ended well since {at:%Y-%m-%d %H:%M}Z" if at else "none ended well yet"
        return Finding(name="nights", state="trouble", said=f"{said}; {since}", hint=hint)
    if code not in (0, 1):
        return Finding(name="nights", state="warning" if code in _STOPPED else "trouble", said=said, hint=hint)
    untold = list((latest.get("told") or {}).get("problems") or ())
    broken = [name for name, one in latest["sources"].items() if one["state"] != "well"]
    if broken or untold:
        wrong = [f"not well: {', '.join(broken[:3])}{' …' * bool(broken[3:])}"] if broken else []
        said = "; ".join([said, *wrong, *map(str, untold[:2])])
        hint = "`archiver report` says what is wrong with each source, and whom it could not tell"
        return Finding(name="nights", state="warning", said=said, hint=hint)
    return Finding(name="nights", state="well", said=said)


def worst(findings: Iterable[Finding]) -> State:
    """``trouble`` before ``warning`` before ``well``."""
    order: tuple[State, ...] = ("well", "warning", "trouble")
    return max((finding.state for finding in findings), key=order.index, default="well")
