"""The Merkle tree over a model's weights, and the id of a model.

    leaf   keccak256(0x00 | index, 4 bytes | up to 1,024 bytes of weights; only the last has fewer)
    node   keccak256(0x01 | left | right)
    id     keccak256(header | root)

A node without a right neighbour rises as it is. The header says how many bytes there are, so the
shape of the tree is known, a proof has one length, and neither another count nor an inner node
shown as a leaf has the same root. A chunk is what one account's code holds: sixteen leaves, which
are a subtree, so that its proof is one path.
"""

from collections.abc import Sequence

from ...backends.keccak import keccak256

LEAF_SIZE = 1_024
LEAVES_PER_CHUNK = 16
CHUNK_SIZE = LEAF_SIZE * LEAVES_PER_CHUNK
CHUNK_LEVELS = 4
"""Levels of a whole chunk's subtree."""

PATH_MAX = 14
"""Siblings of a leaf of the largest model: 2^24 bytes are 2^14 leaves."""


def model_id(header: bytes, root: bytes) -> bytes:
    """Return the id of a model."""
    return keccak256(header + root)


def leaf_count(size: int) -> int:
    """Return how many leaves so many bytes have."""
    return -(-size // LEAF_SIZE)


def chunk_count(size: int) -> int:
    """Return how many chunks so many bytes have."""
    return -(-size // CHUNK_SIZE)


def leaf_size(size: int, index: int) -> int:
    """Return the bytes of one leaf."""
    return min(LEAF_SIZE, size - index * LEAF_SIZE)


def chunk_size(size: int, index: int) -> int:
    """Return the bytes of one chunk."""
    return min(CHUNK_SIZE, size - index * CHUNK_SIZE)


def leaf(index: int, data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return keccak256(b"\0" + index.to_bytes(4, "big") + data)


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return keccak256(b"\1" + left + right)


def leaves(data: bytes, first: int = 0) -> list[bytes]:
    """Return the hashes of the leaves of these bytes, the first of which has this index."""
    starts = range(0, len(data), LEAF_SIZE)
    return [leaf(first + at // LEAF_SIZE, data[at : at + LEAF_SIZE]) for at in starts]


def parents(level: Sequence[bytes]) -> list[bytes]:
    """Return the level above."""
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [node(left, right) for left, right in pairs]
    return [*above, level[-1]] if len(level) % 2 else above


def root_of(data: bytes) -> bytes:
    """Return the root over all weights."""
    level = leaves(data)
    while len(level) > 1:
        level = parents(level)
    return level[0]


def chunk_node(index: int, data: bytes) -> bytes:
    """Return the hash of the subtree that a chunk is."""
    level = leaves(data, index * LEAVES_PER_CHUNK)
    for _ in range(CHUNK_LEVELS):
        level = parents(level)
    return level[0]


def path_length(index: int, count: int) -> int:
    """Return how many siblings lead from a node to the root of a level with so many nodes."""
    length = 0
    while count > 1:
        length += index ^ 1 < count
        index, count = index >> 1, (count + 1) >> 1
    return length


def climb(start: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a node and its siblings lead to; the path has the right length."""
    current, siblings = start, iter(path)
    while count > 1:
        if index ^ 1 < count:
            sibling = next(siblings)
            current = node(sibling, current) if index & 1 else node(current, sibling)
        index, count = index >> 1, (count + 1) >> 1
    return current


def prove(level: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings of one node of a level, from the bottom up."""
    path, nodes = [], list(level)
    while len(nodes) > 1:
        if index ^ 1 < len(nodes):
            path.append(nodes[index ^ 1])
        nodes, index = parents(nodes), index >> 1
    return path
