"""The tree of oracle records and of receipts, as the Go implementation has it.

Leaves are hashed no further, nodes carry no mark of being one, and the number of leaves is not
committed to. That is kept so that roots are equal; what is anchored is made by `anchoring.py`,
which has all three. Whoever checks a proof here must know what a leaf is: a hash of a record, not
of a pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .ids import EMPTY, hash_multi

DEPTH_MAX = 32  # A leaf's index has 32 bits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The way from a leaf to the root. A level where the node rises as it is has no sibling."""

    leaf_index: int
    siblings: tuple[bytes, ...]
    is_left: tuple[bool, ...]


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of a tree from its leaves up. The last of an odd level rises as it is."""
    made = [list(leaves)]
    while len(made[-1]) > 1:
        level = made[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hash_multi(left, right) for left, right in pairs]
        made.append(above + level[len(level) & ~1 :])
    return made


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root: zeros of no leaf, the leaf of one."""
    return levels(leaves)[-1][0] if leaves else EMPTY


def merkle_proof(leaves: Sequence[bytes], index: int) -> Proof:
    """Return the proof of one leaf."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} among {len(leaves)}")
    position, siblings, is_left = index, [], []
    for level in levels(leaves)[:-1]:
        if position ^ 1 < len(level):
            siblings.append(level[position ^ 1])
            is_left.append(bool(position & 1))
        position >>= 1
    return Proof(leaf_index=index, siblings=tuple(siblings), is_left=tuple(is_left))


def verify(root: bytes, leaf: bytes, proof: Proof) -> bool:
    """Tell whether a proof leads from a leaf to the root."""
    if len(proof.siblings) != len(proof.is_left) or len(proof.siblings) > DEPTH_MAX:
        return False
    node = leaf
    for sibling, left in zip(proof.siblings, proof.is_left, strict=True):
        if len(sibling) != len(EMPTY):
            return False
        node = hash_multi(sibling, node) if left else hash_multi(node, sibling)
    return node == root
