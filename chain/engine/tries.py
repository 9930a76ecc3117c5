"""Tries by compiled code: `get`, `update` and `ordered_root` of `chain.trie`, their slow twin.

Nodes that were read or made lately lie on a heap of fixed size, found by their hashes: one cache
serves every database. Where the compiled code lacks a node it says which, and it is fetched. Keys
are hashes; others, and what is too much for the heap, are left to the twin.
"""

import threading
from array import array
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from .. import trie
from ..encoding import encode, int_to_bytes, keccak
from ..trie import EMPTY_ROOT, MissingNode
from . import trie_kernel as kernel
from .trie_kernel import (
    CHANGES_MAX,
    FULL,
    HASH_SIZE,
    HEAP_BYTES,
    KEY_BYTES,
    MISSING,
    SEAL,
    SEALED,
    SEALS,
    USED,
    WANTED,
)

BYTES_MAX: Final = HEAP_BYTES // 4
"""Of values in one update, and of one node."""

TURNS_MAX: Final = 24
"""How often an update begins anew for lack of a node or of room, before the twin takes over."""

NUMBER: Final = 8
KEYS: Final = HASH_SIZE
ASKED_MAX: Final = KEYS + CHANGES_MAX * (KEY_BYTES + NUMBER) + BYTES_MAX
"""On the desk: the root, the keys, where each value ends, the values; behind all, a node."""

SHORT_LIST: Final = 128
SIZE_MASK: Final = 0xFFFFFFFF

Sizes = npt.NDArray[np.int64]


