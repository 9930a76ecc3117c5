"""Onion keys of a node: one a day, and for each of them what has been seen under it.

A key that is dropped takes its replay cache along, so the cache never has to forget anything while
it matters. Keys live in memory; `encode` is for a clean stop only (see docs/onion.md).
"""

from array import array
from collections.abc import Iterator
from hashlib import blake2b

from ..codec import Reader, Refused, u8, u32, u64
from ..crypto import HYBRID_SEED, HybridKey, Random

ROTATION_MS = 24 * 3_600_000
OVERLAP_MS = 6 * 3_600_000
KEYS_MAX = 3

_VERSION = 1
_SECRET = 32
_FIRST_SLOTS = 4096
_TABLES_MAX = 9
_LOAD = 0.75  # of a table's slots; beyond, a search takes long
SEEN_MAX = int(_LOAD * _FIRST_SLOTS * (2**_TABLES_MAX - 1))  # 1,569,792 packets in 16.7 MB


class ReplayCache:
    """The tags of all packets that were taken under one key: 64 bits of each, in flat tables.

    Tags are hashed under a secret, or a sender could choose tags that all lie in one place. A new
    table is added when the last one is full, so nothing is ever moved and no packet waits.
    """

    __slots__ = ("_secret", "_tables", "_used", "count")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._tables = [array("Q", bytes(8 * _FIRST_SLOTS))]
        self._used = 0
        self.count = 0

    def add(self, tag: bytes) -> bool:
        """Remember a tag; return whether it is new."""
        value = self._value(tag)
        if any(table[_slot(table, value)] for table in self._tables):
            return False
        if self.count >= SEEN_MAX:
            raise Refused("onion: replay cache is full")
        self._insert(value)
        return True

    def _value(self, tag: bytes) -> int:
        digest = blake2b(tag, key=self._secret, digest_size=8).digest()
        return int.from_bytes(digest, "big") or 1  # 0 is a free slot

    def _insert(self, value: int) -> None:
        table = self._tables[-1]
        if self._used >= _LOAD * len(table):
            table = array("Q", bytes(16 * len(table)))
            self._tables.append(table)
            self._used = 0
        table[_slot(table, value)] = value
        self._used += 1
        self.count += 1

    def encode(self) -> bytes:
        """Return secret and values."""
        values = sorted(value for table in self._tables for value in table if value)
        return self._secret + u32(len(values)) + b"".join(map(u64, values))

    @classmethod
    def read(cls, reader: Reader) -> "ReplayCache":
        """Read what `encode` wrote."""
        cache = cls(reader.take(_SECRET))
        count = reader.u32()
        if count > SEEN_MAX:
            raise Refused("onion: replay cache is full")
        values = [reader.u64() for _ in range(count)]
        if any(first >= second for first, second in zip([0, *values], values, strict=False)):
            raise Refused("onion: replay cache is not in order")
        for value in values:
            cache._insert(value)
        return cache


def _slot(table: "array[int]", value: int) -> int:
    """Return where a value is, or the free slot where it would be."""
    size = len(table)
    slot = value % size
    while table[slot] not in (0, value):
        slot = (slot + 1) % size
    return slot


class OnionKey:
    """One key, since when it is used, and what came in under it."""

    __slots__ = ("created_ms", "key", "seen")

    def __init__(self, key: HybridKey, created_ms: int, seen: ReplayCache) -> None:
        self.key = key
        self.created_ms = created_ms
        self.seen = seen

    @property
    def valid_until_ms(self) -> int:
        """When the node stops to take packets under this key."""
        return self.created_ms + ROTATION_MS + OVERLAP_MS


class KeyRing:
    """The key that a node announces, and those before it that still count."""

    def __init__(self, now: int, random: Random) -> None:
        self._keys = [_fresh(now, random)]

    @property
    def current(self) -> OnionKey:
        """The key to announce, with the end of its validity."""
        return self._keys[0]

    def tick(self, now: int, random: Random) -> bool:
        """Drop what is over, and rotate where it is time; return whether to announce again.

        A key under which half of what can be remembered came in is rotated early, so that the other
        half lasts while the node's new record spreads.
        """
        current, *older = self._keys
        self._keys = [current, *(key for key in older if now < key.valid_until_ms)]
        if now < current.created_ms + ROTATION_MS and current.seen.count < SEEN_MAX // 2:
            return False
        self._keys = [_fresh(now, random), *self._keys][:KEYS_MAX]
        return True

    def accepting(self, now: int) -> list[OnionKey]:
        """Return the keys under which a packet may come in, the newest first."""
        return [key for key in self._keys if now < key.valid_until_ms]

    def encode(self) -> bytes:
        """Return everything, secrets included, for a clean stop."""
        return u8(_VERSION) + u8(len(self._keys)) + b"".join(self._encoded())

    def _encoded(self) -> Iterator[bytes]:
        for each in self._keys:
            yield u64(each.created_ms) + each.key.seed + each.seen.encode()

    @classmethod
    def decode(cls, data: bytes) -> "KeyRing":
        """Read what `encode` wrote."""
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise Refused("onion: unknown version")
        count = reader.u8()
        if not 1 <= count <= KEYS_MAX:
            raise Refused("onion: wrong number of keys")
        ring = cls.__new__(cls)
        ring._keys = []
        for _ in range(count):
            created = reader.u64()
            key = HybridKey.from_seed(reader.take(HYBRID_SEED))
            ring._keys.append(OnionKey(key, created, ReplayCache.read(reader)))
        reader.end()
        return ring


def _fresh(now: int, random: Random) -> OnionKey:
    return OnionKey(HybridKey.from_seed(random(HYBRID_SEED)), now, ReplayCache(random(_SECRET)))
