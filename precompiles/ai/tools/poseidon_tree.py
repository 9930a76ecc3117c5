"""The whole tree under a model's Poseidon root, for whoever records the root and proves leaves."""

from ...zk.poseidon.instances import POSEIDON2_BN254_4, Permutation, node
from ..model_registry.poseidon_root import leaf
from ..models.weights_tree import LEAF_SIZE


def levels(permute: Permutation, weights: bytes) -> list[list[int]]:
    """Return all nodes over the weights, leaves first, the root last."""
    parts = (weights[at : at + LEAF_SIZE] for at in range(0, len(weights), LEAF_SIZE))
    level = [leaf(permute, index, part) for index, part in enumerate(parts)]
    found = [level]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [node(POSEIDON2_BN254_4, permute, left, right) for left, right in pairs]
        level = [*above, level[-1]] if len(level) % 2 else above
        found.append(level)
    return found
