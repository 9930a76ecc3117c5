"""The directory of nodes: signed records, and which of them are closest to a point.

A record tells where a node is reached and under which keys; it holds nothing of any account. The
table is bounded in all, in each network and for each neighbour that brought records, so that
nobody fills it alone. Neighbours tell each other what they have, and ask for what they lack.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import nsmallest
from ipaddress import ip_address
from typing import TypeVar

from ..codec import Reader, Refused, sized, u8, u16, u32, u64
from ..crypto import HYBRID_PUBLIC, SIGNATURE, SIGNING_PUBLIC, SigningKey, sha256, verify
from ..identity import Multiaddr

RELAY = 1
STORE = 2

VERSION = 1
CONTEXT = b"pars/node-record/v1"
ADDRESSES_MAX = 8
ADDRESS_BYTES_MAX = 512
RECORD_MAX = 16 << 10
LIFE_MAX_MS = 48 * 3_600_000
SKEW_MS = 3_600_000

CAPACITY = 2048
PER_NETWORK_MAX = 64
PER_SOURCE_MAX = 256
UPDATES_MAX = 8  # of one node's record, from one fading of marks to the next
SCORE_MAX = 8
SCORE_USED_MIN = -3  # below, a node is left out until its bad marks have faded
FADE_MS = 3_600_000
SAVED_MAX = 512

_Key = TypeVar("_Key")
_BEFORE_KEYS = 1 + 4 + 8 + 8 + 2 + 8
_ONION = slice(_BEFORE_KEYS + SIGNING_PUBLIC, _BEFORE_KEYS + SIGNING_PUBLIC + HYBRID_PUBLIC)


class NoRoomError(Refused):
    """A record breaks no rule, but there is no room or no use for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """What a node says of itself, under its signature. Times are in milliseconds."""

    peer_id: bytes
    network: int
    sequence: int
    expires: int
    services: int
    onion_until: int
    addresses: tuple[Multiaddr, ...]
    raw: bytes = field(repr=False)

    @property
    def onion(self) -> bytes:
        """The hybrid key to which packets for this node are made."""
        return self.raw[_ONION]

    @property
    def networks(self) -> frozenset[str]:
        """The networks that the node is reached in: whose owner could own its neighbours too."""
        return frozenset(map(network_of, self.addresses))


@dataclass(slots=True)
class _Entry:
    record: NodeRecord
    networks: frozenset[str]
    source: bytes
    change: int
    score: int = 0
    updates: int = 0


def sign_record(
    key: SigningKey,
    *,
    network: int,
    sequence: int,
    expires: int,
    services: int,
    onion: bytes,
    onion_until: int,
    addresses: tuple[Multiaddr, ...],
) -> bytes:
    """Return the record of the node that has this key."""
    head = u8(VERSION) + u32(network) + u64(sequence) + u64(expires) + u16(services)
    listed = u8(len(addresses)) + b"".join(sized(address.encode()) for address in addresses)
    signed = head + u64(onion_until) + key.public + onion + listed
    return signed + key.sign(signed, CONTEXT)


