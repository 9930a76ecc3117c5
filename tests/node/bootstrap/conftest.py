"""A store in memory, contacts with ids and addresses of their own, and keys for lists."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress

import dns.dnssec
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from node.bootstrap.contact import Contact
from node.crypto import SigningKey, sha256
from node.identity import Multiaddr


class MemoryStore:
    """What was committed is there for the next one who opens it; a commit can be made to fail."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.commits = 0
        self.fails_at: int | None = None

    def get(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted((k, v) for k, v in self.kept.items() if k.startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        self.commits += 1
        if self.commits == self.fails_at:
            raise OSError("the power went")
        for key, value in changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def make_store() -> type[MemoryStore]:
    return MemoryStore


@pytest.fixture
def randoms() -> Callable[[int], bytes]:
    return random.Random(8).randbytes


@pytest.fixture
def contact() -> Callable[..., Contact]:
    """Return a function that makes the contact of a number, in a network of its own or a given."""

    def make(number: int, network: int | None = None) -> Contact:
        wide = number if network is None else network
        host = f"10.{wide % 256}.{number // 256}.{number % 256}"
        return Contact(sha256(b"node", number.to_bytes(4)), (Multiaddr("ip4", host, 9000),))

    return make


@pytest.fixture(scope="session")
def release_keys() -> list[SigningKey]:
    return [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 5)]


@pytest.fixture
def flipped() -> Callable[[bytes, int], bytes]:
    """Return a function that changes one bit of a byte, another one at each place."""

    def flip(data: bytes, place: int) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        return bytes(changed)

    return flip


# --- A root, two zones below it, and a server for all of them ------------------------------------

DNS_NOW = 1_700_000_000
DAY = 86_400
MAKERS = {
    8: lambda: rsa.generate_private_key(65537, 2048),
    10: lambda: rsa.generate_private_key(65537, 2048),
    13: lambda: ec.generate_private_key(ec.SECP256R1()),
    14: lambda: ec.generate_private_key(ec.SECP384R1()),
    15: ed25519.Ed25519PrivateKey.generate,
    16: ed448.Ed448PrivateKey.generate,
}
TEXTS = {
    ".": "@ 60 SOA a. b. 1 60 60 60 60\n@ 60 NS ns.\nns 60 A 127.0.0.1\n"
    "network 60 NS ns.network.\nunsigned 60 NS ns.\nns.network 60 A 127.0.0.3\n",
    "network.": "@ 60 SOA a. b. 1 60 60 60 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
    "pars 60 NS other\nother 60 A 127.0.0.4\n",
    "pars.network.": "@ 60 SOA a. b. 1 60 60 60 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
    "alias 60 CNAME bootstrap\n*.wild 60 TXT any\nempty 60 A 127.0.0.1\n",
}


class Zones:
    """Three signed zones. `answer` is what a server that has all of them says."""

    def __init__(self, algorithms: Mapping[str, int], records: str) -> None:
        self.zones: dict[dns.name.Name, dns.zone.Zone] = {}
        self.keys: dict[dns.name.Name, tuple] = {}
        ds = ""
        for text in ("pars.network.", "network.", "."):
            origin = dns.name.from_text(text)
            private = MAKERS[algorithms[text]]()
            key = dns.dnssec.make_dnskey(private.public_key(), algorithms[text], flags=257)
            more = records if text == "pars.network." else ds
            zone = dns.zone.from_text(TEXTS[text] + more, origin, relativize=False)
            times = {"inception": DNS_NOW - DAY, "expiration": DNS_NOW + DAY}
            dns.dnssec.sign_zone(zone, keys=[(private, key)], **times)
            digest = dns.dnssec.make_ds(origin, key, "SHA256")
            ds = f"{text} 60 DS {digest.to_text()}\n"
            self.zones[origin], self.keys[origin] = zone, (private, key)
        self.anchors = [digest.to_text()]

    def zone_of(self, name: dns.name.Name, kind: int) -> dns.zone.Zone:
        above = [
            origin
            for origin in self.zones
            if name.is_subdomain(origin) and not (kind == dns.rdatatype.DS and origin == name)
        ]
        return self.zones[max(above, key=len, default=dns.name.root)]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        asked = query.question[0]
        response = dns.message.make_response(query)
        zone = self.zone_of(asked.name, asked.rdtype)
        for kind in (asked.rdtype, dns.rdatatype.CNAME):
            if zone.get_rdataset(asked.name, kind):
                response.answer += self.signed(zone, asked.name, kind)
                return response
        star = dns.name.Name((b"*", *asked.name.labels[1:]))
        if zone.get_rdataset(star, asked.rdtype):
            for found in self.signed(zone, star, asked.rdtype):
                response.answer.append(dns.rrset.from_rdata_list(asked.name, 60, list(found)))
            return response
        response.authority += self.denial(zone, asked.name)
        if not any(name.is_subdomain(asked.name) for name in zone.nodes):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def answer_of(self, origin: str, query: dns.message.Message) -> dns.message.Message:
        """Return what a server says that has one of the zones alone."""
        top, asked = dns.name.from_text(origin), query.question[0]
        below = [
            cut
            for cut in self.zones
            if cut != top and cut.is_subdomain(top) and asked.name.is_subdomain(cut)
        ]
        cut = min(below, key=len, default=None)
        if cut is None or (asked.name == cut and asked.rdtype == dns.rdatatype.DS):
            return self.answer(query)
        response = dns.message.make_response(query)
        zone = self.zones[top]
        response.authority += self.signed(zone, cut, dns.rdatatype.NS)
        host = response.authority[0][0].target
        if host.is_subdomain(cut):
            response.additional += self.signed(zone, host, dns.rdatatype.A)
        return response

    def signed(self, zone: dns.zone.Zone, name: dns.name.Name, kind: int) -> list[dns.rrset.RRset]:
        signatures = zone.get_rdataset(name, dns.rdatatype.RRSIG, covers=kind)
        found = [zone.get_rdataset(name, kind), *([signatures] if signatures else [])]
        return [dns.rrset.from_rdata_list(name, 60, list(each)) for each in found]

    def denial(self, zone: dns.zone.Zone, name: dns.name.Name) -> list[dns.rrset.RRset]:
        owners = sorted(each for each in zone.nodes if zone.get_rdataset(each, dns.rdatatype.NSEC))
        before = [each for each in owners if each <= name]
        return self.signed(zone, before[-1], dns.rdatatype.NSEC)

    def sign(self, rrset: dns.rrset.RRset, signer: str, **more) -> dns.rrset.RRset:
        """Return the signature of a zone over any records, of any days."""
        origin = dns.name.from_text(signer)
        private, key = self.keys[origin]
        times = {"inception": DNS_NOW - DAY, "expiration": DNS_NOW + DAY} | more
        made = dns.dnssec.sign(rrset, private, origin, key, **times)
        return dns.rrset.from_rdata(rrset.name, 60, made)


@pytest.fixture(scope="session")
def make_zones() -> Callable[..., Zones]:
    def make(records: str = "bootstrap 60 TXT hello\n", **algorithms: int) -> Zones:
        chosen = {".": 15, "network.": 13, "pars.network.": 15}
        names = {"root": ".", "network": "network.", "pars": "pars.network."}
        return Zones(chosen | {names[k]: v for k, v in algorithms.items()}, records)

    return make


@pytest.fixture(scope="session")
def zones(make_zones) -> Zones:
    return make_zones()


@pytest.fixture(scope="session")
def dns_now() -> int:
    return DNS_NOW


class DnsServer:
    """Answers on one port of loopback, over UDP and TCP, with the bytes that a function returns."""

    def __init__(
        self, say: Callable[[dns.message.Message, str], list[bytes]], host: str = "127.0.0.1"
    ) -> None:
        self.say, self.host = say, host
        self.asked: list[tuple[str, str]] = []

    async def __aenter__(self, port: int = 0) -> tuple[str, int]:
        for _ in range(50):
            self.tcp = await asyncio.start_server(self.over_tcp, self.host, port)
            address = self.tcp.sockets[0].getsockname()
            try:
                loop = asyncio.get_running_loop()
                made = loop.create_datagram_endpoint(lambda: OverUdp(self), local_addr=address)
                self.udp, _ = await made
            except OSError:
                self.tcp.close()
                continue
            return address
        raise AssertionError("no port is free for both")

    async def __aexit__(self, *_: object) -> None:
        self.udp.close()
        self.tcp.close()

    def said(self, data: bytes, over: str) -> list[bytes]:
        query = dns.message.from_wire(data)
        self.asked.append((over, query.question[0].to_text()))
        return self.say(query, over)

    async def over_tcp(self, reader, writer) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        for data in self.said(await reader.readexactly(size), "tcp"):
            writer.write(data)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()


class OverUdp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self.server = server

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address) -> None:
        for answer in self.server.said(data, "udp"):
            self.transport.sendto(answer, address)


@pytest.fixture
def dns_server() -> type[DnsServer]:
    return DnsServer


@pytest.fixture
def framed() -> Callable[[bytes, str], bytes]:
    """Return a function that puts the length before what goes over TCP."""
    return lambda wire, over: len(wire).to_bytes(2) + wire if over == "tcp" else wire
