"""Where a node is said to be reached: an id and addresses, which nobody vouches for.

A contact may lie about the addresses and gains nothing: the link proves the id or there is none.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from ..codec import Reader, Refused, sized, u8
from ..identity import Multiaddr
from ..swarm.directory import ADDRESS_BYTES_MAX, ADDRESSES_MAX, network_of

ID = 32


class Contact(NamedTuple):
    """A node and its addresses, which name no id themselves."""

    peer_id: bytes
    addresses: tuple[Multiaddr, ...]

    @property
    def networks(self) -> frozenset[str]:
        """The networks that it is reached in: whose owner could own its neighbours too."""
        return frozenset(map(network_of, self.addresses))

    def encode(self) -> bytes:
        """Return id | number of addresses | addresses, each behind its length."""
        listed = b"".join(sized(address.encode()) for address in self.addresses)
        return self.peer_id + u8(len(self.addresses)) + listed

    @classmethod
    def read(cls, reader: Reader) -> "Contact":
        """Take what `encode` returned off a reader."""
        peer_id, count = reader.take(ID), reader.u8()
        if not 0 < count <= ADDRESSES_MAX:
            raise Refused("contact: wrong number of addresses")
        raw = [reader.sized(ADDRESS_BYTES_MAX) for _ in range(count)]
        addresses = tuple(map(Multiaddr.decode, raw))
        if len(set(addresses)) < count or any(address.peer_id for address in addresses):
            raise Refused("contact: address twice, or with an id")
        return cls(peer_id, addresses)


def contacts_of(named: Iterable[Multiaddr]) -> list[Contact]:
    """Gather addresses that name an id, in the order in which ids come; others are left out."""
    places: dict[bytes, list[Multiaddr]] = {}
    for address in named:
        if address.peer_id is not None:
            places.setdefault(address.peer_id, []).append(replace(address, peer_id=None))
    return [
        Contact(peer_id, tuple(dict.fromkeys(found))[:ADDRESSES_MAX])
        for peer_id, found in places.items()
    ]


def spread(contacts: Iterable[Contact]) -> list[Contact]:
    """Return contacts in their order, but one of each network before a second of any.

    Whoever owns one network is tried once before somebody else's turn, however many nodes he runs.
    """
    turns: dict[str, int] = {}
    ranked = []
    for contact in contacts:
        turn = max((turns.get(network, 0) for network in contact.networks), default=0)
        turns.update(dict.fromkeys(contact.networks, turn + 1))
        ranked.append((turn, contact))
    return [contact for _, contact in sorted(ranked, key=lambda pair: pair[0])]
