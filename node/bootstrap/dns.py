"""Level 2: contacts from DNS, asked of any server and believed only where signed from the root.

The servers that the system names are asked first; where they do not hand on what is signed, the
root's servers are, and those below them that they name.

TXT records of the name hold addresses, each with its /p2p/Qm...; SRV records of _pars._tcp below it
name hosts whose first label is the peer id in base32. DNS is a hint: it is signed by classical
keys, and whoever forged them would only name nodes that prove to be others, or none.
"""

import asyncio
import re
from base64 import b32decode, b32encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV
from dns.rrset import RRset

from ..codec import Refused
from ..crypto import Random
from ..identity import DNS4, Multiaddr, peer_text
from .contact import Contact, contacts_of
from .dnssec import ROOT_ANCHORS, AbsentError, Chain, check_outcome

NAMES = {6133: "bootstrap.pars.network.", 6134: "bootstrap.testnet.pars.network."}
SERVICE = "_pars._tcp."
PORT = 53
UDP_SIZE = 1232  # of answers: fits any path without being cut
SERVERS_MAX = 4
DATAGRAMS_MAX = 16  # that come for one question
UDP_SECONDS = 3.0
GRACE_SECONDS = 0.5  # for a true answer behind a forged one
TCP_SECONDS = 5.0
LOOKUP_SECONDS = 50.0
QUERIES_MAX = 96  # of one lookup
HOSTS_MAX = 3  # of one zone whose address is looked up
DEPTH_MAX = 2  # of servers whose own address has to be looked up first
RECORDS_USED_MAX = 64

_LABEL = re.compile(r"[a-z2-7]{52}")
_NAMESERVER = re.compile(r"^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$", re.MULTILINE)

Server = tuple[str, int]
Take = Callable[[dns.message.Message], None]

# The root's servers, a to m, as IANA publishes them in named.root.
ROOT_SERVERS: tuple[Server, ...] = tuple(
    (host, PORT)
    for host in (
        *("198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10"),
        *("192.5.5.241", "192.112.36.4", "198.97.190.53", "192.36.148.17", "192.58.128.30"),
        *("193.0.14.129", "199.7.83.42", "202.12.27.33"),
    )
)


async def find(
    network: int,
    servers: Sequence[Server],
    now: int,
    random: Random,
    anchors: Sequence[str] = ROOT_ANCHORS,
    roots: Sequence[Server] = ROOT_SERVERS,
) -> list[Contact]:
    """Return the contacts that DNS names for a network; `now` is in seconds."""
    name = NAMES.get(network)
    if name is None:
        raise Refused("dns: no name for this network")
    asker = Asker(servers, roots, random)
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            try:
                found = await asker.resolve(Chain(name, "TXT", now, anchors))
                return contacts_of_txt(found)
            except AbsentError:
                found = await asker.resolve(Chain(SERVICE + name, "SRV", now, anchors))
                return contacts_of_srv(found)
    except TimeoutError:
        raise Refused("dns: took too long") from None


def system_servers(resolv_conf: str) -> list[Server]:
    """Return the servers that a resolv.conf names."""
    return [(host, PORT) for host in _NAMESERVER.findall(resolv_conf)][:SERVERS_MAX]


# --- What records hold ----------------------------------------------------------------------------


def contacts_of_txt(found: RRset) -> list[Contact]:
    """Return the contacts in TXT records; what is no address with an id is of somebody else."""
    addresses: list[Multiaddr] = []
    for record in list(found)[:RECORDS_USED_MAX]:
        if isinstance(record, TXT):
            text = b"".join(record.strings)
            addresses += _parsed(text.decode("ascii", "replace"))
    return sorted(contacts_of(addresses))


def contacts_of_srv(found: RRset) -> list[Contact]:
    """Return the contacts in SRV records, the most preferred first."""
    records = [record for record in list(found)[:RECORDS_USED_MAX] if isinstance(record, SRV)]
    addresses: list[Multiaddr] = []
    for record in sorted(records, key=lambda record: (record.priority, -record.weight)):
        host = record.target.to_text(omit_final_dot=True).lower()
        peer_id = _peer_of(host.split(".")[0])
        if peer_id is not None and record.port:
            addresses += _parsed(f"/{DNS4}/{host}/tcp/{record.port}/p2p/{peer_text(peer_id)}")
    return contacts_of(addresses)


def _parsed(text: str) -> Iterable[Multiaddr]:
    try:
        return [Multiaddr.parse(text)]
    except Refused:
        return []


def _peer_of(label: str) -> bytes | None:
    """Return the id that 52 letters of base32 stand for; there is one spelling of each."""
    if not _LABEL.fullmatch(label):
        return None
    data = b32decode(label.upper() + "====")
    return data if b32encode(data).decode().lower().startswith(label) else None


# --- Asking ---------------------------------------------------------------------------------------


class CutError(Refused):
    """An answer did not fit; it is asked for again over TCP."""


