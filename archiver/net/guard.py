"""Where the program may connect to: which URLs, and which addresses behind their names.

Rule 1: one parser (``httpx.URL``) decides what a URL says. Before it, whatever parsers are known to read differently
is refused: there is then nothing left to disagree about (curl's URL-SYNTAX: mixing parsers is a security risk).
Rule 2: the decision is made on addresses, never on names: a name is resolved once, *every* address is checked against
the table below, and the checked address itself is dialled. Nothing is looked up a second time.
Rule 3: the table is explicit. ``ipaddress.is_global`` differs between Python versions and says yes to NAT64 forms of
127.0.0.1, to multicast and to site-local addresses.
Rule 4: a name that has both a public and a private address is refused, not filtered: an honest name has no such pair,
and what a rebinding attack answers next is not worth a connection.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from archiver.errors import Misled, Refused, Unreachable

MAX_URL_CHARS = 8192
MAX_ADDRESSES = 16

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# IANA special-purpose address registries (2025), and what clouds answer on besides
_PRIVATE_V4 = tuple(
    (ipaddress.IPv4Network(net), what)
    for net, what in {
        "0.0.0.0/8": "this network", "10.0.0.0/8": "private", "100.64.0.0/10": "carrier-grade NAT",
        "127.0.0.0/8": "loopback", "168.63.129.16/32": "Azure's host", "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private", "192.0.0.0/24": "protocol assignments", "192.0.2.0/24": "documentation",
        "192.88.99.0/24": "6to4 relays", "192.168.0.0/16": "private", "198.18.0.0/15": "benchmarking",
        "198.51.100.0/24": "documentation", "203.0.113.0/24": "documentation", "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
)  # fmt: skip
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_PRIVATE_V6 = tuple(
    (ipaddress.IPv6Network(net), what)
    for net, what in {
        "2001::/23": "protocol assignments and Teredo", "2001:db8::/32": "documentation", "2002::/16": "6to4",
        "3fff::/20": "documentation",
    }.items()
)  # fmt: skip
# these stand for the IPv4 address in their last 32 bits and are judged by it
_STANDS_FOR_V4 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))

_DISPUTED = re.compile(r"[\\\x00-\x1f\x7f]")
_SHAPE = re.compile(
    r"(https?)://([^/?#@\[\]:]*|\[[0-9A-Fa-f:.]*\])(?::([0-9]{0,5}))?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL
)
_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
_NAME = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A URL that may be asked for, taken apart once. ``url``: canonical, without fragment. ``host``: lower-case ASCII
    name without a trailing dot, or an address without brackets (then ``address`` is set). ``authority``: the value of
    the Host header. ``target``: path and query as they go on the wire."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str
    target: bytes
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A numeric address to dial. ``vouched``: the user's own word (``connect_to``), so it may be private."""

    address: str
    port: int
    vouched: bool = False


