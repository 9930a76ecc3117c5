"""Nodes as they are told of: an id, and where to dial. The link that is dialled proves the id.

A contact carries neither key nor signature, so twenty of them fit into a kilobyte. Addresses are
kept as they are packed here, and made readable only when somebody dials.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from ..codec import Reader, Refused, u8, u16
from ..identity import DNS4, HOST_NAME, HOST_NAME_MAX, IP4, IP6, KINDS, Multiaddr
from ..swarm.directory import network_of

ID = 32
ADDRESSES_MAX = 4  # of one node
CONTACTS_MAX = 20  # of one answer
_SIZES = {IP4: 4, IP6: 16}
_HEADS = [u8(number) for number in range(len(KINDS))]
_MAPPED = bytes(10) + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Contact:
    """A node and its packed addresses, the preferred one first."""

    peer_id: bytes
    addresses: tuple[bytes, ...]

    @classmethod
    def at(cls, peer_id: bytes, *addresses: Multiaddr | str) -> "Contact":
        """Return the contact of a node that is reached there."""
        read = (Multiaddr.parse(one) if isinstance(one, str) else one for one in addresses)
        return cls(peer_id, pack_all(read))

    def multiaddrs(self) -> list[Multiaddr]:
        """Return where to dial."""
        return [unpack(address) for address in self.addresses]


def pack(address: Multiaddr) -> bytes:
    """Return an address in few bytes: kind and protocol | host | port."""
    kind = u8(KINDS.index((address.kind, address.protocol)))
    if address.kind == DNS4:
        host = address.host.encode()
        return kind + u8(len(host)) + host + u16(address.port)
    return kind + ip_address(address.host).packed + u16(address.port)


def pack_all(addresses: Iterable[Multiaddr]) -> tuple[bytes, ...]:
    """Return the addresses of a node as they may be told: each once, none without a port."""
    packed = dict.fromkeys(pack(address) for address in addresses if address.port)
    return tuple(packed)[:ADDRESSES_MAX]


def unpack(packed: bytes) -> Multiaddr:
    """Take back what `pack` returned."""
    (kind, protocol), port = KINDS[packed[0]], int.from_bytes(packed[-2:], "big")
    if kind == DNS4:
        return Multiaddr(kind, packed[2:-2].decode(), port, None, protocol)
    host = IPv4Address(packed[1:-2]) if kind == IP4 else IPv6Address(packed[1:-2])
    return Multiaddr(kind, str(host), port, None, protocol)


def read_address(reader: Reader) -> bytes:
    """Take one packed address off the front."""
    number = reader.u8()
    if number >= len(KINDS):
        raise Refused("dht: unknown kind of address")
    kind, _ = KINDS[number]
    if kind == DNS4:
        size = reader.u8()
        rest = reader.take(size + 2)
        host = rest[:-2]
        if size > HOST_NAME_MAX or not host.isascii() or not HOST_NAME.fullmatch(host.decode()):
            raise Refused("dht: no such host")
        head = bytes((number, size))
    else:
        rest = reader.take(_SIZES[kind] + 2)
        if kind == IP6 and rest.startswith(_MAPPED):
            raise Refused("dht: no such host")  # it has another spelling, as IPv4
        head = _HEADS[number]
    if rest.endswith(b"\0\0"):
        raise Refused("dht: no such port")
    return head + rest


def write_addresses(addresses: tuple[bytes, ...]) -> bytes:
    """Return addresses behind their number."""
    return u8(len(addresses)) + b"".join(addresses)


def read_addresses(reader: Reader) -> tuple[bytes, ...]:
    """Take back what `write_addresses` returned."""
    count = reader.u8()
    if count > ADDRESSES_MAX:
        raise Refused("dht: too many addresses")
    addresses = tuple([read_address(reader) for _ in range(count)])
    if len(set(addresses)) < count:
        raise Refused("dht: address twice")
    return addresses


def write_contacts(contacts: Iterable[Contact]) -> bytes:
    """Return contacts behind their number."""
    parts = [contact.peer_id + write_addresses(contact.addresses) for contact in contacts]
    return u8(len(parts)) + b"".join(parts)


def read_contacts(reader: Reader) -> tuple[Contact, ...]:
    """Take back what `write_contacts` returned."""
    count = reader.u8()
    if count > CONTACTS_MAX:
        raise Refused("dht: too many contacts")
    contacts = tuple([Contact(reader.take(ID), read_addresses(reader)) for _ in range(count)])
    if len({contact.peer_id for contact in contacts}) < count:
        raise Refused("dht: contact twice")
    if not all(contact.addresses for contact in contacts):
        raise Refused("dht: contact without an address")
    return contacts


def networks(contact: Contact, seen_at: Multiaddr | None) -> frozenset[str]:
    """Return the networks that a node counts in: of what it says, and of where it was seen.

    What is seen cannot be lied about. So a node seen on this machine counts nowhere, one seen in a
    private network counts by its host, and of any other what it says of private ones is not heard:
    nobody far away becomes many by claiming to be near.
    """
    claimed = frozenset(map(_network, contact.addresses))
    if seen_at is None or seen_at.kind == DNS4:
        return claimed
    seen = ip_address(seen_at.host)
    if seen.is_loopback:
        return frozenset()
    if seen.is_private:
        return frozenset({seen_at.host})
    return claimed | {network_of(seen_at)}


def reachable(contact: Contact, seen_at: Multiaddr | None) -> Contact:
    """Return a contact without private addresses, where it was seen in the open."""
    if seen_at is None or seen_at.kind == DNS4 or ip_address(seen_at.host).is_private:
        return contact
    kept = tuple(address for address in contact.addresses if not _is_private(address))
    return Contact(contact.peer_id, kept)


@lru_cache(maxsize=4096)
def _network(packed: bytes) -> str:
    return network_of(unpack(packed))


def _is_private(packed: bytes) -> bool:
    kind, _ = KINDS[packed[0]]
    return kind != DNS4 and ip_address(packed[1:-2]).is_private
