"""Which URLs and addresses may be connected to. A trap on loopback proves that nothing else was."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import Refused, Unreachable
from archiver.net import guard
from archiver.net.client import Client
from tests.loopback.hostile import PRIVATE_HOSTS
from tests.loopback.server import LoopbackWeb
from tests.net.street import UNHURRIED, Trap, WallClock, client, network, received, request

WEB_PORTS = frozenset({80, 443})

RANGES = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "255.255.255.255/32",
    "::/128", "::1/128", "::/96", "::ffff:0:0:0/96", "::ffff:127.0.0.0/104", "::ffff:10.0.0.0/104",
    "::ffff:169.254.0.0/112", "64:ff9b::7f00:0/104", "64:ff9b::a00:0/104", "64:ff9b:1::/48", "100::/64", "2001::/32",
    "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7",
    "fe80::/10", "fec0::/10", "ff00::/8", "4000::/3",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
    "198.20.0.0", "223.255.255.255", "104.244.42.1", "168.63.129.17", "::ffff:1.1.1.1", "64:ff9b::101:101",
    "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888", "2001:200::1", "2003::1", "3ffe::1",
)  # fmt: skip


def edges(net: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The first address of a range, one in the middle, and the last."""
    network = ipaddress.ip_network(net)
    return [network[0], network[network.num_addresses // 2], network[-1]]


@pytest.mark.parametrize("net", RANGES)
def test_every_private_range_is_private_from_its_first_to_its_last_address(net: str):
    """First, middle and last address of every range that is not the public internet."""
    assert all(guard.private(address) for address in edges(net))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public_up_to_the_edge_of_the_ranges(address: str):
    """Neighbours of the ranges, and IPv4-mapped and NAT64 forms of public addresses."""
    assert guard.private(address) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_clothing_that_may_pass(address: ipaddress.IPv4Address):
    """Mapped and NAT64 forms are what the address within is; 6to4, Teredo and compatible forms never pass."""
    bare, number = guard.private(address), int(address)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert bare == guard.private(ipaddress.IPv6Address(prefix | number))
    for form in (0x2002 << 112 | number << 80, 0x20010000 << 96 | (number ^ 0xFFFFFFFF), number, 0xFFFF << 48 | number):
        assert guard.private(ipaddress.IPv6Address(form))


@pytest.mark.parametrize(
    ("text", "url", "host", "port", "target"),
    [
        ("https://t.co/X9DJa7awAM", "https://t.co/X9DJa7awAM", "t.co", 443, b"/X9DJa7awAM"),
        ("HTTPS://T.Co./a?b=c#d", "https://t.co/a?b=c", "t.co", 443, b"/a?b=c"),
        ("http://t.co", "http://t.co/", "t.co", 80, b"/"),
        ("http://t.co:80?q", "http://t.co/?q", "t.co", 80, b"/?q"),
        ("https://t.co:80/", "https://t.co:80/", "t.co", 80, b"/"),
        ("http://bücher.example/ä ö?ü", "http://xn--bcher-kva.example/%C3%A4%20%C3%B6?%C3%BC", "xn--bcher-kva.example",
         80, b"/%C3%A4%20%C3%B6?%C3%BC"),
        ("http://t.cо/", "http://t.xn--c-1tb/", "t.xn--c-1tb", 80, b"/"),
        ("http://a_b.example/", "http://a_b.example/", "a_b.example", 80, b"/"),
        ("http://1.2.3.4/", "http://1.2.3.4/", "1.2.3.4", 80, b"/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/", "2606:4700::1111", 80, b"/"),
        ("http://t.co/?u=http://a@b/", "http://t.co/?u=http://a@b/", "t.co", 80, b"/?u=http://a@b/"),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart_once(text: str, url: str, host: str, port: int, target: bytes):
    """Canonical without fragment, the host in lower-case ASCII without its trailing dot."""
    place = guard.place(text, WEB_PORTS)
    assert (url, host, port, target) == (place.url, place.host, place.port, place.target)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1\\@t.co/", "http://t.co\\@127.0.0.1/", "http:\\\\127.0.0.1/", "http:///127.0.0.1/",
        "http:127.0.0.1/", "http:/127.0.0.1/", "//t.co/", "t.co", "", "http://", "http://:80/", "http://./",
        "ht\ntp://t.co/", "http://t.\tco/", "http://t.co/\r\nHost: x", " http://t.co/", "http://t.co/ ",
        "http://t .co/",
        "http://t.co\0.example/", "http://t.co@127.0.0.1/", "http://t.co:80@127.0.0.1/", "http://foo@bar@t.co/",
        "http://user:secret@t.co/", "http://@t.co/", "http://t.co:22/", "http://t.co:6379/", "http://t.co:0/",
        "http://t.co:65536/", "http://t.co:８０/", "http://t.co:-80/", "http://t.co:80:80/", "http://t%2eco/",
        "http://ｔ.co/", "http://a..b/", "http://-a.example/", "http://[::1", "http://[::1%25lo]/", "http://[t.co]/",
        "http://[127.0.0.1]/", "http://[::1]x/", "http://x[::1]/", "http://1.2.3.4./", "http://1.2.3/", "http://1.2.3.256/",
        "http://1.2.3.04/", "http://0x1.2.3.4/", "http://foo.0x7f/", "http://foo.123/", "http://a,b.example/",
        "http://" + "a." * 130 + "example/", "http://t.co/" + "x" * 9000, "file:///etc/passwd", "ftp://t.co/",
        "gopher://t.co/", "dict://t.co/", "data:text/html,x", "javascript:alert(1)", "ws://t.co/", "httpx://t.co/",
    ],
)  # fmt: skip
def test_whatever_programs_read_differently_is_refused(text: str):
    """Backslash, white space, user names, odd ports, odd spellings, other schemes: refused before any look-up."""
    with pytest.raises(Refused):
        guard.place(text, WEB_PORTS)


def test_a_refusal_shows_neither_the_password_nor_a_control_character():
    """What is refused is quoted in a way that is fit for a log."""
    with pytest.raises(Refused) as refused:
        guard.place("http://user:secret@t.co/\x1b[31m", WEB_PORTS)
    assert "secret" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


hosts = st.one_of(
    st.sampled_from(PRIVATE_HOSTS),
    st.sampled_from(["t.co", "T.CO.", "x.example", "ｔ.co", "xn--t-zfa.co", "a_b.example", "[2606:4700::1111]"]),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.from_regex(r"[0-9a-fx.]{1,16}", fullmatch=True),
)


@given(
    st.sampled_from(["http", "https", "HTTP", "ftp"]),
    st.sampled_from(["://", ":", ":/", ":///", ":\\\\"]),
    st.sampled_from(["", "a@", "a:b@", "t.co\\@", "t.co:80@"]),
    hosts,
    st.sampled_from(["", ":", ":80", ":443", ":22", ":080", ":x"]),
    st.sampled_from(["", "/", "/p?q#f", "?q", "#f", "\\x", "/@127.0.0.1/", "/..//a"]),
)
def test_what_is_accepted_is_what_another_parser_reads(
    scheme: str, slashes: str, user: str, host: str, port: str, rest: str
):
    """Accepted means: the standard library reads the same host and port from it; everything else is refused."""
    text = scheme + slashes + user + host + port + rest
    try:
        place = guard.place(text, WEB_PORTS)
    except Refused:
        return
    other = urlsplit(text)
    read = (other.hostname or "").removesuffix(".")
    if place.address:
        assert ipaddress.ip_address(read) == place.address
    else:
        # IDNA's own dots: U+3002 and its like separate labels in every parser that encodes the name
        for dot in "。．｡":
            read = read.replace(dot, ".")
        assert read.removesuffix(".").encode("idna").decode().lower() == place.host or not read.isascii()
    assert (other.port or {"http": 80, "https": 443}[place.scheme]) == place.port
    assert not other.username


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_a_private_address_is_ever_connected_to(trap: Trap, scheme: str, host: str):
    """Asked for directly, on the very port of a listener: refused, and nothing arrived there."""
    visitor = client(allowed_ports=frozenset({trap.port}))
    with pytest.raises(Refused):
        await visitor.exchange(request(f"{scheme}://{host}:{trap.port}/secret"))
    assert trap.caught() == []


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
async def test_no_redirect_leads_to_a_private_address(web: LoopbackWeb, trap: Trap, host: str):
    """The hop that points there is answered and kept; the next one is refused, and nothing arrived."""
    visitor = client(web, allowed_ports=frozenset({80, 443, trap.port}))
    tape = await visitor.exchange(request(f"http://a.hostile.test/to/{host}:{trap.port}"))
    received(tape)
    assert tape.layout is not None
    location = dict(tape.layout.headers)["Location"]
    with pytest.raises(Refused):
        await visitor.exchange(request(location))
    assert trap.caught() == []
    await visitor.aclose()


@given(st.text(max_size=40), st.sampled_from(["", "?", "#", "/"]))
def test_what_is_accepted_can_be_sent(text: str, mark: str):
    """Whatever path and query are made of, printable ASCII goes on the wire: nothing to split a request with."""
    try:
        place = guard.place(f"http://t.co/{mark}{text}", WEB_PORTS)
    except Refused:
        return
    assert re.fullmatch(rb"/[\x21-\x7e]*", place.target)
    assert place.url == f"http://t.co{place.target.decode()}"


class Answers:
    """A resolver that gives one list of addresses after another, and counts (``guard.Resolve``)."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_name_is_looked_up_once_and_the_checked_address_is_dialled():
    """A rebinding name gets one chance: what was checked is what is dialled, and the next hop is checked anew."""
    rebinding = Answers(["93.184.216.34", "2606:2800:220:1::1"], ["127.0.0.1"])
    place = guard.place("https://rebind.example/", WEB_PORTS)
    endpoints = await guard.endpoints(place, {}, rebinding)
    assert [(end.address, end.port) for end in endpoints] == [("93.184.216.34", 443), ("2606:2800:220:1::1", 443)]
    assert rebinding.asked == ["rebind.example"]
    with pytest.raises(Refused, match=r"127\.0\.0\.1: a private address \(loopback\) is never connected to"):
        await guard.endpoints(place, {}, rebinding)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["::1"], ["fe80::1%lo"],
     ["93.184.216.34", "::ffff:10.0.0.1"]],
)  # fmt: skip
async def test_one_private_address_behind_a_name_is_enough_to_refuse_it(trap: Trap, addresses: list[str]):
    """A name with a public and a private address is refused whole, and nothing is dialled."""
    config = network(allowed_ports=frozenset({trap.port}))
    visitor = Client(config, UNHURRIED, WallClock(), resolve=Answers(addresses))
    with pytest.raises(Refused):
        await visitor.exchange(request(f"http://mixed.example:{trap.port}/"))
    assert trap.caught() == []


@pytest.mark.parametrize(
    ("url", "said", "hint", "retry"),
    [
        ("http://192.0.2.1/x", "192.0.2.1: a private address (documentation) is never", "network.connect_to", False),
        ("http://localhost/x", "localhost leads to 127.0.0.1: a private address (loopback)", "connect_to", False),
        ("http://portal.example/x", "portal.example leads to 127.0.0.1: a private", '"portal.example:80"', True),
        ("http://a.example:9/", "port 9 is not among those", "network.allowed_ports = [80, 443, 9]", False),
    ],
)
async def test_what_is_never_connected_to_is_said_with_what_can_be_done(url, said, hint, retry):
    """A literal address and a port are refused for good; a name may lead elsewhere another time."""
    with pytest.raises(Refused) as refused:
        await guard.endpoints(guard.place(url, frozenset({80, 443})), {}, Answers(["127.0.0.1"]))
    assert refused.value.reason.startswith(said)
    assert hint in str(refused.value.hint)
    assert refused.value.retry is retry


async def test_a_name_without_addresses_is_unreachable():
    """An empty answer of the resolver, and a failed one, are worth another try."""

    async def fails(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    place = guard.place("https://nowhere.example/", WEB_PORTS)
    for resolve in (Answers([]), fails):
        with pytest.raises(Unreachable, match=r"nowhere\.example"):
            await guard.endpoints(place, {}, resolve)


def test_our_own_addresses_are_known_without_connecting():
    """This machine's own address is recognised, another is not."""
    assert guard._ours("127.0.0.1") == "this machine"
    assert guard._ours("93.184.216.34") is None


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://t.co/", ("exact", 1)),
        ("https://t.co./", ("exact", 1)),
        ("http://t.co/", None),
        ("https://pbs.twimg.com/", ("twimg", 2)),
        ("https://a.b.twimg.com/", ("b.twimg", 3)),
        ("https://twimg.com/", ("any", 4)),
        ("https://other.example/", ("any", 4)),
        ("https://1.1.1.1/", None),
        ("https://[2606:4700::1111]/", None),
    ],
)
async def test_connect_to_takes_the_most_exact_name_and_never_an_address(url: str, target: tuple[str, int] | None):
    """The name itself, then the longest domain, then every name; URL and TLS name stay what they are."""
    mapping = {
        ("t.co", 443): ("exact", 1), ("*.twimg.com", 443): ("twimg", 2), ("*.b.twimg.com", 443): ("b.twimg", 3),
        ("*", 443): ("any", 4),
    }  # fmt: skip
    place = guard.place(url, WEB_PORTS)
    resolve = Answers(["8.8.8.8"])
    (endpoint,) = await guard.endpoints(place, mapping, resolve)
    assert endpoint.vouched is (target is not None)
    if target:
        assert (resolve.asked, endpoint.port) == ([target[0]], target[1])
    else:
        assert endpoint.port == place.port


async def test_where_the_user_sends_a_name_may_be_private():
    """The target of connect_to is the user's own word."""
    place = guard.place("https://t.co/", WEB_PORTS)
    (endpoint,) = await guard.endpoints(place, {("t.co", 443): ("127.0.0.1", 8443)}, Answers(["127.0.0.1"]))
    assert (endpoint.address, endpoint.port) == ("127.0.0.1", 8443)
