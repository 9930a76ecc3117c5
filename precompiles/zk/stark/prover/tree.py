"""Merkle trees of what a prover commits to, and their openings."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ....kernels.limbs import Elements
from ..hashing import HASH_WORDS, Hashes, hash_leaves, hash_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All levels, from the leaves up, over columns of which a leaf holds `group` rows."""

    columns: Elements
    group: int
    levels: tuple[Hashes, ...]

    @property
    def root(self) -> bytes:
        """Return the root."""
        return self.levels[-1].tobytes()

    def leaf(self, index: int) -> bytes:
        """Return what a leaf is the hash of."""
        rows = self.columns[:, index * self.group : (index + 1) * self.group]
        return wire(rows.swapaxes(0, 1))

    def path(self, indices: Iterable[int]) -> bytes:
        """Return the nodes that a verifier of these leaves cannot compute."""
        level_indices = sorted(set(indices))
        missing: list[bytes] = []
        for level in self.levels[:-1]:
            known = set(level_indices)
            missing += [level[i ^ 1].tobytes() for i in level_indices if i ^ 1 not in known]
            level_indices = sorted({i >> 1 for i in level_indices})
        return b"".join(missing)


def grow(columns: Elements, group: int) -> Tree:
    """Hash columns, by column and row, into a tree."""
    leaves = np.empty((columns.shape[1] // group, HASH_WORDS), np.uint64)
    hash_leaves(columns, group, leaves)
    levels = [leaves]
    while len(levels[-1]) > 1:
        above = np.empty((len(levels[-1]) // 2, HASH_WORDS), np.uint64)
        hash_pairs(levels[-1], above)
        levels.append(above)
    return Tree(columns=columns, group=group, levels=tuple(levels))


def wire(elements: Elements) -> bytes:
    """Return elements as they stand in proofs."""
    return elements[..., ::-1].astype(">u8").tobytes()
