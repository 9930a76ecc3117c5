"""The records that a node holds for others: for an hour from when they came, within bounds.

Clocks of nodes that were offline are wrong, so nothing here believes a time that somebody tells.
A key's set is shared fairly among the networks that bring records, and one that has been here for
a while is not pushed out by any number of newcomers.
"""

from collections import Counter
from dataclasses import dataclass

from .messages import MARK, Kept
from .records import PER_KEY_MAX, Record
from .table import number_of

CAPACITY = 4096  # records: 32 MiB
PER_SOURCE_MAX = CAPACITY // 8
AGED_MS = 15 * 60_000

_Name = tuple[int, bytes]  # kind and signer: of each, a key holds the last record


@dataclass(slots=True, eq=False)
class Held:
    """A record, who brought it, and until when it stays."""

    record: Record
    digest: bytes
    source: str
    since: int
    until: int


class Values:
    """All records of a node."""

    def __init__(self, own_id: bytes, capacity: int = CAPACITY) -> None:
        self._own = number_of(own_id)
        self._capacity = capacity
        self._sets: dict[bytes, dict[_Name, Held]] = {}
        self._from_source: Counter[str] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def keys(self) -> list[bytes]:
        """Return the keys that there is something at."""
        return list(self._sets)

    def has(self, record: Record) -> bool:
        """Tell whether this very record is held, so that its signature was checked."""
        held = self._sets.get(record.key, {}).get((record.kind, record.signer))
        return held is not None and held.digest == record.digest

    def is_outdated(self, record: Record) -> bool:
        """Tell whether its signer's later record is held."""
        held = self._sets.get(record.key, {}).get((record.kind, record.signer))
        return held is not None and held.record.sequence > record.sequence

    def put(self, record: Record, source: str, life_ms: int, now: int) -> Kept:
        """Keep a record whose signature holds; one that is held already lives longer."""
        name = (record.kind, record.signer)
        there = self._sets.get(record.key, {})
        known = there.get(name)
        if known is not None and known.until <= now:
            self._remove(record.key, name)
            known, there = None, self._sets.get(record.key, {})
        if known is not None and known.record.sequence > record.sequence:
            return Kept.OUTDATED
        until = now + life_ms
        if known is not None:
            digest = record.digest
            if known.digest == digest:
                until = max(known.until, until)
            elif known.record.sequence == record.sequence and known.digest < digest:
                return Kept.OUTDATED  # two of one sequence: every node keeps the same one
            else:
                known.record, known.digest = record, digest
            known.until = until
            return Kept.STORED
        if self._from_source[source] >= PER_SOURCE_MAX or life_ms <= 0:
            return Kept.NO_ROOM
        if len(there) >= PER_KEY_MAX and not self._make_room_at(record.key, source, now):
            return Kept.NO_ROOM
        if self._count >= self._capacity and not self._make_room(record.key):
            return Kept.NO_ROOM
        made = Held(record, record.digest, source, now, until)
        self._sets.setdefault(record.key, {})[name] = made
        self._from_source[source] += 1
        self._count += 1
        return Kept.STORED

    def get(self, key: bytes, now: int) -> list[Held]:
        """Return what is held at a key, in the order in which it came."""
        return [held for held in self._sets.get(key, {}).values() if held.until > now]

    def unmarked(self, key: bytes, marks: tuple[bytes, ...], now: int) -> tuple[int, list[Record]]:
        """Return how many records are held, and those that no mark names."""
        held, named = self.get(key, now), set(marks)
        return len(held), [one.record for one in held if one.digest[:MARK] not in named]

    def expire(self, now: int) -> None:
        """Forget what has lived its time."""
        for key, there in list(self._sets.items()):
            for name in [name for name, held in there.items() if held.until <= now]:
                self._remove(key, name)

    def _remove(self, key: bytes, name: _Name) -> None:
        there = self._sets[key]
        source = there.pop(name).source
        self._from_source[source] -= 1
        if not self._from_source[source]:
            del self._from_source[source]
        self._count -= 1
        if not there:
            del self._sets[key]

    def _make_room_at(self, key: bytes, source: str, now: int) -> bool:
        """Take out the newest of whoever brought most, if that is more than this one brought."""
        there = self._sets[key]
        brought = Counter(held.source for held in there.values())
        young = [name for name, held in there.items() if now - held.since < AGED_MS]
        if not young:
            return False
        victim = max(
            reversed(young), key=lambda name: (brought[there[name].source], there[name].since)
        )
        if brought[there[victim].source] <= brought[source] + 1:
            return False
        self._remove(key, victim)
        return True

    def _make_room(self, key: bytes) -> bool:
        """Take out a record of the key that is farthest from here, if it is farther than this."""
        farthest = max(self._sets, key=lambda other: number_of(other) ^ self._own)
        if number_of(farthest) ^ self._own <= number_of(key) ^ self._own:
            return False
        self._remove(farthest, next(reversed(self._sets[farthest])))
        return True
