"""Keys and values inside one region of a container: an encrypted log, and its content in memory.

A commit is a run of sealed blocks at the end of the log, durable when `commit` returns. When half
a region is full, what is alive moves to the other half under a fresh key, the region's head is
exchanged, and the old half is overwritten: the old key is gone, so everything that was deleted is.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from itertools import islice

from ..codec import Refused, sized, u8, u32
from ..crypto import KEY, LONG_NONCE, TAG, Random, seal, unseal
from .container import (
    BLOCK,
    FILL,
    Access,
    RegionHead,
    half_blocks,
    half_offset,
    overwrite,
    read_region_head,
    write_region_head,
)
from .disk import Disk

KEY_MAX = 512
COMMIT_ID = 8
BLOCK_HEAD = COMMIT_ID + 4 + 4
BLOCK_DATA = BLOCK - LONG_NONCE - TAG - BLOCK_HEAD
BLOCK_LABEL = b"pars/vault-block/v1"
ENTRY_HEAD = 4 + 1 + 4
SNAPSHOT_BLOCKS = 16  # a moved commit; one that is damaged takes no more than this with it

Block = tuple[bytes, int, int, bytes]  # commit id, index in the commit, blocks of the commit, data


class StoreFull(Exception):
    """The region has no room for this commit; nothing has changed."""


class Store:
    """What one region holds."""

    __slots__ = ("_access", "_disk", "_head", "_keys", "_live", "_random", "_tail", "_values")

    def __init__(self, disk: Disk, access: Access, random: Random) -> None:
        self._disk = disk
        self._access = access
        self._random = random
        self._head: RegionHead | None = read_region_head(disk, access)
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._live = 0
        self._tail = 0

    @classmethod
    def open(cls, disk: Disk, access: Access, random: Random) -> tuple["Store", tuple[str, ...]]:
        """Read a region; return it and the names of what is damaged in it.

        Every block of the half is tried and takes the same, used or not, so that the time says
        little about how full it is.
        """
        store = cls(disk, access, random)
        damage = tuple(store._replay())
        store._keys = sorted(store._values)
        store._live = sum(
            ENTRY_HEAD + len(key) + len(value) for key, value in store._values.items()
        )
        return store, damage

    def get(self, key: bytes) -> bytes | None:
        """Return a value."""
        return self._values.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in order."""
        pairs = []
        for key in islice(self._keys, bisect_left(self._keys, prefix), None):
            if not key.startswith(prefix):
                break
            pairs.append((key, self._values[key]))
        return pairs

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set and delete, all or nothing; durable when it returns."""
        head = self._opened()
        if not all(0 < len(key) <= KEY_MAX for key in changes):
            raise ValueError(f"a key has 1 to {KEY_MAX} bytes")
        live = self._live + sum(self._growth(key, value) for key, value in changes.items())
        if live > max(self._limit(), self._live):
            raise StoreFull
        blocks = list(self._sealed(_encode(changes), head, self._tail))
        if self._tail + len(blocks) > self._total():
            self._move(changes)
            return
        self._write_blocks(head, self._tail, blocks)
        self._tail += len(blocks)
        self._apply(changes)

    def shred(self) -> None:
        """Make what was deleted unreadable, whoever has the passwords and the file."""
        self._opened()
        self._move({})

    def close(self) -> None:
        """Forget the keys and all values, as far as Python lets go of memory."""
        self._head = None
        self._values = {}
        self._keys = []

    def room(self) -> tuple[int, int]:
        """Return the bytes in use and the bytes that may be."""
        return self._live, self._limit()

    def _opened(self) -> RegionHead:
        if self._head is None:
            raise ValueError("the store is closed")
        return self._head

    def _total(self) -> int:
        return half_blocks(self._access.size)

    def _limit(self) -> int:
        """Three quarters, so that a region that is full still logs a while between two moves."""
        return self._total() * BLOCK_DATA * 3 // 4

    def _growth(self, key: bytes, value: bytes | None) -> int:
        old = self._values.get(key)
        before = 0 if old is None else ENTRY_HEAD + len(key) + len(old)
        return (0 if value is None else ENTRY_HEAD + len(key) + len(value)) - before

    def _apply(self, changes: Mapping[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            self._live += self._growth(key, value)
            if value is not None:
                if key not in self._values:
                    insort(self._keys, key)
                self._values[key] = value
            elif self._values.pop(key, None) is not None:
                del self._keys[bisect_left(self._keys, key)]

    def _move(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Write what is alive, with these changes, to the other half under a fresh key."""
        old = self._opened()
        new = RegionHead(old.generation + 1, 1 - old.half, self._random(KEY))
        alive = {key: value for key, value in self._values.items() if key not in changes}
        alive |= {key: value for key, value in changes.items() if value is not None}
        blocks: list[bytes] = []
        for body in _snapshot(alive):
            blocks += self._sealed(body, new, len(blocks))
        if len(blocks) > self._total():
            raise StoreFull
        self._write_blocks(new, 0, blocks)
        self._head = None  # should the exchange fail, only opening again tells which one holds
        write_region_head(self._disk, self._access, new, self._random)
        self._head = new
        self._tail = len(blocks)
        self._apply(changes)
        start = half_offset(self._access, old.half)
        overwrite(self._disk, start, self._total() * BLOCK, self._random)

    def _sealed(self, body: bytes, head: RegionHead, position: int) -> Iterator[bytes]:
        """Return the blocks of a commit.

        Its id keeps apart what a crash left of a commit and what is written over it later.
        """
        commit_id = self._random(COMMIT_ID)
        count = -(-len(body) // BLOCK_DATA)
        for index in range(count):
            data = body[index * BLOCK_DATA : (index + 1) * BLOCK_DATA].ljust(BLOCK_DATA, b"\0")
            plain = commit_id + u32(index) + u32(count) + data
            nonce = self._random(LONG_NONCE)
            yield nonce + seal(head.key, nonce, plain, self._label(head, position + index))

    def _label(self, head: RegionHead, position: int) -> bytes:
        return BLOCK_LABEL + u8(self._access.region) + u8(head.half) + u32(position)

    def _write_blocks(self, head: RegionHead, position: int, blocks: list[bytes]) -> None:
        offset = half_offset(self._access, head.half) + position * BLOCK
        self._disk.write(offset, b"".join(blocks))
        self._disk.sync()

    def _replay(self) -> Iterator[str]:
        """Apply every whole commit in order; name what is damaged before the end of the log.

        Beyond the end there is no block that begins a commit: at most one commit was being written
        when the process died, and it began at the end.
        """
        blocks = self._blocks()
        begins = [place for place, block in enumerate(blocks) if block and block[1] == 0]
        while begins and self._tail < len(blocks):
            count, body = _commit_at(blocks, self._tail)
            if body is not None:
                for key, value in _decode(body).items():
                    if value is None:
                        self._values.pop(key, None)
                    else:
                        self._values[key] = value
                self._tail += count
                continue
            later = bisect_left(begins, self._tail + 1)
            if later == len(begins):
                return
            yield f"blocks {self._tail} to {begins[later] - 1} of the region"
            self._tail = begins[later]

    def _blocks(self) -> list[Block | None]:
        """Return every block of the half that is authentic."""
        head = self._opened()
        start = half_offset(self._access, head.half)
        length = self._total() * BLOCK
        found: list[Block | None] = []
        for offset in range(0, length, FILL):
            raw = self._disk.read(start + offset, min(FILL, length - offset))
            for place in range(0, len(raw), BLOCK):
                label = self._label(head, len(found))
                found.append(_unsealed(raw[place : place + BLOCK], head.key, label))
        return found


def _unsealed(raw: bytes, key: bytes, label: bytes) -> Block | None:
    if len(raw) < BLOCK:  # the file ends here
        return None
    try:
        plain = unseal(key, raw[:LONG_NONCE], raw[LONG_NONCE:], label)
    except Refused:
        seal(key, raw[:LONG_NONCE], raw[LONG_NONCE:], label)  # as long as reading one would take
        return None
    return (
        plain[:COMMIT_ID],
        _size(plain, COMMIT_ID),
        _size(plain, COMMIT_ID + 4),
        plain[BLOCK_HEAD:],
    )


def _commit_at(blocks: list[Block | None], place: int) -> tuple[int, bytes | None]:
    """Return the length and the body of the commit that begins here, if all of it is here."""
    first = blocks[place]
    if first is None or first[1] != 0:
        return 0, None
    commit_id, _, count, _ = first
    run = blocks[place : place + count]
    data = []
    for index, block in enumerate(run):
        if block is None or block[:3] != (commit_id, index, count):
            return 0, None
        data.append(block[3])
    return count, b"".join(data) if len(data) == count else None


def _encode(changes: Mapping[bytes, bytes | None]) -> bytes:
    return sized(
        b"".join(
            sized(key) + (u8(0) if value is None else u8(1) + sized(value))
            for key, value in sorted(changes.items())
        )
    )


def _decode(body: bytes) -> dict[bytes, bytes | None]:
    """Read what `_encode` made. It was authentic, and thousands are read at once: no `Reader`."""
    changes: dict[bytes, bytes | None] = {}
    at, end = 4, 4 + _size(body, 0)
    while at < end:
        start = at + 4
        at = start + _size(body, at)
        key = body[start:at]
        if body[at]:
            start = at + 5
            at = start + _size(body, at + 1)
            changes[key] = body[start:at]
        else:
            at += 1
            changes[key] = None
    return changes


def _size(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 4], "big")


def _snapshot(alive: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Return commits that together hold everything."""
    part: dict[bytes, bytes | None] = {}
    size = 4
    for key, value in sorted(alive.items()):
        entry = ENTRY_HEAD + len(key) + len(value)
        if part and size + entry > SNAPSHOT_BLOCKS * BLOCK_DATA:
            yield _encode(part)
            part, size = {}, 4
        part[key] = value
        size += entry
    yield _encode(part)
