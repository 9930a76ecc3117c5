"""Merkle trees of Keccak-256, opened at several leaves at once.

The nodes that a verifier cannot compute come level by level, from left to right in each.
"""

from collections.abc import Mapping

from ...backends.keccak import keccak256
from .reader import NODE_SIZE, ProofReader


def root_of(leaves: Mapping[int, bytes], depth: int, reader: ProofReader) -> bytes:
    """Return the root above these leaf hashes, given by ascending index; at least one."""
    level = dict(leaves)
    for _ in range(depth):
        missing = sum(index ^ 1 not in level for index in level)
        sent = reader.take(missing * NODE_SIZE)
        position = 0
        above: dict[int, bytes] = {}
        for index, node in level.items():
            sibling = level.get(index ^ 1)
            if sibling is None:
                sibling = sent[position : position + NODE_SIZE]
                position += NODE_SIZE
            elif index & 1:
                continue  # Hashed with its left neighbour, which came before it.
            above[index >> 1] = keccak256(sibling + node if index & 1 else node + sibling)
        level = above
    return level[0]
