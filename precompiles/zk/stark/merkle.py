"""Merkle trees of Keccak-256, opened at several leaves at once.

The nodes that a verifier cannot compute come level by level, from left to right in each.
"""

from collections.abc import Callable, Mapping

from ...backends.keccak import keccak256

NODE_SIZE = 32


def root_of(leaves: Mapping[int, bytes], depth: int, next_node: Callable[[], bytes]) -> bytes:
    """Return the root above these leaf hashes, given by ascending index; at least one.

    `next_node` is asked for each missing sibling, in the order in which proofs have them.
    """
    level = dict(leaves)
    for _ in range(depth):
        above: dict[int, bytes] = {}
        for index, node in level.items():
            if index & 1:
                if index ^ 1 not in level:
                    above[index >> 1] = keccak256(next_node() + node)
            else:
                sibling = level.get(index + 1)
                above[index >> 1] = keccak256(node + (sibling or next_node()))
        level = above
    return level[0]