class _Memory:
    """The heap, the book of what is on it, the desk for what is asked, and whose turn it is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        heap = np.zeros(HEAP_BYTES, np.uint8)
        book = np.zeros(kernel.BOOK_SIZE, np.int64)
        desk = np.zeros(ASKED_MAX + HASH_SIZE + BYTES_MAX, np.uint8)
        # The views keep the memory where it is, for as long as they live.
        self.heap, self.book, self.desk = heap.data, book.data, desk.data
        self.heap_at, self.book_at, self.desk_at = (
            int(part.ctypes.data) for part in (heap, book, desk)
        )
        self.forget()

    def forget(self) -> None:
        """Empty the heap."""
        kernel.forget(self.heap_at, self.book_at)

    def hash_at(self, reference: int) -> bytes:
        """Return the hash that a reference holds."""
        return self.heap[reference + 1 : reference + 1 + HASH_SIZE].tobytes()

    def fetch(self, find: Callable[[bytes], bytes], node_hash: bytes) -> None:
        """Bring a node onto the heap, which may be emptied for it."""
        try:
            encoded = find(node_hash)
        except KeyError:
            raise MissingNode(node_hash) from None
        if keccak(encoded) != node_hash:  # The compiled code trusts what is on the heap.
            raise MissingNode(node_hash)
        self.desk[ASKED_MAX : ASKED_MAX + HASH_SIZE + len(encoded)] = node_hash + encoded
        place = self.desk_at + ASKED_MAX
        asked = self.heap_at, self.book_at, place, place + HASH_SIZE, len(encoded)
        if kernel.take(*asked) == FULL:
            self.forget()
            kernel.take(*asked)

    def fetch_wanted(self, find: Callable[[bytes], bytes]) -> None:
        """Bring the node onto the heap that the kernel could not do without."""
        self.fetch(find, self.hash_at(self.book[WANTED]))

    def fetch_paths(self, find: Callable[[bytes], bytes], count: int, root: int) -> None:
        """Bring what is on the way to the keys on the desk onto the heap."""
        ends = KEYS + count * KEY_BYTES
        places = self.desk[ends : ends + count * NUMBER]
        kept = places.tobytes()
        while True:
            keys = self.desk_at + KEYS
            kernel.look_for(self.heap_at, self.book_at, count, keys, root, self.desk_at + ends)
            wanted = {self.hash_at(place) for place in places.cast("q") if place}
            places[:] = kept
            if not wanted:
                return
            for node_hash in wanted:
                self.fetch(find, node_hash)

    def lay(self, root: bytes, keys: bytes, values: Sequence[bytes]) -> tuple[int, int]:
        """Put changes on the desk; return where their values are, and where those end."""
        ends = array("q", accumulate(map(len, values))).tobytes()
        laid = b"".join((root, keys, ends, *values))
        self.desk[KEYS - len(root) : KEYS - len(root) + len(laid)] = laid
        place = self.desk_at + KEYS + len(keys)
        return place + len(ends), place

    def sealed(self, start: int) -> dict[bytes, bytes]:
        """Return the nodes that the last update has made, which began at `start`."""
        book = self.book
        made = self.heap[start : book[USED]].tobytes()
        seals = book[SEALS : SEALS + SEAL * book[SEALED]].tolist()
        return {
            made[reference + 1 - start : reference + 1 + HASH_SIZE - start]: made[
                node - start : end - start
            ]
            for reference, node, end in zip(
                seals[::SEAL], seals[1::SEAL], seals[2::SEAL], strict=True
            )
        }


_memory = _Memory()
_key_sizes = np.full(CHANGES_MAX, 2 * KEY_BYTES)
KEY_SIZES_AT: Final = int(_key_sizes.ctypes.data)


def get(nodes: Mapping[bytes, bytes], root: bytes, key: bytes) -> bytes:
    """Return the value at `key`, or nothing."""
    if root == EMPTY_ROOT:
        return b""
    if len(key) != KEY_BYTES:
        return trie.get(nodes, root, key)
    memory = _memory
    place = memory.desk_at
    with memory.lock:
        memory.desk[: KEYS + KEY_BYTES] = root + key
        while True:
            found = kernel.look_up(memory.heap_at, memory.book_at, place, place + KEYS)
            if found != MISSING:
                break
            memory.fetch_wanted(nodes.__getitem__)
        begin = found >> 32
        return memory.heap[begin : begin + (found & SIZE_MASK)].tobytes()


def update(
    nodes: Mapping[bytes, bytes],
    root: bytes,
    changes: Mapping[bytes, bytes],
    out: MutableMapping[bytes, bytes],
) -> bytes:
    """Apply the changes (an empty value deletes) and return the new root.

    New nodes go into `out`. Nodes that fall out of use stay: older roots still need them.
    """
    if not changes:
        return root
    keys = sorted(changes)
    values = [changes[key] for key in keys]
    count = len(keys)
    fits = count <= CHANGES_MAX and sum(map(len, values)) <= BYTES_MAX
    if not fits or any(len(key) != KEY_BYTES for key in keys):
        return trie.update(nodes, root, changes, out)

    def find(node_hash: bytes) -> bytes:
        # What was written a moment ago is not in the database yet.
        found = out.get(node_hash)
        return nodes[node_hash] if found is None else found

    memory = _memory
    top = 0 if root == EMPTY_ROOT else memory.desk_at
    with memory.lock:
        given, ends = memory.lay(root, b"".join(keys), values)
        place = memory.desk_at + KEYS
        for _ in range(TURNS_MAX):
            start = memory.book[USED]
            made = kernel.update(
                memory.heap_at, memory.book_at, count, place, KEY_SIZES_AT, given, ends, top, 1
            )
            if made >= 0:
                out.update(memory.sealed(start))
                return memory.hash_at(made) if made else EMPTY_ROOT
            if made == MISSING:
                memory.fetch_wanted(find)
                memory.fetch_paths(find, count, top)
            else:
                memory.forget()
    return trie.update(nodes, root, changes, out)


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of a list: transactions, receipts or withdrawals, keyed by their index."""
    count = len(values)
    if not count:
        return EMPTY_ROOT
    if count > CHANGES_MAX or sum(map(len, values)) > BYTES_MAX or not all(values):
        return trie.ordered_root(list(values))
    memory = _memory
    keys, sizes = _list_keys(SHORT_LIST if count <= SHORT_LIST else CHANGES_MAX)
    # In the order of the keys: RLP writes 0 as 0x80, which stands behind 0x7f.
    ordered = (*values[1:SHORT_LIST], values[0], *values[SHORT_LIST:])
    last = keys[-KEY_BYTES:] if count < SHORT_LIST else b""
    keys = keys[: KEY_BYTES * (count - bool(last))] + last
    sizes_at = int(sizes.ctypes.data)
    with memory.lock:
        given, ends = memory.lay(b"", keys, ordered)
        place = memory.desk_at + KEYS
        for _ in range(2):
            start = memory.book[USED]
            made = kernel.update(
                memory.heap_at, memory.book_at, count, place, sizes_at, given, ends, 0, 0
            )
            if made > 0:
                memory.book[USED] = start  # Nobody will ask for these nodes.
                return memory.hash_at(made)
            memory.forget()
    return trie.ordered_root(list(values))


@cache
def _list_keys(count: int) -> tuple[bytes, Sizes]:
    """Return the keys of a list in their order, and how many nibbles each has."""
    keys = sorted(encode(int_to_bytes(i)) for i in range(count))
    sizes = np.array([2 * len(key) for key in keys])
    return b"".join([key.ljust(KEY_BYTES, b"\0") for key in keys]), sizes


def self_test() -> bool:
    """Say whether the kernel makes the trie that its twin makes, from a few changes."""
    keys = [keccak(bytes((i,))) for i in range(40)]
    first = {key: key[: 1 + i] for i, key in enumerate(keys[:32])}
    second = {key: key[i % 2 :] * (i % 3) for i, key in enumerate(keys[16:])}
    ours: dict[bytes, bytes] = {}
    theirs: dict[bytes, bytes] = {}
    roots = EMPTY_ROOT, EMPTY_ROOT
    for changes in (first, second):
        roots = (
            update(ours, roots[0], changes, ours),
            trie.update(theirs, roots[1], changes, theirs),
        )
    return roots[0] == roots[1] and ordered_root(keys) == trie.ordered_root(keys)
