"""The second root over a model's weights, for proofs in a field: Poseidon2 over BN254, 4 lanes.

    leaf   sponge of the leaf's index and of its bytes, 31 to an element, big-endian
    node   compress(left, right); a node without a right neighbour rises as it is

Leaves are those of the Keccak tree. Both hashes are instance 2 of 0x0901.
"""

from collections.abc import Sequence

from ...zk.poseidon.instances import POSEIDON2_BN254_4, Permutation, digest, node
from ..models.weights_tree import LEAF_SIZE

ELEMENT_SIZE = 31
ELEMENTS_MAX = 1 + -(-LEAF_SIZE // ELEMENT_SIZE)


def permutation() -> Permutation:
    """Return the compiled permutation, loading the compiler at the first call only."""
    from ...zk.poseidon import kernel

    return kernel.PERMUTE[POSEIDON2_BN254_4]


def leaf(permute: Permutation, index: int, data: bytes) -> int:
    """Return the hash of a leaf."""
    starts = range(0, len(data), ELEMENT_SIZE)
    elements = [int.from_bytes(data[at : at + ELEMENT_SIZE], "big") for at in starts]
    return digest(POSEIDON2_BN254_4, permute, [index, *elements])


def climb(permute: Permutation, start: int, index: int, count: int, path: Sequence[int]) -> int:
    """Return the root that a leaf and its siblings lead to; the path has the right length."""
    current, siblings = start, iter(path)
    while count > 1:
        if index ^ 1 < count:
            sibling = next(siblings)
            sides = (sibling, current) if index & 1 else (current, sibling)
            current = node(POSEIDON2_BN254_4, permute, *sides)
        index, count = index >> 1, (count + 1) >> 1
    return current