def private(address: Address | str) -> str | None:
    """Why ``address`` must not be connected to (``loopback``, ``link-local``, …), ``None`` for a public one."""
    if isinstance(address, str):
        address = ipaddress.ip_address(address)
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in net for net in _STANDS_FOR_V4):
            return private(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_V6 or address.scope_id:
            return "loopback" if address.is_loopback else "not a global address"
        return next((what for net, what in _PRIVATE_V6 if address in net), None)
    return next((what for net, what in _PRIVATE_V4 if address in net), None)


def place(text: str, allowed_ports: frozenset[int]) -> Place:
    """What ``text`` says, if every parser would say the same and the port is allowed. Raises ``Refused``."""
    if len(text) > MAX_URL_CHARS:
        raise _refused(text, f"longer than {MAX_URL_CHARS} characters")
    if _DISPUTED.search(text) or text != text.strip():
        raise _refused(
            text, "a backslash, a control character or outer white space in it, which programs read differently"
        )
    shape = _SHAPE.fullmatch(text)
    if not shape:
        raise _refused(text, _misshapen(text))
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _refused(text, f"no valid address: {error}") from error
    host = url.raw_host.decode("ascii").removesuffix(".")
    address = _literal(shape[2], host, text)
    port = (443 if url.scheme == "https" else 80) if url.port is None else url.port
    if port not in allowed_ports:
        allowed = ", ".join(map(str, sorted(allowed_ports)))
        hint = f"in config.toml, to connect to it: network.allowed_ports = [{allowed}, {port}]"
        raise _refused(text, f"port {port} is not among those that are connected to ({allowed})", hint=hint)
    if isinstance(address, ipaddress.IPv6Address):
        host = str(address)
    authority = (f"[{host}]" if ":" in host else host) + ("" if url.port is None else f":{port}")
    target = url.raw_path
    return Place(
        url=f"{url.scheme}://{authority}{target.decode('ascii')}", scheme=url.scheme, host=host, port=port,
        authority=authority, target=target, address=address,
    )  # fmt: skip


async def lookup(host: str, port: int) -> Sequence[str]:
    """The numeric addresses of ``host`` in the system's order of preference. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def endpoints(
    place: Place, connect_to: Mapping[tuple[str, int], tuple[str, int]], resolve: Resolve = lookup
) -> tuple[Endpoint, ...]:
    """Where to dial for ``place``, best first, never empty.

    Raises ``Refused`` when any address behind it is private, ``Unreachable`` when the name has none.
    """
    target = None if place.address else _mapped(place, connect_to)
    host, port = target or (place.host, place.port)
    try:
        found = (str(place.address),) if place.address else (await resolve(host, port))[:MAX_ADDRESSES]
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            place.url, f"no address found for {host}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if not found:
        raise Unreachable(place.url, f"no address found for {host}")
    if target is None:
        for address in found:
            if why := private(address) or _ours(address):
                raise _private(place, address, why)
    return tuple(Endpoint(address=address, port=port, vouched=target is not None) for address in found)


def _private(place: Place, address: str, why: str) -> Refused:
    """``why`` is what kind of address it is. A literal one is refused for good; where a name leads may change."""
    never = f"a private address ({why}) is never connected to"
    if place.address:
        hint = "a name can be led to it: network.connect_to in config.toml"
        return Refused(place.url, f"{address}: {never}", hint=hint)
    hint = f'if that is meant, in config.toml: network.connect_to = {{ "{place.host}:{place.port}" = "…" }}'
    kind = Refused if place.host == "localhost" or place.host.endswith(".localhost") else Misled  # RFC 6761, 6.3
    return kind(place.url, f"{place.host} leads to {address}: {never}", hint=hint)


def _mapped(place: Place, connect_to: Mapping[tuple[str, int], tuple[str, int]]) -> tuple[str, int] | None:
    """The target of the most exact pattern: the name itself, then ``*.domain`` from the longest, then ``*``."""
    labels = place.host.split(".")
    patterns = [place.host, *("*." + ".".join(labels[i:]) for i in range(1, len(labels))), "*"]
    return next((connect_to[name, place.port] for name in patterns if (name, place.port) in connect_to), None)


def _ours(address: str) -> str | None:
    """Whether ``address`` is one of this machine's own. Connecting a datagram socket sends nothing, but makes the
    kernel say which source address it would use: its own, for its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return None
        return "this machine" if probe.getsockname()[0] == address else None


def _literal(written: str, host: str, text: str) -> Address | None:
    """The address that ``host`` is, ``None`` for a name. Refuses every other spelling of an address."""
    if ":" in host:
        return ipaddress.IPv6Address(host)
    if not _NAME.fullmatch(host):
        raise _refused(text, "no valid host name")
    if not _NUMERIC.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        address = None
    if address is None or written != str(address):
        raise _refused(text, "an address in a spelling that programs read differently")
    return address


def _misshapen(text: str) -> str:
    if not re.match(r"https?:", text, re.IGNORECASE):
        return "only http and https are followed"
    if _USERINFO.search(text):
        return "a user name in it"
    return "no proper host after //"


def _refused(text: str, why: str, *, hint: str | None = None) -> Refused:
    shown = _USERINFO.sub("***@", text[:300]).encode("unicode_escape").decode("ascii")
    return Refused(shown, why, hint=hint)