class Asker:
    """Puts the questions of chains to servers until one has an answer that is proved."""

    def __init__(self, servers: Sequence[Server], roots: Sequence[Server], random: Random) -> None:
        self._servers = list(servers[:SERVERS_MAX])
        self._random = random
        self._left = QUERIES_MAX
        begin = int.from_bytes(random(1)) % (len(roots) or 1)  # or the first would be asked by all
        turned = [*roots[begin:], *roots[:begin]]
        self._of_zone: dict[Name, list[Server]] = {dns.name.root: turned[:SERVERS_MAX]}

    async def resolve(self, chain: Chain) -> RRset:
        """Return what a chain leads to."""
        while (question := chain.question) is not None:
            if self._servers:
                try:
                    await self._ask(self._servers, question.name, question.type, chain.take)
                    continue
                except Refused:
                    if not self._of_zone[dns.name.root]:
                        raise
                    self._servers = []
            below = await self._servers_of(question.zone)
            await self._ask(below, question.name, question.type, chain.take)
        assert chain.result is not None
        return chain.result

    async def _ask(self, servers: list[Server], name: Name, kind: RdataType, take: Take) -> None:
        """Have one question answered; a server that has an answer is asked first from then on."""
        refusal = Refused("dns: no server answered")
        for server in list(servers):
            query = self._query(name, kind)
            for ask in (_ask_by_udp, _ask_by_tcp):
                if not self._left:
                    raise Refused("dns: too many questions")
                self._left -= 1
                try:
                    await ask(server, query, take)
                except Refused as refused:
                    refusal = refused
                except (OSError, EOFError, TimeoutError):
                    continue
                else:
                    servers.remove(server)
                    servers.insert(0, server)
                    return
        raise refusal

    async def _servers_of(self, zone: Name, depth: int = 0) -> list[Server]:
        """Return the servers that are said to know a zone: a hint, for what they say is proved.

        A name that is no zone of its own has those of the zone above.
        """
        known = self._of_zone.get(zone)
        if known is not None:
            return known
        above = await self._servers_of(zone.parent(), depth)
        hints: list[dns.message.Message] = []
        await self._ask(above, zone, RdataType.NS, _into(hints))
        said = [*hints[0].answer, *hints[0].authority]
        hosts = [
            record.target
            for found in said
            if found.name == zone
            for record in list(found)[:RECORDS_USED_MAX]
            if isinstance(record, NS) and record.target != dns.name.root
        ]
        servers = [
            address
            for found in hints[0].additional
            if found.name in hosts
            for address in _addresses_in(found)
        ]
        for host in hosts[:HOSTS_MAX] if depth < DEPTH_MAX else []:
            if not servers:
                with suppress(Refused):
                    servers = await self._addresses_of(host, depth + 1)
        self._of_zone[zone] = servers[:SERVERS_MAX] if hosts else list(above)
        return self._of_zone[zone]

    async def _addresses_of(self, host: Name, depth: int) -> list[Server]:
        """Return the addresses of a server that is named, but not told of, by the zone above."""
        servers = await self._servers_of(host.parent(), depth)
        hints: list[dns.message.Message] = []
        await self._ask(servers, host, RdataType.A, _into(hints))
        return [
            address
            for found in hints[0].answer
            if found.name == host
            for address in _addresses_in(found)
        ]

    def _query(self, name: Name, kind: RdataType) -> dns.message.QueryMessage:
        query = dns.message.make_query(
            name,
            kind,
            use_edns=0,
            want_dnssec=True,
            payload=UDP_SIZE,
            id=int.from_bytes(self._random(2)),
        )
        # A server that validates itself would keep what it thinks wrong; it is checked here.
        query.flags |= dns.flags.CD
        return query


def _into(hints: list[dns.message.Message]) -> Take:
    """Return what takes any answer of a server that does not merely fail."""

    def take(answer: dns.message.Message) -> None:
        check_outcome(answer)
        hints.append(answer)

    return take


def _addresses_in(found: RRset) -> list[Server]:
    return [
        (record.address, PORT)
        for record in list(found)[:RECORDS_USED_MAX]
        if isinstance(record, A | AAAA)
    ]


class _Datagrams(asyncio.DatagramProtocol):
    """What comes for one question; the socket is connected, so it comes from that server."""

    def __init__(self) -> None:
        self.come: asyncio.Queue[bytes | OSError] = asyncio.Queue(DATAGRAMS_MAX)

    def datagram_received(self, data: bytes, _: object) -> None:
        """Keep it, as long as there is room."""
        self._put(data)

    def error_received(self, error: Exception) -> None:
        """End the waiting: nobody is there."""
        self._put(ConnectionRefusedError(str(error)))

    def _put(self, come: bytes | OSError) -> None:
        if not self.come.full():
            self.come.put_nowait(come)


async def _ask_by_udp(server: Server, query: dns.message.Message, take: Take) -> None:
    """Take the first answer that is proved: a forged one does not shut out the true one."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Datagrams, remote_addr=server)
    refusal: Refused | None = None
    until = loop.time() + UDP_SECONDS
    try:
        transport.sendto(query.to_wire())
        for _ in range(DATAGRAMS_MAX):
            async with asyncio.timeout_at(until):
                come = await protocol.come.get()
            if isinstance(come, OSError):
                raise come
            try:
                take(_answer(come, query))
            except CutError:
                raise
            except Refused as refused:
                refusal = refused
                until = min(until, loop.time() + GRACE_SECONDS)
            else:
                return
        raise Refused("dns: too many answers")
    except TimeoutError:
        if refusal is None:
            raise
        raise refusal from None
    finally:
        transport.close()


async def _ask_by_tcp(server: Server, query: dns.message.Message, take: Take) -> None:
    async with asyncio.timeout(TCP_SECONDS):
        reader, writer = await asyncio.open_connection(*server)
        try:
            wire = query.to_wire()
            writer.write(len(wire).to_bytes(2) + wire)
            size = int.from_bytes(await reader.readexactly(2))
            take(_answer(await reader.readexactly(size), query))
        finally:
            writer.close()


def _answer(data: bytes, query: dns.message.Message) -> dns.message.Message:
    """Read the answer to this query."""
    try:
        answer = dns.message.from_wire(data)
        if not query.is_response(answer):
            raise Refused("dns: answer to something else")
    except dns.exception.DNSException:
        raise Refused("dns: damaged answer") from None
    if answer.flags & dns.flags.TC:
        raise CutError("dns: answer is cut")
    return answer
