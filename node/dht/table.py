"""The routing table: 256 buckets of nodes, the nearer the finer.

Who has been here long stays: a newcomer waits until an old contact has missed three times. Bounds
for each network, in a bucket and in all, keep one owner of many ids from filling it; whoever has a
stake may take the place of one who has none.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest

from .contacts import Contact

K = 20
BUCKETS = 256
MISSES_MAX = 3
MISSES_APART_MS = 5_000
PER_BUCKET_NETWORK_MAX = 2  # so a bucket takes ten networks to fill
PER_TABLE_NETWORK_MAX = 16
TRUSTED_SHARE = 8  # contacts of an answer that are kept for trusted nodes
TRUSTED_AFTER_MS = 24 * 3_600_000
SCORE_MAX = 8
SCORE_MIN = -3  # below, a node is shunned
LIE = -16  # what is proved to be false is never an error
SHUNNED_MAX = 1024
SHUNNED_MS = 3_600_000
PROBE_MS = 300_000  # at most once in this time is a node asked to show that it is there


def number_of(peer_id: bytes) -> int:
    """Return a point of the id space as a number."""
    return int.from_bytes(peer_id, "big")


def bucket_index(own_id: bytes, peer_id: bytes) -> int:
    """Return i where the distance is in [2^i, 2^(i+1)); -1 for the node itself."""
    return (number_of(own_id) ^ number_of(peer_id)).bit_length() - 1


@dataclass(slots=True, eq=False)
class Entry:
    """A node in the table. Times are of when it was first and last heard."""

    contact: Contact
    number: int
    networks: frozenset[str]
    since: int
    heard: int
    missed: int = 0
    score: int = 0
    probed: int = 0
    missed_at: int = 0


class Bucket:
    """Nodes of one distance, the longest silent first, and those that wait for a place."""

    __slots__ = ("entries", "waiting")

    def __init__(self) -> None:
        self.entries: dict[bytes, Entry] = {}
        self.waiting: dict[bytes, Entry] = {}


class Table:
    """The nodes that have answered or asked, as seen from one node."""

    def __init__(self, own_id: bytes, stake: Callable[[bytes], int]) -> None:
        self.own_id = own_id
        self._buckets: dict[int, Bucket] = {}  # of most of the 256 there is never a node
        self._own = number_of(own_id)
        self._stake = stake
        self._entries: dict[bytes, Entry] = {}
        self._in_network: Counter[str] = Counter()
        self._shunned: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, peer_id: bytes) -> bool:
        return peer_id in self._entries

    def entries(self) -> list[Entry]:
        """Return all nodes, in the order in which they came."""
        return list(self._entries.values())

    def entry(self, peer_id: bytes) -> Entry | None:
        """Return what is known of a node."""
        return self._entries.get(peer_id)

    def bucket_of(self, peer_id: bytes) -> Bucket:
        """Return the bucket that a node belongs in."""
        index = (self._own ^ number_of(peer_id)).bit_length() - 1
        bucket = self._buckets.get(index)
        if bucket is None:
            bucket = self._buckets[index] = Bucket()
        return bucket

    # --- What happens to nodes ---

    def heard(
        self, contact: Contact, networks: frozenset[str], now: int, since: int | None = None
    ) -> Contact | None:
        """Take note of a node that spoke; return one to probe, where it has to wait for a place."""
        peer_id = contact.peer_id
        if peer_id == self.own_id or not contact.addresses or self.is_shunned(peer_id, now):
            return None
        bucket = self.bucket_of(peer_id)
        entry = bucket.entries.pop(peer_id, None)
        if entry is not None:
            bucket.entries[peer_id] = entry
            entry.heard, entry.missed = now, 0
            if contact.addresses != entry.contact.addresses:
                self._move(bucket, entry, contact, networks)
            return None
        number = number_of(peer_id)
        made = Entry(contact, number, networks, now if since is None else since, now)
        if not self._has_share(bucket, networks):
            return None
        if len(bucket.entries) < K:
            self._insert(bucket, made)
            return None
        if self._stake(peer_id) > 0 and self._displace(bucket):
            self._insert(bucket, made)
            return None
        return self._wait(bucket, made, now)

    def missed(self, peer_id: bytes, now: int) -> bool:
        """Take note that a node did not answer; return whether it is out of the table now.

        Questions that are lost together, with a link, are one miss.
        """
        entry = self._entries.get(peer_id)
        if entry is None or (entry.missed and now - entry.missed_at < MISSES_APART_MS):
            return False
        entry.missed += 1
        entry.missed_at = now
        if entry.missed < MISSES_MAX:
            return False
        self._replace(peer_id)
        return True

    def rate(self, peer_id: bytes, change: int, now: int) -> None:
        """Raise or lower the score of a node; one that falls too low is shunned for an hour."""
        entry = self._entries.get(peer_id)
        score = change if entry is None else min(SCORE_MAX, entry.score + change)
        if entry is not None:
            entry.score = score
        if score < SCORE_MIN:
            self._shunned.pop(peer_id, None)
            self._shunned[peer_id] = now + SHUNNED_MS
            if len(self._shunned) > SHUNNED_MAX:
                del self._shunned[next(iter(self._shunned))]
            if entry is not None:
                self._replace(peer_id)

    def is_shunned(self, peer_id: bytes, now: int) -> bool:
        """Tell whether a node has lied lately."""
        return self._shunned.get(peer_id, 0) > now

    # --- What is asked of the table ---

    def closest(self, place: bytes, count: int = K, *, but: bytes = b"") -> list[Contact]:
        """Return the nodes closest to a point, the closest first."""
        return [entry.contact for entry in self._closest(place, count, but)]

    def closest_trusted(self, place: bytes, count: int, now: int) -> list[Contact]:
        """Return the trusted nodes closest to a point."""
        number = number_of(place)
        trusted = (
            entry for peer_id, entry in self._entries.items() if self.is_trusted(peer_id, now)
        )
        found = nsmallest(count, trusted, key=lambda entry: entry.number ^ number)
        return [entry.contact for entry in found]

    def told(self, place: bytes, now: int, *, but: bytes = b"") -> list[Contact]:
        """Return what an asker is told: the closest, of which some are trusted, if any are.

        Where ids without a stake outnumber all others, those alone would fill every answer.
        """
        near = self._closest(place, K, but)
        trusted = [entry for entry in near if self.is_trusted(entry.contact.peer_id, now)]
        missing = TRUSTED_SHARE - len(trusted)
        if missing > 0:
            known = {entry.contact.peer_id for entry in near}
            others = (
                entry
                for peer_id, entry in self._entries.items()
                if peer_id not in known and peer_id != but and self.is_trusted(peer_id, now)
            )
            place_number = number_of(place)
            more = nsmallest(missing, others, key=lambda entry: entry.number ^ place_number)
            spare = [entry for entry in near if entry not in trusted]
            dropped = spare[max(0, len(spare) - (len(near) + len(more) - K)) :]
            near = [entry for entry in near if entry not in dropped] + more
        return [entry.contact for entry in near]

    def is_trusted(self, peer_id: bytes, now: int) -> bool:
        """Tell whether a node has a stake, or has been here for a day and never lied."""
        if self._stake(peer_id) > 0:
            return True
        entry = self._entries.get(peer_id)
        return entry is not None and entry.score >= 0 and now - entry.since >= TRUSTED_AFTER_MS

    def silent(self, before: int) -> list[Contact]:
        """Return the nodes that have not been heard since."""
        return [entry.contact for entry in self._entries.values() if entry.heard < before]

    def lowest_bucket(self) -> int:
        """Return the index of the bucket that the closest node is in."""
        if not self._entries:
            return BUCKETS
        return min(entry.number ^ self._own for entry in self._entries.values()).bit_length() - 1

    # --- Inside ---

    def _closest(self, place: bytes, count: int, but: bytes) -> list[Entry]:
        number = number_of(place)
        entries = self._entries.values()
        found = nsmallest(count + bool(but), entries, key=lambda entry: entry.number ^ number)
        return [entry for entry in found if entry.contact.peer_id != but][:count]

    def _has_share(self, bucket: Bucket, networks: frozenset[str]) -> bool:
        if any(self._in_network[network] >= PER_TABLE_NETWORK_MAX for network in networks):
            return False
        return _has_share(bucket.entries, networks)

    def _insert(self, bucket: Bucket, entry: Entry) -> None:
        peer_id = entry.contact.peer_id
        bucket.waiting.pop(peer_id, None)
        bucket.entries[peer_id] = self._entries[peer_id] = entry
        self._in_network.update(entry.networks)

    def _remove(self, bucket: Bucket, peer_id: bytes) -> None:
        entry = self._entries.pop(peer_id)
        del bucket.entries[peer_id]
        self._in_network.subtract(entry.networks)
        for network in entry.networks:
            if not self._in_network[network]:
                del self._in_network[network]

    def _move(
        self, bucket: Bucket, entry: Entry, contact: Contact, networks: frozenset[str]
    ) -> None:
        """Note new addresses, unless they lie where there are too many already."""
        self._remove(bucket, contact.peer_id)
        if self._has_share(bucket, networks):
            entry.contact, entry.networks = contact, networks
        self._insert(bucket, entry)

    def _displace(self, bucket: Bucket) -> bool:
        """Take out the newest node without a stake, if there is one."""
        free = [entry for peer_id, entry in bucket.entries.items() if self._stake(peer_id) <= 0]
        if not free:
            return False
        newest = max(free, key=lambda entry: (-entry.score, entry.since, entry.number))
        self._remove(bucket, newest.contact.peer_id)
        return True

    def _wait(self, bucket: Bucket, entry: Entry, now: int) -> Contact | None:
        """Let a node wait; return the longest silent one, which has to show that it is there."""
        peer_id = entry.contact.peer_id
        before = bucket.waiting.pop(peer_id, None)
        if before is not None:
            entry.since = before.since
        if _has_share(bucket.waiting, entry.networks):
            bucket.waiting[peer_id] = entry
            if len(bucket.waiting) > K:
                del bucket.waiting[next(iter(bucket.waiting))]
        oldest = next(iter(bucket.entries.values()))
        if now < max(oldest.heard, oldest.probed) + PROBE_MS:
            return None
        oldest.probed = now
        return oldest.contact

    def _replace(self, peer_id: bytes) -> None:
        """Take a node out, and the best that waits in: by stake, then by age."""
        bucket = self.bucket_of(peer_id)
        self._remove(bucket, peer_id)
        ranked = sorted(
            bucket.waiting.values(),
            key=lambda entry: (-self._stake(entry.contact.peer_id), entry.since, entry.number),
        )
        for entry in ranked:
            if self._has_share(bucket, entry.networks):
                self._insert(bucket, entry)
                return


def _has_share(entries: dict[bytes, Entry], networks: frozenset[str]) -> bool:
    """Tell whether one more of these networks is within what a bucket takes of each."""
    if not networks:
        return True
    return all(
        sum(network in entry.networks for entry in entries.values()) < PER_BUCKET_NETWORK_MAX
        for network in networks
    )
