"""Level 3: the nodes that were linked last time, from which the DHT goes on by itself.

A node that answered rises, one that did not sinks; those that others only told of have a share of
their own, so that neither a flood of tales nor the blocking of all old nodes empties the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..codec import Reader, Refused, u8, u64
from ..core import Store
from ..swarm.directory import ADDRESSES_MAX
from .contact import Contact, spread

VERSION = 1
PREFIX = b"bootstrap/known/"
SEQUENCE = b"bootstrap/sequence"
SEQUENCE_SIZE = 8
CAPACITY = 256
UNPROVEN_MAX = 64
PER_NETWORK_MAX = 16
SCORE_MAX = 8
WRITE_AGAIN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of a node. `met` is when it was linked last, or zero."""

    contact: Contact
    score: int
    met: int

    def encode(self) -> bytes:
        """Return version | score above the lowest | when it was linked | contact."""
        head = u8(VERSION) + u8(self.score + SCORE_MAX) + u64(self.met)
        return head + self.contact.encode()

    @classmethod
    def decode(cls, data: bytes) -> "Entry":
        """Read what `encode` wrote."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("known: unknown version")
        score, met = reader.u8() - SCORE_MAX, reader.u64()
        contact = Contact.read(reader)
        reader.end()
        if score > SCORE_MAX:
            raise Refused("known: no such score")
        return cls(contact, score, met)


class Known:
    """The table, and the highest sequence of a signed list that was used."""

    def __init__(self, own_id: bytes, store: Store) -> None:
        self._own_id = own_id
        self._store = store
        self._entries: dict[bytes, Entry] = {}
        damaged: dict[bytes, bytes | None] = {}
        for key, value in store.scan(PREFIX):
            try:
                entry = Entry.decode(value)
            except Refused:
                damaged[key] = None
                continue
            if key != PREFIX + entry.contact.peer_id or len(self._entries) == CAPACITY:
                damaged[key] = None
                continue
            self._entries[entry.contact.peer_id] = entry
        self.damaged = len(damaged)
        if damaged:
            store.commit(damaged)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def sequence(self) -> int:
        """The highest sequence of a list that was used; none below it counts again."""
        kept = self._store.get(SEQUENCE)
        return int.from_bytes(kept) if kept and len(kept) == SEQUENCE_SIZE else 0

    def used(self, sequence: int) -> None:
        """Remember that a list with this sequence was used."""
        if sequence > self.sequence:
            self._store.commit({SEQUENCE: u64(sequence)})

    def good(self, contact: Contact, now: int) -> None:
        """Remember a node that there is a link to."""
        known = self._entries.get(contact.peer_id)
        score = min(SCORE_MAX, max(0, known.score) + 1) if known else 1
        is_same = known is not None and (known.contact, known.score) == (contact, score)
        if known is None or not is_same or now - known.met >= WRITE_AGAIN_MS:
            self._set(Entry(contact, score, now))

    def bad(self, peer_id: bytes) -> None:
        """Remember that a node was not reached."""
        known = self._entries.get(peer_id)
        if known and known.score > -SCORE_MAX:
            self._set(Entry(known.contact, known.score - 1, known.met))

    def heard(self, contact: Contact) -> None:
        """Remember a node that another one told of, as long as there is room for such."""
        if contact.peer_id not in self._entries:
            self._set(Entry(contact, 0, 0))

    def candidates(self) -> list[Contact]:
        """Return all nodes, the best first, and no network twice before each had its turn."""
        ranked = sorted(self._entries.values(), key=_worth, reverse=True)
        return spread(entry.contact for entry in ranked)

    def _set(self, entry: Entry) -> None:
        """Store an entry, unless what would have to make room for it is worth as much."""
        peer_id, places = entry.contact.peer_id, len(entry.contact.addresses)
        worse = self._worse(entry)
        if worse is None or peer_id == self._own_id or not 0 < places <= ADDRESSES_MAX:
            return
        gone: dict[bytes, bytes | None] = {PREFIX + other: None for other in worse}
        self._store.commit(gone | {PREFIX + peer_id: entry.encode()})
        for other in worse:
            del self._entries[other]
        self._entries[peer_id] = entry

    def _worse(self, entry: Entry) -> list[bytes] | None:
        """Return whom an entry takes the place of, in every share that is full; None if nobody."""
        left = {k: e for k, e in self._entries.items() if k != entry.contact.peer_id}
        worse = []
        for limit, is_of_share in _shares(entry):
            members = [other for other in left.values() if is_of_share(other)]
            if len(members) < limit:
                continue
            worst = min(members, key=_worth)
            if _worth(worst) >= _worth(entry):
                return None
            worse.append(worst.contact.peer_id)
            del left[worst.contact.peer_id]
        return worse


def _worth(entry: Entry) -> tuple[int, int]:
    return entry.score, entry.met


def _shares(entry: Entry) -> Iterator[tuple[int, Callable[[Entry], bool]]]:
    """Return the limits that bind an entry: of each of its networks, of tales, of all."""

    def in_network(network: str) -> Callable[[Entry], bool]:
        return lambda other: network in other.contact.networks

    for network in sorted(entry.contact.networks):
        yield PER_NETWORK_MAX, in_network(network)
    if not entry.met:
        yield UNPROVEN_MAX, lambda other: not other.met
    yield CAPACITY, lambda _: True