def read_record(data: bytes) -> NodeRecord:
    """Read a record, all of it; its signature is another question."""
    if len(data) > RECORD_MAX:
        raise Refused("directory: record too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("directory: unknown version")
    network, sequence, expires = reader.u32(), reader.u64(), reader.u64()
    services, onion_until = reader.u16(), reader.u64()
    peer_id = sha256(reader.take(SIGNING_PUBLIC))
    reader.take(HYBRID_PUBLIC)
    count = reader.u8()
    if not 0 < count <= ADDRESSES_MAX:
        raise Refused("directory: wrong number of addresses")
    addresses = tuple(Multiaddr.decode(reader.sized(ADDRESS_BYTES_MAX)) for _ in range(count))
    if len(set(addresses)) < count or any(address.peer_id for address in addresses):
        raise Refused("directory: address twice, or with an id")
    reader.take(SIGNATURE)
    reader.end()
    return NodeRecord(
        peer_id=peer_id,
        network=network,
        sequence=sequence,
        expires=expires,
        services=services,
        onion_until=onion_until,
        addresses=addresses,
        raw=data,
    )


def is_signed(record: NodeRecord) -> bool:
    """Return whether the node that it speaks of signed the record."""
    public = record.raw[_BEFORE_KEYS : _BEFORE_KEYS + SIGNING_PUBLIC]
    return verify(public, record.raw[:-SIGNATURE], record.raw[-SIGNATURE:], CONTEXT)


def network_of(address: Multiaddr) -> str:
    """Return the /16 of IPv4, the /32 of IPv6 or the domain that an address belongs to."""
    if address.kind == "dns4":
        return ".".join(address.host.split(".")[-2:])
    packed = ip_address(address.host).packed
    return packed[: 2 if len(packed) == 4 else 4].hex()


def distance(first: bytes, second: bytes) -> int:
    """Return how far two points of the id space lie apart."""
    return int.from_bytes(first, "big") ^ int.from_bytes(second, "big")


class Directory:
    """The nodes that are known, and this one's own record, which is told but not answered with."""

    def __init__(self, own_id: bytes, network: int, *, capacity: int = CAPACITY) -> None:
        self._own_id = own_id
        self._network = network
        self._capacity = capacity
        self._entries: dict[bytes, _Entry] = {}  # the last changed comes last
        self._in_network: Counter[str] = Counter()
        self._from_source: Counter[bytes] = Counter()
        self._changes = 0
        self._faded = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, data: bytes, now: int, source: bytes = b"") -> bool:
        """Take a record up; return whether it was new. `source` is the neighbour it came from."""
        record = read_record(data)
        if record.network != self._network:
            raise Refused("directory: another network")
        if record.expires <= now:
            raise NoRoomError("directory: expired")
        if record.expires > now + LIFE_MAX_MS + SKEW_MS:
            raise Refused("directory: lives too long")
        if record.peer_id == self._own_id and source:
            return False
        known = self._entries.get(record.peer_id)
        if known and known.record.sequence >= record.sequence:
            return False
        if known and known.updates >= UPDATES_MAX:
            raise NoRoomError("directory: updated too often")
        networks = record.networks
        self._check_shares(record.peer_id, networks, source)
        if not is_signed(record):
            raise Refused("directory: wrong signature")
        if known is None and len(self._entries) >= self._capacity:
            self._evict(now)
        self._changes += 1
        entry = _Entry(record, networks, source, self._changes)
        if known:
            entry.score, entry.updates = known.score, known.updates + bool(source)
            self._remove(record.peer_id)
        self._entries[record.peer_id] = entry
        self._in_network.update(networks)
        self._from_source[source] += 1
        return True

    def room_for(self, source: bytes) -> int:
        """Return how many nodes more a neighbour may bring."""
        return PER_SOURCE_MAX - self._from_source[source] if source else self._capacity

    def record(self, peer_id: bytes) -> NodeRecord | None:
        """Return what is known of a node."""
        entry = self._entries.get(peer_id)
        return entry.record if entry else None

    def closest(self, place: bytes, count: int, now: int, *, own: bool = False) -> list[NodeRecord]:
        """Return the storing nodes closest to a point. The one way to find who holds what.

        Who reads asks itself too (`own`): others may have stored here. Who stores does not.
        """
        found = self._usable(STORE, now)
        entry = self._entries.get(self._own_id)
        if own and entry and entry.record.services & STORE:
            found.append(entry.record)
        return nsmallest(count, found, key=lambda record: distance(record.peer_id, place))

    def relays(self, now: int) -> list[NodeRecord]:
        """Return the nodes that take onion packets."""
        return self._usable(RELAY, now)

    def note(self, peer_id: bytes, *, good: bool) -> None:
        """Remember that a node did what was asked of it, or did not."""
        entry = self._entries.get(peer_id)
        if entry:
            step = 1 if good else -1
            entry.score = max(-SCORE_MAX, min(SCORE_MAX, entry.score + step))

    def tick(self, now: int) -> None:
        """Forget what has expired, and let marks fade. Once a minute."""
        for peer_id in [k for k, entry in self._entries.items() if entry.record.expires <= now]:
            self._remove(peer_id)
        if now - self._faded >= FADE_MS:
            self._faded = now
            for entry in self._entries.values():
                entry.score -= (entry.score > 0) - (entry.score < 0)
                entry.updates = 0

    def changed_since(self, change: int, count: int) -> tuple[list[NodeRecord], int]:
        """Return records that changed after a change, oldest first, and the last change of them."""
        later = []
        for entry in reversed(self._entries.values()):
            if entry.change <= change:
                break
            later.append(entry)
        told = later[::-1][:count]
        return [entry.record for entry in told], told[-1].change if told else change

    def encode(self) -> bytes:
        """Return the best records, for the next start."""
        ranked = sorted(self._entries.values(), key=lambda entry: -entry.score)
        return b"".join(sized(entry.record.raw) for entry in ranked[:SAVED_MAX])

    def load(self, data: bytes, now: int) -> int:
        """Take up what `encode` returned, as far as it still holds; return how many."""
        reader, taken = Reader(data), 0
        while len(reader):
            try:
                record = reader.sized(RECORD_MAX)
            except Refused:
                break  # the file is cut here
            with suppress(Refused):
                taken += self.add(record, now)
        return taken

    def _usable(self, service: int, now: int) -> list[NodeRecord]:
        return [
            entry.record
            for entry in self._entries.values()
            if entry.record.services & service
            and entry.record.expires > now
            and entry.record.onion_until > now
            and entry.score >= SCORE_USED_MIN
            and entry.record.peer_id != self._own_id
        ]

    def _check_shares(self, peer_id: bytes, networks: frozenset[str], source: bytes) -> None:
        """Refuse a record that would give one network or one neighbour too much of the table."""
        if peer_id == self._own_id:
            return
        known = self._entries.get(peer_id)
        brought = self._from_source[source] - (known is not None and known.source == source)
        if source and brought >= PER_SOURCE_MAX:
            raise NoRoomError("directory: too many from one neighbour")
        for network in networks:
            there = self._in_network[network] - (known is not None and network in known.networks)
            if there >= PER_NETWORK_MAX:
                raise NoRoomError("directory: too many in one network")

    def _remove(self, peer_id: bytes) -> None:
        entry = self._entries.pop(peer_id)
        for network in entry.networks:
            _count_down(self._in_network, network)
        _count_down(self._from_source, entry.source)

    def _evict(self, now: int) -> None:
        """Make room by forgetting the worst node; one that did nothing wrong stays."""
        worst = min(self._entries.values(), key=lambda e: (e.score, e.record.expires))
        if worst.score >= 0 and worst.record.expires > now:
            raise NoRoomError("directory: full")
        self._remove(worst.record.peer_id)


def _count_down(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
